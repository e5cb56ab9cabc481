"""A workbook's first sheet is read as a table; one that claims too much ends in a sentence, never in a crash."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import pytest

from newsletter.audience import spreadsheets
from newsletter.audience.records import Records
from newsletter.audience.spreadsheets import open_spreadsheet
from newsletter.audience.subscriber_files import Kind, look_at
from newsletter.errors import FileProblems

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
PEOPLE = (
    '<row r="1"><c r="A1" t="inlineStr"><is><t>Email</t></is></c><c r="B1" t="inlineStr"><is><t>Points</t></is></c>'
    "</row>"
    '<row r="3"><c r="A3" t="inlineStr"><is><t>a@x.org</t></is></c><c r="B3"><v>12</v></c></row>'
    '<row r="4"><c r="A4" t="inlineStr"><is><t>b@x.org</t></is></c><c r="B4"><v>1.5</v></c></row>'
)


def workbook(path: Path, sheets: Mapping[str, str], more: Mapping[str, bytes] | None = None) -> Path:
    """A minimal workbook: the rows of each sheet as XML, by the sheet's name."""
    listed = "".join(f'<sheet name="{name}" sheetId="{n}" r:id="r{n}"/>' for n, name in enumerate(sheets, 1))
    kind = f"{OFFICE}/worksheet"
    links = "".join(
        f'<Relationship Id="r{n}" Type="{kind}" Target="worksheets/s{n}.xml"/>' for n in range(1, len(sheets) + 1)
    )
    with ZipFile(path, "w", ZIP_DEFLATED) as archive:
        archive.writestr(
            "xl/workbook.xml", f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>{listed}</sheets></workbook>'
        )
        office = f'<Relationship Id="r1" Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/>'
        archive.writestr("_rels/.rels", f'<Relationships xmlns="{PACKAGE}">{office}</Relationships>')
        archive.writestr("xl/_rels/workbook.xml.rels", f'<Relationships xmlns="{PACKAGE}">{links}</Relationships>')
        for number, rows in enumerate(sheets.values(), 1):
            archive.writestr(
                f"xl/worksheets/s{number}.xml", f'<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData></worksheet>'
            )
        for name, content in (more or {}).items():
            archive.writestr(name, content)
    return path


def read(path: Path) -> tuple[Records, list[tuple[int, list[str], str]]]:
    with open_spreadsheet(look_at(path, "audiences/a.xlsx")) as records:
        return records, list(records.records)


def refusal(path: Path) -> str:
    with pytest.raises(FileProblems) as caught:
        read(path)
    return str(caught.value)


def test_the_first_sheet_with_rows_is_a_table_with_their_numbers(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.csv", {"Empty": "", "People": PEOPLE})
    assert look_at(path, "a").kind is Kind.SPREADSHEET
    records, rows = read(path)
    assert (records.header, records.notes) == (
        ("Email", "Points"),
        ("read the sheet 'People', the first of 2 with rows",),
    )
    assert rows == [(3, ["a@x.org", "12"], ""), (4, ["b@x.org", "1.5"], "")]


def test_a_number_of_many_digits_is_written_out(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", {"People": PEOPLE.replace("12</v>", "1234567890123456</v>")})
    assert read(path)[1][0][1] == ["a@x.org", "1234567890123456"]


def test_a_part_that_unpacks_beyond_the_bound_is_never_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spreadsheets, "MOST_UNPACKED", 3_000_000)
    path = workbook(tmp_path / "a.xlsx", {"People": PEOPLE}, {"xl/media/bomb": b"\0" * 4_000_000})
    assert refusal(path) == "audiences/a.xlsx: unpacks to more than 3 MB. Save the sheet as CSV instead."


def test_a_part_that_lies_about_its_size_is_found_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spreadsheets, "MOST_UNPACKED", 3_000_000)
    path = workbook(tmp_path / "a.xlsx", {"People": PEOPLE}, {"xl/media/bomb": b"\0" * 2_000_000})
    path.write_bytes(path.read_bytes().replace(struct.pack("<L", 2_000_000), struct.pack("<L", 20)))
    assert "is damaged or cut off" in refusal(path)


def test_a_workbook_that_unpacks_to_hundreds_of_times_its_size_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spreadsheets, "_RATIO_FROM", 1_000_000)
    path = workbook(tmp_path / "a.xlsx", {"People": PEOPLE}, {"xl/media/bomb": b"\0" * 4_000_000})
    assert "unpacks to more than 250 times its size" in refusal(path)


def test_a_sheet_that_claims_a_cell_in_its_last_corner_ends_in_a_sentence(tmp_path: Path) -> None:
    corner = PEOPLE + '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    assert "it takes more memory or time than a list of people should" in refusal(
        workbook(tmp_path / "a.xlsx", {"People": corner})
    )


@pytest.mark.parametrize("length", [30, 300, 700])
def test_a_workbook_that_was_cut_off_is_refused(tmp_path: Path, length: int) -> None:
    path = workbook(tmp_path / "a.xlsx", {"People": PEOPLE})
    path.write_bytes(path.read_bytes()[:length])
    assert "is damaged or cut off" in refusal(path)


def test_an_archive_that_is_no_workbook_is_refused(tmp_path: Path) -> None:
    with ZipFile(tmp_path / "a.xlsx", "w") as archive:
        archive.writestr("people.csv", "Email\n")
    assert "is an archive, but no Excel workbook (.xlsx)" in refusal(tmp_path / "a.xlsx")


def test_a_sheet_of_broken_xml_is_refused(tmp_path: Path) -> None:
    assert "cannot be read as a spreadsheet" in refusal(
        workbook(tmp_path / "a.xlsx", {"People": PEOPLE + "<row><c></row>"})
    )
