"""Edits of issue.yaml: what they come to, and that nothing else of the file changes."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.composing import meaning
from newsletter.composing.edits import edited
from newsletter.composing.places import Edit, Insert, Move, Place, Remove, Retarget, back
from newsletter.errors import FileProblems, Refused

ISSUE = """\
title: Spring   # of this year
sections:
  # Everybody is greeted.
  - blocks:
      - text: |
          Hello,

          # no comment
      # the lead of each
      - {article: 'a.md', show: full, for: [nurse]}  # shortest

  - heading: "Two"
    blocks:
      - columns:
          - {text: left}
          # on the right
          - - {text: upper}
            - {button: lower, link: "https://example.org"}
        split: 1/3+2/3
"""


def after(text: str, edit: Edit) -> str:
    return edited(text, edit).text


def changed_lines(before: str, after: str) -> tuple[list[str], list[str]]:
    """Lines that are gone, and lines that are new."""
    ours, theirs = before.splitlines(True), after.splitlines(True)
    return [one for one in ours if one not in theirs], [one for one in theirs if one not in ours]


def test_a_block_moves_with_the_comment_above_it_and_the_one_beside_it() -> None:
    assert after(ISSUE, Move((0, 1), (0, 0))).splitlines()[3:10] == [
        "  - blocks:",
        "      # the lead of each",
        "      - {article: 'a.md', show: full, for: [nurse]}  # shortest",
        "      - text: |",
        "          Hello,",
        "",
        "          # no comment",
    ]


def test_a_block_that_moves_to_another_section_leaves_every_other_line_as_it_was() -> None:
    moved = edited(ISSUE, Move((0, 1), (1, 0)))
    assert moved.place == (1, 0)
    assert sorted(moved.text.splitlines()) == sorted(ISSUE.splitlines())
    assert "    blocks:\n      # the lead of each\n      - {article: 'a.md'" in moved.text


def test_a_section_that_loses_its_last_block_says_so_and_takes_one_again() -> None:
    one = ISSUE.replace("blocks:\n      - columns", "blocks:   # here\n      - columns")
    moved = edited(one, Move((1, 0), (0, 0)))
    assert '  - heading: "Two"\n    blocks: []   # here\n' in moved.text
    assert after(moved.text, Move((0, 0), (1, 0))) == one


def test_a_second_block_makes_a_list_of_a_column_and_the_last_but_one_leaves_none() -> None:
    moved = after(ISSUE, Move((1, 0, 1, 0), (1, 0, 0, 1)))
    assert "          - - {text: left}\n            - {text: upper}\n" in moved
    assert '          # on the right\n          - {button: lower, link: "https://example.org"}\n' in moved


def test_columns_change_places() -> None:
    swapped = after(ISSUE, Move((1, 0, 0), (1, 0, 2)))
    (right,) = meaning.held(meaning.read(swapped, "issue.yaml"), (1, 0, 1))
    assert right == {"text": "left"}
    assert "      - columns:\n          # on the right\n          - - {text: upper}\n" in swapped


def test_a_section_moves_and_the_empty_line_between_sections_stays_between_them() -> None:
    moved = after(ISSUE, Move((1,), (0,)))
    assert 'sections:\n  - heading: "Two"\n' in moved
    assert "        split: 1/3+2/3\n\n  # Everybody is greeted.\n  - blocks:\n" in moved
    assert after(moved, Move((0,), (2,))) == ISSUE


@pytest.mark.parametrize("text", [ISSUE, ISSUE.replace("      - text: |", "      - {text: b}\n      - text: |")])
def test_a_removed_block_leaves_the_comment_that_stood_above_it(text: str) -> None:
    last = text.count("      - {text: b}") + 1
    gone, new = changed_lines(text, after(text, Remove((0, last))))
    assert gone == ["      - {article: 'a.md', show: full, for: [nurse]}  # shortest\n"]
    assert new == []
    moved = after(text, Move((0, last), (0, 0)))
    gone, new = changed_lines(moved, after(moved, Remove((0, 0))))
    assert gone == ["      - {article: 'a.md', show: full, for: [nurse]}  # shortest\n"]
    assert new == []


def test_a_comment_below_a_block_that_stands_deeper_goes_with_it() -> None:
    text = "sections:\n  - blocks:\n      - {text: a}\n        # of a\n      # of b\n      - {text: b}\n"
    assert after(text, Move((0, 0), (0, 2))) == (
        "sections:\n  - blocks:\n      # of b\n      - {text: b}\n      - {text: a}\n        # of a\n"
    )
    assert after(text, Remove((0, 0))) == "sections:\n  - blocks:\n      # of b\n      - {text: b}\n"


@pytest.mark.parametrize(
    ("written", "professions", "expected"),
    [
        ("{text: a}", ["nurse"], "{text: a, for: [nurse]}"),
        ("{divider: }", ["nurse"], "{divider: , for: [nurse]}"),
        ("{text: a, for: nurse}", ["teacher", "nurse"], "{text: a, for: [nurse, teacher]}"),
        (
            "{text: a, for: ['nurse', teacher]}",
            ["teacher", "nurse", "no"],
            "{text: a, for: ['nurse', teacher, \"no\"]}",
        ),
        ("{text: a, for: [nurse , teacher], x: 1}", ["teacher"], "{text: a, for: [teacher], x: 1}"),
        ("{for: [nurse], text: a}", [], "{text: a}"),
        ("{text: a, for: [nurse]}  # b", [], "{text: a}  # b"),
        ("text: a\n  for: nurse  # b", ["teacher"], "text: a\n  for: [teacher]  # b"),
        ("text: a\n  for: [nurse]\n  x: 1", [], "text: a\n  x: 1"),
        ("for: [nurse]\n  text: a", [], "text: a"),
        ("text: |\n    a\n    # b", ["nurse"], "text: |\n    a\n    # b\n  for: [nurse]"),
        (
            "text: a\n  for:\n    - nurse  # both\n    - 'teacher'  # of\n  x: 1",
            ["teacher", "smith"],
            "text: a\n  for:\n    - 'teacher'  # of\n    - smith\n  x: 1",
        ),
    ],
)
def test_who_sees_a_block_is_written_in_the_way_its_author_writes(
    written: str, professions: list[str], expected: str
) -> None:
    text = f"sections:\n- blocks:\n  - {written.replace(chr(10), chr(10) + '  ')}\n"
    wanted = f"sections:\n- blocks:\n  - {expected.replace(chr(10), chr(10) + '  ')}\n"
    assert after(text, Retarget((0, 0), tuple(professions))) == wanted


def test_lists_in_brackets_stay_in_brackets() -> None:
    text = "sections: [{blocks: [{text: a}, {text: b}]}, {blocks: []}]\n"
    moved = after(text, Move((0, 0), (1, 0)))
    assert moved == "sections: [{blocks: [{text: b}]}, {blocks: [{text: a}]}]\n"
    assert after(moved, Move((1, 0), (0, 0))) == text
    columns = "sections:\n  - blocks:\n      - {columns: [{text: a}, {text: b}]}\n      - {text: c}\n"
    fuller = after(columns, Move((0, 1), (0, 0, 1, 1)))
    assert fuller == "sections:\n  - blocks:\n      - {columns: [{text: a}, [{text: b}, {text: c}]]}\n"
    assert after(fuller, Move((0, 0, 1, 1), (0, 1))) == columns


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (Move((1, 0), (1, 0, 0, 1)), "into itself"),
        (Move((1, 0, 0, 0), (0, 0)), "column cannot be empty"),
        (Remove((1, 0, 0, 0)), "column cannot be empty"),
        (Remove((7, 0)), "no such place"),
        (Move((0, 0), (0, 9)), "no such place"),
        (Move((0,), (1, 0)), "no such place"),
        (Move((1, 0, 0), (1, 0, 1, 0)), "no such place"),
        (Retarget((0,), ("nurse",)), "no such place"),
        (Insert((), "text: a"), "no such place"),
        (Move((-1, 0), (0, 0)), "no such place"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(edit: Edit, words: str) -> None:
    with pytest.raises(Refused, match=words):
        edited(ISSUE, edit)


@pytest.mark.parametrize("text", ["", "title: a\n", "sections: 3\n", "sections: [3]\n", "sections:\n  - blocks: 3\n"])
def test_a_file_without_blocks_is_refused(text: str) -> None:
    with pytest.raises(Refused):
        edited(text, Remove((0, 0)))


def test_a_block_whose_value_is_empty_moves_and_goes_like_any_other() -> None:
    text = (
        "sections:\n  - blocks:\n      - {text: a}\n      - divider:\n      # of b\n\n      - {text: b}\n"
        "      - divider:  # beside\n        for:\n"
    )
    assert after(text, Remove((0, 1))) == text.replace("      - divider:\n", "")
    assert after(text, Move((0, 1), (0, 0))) == text.replace("      - divider:\n", "").replace(
        "      - {text: a}\n", "      - divider:\n      - {text: a}\n"
    )
    last = "      - divider:  # beside\n        for:\n"
    assert after(text, Move((0, 3), (0, 0))) == text.replace(last, "").replace("blocks:\n", f"blocks:\n{last}")
    aimed = after(text, Retarget((0, 1), ("nurse",)))
    assert aimed == text.replace("- divider:\n", "- divider:\n        for: [nurse]\n")
    assert after(aimed, Retarget((0, 1), ())) == text


def test_what_only_a_person_can_change_is_told_with_its_line() -> None:
    text = "title: a\nsections:\n  - blocks: &them\n      - {text: a}\n  - heading: b\n    blocks: *them\n"
    with pytest.raises(Refused, match=r"^issue\.yaml:4: .*alias.* Edit the file by hand\.$"):
        edited(text, Retarget((1, 0), ("nurse",)))
    with pytest.raises(Refused, match=r"^issue\.yaml:6: "):
        edited(text.replace("\n", "\r\n"), Insert((1, 1), "text: c"))


def test_broken_yaml_is_told_with_its_line() -> None:
    with pytest.raises(FileProblems, match=r"issue\.yaml:3"):
        edited("title: a\nsections:\n  - [\n", Remove((0, 0)))


def test_what_an_alias_stands_for_is_never_changed_through_it() -> None:
    text = "sections:\n  - blocks:\n      - {text: a, for: &them [nurse]}\n      - {text: b, for: *them}\n"
    with pytest.raises((Refused, FileProblems)):
        edited(text, Move((0, 1), (0, 0)))
    with pytest.raises((Refused, FileProblems)):
        edited(text, Retarget((0, 0), ("teacher",)))
    lists = "sections:\n  - blocks: &them\n      - {text: a}\n      - {text: b}\n  - "
    for edit in (Remove((1, 0)), Move((1, 0), (0, 0)), Move((1, 0), (1, 2)), Insert((1, 0), "text: c")):
        with pytest.raises(Refused):
            edited(f"{lists}blocks: *them\n", edit)
    for columns in ("*them", "[*them, *them]"):
        for inner in (Remove((1, 0, 0, 0)), Insert((1, 0, 0, 0), "text: c"), Retarget((1, 0, 0, 0), ("nurse",))):
            with pytest.raises(Refused):
                edited(f"{lists}blocks:\n      - columns: {columns}\n", inner)


# ── whatever people write ───────────────────────────────────────────────────────────────────────────────────────────

_WORDS = st.sampled_from(["Hello", "it's # no comment", "a: b", "Grüße", "- no item", "x" * 90])
_COMMENT = st.sampled_from(["", "", "", "\n", "# note\n", "\n# note\n", "# one\n# two\n", "# one\n\n"])
_BESIDE = st.sampled_from(["", "", "  # beside"])


def _quoted(words: str) -> str:
    return "'" + words.replace("'", "''") + "'"


@st.composite
def _block(draw: st.DrawFn, deep: bool = True) -> list[str]:
    """Lines of a block as they stand below its dash, unindented."""
    words = draw(_WORDS)
    style = draw(
        st.sampled_from(["flow", "line", "scalar", "folded", "kept", "long", "empty", *(["columns"] if deep else [])])
    )
    target = draw(st.sampled_from(["", "", "for: [nurse]", "for: nurse", "for:\n  - nurse  # one\n  - teacher"]))
    if style == "flow":
        inner = f", {target}" if target and "\n" not in target else ""
        return [f"{{text: {_quoted(words)}{inner}}}{draw(_BESIDE)}"]
    lines = {
        "line": [f"text:   {_quoted(words)}{draw(_BESIDE)}"],
        "scalar": ["text: |", "    " + words, "", "    # words", "    - words"],
        "folded": ["text: >-  # folded", "  " + words, "", "", "  " + words],
        "kept": ["text: |2", "    " + words],
        "long": ["image: a.svg", "# inside", 'alt: "one', '  two"'],
        "empty": [f"divider:{draw(_BESIDE)}"],
        "columns": ["columns:"],
    }[style]
    if style == "columns":
        for _ in range(2):
            lines += ["    " + one for one in draw(_COMMENT).splitlines()]
            cell = draw(st.lists(_block(deep=False), min_size=1, max_size=2))
            if len(cell) == 1:
                lines += ["  - " + cell[0][0], *("    " + one for one in cell[0][1:])]
                continue
            for number, one in enumerate(cell):
                lines += [("  - - " if number == 0 else "    - ") + one[0], *("      " + more for more in one[1:])]
        lines += ["# before split", "split: 1/3+2/3"] if draw(st.booleans()) else []
    return [*lines, *target.splitlines()]


@st.composite
def _issue(draw: st.DrawFn) -> str:
    offset = draw(st.sampled_from([0, 2]))
    out = ["# top", "title: A", "sections:" + draw(_BESIDE)]
    pad = " " * draw(st.sampled_from([0, 2]))
    for _ in range(draw(st.integers(1, 3))):
        out += [pad + one if one else one for one in draw(_COMMENT).splitlines()]
        out.append(f"{pad}- heading: Two")
        blocks = draw(st.lists(_block(), max_size=3))
        out.append(f"{pad}  blocks:{'' if blocks else ' []'}{draw(_BESIDE)}")
        inner = pad + "  " + " " * offset
        for block in blocks:
            comment = draw(_COMMENT).splitlines()
            out += [(draw(st.sampled_from([inner, ""])) + one) if one else one for one in comment]
            out += [f"{inner}- {block[0]}", *(f"{inner}  {one}" if one else one for one in block[1:])]
            if draw(st.integers(0, 4)) == 0:
                out.append(f"{inner}    # below")
    out += draw(st.sampled_from([[], [""], ["# bottom"], ["language: en"]]))
    line_end = draw(st.sampled_from(["\n", "\n", "\r\n"]))
    return draw(st.sampled_from(["", "\ufeff"])) + line_end.join(out) + draw(st.sampled_from([line_end, ""]))


def _places(text: str) -> tuple[list[Place], list[Place]]:
    """Every block's place, and every gap."""
    data = meaning.read(text.removeprefix("\ufeff"), "x")
    blocks: list[Place] = []
    gaps: list[Place] = []

    def walk(holder: Place) -> None:
        held = meaning.held(data, holder)
        gaps.extend((*holder, number) for number in range(len(held) + 1))
        for number, one in enumerate(held):
            blocks.append((*holder, number))
            for cell in range(len(one.get("columns", []))):
                walk((*holder, number, cell))

    for section in range(len(data["sections"])):
        walk((section,))
    return blocks, gaps


def _said(text: str) -> list[str]:
    """What each line says, however deep it stands; an empty list is said by its absence."""
    return sorted(
        words for line in text.splitlines() if (words := " ".join(line.replace("[]", "").split()).strip(" -"))
    )


def _own_comments(text: str) -> list[str]:
    """Every line that is a comment, and every comment beside something, of those that are generated."""
    return sorted(re.findall(r"# (?:top|note|one|two|inside|below|bottom|beside|folded|before split)\b", text))


def _for_everybody(text: str) -> str:
    """The text without any `for:`."""
    text = re.sub(r", for: (?:\[[^\]]*\]|[a-z]+)", "", text)
    return re.sub(r"\n *for:.*(?:\n *- (?:nurse|teacher|default)\b.*)*", "", text.replace("\r\n", "\n")).rstrip("\n")


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_a_move_and_its_reverse_leave_the_file_as_it_was_and_a_move_loses_no_comment(data: st.DataObject) -> None:
    text = data.draw(_issue())
    blocks, gaps = _places(text)
    if not blocks:
        return
    move = Move(data.draw(st.sampled_from(blocks)), data.draw(st.sampled_from(gaps)))
    try:
        moved = edited(text, move)
    except Refused as error:
        assert "column cannot be empty" in str(error) or "into itself" in str(error), text
        return
    assert _own_comments(moved.text) == _own_comments(text)
    assert _said(moved.text) == _said(text)
    again = edited(moved.text, back(move))
    assert again.place == move.source
    assert again.text == text


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_a_removal_and_a_new_block_touch_no_other_line(data: st.DataObject) -> None:
    text = data.draw(_issue())
    _, gaps = _places(text)
    gap = data.draw(st.sampled_from([one for one in gaps if len(one) == 2]))
    inserted = edited(text, Insert(gap, "button: More\nlink: https://example.org"))
    left = inserted.text.splitlines(True)
    for line in text.splitlines(True):
        if "blocks: []" not in line and line.endswith("\n"):
            assert line in left
            left.remove(line)
    assert edited(inserted.text, Remove(gap)).text == text


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_who_sees_a_block_changes_in_the_block_and_nowhere_else(data: st.DataObject) -> None:
    text = data.draw(_issue())
    blocks, _ = _places(text)
    if not blocks:
        return
    place = data.draw(st.sampled_from(blocks))
    wanted = data.draw(st.lists(st.sampled_from(["nurse", "teacher", "default"]), unique=True))
    try:
        changed = edited(text, Retarget(place, tuple(wanted)))
    except Refused:
        # Without the line `for:` between them, the words of `text: |` would swallow the comment.
        assert re.search(r"for:.*\s+# below", text)
        return
    assert _for_everybody(changed.text) == _for_everybody(text)
    held = meaning.at(meaning.read(changed.text.removeprefix("\ufeff"), "x"), place)
    names = held.get("for", [])
    assert set([names] if isinstance(names, str) else names) == set(wanted)
