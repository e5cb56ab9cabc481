"""Sites of each generator, small and made by hand, become articles whose words are the author's."""

from __future__ import annotations

import os
from datetime import date
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from newsletter.content import front_matter
from newsletter.content.sites import read_site
from newsletter.content.sources import Choice, Found, SourceArticle
from newsletter.errors import FileProblems

ALL = Choice(limit=500)


def _site(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".png":
            picture = BytesIO()
            Image.new("RGB", (4, 4), text).save(picture, "PNG")
            path.write_bytes(picture.getvalue())
        else:
            path.write_text(text, "utf-8")
    return root


def _read(source: Path, choice: Choice = ALL) -> Found:
    return read_site(source, choice, "", date(2026, 3, 1))


def _named(found: Found) -> dict[str, SourceArticle]:
    return {one.stem: one for one in found.articles}


JEKYLL = {
    "_config.yml": "title: Notes\nurl: https://notes.example\nbaseurl: /blog\nlang: en\n",
    "_posts/2026-02-01-first.md": "---\nlayout: post\ncategories: Sea Sky\n---\nThe first post has its words here.\n",
    "_posts/2026-02-08-pictures.md": (
        "---\ntitle: Pictures\nimage: {path: /assets/a.png}\n---\n"
        "![a]({{ site.baseurl }}/assets/a.png) ![b]({{ '/assets/a.png' | relative_url }}) ![c](/assets/gone.png)\n"
    ),
    "_drafts/later.md": "Later.\n",
    "_posts/2026-02-09-off.md": "---\npublished: false\ntitle: Off\n---\nx\n",
    "about.md": "---\n---\nA page.\n",
    "assets/a.png": "red",
}


def test_jekyll_posts_take_date_draft_and_link_from_where_jekyll_keeps_them(tmp_path: Path) -> None:
    found = _read(_site(tmp_path, JEKYLL))
    articles = _named(found)
    assert (found.kind, found.title, found.language) == ("a Jekyll site", "Notes", "en")
    assert [one.stem for one in found.articles] == [
        "2026-02-09-off",
        "2026-02-08-pictures",
        "2026-02-01-first",
        "later",
    ]
    first = articles["2026-02-01-first"]
    assert first.link == "https://notes.example/blog/sea/sky/2026/02/01/first.html"
    assert first.text.startswith("---\ndate: '2026-02-01'\ntitle: First\ndescription: The first post has its")
    assert first.text.endswith("layout: post\ncategories: Sea Sky\n---\nThe first post has its words here.\n")
    assert [articles[name].draft for name in ("later", "2026-02-09-off", "2026-02-01-first")] == [True, True, False]
    assert "draft: true" in articles["later"].text


def test_pictures_are_found_through_liquid_and_the_missing_stay_on_the_web(tmp_path: Path) -> None:
    article = _named(_read(_site(tmp_path, JEKYLL)))["2026-02-08-pictures"]
    ((place, origin),) = article.pictures.items()
    assert origin == (tmp_path / "assets/a.png").resolve()
    assert f"image: {place}\n" in article.text
    assert article.text.endswith(f"![a]({place}) ![b]({place}) ![c](https://notes.example/assets/gone.png)\n")


HUGO = {
    "hugo.toml": 'baseURL = "https://hugo.example/"\nlanguageCode = "en-us"\ntitle = "H"\n',
    "content/_index.md": "---\ntitle: Home\n---\n",
    "content/posts/one/index.md": "---\ntitle: One # mine\ndate: 2026-01-02\n---\n![c](cover.png) {{< ref >}}\n",
    "content/posts/one/cover.png": "red",
    "content/posts/two/index.md": "---\ntitle: Two\ndate: 2026-01-01\nslug: zwei\n---\n![c](cover.png)\n",
    "content/posts/two/cover.png": "blue",
    "content/posts/three.md": '+++\ntitle = "Three"\ndate = 2026-01-03\ndraft = true\n+++\n![s](/sea.png)\n',
    "content/news/three.md": "---\ntitle: Other three\n---\nWords.\n",
    "content/posts/broken.md": "---\ntitle: a: b\n---\nx\n",
    "content/posts/old.rst": "Old\n",
    "static/sea.png": "green",
}


def test_hugo_bundles_keep_their_own_pictures_and_both_kinds_of_front_matter(tmp_path: Path) -> None:
    found = _read(_site(tmp_path, HUGO) / "content")
    articles = _named(found)
    assert found.kind == "a Hugo site"
    assert [one.stem for one in found.articles] == ["content-posts-three", "one", "two", "three"]
    assert articles["one"].link == "https://hugo.example/posts/one/"
    assert articles["two"].link == "https://hugo.example/posts/zwei/"
    assert set(articles["one"].pictures).isdisjoint(articles["two"].pictures), "two pictures of the same name"
    assert "title: One # mine\n" in articles["one"].text, "the author's lines stay as they are"
    assert articles["one"].text.endswith("{{< ref >}}\n")
    toml = articles["content-posts-three"]
    assert toml.draft
    assert toml.text.startswith('+++\nlink = "https://hugo.example/posts/three/"\ntitle = "Three"\n')


@pytest.mark.parametrize(
    "text",
    [
        '{\n  "title": "Tides",\n  "date": "2026-02-03",\n  "cover": "/boat.png"\n}\nThe words.\n',
        '{\n"title": "Tides",\n"date": "2026-02-03",\n"cover": "/boat.png"\n}\n\nThe words.\n',
        '{"title": "Tides", "date": "2026-02-03", "cover": "/boat.png"}\nThe words.\n',
        '\r\n{\r\n  "title": "Tides",\r\n  "date": "2026-02-03",\r\n  "cover": "/boat.png"\r\n}\r\nThe words.\r\n',
    ],
    ids=["indented", "flush", "one line", "CRLF after a blank line"],
)
@pytest.mark.parametrize("below", ["content/a.md", "a.md"], ids=["Hugo", "a folder"])
def test_json_front_matter_is_read_as_a_build_reads_it(tmp_path: Path, text: str, below: str) -> None:
    site = _site(tmp_path, {below: "", "static/boat.png": "red"} | ({"hugo.toml": ""} if "/" in below else {}))
    (site / below).write_bytes(text.encode())
    if "/" not in below:
        (site / "static/boat.png").rename(site / "boat.png")
    for source in (site, site / below):
        (article,) = _read(source).articles
        fields, body, _ = front_matter.split(article.text, "a.md")
        assert isinstance(fields.data, dict)
        assert (article.title, fields.data["title"], fields.data["date"]) == ("Tides", "Tides", "2026-02-03")
        assert fields.data["image"] in article.pictures
        assert body.strip() == "The words."
        assert article.when is not None
        assert article.when.date() == date(2026, 2, 3)


def test_broken_json_front_matter_is_left_out_with_its_line(tmp_path: Path) -> None:
    found = _read(_site(tmp_path, {"a.md": '{\n"title": "A"\n"date": 1}\nWords\n', "b.md": "# B\n"}))
    assert [one.title for one in found.articles] == ["B"]
    assert [one.source for one in found.skipped] == ["a.md:3"]
    assert found.skipped[0].reason.startswith("broken JSON")


@pytest.mark.parametrize(
    ("front", "fields"),
    [
        ('+++\ntitle = "T"\n[cover]\nimage = "boat.png"\nalt = "A boat"\n+++\n', {"alt": "A boat"}),
        ("---\ntitle: T\nimage: {src: /boat.png, alt: A boat, caption: By Ada}\n---\n", {"caption": "By Ada"}),
        ('{"title": "T", "images": [{"src": "boat.png", "alt": "A boat"}]}\n', {"alt": "A boat"}),
        ("---\nheader:\n  image: boat.png\n  image_description: A boat\n---\n", {"alt": "A boat"}),
        ("---\nalt: Mine\nimage: {src: /boat.png, alt: A boat}\n---\n", {"alt": "Mine"}),
        ("---\nthumbnail: {alt: A boat}\nimage: boat.png\n---\n", {"alt": None}),
    ],
)
def test_the_words_beside_an_articles_picture_come_with_it(
    tmp_path: Path, front: str, fields: dict[str, str | None]
) -> None:
    site = _site(tmp_path, {"a.md": f"{front}Words.\n", "boat.png": "red"})
    (article,) = _read(site).articles
    written = front_matter.split(article.text, "a.md")[0].data
    assert isinstance(written, dict)
    assert written["image"] in article.pictures
    assert {key: written.get(key) for key in fields} == fields


@pytest.mark.parametrize(
    ("settings", "front", "said"),
    [
        ("hugo.toml", "date: 2026-03-02", "is dated 2026-03-02, so its site does not show it yet"),
        ("hugo.toml", "date: 2026-03-01T23:00:00Z", ""),
        ("hugo.toml", "date: 2026-01-01\npublishDate: 2026-04-01", "is dated 2026-04-01, so its site"),
        ("hugo.toml", "date: 2026-04-01\npublishDate: 2026-01-01", ""),
        ("hugo.toml", "expiryDate: 2026-02-28", "expired on 2026-02-28, so its site no longer shows it"),
        ("hugo.toml", "expiryDate: 2026-03-01", ""),
        ("hugo.yaml", "date: 2027-01-01", ""),
        ("_config.yml", "date: 2027-01-01\nexpiryDate: 2020-01-01", "is dated 2027-01-01, so its site"),
        ("style.css", "date: 2027-01-01\nexpiryDate: 2020-01-01", ""),
    ],
)
def test_what_its_site_does_not_show_today_is_imported_and_told(
    tmp_path: Path, settings: str, front: str, said: str
) -> None:
    below = "_posts/2026-01-01-a.md" if settings == "_config.yml" else "content/a.md"
    files = {settings: "buildFuture: true\n" if settings == "hugo.yaml" else "", below: f"---\n{front}\n---\nx\n"}
    found = _read(_site(tmp_path, files))
    assert len(found.articles) == 1
    assert len(found.notices) == bool(said)
    assert all(one.startswith(f"{below}: {said}") for one in found.notices)


def test_what_is_left_out_has_a_reason_with_its_line(tmp_path: Path) -> None:
    skipped = {one.source: one.reason for one in _read(_site(tmp_path, HUGO)).skipped}
    assert set(skipped) == {"content/posts/broken.md:2", "content/posts/old.rst"}
    assert "quotes around it" in skipped["content/posts/broken.md:2"]
    assert "reStructuredText" in skipped["content/posts/old.rst"]


def test_no_link_is_invented_where_the_configuration_is_not_understood(tmp_path: Path) -> None:
    _site(tmp_path, HUGO | {"hugo.toml": 'baseURL = "https://h.example"\nuglyURLs = true\n'})
    assert {one.link for one in _read(tmp_path).articles} == {""}


def test_a_translation_is_no_second_article(tmp_path: Path) -> None:
    site = {
        "hugo.toml": "baseURL = 'https://h.example/'\nlanguageCode = 'en-us'\n",
        "content/a.md": "# A\n\nWords.\n",
        "content/a.de.md": "# A auf Deutsch\n\nWorte.\n",
        "content/v1.md": "# V1\n\nWords.\n",
        "content/v1.2.md": "# V1.2\n\nWords.\n",
    }
    found = _read(_site(tmp_path / "one", site))
    assert [one.stem for one in found.articles] == ["a", "v1-2", "v1"]
    assert [(one.source, one.reason) for one in found.skipped] == [
        ("content/a.de.md", "a translation (de); import it by itself to have it")
    ]
    assert [one.title for one in _read(tmp_path / "one/content/a.de.md").articles] == ["A auf Deutsch"]
    site = {
        "hugo.yaml": "defaultContentLanguage: de\nlanguages: {de: {}, fr: {contentDir: content/fr}}\n",
        **{f"content/{name}.md": "# T\n\nWords.\n" for name in ("de/a", "fr/a", "fr/b.fr", "b.de", "c.fr")},
    }
    found = _read(_site(tmp_path / "two", site))
    assert sorted(one.source for one in found.articles) == ["content/b.de.md", "content/de/a.md"]
    assert len(_read(tmp_path / "two/content/fr").articles) == 2


PELICAN = {
    "pelicanconf.py": "SITEURL = 'https://pelican.example'\nSITENAME = 'P'\nPATH = 'content'\nimport os\n",
    "content/tide.md": (
        "Title: The tide: a view\nDate: 2026-03-01 10:20\nAuthors: Ada,\n    Bo\nSlug: tide\nStatus: draft\n\n"
        "![t]({static}/images/t.png)\n"
    ),
    "content/pages/about.md": "Title: About\n\nPage\n",
    "content/images/t.png": "red",
}


def test_pelican_s_lines_become_front_matter(tmp_path: Path) -> None:
    (article,) = _read(_site(tmp_path, PELICAN)).articles
    (place,) = article.pictures
    assert article.text.startswith("---\ntitle: 'The tide: a view'\ndate: 2026-03-01 10:20\nauthors: Ada, Bo\n")
    assert article.text.endswith(f"---\n\n![t]({place})\n")
    assert article.link == "https://pelican.example/tide.html"
    assert article.draft


NUXT = {
    "nuxt.config.ts": "export default defineNuxtConfig({ site: { url: 'https://nuxt.example' } })\n",
    "content/1.guide/1.intro.md": "# Introduction\n\nThe words of the introduction are these.\n",
    "content/1.guide/2.next.md": "---\ntitle: Next\nauthor: {name: Ada}\n---\n![x](/x.png)\n::alert\nhi\n::\n",
    "content/1.guide/authors.yml": "title: Guide\n",
    "public/x.png": "red",
}


def test_nuxt_s_numbers_order_the_articles_and_leave_the_names_and_links(tmp_path: Path) -> None:
    found = _read(_site(tmp_path, NUXT))
    assert [(one.stem, one.link) for one in found.articles] == [
        ("intro", "https://nuxt.example/guide/intro"),
        ("next", "https://nuxt.example/guide/next"),
    ]
    assert found.articles[0].title == "Introduction"
    assert "\nauthor: Ada\n" in found.articles[1].text
    assert found.articles[1].text.endswith("::alert\nhi\n::\n")
    assert [one.reason for one in found.skipped] == ["a file of data, not an article"]


def test_a_description_shows_what_shortcodes_mean(tmp_path: Path) -> None:
    body = '---\ntitle: T\n---\n:icon{name="x"} Inline [span]{.red} and :u-link[more]{to="/m"} text, long enough.\n'
    found = _read(_site(tmp_path, {"nuxt.config.ts": NUXT["nuxt.config.ts"], "content/a.md": body}))
    assert found.articles[0].description == "Inline span and more text, long enough."


def test_a_description_has_no_blanks_where_only_the_looks_change(tmp_path: Path) -> None:
    body = "---\ntitle: T\n---\nOur **spring sale**, which runs to *Sunday*, is on. Come!\n"
    found = _read(_site(tmp_path, {"nuxt.config.ts": NUXT["nuxt.config.ts"], "content/a.md": body}))
    assert found.articles[0].description == "Our spring sale, which runs to Sunday, is on. Come!"


def test_a_plain_folder_and_a_single_file_are_taken_as_they_are(tmp_path: Path) -> None:
    _site(tmp_path, {"Été à la mer.md": "# Sea\n\nWords.\n", "b.html": "<p>B</p>", "pic.png": "red", "c.docx": "x"})
    found = _read(tmp_path)
    assert {one.stem for one in found.articles} == {"ete-a-la-mer", "b"}
    assert [one.source for one in found.skipped] == ["c.docx"]
    (single,) = _read(tmp_path / "Été à la mer.md").articles
    assert single.text == "# Sea\n\nWords.\n"


def test_fields_of_a_kind_that_reading_refuses_are_made_plain(tmp_path: Path) -> None:
    text = "---\ntitle: [a, b]\nimage: 3\ndescription: {x: y}\nauthor:\n  - name: Ada\n  - Bo\n---\nWords.\n"
    (article,) = _read(_site(tmp_path, {"a.md": text})).articles
    assert article.text == "---\ntitle: a, b\nimage: ''\ndescription: ''\nauthor: Ada, Bo\n---\nWords.\n"


def test_windows_and_utf_16_files_are_brought_along_readable(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_bytes("---\r\ntitle: Größe\r\n---\r\nSüß\r\n".encode("cp1252"))
    (tmp_path / "b.md").write_bytes("Über".encode("utf-16"))
    texts = {one.stem: one.text for one in _read(tmp_path).articles}
    assert texts == {"a": "---\ntitle: Größe\n---\nSüß\n", "b": "---\ntitle: B\n---\nÜber"}


def test_nothing_outside_the_site_is_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    _site(secret, {"key.md": "secret", "key.png": "red"})
    site = _site(tmp_path / "site", {"a.md": "![x](../secret/key.png) ![y](link.png)\n"})
    (site / "key.md").symlink_to(secret / "key.md")
    (site / "folder").symlink_to(secret)
    (site / "link.png").symlink_to(secret / "key.png")
    found = _read(site)
    assert [one.stem for one in found.articles] == ["a"]
    assert found.articles[0].pictures == {}
    assert [one.reason for one in found.skipped] == ["a symbolic link that leads out of the site"]


def test_a_pipe_called_md_is_left_out_and_not_waited_for(tmp_path: Path) -> None:
    _site(tmp_path, {"a.md": "# A\n\nWords.\n"})
    os.mkfifo(tmp_path / "b.md")
    found = _read(tmp_path)
    assert [one.stem for one in found.articles] == ["a"]
    assert [(one.source, one.reason) for one in found.skipped] == [("b.md", "a pipe, not a file")]
    with pytest.raises(FileProblems, match="no such file or folder"):
        _read(tmp_path / "b.md")


def test_limit_and_since_choose_the_newest(tmp_path: Path) -> None:
    found = _read(_site(tmp_path, HUGO), Choice(limit=1, since=date(2026, 1, 2)))
    assert [one.title for one in found.articles] == ["Three"]
    assert found.left == 3


@pytest.mark.parametrize(("name", "said"), [("none", "no such file or folder"), ("a.docx", "Word is not read here")])
def test_a_source_that_is_none_is_refused_with_a_way_out(tmp_path: Path, name: str, said: str) -> None:
    (tmp_path / "a.docx").write_text("x")
    with pytest.raises(FileProblems, match=said):
        _read(tmp_path / name)


def test_an_empty_folder_says_what_articles_look_like(tmp_path: Path) -> None:
    with pytest.raises(FileProblems, match=r"no article in it. Articles end in \.md"):
        _read(tmp_path)
