"""The support table: for each feature of HTML, CSS and images, what each mail client makes of it.

Source: Can I Email (https://www.caniemail.com, MIT licence), of which this keeps the verdicts alone: one letter per
feature and client. What a partial verdict means for a certain use is told in `cases.py`, in our own words.
As a file it is JSON: `snapshot` (a date), `source`, `clients` (the order of the letters) and `features`
(slug → [title, letters]). The package ships one; `newsletter check --update-support` keeps a newer one in the cache.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from newsletter.checks.clients.mail_clients import IDS

FORMAT = 1
SOURCE = "Can I Email, https://www.caniemail.com, MIT licence"
SHIPPED = "support.json"
KEPT = "client-support.json"
"""The name of a refreshed table in the cache's folder."""
MOST_BYTES = 1_000_000
_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,80}", re.ASCII)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_LETTERS = re.compile(r"[yanu]+", re.ASCII)

_CALLED = {"image-webp": "WebP image format", "css-flex-direction": "flex-direction"}
"""What Can I Email spells otherwise, or narrower than it means."""


class Verdict(StrEnum):
    """What a client makes of a feature; the values are the letters of the table."""

    YES = "y"
    PARTIAL = "a"
    NO = "n"
    UNKNOWN = "u"


@dataclass(frozen=True, slots=True)
class SupportTable:
    """The verdicts of one day. `features` maps a slug to its title and a letter per client of `clients`."""

    snapshot: str
    clients: tuple[str, ...]
    features: Mapping[str, tuple[str, str]]

    def verdict(self, feature: str, client: str) -> Verdict:
        """What the client makes of the feature; unknown when either is not in the table."""
        row = self.features.get(feature)
        if row is None or client not in self.clients:
            return Verdict.UNKNOWN
        return Verdict(row[1][self.clients.index(client)])

    def title(self, feature: str) -> str:
        """What the feature is called: `border-radius`, `<video> element`."""
        row = self.features.get(feature)
        return _CALLED.get(feature, feature if row is None else row[0])

    def doubtful(self, clients: Collection[str]) -> frozenset[str]:
        """The features that at least one of the clients does not support in full."""
        columns = [self.clients.index(one) for one in clients if one in self.clients]
        return frozenset(
            slug for slug, (_, letters) in self.features.items() if any(letters[column] in "an" for column in columns)
        )


def feature_page(feature: str) -> str:
    """Where Can I Email tells more of the feature."""
    return f"https://www.caniemail.com/features/{feature}/"


def load_table(folder: Path | None = None) -> SupportTable:
    """The table kept in the cache's folder when it is whole and newer than the shipped one, else the shipped one."""
    shipped = _shipped()
    kept = None if folder is None else _kept(folder / KEPT)
    return kept if kept is not None and kept.snapshot > shipped.snapshot else shipped


def write_table(table: SupportTable) -> str:
    """The table as a file: one line per feature, so that a refresh reads well in a diff."""
    rows = ",\n".join(
        f"{json.dumps(slug)}: {json.dumps([title, letters], ensure_ascii=False)}"
        for slug, (title, letters) in sorted(table.features.items())
    )
    head = {"format": FORMAT, "source": SOURCE, "snapshot": table.snapshot, "clients": list(table.clients)}
    return f'{json.dumps(head)[:-1]},\n"features": {{\n{rows}\n}}}}\n'


def read_table(text: str | bytes) -> SupportTable:
    """The table in a file's text; raises `ValueError` when it is not a whole one of this program's."""
    try:
        plain = json.loads(text)
    except RecursionError as error:
        raise ValueError("not a support table") from error
    if not isinstance(plain, dict) or plain.get("format") != FORMAT:
        raise ValueError("not a support table of this program")
    clients, rows, snapshot = plain.get("clients"), plain.get("features"), plain.get("snapshot")
    if not isinstance(clients, list) or tuple(clients) != IDS:
        raise ValueError("the table has other clients than this program")
    if not isinstance(rows, dict) or not rows or not isinstance(snapshot, str) or not _DATE.fullmatch(snapshot):
        raise ValueError("the table has no features or no date")
    return SupportTable(snapshot, IDS, {slug: _row(slug, row) for slug, row in rows.items()})


def _row(slug: str, row: Any) -> tuple[str, str]:
    if not (isinstance(row, list) and len(row) == 2 and all(isinstance(one, str) for one in row)):
        raise ValueError(f"no title and letters at {slug}")
    title, letters = row
    if not _SLUG.fullmatch(slug) or len(letters) != len(IDS) or not _LETTERS.fullmatch(letters):
        raise ValueError(f"not a letter per client at {slug}")
    return title, letters


@lru_cache(maxsize=1)
def _shipped() -> SupportTable:
    return read_table((files("newsletter.checks.clients") / SHIPPED).read_text("utf-8"))


def _kept(path: Path) -> SupportTable | None:
    """The refreshed table, or None: what is absent, damaged or of another version is as good as not there."""
    try:
        if path.stat().st_size > MOST_BYTES:
            return None
        return read_table(path.read_bytes())
    except (OSError, ValueError):
        return None
