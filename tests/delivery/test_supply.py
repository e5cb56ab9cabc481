"""The supply: everybody once, in groups, and each domain at its own pace."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from threading import Thread

import pytest

from newsletter.delivery.ledger_writer import Written
from newsletter.delivery.supply import DomainPace, Supply
from newsletter.model import Delivery, DeliveryId


def _people(count: int, domain: Callable[[int], str] = lambda number: "example.org") -> list[Delivery]:
    return [
        Delivery(number, DeliveryId(f"{number:024x}"), f"r{number}@{domain(number)}", "default", 0, {})
        for number in range(count)
    ]


def _ledger(people: Sequence[Delivery], asked: list[int]) -> Callable[[int], Written]:
    left = list(people)

    def claim(most: int) -> Written:
        asked.append(most)
        written = Written()
        written.set([left.pop(0) for _ in range(min(most, len(left)))], None)
        return written

    return claim


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.now += seconds


def test_everybody_comes_once_and_in_order() -> None:
    supply = Supply(_ledger(_people(1203), []), size=5, low=2, limit=None)
    groups = []
    while (group := supply.next()) is not None:
        groups.append(group)
    assert [one.number for group in groups for one in group] == list(range(1203))
    assert [len(group) for group in groups] == [5] * 240 + [3]


def test_a_limit_is_never_passed() -> None:
    asked: list[int] = []
    supply = Supply(_ledger(_people(2000), asked), size=20, low=2, limit=730)
    count = 0
    while (group := supply.next()) is not None:
        count += len(group)
    assert count == 730
    assert asked == [500, 230]


def test_several_connections_share_it_without_loss() -> None:
    supply = Supply(_ledger(_people(5000), []), size=7, low=4, limit=None)
    taken: list[int] = []

    def take() -> None:
        while (group := supply.next()) is not None:
            taken.extend(one.number for one in group)

    threads = [Thread(target=take) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == list(range(5000))


def test_a_failed_claim_reaches_whoever_waits() -> None:
    written = Written()
    written.set(None, OSError("disk full"))
    with pytest.raises(OSError, match="disk full"):
        Supply(lambda most: written, size=5, low=2, limit=None).next()


def test_a_slow_domain_waits_while_the_others_are_served() -> None:
    clock = Clock()
    people = _people(40, lambda number: "slow.example" if number % 2 else "fast.example")
    supply = Supply(_ledger(people, []), 5, 2, None, DomainPace({"slow.example": 2}, clock, clock.sleep))
    when: dict[int, float] = {}
    while (group := supply.next()) is not None:
        when |= {one.number: clock.now for one in group}
    assert sorted(when) == list(range(40))
    assert all(moment == 0 for number, moment in when.items() if number % 2 == 0)
    slow = sorted(moment for number, moment in when.items() if number % 2)
    assert slow == pytest.approx([number * 0.5 for number in range(20)])


def test_every_other_domain_has_a_rate_of_its_own_under_the_star() -> None:
    clock = Clock()
    people = _people(30, lambda number: f"d{number % 3}.example")
    supply = Supply(_ledger(people, []), 5, 2, None, DomainPace({"*": 1, "D0.example": 10}, clock, clock.sleep))
    served: Counter[str] = Counter()
    while (group := supply.next()) is not None and clock.now < 4.5:
        served.update(one.address.rpartition("@")[2] for one in group)
    assert served == {"d0.example": 10, "d1.example": 5, "d2.example": 5}


def test_a_run_that_is_over_gets_nothing_more() -> None:
    clock = Clock()
    supply = Supply(_ledger(_people(10), []), 5, 2, None, DomainPace({"*": 0.01}, clock, clock.sleep))
    assert supply.next(lambda: False) is not None
    assert supply.next(lambda: clock.now > 0) is None
