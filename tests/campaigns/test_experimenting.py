"""Which arm wins, worked out by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.campaigns.experimenting import Verdict, verdict
from newsletter.model import Criterion
from newsletter.store.experiments import Score


@pytest.mark.parametrize(
    ("criterion", "winner", "why"),
    [
        (Criterion.CLICKS, "b", "clicked in it (a: 2 of 100, b: 3 of 100)"),
        (Criterion.OPENS, "a", "opened it (a: 40 of 100, b: 30 of 100)"),
        (Criterion.HAND, "", "it is decided by hand"),
    ],
)
def test_the_arm_with_the_most_wins(criterion: Criterion, winner: str, why: str) -> None:
    scores = [Score("a", 100, 100, 40, 2), Score("b", 100, 100, 30, 3)]
    assert verdict(scores, criterion) == Verdict(winner, why)


def test_parts_are_compared_not_numbers() -> None:
    # Five of fifty are more of their arm than eight of a hundred.
    found = verdict([Score("a", 100, 100, 0, 8), Score("b", 100, 50, 0, 5)], Criterion.CLICKS)
    assert found.winner == "b"


def test_of_a_tie_the_first_arm_wins_and_says_so() -> None:
    scores = [Score("a", 9, 9, 0, 1), Score("b", 10, 10, 0, 2), Score("c", 5, 5, 0, 1), Score("d", 9, 0, 0, 0)]
    assert verdict(scores, Criterion.CLICKS) == Verdict(
        "b", "clicked in it (a: 1 of 9, b: 2 of 10, c: 1 of 5, d: 0 of 0; b stands before c)"
    )


def test_where_nobody_did_anything_nothing_is_guessed() -> None:
    scores = [Score("a", 10, 10, 5, 0), Score("b", 10, 10, 0, 0)]
    assert verdict(scores, Criterion.CLICKS) == Verdict("", "nobody is known to have clicked in it")
    assert verdict(scores, Criterion.OPENS).winner == "a"


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), min_size=2, max_size=4))
def test_no_arm_does_better_than_the_winner(each: list[tuple[int, int]]) -> None:
    scores = [Score(arm, 50, max(pair), 0, min(pair)) for arm, pair in zip("abcd", each, strict=False)]
    winner = verdict(scores, Criterion.CLICKS).winner
    best = next((one for one in scores if one.arm == winner), None)
    if best is None:
        assert not any(one.clicked for one in scores)
    else:
        assert all(one.clicked * best.accepted <= best.clicked * one.accepted for one in scores)
