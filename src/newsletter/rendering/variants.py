"""Issue × profession → Variant: the blocks and articles meant for one profession."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256

from newsletter.model import (
    DEFAULT,
    EVERYBODY_ELSE,
    ArticleChoice,
    Block,
    Issue,
    Profession,
    Professions,
    Section,
    Variant,
)


def select_variant(issue: Issue, key: str, professions: Professions, candidates: Sequence[str]) -> Variant:
    """What the readers of profession `key` get; `candidates` are the professions the issue is for."""
    ancestry = (*professions.ancestry(key), *((DEFAULT,) if key == DEFAULT else ()))
    gaps: list[Block] = []
    sections = []
    for section in issue.sections:
        blocks = tuple(kept for block in section.blocks if (kept := _choose(block, ancestry, gaps)))
        if blocks:
            sections.append(Section(section.heading, blocks))
    another = another_profession(issue.id, key, professions, candidates)
    return Variant(professions.get(key), another, tuple(sections), tuple(gaps))


def another_profession(issue: str, key: str, professions: Professions, candidates: Sequence[str]) -> Profession:
    """A different profession, the same one each time for this issue and profession.

    The candidate with the highest hash wins, so adding a profession changes the pick of few others.
    """
    others = [one for one in candidates if one != key]
    if not others:
        return EVERYBODY_ELSE
    return professions.get(max(others, key=lambda one: sha256(f"{issue}\0{key}\0{one}".encode()).digest()))


def _choose(block: Block, ancestry: Sequence[str], gaps: list[Block]) -> Block | None:
    """The block as these readers get it, or None when it is not for them."""
    if block.professions and not set(block.professions) & set(ancestry):
        return None
    article = block.fields.get("article")
    if isinstance(article, ArticleChoice):
        chosen = next(
            (article.by_profession[key] for key in (*ancestry, DEFAULT) if key in article.by_profession), None
        )
        if chosen is None:
            gaps.append(block)
            return None
        return replace(block, fields={**block.fields, "article": chosen})
    cells = block.fields.get("cells")
    if isinstance(cells, tuple):
        chosen_cells = (tuple(one for inner in cell if (one := _choose(inner, ancestry, gaps))) for cell in cells)
        kept = tuple(cell for cell in chosen_cells if cell)
        return replace(block, fields={**block.fields, "cells": kept}) if kept else None
    return block
