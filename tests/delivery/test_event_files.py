"""Events come out of a file whole, whatever stands around them, and nothing large is held."""

from __future__ import annotations

import json
import tracemalloc
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.delivery.event_files import CUT_OFF, ENDS_EARLY, MOST, NOT_JSON, TOO_LARGE, read_events
from newsletter.errors import FileProblems
from newsletter.model import RejectedRow

ONE, TWO, THREE = {"event": "open", "n": 1}, {"event": 'a "{" in it }', "n": 2}, {"event": "x", "n": {"a": [3, "}"]}}


def _read(content: str | bytes) -> list[Any]:
    """The events without their lines, and why others are none."""
    file = BytesIO(content.encode() if isinstance(content, str) else content)
    return [one.reason if isinstance(one, RejectedRow) else one[1] for one in read_events(file, "e.json")]


@pytest.mark.parametrize(
    "content",
    [
        json.dumps([ONE, TWO, THREE]),
        json.dumps([ONE, TWO, THREE], indent=2),
        "\n".join(map(json.dumps, (ONE, TWO, THREE))),
        f"{json.dumps([ONE])}\n{json.dumps([TWO, THREE])}\r\n",
        json.dumps([ONE]) + json.dumps([TWO, THREE]),
        "\ufeff" + json.dumps([[ONE, TWO], THREE]),
        "\n\n" + " [ ]" + json.dumps([ONE, TWO, THREE]),
    ],
)
def test_lists_one_after_the_other_and_an_event_on_each_line_are_read_alike(content: str) -> None:
    assert _read(content) == [ONE, TWO, THREE]


def test_each_event_has_its_line() -> None:
    content = f"{json.dumps(ONE)}\n\n[{json.dumps(TWO)},\n{json.dumps(THREE)}]\n{{broken"
    found = list(read_events(BytesIO(content.encode()), "e.json"))
    assert [one.line if isinstance(one, RejectedRow) else one[0] for one in found] == [1, 3, 4, 5]


@pytest.mark.parametrize("content", ["", " \n", "[]", "[[],[]]"])
def test_nothing_is_in_an_empty_file(content: str) -> None:
    assert _read(content) == []


@pytest.mark.parametrize(
    "content", ["<html>", "email,event\na@x.org,open\n", '"text"', "\0\0", b"PK\x03\x04", b"\xff\xfe[\0"]
)
def test_a_file_that_begins_like_no_json_is_refused_with_its_line(content: str | bytes) -> None:
    with pytest.raises(FileProblems, match=r"^e.json:1: must be JSON"):
        _read(content)


def test_an_event_that_is_broken_is_passed_over_alone() -> None:
    broken = '{"event": open, "n": {"deep": "}"}}'
    assert _read(f"[{json.dumps(ONE)},{broken},{json.dumps(TWO)}]") == [ONE, NOT_JSON, TWO]


@pytest.mark.parametrize("cut", ['{"event": "op', '{"event": "open", ', '{"a": {"b": 1}', '{"a": "\\'])
def test_a_line_that_was_cut_off_takes_no_other_with_it(cut: str) -> None:
    assert _read(f"{json.dumps(ONE)}\n{cut}\n{json.dumps(TWO)}\n[{json.dumps(THREE)}]") == [ONE, NOT_JSON, TWO, THREE]


@pytest.mark.parametrize("most", [1_000_000, 10_000_000])
def test_an_event_with_an_enormous_text_is_passed_over_alone(most: int) -> None:
    enormous = json.dumps({"event": "open", "reason": '"}{\\' * (most // 4)})
    assert _read(f"[{json.dumps(ONE)},{enormous},{json.dumps(TWO)}]") == [ONE, TOO_LARGE, TWO]


@pytest.mark.parametrize(("over", "taken"), [(-10, True), (10, False)])
def test_an_event_may_have_a_million_characters_and_no_more(over: int, taken: bool) -> None:
    empty = len(json.dumps({"event": ""}))
    large = {"event": "x" * (MOST + over - empty)}
    assert _read(f"{json.dumps(large)}\n{json.dumps(ONE)}") == [large if taken else TOO_LARGE, ONE]


def test_what_is_nested_without_end_is_passed_over() -> None:
    deep = '{"a":' * 100_000 + "1" + "}" * 100_000
    assert _read(f"{json.dumps(ONE)}\n{deep}\n{json.dumps(TWO)}") == [ONE, NOT_JSON, TWO]


def test_what_stands_in_a_list_and_is_no_event_is_passed_over() -> None:
    found = _read(f'[{json.dumps(ONE)}, 5, "text", null, {json.dumps(TWO)}]')
    assert [one for one in found if isinstance(one, dict)] == [ONE, TWO]
    assert NOT_JSON in found


@pytest.mark.parametrize("size", range(1, 60))
def test_a_file_that_ends_too_early_says_so_wherever_it_ends(size: int) -> None:
    content = json.dumps([ONE, TWO])
    found = _read(content[: -min(size, len(content) - 1)])
    assert found[-1] in (CUT_OFF, ENDS_EARLY)
    assert [one for one in found if isinstance(one, dict)] == [ONE, TWO][: len(found) - 1]


def test_nothing_larger_than_an_event_is_held() -> None:
    class Endless(BytesIO):
        left = 300

        def read(self, size: int | None = -1) -> bytes:
            self.left -= 1
            return b'{"event": "open", "reason": "' * (self.left == 299) + b"x" * 262_144 if self.left > 0 else b""

    tracemalloc.start()
    found = list(read_events(Endless(), "e.json"))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [one.reason for one in found if isinstance(one, RejectedRow)] == [CUT_OFF]
    assert peak < 8_000_000


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=4,
)


@given(
    st.lists(st.dictionaries(st.text(max_size=5), _VALUES, max_size=3), max_size=6),
    st.sampled_from([None, 2]),
    st.booleans(),
    st.booleans(),
)
def test_whatever_events_hold_they_come_out_as_they_went_in(
    events: list[dict[str, Any]], indent: int | None, lines: bool, ascii_only: bool
) -> None:
    written = [json.dumps(one, ensure_ascii=ascii_only, indent=None if lines else indent) for one in events]
    assert _read("\n".join(written) if lines else f"[{','.join(written)}]") == events
