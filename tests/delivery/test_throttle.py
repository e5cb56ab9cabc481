"""The throttle, with a clock of its own."""

from __future__ import annotations

import pytest

from newsletter.delivery.throttle import Throttle


def _throttle(rate: float | None) -> tuple[Throttle, list[float]]:
    clock = [0.0]

    def sleep(seconds: float) -> None:
        clock[0] += seconds

    return Throttle(rate, lambda: clock[0], sleep), clock


def test_a_hundred_messages_at_fifty_a_second_take_two_seconds() -> None:
    throttle, clock = _throttle(50)
    for _ in range(20):
        throttle.wait(5)
    throttle.wait(0)
    assert clock[0] == pytest.approx(2.0)


def test_without_a_rate_nobody_waits() -> None:
    throttle, clock = _throttle(None)
    for _ in range(1000):
        throttle.wait(5)
    assert clock[0] == 0.0
