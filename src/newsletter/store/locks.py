"""One process at a time may send a campaign.

The lock ends with the process, however that ends: a sender that was killed never blocks the one that takes over.
Beside a SQLite file it is the operating system's (flock). On PostgreSQL it is an advisory lock of a session of its
own, which the server lets go of when the session is gone; `verify` tells whether it still is ours.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path

from sqlalchemy import text

from newsletter.errors import BeingSent, StoreUnavailable
from newsletter.store.database import Database

Verify = Callable[[], None]
"""Raises `StoreUnavailable` when the lock may be another's by now."""


@contextmanager
def campaign_lock(database: Database, campaign: str) -> Iterator[Verify]:
    """Hold the campaign; raises `BeingSent` while another process does."""
    lock = _session_lock(database, campaign) if database.path is None else _file_lock(database.path, campaign)
    with lock as verify:
        yield verify


@contextmanager
def _file_lock(database: Path, campaign: str) -> Iterator[Verify]:
    name = blake2b(campaign.encode(), digest_size=6).hexdigest()
    path = database.with_name(f"{database.name}.{name}.lock")
    try:
        handle = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
    except OSError as error:
        raise StoreUnavailable(f"{path}: the lock file cannot be made: {error.strerror}.") from error
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise _held(campaign) from error
        yield lambda: None
    finally:
        os.close(handle)


@contextmanager
def _session_lock(database: Database, campaign: str) -> Iterator[Verify]:
    number = int.from_bytes(blake2b(f"campaign {campaign}".encode(), digest_size=8).digest(), signed=True)
    with database.session() as connection:
        if not connection.execute(text("SELECT pg_try_advisory_lock(:number)"), {"number": number}).scalar_one():
            raise _held(campaign)
        yield lambda: database.ask(connection)


def _held(campaign: str) -> BeingSent:
    return BeingSent(
        f"campaign '{campaign}' is being sent by another process. Look with `newsletter status {campaign}`."
    )
