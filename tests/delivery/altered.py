"""What a test changes in the process of a run before the command begins; see `forked.BEGINS_WITH`."""

from __future__ import annotations

from collections.abc import Callable

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
