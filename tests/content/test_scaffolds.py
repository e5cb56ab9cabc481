"""The issue.yaml an import writes: what is read here stands above the cards, and no card is left over."""

from __future__ import annotations

import yaml

from newsletter.content.scaffolds import Heading, issue_text
from newsletter.content.sources import SourceArticle


def _article(stem: str, words: int = 500, link: str = "https://example.org/x") -> tuple[SourceArticle, str]:
    return SourceArticle(stem, stem, ".md", "", stem.title(), link=link, words=words), f"{stem}.md"


def _more(*articles: tuple[SourceArticle, str], show: str = "") -> object:
    """The blocks below the lead."""
    written = yaml.safe_load(issue_text(Heading("T", "crew", "en", show), [_article("lead"), *articles]))
    return written["sections"][1]["blocks"]


def test_all_cards_are_one_grid_however_many_there_are() -> None:
    assert _more(_article("a"), _article("b"), _article("c")) == [{"articles": ["a.md", "b.md", "c.md"]}]
    assert _more(_article("a")) == [{"article": "a.md", "show": "card"}]


def test_an_article_that_can_only_be_read_here_does_not_interrupt_the_cards() -> None:
    assert _more(_article("a"), _article("draft", link=""), _article("b")) == [
        {"article": "draft.md", "show": "full"},
        {"articles": ["a.md", "b.md"]},
    ]


def test_two_short_articles_stand_side_by_side_and_a_third_below_them() -> None:
    a, b, c = (_article(one, words=50, link="") for one in "abc")
    full = [{"article": f"{one}.md", "show": "full"} for one in "abc"]
    assert _more(a, b, c) == [{"columns": full[:2]}, full[2]]


def test_what_a_person_asks_for_is_how_every_article_is_shown() -> None:
    assert _more(_article("a"), _article("b"), show="summary") == [
        {"article": "a.md", "show": "summary"},
        {"article": "b.md", "show": "summary"},
    ]
