"""Open the database: a SQLite file or a PostgreSQL server, the version of its tables, and its failures in words.

In: a `sqlite:///` URL, relative to the workspace, or a `postgresql://` one. Out: a `Database` that lends connections
and transactions. Foreign exceptions become `StoreUnavailable`. The file and all that SQLite lays beside it have mode
600: they hold people's addresses. Nobody's password is ever part of a message.

A new database is made as this program knows it. An older SQLite file is brought up to date when it is opened, after a
copy of it was laid beside: it has one owner, and a scheduled job should go on after an update of the program. An older
PostgreSQL database is refused until a person has run `newsletter db upgrade`: others may use it with the program as it
was, and a copy of it is not ours to make. A newer database is always refused.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

from sqlalchemy import Column, Engine, MetaData, String, Table, create_engine, delete, event, insert, inspect, select
from sqlalchemy import Connection as Connection
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from newsletter.errors import SettingsError, StoreUnavailable
from newsletter.store.columns import as_json, metadata
from newsletter.store.failures import translated

SCHEMA = "0008"
"""The latest revision in `migrations/versions/`. SQLite's `user_version` has it too, for programs before 0002."""

_LOCK_PATIENCE = 60.0
"""Seconds to wait while another program writes to a SQLite file: an import or a freeze may take many. A sender waits as
long: whoever gave up sooner would leave what is on its way in doubt, and nothing that it holds runs out meanwhile."""
_LAST_PATIENCE = 5.0
"""The same for who is told to end: less than service managers and people wait before they end it the hard way."""
_ATTEMPT = 5.0
"""Seconds that one attempt waits inside SQLite, where nobody can interrupt it."""
_CONNECT_PATIENCE = 10
_KEEPALIVES = {"keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3}
"""Seconds, seconds and times: a lock is held for hours, and either side must notice that the way to the other is gone
(libpq, "keepalives")."""
_CACHE_KIB = 4096
"""For each connection, of which a send holds several; SQLite's own 2 MB make indexes over a million rows crawl."""
_POSTGRESQL = ("postgresql", "postgres", "postgresql+psycopg")
_MAKING_TABLES = 0x6E657773
"""The number of the advisory lock that a process holds while it makes or changes tables."""

# As Alembic makes it, so that opening a database does not cost the import of Alembic.
_version = Table("alembic_version", MetaData(), Column("version_num", String(32), primary_key=True))


class Database:
    """The open database of a workspace."""

    def __init__(self, engine: Engine, name: str, path: Path | None) -> None:
        self._engine = engine
        self._writing = engine.execution_options(writes=True, ending=lambda: self._ending())
        self._ending: Callable[[], bool] = lambda: False
        self.name = name
        """What messages call it: the file, or the server's address without user and password."""
        self.path = path
        """The file; None for a database on a server."""

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """A transaction that may write: committed at the end, rolled back on any error."""
        with translated(self.name), self._writing.begin() as connection:
            yield connection

    def heed(self, ending: Callable[[], bool]) -> None:
        """From now on wait for other programs no longer than a moment when it is `ending`."""
        self._ending = ending

    @contextmanager
    def hold(self) -> Iterator[Callable[[], AbstractContextManager[Connection]]]:
        """One connection for many transactions in a row: lends what begins each of them."""
        with translated(self.name), self._writing.connect() as connection:

            @contextmanager
            def begin() -> Iterator[Connection]:
                with translated(self.name), connection.begin():
                    yield connection

            yield begin

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        """A connection for reading."""
        with translated(self.name), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def session(self) -> Iterator[Connection]:
        """A connection outside any transaction, closed for good at the end: what it holds ends with it."""
        with translated(self.name):
            connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        try:
            yield connection
        finally:
            connection.invalidate()
            connection.close()

    def ask(self, connection: Connection) -> None:
        """Raise `StoreUnavailable` when the connection is gone."""
        with translated(self.name):
            connection.exec_driver_sql("SELECT 1")

    def compact(self) -> None:
        """Take what was erased out of the log beside a SQLite file; a server sees to that by itself (autovacuum)."""
        if self.path is not None:
            with translated(self.name), closing(self._engine.raw_connection()) as connection:
                connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        self._engine.dispose()


def open_database(url: str, root: Path) -> Database:
    """The database at `url`: made when it is new, brought up to date or refused when it is not of this version."""
    database = connect_database(url, root)
    try:
        _ensure_schema(database)
    except BaseException:
        database.close()
        raise
    return database


def connect_database(url: str, root: Path) -> Database:
    """The database at `url`, whatever its version. Raises `SettingsError` for a URL that names none."""
    if url.startswith("sqlite:///"):
        path = root / url.removeprefix("sqlite:///")
        with translated(path):
            if not path.exists():
                _create_private(path)
            engine = create_engine(
                URL.create("sqlite", database=str(path)),
                connect_args={"timeout": min(_ATTEMPT, _LOCK_PATIENCE)},
                json_serializer=as_json,
                hide_parameters=True,
            )
            _configure(engine)
            return Database(engine, str(path), path)
    server = _server(url)
    patience = {"connect_timeout": _CONNECT_PATIENCE, "application_name": "newsletter", **_KEEPALIVES}
    arguments = {key: value for key, value in patience.items() if key not in server.query}
    engine = create_engine(
        server, connect_args=arguments, pool_pre_ping=True, json_serializer=as_json, hide_parameters=True
    )
    _configure_server(engine)
    place = f"{server.host or 'local'}{f':{server.port}' if server.port else ''}"
    return Database(engine, f"postgresql://{place}/{server.database or ''}", None)


def database_exists(url: str, root: Path) -> bool:
    """Whether there is anything at `url` yet; nothing is made by looking."""
    if url.startswith("sqlite:///"):
        return (root / url.removeprefix("sqlite:///")).exists()
    database = connect_database(url, root)
    try:
        with database.connect() as connection:
            return schema_of(connection) != ""
    finally:
        database.close()


def schema_of(connection: Connection) -> str:
    """The revision of the database's tables; empty when it has none yet."""
    found = ""
    if inspect(connection).has_table(_version.name):
        found = connection.execute(select(_version.c.version_num)).scalar_one_or_none() or ""
    if connection.dialect.name == "sqlite":
        # Programs before 0002 looked only here; whoever wrote more here than there meant it.
        version = connection.exec_driver_sql("PRAGMA user_version").scalar_one()
        found = max(found, f"{version:04}" if version else "")
    return found


def refuse_newer(name: str, found: str) -> None:
    """Raise `StoreUnavailable` when the tables are of a version that this program does not know."""
    if found > SCHEMA:
        raise StoreUnavailable(
            f"{name}: the database was made by a newer version of newsletter "
            f"(schema {found}, this program knows {SCHEMA}). Update the program."
        )


def refuse_damaged(database: Database, connection: Connection) -> None:
    """Raise `StoreUnavailable` when pages of a SQLite file do not fit together; a server looks after its own."""
    if database.path is not None:
        found = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar_one()
        if found != "ok":
            raise StoreUnavailable(f"{database.name}: the database is damaged. Restore it from a backup. ({found})")


def hold_schema(connection: Connection) -> None:
    """Until the transaction ends, no other process makes or changes tables (SQLite's has the write lock already)."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_MAKING_TABLES})")


def mark_schema(connection: Connection, revision: str) -> None:
    """Write down which revision the tables are of."""
    _version.create(connection, checkfirst=True)
    connection.execute(delete(_version))
    connection.execute(insert(_version).values(version_num=revision))
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(f"PRAGMA user_version={int(revision)}")


def _server(url: str) -> URL:
    try:
        server = make_url(url)
    except (ArgumentError, ValueError):
        server = None
    if server is None or server.drivername not in _POSTGRESQL:
        # The URL may hold a password, so it is not repeated.
        raise SettingsError(
            "the database URL cannot be read. Write sqlite:///var/newsletter.db or "
            "postgresql://user:password@host:5432/name (a / or @ in a password as %2F or %40)."
        ) from None
    return server.set(drivername="postgresql+psycopg")


def _create_private(path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
    except OSError as error:
        raise StoreUnavailable(f"{path}: the database cannot be made here: {error.strerror}.") from error


def _configure(engine: Engine) -> None:
    """Write-ahead log, durable commits, and transactions that begin when we say so (sqlite3's own begin too late)."""

    @event.listens_for(engine, "connect")
    def _on_connect(connection: Any, _record: object) -> None:
        connection.isolation_level = None
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", f"cache_size=-{_CACHE_KIB}"):
            connection.execute(f"PRAGMA {pragma}")
        connection.create_function("newsletter_sha256", 1, _sha256, deterministic=True)

    @event.listens_for(engine, "begin")
    def _on_begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        if options.get("writes"):
            _begin_writing(connection, options.get("ending", lambda: False))
        else:
            connection.exec_driver_sql("BEGIN")


def _configure_server(engine: Engine) -> None:
    """The server notices within a minute that a sender's machine is gone, and lets go of what it held; by itself it
    would wait for two hours (PostgreSQL's manual, "tcp_keepalives_idle")."""

    @event.listens_for(engine, "connect")
    def _on_connect(connection: Any, _record: object) -> None:
        for name, value in _KEEPALIVES.items():
            connection.execute("SELECT set_config(%s, %s, false)", (f"tcp_{name}", str(value)))
        connection.commit()


def _begin_writing(connection: Connection, ending: Callable[[], bool]) -> None:
    """Take the write lock, once whoever has it lets it go; in attempts, so that a person can interrupt the wait."""
    began = time.monotonic()
    driver = connection.connection.driver_connection
    assert driver is not None
    while True:
        try:
            driver.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            waited = time.monotonic() - began + _ATTEMPT / 2
            if "locked" not in str(error) or waited > (_LAST_PATIENCE if ending() else _LOCK_PATIENCE):
                raise
        else:
            return


def _sha256(text: str) -> bytes:
    return sha256(text.encode()).digest()


def _ensure_schema(database: Database) -> None:
    with database.connect() as connection:
        found = schema_of(connection)
    refuse_newer(database.name, found)
    if found == "":
        _make_tables(database)
    elif found != SCHEMA and database.path is None:
        raise StoreUnavailable(
            f"{database.name}: the database is of an older version of newsletter (schema {found}, this program needs "
            f"{SCHEMA}). Back it up, then run `newsletter db upgrade`."
        )
    elif found != SCHEMA:
        from newsletter.store.upgrading import upgrade

        upgrade(database)


def _make_tables(database: Database) -> None:
    register_tables()
    with database.begin() as connection:
        hold_schema(connection)
        if schema_of(connection) == "":
            metadata.create_all(connection)
            mark_schema(connection, SCHEMA)


def register_tables() -> None:
    """Import the table families, which register themselves with `metadata`."""
    from newsletter.store import events, ledger, subscribers, suppressions

    assert events and ledger and subscribers and suppressions
