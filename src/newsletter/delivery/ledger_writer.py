"""The one thread that writes the ledger while messages are sent.

Marks, settlements and jobs queue up; each round commits all that wait in one transaction, so that many connections
share one durable write (group commit), and one statement for all marks and one for all that was accepted. A mark is
answered only after its commit.

Marks and jobs are the work of whoever has hold of the campaign, and each transaction with any of them asks `fence`
first. What was marked before another process took hold may still be settled: that process leaves it alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from queue import SimpleQueue
from threading import Lock, Thread
from typing import Any

from newsletter.errors import HoldLost
from newsletter.store import ledger
from newsletter.store.database import Connection, Database
from newsletter.store.ledger import Settlement

Job = Callable[[Connection], Any]


class Written:
    """What will have been written. Several are made for every message, and `concurrent.futures.Future` costs as much
    as sending one."""

    __slots__ = ("_done", "_error", "_value")

    def __init__(self) -> None:
        self._done = Lock()
        self._done.acquire()
        self._value: Any = None
        self._error: BaseException | None = None

    def set(self, value: Any, error: BaseException | None) -> None:
        """It is committed, or never will be."""
        self._value, self._error = value, error
        self._done.release()

    @property
    def done(self) -> bool:
        """Whether `result` would wait for nothing."""
        return not self._done.locked()

    def result(self) -> Any:
        """Wait for the commit; raises why there was none."""
        with self._done:
            pass
        if self._error is not None:
            raise self._error
        return self._value


@dataclass(slots=True)
class _Waiting:
    """What one caller wants written: a mark, settlements, or a job of its own."""

    job: Job | None = None
    numbers: Sequence[int] = ()
    settlements: Sequence[Settlement] = ()
    written: Written = field(default_factory=Written)


class LedgerWriter:
    """Writes to the database in order; use as a context manager, which waits for all of it at the end."""

    def __init__(
        self, database: Database, now: Callable[[], datetime], fence: Callable[[Connection], None] = lambda _: None
    ) -> None:
        """`fence` raises `HoldLost` when another process has taken over."""
        self._database = database
        self._now = now
        self._fence = fence
        self._queue: SimpleQueue[_Waiting | None] = SimpleQueue()
        self._thread = Thread(target=self._run, name="ledger", daemon=True)
        self.failure: BaseException | None = None

    def __enter__(self) -> LedgerWriter:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._queue.put(None)
        self._thread.join()

    def mark_in_flight(self, numbers: Sequence[int]) -> Written:
        """From when the future is done, these may have been delivered, whatever happens to this process."""
        return self._put(_Waiting(numbers=numbers))

    def settle(self, settlements: Sequence[Settlement]) -> Written:
        """Record what the provider answered."""
        return self._put(_Waiting(settlements=settlements))

    def submit(self, job: Job) -> Written:
        """Queue a job; the future is done once it is committed, or holds why it was not."""
        return self._put(_Waiting(job=job))

    def _put(self, waiting: _Waiting) -> Written:
        self._queue.put(waiting)
        return waiting.written

    def _run(self) -> None:
        with self._database.hold() as begin:
            ending = False
            while not ending:
                taken = [self._queue.get()]
                while not self._queue.empty():
                    taken.append(self._queue.get())
                ending = None in taken
                if waiting := [one for one in taken if one is not None]:
                    self._commit(begin, waiting)

    def _commit(self, begin: Callable[[], AbstractContextManager[Connection]], waiting: list[_Waiting]) -> None:
        try:
            if self.failure is not None:
                raise self.failure
            with begin() as connection:
                now = self._now()
                if not all(one.settlements for one in waiting):
                    self._fence(connection)
                # Settlements first: what came back unsent can be claimed by a job of the same round.
                ledger.settle(connection, [one for each in waiting for one in each.settlements], now)
                ledger.mark_in_flight(connection, [number for each in waiting for number in each.numbers], now)
                results = [one.job(connection) if one.job else None for one in waiting]
        except HoldLost as error:
            for one in waiting:
                if not one.settlements:
                    one.written.set(None, error)
            if settling := [one for one in waiting if one.settlements]:
                self._commit(begin, settling)
            return
        except BaseException as error:  # whoever waits must learn of it, whatever it is
            self.failure = error
            for one in waiting:
                one.written.set(None, error)
            return
        for one, result in zip(waiting, results, strict=True):
            one.written.set(result, None)
