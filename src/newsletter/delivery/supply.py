"""Claimed deliveries, in groups, for whichever connection is free next.

The connections themselves keep it filled: one that finds it low has the next batch claimed while the others go on.
Where recipients' domains have a rate, a domain that has had its share waits while others are served.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from threading import Lock

from newsletter.delivery.ledger_writer import Written
from newsletter.model import Delivery

_BATCH = 500
_MOST_WAITING = 10_000
"""Deliveries of domains that have to wait; beyond that nothing more is claimed."""

_HELD = 20
"""How many groups' worth of deliveries may wait for others of their variant: a bound on memory."""

Group = Sequence[Delivery]


class DomainPace:
    """When each domain may be sent to again."""

    def __init__(
        self, per_second: Mapping[str, float], clock: Callable[[], float], sleep: Callable[[float], object]
    ) -> None:
        """`per_second`: messages a second by domain; `*` is any other. Without any, nobody waits."""
        self._interval = {domain.lower(): 1 / rate for domain, rate in per_second.items()}
        self._clock = clock
        self._next: dict[str, float] = {}
        self.sleep = sleep

    def __bool__(self) -> bool:
        return bool(self._interval)

    def wait_for(self, delivery: Delivery) -> float:
        """Seconds until the delivery's domain may have it; its turn is taken when there are none."""
        domain = delivery.address.rpartition("@")[2].lower()
        interval = self._interval.get(domain, self._interval.get("*", 0.0))
        if not interval:
            return 0.0
        now = self._clock()
        turn = self._next.get(domain, now)
        if turn > now:
            return turn - now
        # A turn taken a little late does not slow the pace; a domain that was idle has earned no burst.
        self._next[domain] = (turn if now - turn < interval else now) + interval
        return 0.0


class Supply:
    """Groups until nothing is due; safe to take from in several threads."""

    def __init__(
        self,
        claim: Callable[[int], Written],
        size: int,
        low: int,
        limit: int | None,
        pace: DomainPace | None = None,
        by_variant: bool = False,
    ) -> None:
        """`claim(most)` asks the ledger for deliveries; groups have `size`; at `low` groups the next are claimed.

        `by_variant`: a group holds deliveries of one variant only; those of a rare one wait for others of it while
        there is something else to hand out.
        """
        self._claim = claim
        self._size = size
        self._low = low
        self._left = limit
        self._pace = pace or None
        self._by_variant = by_variant
        self._sorted: dict[str, list[Delivery]] = {}
        self._groups: deque[Group] = deque()
        self._waiting: deque[Delivery] = deque()
        self._asked: Written | None = None
        self._dry = False
        self._lock = Lock()

    def next(
        self, over: Callable[[], bool] = lambda: False, most: int | None = None, wait: bool = True
    ) -> Group | None:
        """The next group, or the next `most`; None when nothing is due any more or the run is `over`, nobody
        when one would have to `wait` and does not want to. Raises what made claiming fail."""
        while not over():
            with self._lock:
                if self._needs_more():
                    self._ask()
                pause = self._form() if self._pace else 0.0
                if not self._groups and self._asked is None:
                    self._groups.extend(self._sorted.values())
                    self._sorted = {}
                if self._groups:
                    return self._groups.popleft() if most is None else self._exactly(most)
                asked = self._asked
            if not wait:
                return ()
            if asked is not None:
                self._take(asked)
            elif pause and self._pace:
                self._pace.sleep(pause)
            else:
                return None
        return None

    def _exactly(self, most: int) -> Group:
        """So many of those that are there, whatever their groups; of one group where groups are of one variant."""
        taken = list(self._groups.popleft())
        while len(taken) < most and self._groups and not self._by_variant:
            taken += self._groups.popleft()
        if len(taken) > most:
            self._groups.appendleft(taken[most:])
        return taken[:most]

    def _needs_more(self) -> bool:
        low = len(self._groups) <= self._low and len(self._waiting) <= _MOST_WAITING
        return low and self._asked is None and not self._dry

    def _ask(self) -> None:
        most = max(_BATCH, self._size)
        if self._left is not None:
            most = min(most, self._left)
        if most:
            self._asked = self._claim(most)
        else:
            self._dry = True

    def _take(self, asked: Written) -> None:
        claimed: Sequence[Delivery] = asked.result()
        with self._lock:
            if self._asked is not asked:
                return
            self._asked = None
            self._dry = not claimed
            if self._left is not None:
                self._left -= len(claimed)
            if self._pace:
                self._waiting.extend(claimed)
            elif self._by_variant:
                self._sort(claimed)
            else:
                self._groups.extend(claimed[start : start + self._size] for start in range(0, len(claimed), self._size))

    def _sort(self, ready: Sequence[Delivery]) -> None:
        """Each to the others of its variant; full groups go, and the largest when too many wait."""
        for delivery in ready:
            alike = self._sorted.setdefault(delivery.variant, [])
            alike.append(delivery)
            if len(alike) == self._size:
                self._groups.append(self._sorted.pop(delivery.variant))
        held = sum(map(len, self._sorted.values()))
        while held > _HELD * self._size:
            largest = max(self._sorted, key=lambda variant: len(self._sorted[variant]))
            held -= len(self._sorted[largest])
            self._groups.append(self._sorted.pop(largest))

    def _form(self) -> float:
        """Put those whose domain may have them into one group; the seconds until the first of the others may go."""
        assert self._pace is not None
        group: list[Delivery] = []
        held: list[Delivery] = []
        waits: dict[str, float] = {}
        while self._waiting and len(group) < self._size:
            delivery = self._waiting.popleft()
            domain = delivery.address.rpartition("@")[2]
            if domain not in waits and (wait := self._pace.wait_for(delivery)):
                waits[domain] = wait
            if domain in waits:
                held.append(delivery)
            else:
                group.append(delivery)
        self._waiting.extendleft(reversed(held))
        if self._by_variant:
            self._sort(group)
        elif group:
            self._groups.append(group)
        return min(waits.values(), default=0.0)
