"""audiences/professions.yaml → Professions, and the profession a free-text job title means.

A title matches the key, label, plural or an alias, whatever its case, spacing and punctuation; it is never guessed.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from newsletter.errors import FileProblems, Problem, did_you_mean
from newsletter.files import Document, moved, read_yaml, validated
from newsletter.model import DEFAULT, UNMATCHED, Profession, Professions

FILE = "audiences/professions.yaml"

_KEY = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_BETWEEN_WORDS = re.compile(r"[\W_]+")


class _ProfessionFile(BaseModel):
    model_config = ConfigDict(extra="forbid", coerce_numbers_to_str=True)
    label: str
    plural: str = ""
    parent: str | None = None
    aliases: list[str] = []


def load_professions(root: Path) -> Professions:
    """The taxonomy of the workspace; none when it has no professions.yaml."""
    if not (root / FILE).exists():
        return Professions({}, FILE)
    return read_professions(read_yaml(root / FILE, FILE))


def read_professions(document: Document) -> Professions:
    """The taxonomy that the file's data spells out; every problem of it at once."""
    data = document.data
    if not isinstance(data, dict):
        raise FileProblems.at(document.where(), "must be `key: {label: …}` entries, one for each profession.")
    problems: list[Problem] = []
    found: dict[str, Profession] = {}
    for key in data:
        where = document.where(key)
        if not _KEY.fullmatch(key) or key in (DEFAULT, UNMATCHED):
            problems.append(Problem(where, f"'{key}' cannot be a key: use words in lower case joined by hyphens."))
        try:
            file = validated(_ProfessionFile, moved(document, key), f"profession '{key}'")
        except FileProblems as error:
            problems += error.problems
            continue
        found[key] = Profession(key, file.label, file.plural or f"{file.label}s", file.parent, tuple(file.aliases))
    for key, profession in found.items():
        problems += [Problem(document.where(key, "parent"), message) for message in _parent_problems(profession, found)]
    if problems:
        raise FileProblems(problems)
    professions = Professions(found, FILE)
    _refuse_ambiguous(professions, document)
    return professions


def titles_of(professions: Professions) -> dict[str, str]:
    """Normalised title → key of the profession it means."""
    return {
        normalised(title): profession.key
        for profession in professions.by_key.values()
        for title in (profession.key, profession.label, profession.plural, *profession.aliases)
    }


def normalised(title: str) -> str:
    """The title as it is compared: lower case, words parted by one space, accents and punctuation ignored."""
    decomposed = unicodedata.normalize("NFKD", title)
    letters = "".join(character for character in decomposed if not unicodedata.combining(character))
    return _BETWEEN_WORDS.sub(" ", letters.casefold()).strip()


def _parent_problems(profession: Profession, found: Mapping[str, Profession]) -> list[str]:
    if profession.parent is None:
        return []
    if profession.parent not in found:
        return [f"unknown parent '{profession.parent}'.{did_you_mean(profession.parent, found)}"]
    above = [profession.key]
    current: str | None = profession.parent
    while current and current in found and current not in above:
        above.append(current)
        current = found[current].parent
    # A circle is told once, by the first of its members in the file.
    if current != profession.key or profession.key != next(key for key in found if key in above):
        return []
    return [f"'{profession.key}' is its own parent, by way of '{above[-1]}'. Cut the circle."]


def _refuse_ambiguous(professions: Professions, document: Document) -> None:
    claimed: dict[str, str] = {}
    problems: list[Problem] = []
    for profession in professions.by_key.values():
        for title in (profession.key, profession.label, profession.plural, *profession.aliases):
            owner = claimed.setdefault(normalised(title), profession.key)
            if owner != profession.key:
                message = f"'{title}' already means '{owner}'. A title can mean one profession only."
                problems.append(Problem(document.where(profession.key, "aliases"), message))
    if problems:
        raise FileProblems(problems)
