"""Refresh the table of what mail clients support from Can I Email's public interface, into the cache.

In: the cache's folder. Out: the new table, written whole or not at all. Whatever goes wrong (no network, a slow, large
or damaged answer, a full disk), the table that was there stays in use, and the problem says so.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from newsletter.checks.clients.derivation import API, derive_table
from newsletter.checks.clients.table import KEPT, SupportTable, load_table, write_table
from newsletter.content.fetching import Fetched, Limits, fetch
from newsletter.errors import FileProblems, Problem
from newsletter.model import Where

_LIMITS = Limits(wait=10.0, total=60.0, size=10_000_000)
"""Several times what the features take with all their notes (307 of them in 2026)."""


def _fetch(url: str) -> Fetched:
    return fetch(url, _LIMITS)


def update_support(folder: Path, url: str = API, fetch: Callable[[str], Fetched] = _fetch) -> SupportTable:
    """The table as Can I Email has it now, kept in the folder; raises `FileProblems` and leaves the old one."""
    before = load_table(folder).snapshot
    try:
        table = derive_table(fetch(url).content)
    except FileProblems as error:
        raise FileProblems(Problem(one.where, f"{one.message} {_stays(before)}") for one in error.problems) from error
    except ValueError as error:
        raise FileProblems.at(Where(url), f"{error}. Try again later. {_stays(before)}") from error
    try:
        _write(folder / KEPT, write_table(table))
    except OSError as error:
        what = f"cannot be written: {error.strerror}. Give the folder room and rights. {_stays(before)}"
        raise FileProblems.at(Where(str(folder / KEPT)), what) from error
    return table


def _stays(snapshot: str) -> str:
    return f"The table of {snapshot} stays in use."


def _write(path: Path, text: str) -> None:
    """Put the text in the file's place in one step."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f"{path.stem}.", suffix=".part")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        Path(name).replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise
