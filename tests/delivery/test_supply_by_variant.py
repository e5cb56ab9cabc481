"""Groups of one variant: as full as can be, and nobody waits for ever."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from newsletter.delivery import supply
from newsletter.delivery.ledger_writer import Written
from newsletter.delivery.supply import Supply
from newsletter.model import Delivery, DeliveryId


class Ledger:
    """Hands out deliveries whose variants are as given, and notes how many were out at most."""

    def __init__(self, variants: Sequence[str]) -> None:
        self._left = [
            Delivery(number, DeliveryId(str(number)), f"r{number}@x.org", variant, 0, {})
            for number, variant in enumerate(variants)
        ]
        self.claimed = 0

    def claim(self, most: int) -> Written:
        taken, self._left = self._left[:most], self._left[most:]
        self.claimed += len(taken)
        written = Written()
        written.set(taken, None)
        return written


def _groups(variants: Sequence[str], size: int, limit: int | None = None) -> list[list[Delivery]]:
    ledger = Ledger(variants)
    made = Supply(ledger.claim, size, 1, limit, by_variant=True)
    return [list(group) for group in iter(made.next, None)]


def _variants(groups: list[list[Delivery]]) -> list[tuple[str, int]]:
    assert all(len({one.variant for one in group}) == 1 for group in groups)
    return [(group[0].variant, len(group)) for group in groups]


def test_a_group_holds_one_variant_and_the_last_of_each_go_at_the_end() -> None:
    groups = _groups(["a", "b", "a", "c", "a", "b", "a", "a"], 2)
    assert sorted(_variants(groups)) == [("a", 1), ("a", 2), ("a", 2), ("b", 2), ("c", 1)]
    assert sorted(one.number for group in groups for one in group) == list(range(8))


def test_those_of_a_rare_variant_wait_across_claims_to_go_together() -> None:
    groups = _groups(["rare" if number % 500 == 0 else "common" for number in range(5000)], 500)
    assert ("rare", 10) in _variants(groups)
    assert len(groups) == 11, "9 full groups of 'common' and the 490 left, and one of 'rare'"


def test_a_limit_is_kept_and_nobody_claimed_is_left_behind() -> None:
    assert sum(len(group) for group in _groups(["a", "b", "c"] * 10, 4, limit=7)) == 7


def test_so_many_variants_that_none_fills_a_group_do_not_gather_without_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supply, "_BATCH", 10)
    variants = [f"v{number % 300}" for number in range(3000)]
    ledger = Ledger(variants)
    made = Supply(ledger.claim, 10, 1, None, by_variant=True)
    given, most = 0, 0
    while (group := made.next()) is not None:
        given += len(group)
        most = max(most, ledger.claimed - given)
    assert given == 3000
    assert most <= 20 * 10 + 4 * 10, "20 groups' worth, and what was claimed meanwhile"
