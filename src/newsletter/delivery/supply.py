"""Claimed deliveries, in groups, for whichever connection is free next.

The connections themselves keep it filled: one that finds it low has the next batch claimed while the others go on.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from threading import Lock

from newsletter.delivery.ledger_writer import Written
from newsletter.model import Delivery

_BATCH = 500

Group = Sequence[Delivery]


class Supply:
    """Groups until nothing is due; safe to take from in several threads."""

    def __init__(self, claim: Callable[[int], Written], size: int, low: int, limit: int | None) -> None:
        """`claim(most)` asks the ledger for deliveries; groups have `size`; at `low` groups the next are claimed."""
        self._claim = claim
        self._size = size
        self._low = low
        self._left = limit
        self._groups: deque[Group] = deque()
        self._asked: Written | None = None
        self._dry = False
        self._lock = Lock()

    def next(self) -> Group | None:
        """The next group, or None when nothing is due any more; raises what made claiming fail."""
        while True:
            with self._lock:
                if len(self._groups) <= self._low and self._asked is None and not self._dry:
                    self._ask()
                if self._groups:
                    return self._groups.popleft()
                asked = self._asked
            if asked is None:
                return None
            claimed = asked.result()
            with self._lock:
                if self._asked is asked:
                    self._take(claimed)

    def _ask(self) -> None:
        most = max(_BATCH, self._size)
        if self._left is not None:
            most = min(most, self._left)
        if most:
            self._asked = self._claim(most)
        else:
            self._dry = True

    def _take(self, claimed: Sequence[Delivery]) -> None:
        self._asked = None
        self._dry = not claimed
        if self._left is not None:
            self._left -= len(claimed)
        self._groups.extend(claimed[start : start + self._size] for start in range(0, len(claimed), self._size))
