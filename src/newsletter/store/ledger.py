"""The deliveries of campaigns: where each message stands, and nobody forgotten.

A delivery goes `pending → claimed → in_flight → accepted | deferred | rejected | uncertain`; the mark `in_flight` is
durable before a byte that could deliver leaves. Settled rows keep the provider's words. Those who get the winner of an
experiment are `undecided` before they are pending.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    ForeignKey,
    Index,
    Integer,
    Row,
    String,
    Table,
    UniqueConstraint,
    and_,
    bindparam,
    case,
    func,
    literal_column,
    select,
    text,
    update,
)

from newsletter.model import (
    UNFINISHED,
    CampaignId,
    CampaignStatus,
    Counts,
    Delivery,
    DeliveryId,
    Outcome,
    Result,
    State,
    Suppression,
    variant_key,
)
from newsletter.store import suppressions
from newsletter.store.campaigns import campaigns, experiments, status_of
from newsletter.store.columns import Json, Number, UtcDateTime, metadata
from newsletter.store.subscribers import skip_reason, subscribers

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", Number, primary_key=True),
    Column("campaign_id", ForeignKey("campaigns.id"), nullable=False),
    Column("subscriber_id", Number, nullable=False),
    # Opaque, from the campaign's secret and the subscriber's number; there from the first claim on.
    Column("delivery_id", String),
    Column("address", String, nullable=False),
    Column("address_key", String, nullable=False),
    Column("profession", String, nullable=False),
    Column("variant", String, nullable=False),
    Column("recipient", Json, nullable=False),
    Column("state", String, nullable=False),
    Column("reason", String, nullable=False, default=""),
    Column("provider_id", String, nullable=False, default=""),
    Column("attempts", Integer, nullable=False, default=0),
    Column("not_before", UtcDateTime),
    Column("changed_at", UtcDateTime, nullable=False),
    # Of the campaign's experiment; empty for those who get the winner.
    Column("arm", String, nullable=False, server_default=""),
    # An address is one subscriber's only (`subscribers.address_key`), and a campaign is frozen in one statement, so
    # this holds for addresses too.
    UniqueConstraint("campaign_id", "subscriber_id"),
    Index("deliveries_by_state", "campaign_id", "state", "not_before", "id"),
)
Index(
    "deliveries_by_delivery_id",
    deliveries.c.delivery_id,
    unique=True,
    sqlite_where=deliveries.c.delivery_id.is_not(None),
    postgresql_where=deliveries.c.delivery_id.is_not(None),
)

HAS_ARM: ColumnElement[bool] = literal_column("deliveries.arm <> ''")
"""In one of the experiment's arms, as the index's own condition says it: a bound value would not match that."""
Index(
    "deliveries_by_arm",
    deliveries.c.campaign_id,
    deliveries.c.arm,
    deliveries.c.state,
    sqlite_where=text("arm <> ''"),
    postgresql_where=text("arm <> ''"),
)

ERASED = "erased"
"""Why somebody gets nothing who asked to be forgotten."""

_STATE_OF = {
    Result.ACCEPTED: State.ACCEPTED,
    Result.DEFERRED: State.DEFERRED,
    Result.REJECTED: State.REJECTED,
    Result.UNCERTAIN: State.UNCERTAIN,
    Result.UNSENT: State.PENDING,
}


@dataclass(frozen=True, slots=True)
class Settlement:
    """A delivery's outcome, on its way into the ledger."""

    number: int
    outcome: Outcome
    not_before: datetime | None = None


def counts(connection: Connection, campaign: CampaignId) -> Counts:
    """The campaign's deliveries by state."""
    query = select(deliveries.c.state, func.count()).where(deliveries.c.campaign_id == campaign)
    by_state: dict[str, int] = {row[0]: row[1] for row in connection.execute(query.group_by(deliveries.c.state))}
    pending = sum(by_state.get(state, 0) for state in (State.PENDING, State.CLAIMED, State.IN_FLIGHT))
    settled = (State.ACCEPTED, State.DEFERRED, State.REJECTED, State.UNCERTAIN, State.SKIPPED, State.UNDECIDED)
    return Counts(pending=pending, **{state.value: by_state.get(state, 0) for state in settled})


def accepted_by_profession(connection: Connection, campaign: CampaignId) -> dict[str, int]:
    """How many of each profession the provider has taken; an empty key is everybody without one."""
    query = select(deliveries.c.profession, func.count()).where(
        deliveries.c.campaign_id == campaign, deliveries.c.state == State.ACCEPTED.value
    )
    return {row[0]: row[1] for row in connection.execute(query.group_by(deliveries.c.profession))}


@dataclass(frozen=True, slots=True)
class SentBefore:
    """What was accepted before, over all campaigns."""

    last_hour: int
    today: int
    first: datetime | None
    oldest_in_hour: datetime | None


def sent_before(connection: Connection, hour_ago: datetime, midnight: datetime) -> SentBefore:
    """How many messages the provider has taken since then, and when the first ever."""
    moment = deliveries.c.changed_at
    in_hour = moment >= hour_ago
    query = select(
        func.count().filter(in_hour),
        func.count().filter(moment >= midnight),
        func.min(moment),
        func.min(moment).filter(in_hour),
    ).where(deliveries.c.state == State.ACCEPTED.value)
    return SentBefore(*connection.execute(query).one())


def reasons(connection: Connection, campaign: CampaignId) -> dict[tuple[State, str], int]:
    """Why deliveries were skipped, deferred, rejected or are uncertain, with how many each."""
    shown = (State.SKIPPED, State.DEFERRED, State.REJECTED, State.UNCERTAIN)
    query = (
        select(deliveries.c.state, deliveries.c.reason, func.count())
        .where(deliveries.c.campaign_id == campaign, deliveries.c.state.in_([state.value for state in shown]))
        .group_by(deliveries.c.state, deliveries.c.reason)
        .order_by(func.count().desc())
        .limit(50)
    )
    return {(State(row[0]), row[1]): row[2] for row in connection.execute(query)}


# ── deliveries ──────────────────────────────────────────────────────────────────────────────────────────────────────


def claim(connection: Connection, campaign: CampaignId, most: int, now: datetime) -> list[Delivery]:
    """Take up to `most` deliveries that are pending or whose wait is over; those suppressed since are skipped.

    Nothing is taken of a campaign that is paused or cancelled.
    """
    if status_of(connection, campaign)[0] is not CampaignStatus.SENDING:
        return []
    while True:
        rows: list[Row[tuple[Any, ...]]] = []
        for wanted in _due(now):
            if len(rows) < most:
                rows += _claimable(connection, campaign, wanted, most - len(rows))
        erased = suppressions.erased(connection, [row.address_key for row in rows])
        skipped = {row.id: row.skip or ERASED for row in rows if row.skip or row.address_key in erased}
        taken = [row for row in rows if row.id not in skipped]
        for number, why in skipped.items():
            values = {"state": State.SKIPPED.value, "reason": why, "changed_at": now}
            connection.execute(update(deliveries).where(deliveries.c.id == number).values(values))
        if taken or not rows:
            break
    known = select(campaigns.c.secret, func.coalesce(experiments.c.winner, "").label("winner"))
    known = known.select_from(campaigns.outerjoin(experiments, experiments.c.campaign_id == campaigns.c.id))
    secret, winner = connection.execute(known.where(campaigns.c.id == campaign)).one()
    claimed = [_delivery(row, row.delivery_id or delivery_id(secret, row.subscriber_id), winner) for row in taken]
    _mark_claimed(connection, claimed, now)
    return claimed


def delivery_id(secret: bytes, subscriber: int) -> DeliveryId:
    """The id that a campaign's secret gives the delivery to a subscriber: 24 hexadecimal digits.

    HMAC-SHA256 (RFC 2104), cut to 96 bits: nothing can be learnt from it, and it is always the same.
    """
    return DeliveryId(hmac.digest(secret, b"%d" % subscriber, sha256)[:12].hex())


def _delivery(row: Row[tuple[Any, ...]], known_as: DeliveryId, winner: str) -> Delivery:
    """Whoever is in an arm gets that; all others the winner's, if anything is tried."""
    recipient = {name: value for name, value in row.recipient.items() if value}
    return Delivery(row.id, known_as, row.address, variant_key(row.variant, row.arm or winner), row.attempts, recipient)


def _mark_claimed(connection: Connection, claimed: Sequence[Delivery], now: datetime) -> None:
    """State and delivery id; one that was claimed by an earlier version of the program keeps the id it had."""
    if claimed:
        stamp = _stamp(now)
        rows = [(State.CLAIMED.value, one.delivery_id, stamp, one.number) for one in claimed]
        _run(connection, "state = ?, delivery_id = ?, changed_at = ? WHERE id = ?", rows)


def _due(now: datetime) -> tuple[ColumnElement[bool], ...]:
    """Those that may be claimed, by what the index finds each with at once: no wait, the wait is over, deferred."""
    pending = deliveries.c.state == State.PENDING.value
    waited = deliveries.c.not_before <= now
    return (
        and_(pending, deliveries.c.not_before.is_(None)),
        and_(pending, waited),
        and_(deliveries.c.state == State.DEFERRED.value, waited),
    )


def _claimable(
    connection: Connection, campaign: CampaignId, wanted: ColumnElement[bool], most: int
) -> list[Row[tuple[Any, ...]]]:
    origin = deliveries.outerjoin(subscribers, subscribers.c.id == deliveries.c.subscriber_id)
    audience = select(campaigns.c.audience).where(campaigns.c.id == campaign).scalar_subquery()
    gone = case((subscribers.c.id.is_(None), ERASED))
    skip = func.coalesce(gone, skip_reason(audience, deliveries.c.address_key)).label("skip")
    columns = (
        "id",
        "delivery_id",
        "subscriber_id",
        "address",
        "address_key",
        "variant",
        "attempts",
        "recipient",
        "arm",
    )
    query = (
        select(*(deliveries.c[name] for name in columns), skip)
        .select_from(origin)
        .where(deliveries.c.campaign_id == campaign, wanted)
        .order_by(deliveries.c.not_before, deliveries.c.id)
        .limit(most)
        .with_for_update(of=deliveries, skip_locked=True)
    )
    return list(connection.execute(query))


def mark_in_flight(connection: Connection, numbers: Sequence[int], now: datetime) -> None:
    """From here on these may have been delivered, whatever happens to this process."""
    _set_states(connection, numbers, State.IN_FLIGHT, now)


def settle(connection: Connection, settlements: Sequence[Settlement], now: datetime) -> None:
    """Record what the provider answered; addresses that do not exist are suppressed."""
    accepted = [one for one in settlements if one.outcome.result is Result.ACCEPTED]
    if accepted:
        stamp = _stamp(now)
        rows = [(State.ACCEPTED.value, one.outcome.provider_id, stamp, one.number) for one in accepted]
        _run(connection, "state = ?, provider_id = ?, attempts = attempts + 1, changed_at = ? WHERE id = ?", rows)
    others = [one for one in settlements if one.outcome.result is not Result.ACCEPTED]
    changes = [
        {
            "row": one.number,
            "new_state": _STATE_OF[one.outcome.result].value,
            "new_reason": one.outcome.reason,
            "new_provider_id": one.outcome.provider_id,
            "tried": 0 if one.outcome.result is Result.UNSENT else 1,
            "wait": one.not_before,
        }
        for one in others
    ]
    if not changes:
        return
    statement = (
        update(deliveries)
        .where(deliveries.c.id == bindparam("row"))
        .values(
            state=bindparam("new_state"),
            reason=bindparam("new_reason"),
            provider_id=bindparam("new_provider_id"),
            attempts=deliveries.c.attempts + bindparam("tried", type_=Integer),
            not_before=bindparam("wait", type_=UtcDateTime),
            changed_at=now,
        )
    )
    connection.execute(statement, changes)
    _suppress(connection, [one for one in others if one.outcome.suppress], now)


def _suppress(connection: Connection, settlements: Sequence[Settlement], now: datetime) -> None:
    for one in settlements:
        query = select(deliveries.c.address_key).where(deliveries.c.id == one.number)
        key = connection.execute(query).scalar_one()
        if key:  # or its person was erased meanwhile
            told = f"refused by its server: {one.outcome.reason}"[:200]
            suppressions.add(connection, [Suppression(key, "bounced", told, now)])


def release(connection: Connection, campaign: CampaignId, now: datetime) -> None:
    """Claimed deliveries that were never begun are pending again."""
    where = and_(deliveries.c.campaign_id == campaign, deliveries.c.state == State.CLAIMED.value)
    connection.execute(update(deliveries).where(where).values(state=State.PENDING.value, changed_at=now))


def left_in_flight(connection: Connection, campaign: CampaignId) -> list[tuple[int, DeliveryId]]:
    """Deliveries that a process which is gone may or may not have handed over."""
    query = select(deliveries.c.id, deliveries.c.delivery_id).where(
        deliveries.c.campaign_id == campaign, deliveries.c.state == State.IN_FLIGHT.value
    )
    return [(row[0], DeliveryId(row[1])) for row in connection.execute(query)]


def resolve_uncertain(connection: Connection, campaign: CampaignId, resend: bool, now: datetime) -> int:
    """A person's decision on all uncertain deliveries: send them again, or let them be. The number decided."""
    state, reason = (State.PENDING, "") if resend else (State.SKIPPED, "uncertain, not sent again")
    where = and_(deliveries.c.campaign_id == campaign, deliveries.c.state == State.UNCERTAIN.value)
    values = {"state": state.value, "reason": reason, "changed_at": now}
    return connection.execute(update(deliveries).where(where).values(values)).rowcount


def cancel(connection: Connection, campaign: CampaignId, now: datetime) -> int:
    """Nobody who was not begun gets anything any more; how many that are."""
    left = [one.value for one in (State.PENDING, State.CLAIMED, State.DEFERRED, State.UNDECIDED)]
    where = and_(deliveries.c.campaign_id == campaign, deliveries.c.state.in_(left))
    values = {"state": State.SKIPPED.value, "reason": "cancelled", "changed_at": now}
    return connection.execute(update(deliveries).where(where).values(values)).rowcount


def retry_rejected(connection: Connection, campaign: CampaignId, now: datetime) -> int:
    """Rejected deliveries are pending again, with all their attempts; how many. Whoever was suppressed meanwhile is
    skipped when claimed."""
    where = and_(deliveries.c.campaign_id == campaign, deliveries.c.state == State.REJECTED.value)
    values = {"state": State.PENDING.value, "reason": "", "attempts": 0, "changed_at": now}
    return connection.execute(update(deliveries).where(where).values(values)).rowcount


def accepted_since(
    connection: Connection, campaign: CampaignId, moment: datetime
) -> tuple[int, datetime | None, datetime | None]:
    """How many messages of the campaign the provider has taken since then, and when the first and the last of them."""
    mine = and_(deliveries.c.campaign_id == campaign, deliveries.c.state == State.ACCEPTED.value)
    moments = func.count(), func.min(deliveries.c.changed_at), func.max(deliveries.c.changed_at)
    row = connection.execute(select(*moments).where(mine, deliveries.c.changed_at >= moment)).one()
    return row[0], row[1], row[2]


def next_due(connection: Connection, campaign: CampaignId) -> datetime | None:
    """When the first of those may be sent that wait for a moment: deferred ones, and people of later time zones."""
    query = select(func.min(deliveries.c.not_before))
    mine = deliveries.c.campaign_id == campaign
    waits = (State.PENDING, State.DEFERRED)
    found = [
        connection.execute(query.where(mine, deliveries.c.state == state.value)).scalar_one_or_none() for state in waits
    ]
    return min((one for one in found if one is not None), default=None)


def waiting(connection: Connection, campaign: CampaignId, now: datetime) -> int:
    """How many must not be sent before a moment that has not come."""
    states = deliveries.c.state.in_([State.PENDING.value, State.DEFERRED.value])
    mine = and_(deliveries.c.campaign_id == campaign, states, deliveries.c.not_before > now)
    return connection.execute(select(func.count()).where(mine)).scalar_one()


def is_due(connection: Connection, campaign: CampaignId, now: datetime) -> bool:
    """Whether a run would find anything to do: somebody to send to, what a process that is gone left behind, or a
    campaign that only has to be closed."""
    mine = select(deliveries.c.id).where(deliveries.c.campaign_id == campaign)

    def any_of(wanted: ColumnElement[bool]) -> bool:
        return connection.execute(mine.where(wanted).limit(1)).first() is not None

    left_behind = deliveries.c.state.in_([State.CLAIMED.value, State.IN_FLIGHT.value])
    unfinished = deliveries.c.state.in_([one.value for one in UNFINISHED])
    return any(map(any_of, (*_due(now), left_behind))) or not any_of(unfinished)


def _set_states(connection: Connection, numbers: Sequence[int], state: State, now: datetime) -> None:
    if numbers:
        listed = ",".join(str(int(number)) for number in numbers)
        _run(connection, f"state = ?, changed_at = ? WHERE id IN ({listed})", (state.value, _stamp(now)))


def _run(connection: Connection, change: str, values: Any) -> None:
    """An update of deliveries in the driver's own terms: three of them are run for every message that is sent, and
    building the statement would cost more than running it."""
    mark = "?" if connection.dialect.paramstyle == "qmark" else "%s"
    statement = f"UPDATE deliveries SET {change.replace('?', mark)}"  # noqa: S608  # values travel beside it
    connection.exec_driver_sql(statement, values)


def _stamp(now: datetime) -> str:
    """The time as `UtcDateTime` stores it."""
    return f"{now.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}"
