"""One process at a time may send a campaign, or import a file.

The lock ends with the process, however that ends: a sender that was killed never blocks the one that takes over.
Beside a SQLite file it is the operating system's (flock). On PostgreSQL it is an advisory lock of a session of its
own, which the server lets go of when the session is gone; `verify` tells whether it still is ours.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from hashlib import blake2b
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from newsletter.errors import BeingSent, StoreBusy, StoreUnavailable
from newsletter.store.database import Database

_TRIES = 4
_BETWEEN = 0.05
"""Seconds. Whoever only asks holds a file's lock for a moment, and a server notices a moment later that a session has
ended: a sender that meets either tries again."""

Verify = Callable[[], None]
"""Raises `StoreUnavailable` when the lock may be another's by now."""

_PATIENCE = 600.0
_LOOK = 0.1
"""Seconds until an import that waits for another looks again."""


@contextmanager
def campaign_lock(database: Database, campaign: str) -> Iterator[Verify]:
    """Hold the campaign; raises `BeingSent` while another process does."""
    lock = _session_lock(database, campaign) if database.path is None else _file_lock(database.path, campaign)
    with lock as verify:
        yield verify


def is_held(database: Database, campaign: str) -> bool:
    """Whether some process has the campaign now."""
    if database.path is None:
        with database.connect() as connection:
            return bool(connection.execute(text(_HELD), {"number": _number(campaign)}).scalar_one())
    try:
        handle = os.open(_lock_path(database.path, campaign), os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False


@contextmanager
def import_lock(database: Database, source: str) -> Iterator[None]:
    """Hold the file `source` for an import, once another process that imports it is done.

    Raises `StoreBusy` when that takes longer than ten minutes.
    """
    until = time.monotonic() + _PATIENCE
    with ExitStack() as held:
        while True:
            try:
                # As a campaign that cannot be: the name of one holds no colon.
                held.enter_context(campaign_lock(database, f"import:{source}"))
                break
            except BeingSent as error:
                if time.monotonic() > until:
                    words = "is being imported by another process. Wait until it is done, and run the command again."
                    raise StoreBusy(f"{source}: {words}") from error
                time.sleep(_LOOK)
        yield


@contextmanager
def _file_lock(database: Path, campaign: str) -> Iterator[Verify]:
    path = _lock_path(database, campaign)
    try:
        handle = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
    except OSError as error:
        raise StoreUnavailable(f"{path}: the lock file cannot be made: {error.strerror}.") from error
    try:
        _take(lambda: _is_free(handle), campaign)
        yield lambda: None
    finally:
        os.close(handle)


def _take(attempt: Callable[[], bool], campaign: str) -> None:
    for _ in range(_TRIES - 1):
        if attempt():
            return
        time.sleep(_BETWEEN)
    if not attempt():
        raise BeingSent(
            f"campaign '{campaign}' is being sent by another process. Look with `newsletter status {campaign}`."
        )


def _is_free(handle: int) -> bool:
    """Whether nobody had the lock, which is ours then."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _lock_path(database: Path, campaign: str) -> Path:
    name = blake2b(campaign.encode(), digest_size=6).hexdigest()
    return database.with_name(f"{database.name}.{name}.lock")


# The server shows the two halves of an advisory lock's number (PostgreSQL's manual, "pg_locks").
_HELD = (
    "SELECT EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 1 "
    "AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) "
    "AND ((CAST(classid AS bigint) << 32) | CAST(objid AS bigint)) = :number)"
)


@contextmanager
def _session_lock(database: Database, campaign: str) -> Iterator[Verify]:
    number = {"number": _number(campaign)}
    with database.session() as connection:
        _take(
            lambda: bool(connection.execute(text("SELECT pg_try_advisory_lock(:number)"), number).scalar_one()),
            campaign,
        )
        yield lambda: database.ask(connection)
        # With the session it would end too, but only when the server has noticed.
        with suppress(SQLAlchemyError):
            connection.execute(text("SELECT pg_advisory_unlock(:number)"), number)


def _number(campaign: str) -> int:
    return int.from_bytes(blake2b(f"campaign {campaign}".encode(), digest_size=8).digest(), signed=True)
