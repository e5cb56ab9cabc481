"""`ab:` of issue.yaml → Experiment: which mails are tried, with how many people, and what decides.

In: the mapping as written, and the arms that blocks are marked with. Out: an `Experiment`, or None where nothing is
tried. Refuses fewer than two and more than four arms, subjects that are the same, blocks of an arm that is not there,
and shares of nobody.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from pydantic import BaseModel, ConfigDict

from newsletter.content.parts import Parts
from newsletter.errors import did_you_mean
from newsletter.files import Loc
from newsletter.model import ARMS, Arm, Criterion, Experiment
from newsletter.settings import Duration

_KEY = "ab"
_SHARE = re.compile(r"(\d{1,3}(?:\.\d{1,3})?)\s*%")


class ExperimentFile(BaseModel):
    """`ab:` as it is written."""

    model_config = ConfigDict(extra="forbid")
    share: Any
    winner: str
    wait: Duration = timedelta(hours=4)
    subjects: list[Any] | None = None


def read_experiment(
    file: ExperimentFile | None, parts: Parts, marked: Mapping[str, Loc], subject: str | None
) -> Experiment | None:
    """The experiment, its problems put down in `parts`.

    `marked` are the arms that blocks name, and where; `subject` is the issue's own as it is written.
    """
    if file is None:
        _refuse_without(parts, marked)
        return None
    subjects = file.subjects
    arms = _of_blocks(parts, marked) if subjects is None else _of_subjects(subjects, parts, marked, subject)
    criteria = [one.value for one in Criterion]
    criterion = " ".join(file.winner.split()).lower()
    if criterion not in criteria:
        hint = did_you_mean(criterion, criteria)
        parts.problem((_KEY, "winner"), f"unknown winner '{file.winner}'.{hint} Known: {', '.join(criteria)}.")
        criterion = Criterion.HAND
    where = parts.where((_KEY,))
    return Experiment(arms, _share(file.share, parts), Criterion(criterion), file.wait, where)


def _refuse_without(parts: Parts, marked: Mapping[str, Loc]) -> None:
    if _KEY in parts.document.data:  # type: ignore[operator]  # it was a mapping when it was validated
        parts.problem((_KEY,), "`ab:` is empty. Write `ab: {share: 20%, winner: clicks, wait: 4h}` or take it away.")
    for loc in marked.values():
        parts.problem(loc, "a block has an arm, but nothing is tried. Write `ab: {share: 20%, winner: clicks}` too.")


def _of_blocks(parts: Parts, marked: Mapping[str, Loc]) -> tuple[Arm, ...]:
    """The arms that blocks are marked with: from a on, without a gap."""
    wanted = ARMS[: max(2, ARMS.index(max(marked)) + 1)] if marked else ()
    if not marked:
        parts.problem(
            (_KEY,),
            "nothing is tried: list 2 to 4 `subjects:` here, or mark blocks with `arm: a`, `arm: b` and so on.",
        )
    for arm in wanted:
        if arm not in marked:
            found = ", ".join(sorted(marked))
            parts.problem((_KEY,), f"arm {arm} has no block, only {found}. Mark at least one block with `arm: {arm}`.")
    return tuple(Arm(one, where=parts.where(marked[one])) for one in wanted if one in marked)


def _of_subjects(written: list[Any], parts: Parts, marked: Mapping[str, Loc], subject: str | None) -> tuple[Arm, ...]:
    loc: Loc = (_KEY, "subjects")
    for place in marked.values():
        parts.problem(place, "either subjects are tried or blocks: take `arm:` away here, or `subjects:` under `ab:`.")
    if not 2 <= len(written) <= len(ARMS):
        parts.problem(loc, f"{len(written)} subject(s) cannot be tried against each other. List 2 to {len(ARMS)}.")
    arms: list[Arm] = []
    for number, one in enumerate(written[: len(ARMS)]):
        place = (*loc, number)
        words = parts.line(one, place)
        if not words:
            parts.problem(place, "a subject must say something.")
        elif any(_same(one, other) for other in written[:number]):
            parts.problem(place, "the same subject stands here twice. Try another one, or take it away.")
        arms.append(Arm(ARMS[number], words, parts.where(place)))
    if subject and not any(_same(subject, one) for one in written):
        parts.problem(
            ("subject",), "nobody would read this subject: list it under `subjects:` of `ab:` too, or take it away."
        )
    return tuple(arms)


def _share(written: object, parts: Parts) -> float:
    """The share in percent."""
    match = _SHARE.fullmatch(written.strip()) if isinstance(written, str) else None
    share = float(match[1]) if match else 0.0
    if not 0 < share <= 100:
        why = "more than 0%, and at most 100%" if match else "with the % sign"
        parts.problem(
            (_KEY, "share"),
            f"'{written}' is no share. Write how many of the recipients get an arm, such as `20%`: {why}.",
        )
    return share


def _same(one: object, other: object) -> bool:
    """Whether two subjects are the same as they are written, whatever their case and spaces."""
    return " ".join(str(one).split()).casefold() == " ".join(str(other).split()).casefold()
