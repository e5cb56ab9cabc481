"""The one thread that writes the ledger while messages are sent.

Jobs queue up; each round commits all that wait in one transaction, so that many connections share one durable write
(group commit). A mark is answered only after its commit.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from threading import Thread
from typing import Any

from newsletter.store.database import Connection, Database

Job = Callable[[Connection], Any]


class LedgerWriter:
    """Runs jobs on the database in order; use as a context manager, which waits for all of them at the end."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._queue: SimpleQueue[tuple[Job, Future[Any]] | None] = SimpleQueue()
        self._thread = Thread(target=self._run, name="ledger", daemon=True)
        self.failure: BaseException | None = None

    def __enter__(self) -> LedgerWriter:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._queue.put(None)
        self._thread.join()

    def submit(self, job: Job) -> Future[Any]:
        """Queue a job; the future is done once it is committed, or holds why it was not."""
        future: Future[Any] = Future()
        self._queue.put((job, future))
        return future

    def _run(self) -> None:
        ending = False
        while not ending:
            waiting = [self._queue.get()]
            while not self._queue.empty():
                waiting.append(self._queue.get())
            ending = None in waiting
            jobs = [one for one in waiting if one is not None]
            if jobs:
                self._commit(jobs)

    def _commit(self, jobs: list[tuple[Job, Future[Any]]]) -> None:
        try:
            if self.failure is not None:
                raise self.failure
            with self._database.begin() as connection:
                results = [job(connection) for job, _ in jobs]
        except BaseException as error:  # whoever waits must learn of it, whatever it is
            self.failure = error
            for _, future in jobs:
                future.set_exception(error)
            return
        for (_, future), result in zip(jobs, results, strict=True):
            future.set_result(result)
