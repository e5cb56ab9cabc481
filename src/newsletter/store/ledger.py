"""The deliveries of campaigns: where each message stands, and nobody forgotten.

A delivery goes `pending → claimed → in_flight → accepted | deferred | rejected | uncertain`; the mark `in_flight` is
durable before a byte that could deliver leaves. Settled rows keep the provider's words. Those who get the winner of an
experiment are `undecided` before they are pending.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    UniqueConstraint,
    and_,
    bindparam,
    func,
    literal_column,
    select,
    text,
    update,
)

from newsletter.model import (
    UNFINISHED,
    CampaignId,
    Counts,
    DeliveryId,
    Outcome,
    Result,
    State,
    Suppression,
)
from newsletter.store import suppressions
from newsletter.store.columns import Json, Number, UtcDateTime, metadata

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

CANCELLED = "cancelled"
"""Why somebody gets nothing whose campaign was ended before."""

NOT_SENT_AGAIN = "uncertain, not sent again"
"""Why a delivery is skipped that may have arrived, as a person decided."""

SENDER_GONE = "the program ended while this message was being handed over"
"""Why a delivery is uncertain that was in flight when its sender was killed."""

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


def counts(connection: Connection, campaign: CampaignId, sender_gone: bool = False) -> Counts:
    """The campaign's deliveries by state. What is in flight is pending, or uncertain with its sender gone."""
    query = select(deliveries.c.state, func.count()).where(deliveries.c.campaign_id == campaign)
    by_state: dict[str, int] = {row[0]: row[1] for row in connection.execute(query.group_by(deliveries.c.state))}
    in_flight = State.UNCERTAIN if sender_gone else State.PENDING
    for state, told in ((State.CLAIMED, State.PENDING), (State.IN_FLIGHT, in_flight)):
        by_state[told] = by_state.get(told, 0) + by_state.pop(state, 0)
    return Counts(**by_state)


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


def reasons(connection: Connection, campaign: CampaignId, sender_gone: bool = False) -> dict[tuple[State, str], int]:
    """Why deliveries were skipped, deferred, rejected or are uncertain, with how many each. With its sender gone, what
    is in flight is uncertain."""
    shown = [State.SKIPPED, State.DEFERRED, State.REJECTED, State.UNCERTAIN]
    if sender_gone:
        shown.append(State.IN_FLIGHT)
    query = (
        select(deliveries.c.state, deliveries.c.reason, func.count())
        .where(deliveries.c.campaign_id == campaign, deliveries.c.state.in_([state.value for state in shown]))
        .group_by(deliveries.c.state, deliveries.c.reason)
        .order_by(func.count().desc())
        .limit(50)
    )
    found: Counter[tuple[State, str]] = Counter()
    for state, reason, number in connection.execute(query):
        left_behind = state == State.IN_FLIGHT
        found[(State.UNCERTAIN, SENDER_GONE) if left_behind else (State(state), reason)] += number
    return dict(found.most_common())


# ── deliveries ──────────────────────────────────────────────────────────────────────────────────────────────────────


def due(now: datetime | ColumnElement[datetime]) -> tuple[ColumnElement[bool], ...]:
    """Those that may be claimed, by what the index finds each with at once: no wait, the wait is over, deferred."""
    pending = deliveries.c.state == State.PENDING.value
    waited = deliveries.c.not_before <= now
    return (
        and_(pending, deliveries.c.not_before.is_(None)),
        and_(pending, waited),
        and_(deliveries.c.state == State.DEFERRED.value, waited),
    )


def mark_claimed(connection: Connection, claimed: Sequence[tuple[int, DeliveryId]], now: datetime) -> None:
    """These numbers are claimed, and known by these ids from now on."""
    _change(connection, f"state = '{State.CLAIMED.value}', delivery_id = {{1}}", claimed, now)


def mark_in_flight(connection: Connection, numbers: Sequence[int], now: datetime) -> None:
    """From here on these may have been delivered, whatever happens to this process."""
    _change(connection, f"state = '{State.IN_FLIGHT.value}'", [(number,) for number in numbers], now)


def settle(connection: Connection, settlements: Sequence[Settlement], now: datetime) -> None:
    """Record what the provider answered; addresses that do not exist are suppressed."""
    accepted = [(one.number, one.outcome.provider_id) for one in settlements if one.outcome.result is Result.ACCEPTED]
    change = f"state = '{State.ACCEPTED.value}', provider_id = {{1}}, attempts = attempts + 1"
    _change(connection, change, accepted, now)
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
        # What was accepted stays so, whoever else had the same message in hand.
        .where(deliveries.c.id == bindparam("row"), deliveries.c.state != State.ACCEPTED.value)
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
    state, reason = (State.PENDING, "") if resend else (State.SKIPPED, NOT_SENT_AGAIN)
    where = and_(deliveries.c.campaign_id == campaign, deliveries.c.state == State.UNCERTAIN.value)
    values = {"state": state.value, "reason": reason, "changed_at": now}
    return connection.execute(update(deliveries).where(where).values(values)).rowcount


def cancel(connection: Connection, campaign: CampaignId, now: datetime) -> int:
    """Nobody who was not begun gets anything any more; how many that are."""
    left = [one.value for one in (State.PENDING, State.CLAIMED, State.DEFERRED, State.UNDECIDED)]
    where = and_(deliveries.c.campaign_id == campaign, deliveries.c.state.in_(left))
    values = {"state": State.SKIPPED.value, "reason": CANCELLED, "changed_at": now}
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
    return any(map(any_of, (*due(now), left_behind))) or not any_of(unfinished)


def _change(connection: Connection, values: str, rows: Sequence[Sequence[object]], now: datetime) -> None:
    """Update deliveries: the first of each row is its number, the others are put into `values` as `{1}`, `{2}` ….

    One step of the database, in the driver's own terms, because this is run several times for every message: row by
    row, the threads that send would have to be waited for each time.
    """
    if not rows:
        return
    sqlite = connection.dialect.name == "sqlite"
    given, mark = ("json_each(?)", "?") if sqlite else ("json_array_elements(CAST(%s AS JSON))", "%s")
    places = [f"given.value ->> {place}" for place in range(len(rows[0]))]
    statement = (
        f"UPDATE deliveries SET {values.format(*places)}, changed_at = {mark} FROM {given} AS given "  # noqa: S608
        f"WHERE deliveries.id = CAST({places[0]} AS BIGINT)"
    )
    driver = connection.connection.driver_connection
    assert driver is not None
    driver.execute(statement, (_stamp(now), json.dumps(rows)))


def _stamp(now: datetime) -> str:
    """The time as `UtcDateTime` stores it."""
    return now.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")
