"""Which blocks and articles a profession reads."""

from __future__ import annotations

from newsletter.model import (
    Article,
    ArticleChoice,
    Block,
    Issue,
    Profession,
    Professions,
    Section,
    Where,
)
from newsletter.rendering.variants import another_profession, select_variant

HERE = Where("issue.yaml", 1)
PROFESSIONS = Professions(
    {
        key: Profession(key, key.title(), f"{key.title()}s", parent)
        for key, parent in (("care", None), ("nurse", "care"), ("trainee", "nurse"), ("dealer", None))
    }
)
KEYS = tuple(PROFESSIONS.by_key)


def _text(words: str, *professions: str) -> Block:
    return Block("text", {"html": words}, HERE, professions)


def _issue(*blocks: Block) -> Issue:
    return Issue("i", HERE, "T", "S", "", "a", 1, "two-column", "en", (Section("H", blocks),), {})


def _read(issue: Issue, key: str) -> list[object]:
    variant = select_variant(issue, key, PROFESSIONS, KEYS)
    return [block.fields.get("html") for section in variant.sections for block in section.blocks]


def test_a_block_for_a_profession_is_read_by_narrower_ones_too() -> None:
    issue = _issue(_text("all"), _text("care", "care"), _text("nurse", "nurse"), _text("others", "default"))
    assert _read(issue, "care") == ["all", "care"]
    assert _read(issue, "trainee") == ["all", "care", "nurse"]
    assert _read(issue, "dealer") == ["all"]
    assert _read(issue, "default") == ["all", "others"]


def test_a_section_without_blocks_for_these_readers_is_left_out() -> None:
    assert select_variant(_issue(_text("x", "nurse")), "dealer", PROFESSIONS, KEYS).sections == ()


def test_a_profession_path_picks_its_own_file_else_the_nearest_parents_else_default() -> None:
    articles = {key: Article(Where(f"{key}.md"), key, ()) for key in ("care", "trainee", "default")}
    issue = _issue(Block("article", {"article": ArticleChoice("{profession}.md", articles)}, HERE))
    picked = {}
    for key in (*KEYS, "default"):
        (section,) = select_variant(issue, key, PROFESSIONS, KEYS).sections
        article = section.blocks[0].fields["article"]
        assert isinstance(article, Article)
        picked[key] = article.title
    assert picked == {"care": "care", "nurse": "care", "trainee": "trainee", "dealer": "default", "default": "default"}


def test_a_profession_without_a_file_is_a_gap() -> None:
    articles = {"care": Article(Where("care.md"), "care", ())}
    issue = _issue(Block("article", {"article": ArticleChoice("{profession}.md", articles)}, HERE))
    assert len(select_variant(issue, "dealer", PROFESSIONS, KEYS).gaps) == 1
    assert select_variant(issue, "trainee", PROFESSIONS, KEYS).gaps == ()


def test_a_column_for_others_leaves_its_place_and_columns_for_nobody_are_gone() -> None:
    cells = ((_text("left", "nurse"),), (_text("right", "dealer"),))
    issue = _issue(Block("columns", {"cells": cells, "split": "1/2+1/2"}, HERE))
    (section,) = select_variant(issue, "nurse", PROFESSIONS, KEYS).sections
    assert section.blocks[0].fields["cells"] == (cells[0],)
    assert select_variant(issue, "care", PROFESSIONS, KEYS).sections == ()


def test_another_profession_is_never_ones_own_and_always_the_same() -> None:
    for key in (*KEYS, "default"):
        picks = {another_profession("spring", key, PROFESSIONS, KEYS).key for _ in range(5)}
        assert len(picks) == 1
        assert key not in picks
    picked = {another_profession(f"issue-{number}", "care", PROFESSIONS, KEYS).key for number in range(60)}
    assert picked == {"nurse", "trainee", "dealer"}, "over many issues everybody gets a turn"
