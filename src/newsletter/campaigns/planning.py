"""Headcounts → Plan: the dry run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from newsletter.model import DEFAULT, UNMATCHED, Audience, Plan, Skipped
from newsletter.store.headcounts import Headcount


def make_plan(
    campaign: str,
    issue: str,
    audience: Audience,
    people: Sequence[Headcount],
    variant_of: Mapping[str, str],
    rate: float | None,
) -> Plan:
    """Who would get which variant, who is left out and why, and how long it takes at `rate` messages a second."""
    by_profession: Counter[str] = Counter()
    by_variant: Counter[str] = Counter()
    skipped: Counter[str] = Counter()
    for group in people:
        if group.reason:
            skipped[group.reason] += group.people
            continue
        by_profession[group.profession or UNMATCHED] += group.people
        by_variant[variant_of.get(group.profession, DEFAULT)] += group.people
    recipients = by_profession.total()
    return Plan(
        campaign=campaign,
        issue=issue,
        audience=audience.id,
        recipients=recipients,
        by_profession=dict(by_profession.most_common()),
        by_variant=dict(by_variant.most_common()),
        skipped=tuple(Skipped(reason, count) for reason, count in skipped.most_common()),
        seconds=recipients / rate if rate else None,
    )
