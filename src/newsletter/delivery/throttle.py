"""No more messages per second than the provider's rate allows, over all connections together."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock


class Throttle:
    """Spaces out messages evenly; without a rate it never waits."""

    def __init__(self, per_second: float | None, clock: Callable[[], float], sleep: Callable[[float], object]) -> None:
        self._interval = 1 / per_second if per_second else 0.0
        self._clock = clock
        self._sleep = sleep
        self._lock = Lock()
        self._next = 0.0

    def __bool__(self) -> bool:
        """Whether there is a rate to keep."""
        return bool(self._interval)

    def wait(self, messages: int) -> None:
        """Return when the next `messages` may leave."""
        if not self._interval:
            return
        with self._lock:
            now = self._clock()
            start = max(now, self._next)
            self._next = start + messages * self._interval
        if start > now:
            self._sleep(start - now)
