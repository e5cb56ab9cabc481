"""Messages for one connection in a steady stream, each marked in flight, durably, before it is given out.

While some are being sent, the next are marked, so that a connection hardly ever waits for the ledger. Those marked and
not settled are never more than the provider's group: so many are in doubt if the process dies.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from newsletter.delivery.ledger_writer import LedgerWriter, Written
from newsletter.delivery.messages import NotPersonalizable
from newsletter.delivery.retries import settlement
from newsletter.model import Delivery, Message, Outcome, Result
from newsletter.store.ledger import Settlement

Take = Callable[[int, bool], Sequence[Delivery] | None]
"""Up to so many deliveries, waiting for them or not; None when nothing is due any more."""


@dataclass(slots=True)
class _Batch:
    """Deliveries marked at once."""

    marked: Written
    size: int
    ready: deque[tuple[Delivery, Message]] = field(default_factory=deque)
    settled: list[Settlement] = field(default_factory=list)


class Stream:
    """What one connection sends; for one thread."""

    def __init__(
        self,
        take: Take,
        writer: LedgerWriter,
        assemble: Callable[[Delivery], Message],
        now: Callable[[], datetime],
        settled: Callable[[int], None],
        window: int,
        ahead: bool,
    ) -> None:
        """At most `window` deliveries are marked and not settled. `ahead`: some are marked while others are sent.
        `settled` is told how many more have an outcome."""
        self._take = take
        self._writer = writer
        self._assemble = assemble
        self._now = now
        self._settled = settled
        self._window = window
        self._ahead = ahead
        self._batches: deque[_Batch] = deque()
        self._given: deque[tuple[_Batch, Delivery]] = deque()
        self._held: Sequence[Delivery] = ()
        self._open = 0
        self.alone = False
        """One at a time: whoever broke the connection before does not hold up the others."""

    def waits(self) -> bool:
        """Whether somebody is due: taken, and not yet marked."""
        if not self._held:
            self._held = self._take(self._most(), True) or ()
        return bool(self._held)

    @property
    def unanswered(self) -> int:
        """How many were given and have no outcome."""
        return len(self._given)

    @property
    def untouched(self) -> bool:
        """Whether there is somebody whom `next` would give without waiting for more to be due."""
        return bool(self._held) or self._first_ready() is not None

    def next(self) -> Message | None:
        """The next message, once its mark is durable; None when nothing is due any more."""
        self._top_up()
        batch = self._first_ready()
        if batch is None:
            return None
        batch.marked.result()
        delivery, message = batch.ready.popleft()
        self._given.append((batch, delivery))
        return message

    def peek(self) -> Message | None:
        """The message that `next` would give at once; None when it would have to wait."""
        batch = self._first_ready()
        return batch.ready[0][1] if batch is not None and batch.marked.done else None

    def answered(self, outcome: Outcome) -> None:
        """The outcome of the oldest message that was given and not answered."""
        batch, delivery = self._given.popleft()
        batch.settled.append(settlement(delivery, outcome, self._now()))
        self._settle_whole()

    def end(self, unanswered: Outcome) -> None:
        """Nothing more is sent: those given and not answered get this outcome, and the others were not begun."""
        while self._given:
            self.answered(unanswered)
        for batch in self._batches:
            while batch.ready:
                delivery, _ = batch.ready.popleft()
                batch.settled.append(Settlement(delivery.number, Outcome(Result.UNSENT)))
        self._settle_whole()

    def _first_ready(self) -> _Batch | None:
        for batch in self._batches:
            if batch.ready:
                return batch
        return None

    def _most(self) -> int:
        """How many to mark at once: half of the window, so that one half is sent while the other is marked."""
        if self.alone:
            return 1
        return (self._window + 1) // 2 if self._ahead else self._window

    def _top_up(self) -> None:
        """Mark more, as far as the window allows; wait for deliveries only when there is nothing to send."""
        while True:
            room = self._window - self._open
            # Less than half of the window would be marks of ones and twos.
            if self._open and (room < self._window // 2 or self.alone or not self._ahead):
                return
            group, self._held = self._held, ()
            group = group or self._take(min(room, self._most()), not self._open) or ()
            if not group:
                return
            self._mark(group)

    def _mark(self, group: Sequence[Delivery]) -> None:
        batch = _Batch(self._writer.mark_in_flight([one.number for one in group]), len(group))
        self._open += len(group)
        self._batches.append(batch)
        for delivery in group:
            try:
                batch.ready.append((delivery, self._assemble(delivery)))
            except NotPersonalizable as error:
                batch.settled.append(Settlement(delivery.number, Outcome(Result.REJECTED, str(error))))
        self._settle_whole()

    def _settle_whole(self) -> None:
        """Record batches of which everybody has an outcome."""
        while self._batches and len(self._batches[0].settled) == self._batches[0].size:
            batch = self._batches.popleft()
            # The ledger writes what settles before what marks, of all that it writes at once.
            batch.marked.result()
            self._open -= batch.size
            self._writer.settle(batch.settled)
            self._settled(sum(1 for one in batch.settled if one.outcome.result is not Result.UNSENT))
