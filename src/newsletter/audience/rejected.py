"""Rejected records → a CSV beside the built issues: the line, the reason, and the cells as they were.

It holds people's addresses, so its owner alone may read it, and it lies in `build/`, which git leaves out. No cell of
it is a formula. It appears whole, in the place of the one before; an import without rejected rows takes that away.
"""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from newsletter.audience.addresses import InvalidAddress, parse_address
from newsletter.files import spreadsheet_cell
from newsletter.model import RejectedRow

MOST_KEPT = 1_000
"""How many rejected rows a result carries; the file has them all."""
_LONGEST_CELL = 2_000


class Rejected:
    """The rejected rows of one import: counted, the first of them kept, all of them written to `path`."""

    def __init__(self, path: Path | None, header: Sequence[str]) -> None:
        self.count = 0
        self.first: list[RejectedRow] = []
        self._path = path
        self._header = header
        self._file: TextIO | None = None

    def add(self, line: int, reason: str, cells: Sequence[str]) -> None:
        """One more."""
        self.count += 1
        if len(self.first) < MOST_KEPT:
            self.first.append(RejectedRow(line, reason))
        if self._path is None:
            return
        if self._file is None:
            self._file = _private(_unfinished(self._path))
            csv.writer(self._file).writerow(["line", "reason", *map(spreadsheet_cell, self._header)])
        shortened = (cell if len(cell) <= _LONGEST_CELL else f"{cell[:_LONGEST_CELL]}…" for cell in cells)
        csv.writer(self._file).writerow([line, reason, *map(spreadsheet_cell, shortened)])

    def finish(self) -> None:
        """Put the file in its place, or take the one before away when nothing was rejected."""
        if self._file is not None and self._path is not None:
            self._file.close()
            _unfinished(self._path).replace(self._path)
        elif self._path is not None:
            self._path.unlink(missing_ok=True)

    def forget(self) -> None:
        """Leave nothing half-written behind."""
        if self._file is not None and self._path is not None:
            self._file.close()
            _unfinished(self._path).unlink(missing_ok=True)


@contextmanager
def rejections(path: Path | None, header: Sequence[str]) -> Iterator[Rejected]:
    """Where rejected rows go; the file at `path` changes only when all went well, and no path means no file."""
    rejected = Rejected(path, header)
    try:
        yield rejected
        rejected.finish()
    except BaseException:
        rejected.forget()
        raise


def erase_person(path: Path, address_key: str) -> int:
    """Take the rows out of such a file that name the address, alone or beside other words; how many there were.

    The file is replaced whole, or goes when no row is left. Raises `OSError` and `csv.Error` for what is none.
    """
    named = re.compile(rf"(?<![\w.%+-]){re.escape(address_key)}(?![\w-]|\.\w)", re.IGNORECASE)
    erased = kept = 0
    with path.open(encoding="utf-8-sig", newline="") as file, _private(_unfinished(path)) as copy:
        writer = csv.writer(copy)
        for number, row in enumerate(csv.reader(file)):
            if number and any(named.search(cell) or _is(cell, address_key) for cell in row[2:]):
                erased += 1
            else:
                writer.writerow(row)
                kept += number > 0
    if not erased:
        _unfinished(path).unlink()
        return 0
    _unfinished(path).replace(path)
    if not kept:
        path.unlink()
    return erased


def _is(cell: str, address_key: str) -> bool:
    """Whether the cell is the address as somebody else spelt it."""
    if "@" not in cell or len(cell) > _LONGEST_CELL:
        return False
    try:
        return parse_address(cell.lstrip("'")).key == address_key
    except InvalidAddress:
        return False


def _unfinished(path: Path) -> Path:
    return path.with_name(f"{path.name}.unfinished")


def _private(path: Path) -> TextIO:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    number = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    # With its mark, so that spreadsheet programs know it for UTF-8. Lone surrogates of broken JSON are spelt out.
    return os.fdopen(number, "w", encoding="utf-8-sig", errors="backslashreplace", newline="")
