"""The profession a free-text job title means, in stages, each of which says so; never a guess.

1. `alias`: the whole title is a key, label, plural or alias, whatever its case, spacing, accents and punctuation.
2. `part`: a part of it between separators is ('Nurse / Team lead', 'Nurse (retired)', 'Nurse at St. Mary's'), and all
   parts that are name the same profession.
3. `prefix`: what is left without a rank before it is ('Senior nurse', 'Dr. Nurse'), of the whole title or of a part.

A title with a word in it that makes another profession of what follows ('assistant', 'student', 'former') is only
ever matched as a whole.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from newsletter.audience.professions import normalised, titles_of
from newsletter.model import Professions

_SEPARATORS = re.compile(r"[/,;|&+()\[\]{}•·:–—]|\s-\s|\s(?:and|at|und|et|y|bei)\s", re.IGNORECASE)
_RANKS = frozenset(
    "senior sr head lead leading chief principal junior jr dr doctor prof professor mr mrs ms mx "
    "registered certified licensed licenced qualified chartered full part time freelance staff".split()
)
_OTHERS = frozenset(
    "assistant assistants assistent assistentin aide aid helper apprentice trainee student intern internship resident "
    "secretary receptionist deputy vice associate former formerly ex retiree aspiring future prospective wannabe not "
    "non no never recruiter representative rep supplier vendor salesperson sales wife husband spouse parent of to for "
    "pre veterinary dental".split()
)
_LONGEST = 200


def is_rank(title: str) -> bool:
    """Whether the title is nothing but ranks, such as Senior: they are left out before titles, and mean nothing."""
    words = normalised(title).split()
    return bool(words) and _RANKS.issuperset(words)


class Stage(StrEnum):
    """How a title was matched."""

    ALIAS = "alias"
    PART = "part"
    PREFIX = "prefix"
    NONE = ""


@dataclass(frozen=True, slots=True)
class Match:
    """The key of the profession a title means (empty: none), and the stage that found it."""

    profession: str
    stage: Stage


NO_MATCH = Match("", Stage.NONE)


class Titles:
    """The titles of a taxonomy, ready to be matched."""

    def __init__(self, professions: Professions) -> None:
        self.known: Mapping[str, str] = titles_of(professions)
        """Normalised title → key of the profession it means."""

    def match(self, title: str) -> Match:
        """What the title means; an empty one means nothing."""
        whole = normalised(title)
        if whole in self.known:
            return Match(self.known[whole], Stage.ALIAS)
        if not whole or len(title) > _LONGEST or not _OTHERS.isdisjoint(whole.split()):
            return NO_MATCH
        parts = [part for part in map(normalised, _SEPARATORS.split(title)) if part]
        found = self._ranked(parts) if len(parts) > 1 else self._ranked([whole])
        if len(found) != 1:
            return NO_MATCH
        exact = any(part in self.known for part in parts) and len(parts) > 1
        return Match(found.pop(), Stage.PART if exact else Stage.PREFIX)

    def profession_of(self, title: str) -> str:
        """The key of the profession the title means; empty when it means none."""
        return self.match(title).profession

    def _ranked(self, parts: list[str]) -> set[str]:
        """What the parts mean, with ranks before them taken away one by one."""
        found: set[str] = set()
        for part in parts:
            words = part.split()
            while words:
                if " ".join(words) in self.known:
                    found.add(self.known[" ".join(words)])
                    break
                if words[0] not in _RANKS:
                    break
                del words[0]
        return found
