"""What stands in an issue, as people see it while they compose."""

from __future__ import annotations

import pytest

from newsletter.composing.outline import outline
from newsletter.errors import FileProblems

KINDS = frozenset({"text", "article", "columns", "social", "links"})


def test_every_block_knows_its_place_its_line_and_its_readers() -> None:
    text = (
        "sections:\n- heading: News\n  blocks:\n  - {article: a.md, show: card, for: nurse}\n  - columns:\n"
        "    - {text: left}\n    - - {text: up}\n      - {text: down}\n    split: 1/3+2/3\n- blocks: []\n"
    )
    first, second = outline(text, "issue.yaml", KINDS)
    article, columns = first.entries
    assert (first.heading, first.line, second.entries) == ("News", 2, ())
    assert (article.place, article.kind, article.words, article.note) == ((0, 0), "article", "a.md", "card")
    assert (article.professions, article.line) == (("nurse",), 4)
    assert [[(one.place, one.words, one.line) for one in cell] for cell in columns.columns] == [
        [((0, 1, 0, 0), "left", 6)],
        [((0, 1, 1, 0), "up", 7), ((0, 1, 1, 1), "down", 8)],
    ]
    assert columns.note == "1/3+2/3"


def test_what_is_no_block_is_shown_so_that_it_can_be_taken_out() -> None:
    (part,) = outline("sections: [{blocks: [3, {txt: a}, {text: }, {social: {A: b}}]}]", "issue.yaml", KINDS)
    assert [(one.kind, one.words) for one in part.entries] == [("?", "3"), ("?", "a"), ("text", ""), ("social", "A")]


def test_long_words_are_cut_and_lists_named() -> None:
    (part,) = outline(
        f"sections: [{{blocks: [{{text: '{'word ' * 60}'}}, {{links: [{{text: One}}, two]}}]}}]", "x", KINDS
    )
    assert len(part.entries[0].words) <= 120 and part.entries[0].words.endswith("word…")
    assert part.entries[1].words == "One, two"


@pytest.mark.parametrize("text", ["", "[]", "sections: 3", "sections:", "sections: [3, {blocks: 3}]"])
def test_whatever_stands_in_the_file_has_an_outline(text: str) -> None:
    assert all(part.entries == () for part in outline(text, "issue.yaml", KINDS))


def test_broken_yaml_is_told_with_its_line() -> None:
    with pytest.raises(FileProblems, match=r"issue\.yaml:2"):
        outline("sections:\n  - {", "issue.yaml", KINDS)
