"""Any file of people is read for what it is, or refused in a sentence; what cannot be a row says why."""

from __future__ import annotations

import codecs
import csv
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from newsletter.audience import json_lines, subscriber_files, tables
from newsletter.audience.json_lines import open_json_lines
from newsletter.audience.records import Records
from newsletter.audience.subscriber_files import Kind, look_at
from newsletter.audience.tables import open_table
from newsletter.errors import FileProblems

NAME = "audiences/a.csv"


@contextmanager
def opened(folder: Path, content: str | bytes, encoding: str = "", asked: str = "") -> Iterator[Records]:
    path = folder / "a.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    file = look_at(path, NAME, encoding)
    known = {"Email", "Name"}.__contains__
    reading = open_json_lines(file) if file.kind is Kind.JSON_LINES else open_table(file, known, asked)
    with reading as records:
        yield records


def read(folder: Path, content: str | bytes, encoding: str = "") -> tuple[Records, list[tuple[int, list[str], str]]]:
    with opened(folder, content, encoding) as records:
        return records, list(records.records)


def refusal(folder: Path, content: str | bytes, encoding: str = "") -> str:
    with pytest.raises(FileProblems) as caught:
        read(folder, content, encoding)
    return str(caught.value)


# ── what parts the cells ────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|", ":", "^", "~"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_the_delimiter_is_the_one_that_parts_the_lines_as_the_header(tmp_path: Path, delimiter: str, end: str) -> None:
    lines = ["Email,Note", 'a@x.org,"one, two; three | four"', "b@x.org,plain"]
    content = end.join(line.replace(",", delimiter, 1) for line in lines) + end
    records, rows = read(tmp_path, content)
    assert records.header == ("Email", "Note")
    assert [cells for _, cells, _ in rows] == [["a@x.org", "one, two; three | four"], ["b@x.org", "plain"]]


def test_a_header_full_of_another_delimiter_does_not_mislead(tmp_path: Path) -> None:
    records, rows = read(tmp_path, 'Email;"Name, title, and more"\na@x.org;"Doe, Jane"\nb@x.org;Roe\n')
    assert records.described == "CSV with semicolons"
    assert [len(cells) for _, cells, _ in rows] == [2, 2]


@pytest.mark.parametrize("delimiter", [" ", "#", "§", "\x1f", "x", "\t", ":"])
def test_the_delimiter_that_the_owner_names_parts_the_cells_whatever_others_would(
    tmp_path: Path, delimiter: str
) -> None:
    content = f"Email{delimiter}Name,Note\na@b.org{delimiter}1,2\n"
    with opened(tmp_path, content, asked=delimiter) as records:
        assert records.header == ("Email", "Name,Note")
        assert [cells for _, cells, _ in records.records] == [["a@b.org", "1,2"]]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("Email\na@x.org\nb@x.org\n", ("Email",)),
        ("Email,Name\na@x.org,at 10:20\nb@x.org,at 11:30\n", ("Email", "Name")),
        ("Email:Name\na@x.org\nb@x.org\nc@x.org\n", ("Email:Name",)),
        ("One:Two\n1:2\n3:4\n", ("One:Two",)),
        ("sep=#\nEmail#Name\na@x.org#A\n", ("Email", "Name")),
    ],
)
def test_what_seldom_parts_cells_is_the_delimiter_only_where_headings_and_lines_say_so(
    tmp_path: Path, content: str, said: tuple[str, ...]
) -> None:
    assert read(tmp_path, content)[0].header == said


def test_a_single_column_is_a_table_too(tmp_path: Path) -> None:
    records, rows = read(tmp_path, "Email\na@x.org\nb@x.org\n")
    assert (records.header, [cells for _, cells, _ in rows]) == (("Email",), [["a@x.org"], ["b@x.org"]])


def test_the_line_by_which_excel_says_the_delimiter_is_understood(tmp_path: Path) -> None:
    records, rows = read(tmp_path, "sep=;\r\nEmail;Name\r\na@x.org;A, B\r\n")
    assert (records.header, rows) == (("Email", "Name"), [(3, ["a@x.org", "A, B"], "")])


def test_a_record_knows_the_line_it_begins_on(tmp_path: Path) -> None:
    _, rows = read(tmp_path, 'Email,Name\na@x.org,"A\nB\nC"\n\nb@x.org,B\n')
    assert [line for line, _, _ in rows] == [2, 6]


# ── encodings ───────────────────────────────────────────────────────────────────────────────────────────────────────

ROWS = "Email,Name\nzoë@x.org,Zoë Đặng\n"


@pytest.mark.parametrize(
    "content",
    [
        ROWS.encode(),
        codecs.BOM_UTF8 + ROWS.encode(),
        codecs.BOM_UTF16_LE + ROWS.encode("utf-16-le"),
        codecs.BOM_UTF16_BE + ROWS.encode("utf-16-be"),
        ("Email,Name\n" + "a@x.org,Long enough to tell\n" * 9 + ROWS.partition("\n")[2]).encode("utf-16-le"),
    ],
    ids=["utf-8", "utf-8 with mark", "utf-16-le", "utf-16-be", "utf-16 without mark"],
)
def test_unicode_is_recognised_in_every_form(tmp_path: Path, content: bytes) -> None:
    records, rows = read(tmp_path, content)
    assert records.header == ("Email", "Name")
    assert rows[-1][1] == ["zoë@x.org", "Zoë Đặng"]


def test_windows_1252_is_guessed_and_the_guess_is_told_with_its_line(tmp_path: Path) -> None:
    records, rows = read(tmp_path, "Email,Name\na@x.org,Ana\nb@x.org,Zoë – “Z”\n".encode("cp1252"))
    assert rows[1][1] == ["b@x.org", "Zoë – “Z”"]
    assert records.notes[0].startswith("read as Windows-1252, because line 3 is not UTF-8 (byte 0xeb)")


def test_what_the_audience_says_wins_over_any_guess(tmp_path: Path) -> None:
    _, rows = read(tmp_path, "Email,Name\na@x.org,Žižek\n".encode("cp1250"), "windows-1250")
    assert rows[0][1] == ["a@x.org", "Žižek"]


def test_utf_8_with_a_damaged_byte_is_not_taken_for_windows_1252(tmp_path: Path) -> None:
    content = "Email,Name\nä@x.org,Äöü\n".encode() * 5 + b"b@x.org,\xff\n"
    assert refusal(tmp_path, content).startswith(f"{NAME}:11: not UTF-8 text (byte 0xff), though most of the file is.")


def test_the_look_at_the_bytes_is_the_same_however_they_are_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = b"Email,Name\n" + "b@x.org,Zoë Zoë\n".encode("cp1252") * 50
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    whole = look_at(path, NAME)
    monkeypatch.setattr(subscriber_files, "_CHUNK", 7)
    assert look_at(path, NAME) == whole


# ── bad input ───────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"%PDF-1.7\n...", "is a PDF."),
        (b"\x1f\x8b\x08\x00rest", "is a compressed file. Unpack it first."),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "is an old Excel file"),
        (b"<!doctype html><table>", "is a web page or XML."),
        (b'[{"email": "a@x.org"}]', "is JSON in one piece."),
    ],
)
def test_what_is_no_table_is_refused_by_its_name(tmp_path: Path, content: bytes, words: str) -> None:
    assert words in refusal(tmp_path, content)


def test_a_quote_that_is_never_closed_is_refused_where_it_opens(tmp_path: Path) -> None:
    said = refusal(tmp_path, 'Email,Name\na@x.org,A\nb@x.org,"B\nc@x.org,C\n')
    assert said.startswith(f"{NAME}:3: not readable as CSV:")


def test_a_file_cut_off_in_a_row_rejects_that_row_alone(tmp_path: Path) -> None:
    _, rows = read(tmp_path, "Email,Name\na@x.org,A\nb@x.o")
    assert rows == [
        (2, ["a@x.org", "A"], ""),
        (3, ["b@x.o"], "the file ends in the middle of this row, as if it had been cut off"),
    ]


def test_a_last_line_without_an_end_is_whole_when_its_cells_are(tmp_path: Path) -> None:
    assert read(tmp_path, "Email,Name\na@x.org,A")[1] == [(2, ["a@x.org", "A"], "")]


def test_a_cell_of_ten_megabytes_is_read_and_one_beyond_the_bound_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = csv.field_size_limit()
    _, rows = read(tmp_path, f'Email,Name\na@x.org,"{"x" * 10_000_000}"\nb@x.org,B\n')
    assert [len(cells[1]) for _, cells, _ in rows] == [10_000_000, 1]
    monkeypatch.setattr(tables, "MOST_CELL", 1_000)
    assert "a cell of more than 1,000 characters" in refusal(tmp_path, f'Email,Name\na@x.org,"{"x" * 1_001}"\n')
    assert csv.field_size_limit() == before


def test_a_line_without_end_is_refused_before_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subscriber_files, "MOST_LINE", 3_000_000)
    assert "a line of more than 3 MB" in refusal(tmp_path, b"Email\n" + b"x" * 3_000_001)


def test_nul_bytes_are_read_as_part_of_their_cells(tmp_path: Path) -> None:
    assert read(tmp_path, "Email,Name\na@x.org,A\0B\n")[1] == [(2, ["a@x.org", "A\0B"], "")]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=300), head=st.sampled_from([b"", b"Email,Name\n", b"{", b"PK\x03\x04", b"\xff\xfe"]))
def test_any_bytes_are_records_or_a_problem_with_the_files_name(tmp_path: Path, head: bytes, content: bytes) -> None:
    if head.startswith(b"PK") or content.startswith(b"PK\x03\x04"):
        return  # workbooks have a process of their own, and tests of their own
    try:
        _, rows = read(tmp_path, head + content)
    except FileProblems as error:
        assert str(error).startswith(NAME)
    else:
        assert all(line >= 1 for line, _, _ in rows)


CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.tuples(CELLS.filter(str.strip), CELLS, CELLS), min_size=1, max_size=12),
    delimiter=st.sampled_from(",;\t|"),
)
def test_what_csv_writes_is_read_back_cell_for_cell(
    tmp_path: Path, rows: Sequence[tuple[str, str, str]], delimiter: str
) -> None:
    path = tmp_path / "written.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=delimiter, quoting=csv.QUOTE_ALL)
        writer.writerows([("Email", "First name", "Note"), *rows])
    _, found = read(tmp_path, path.read_bytes())
    assert [tuple(cells) for _, cells, _ in found] == rows


# ── JSON Lines ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_objects_become_rows_under_the_keys_of_all_of_them(tmp_path: Path) -> None:
    objects = [{"email": "a@x.org", "points": 1.10}, {"email": "b@x.org", "tags": ["x", "y"], "vip": None}]
    records, rows = read(tmp_path, "\n".join(map(json.dumps, objects)))
    assert records.header == ("email", "points", "tags", "vip")
    assert rows == [(1, ["a@x.org", "1.1", "", ""], ""), (2, ["b@x.org", "", '["x", "y"]', ""], "")]


def test_a_line_that_is_no_object_is_a_record_with_a_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_lines, "MOST_LINE", 5_000)
    lines = [
        '{"email": "a@x.org"}',
        "[1]",
        '{"email": ',
        "",
        "[" * 3_000,
        '{"x": "' + "y" * 9_000 + '"}',
        '{"email": "z',
    ]
    _, rows = read(tmp_path, "\n".join(lines))
    assert [(line, reason) for line, _, reason in rows] == [
        (1, ""),
        (2, "not an object: write {…} on each line"),
        (3, "not readable as JSON: expecting value"),
        (5, "not readable as JSON: nested too deeply"),
        (6, "the line is longer than 5,000 characters"),
        (7, "not readable as JSON: unterminated string starting at; was the file cut off?"),
    ]
