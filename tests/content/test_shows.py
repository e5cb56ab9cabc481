"""A card and a summary have words to show, and a way to the rest."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from newsletter.model import Article, ArticleChoice, Issue

Load = Callable[..., Issue]

LONG = "The ferry leaves at seven. " * 12


def _shown(load: Load, workspace: Any, text: str, show: str) -> tuple[str, list[str]]:
    workspace.write("issues/tides/x.md", text)
    issue = load(f"      - {{article: x.md, show: {show}}}")
    article = issue.sections[0].blocks[0].fields["article"]
    assert isinstance(article, Article)
    return article.description, [f"{one.where.line} {one.message}" for one in issue.findings]


@pytest.mark.parametrize("show", ["card", "summary"])
def test_the_first_paragraph_is_shown_where_there_is_no_description(load: Load, workspace: Any, show: str) -> None:
    text = f"---\ntitle: X\nlink: /x\n---\n## Above\n\n**Short** words[^1].\n\n{LONG}\n\n[^1]: Note"
    assert _shown(load, workspace, text, show) == ("Short words.", [])
    words, _ = _shown(load, workspace, f"---\ntitle: X\nlink: /x\n---\n{LONG}", show)
    assert words == ("The ferry leaves at seven. " * 7).strip()
    own = f"---\ntitle: X\nlink: /x\ndescription: Mine\n---\n{LONG}"
    assert _shown(load, workspace, own, show) == ("Mine", [])
    assert _shown(load, workspace, "---\ntitle: X\nlink: /x\n---\n- one\n- two", show) == ("one two", [])


def test_a_summary_reads_as_the_paragraph_does(load: Load, workspace: Any) -> None:
    marked = 'Our **spring sale**, to *Sunday*, is at [the shop](https://e.org). Use `A1`! "**q**"'
    words, _ = _shown(load, workspace, f"---\ntitle: X\nlink: /x\n---\n{marked}", "card")
    assert words == 'Our spring sale, to Sunday, is at the shop. Use A1! "q"'
    tags = "foo<b>bar</b>baz, H<sub>2</sub>O, 1<sup>st</sup><br>line"
    words, _ = _shown(load, workspace, f"---\ntitle: X\nlink: /x\n---\n<p>{tags}</p>", "summary")
    assert words == "foobarbaz, H2O, 1st line"


def test_it_is_told_where_nothing_leads_to_the_rest(load: Load, workspace: Any) -> None:
    told = (
        "6 'X' is shown as a card, and nothing leads to the rest of it. "
        "Give issues/tides/x.md a `link: …`, or write `show: full`."
    )
    assert _shown(load, workspace, f"---\ntitle: X\n---\nA.\n\n{LONG}", "card") == ("A.", [told])
    assert _shown(load, workspace, f"---\ntitle: X\ndescription: D\n---\n{LONG}", "card") == ("D", [told])
    assert _shown(load, workspace, "---\ntitle: X\n---\nThat is all.", "card") == ("That is all.", [])
    assert _shown(load, workspace, "---\ntitle: X\ndescription: D\n---\n", "card") == ("D", [])


def test_an_article_with_nothing_to_show_is_told(load: Load, workspace: Any) -> None:
    empty = "---\ntitle: X\nlink: /x\n---\n"
    (told,) = _shown(load, workspace, empty, "full")[1]
    assert told == "6 'X' is shown in full and has no words. Write some into issues/tides/x.md, or take it out."
    (told,) = _shown(load, workspace, empty, "summary")[1]
    assert told.startswith("6 'X' is shown as a summary, and there is nothing to show but its title. Give issues/")


def test_each_profession_s_article_is_looked_at(load: Load, workspace: Any) -> None:
    workspace.write("issues/tides/default/x.md", f"---\ntitle: One\n---\nA.\n\n{LONG}")
    workspace.write("issues/tides/cook/x.md", "---\ntitle: Other\nlink: /x\n---\nB.")
    issue = load("      - {article: '{profession}/x.md', show: card}")
    choice = issue.sections[0].blocks[0].fields["article"]
    assert isinstance(choice, ArticleChoice)
    assert {key: one.description for key, one in choice.by_profession.items()} == {"default": "A.", "cook": "B."}
    assert [one.message[:5] for one in issue.findings] == ["'One'"]
