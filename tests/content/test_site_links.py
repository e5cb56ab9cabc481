"""The links of an imported site lead to that site."""

from __future__ import annotations

import time
from datetime import date
from pathlib import Path

import pytest

from newsletter.content.site_kinds import HUGO, Site
from newsletter.content.site_links import Links
from newsletter.content.sites import read_site
from newsletter.content.sources import Choice, Found
from tests.content.test_sites import _site

OURS = "https://news.example"
TODAY = date(2026, 3, 1)


def _read(root: Path, files: dict[str, str]) -> tuple[Found, dict[str, str]]:
    found = read_site(_site(root, files), Choice(limit=500), OURS, TODAY)
    return found, {one.stem: one.text.rpartition("---\n")[2] for one in found.articles}


def test_hugo_s_links_and_references_lead_to_its_pages(tmp_path: Path) -> None:
    body = (
        "[a](/about) [b]({{< ref \"second.md\" >}}) [c]({{% relref path=\"/posts/second#top\" %}}) [d](second.md#x)\n"
        "<a href='../other/'>e</a> <a href=\"{{< ref `third` >}}\">f</a> [![g](/x.jpg)](/full) [h][r] `[i](/code)`\n"
        "[j]({{< ref \"gone.md\" >}}) [k](https://x.example/) [l](#top) [m](mailto:a@x.example) "
        "{{< btn link=\"/go\" >}}\n[n]({{ recipient.page }})\n\n[r]: /ref\n[^1]: /note\n\nx\n\n    [o](/in-code)\n"
    )  # fmt: skip
    found, bodies = _read(tmp_path, {
        "hugo.toml": "baseURL = 'https://hug.example/'\n",
        "content/posts/first.md": f"---\ntitle: First\n---\n{body}",
        "content/posts/second.md": "---\ntitle: Second\nslug: zwei\n---\nx\n",
        "content/deep/down/third.md": "x\n",
        "content/posts/broken.md": "---\ntitle: [\n---\n",
    })  # fmt: skip
    hug = "https://hug.example"
    assert bodies["first"] == (
        f"[a]({hug}/about) [b]({hug}/posts/zwei/) [c]({hug}/posts/zwei/#top) [d]({hug}/posts/zwei/#x)\n"
        f"<a href='{hug}/posts/other/'>e</a> <a href=\"{hug}/deep/down/third/\">f</a> "
        f"[![g]({hug}/x.jpg)]({hug}/full) [h][r] `[i](/code)`\n"
        f"[j]({{{{< ref \"gone.md\" >}}}}) [k](https://x.example/) [l](#top) [m](mailto:a@x.example) "
        f"{{{{< btn link=\"{hug}/go\" >}}}}\n"
        f"[n]({{{{ recipient.page }}}})\n\n[r]: {hug}/ref\n[^1]: /note\n\nx\n\n    [o](/in-code)\n"
    )  # fmt: skip
    assert [one for one in found.notices if "leads" in one] == [
        "content/posts/first.md: where the link '{{< ref \"gone.md\" >}}' leads is not known; it stays as it is. "
        "Write its whole address."
    ]


@pytest.mark.parametrize(
    ("front", "link"),
    [
        ("title: Low Water", "https://hug.example/2026/low-water/"),
        ("title: Low Water\nslug: ebb", "https://hug.example/2026/ebb/"),
        ("title: 'Low: water?'", ""),
    ],
)
def test_a_page_of_hugo_without_a_slug_is_known_by_its_title(tmp_path: Path, front: str, link: str) -> None:
    found, bodies = _read(tmp_path, {
        "hugo.toml": "baseURL = 'https://hug.example/'\n[permalinks]\nposts = '/:year/:slug/'\n",
        "content/posts/first.md": '---\ntitle: First\n---\n[a]({{< relref "/posts/other" >}})\n',
        "content/posts/other.md": f"---\n{front}\ndate: 2026-01-02\n---\nx\n",
    })  # fmt: skip
    assert bodies["first"].strip() == (f"[a]({link})" if link else '[a]({{< relref "/posts/other" >}})')
    assert {one.stem: one.link for one in found.articles}["other"] == link


def test_jekyll_s_tags_and_variables_are_addresses(tmp_path: Path) -> None:
    body = (
        "[a]({% post_url 2024-02-03-second %}) [b]({{ site.baseurl }}{% post_url 2024-02-03-second %}#x) "
        "[c]({{ '/about/' | relative_url }}) [d]({{ site.url }}{{ site.baseurl }}/feed) [e](/root) "
        "[f]({% link _posts/2024-02-03-second.md %}) [g]({% post_url 2020-01-01-gone %})\n"
    )
    found, bodies = _read(tmp_path, {
        "_config.yml": "url: https://jek.example\nbaseurl: /blog\n",
        "_posts/2024-02-01-first.md": f"---\ntitle: First\n---\n{body}",
        "_posts/2024-02-03-second.md": "---\ntitle: Second\n---\nx\n",
    })  # fmt: skip
    second = "https://jek.example/blog/2024/02/03/second.html"
    assert bodies["2024-02-01-first"] == (
        f"[a]({second}) [b]({second}#x) [c](https://jek.example/blog/about/) [d](https://jek.example/blog/feed) "
        f"[e](https://jek.example/root) [f]({second}) [g]({{% post_url 2020-01-01-gone %}})\n"
    )
    assert [one for one in found.notices if "post_url 2020-01-01-gone" in one]


def test_pelican_s_files_are_pages_or_addresses(tmp_path: Path) -> None:
    body = "[a]({filename}/b.md) [b](|filename|b.md) [c]({static}/files/x.pdf) [d]({tag}sea) [e]({static}/gone.pdf)\n"
    found, bodies = _read(tmp_path, {
        "pelicanconf.py": "SITEURL = 'https://pel.example'\nPATH = 'content'\n",
        "content/a.md": f"Title: A\nSlug: a\n\n{body}",
        "content/b.md": "Title: B\nSlug: bee\n\nx\n",
        "content/files/x.pdf": "x",
    })  # fmt: skip
    assert bodies["a"].strip() == (
        "[a](https://pel.example/bee.html) [b](https://pel.example/bee.html) [c](https://pel.example/files/x.pdf) "
        "[d]({tag}sea) [e]({static}/gone.pdf)"
    )
    (notice,) = (one for one in found.notices if "leads" in one)
    assert "'{tag}sea', '{static}/gone.pdf'" in notice


def test_a_site_without_an_address_keeps_its_links_and_says_so(tmp_path: Path) -> None:
    found = read_site(
        _site(tmp_path, {"a.md": "# A\n\n[x](/about) [y](b.md)\n", "b.md": "# B\n\nx\n"}), Choice(), "", TODAY
    )
    assert {one.text for one in found.articles} == {"# A\n\n[x](/about) [y](b.md)\n", "# B\n\nx\n"}
    (notice,) = found.notices
    assert "'/about', 'b.md'" in notice


def test_no_link_reaches_a_file_outside_the_site(tmp_path: Path) -> None:
    _, bodies = _read(tmp_path / "site", {
        "hugo.toml": "baseURL = 'https://hug.example/'\n",
        "../secret.md": "---\nslug: secret\n---\n",
        "content/a.md": "[x](../../secret.md) [y]({{< ref \"../../secret\" >}})\n",
    })  # fmt: skip
    assert bodies["a"] == '[x](../../secret.md) [y]({{< ref "../../secret" >}})\n'


@pytest.mark.parametrize("unit", ["[x](", "](/a ", '<a href="', '<a href="{{', "{{", "![", "](<", '{% link="/'])
def test_a_run_of_broken_links_costs_seconds_at_most(unit: str, tmp_path: Path) -> None:
    links = Links(Site(HUGO, tmp_path, tmp_path), "https://x.example", tmp_path / "a.md", "", lambda path: "")
    began = time.process_time()
    assert links.moved(unit * 5_000)
    assert time.process_time() - began < 5
