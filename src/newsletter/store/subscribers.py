"""The people: one row per address, which file brought them, and who of them must not be mailed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
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
    delete,
    func,
    select,
    update,
)

from newsletter.model import SubscriberRow, SubscriberStatus
from newsletter.store import suppressions
from newsletter.store.columns import Json, Number, UtcDateTime, insert_into, metadata

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

COLUMNS = ("first_name", "last_name", "profession_title", "profession", "country", "language", "time_zone")
"""The texts about a subscriber that an import can change, beside status, attributes, tags and consent."""

CONSENT = ("consent_at", "consent_method", "consent_source", "consent_version")
"""What is known of a subscriber's consent: one piece of evidence, so it is only ever changed as a whole."""

FIELDS = ("address", "first_name", "last_name", "profession", "country", "language", "time_zone", "status")
"""The texts that a file's columns can fill; a column under any other name, but for tags and consent, is an attribute,
even one named `id`."""

_CHANGING = (*COLUMNS, "attributes", "tags", "status", *CONSENT)

_OPEN = (SubscriberStatus.SUBSCRIBED, SubscriberStatus.PENDING)
"""Neither outlives that somebody left: unsubscribed, bounced and complained stay."""

# SQLite refuses a statement with more values than this (SQLITE_MAX_VARIABLE_NUMBER of older builds).
_LOOKUP_CHUNK = 900


@dataclass(frozen=True, slots=True)
class BatchResult:
    """What became of a batch of rows."""

    added: int
    updated: int
    unchanged: int
    merged: int

    def __add__(self, other: BatchResult) -> BatchResult:
        return BatchResult(
            self.added + other.added,
            self.updated + other.updated,
            self.unchanged + other.unchanged,
            self.merged + other.merged,
        )


def imported_fingerprint(connection: Connection, source: str) -> str:
    """What the file was when it was last imported; empty when it never was."""
    query = select(sources.c.fingerprint).where(sources.c.source == source)
    return connection.execute(query).scalar_one_or_none() or ""


def begin_import(connection: Connection, source: str) -> int:
    """The number of this import of the file."""
    number = connection.execute(select(sources.c.import_number).where(sources.c.source == source)).scalar_one_or_none()
    return (number or 0) + 1


def finish_import(connection: Connection, source: str, number: int, fingerprint: str, now: datetime) -> None:
    """Remember the file as imported, and let go of those who are no longer in it."""
    values = {"source": source, "fingerprint": fingerprint, "import_number": number, "imported_at": now}
    statement = insert_into(connection, sources).values(values)
    connection.execute(statement.on_conflict_do_update(index_elements=["source"], set_=values))
    gone = and_(memberships.c.source == source, memberships.c.import_number != number)
    connection.execute(delete(memberships).where(gone))


def put_batch(
    connection: Connection, rows: Sequence[SubscriberRow], source: str, number: int, now: datetime
) -> BatchResult:
    """Add or change the subscribers of these rows.

    Two rows with one address are merged: the later one's filled-in values win. An empty value never erases one that
    is known, and nobody who unsubscribed, bounced or complained is subscribed again.
    """
    known = _known(connection, [row.address_key for row in rows], source)
    merged = 0
    result: dict[str, dict[str, object]] = {}
    for row in rows:
        earlier = result.get(row.address_key) or known.get(row.address_key)
        if earlier is not None and earlier["import_number"] == number:
            merged += 1
        result[row.address_key] = {**_combined(earlier, row), "import_number": number}
    added = [values for key, values in result.items() if key not in known]
    changed = [values for key, values in result.items() if key in known and _differs(values, known[key])]
    _write(connection, added, changed, now)
    _join(connection, _ids(connection, list(result)), source, number)
    met = [key for key in result if key in known and known[key]["import_number"] != number]
    updated = sum(1 for key in met if _differs(result[key], known[key]))
    return BatchResult(added=len(added), updated=updated, unchanged=len(met) - updated, merged=merged)


def _known(connection: Connection, keys: Sequence[str], source: str) -> dict[str, dict[str, object]]:
    joined = subscribers.outerjoin(
        memberships, and_(memberships.c.subscriber_id == subscribers.c.id, memberships.c.source == source)
    )
    found: dict[str, dict[str, object]] = {}
    for chunk in _chunks(keys):
        query = select(subscribers, memberships.c.import_number).select_from(joined)
        for row in connection.execute(query.where(subscribers.c.address_key.in_(chunk))).mappings():
            found[row["address_key"]] = dict(row)
    return found


def _combined(current: dict[str, object] | None, row: SubscriberRow) -> dict[str, object]:
    given: dict[str, object] = {name: getattr(row, name) for name in COLUMNS}
    attributes = {name: value for name, value in row.attributes.items() if value}
    if current is None:
        fresh = {"address": row.address, "address_key": row.address_key, "status": row.status.value}
        return {**fresh, **given, "attributes": attributes, "tags": list(row.tags), **_consent(row)}
    kept = {name: value or current[name] for name, value in given.items()}
    if given["profession_title"]:
        kept["profession"] = given["profession"]
    earlier = current["attributes"]
    assert isinstance(earlier, dict)
    weaker = (SubscriberStatus.SUBSCRIBED,) if current["status"] in _OPEN else (*_OPEN,)
    status = current["status"] if row.status in weaker else row.status.value
    tags = list(row.tags) or current["tags"]
    consent = _consent(row) if any(_consent(row).values()) else {}
    return {**current, **kept, "attributes": {**earlier, **attributes}, "tags": tags, "status": status, **consent}


def _consent(row: SubscriberRow) -> dict[str, object]:
    return {name: getattr(row, name) for name in CONSENT}


def _differs(values: dict[str, object], before: dict[str, object]) -> bool:
    return any(values[name] != before[name] for name in _CHANGING)


def _write(
    connection: Connection, added: Sequence[dict[str, object]], changed: Sequence[dict[str, object]], now: datetime
) -> None:
    kept = ("address", "address_key", *_CHANGING)
    if added:
        rows = [{**{name: one[name] for name in kept}, "created_at": now, "changed_at": now} for one in added]
        connection.execute(insert_into(connection, subscribers), rows)
    for one in changed:
        values = {name: one[name] for name in _CHANGING}
        connection.execute(update(subscribers).where(subscribers.c.id == one["id"]).values(**values, changed_at=now))


def _ids(connection: Connection, keys: Sequence[str]) -> list[int]:
    found: list[int] = []
    for chunk in _chunks(keys):
        query = select(subscribers.c.id).where(subscribers.c.address_key.in_(chunk))
        found += connection.execute(query).scalars()
    return found


def _join(connection: Connection, ids: Iterable[int], source: str, number: int) -> None:
    rows = [{"source": source, "subscriber_id": one, "import_number": number} for one in ids]
    if rows:
        statement = insert_into(connection, memberships)
        update_number = {"import_number": statement.excluded.import_number}
        keys = ["source", "subscriber_id"]
        connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=update_number), rows)


def _chunks(values: Sequence[str]) -> Iterable[Sequence[str]]:
    return (values[start : start + _LOOKUP_CHUNK] for start in range(0, len(values), _LOOKUP_CHUNK))


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
    told: ColumnElement[str] = func.coalesce(_told(_first([one.c.reason for one in parts])), "", type_=String())
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
