"""What other programs hold of articles, on its way to become files of an issue: the values, and their words.

In: nothing; the readers of sites and feeds make these values, and `scaffolds` writes them. Names of files are made
here: plain ASCII, without anything a path could mean.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from hashlib import sha256
from html import unescape
from pathlib import Path
from typing import Protocol, TypeVar

from newsletter.content.tags import PARTING_TAGS

_LETTERS = str.maketrans(
    {"ß": "ss", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D"}
    | {"þ": "th", "Þ": "Th", "ð": "d", "ı": "i", "’": "", "'": ""}
)
_LONGEST_NAME = 80
BEGINNING = 20_000
"""So many characters are enough to describe an article by; looking at all of a hostile one could take minutes."""
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)", re.IGNORECASE)
"""Names that Windows keeps for devices, whatever their suffix."""
_HIDDEN = re.compile(
    r"<(script|style|head|title)\b.*?</\1\s*>|<!--.*?-->"
    r"|<([a-z][a-z0-9]*)(?>(?:\s(?!hidden[\s>]|style=)|[^<>\"'\s]|\"[^\"]*\"|'[^']*')*)"
    r"\s(?:hidden|style=(?:\"[^\"<>]{0,500}?|'[^'<>]{0,500}?|)display:\s*none)(?=[\s>;\"'])[^<>]*>.*?</\2\s*>",
    re.DOTALL | re.IGNORECASE,
)
_TAG = re.compile(r"<(?:/?([a-zA-Z][^\s/<>]*))?[^<>]*>")
_EARLIEST = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class SourceArticle:
    """An article as it will be written, and the pictures that go beside it."""

    source: str
    """Where it came from: a path or a web address; also what it is known by when it is imported again."""
    stem: str
    """The name of its file without the suffix."""
    suffix: str
    text: str
    title: str
    when: datetime | None = None
    draft: bool = False
    link: str = ""
    description: str = ""
    words: int = 0
    """Of the body, for choosing how it is shown."""
    pictures: Mapping[str, Path] = field(default_factory=dict)
    """Path below the issue's folder → the file it is copied from."""
    missing: tuple[str, ...] = ()
    """Pictures there is no file of, by the address at which the site should show them."""
    lost: tuple[str, ...] = ()
    """Links to pages of its site whose address is not known, as they are written."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """What was found and not brought along, and why."""

    source: str
    reason: str


@dataclass(frozen=True, slots=True)
class Found:
    """Everything a source holds, newest first, and what of it needs a person's eye."""

    kind: str
    """What the source is, in words: 'a Hugo site', 'an RSS feed'."""
    title: str
    language: str
    articles: tuple[SourceArticle, ...]
    skipped: tuple[LeftOut, ...] = ()
    notices: tuple[str, ...] = ()
    left: int = 0
    """How many more there are, older or beyond the limit."""


class Dated(Protocol):
    """Anything with a date that may not be known."""

    @property
    def when(self) -> datetime | None: ...


Kind = TypeVar("Kind", bound=Dated)


@dataclass(frozen=True, slots=True)
class Choice:
    """Which articles of a source are wanted: the newest `limit` of those not older than `since`."""

    limit: int = 10
    since: date | None = None

    def of(self, articles: Iterable[Kind]) -> tuple[list[Kind], int]:
        """The articles wanted, dated ones first and newest first, and how many are left."""
        found = list(articles)
        dated = sorted((one for one in found if one.when), key=lambda one: one.when or _EARLIEST, reverse=True)
        wanted = [*dated, *(one for one in found if not one.when)]
        if self.since is not None:
            wanted = [one for one in dated if one.when and one.when.date() >= self.since]
        return wanted[: self.limit], len(found) - len(wanted[: self.limit])


def slug(text: str) -> str:
    """The text as a file name: ASCII letters, digits and hyphens; nothing when no such letter is in it."""
    plain = unicodedata.normalize("NFKD", text.translate(_LETTERS)).encode("ascii", "ignore").decode("ascii")
    words = re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")[:_LONGEST_NAME].strip("-")
    return f"{words}-article" if _RESERVED.fullmatch(words) else words


def mark(identity: str) -> str:
    """Six letters and digits that tell one source from another of the same name."""
    return sha256(identity.encode("utf-8", "replace")).hexdigest()[:6]


def plain_words(markup: str) -> str:
    """The words at the beginning of an HTML fragment, on one line, as a reader sees them."""
    return one_line(unescape(_TAG.sub(_between, _HIDDEN.sub("", markup[:BEGINNING]))))


def _between(tag: re.Match[str]) -> str:
    """What a tag leaves between the words around it: nothing when it stands in a line, as `<b>` does."""
    return " " if tag[1] is None or tag[1].lower() in PARTING_TAGS else ""


def one_line(text: str) -> str:
    """The text without line ends and control characters."""
    clean = "".join(" " if unicodedata.category(one) in ("Cc", "Zl", "Zp", "Cs") else one for one in text)
    return " ".join(clean.split())


def excerpt(words: str, longest: int = 200) -> str:
    """The first sentences that fit, else the first words with '…'."""
    if len(words) <= longest:
        return words
    start = words[:longest]
    sentence = max(start.rfind(end) for end in (". ", "! ", "? "))
    if sentence >= longest // 3:
        return start[: sentence + 1]
    return start[: max(start.rfind(" "), longest // 2)].rstrip(" ,;:–—-") + "…"
