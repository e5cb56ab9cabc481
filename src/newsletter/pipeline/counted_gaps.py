"""Findings of gaps, with the number of recipients they touch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from newsletter.model import Finding, Plan
from newsletter.pipeline.building import Built


def counted_gaps(built: Built, made: Plan) -> tuple[Finding, ...]:
    """The findings of a build; each gap says how many of the plan's recipients it touches."""
    groups = {one.key: one.group for one in built.variants}
    return tuple(
        replace(one, message=f"{one.message} It touches {_touched(one, groups, made)} recipient(s).")
        if one.rule == "profession-gap"
        else one
        for one in built.findings
    )


def _touched(finding: Finding, groups: Mapping[str, str], made: Plan) -> int:
    return sum(made.by_variant.get(one, 0) for one in {groups.get(key, key) for key in finding.variant.split(", ")})
