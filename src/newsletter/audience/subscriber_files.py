"""A path → what kind of subscriber file lies there, in which encoding, and its fingerprint: one look at every byte.

The kind is told by the content, never by the name. Refuses what holds no rows (a PDF, a compressed file, an old .xls)
and lines too long to be people, before anything is read into memory.
"""

from __future__ import annotations

import codecs
import os
import re
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from pathlib import Path

from newsletter.errors import FileProblems
from newsletter.model import Where

MOST_LINE = 24_000_000
"""Bytes between two line ends; a file with more is no list of people."""

_CHUNK = 1 << 20
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_HIGH = re.compile(rb"[\x80-\xff]")
_MULTIBYTE = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_JSON_ARRAY = re.compile(rb"\[\s*[{\[\]]")
_NO_TABLES = {
    b"%PDF": "a PDF. Ask whoever made it for the spreadsheet it was printed from",
    b"\x1f\x8b": "a compressed file. Unpack it first",
    b"7z\xbc\xaf": "a compressed file. Unpack it first",
    b"\xd0\xcf\x11\xe0": "an old Excel file (.xls). Open it and save it as .xlsx or CSV",
    b"SQLite format 3\0": "a database. Export its people as CSV",
    b"PAR1": "a Parquet file. Export its rows as CSV",
}


class Kind(StrEnum):
    TABLE = "CSV"
    SPREADSHEET = "XLSX"
    JSON_LINES = "JSON Lines"


@dataclass(frozen=True, slots=True)
class SubscriberFile:
    """A file of people, looked at once: all that reading it needs to know beforehand."""

    path: Path
    name: str
    """As a person would name it: `audiences/readers.csv`."""
    kind: Kind
    encoding: str
    digest: bytes
    """SHA-256 of its content."""
    ends_whole: bool
    """Whether its last line has an end; a file that was cut off has not."""
    state: tuple[int, int]
    """Size and time of change when it was looked at."""
    notes: tuple[str, ...] = ()
    """What was guessed."""


def look_at(path: Path, name: str, encoding: str = "") -> SubscriberFile:
    """The file at `path`; `encoding` is what its owner says it is, empty when nobody said.

    Raises `FileProblems` for what cannot be a file of people.
    """
    try:
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            look = _Look(name, encoding)
            while chunk := file.read(_CHUNK):
                look.take(chunk)
    except OSError as error:
        raise FileProblems.at(Where(name), f"cannot be read: {error.strerror}.") from error
    kind = _kind(look.start, name)
    found, notes = ("", ()) if kind is Kind.SPREADSHEET else look.encoding()
    state = (status.st_size, status.st_mtime_ns)
    return SubscriberFile(path, name, kind, found, look.digest.digest(), look.ends_whole, state, notes)


def refuse_if_changed(file: SubscriberFile) -> None:
    """Raises `FileProblems` when the file is no longer what was looked at."""
    status = file.path.stat()
    if (status.st_size, status.st_mtime_ns) != file.state:
        raise FileProblems.at(Where(file.name), "was changed while it was read; nobody was changed. Import it again.")


class _Look:
    """What the bytes tell, chunk by chunk."""

    def __init__(self, name: str, said: str) -> None:
        self._name = name
        self._said = said
        self._utf8 = codecs.getincrementaldecoder("utf-8")()
        self._lines = 0
        self._unbroken = 0
        self._multibyte = self._stray = 0
        self._stray_line, self._stray_byte = 0, 0
        self.start = b""
        self.ends_whole = True
        self.digest = sha256()

    def take(self, chunk: bytes) -> None:
        self.digest.update(chunk)
        self.start = self.start or chunk
        self._measure(chunk)
        if not self._stray_line:
            self._decode(chunk)
        elif not chunk.isascii():
            self._count(chunk)
        self._lines += chunk.count(b"\n")
        self.ends_whole = chunk.rstrip(b"\0")[-1:] in (b"\n", b"\r")

    def _measure(self, chunk: bytes) -> None:
        """Two line ends that are near each other are not looked for inside a chunk: they are."""
        first, last = _ends(chunk)
        self._unbroken += len(chunk) if first < 0 else first
        if self._unbroken > MOST_LINE and not self.start.startswith(b"PK\x03\x04"):
            megabytes = MOST_LINE // 1_000_000
            message = f"a line of more than {megabytes} MB. This is no list with a line for each person."
            raise FileProblems.at(Where(self._name, self._lines + 1), message)
        if first >= 0:
            self._unbroken = len(chunk) - last - 1

    def _decode(self, chunk: bytes) -> None:
        kept = self._utf8.getstate()[0]
        try:
            text = self._utf8.decode(chunk)
        except UnicodeDecodeError as error:
            whole = kept + chunk
            self._stray_line = self._lines + whole[: error.start].count(b"\n") + 1
            self._stray_byte = whole[error.start]
            self._count(whole)
        else:
            self._multibyte += max(0, len(chunk) - len(text))

    def _count(self, content: bytes) -> None:
        sequences = _MULTIBYTE.findall(content)
        self._multibyte += len(sequences)
        self._stray += len(_HIGH.findall(content)) - sum(len(one) for one in sequences)

    def encoding(self) -> tuple[str, tuple[str, ...]]:
        """What to read the text as, and a note where that is a guess."""
        if self._said:
            utf8 = codecs.lookup(self._said).name == "utf-8"
            return ("utf-8-sig" if utf8 else self._said), ()
        for mark, name in _MARKS:
            if self.start.startswith(mark):
                return name, ()
        if wide := _wide(self.start[:4096]):
            return wide, (f"read as {wide.upper()}: every other byte is zero",)
        if not self._stray_line:
            return "utf-8", ()
        if self._multibyte > self._stray:
            byte = f"byte 0x{self._stray_byte:02x}"
            message = f"not UTF-8 text ({byte}), though most of the file is. Mend the line, or save the file as UTF-8."
            raise FileProblems.at(Where(self._name, self._stray_line), message)
        why = f"because line {self._stray_line} is not UTF-8 (byte 0x{self._stray_byte:02x})"
        return "windows-1252", (f"read as Windows-1252, {why}; if names look wrong, say `encoding:` in the audience",)


def _ends(chunk: bytes) -> tuple[int, int]:
    """Where the first and the last line end is; -1 when there is none. Old files end lines with a carriage return."""
    first, last = chunk.find(b"\n"), chunk.rfind(b"\n")
    return (first, last) if first >= 0 else (chunk.find(b"\r"), chunk.rfind(b"\r"))


def _wide(start: bytes) -> str:
    """UTF-16 without its mark: text in Latin letters has a zero in every other byte."""
    half = len(start) // 2
    for name, zeros in (("utf-16-le", start[1::2]), ("utf-16-be", start[0::2])):
        if half >= 4 and zeros.count(0) > 0.6 * half and start.count(0) - zeros.count(0) < 0.1 * half:
            return name
    return ""


def _kind(start: bytes, name: str) -> Kind:
    refused = next((words for sign, words in _NO_TABLES.items() if start.startswith(sign)), "")
    text = start[:2048].replace(b"\0", b"").removeprefix(codecs.BOM_UTF8).removeprefix(codecs.BOM_UTF16_LE)
    text = text.removeprefix(codecs.BOM_UTF16_BE).lstrip().lower()
    if text.startswith((b"<!doctype", b"<html", b"<?xml")):
        refused = "a web page or XML. Export the people as CSV"
    if _JSON_ARRAY.match(text):
        refused = "JSON in one piece. Write one object a line (JSON Lines): `jq -c '.[]' people.json > people.jsonl`"
    if refused:
        raise FileProblems.at(Where(name), f"is {refused}.")
    if start.startswith(b"PK\x03\x04"):
        return Kind.SPREADSHEET
    return Kind.JSON_LINES if text.startswith(b"{") else Kind.TABLE
