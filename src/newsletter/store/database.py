"""Open the database: one SQLite file, its schema version, and its failures in words.

In: a `sqlite:///` URL, relative to the workspace. Out: a `Database` that lends connections and transactions. Foreign
exceptions of SQLAlchemy and SQLite become `StoreUnavailable` here. The file is made with mode 600: it holds people's
addresses.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection as Connection
from sqlalchemy import DateTime, Dialect, Engine, MetaData, TypeDecorator, create_engine, event
from sqlalchemy.exc import DBAPIError

from newsletter.errors import StoreUnavailable

metadata = MetaData()

SCHEMA_VERSION = 1
"""Kept in SQLite's `user_version`; a database of a newer version is refused."""

_LOCK_PATIENCE = 5.0
_ADVICE = (
    ("locked", "is in use by another program. Wait until it is done, or stop it, and run the command again."),
    ("readonly", "is read-only. Give this user the right to write to the file and its folder."),
    ("unable to open", "cannot be opened. Look at the rights of the file and its folder."),
    ("full", "cannot grow: the disk is full. Free some space and run the command again."),
    ("not a database", "is not a database of this program. Move it away, or name another under `database:`."),
    ("malformed", "is damaged. Restore it from a backup."),
)


class UtcDateTime(TypeDecorator[datetime]):
    """Aware datetimes, stored in UTC: SQLite keeps no zone."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value.astimezone(UTC).replace(tzinfo=None) if value else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value.replace(tzinfo=UTC) if value else None


class Database:
    """The open database of a workspace."""

    def __init__(self, engine: Engine, path: Path) -> None:
        self._engine = engine
        self._writing = engine.execution_options(writes=True)
        self.path = path

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """A transaction that may write: committed at the end, rolled back on any error."""
        with translated(self.path), self._writing.begin() as connection:
            yield connection

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        """A connection for reading."""
        with translated(self.path), self._engine.connect() as connection:
            yield connection

    def close(self) -> None:
        self._engine.dispose()


def database_path(url: str, root: Path) -> Path:
    """The file a `sqlite:///` URL names: relative ones start at the workspace."""
    return root / url.removeprefix("sqlite:///")


def open_database(url: str, root: Path) -> Database:
    """The database at `url`, its tables made when it is new."""
    path = database_path(url, root)
    with translated(path):
        new = not path.exists()
        if new:
            _create_private(path)
        engine = create_engine(f"sqlite:///{path}", connect_args={"timeout": _LOCK_PATIENCE})
        _configure(engine)
        database = Database(engine, path)
        _ensure_schema(database)
        return database


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Database failures as `StoreUnavailable`, saying what to do."""
    try:
        yield
    except (DBAPIError, sqlite3.Error) as error:
        original = error.orig if isinstance(error, DBAPIError) else error
        raise StoreUnavailable(f"{path}: the database {_advice(str(original))}") from error
    except PermissionError as error:
        raise StoreUnavailable(f"{path}: the database {_ADVICE[2][1]}") from error


def _advice(said: str) -> str:
    lowered = said.lower()
    return next((advice for sign, advice in _ADVICE if sign in lowered), f"failed: {said}.")


def _create_private(path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
    except OSError as error:
        raise StoreUnavailable(f"{path}: the database cannot be made here: {error.strerror}.") from error


def _configure(engine: Engine) -> None:
    """Write-ahead log, durable commits, and transactions that begin when we say so (sqlite3's own begin too late)."""

    @event.listens_for(engine, "connect")
    def _on_connect(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _on_begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.get_execution_options().get("writes") else "BEGIN")


def _ensure_schema(database: Database) -> None:
    # The table families register themselves with `metadata` when they are imported.
    from newsletter.store import ledger, subscribers, suppressions

    assert ledger and subscribers and suppressions
    with database.connect() as connection:
        found = connection.exec_driver_sql("PRAGMA user_version").scalar_one()
    if found > SCHEMA_VERSION:
        raise StoreUnavailable(
            f"{database.path}: the database was made by a newer version of newsletter "
            f"(schema {found}, this program knows {SCHEMA_VERSION}). Update the program."
        )
    if found == 0:
        with database.begin() as connection:
            metadata.create_all(connection)
            connection.exec_driver_sql(f"PRAGMA user_version={SCHEMA_VERSION}")
