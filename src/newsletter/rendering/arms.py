"""An issue that tries something → one issue for each arm, and the renderings of all of them → one build.

Rendering itself knows nothing of arms: what an arm's people read is an issue like any other. Professions that read the
same in every arm are one group, and each group has a variant for each arm, called `GROUP.ARM`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from newsletter.model import DEFAULT, Arm, Block, Issue, Section, variant_key
from newsletter.rendering.render import Rendering


def issue_of(issue: Issue, key: str) -> Issue:
    """What the people of that arm get: its subject, and of the blocks its own and those for all."""
    arm = _arm(issue, key)
    if arm is None:
        return issue
    sections = tuple(Section(one.heading, _blocks(one.blocks, key)) for one in issue.sections)
    if not arm.subject:
        return replace(issue, sections=sections)
    return replace(issue, sections=sections, subject=arm.subject, subject_line=arm.where.line)


def arms_of(issue: Issue) -> tuple[str, ...]:
    """The keys of the arms; one without a name where nothing is tried."""
    return tuple(one.key for one in issue.experiment.arms) if issue.experiment else ("",)


def joined(by_arm: Mapping[str, Sequence[Rendering]]) -> tuple[Rendering, ...]:
    """The renderings of all arms, group by group, arm by arm; without arms they are as they were."""
    if list(by_arm) == [""]:
        return tuple(by_arm[""])
    reads = {arm: {key: one for one in each for key in one.rendered.professions} for arm, each in by_arm.items()}
    groups: dict[tuple[str, ...], list[str]] = {}
    for key in next(iter(reads.values())):
        content = tuple(of_arm[key].rendered.content_hash for of_arm in reads.values())
        groups.setdefault(content, []).append(key)
    return tuple(_named(reads[arm][keys[0]], keys, arm) for keys in groups.values() for arm in by_arm)


def _named(one: Rendering, keys: Sequence[str], arm: str) -> Rendering:
    group = DEFAULT if DEFAULT in keys else keys[0]
    rendered = replace(one.rendered, key=variant_key(group, arm), professions=tuple(keys), arm=arm)
    return replace(one, rendered=rendered)


def _arm(issue: Issue, key: str) -> Arm | None:
    arms = issue.experiment.arms if issue.experiment else ()
    return next((one for one in arms if one.key == key), None)


def _blocks(blocks: Sequence[Block], arm: str) -> tuple[Block, ...]:
    """Those that the arm's people see, in columns too; columns with nothing in them go."""
    kept: list[Block] = []
    for block in blocks:
        if block.arm not in ("", arm):
            continue
        cells = block.fields.get("cells")
        if isinstance(cells, tuple):
            left = tuple(cell for cell in (_blocks(one, arm) for one in cells) if cell)
            if left:
                kept.append(replace(block, fields={**block.fields, "cells": left}))
        else:
            kept.append(block)
    return tuple(kept)
