"""Audiences and subscribers, and what an import did."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from newsletter.model.names import Where
from newsletter.model.segments import Segment


@dataclass(frozen=True, slots=True)
class Audience:
    """Who an issue is for: the file subscribers come from, and the segment that picks among them."""

    id: str
    where: Where
    title: str
    source: str
    encoding: str
    columns: Mapping[str, str]
    """Our field → the file's column; a field we do not know becomes an attribute of the subscriber."""
    segment: Segment
    professions: tuple[str, ...]
    """The professions the segment can pick, in the order of the taxonomy: each gets a variant."""
    delimiter: str = ""
    """The character that parts the cells of its CSV; empty: found out."""

    @property
    def recipient_fields(self) -> tuple[str, ...]:
        """What `{{ recipient.… }}` may name for this audience."""
        return tuple(dict.fromkeys((*RECIPIENT_FIELDS, *(name for name in self.columns if name not in NOT_MERGED))))


RECIPIENT_FIELDS = (
    "address",
    "first_name",
    "last_name",
    "profession",
    "country",
    "language",
    "time_zone",
    "unsubscribe_url",
)
"""The merge fields every audience has; an audience's `columns:` add their own."""


NOT_MERGED = ("status", "tags", "consent_at", "consent_method", "consent_source", "consent_version")
"""What a file can say of a subscriber that no mail can."""


class SubscriberStatus(StrEnum):
    SUBSCRIBED = "subscribed"
    PENDING = "pending"
    UNSUBSCRIBED = "unsubscribed"
    BOUNCED = "bounced"
    COMPLAINED = "complained"


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """A row of a subscriber file that was left out, and why."""

    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class Import:
    """What an import did. rows = added + updated + unchanged + merged + rejected_rows."""

    source: str
    rows: int = 0
    added: int = 0
    updated: int = 0
    unchanged: int = 0
    merged: int = 0
    """Rows of an address that another row of the file has too."""
    rejected: tuple[RejectedRow, ...] = ()
    """The first rejected rows; `rejected_file` holds them all."""
    unmatched_professions: Mapping[str, int] = field(default_factory=dict)
    """Job titles that matched no profession, with how many subscribers carry each, most frequent first."""
    ignored_columns: tuple[str, ...] = ()
    skipped: bool = False
    """True when the file had not changed since it was last imported, so nothing was read."""
    rejected_rows: int = 0
    rejected_file: str = ""
    """The CSV with every rejected row, relative to the workspace; empty when there is none."""
    joined: int = 0
    """How many people came into the file's audience."""
    left: int = 0
    """How many people left it, because the file no longer holds them."""
    format: str = ""
    """How the file was read: `CSV with semicolons`."""
    columns: Mapping[str, str] = field(default_factory=dict)
    """Our field → the heading of the column it was filled from."""
    columns_from: str = ""
    """Who said so: the audience, a known export, or the headings themselves."""
    notes: tuple[str, ...] = ()
    """What was guessed, changed or left out while reading."""
    dry_run: bool = False
    """True when this is what an import would do, and nothing was changed."""
    refusal: str = ""
    """Why the file changes nobody until a person has looked, and what to do; empty when it may."""
