"""Reading what people write, with the line of every mistake."""

from __future__ import annotations

from pathlib import Path

import pytest

from newsletter.errors import FileProblems
from newsletter.files import parse_yaml, read_text, split_front_matter
from newsletter.model import Where


def test_every_part_of_a_yaml_file_knows_its_line() -> None:
    document = parse_yaml("a: 1\nb:\n  - x\n  - y: 2\n", "f.yaml")
    assert document.data == {"a": 1, "b": ["x", {"y": 2}]}
    assert document.where("b", 1, "y") == Where("f.yaml", 4)
    assert document.where("b", 0) == Where("f.yaml", 3)
    assert document.where("a", "nothing", "here") == Where("f.yaml", 1)


def test_a_key_given_twice_is_an_error_at_the_second_one() -> None:
    with pytest.raises(FileProblems, match=r"f.yaml:3: 'a' stands here twice"):
        parse_yaml("a: 1\nb: 2\na: 3\n", "f.yaml")


def test_aliases_that_multiply_are_refused() -> None:
    bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"{new}: &{new} [{','.join([f'*{old}'] * 9)}]\n" for old, new in zip("abcdefg", "bcdefgh", strict=True)
    )
    with pytest.raises(FileProblems, match="aliases that multiply"):
        parse_yaml(bomb, "f.yaml")


@pytest.mark.parametrize(
    ("text", "line"), [("a: b: c", 1), ("a: 1\n\tb: 2", 2), ("a: [1, 2\nb: 3\n", 2), ('a: "x\n', 2)]
)
def test_broken_yaml_is_an_error_with_its_line(text: str, line: int) -> None:
    with pytest.raises(FileProblems) as caught:
        parse_yaml(text, "f.yaml")
    assert caught.value.problems[0].where == Where("f.yaml", line)


def test_front_matter_keeps_the_lines_of_the_file() -> None:
    document, body, first = split_front_matter("---\ntitle: x\ndraft: true\n---\nBody\n", "a.md")
    assert document.where("draft") == Where("a.md", 3)
    assert (body, first) == ("Body\n", 5)


def test_front_matter_that_is_never_closed_is_an_error() -> None:
    with pytest.raises(FileProblems, match=r"a.md:1: .*no second"):
        split_front_matter("---\ntitle: x\n", "a.md")


def test_text_without_front_matter_is_all_body() -> None:
    document, body, first = split_front_matter("Just text\n", "a.md")
    assert (document.data, body, first) == ({}, "Just text\n", 1)


def test_line_ends_and_a_byte_order_mark_do_not_reach_the_text(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_bytes(b"\xef\xbb\xbfone\r\ntwo\rthree")
    assert read_text(tmp_path / "a.md", "a.md") == "one\ntwo\nthree"


def test_text_that_is_not_utf_8_is_named_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_bytes("one\ntwö\n".encode("latin-1"))
    with pytest.raises(FileProblems, match=r"a.md:2: not UTF-8 text \(byte 0xf6\)"):
        read_text(tmp_path / "a.md", "a.md")
