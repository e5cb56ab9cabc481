"""What a test changes in the process of a run before the command begins; see `forked.BEGINS_WITH`."""

from __future__ import annotations

import resource
import sqlite3
from collections.abc import Callable

from sqlalchemy import Engine, event

from tests import forked

SMALL_REQUEST = 50


def beginning_with(function: Callable[[], None]) -> dict[str, str]:
    """The environment of a run that begins with this function."""
    return {forked.BEGINS_WITH: f"{function.__module__}:{function.__name__}"}


def ask_in_small_requests() -> None:
    """What is asked of SendGrid holds at most `SMALL_REQUEST` people."""
    from newsletter.delivery.providers.sendgrid import SendGrid

    SendGrid.group = SMALL_REQUEST


def be_impatient() -> None:
    """Others that write to the database are waited for a second in all."""
    from newsletter.store import database

    database._ATTEMPT, database._LOCK_PATIENCE = 0.5, 1.0


def end_soon() -> None:
    """Whoever is told to end waits a second for others that write to the database."""
    from newsletter.store import database

    database._ATTEMPT, database._LAST_PATIENCE = 0.5, 1.0


def have_little_room() -> None:
    """A database may grow by a few pages, and then SQLite says what it says of a full disk."""

    @event.listens_for(Engine, "connect")
    def _leave_little(connection: sqlite3.Connection, _record: object) -> None:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count={pages + 20}")


def have_a_quota() -> None:
    """The system refuses to let any file grow beyond half a megabyte, as it does when a quota is used up."""
    _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, most))
