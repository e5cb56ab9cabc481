"""XLSX → Records: the first sheet that shows any rows.

A workbook is a zip of XML that unpacks to any size it likes, so every part is unpacked once against a bound before it
is opened, and it is opened by a process of its own whose memory and time are bounded: whatever a sheet claims, the
import ends with a sentence. A spreadsheet does not stream; a list of millions is better a CSV.
"""

from __future__ import annotations

import csv
import struct
import subprocess
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from typing import BinaryIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from newsletter.audience.records import Record, Records
from newsletter.audience.subscriber_files import SubscriberFile
from newsletter.audience.tables import wide_cells
from newsletter.errors import FileProblems
from newsletter.model import Where

MOST_UNPACKED = 400_000_000
"""Bytes of all parts together: a million rows of six columns."""

_MOST_PARTS = 2_000
_MOST_RATIO = 250
_RATIO_FROM = 50_000_000
_PIECE = 1 << 18
_ENCRYPTED = 0x1
_AS_CSV = "Save the sheet as CSV instead."
# Prints the sheet's name, then each row: its number and its cells.
_APART = """
import csv, datetime, io, sys
try:
    import resource
    resource.setrlimit(resource.RLIMIT_AS, (1500 << 20, 1500 << 20))
    resource.setrlimit(resource.RLIMIT_CPU, (120, 120))
except (ImportError, OSError, ValueError):
    pass
from python_calamine import CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

def text(value):
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer() and abs(value) <= 2**53:
        return str(int(value))
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    return str(value)

book = CalamineWorkbook.from_filelike(open(sys.argv[1], 'rb'))
out = csv.writer(io.TextIOWrapper(sys.stdout.buffer, "utf-8", "replace", newline=""))
shown = [one.name for one in book.sheets_metadata
         if one.typ == SheetTypeEnum.WorkSheet and one.visible == SheetVisibleEnum.Visible]
for name in shown:
    sheet = book.get_sheet_by_name(name)
    if sheet.height:
        out.writerow([name, str(len(shown))])
        for number, row in enumerate(sheet.iter_rows(), sheet.start[0] + 1):
            out.writerow([number, *map(text, row)])
        break
"""


@contextmanager
def open_spreadsheet(file: SubscriberFile) -> Iterator[Records]:
    """The header and rows of the first visible sheet with anything in it."""
    _refuse_bombs(file)
    command = [sys.executable, "-P", "-c", _APART, str(file.path)]
    process = subprocess.Popen(  # noqa: S603  # the command is ours; the workbook is opened as data
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None and process.stderr is not None
    try:
        with wide_cells(), TextIOWrapper(process.stdout, "utf-8", newline="") as out:
            rows = csv.reader(out)
            sheet = next(rows, ["", "0"])
            records = _records(rows, process, file)
            line, header, _ = next(records, (1, [], ""))
            notes = (f"read the sheet '{sheet[0]}', the first of {sheet[1]} with rows",) if int(sheet[1]) > 1 else ()
            names = tuple(cell.strip() for cell in header)
            yield Records(names, line, records, "XLSX", (*file.notes, *notes))
    finally:
        process.kill()
        process.stderr.close()
        process.wait()


def _records(rows: Iterator[list[str]], process: subprocess.Popen[bytes], file: SubscriberFile) -> Iterator[Record]:
    for row in rows:
        cells = row[1:]
        if any(cell.strip() for cell in cells):
            yield int(row[0]), cells, ""
    if process.wait():
        assert process.stderr is not None
        said = process.stderr.read(10_000).decode("utf-8", "replace").strip().rpartition("\n")[2]
        own_words = said.partition(": ")[2] if "Error: " in said else ""
        too_much = "it takes more memory or time than a list of people should"
        why = own_words if own_words and process.returncode == 1 else too_much
        raise FileProblems.at(Where(file.name), f"cannot be read as a spreadsheet: {why}. {_AS_CSV}")


def _refuse_bombs(file: SubscriberFile) -> None:
    """Raises `FileProblems` unless every part really unpacks to what it says, and all of them to a sane size."""
    try:
        with ZipFile(file.path) as archive, file.path.open("rb") as content:
            parts = archive.infolist()
            names = {part.filename for part in parts}
            if "xl/workbook.xml" not in names:
                raise _refused(file, "is an archive, but no Excel workbook (.xlsx)")
            if len(parts) > _MOST_PARTS:
                raise _refused(file, f"holds more than {_MOST_PARTS:,} parts")
            unpacked = 0
            for part in parts:
                unpacked += _unpacked_size(content, part, MOST_UNPACKED - unpacked, file)
            if unpacked > _RATIO_FROM and unpacked > _MOST_RATIO * file.state[0]:
                raise _refused(file, f"unpacks to more than {_MOST_RATIO} times its size")
    except (BadZipFile, zlib.error, struct.error, OSError, ValueError, NotImplementedError) as error:
        raise _refused(file, "is damaged or cut off: its parts cannot be unpacked") from error


def _unpacked_size(content: BinaryIO, part: ZipInfo, room: int, file: SubscriberFile) -> int:
    """What the part really unpacks to, whatever its entry says: at most `room`."""
    if part.flag_bits & _ENCRYPTED:
        raise _refused(file, "is protected by a password")
    content.seek(part.header_offset)
    local = content.read(30)
    content.seek(sum(struct.unpack("<HH", local[26:30])), 1)
    if part.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
        raise ValueError
    size, left = 0, part.compress_size
    unpack = zlib.decompressobj(-zlib.MAX_WBITS) if part.compress_type == ZIP_DEFLATED else None
    while left > 0 and (piece := content.read(min(_PIECE, left))):
        left -= len(piece)
        while piece:
            size += len(unpack.decompress(piece, _PIECE)) if unpack else len(piece)
            piece = unpack.unconsumed_tail if unpack else b""
            if size > room:
                raise _refused(file, f"unpacks to more than {MOST_UNPACKED // 1_000_000} MB")
    if left or size != part.file_size:
        raise ValueError
    return size


def _refused(file: SubscriberFile, what: str) -> FileProblems:
    return FileProblems.at(Where(file.name), f"{what}. {_AS_CSV}")
