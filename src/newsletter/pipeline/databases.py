"""The version of a workspace's database, and bringing it up to date."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from newsletter.pipeline.workspace import Workspace, has_database
from newsletter.store.database import SCHEMA, Database, connect_database, refuse_damaged, schema_of
from newsletter.store.upgrading import copies, upgrade


@dataclass(frozen=True, slots=True)
class DatabaseState:
    """Which version the tables are of (empty: there are none yet), which the program needs, and copies of before."""

    name: str
    found: str
    needed: str
    copies: tuple[Path, ...]
    mode: int | None = None
    """The rights of a SQLite file where others than its owner have any."""


@dataclass(frozen=True, slots=True)
class Upgraded:
    """What an upgrade did: from which version (empty: made new), and where the copy of the file as it was lies."""

    name: str
    before: str
    now: str
    copy: Path | None


def state(workspace: Workspace) -> DatabaseState:
    """The database's version; looking changes nothing. Raises `StoreUnavailable` for a SQLite file that is damaged."""
    if not has_database(workspace):
        return DatabaseState(_shown(workspace), "", SCHEMA, ())
    with _connected(workspace) as database, database.connect() as connection:
        kept = copies(database.path) if database.path else []
        refuse_damaged(database, connection)
        mode = database.path.stat().st_mode & 0o777 if database.path else 0
        shared = mode if mode & 0o077 else None
        return DatabaseState(database.name, schema_of(connection), SCHEMA, tuple(kept), shared)


def bring_up_to_date(workspace: Workspace) -> Upgraded:
    """Upgrade the database to this program's version, or make it."""
    with _connected(workspace) as database:
        with database.connect() as connection:
            before = schema_of(connection)
        return Upgraded(database.name, before, SCHEMA, upgrade(database))


@contextmanager
def _connected(workspace: Workspace) -> Iterator[Database]:
    database = connect_database(workspace.settings.database, workspace.root)
    try:
        yield database
    finally:
        database.close()


def _shown(workspace: Workspace) -> str:
    url = workspace.settings.database
    return str(workspace.root / url.removeprefix("sqlite:///")) if url.startswith("sqlite:///") else "the database"
