"""Reading what people write, with the line of every mistake."""

from __future__ import annotations

import os
import socket
from datetime import date
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict

from newsletter.errors import FileProblems
from newsletter.files import (
    DecodedText,
    decode_text,
    front_matter_text,
    is_file,
    moved,
    parse_yaml,
    read_bytes,
    read_text,
    split_front_matter,
    spreadsheet_cell,
    validated,
)
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
    ("text", "line"), [("a: b: c", 1), ("a: 1\n\tb: 2", 2), ("a: [1, 2\nb: 3\n", 1), ('a: "x\n', 1)]
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


@pytest.mark.parametrize(
    "value", ["2026-02-30", "2026-13-01", "0x_", "!!int ten", "!!bool perhaps", "!!timestamp x", "9" * 5000]
)
def test_a_date_or_number_that_is_none_is_an_error_with_its_line(value: str) -> None:
    with pytest.raises(FileProblems) as caught:
        parse_yaml(f"title: x\ndate: {value}\n", "a.md", first_line=2)
    (problem,) = caught.value.problems
    assert problem.where == Where("a.md", 3)
    assert "looks like a date or a number and is none. Put quotes around it." in problem.message


@pytest.mark.parametrize(
    "text", ["a: &a [*a]\n", "x: " + "[" * 60 + "]" * 60 + "\n", "a: \0\n", "? [a]\n: b\n", "a: !x y\n"]
)
def test_yaml_that_means_harm_is_refused_in_words(text: str) -> None:
    with pytest.raises(FileProblems, match=r"^f.yaml:1: "):
        parse_yaml(text, "f.yaml")


def test_a_missing_file_is_named_with_the_nearest_there_is(tmp_path: Path) -> None:
    (tmp_path / "issue.yaml").touch()
    with pytest.raises(FileProblems, match=r"^issues/x/isue\.yaml: no such file\. Did you mean 'issue\.yaml'\?$"):
        read_text(tmp_path / "isue.yaml", "issues/x/isue.yaml")


def test_a_folder_in_the_place_of_a_file_is_a_problem_of_that_file(tmp_path: Path) -> None:
    with pytest.raises(FileProblems, match=r"^here: cannot be read: "):
        read_text(tmp_path, "here")


def test_a_pipe_a_socket_or_a_device_is_named_and_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(tmp_path / "pipe.md")
    for path, kind in ((tmp_path / "pipe.md", "a pipe"), (Path("/dev/zero"), "a device"), (tmp_path, "a folder")):
        with pytest.raises(FileProblems, match=rf"^here: cannot be read: {kind}, not a file\.$"):
            read_bytes(path, "here")
    with socket.socket(socket.AF_UNIX) as listening:
        monkeypatch.chdir(tmp_path)  # the path of a socket must be short
        listening.bind("s")
        with pytest.raises(FileProblems, match="a socket, not a file"):
            read_bytes(tmp_path / "s", "here")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: b: c", "a value with a colon in it needs quotes around it."),
        ("a: }", "a bracket or a quote that is not closed"),
        ("a: *x", "a value that begins with * needs quotes around it."),
        ("a: !!foo x", "a value that begins with ! needs quotes around it."),
        ("a: - b", "a list begins on a line of its own, under its key."),
        ("\tx: 1", "a tab, or a value that begins with @, % or `."),
        ("%x", "a line that begins with % needs quotes around it."),
        ("a: 1\nb", "a key without a colon behind it, or words that go on"),
    ],
)
def test_broken_yaml_is_explained_in_words_for_people(text: str, said: str) -> None:
    with pytest.raises(FileProblems) as caught:
        parse_yaml(text, "f")
    assert caught.value.problems[0].message.startswith(f"broken YAML: {said}")


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ('a: 1\nb: "x\nc: 2\n', 2, '`"` is opened here and never closed.'),
        ("a: 1\nb: 'x\n---\n", 2, "`'` is opened here and never closed."),
        (
            'a: 1\nb: "two-column\nc: 2\nd: {text: "hello"}\n',
            2,
            '`"` is opened here and never closed: what ends it is the next one, on line 4.',
        ),
        (
            'b: "x\nc: ""\n',
            1,
            '`"` is opened here and never closed: what ends it is the next one, on line 2.',
        ),
        ("a: [", 1, "`[` is opened here and never closed with `]`."),
        ("a: 1\nb: [unclosed\nc: 2\nd: [3]\n", 2, "`[` is opened here and never closed with `]`."),
        ("- {text: a\n- {text: b}\n", 1, "`{` is opened here and never closed with `}`."),
        ("a: [{x: 1]\nb: 2\n", 1, "`{` is opened here and never closed with `}`."),
        # Closed, with a mistake within: the mistake's own line.
        ('a: {\n  b: "x",\n  c: "y" z,\n}\n', 3, "a bracket or a quote that is not closed"),
        ('a: "over two\n  lines"\nb: c: d\n', 3, "a value with a colon in it needs quotes around it."),
        ('a: "C:\\dir"\n', 1, "found unknown escape character."),
    ],
)
def test_what_is_never_closed_is_told_where_it_was_opened(text: str, line: int, said: str) -> None:
    for first in (1, 7):
        with pytest.raises(FileProblems) as caught:
            parse_yaml(text, "f", first)
        (problem,) = caught.value.problems
        assert problem.where.line == first - 1 + line
        if first == 1:
            assert problem.message.startswith(f"broken YAML: {said}")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a: 1\nb\n", 2),
        ("a: 1\nb", 2),
        ("a: 1\nb\nc: 2\n", 2),
        ("a: some words\nthat go on\nc: 2\n", 2),
        ("a:\n  - b\n  c\nd: 1\n", 3),
        ("::\né", 2),
    ],
)
def test_a_key_without_a_colon_is_told_on_its_own_line(text: str, line: int) -> None:
    with pytest.raises(FileProblems, match=rf"^f:{line}: "):
        parse_yaml(text, "f")


@given(st.text("ab: \"'[]{},-#\n\\é", max_size=60))
def test_whatever_is_broken_is_told_on_a_line_that_there_is(text: str) -> None:
    try:
        parse_yaml(text, "f")
    except FileProblems as error:
        assert all(1 <= one.where.line <= text.count("\n") + 1 for one in error.problems)


class _Item(BaseModel):
    model_config = ConfigDict(extra="forbid")
    size: int = 0


class _Kinds(BaseModel):
    words: str = ""
    count: int = 0
    shown: bool = False
    many: list[str] = []
    day: date | None = None
    one: _Item | None = None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("words: 3", "'words' must be text; put quotes around it."),
        ("count: x", "'count' must be a whole number."),
        ("shown: maybe", "'shown' must be true or false."),
        ("many: x", "'many' must be a list: a line `- …` for each."),
        ("day: soon", "'day' must be a date such as 2026-03-02."),
        ("one: x", "'one' must be `key: value` lines."),
    ],
)
def test_a_value_of_another_kind_is_told_without_words_of_a_library(text: str, said: str) -> None:
    with pytest.raises(FileProblems) as caught:
        validated(_Kinds, parse_yaml(text, "f"), "it")
    assert [one.message for one in caught.value.problems] == [said]


@pytest.mark.parametrize("name", ["x" * 300, "a\0b", "folder", "gone"])
def test_what_cannot_be_a_path_is_no_file(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    assert not is_file(tmp_path / name)


class _Shelf(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: str
    items: list[_Item] = []
    best: _Item | None = None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name: x\nnmae: y\n", "f.yaml:2: unknown key 'nmae'. Did you mean 'name'? Known: name, items, best."),
        ("name: x\nitems:\n- {siz: 1}\n", "f.yaml:3: unknown key 'items.0.siz'. Did you mean 'size'? Known: size."),
        ("name: x\nbest:\n  sise: 1\n", "f.yaml:3: unknown key 'best.sise'. Did you mean 'size'? Known: size."),
        ("best: {size: 1}\n", "f.yaml:1: 'name' is missing."),
        ("- name\n", "f.yaml:1: a shelf must be `key: value` lines."),
    ],
)
def test_a_file_of_fields_is_checked_with_line_and_suggestion(text: str, said: str) -> None:
    with pytest.raises(FileProblems) as caught:
        validated(_Shelf, parse_yaml(text, "f.yaml"), "a shelf")
    assert str(caught.value) == said


def test_a_part_of_a_document_keeps_its_lines() -> None:
    part = moved(parse_yaml("a: 1\nb:\n  - x: 1\n  - y: 2\n", "f.yaml"), "b", 1)
    assert (part.data, part.where("y"), part.where()) == ({"y": 2}, Where("f.yaml", 4), Where("f.yaml", 4))


_TEXT = st.text("a1:-.#&*!|>%@`'\"{}[],? \t\n\r\0\x85\xa0\u2028\ufeffé😀", max_size=12)


@given(st.dictionaries(st.sampled_from(["title", "author", "tags"]), _TEXT | st.lists(_TEXT, max_size=3)))
@example({"title": "a\n---\nb: c", "author": "\u2028...\u2028", "tags": ["---", "x: y"]})
def test_front_matter_reads_back_as_it_was_written(fields: dict[str, object]) -> None:
    document, body, _ = split_front_matter(front_matter_text(fields) + "Body\n", "x.md")
    assert document.data == fields
    assert body == "Body\n"


def test_front_matter_is_a_line_for_each_field() -> None:
    assert front_matter_text({"title": "A: b", "tags": ["x", "y"]}) == "---\ntitle: 'A: b'\ntags: [x, y]\n---\n"


TEXT = "Café – “quoted”\nzwei\n"


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (TEXT.encode(), ""),
        (TEXT.encode("utf-8-sig"), ""),
        (TEXT.encode("utf-16"), "UTF-16"),
        (b"\xfe\xff" + TEXT.encode("utf-16-be"), "UTF-16"),
        (TEXT.encode("cp1252"), "Windows-1252"),
    ],
)
def test_text_of_other_programs_is_read_in_the_encoding_it_came_in(content: bytes, encoding: str) -> None:
    assert decode_text(content, "a.md") == DecodedText(TEXT, encoding, 1)


def test_a_stray_byte_does_not_spoil_the_rest_and_is_told_with_its_line() -> None:
    content = "one – two\nCafé ".encode() + b"\x96 und"
    assert decode_text(content, "a.md") == DecodedText("one – two\nCafé – und", "Windows-1252", 2)


def test_bytes_that_windows_1252_leaves_empty_are_read_as_latin_1() -> None:
    assert decode_text(b"a\x81\x93b", "a.md").text == "a\x81“b"


def test_a_page_that_declares_its_encoding_is_believed_when_it_is_not_utf_8() -> None:
    text = '<meta charset="iso-8859-2">\nŁódź'
    assert decode_text(text.encode("iso-8859-2"), "a.html") == DecodedText(text, "iso-8859-2", 2)
    assert decode_text(b'<meta charset="iso-8859-99">\xe9', "a.html").text.endswith("é")


def test_every_kind_of_line_end_is_one_and_marks_and_nul_bytes_go() -> None:
    written = "a\r\nb\rc\u2028d\u0085e\u2029f\0g"
    assert decode_text(written.encode("utf-8-sig"), "a.md").text == "a\nb\nc\nd\ne\n\nfg"


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"\x89PNG\r\n\x1a\n\0\0", "a PNG picture"),
        (b"\xff\xd8\xff\xe0\0", "a JPEG picture"),
        (b"GIF89a", "a GIF picture"),
        (b"%PDF-1.7", "a PDF"),
        (b"PK\x03\x04\x14", "an archive or a word processor's file"),
        (b"{\\rtf1", "a word processor's file (RTF)"),
    ],
)
def test_what_is_no_text_is_refused_by_its_name(content: bytes, kind: str) -> None:
    with pytest.raises(FileProblems) as caught:
        decode_text(content, "a.md")
    assert str(caught.value) == f"a.md: is {kind}, not text. Save its words as text, Markdown or HTML."


def test_bytes_without_a_name_that_are_no_text_are_refused_too() -> None:
    with pytest.raises(FileProblems, match=r"^a\.md: is not text\."):
        decode_text(bytes(range(32)) * 40, "a.md")


@given(st.binary(max_size=200))
def test_any_bytes_are_text_or_refused(content: bytes) -> None:
    try:
        text = decode_text(content, "a.md").text
    except FileProblems:
        return
    text.encode()
    assert "\r" not in text and "\0" not in text


@pytest.mark.parametrize(
    "text", ["=1+1", "+1+1", "-1+cmd", "@SUM(A1)", "\t=1", "\r=1", "-", "+49 30 1234", "=HYPERLINK(1)"]
)
def test_a_cell_that_a_spreadsheet_would_compute_becomes_text(text: str) -> None:
    assert spreadsheet_cell(text) == "'" + text


@pytest.mark.parametrize("text", ["", "Ada", "-5", "+3.5", "-1.234,56", "a=b", "'=1", "5-3"])
def test_words_and_numbers_stay_as_they_are(text: str) -> None:
    assert spreadsheet_cell(text) == text


def test_digits_after_a_zero_stay_what_was_written_and_other_numbers_are_numbers() -> None:
    assert parse_yaml("[01234, 0, 10, -7, 0.5, '010', 08]", "a.yaml").data == ["01234", 0, 10, -7, 0.5, "010", "08"]


def test_a_link_to_a_file_that_is_not_there_is_not_offered_itself(tmp_path: Path) -> None:
    (tmp_path / "dangling.html").symlink_to("gone.html")
    with pytest.raises(
        FileProblems, match=r"^dangling\.html: no such file\. It is a link to 'gone\.html', which is not"
    ):
        read_bytes(tmp_path / "dangling.html", "dangling.html")
