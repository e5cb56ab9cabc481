"""How one who writes much into a SQLite file lets others have their turn: a send, a suppression, another import.

SQLite has one write lock and no queue for it. Who waits looks about ten times a second, and would hardly ever find the
lock free between two transactions that follow at once.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection

MOST = 20_000
"""People in a transaction at most."""
FIRST = 4_000
FEWEST = 500
_LONGEST = 0.5
"""Seconds a transaction should take: the next is of more people, or of fewer, as the last one took."""
_TURN_AFTER = 1.0
_TURN = 0.15
"""Seconds of writing, and then of letting others write."""


class Turns:
    """The transactions of one connection, one after another."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._wrote = 0.0
        self.people = min(FIRST, MOST)
        """How many people the next transaction should be of."""

    @contextmanager
    def writing(self) -> Iterator[None]:
        """A transaction that may write from its beginning on, after others had their turn."""
        self._connection.commit()
        if self._wrote > _TURN_AFTER and self._connection.dialect.name == "sqlite":
            time.sleep(_TURN)
            self._wrote = 0.0
        self._connection.execution_options(writes=True)
        began = time.monotonic()
        try:
            with self._connection.begin():
                began = time.monotonic()
                yield
        finally:
            self._connection.execution_options(writes=False)
            held = time.monotonic() - began
            self._wrote += held
            fitting = int(self.people * min(2.0, _LONGEST / max(held, 0.001)))
            self.people = min(MOST, max(FEWEST, fitting))
