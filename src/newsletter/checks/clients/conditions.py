"""Conditional comments: what is shown to Outlook for Windows alone, and what to everybody else.

Word, which draws mail in Outlook for Windows, reads `<!--[if mso]> … <![endif]-->`; all others see a comment. The other
way round, `<!--[if !mso]><!--> … <!--<![endif]-->` and `<![if !mso]> … <![endif]>` are read by all and skipped by Word.
The versions judged here (2016, 2019, 365) all call themselves `mso 16`. Source: Microsoft, "About conditional comments"
(https://learn.microsoft.com/previous-versions/windows/internet-explorer/ie-developer/compatibility/ms537512(v=vs.85)).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

WORD_VERSION = 16.0
_OPEN = re.compile(r"\s*\[if\s([^\]]*)\]>?", re.IGNORECASE)
_CLOSE = re.compile(r"\s*(?:<!\s*)?\[endif\]\s*(?:--)?\s*\Z", re.IGNORECASE)
_CLOSE_INSIDE = re.compile(r"<!\s*\[endif\]\s*\Z", re.IGNORECASE)
_WORD = re.compile(r"[()&|!]|[a-z]+|\d+(?:\.\d+)?", re.IGNORECASE)
_DEEPEST = 20


class Readers(Enum):
    """Who reads a part of the page."""

    ALL = "all"
    OUTLOOK = "Outlook for Windows"
    OTHERS = "all but Outlook for Windows"
    NOBODY = "nobody"

    def among(self, inner: Readers) -> Readers:
        """Who reads a part inside a part that we are the readers of."""
        if self is Readers.ALL or self is inner:
            return inner
        return self if inner is Readers.ALL else Readers.NOBODY


@dataclass(frozen=True, slots=True)
class Opening:
    """A condition that begins: who reads what follows. `hidden` is the comment's text from `inner` up to `length`."""

    readers: Readers
    hidden: bool
    inner: int = 0
    length: int = 0


def opening(text: str) -> Opening | None:
    """The condition that the comment of this text begins, if it does."""
    found = _OPEN.match(text)
    if found is None:
        return None
    holds = condition_holds(found[1])
    rest = text[found.end() :]
    if not found[0].endswith(">") or rest.strip() in ("", "<!", "<!--"):
        return Opening(Readers.ALL if holds else Readers.OTHERS, hidden=False)
    close = _CLOSE_INSIDE.search(rest)
    length = found.end() + (len(rest) if close is None else close.start())
    return Opening(Readers.OUTLOOK if holds else Readers.NOBODY, True, found.end(), length)


def is_closing(text: str) -> bool:
    """Whether the comment of this text ends a condition that hid nothing."""
    return _CLOSE.match(text) is not None


def condition_holds(condition: str) -> bool:
    """Whether the condition (`mso`, `gte mso 9`, `(mso)|(IE)`, `!mso`) holds in Word; one it cannot read does not."""
    words = [word.lower() for word in _WORD.findall(condition)]
    try:
        value, rest = _either(words, 0)
    except ValueError:
        return False
    return value and not rest


def _either(words: list[str], depth: int) -> tuple[bool, list[str]]:
    value, rest = _both(words, depth)
    while rest[:1] == ["|"]:
        other, rest = _both(rest[1:], depth)
        value = value or other
    return value, rest


def _both(words: list[str], depth: int) -> tuple[bool, list[str]]:
    value, rest = _one(words, depth)
    while rest[:1] == ["&"]:
        other, rest = _one(rest[1:], depth)
        value = value and other
    return value, rest


def _one(words: list[str], depth: int) -> tuple[bool, list[str]]:
    if not words or depth > _DEEPEST:
        raise ValueError("nothing to compare")
    if words[0] == "!":
        value, rest = _one(words[1:], depth + 1)
        return not value, rest
    if words[0] == "(":
        value, rest = _either(words[1:], depth + 1)
        if rest[:1] != [")"]:
            raise ValueError("a bracket is open")
        return value, rest[1:]
    return _compared(words)


def _compared(words: list[str]) -> tuple[bool, list[str]]:
    comparison, words = (words[0], words[1:]) if words[0] in ("lt", "lte", "gt", "gte") else ("eq", words)
    if not words:
        raise ValueError("nothing to compare")
    feature, words = words[0], words[1:]
    if not words or not words[0][0].isdigit():
        return feature in ("mso", "true", "vml"), words
    version, words = float(words[0]), words[1:]
    holds = {
        "lt": version > WORD_VERSION,
        "lte": version >= WORD_VERSION,
        "gt": version < WORD_VERSION,
        "gte": version <= WORD_VERSION,
        "eq": version == WORD_VERSION,
    }[comparison]
    return feature == "mso" and holds, words
