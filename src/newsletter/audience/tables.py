"""CSV and its kin → Records, whatever parts the cells.

The delimiter is the one its owner names, or the one under which most lines have as many cells as the header, quotes
respected. A record whose
quotes do not fit refuses the file with its line: reading on would swallow the people after it without a word.
"""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from io import StringIO
from itertools import islice
from typing import TYPE_CHECKING, TextIO

from newsletter.audience.records import Record, Records
from newsletter.audience.subscriber_files import SubscriberFile
from newsletter.errors import FileProblems
from newsletter.model import Where

if TYPE_CHECKING:
    from _csv import Reader

MOST_CELL = 11_000_000
"""Characters in a cell; a longer one can only be a quote that is never closed."""

_SAMPLE = 256 * 1024
_SAMPLE_RECORDS = 200
_NAMES = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "pipes", ":": "colons", "^": "carets", "~": "tildes"}
_RARE = ":^~"
"""These stand inside cells more often than between them: only clear evidence makes one of them the delimiter."""
_CLEAR = 0.9
# The first line by which spreadsheet programs of some countries say what parts the cells.
_SAID = re.compile(r'"?sep=([^"\r\n])"?\r?\n', re.I)
_ADVICE = 'Look for a quote that is never closed, or write one inside a cell as "".'


@contextmanager
def open_table(file: SubscriberFile, is_known: Callable[[str], bool], asked: str = "") -> Iterator[Records]:
    """The file's header and records; `is_known` says whether a heading is one that means something here.

    `asked` is the character that its owner says parts the cells; without it, it is found out.
    """
    with (
        wide_cells(),
        decodable(file),
        file.path.open(encoding=file.encoding, newline="") as text,
    ):
        sample = text.read(_SAMPLE)
        said = _SAID.match(sample)
        delimiter = asked or (said[1] if said else _delimiter(sample, is_known))
        text.seek(0)
        if said:
            text.readline()
        records = _records(text, delimiter, file, 2 if said else 1)
        line, header, _ = next(records, (1, [], ""))
        names = _NAMES.get(delimiter, "spaces" if delimiter == " " else f"{delimiter!r} between the cells")
        width = len(header)
        yield Records(
            tuple(cell.strip() for cell in header),
            line,
            _judged(records, width, file.ends_whole),
            f"CSV with {names}",
            file.notes,
        )


def _delimiter(sample: str, is_known: Callable[[str], bool]) -> str:
    return max(_NAMES, key=lambda one: _fit(sample, one, is_known))


def _fit(sample: str, delimiter: str, is_known: Callable[[str], bool]) -> tuple[float, float, int]:
    """How well the sample reads with the delimiter: known headings, lines as wide as the header, its width."""
    lines = StringIO(sample, newline="")
    try:
        records = list(islice(_reader(lines, delimiter), _SAMPLE_RECORDS))
    except csv.Error:
        return (0.0, 0.0, 0)
    if len(sample) == _SAMPLE and len(records) > 1 and not lines.readline():
        records.pop()  # the sample ends in the middle of it
    records = [one for one in records if any(cell.strip() for cell in one)]
    if not records:
        return (0.0, 0.0, 0)
    width = len(records[0])
    share = sum(len(one) == width for one in records) / len(records) if width > 1 else 0.0
    known = sum(is_known(cell) for cell in records[0])
    if delimiter in _RARE and (share < _CLEAR or not known):
        return (0.0, 0.0, 0)
    return (known * max(share, 0.1), share, width)


def _reader(lines: Iterable[str], delimiter: str, strict: bool = False) -> Reader:
    """csv's reader; spaces after a delimiter that is no space itself are no part of a cell."""
    return csv.reader(lines, delimiter=delimiter, strict=strict, skipinitialspace=not delimiter.isspace())


def _records(text: TextIO, delimiter: str, file: SubscriberFile, first_line: int) -> Iterator[Record]:
    """Each record with the line it begins on; blank lines are passed over."""
    # strict: otherwise a quote that is never closed swallows the people of the lines after it without a word.
    reader = _reader(text, delimiter, strict=True)
    before = first_line - 1
    began = first_line
    try:
        for record in reader:
            if record and (record[0] or any(cell.strip() for cell in record)):
                yield began, record, ""
            began = reader.line_num + before + 1
    except csv.Error as error:
        said = str(error)
        what = f"a cell of more than {MOST_CELL:,} characters" if "field limit" in said else said
        raise FileProblems.at(Where(file.name, began), f"not readable as CSV: {what}. {_ADVICE}") from error


def _judged(records: Iterator[Record], width: int, ends_whole: bool) -> Iterator[Record]:
    """The records, those that do not fit under the header with the reason."""
    record = next(records, None)
    while record is not None:
        following = next(records, None)
        cells = record[1]
        if len(cells) > width and any(cell.strip() for cell in cells[width:]):
            yield record[0], cells, "more cells than the header has columns"
        elif len(cells) < width and following is None and not ends_whole:
            yield record[0], cells, "the file ends in the middle of this row, as if it had been cut off"
        else:
            yield record
        record = following


@contextmanager
def wide_cells() -> Iterator[None]:
    """csv's bound for a cell, which is the whole process's, raised for a while."""
    before = csv.field_size_limit(MOST_CELL)
    try:
        yield
    finally:
        csv.field_size_limit(before)


@contextmanager
def decodable(file: SubscriberFile) -> Iterator[None]:
    """A byte that is no text in the file's encoding as a problem at its line."""
    try:
        yield
    except UnicodeDecodeError as error:
        line, byte = _first_stray(file)
        utf8 = file.encoding.startswith("utf-8")
        advice = (
            'Save it as UTF-8 (in Excel: "CSV UTF-8"), or leave `encoding:` out, or say `encoding: windows-1252`.'
            if utf8
            else "Say the right `encoding:` in the audience."
        )
        name = "UTF-8" if utf8 else file.encoding.upper()
        raise FileProblems.at(Where(file.name, line), f"not {name} text ({byte}). {advice}") from error


def _first_stray(file: SubscriberFile) -> tuple[int, str]:
    """The line and the byte at which the file stops being text of its encoding."""
    decoder = codecs.getincrementaldecoder(file.encoding)()
    line = 1
    with file.path.open("rb") as content:
        while chunk := content.read(_SAMPLE):
            before = decoder.getstate()
            try:
                line += decoder.decode(chunk).count("\n")
            except UnicodeDecodeError:
                decoder.setstate(before)
                for place in range(len(chunk)):
                    try:
                        line += decoder.decode(chunk[place : place + 1]) == "\n"
                    except UnicodeDecodeError as error:
                        return line, f"byte 0x{error.object[error.start]:02x}"
    return line, "it ends in the middle of a character"
