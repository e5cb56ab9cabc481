"""What every kind of subscriber file is read into: a header, and records that know their line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

Record = tuple[int, list[str], str]
"""The line it begins on, its cells as text, and why it is no row of a table (mostly empty)."""


@dataclass(frozen=True, slots=True)
class Records:
    """A subscriber file being read."""

    header: tuple[str, ...]
    header_line: int
    records: Iterator[Record]
    """Read as they are asked for; raises `FileProblems` where the file cannot be read on."""
    described: str
    """The format in a person's words: `CSV with semicolons`."""
    notes: tuple[str, ...] = ()
    """What was guessed."""
    structured: bool = False
    """Whether cells may be JSON objects and lists, as text."""
