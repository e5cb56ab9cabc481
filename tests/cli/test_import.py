"""`newsletter import` and `newsletter new`, as a marketer and a scheduled job use them."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from newsletter.cli.output import bundled_workspace
from newsletter.content.fetching import Fetched
from newsletter.pipeline.importing import Wanted, import_source
from newsletter.pipeline.workspace import open_workspace
from tests.content.test_feeds import RSS
from tests.content.test_sites import HUGO, JEKYLL, NUXT, PELICAN, _site

FEED = RSS.format(
    "".join(
        f"<item><title>Post {n}</title><link>https://e.example/{n}</link><guid>{n}</guid>"
        f"<pubDate>{n:02} Mar 2026 10:00:00 GMT</pubDate><description>Words of post {n}.</description></item>"
        for n in range(1, 5)
    )
)


def _json(result: Any, code: int = 0) -> Any:
    assert result.returncode == code, result.stderr
    return json.loads(result.stdout)


def _tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.mark.parametrize("site", [JEKYLL, HUGO, PELICAN, NUXT], ids=["jekyll", "hugo", "pelican", "nuxt"])
def test_an_imported_site_builds_at_once(workspace: Any, tmp_path: Path, site: dict[str, str]) -> None:
    source = _site(tmp_path / "source", site)
    imported = _json(workspace.run("import", str(source), "--issue", "spring", "--json"))
    assert imported["problems"] == []
    assert {one["status"] for one in [*imported["articles"], *imported["pictures"]]} == {"added"}
    built = _json(
        workspace.run("build", "spring", "--json"),
        code=1
        if any(
            "draft: true" in one or "draft = true" in one or "_drafts" in one or "status: draft" in one.lower()
            for one in (*site, *site.values())
        )
        else 0,
    )
    page = (workspace.root / built["variants"][-1]["html"]).read_text()
    for one in imported["articles"]:
        assert one["title"].split(":")[0] in page


def test_a_feed_becomes_an_issue_of_two_columns_that_names_no_reader(workspace: Any) -> None:
    workspace.write("feed.xml", FEED.replace("Words of post 4.", "{{ recipient.address }}"))
    workspace.run("import", "feed.xml", "--issue", "spring")
    issue = (workspace.root / "issues/spring/issue.yaml").read_text()
    assert "\ntitle: Harbour\n" in issue, "the mail is called what the feed is called"
    assert issue.endswith(
        "sections:\n"
        "  - blocks:\n"
        "      - {article: post-4.html, show: full}\n"
        "  - heading: More to read\n"
        "    blocks:\n"
        "      - articles:\n"
        "          - post-3.html\n"
        "          - post-2.html\n"
        "          - post-1.html\n"
    )
    built = _json(workspace.run("build", "spring", "--json"))
    page = (workspace.root / built["variants"][-1]["html"]).read_text()
    assert "{{ recipient.address }}" in page
    assert "reader@example.org" not in page.split("</head>")[1].split("Post 3")[0]


def test_the_same_command_again_changes_nothing(workspace: Any) -> None:
    workspace.write("feed.xml", FEED)
    arguments = ("import", "feed.xml", "--issue", "spring", "--json")
    workspace.run(*arguments)
    before = _tree(workspace.root)
    again = _json(workspace.run(*arguments))
    assert {one["status"] for one in again["articles"]} == {"unchanged"}
    assert again["lines"] == []
    assert _tree(workspace.root) == before


def test_what_a_marketer_has_edited_is_kept_and_new_articles_come_with_lines_to_paste(workspace: Any) -> None:
    workspace.write("feed.xml", FEED)
    workspace.run("import", "feed.xml", "--issue", "spring")
    workspace.write("issues/spring/post-1.html", "mine")
    workspace.write("issues/spring/issue.yaml", (workspace.root / "issues/spring/issue.yaml").read_text() + "# mine\n")
    before = _tree(workspace.root / "issues/spring")
    twin = "<item><title>Post 4</title><guid>other</guid><description>Same title.</description></item>"
    workspace.write("feed.xml", FEED.replace("</channel>", twin + "</channel>"))
    again = _json(workspace.run("import", "feed.xml", "--issue", "spring", "--json"))
    status = {one["file"]: one["status"] for one in again["articles"]}
    assert status["issues/spring/post-1.html"] == "kept"
    (added,) = [file for file, one in status.items() if one == "added"]
    assert added.startswith("issues/spring/post-4-"), "another article of the same title"
    assert again["lines"] == [f"- {{article: {Path(added).name}, show: full}}"]
    after = _tree(workspace.root / "issues/spring")
    assert {name: after[name] for name in before} == before


def test_a_run_that_was_cut_off_is_completed_by_the_next(workspace: Any) -> None:
    workspace.write("feed.xml", FEED)
    workspace.run("import", "feed.xml", "--issue", "spring")
    whole = _tree(workspace.root / "issues/spring")
    (workspace.root / "issues/spring/issue.yaml").unlink()
    (workspace.root / "issues/spring/post-1.html").unlink()
    workspace.run("import", "feed.xml", "--issue", "spring")
    assert _tree(workspace.root / "issues/spring") == whole


def test_a_dry_run_writes_nothing(workspace: Any, tmp_path: Path) -> None:
    source = _site(tmp_path / "source", HUGO)
    before = _tree(workspace.root)
    said = _json(workspace.run("import", str(source), "--issue", "spring", "--dry-run", "--json"))
    assert len(said["articles"]) == 4
    assert _tree(workspace.root) == before
    assert not (workspace.root / "issues/spring").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere", "--issue", "s"], "no such file or folder"),
        (["newsletter.yaml", "--issue", "s"], "an article ends in .md"),
        (["http://127.0.0.1:9/feed", "--issue", "s"], "private address"),
        (["file:///etc/passwd", "--issue", "s"], "begins with 'file:'"),
        (["feed.xml", "--issue", "../../x"], "an issue's id is letters"),
        (["feed.xml", "--issue", "s", "--audience", "crow"], "no audience 'crow'. Did you mean 'crew'?"),
        (["feed.xml", "--issue", "s", "--since", "2030-01-01"], "nothing on or after 2030-01-01"),
        (["feed.xml", "--issue", "s", "--limit", "0"], "--limit"),
    ],
)
def test_what_cannot_be_imported_is_refused_before_anything_is_written(
    workspace: Any, arguments: list[str], said: str
) -> None:
    workspace.write("feed.xml", FEED)
    before = _tree(workspace.root)
    result = workspace.run("import", *arguments)
    assert result.returncode == 2
    assert said in result.stderr
    assert "Traceback" not in result.stderr
    assert _tree(workspace.root) == before


def test_no_symbolic_link_leads_the_import_out_of_the_workspace(workspace: Any, tmp_path: Path) -> None:
    workspace.write("feed.xml", FEED)
    outside = tmp_path / "outside"
    outside.mkdir()
    (workspace.root / "issues/spring").symlink_to(outside)
    result = workspace.run("import", "feed.xml", "--issue", "spring")
    assert result.returncode == 1
    assert list(outside.iterdir()) == []


def test_a_feed_on_the_web_is_fetched_and_its_links_are_completed(workspace: Any) -> None:
    opened = open_workspace(workspace.root, os.environ, bundled_workspace() / "templates")
    content = "<item><title>T</title><link>/one</link><description>w</description></item>"
    feed = RSS.replace("<link>https://harbour.example/</link>", "").format(content).encode()
    imported = import_source(
        opened,
        Wanted("https://feeds.example/all.xml", "spring"),
        lambda url: Fetched("https://moved.example/all.xml", feed, "text/xml"),
    )
    assert imported.found.articles[0].link == "https://moved.example/one"
    assert imported.audience == "crew"


def test_a_new_issue_builds_and_a_new_article_is_a_draft_with_a_line_to_paste(workspace: Any) -> None:
    made = _json(workspace.run("new", "issue", "spring", "--json"))
    assert made["files"] == ["issues/spring/issue.yaml", "issues/spring/first-article.md"]
    assert workspace.run("build", "spring").returncode == 1  # its article is a draft
    article = _json(workspace.run("new", "article", "spring", "Über uns", "--json"))
    assert article == {"file": "issues/spring/uber-uns.md", "line": "- {article: uber-uns.md, show: full}"}
    assert "draft: true" in (workspace.root / "issues/spring/uber-uns.md").read_text()
    assert workspace.run("new", "article", "spring", "Über uns").returncode == 1
    refused = workspace.run("new", "article", "spring", "../../x")
    assert refused.returncode == 2
    assert "'../../x' is a path. Give a name such as spring-fair" in refused.stderr
    assert workspace.run("new", "issue", "spring").returncode == 1
