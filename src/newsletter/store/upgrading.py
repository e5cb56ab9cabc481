"""Bring an older database up to date: the revisions in `migrations/versions/`, all of them or none.

In: a connected database of any version. A SQLite file is copied first, to `<file>.before-<revision>` beside it (mode
600). The revisions run in one transaction on both databases, so one that fails leaves everything as it was.
"""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from newsletter.errors import StoreUnavailable
from newsletter.store.database import SCHEMA, Connection, Database, hold_schema, mark_schema, refuse_newer, schema_of
from newsletter.store.failures import translated

MIGRATIONS = Path(__file__).with_name("migrations")


def upgrade(database: Database) -> Path | None:
    """Upgrade to this program's version; where the copy of a SQLite file lies, None if nothing had to be copied.

    Raises `StoreUnavailable`, and has changed nothing, when the database is newer or a revision fails.
    """
    with database.begin() as connection:
        hold_schema(connection)
        found = schema_of(connection)
        refuse_newer(database.name, found)
        if found == SCHEMA:
            return None
        copy = _copied(database.path) if database.path is not None and found else None
        _run_revisions(connection, found)
        mark_schema(connection, SCHEMA)
        return copy


def copies(database: Path) -> list[Path]:
    """The copies that upgrades left beside a SQLite file."""
    return sorted(database.parent.glob(f"{database.name}.before-*"))


def _run_revisions(connection: Connection, found: str) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    if found:
        mark_schema(connection, found)
    command.upgrade(config, SCHEMA)


def _copied(path: Path) -> Path:
    """A copy of the file as it is. The caller holds the write lock, so nothing changes meanwhile."""
    copy = path.with_name(f"{path.name}.before-{SCHEMA}")
    try:
        os.close(os.open(copy, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600))
    except OSError as error:
        raise StoreUnavailable(
            f"{copy}: the database cannot be copied before its upgrade: {error.strerror}."
        ) from error
    with translated(copy):
        source, target = sqlite3.connect(path), sqlite3.connect(copy)
        try:
            source.backup(target)
        except sqlite3.Error:
            copy.unlink()
            raise
        finally:
            source.close()
            target.close()
    return copy
