"""How the arms of an experiment do → which of them wins, or that nobody can tell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from newsletter.model import Criterion
from newsletter.store.experiments import Score

_DID = {Criterion.OPENS: "opened it", Criterion.CLICKS: "clicked in it"}


@dataclass(frozen=True, slots=True)
class Verdict:
    """The arm that wins, and why; no arm when that has to be decided by hand."""

    winner: str
    why: str


def verdict(scores: Sequence[Score], criterion: Criterion) -> Verdict:
    """The arm of which the greatest part of its people opened or clicked; of a tie the first of them.

    Where nobody did in any arm there is nothing to go by: most likely nothing is recorded, so no arm wins.
    """
    if criterion is Criterion.HAND:
        return Verdict("", "it is decided by hand")
    did = _DID[criterion]
    if not any(_people(one, criterion) for one in scores):
        return Verdict("", f"nobody is known to have {did}")
    best = max(_part(one, criterion) for one in scores)
    first, *others = [one for one in scores if _part(one, criterion) == best]
    told = ", ".join(f"{one.arm}: {_people(one, criterion)} of {one.accepted}" for one in scores)
    tie = f"; {first.arm} stands before {' and '.join(one.arm for one in others)}" if others else ""
    return Verdict(first.arm, f"{did} ({told}{tie})")


def _people(score: Score, criterion: Criterion) -> int:
    return score.clicked if criterion is Criterion.CLICKS else score.opened


def _part(score: Score, criterion: Criterion) -> Fraction:
    return Fraction(_people(score, criterion), score.accepted) if score.accepted else Fraction(0)
