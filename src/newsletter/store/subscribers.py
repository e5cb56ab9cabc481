"""The people: one row per address, which file brought them, and who of them must not be mailed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    ForeignKey,
    FromClause,
    Index,
    Integer,
    String,
    Table,
    and_,
    case,
    func,
    select,
)

from newsletter.model import SubscriberStatus
from newsletter.store import suppressions
from newsletter.store.columns import Json, Number, UtcDateTime, metadata

subscribers = Table(
    "subscribers",
    metadata,
    Column("id", Number, primary_key=True),
    Column("address", String, nullable=False),
    Column("address_key", String, nullable=False, unique=True),
    Column("first_name", String, nullable=False),
    Column("last_name", String, nullable=False),
    Column("profession_title", String, nullable=False),
    Column("profession", String, nullable=False),
    Column("country", String, nullable=False),
    Column("language", String, nullable=False),
    Column("time_zone", String, nullable=False, server_default=""),
    Column("status", String, nullable=False),
    Column("attributes", Json, nullable=False),
    Column("tags", Json, nullable=False, server_default="[]"),
    # What they agreed to: when, how, where, and in which version of the words.
    Column("consent_at", UtcDateTime),
    Column("consent_method", String, nullable=False, server_default=""),
    Column("consent_source", String, nullable=False, server_default=""),
    Column("consent_version", String, nullable=False, server_default=""),
    Column("created_at", UtcDateTime, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    # What every count of an audience groups by: people are counted from the index alone where nothing else is asked.
    Index("subscribers_by_profession", "profession", "country", "status"),
)

# Which file brought whom, and in which import: someone taken out of the file leaves the audience with the next import.
memberships = Table(
    "memberships",
    metadata,
    Column("source", String, primary_key=True),
    Column("subscriber_id", Number, ForeignKey("subscribers.id"), primary_key=True),
    Column("import_number", Integer, nullable=False),
    sqlite_with_rowid=False,
)

sources = Table(
    "sources",
    metadata,
    Column("source", String, primary_key=True),
    Column("fingerprint", String, nullable=False),
    Column("import_number", Integer, nullable=False),
    Column("imported_at", UtcDateTime, nullable=False),
)

STRENGTH = {
    SubscriberStatus.SUBSCRIBED: 0,
    SubscriberStatus.PENDING: 1,
    SubscriberStatus.BOUNCED: 2,
    SubscriberStatus.UNSUBSCRIBED: 3,
    SubscriberStatus.COMPLAINED: 4,
}
"""Of two statuses that are told of somebody the one that mails less holds: the greater."""

COLUMNS = ("first_name", "last_name", "profession_title", "profession", "country", "language", "time_zone")
"""The texts about a subscriber that an import can change, beside status, attributes, tags and consent."""

CONSENT = ("consent_at", "consent_method", "consent_source", "consent_version")
"""What is known of a subscriber's consent: one piece of evidence, so it is only ever changed as a whole."""

FIELDS = ("address", "first_name", "last_name", "profession", "country", "language", "time_zone", "status")
"""The texts that a file's columns can fill; a column under any other name, but for tags and consent, is an attribute,
even one named `id`."""


# ── who a segment picks ─────────────────────────────────────────────────────────────────────────────────────────────


def member_of(source: str) -> ColumnElement[bool]:
    """The file brought the subscriber, and still has them."""
    # EXISTS, not IN: SQLite then looks up the few that other conditions leave, instead of reading all members first.
    mine = and_(memberships.c.source == source, memberships.c.subscriber_id == subscribers.c.id)
    return select(memberships.c.subscriber_id).where(mine).correlate(subscribers).exists()


def skip_reason(
    scope: str | ColumnElement[str], address_key: ColumnElement[str] = subscribers.c.address_key
) -> ColumnElement[str | None]:
    """Why a subscriber must not be mailed when the audience `scope` is, or NULL: a part of a query over a few rows."""
    return _told(suppressions.reason(address_key, scope))


def with_skip_reason(connection: Connection, scope: str) -> tuple[FromClause, ColumnElement[str]]:
    """All subscribers as the origin of a query, and why each must not be mailed (empty: mailed)."""
    origin: FromClause = subscribers
    parts = suppressions.reasons(connection, scope, subscribers.alias("addressed"))
    for one in parts:
        origin = origin.outerjoin(one, one.c.id == subscribers.c.id)
    reasons = [one.c.reason for one in parts]
    # Nearly everybody is mailed: for them nothing is put together.
    mailed = and_(subscribers.c.status == SubscriberStatus.SUBSCRIBED.value, *(one.is_(None) for one in reasons))
    told: ColumnElement[str] = case((mailed, ""), else_=func.coalesce(_told(_first(reasons)), "", type_=String()))
    return origin, told


def _first(reasons: Sequence[ColumnElement[str]]) -> ColumnElement[Any]:
    return func.coalesce(*reasons) if len(reasons) > 1 else reasons[0]


def _told(suppressed: ColumnElement[str | None]) -> ColumnElement[str | None]:
    status = case((subscribers.c.status != SubscriberStatus.SUBSCRIBED.value, subscribers.c.status))
    return func.coalesce("suppressed: " + suppressed, status, type_=String())


def unmatched_titles(connection: Connection, source: str) -> dict[str, int]:
    """Job titles of a file's subscribers that matched no profession, most frequent first."""
    count = func.count().label("people")
    query = (
        select(subscribers.c.profession_title, count)
        .where(member_of(source))
        .where(and_(subscribers.c.profession == "", subscribers.c.profession_title != ""))
        .group_by(subscribers.c.profession_title)
        .order_by(count.desc(), subscribers.c.profession_title)
    )
    return {row[0]: row[1] for row in connection.execute(query)}


def last_imported(connection: Connection, source: str) -> datetime | None:
    """When the file was last imported."""
    return connection.execute(select(sources.c.imported_at).where(sources.c.source == source)).scalar_one_or_none()
