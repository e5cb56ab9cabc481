"""What providers tell of deliveries after they took them: who got it, opened it, clicked, or wants no more.

Each event is kept once, under the provider's id for it, in whatever order and however often it comes. An event of a
delivery that is not of this database, or whose person was erased, is not kept. What an event says of a person holds at
once, and only ever means less mail: a status gives way to one that mails less, a suppression is added.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    ForeignKey,
    Index,
    Select,
    String,
    Table,
    and_,
    bindparam,
    case,
    func,
    or_,
    select,
    update,
)

from newsletter.model import (
    EVERYTHING,
    All,
    AnyOf,
    CampaignId,
    Certain,
    Condition,
    DeliveryId,
    Event,
    EventKind,
    Not,
    Reacted,
    Reaction,
    Segment,
    SubscriberStatus,
    SuppressionKind,
)
from newsletter.store.campaigns import campaigns
from newsletter.store.columns import Number, UtcDateTime, insert_into, metadata
from newsletter.store.ledger import deliveries
from newsletter.store.subscribers import STRENGTH, subscribers
from newsletter.store.suppressions import suppressions

events = Table(
    "events",
    metadata,
    Column("id", Number, primary_key=True),
    # The two name the delivery.
    Column("campaign_id", ForeignKey("campaigns.id"), nullable=False),
    Column("subscriber_id", Number, nullable=False),
    Column("kind", String, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("url", String, nullable=False),
    Column("machine", Boolean, nullable=False),
    Column("words", String, nullable=False),
    Column("event_id", String, nullable=False, unique=True),
    # A `ClientFamily`: the user agent itself is not kept. Empty where nothing is told.
    Column("client", String, nullable=False, server_default=""),
    # Who opened or clicked is read from the index alone.
    Index("events_by_kind", "campaign_id", "kind", "machine", "subscriber_id"),
    Index("events_by_subscriber", "subscriber_id", "campaign_id"),
)

SOURCE = "events"
"""What the suppressions that events make say of where they come from."""

_CHUNK = 500


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of some events. All of them = new + known + unknown_campaign + unknown_delivery."""

    new: tuple[EventKind, ...] = ()
    """The kind of each that was added."""
    known: int = 0
    """Told before."""
    unknown_campaign: int = 0
    """Of mail that another workspace sent, or another program."""
    unknown_delivery: int = 0
    """Of a campaign of that name here, but of nobody in it: a test, somebody who was erased, another workspace's."""
    campaigns: frozenset[CampaignId] = frozenset()
    """Those that any of the events is of."""
    stopped: tuple[SubscriberStatus, ...] = ()
    """The status that each person was given who must not be mailed any more."""


def record(connection: Connection, told: Sequence[Event], now: datetime) -> Recorded:
    """Keep those events that are new, and let hold what they say of their people."""
    each: dict[str, Event] = {}
    for one in told:
        each.setdefault(one.event_id, one)
    named = _deliveries(connection, sorted({one.delivery for one in each.values()}))
    mine = [one for one in each.values() if _is_of(named.get(one.delivery), one)]
    rows = [_row(one, named[one.delivery]) for one in mine]
    added = _insert(connection, rows)
    _fill_in(connection, [row for row in rows if row["client"] and row["event_id"] not in added])
    new = [one for one in mine if one.event_id in added]
    foreign = [one for one in told if not _is_of(named.get(one.delivery), one)]
    there = _known_names(connection, {one.campaign for one in foreign})
    elsewhere = sum(1 for one in foreign if one.campaign not in there)
    return Recorded(
        new=tuple(one.kind for one in new),
        known=len(told) - len(foreign) - len(new),
        unknown_campaign=elsewhere,
        unknown_delivery=len(foreign) - elsewhere,
        campaigns=frozenset(CampaignId(row["campaign_id"]) for row in rows),
        stopped=tuple(_stop(connection, [(one, named[one.delivery]) for one in new], now)),
    )


def _deliveries(connection: Connection, wanted: Sequence[DeliveryId]) -> dict[DeliveryId, Any]:
    columns = ("delivery_id", "campaign_id", "subscriber_id", "address_key")
    query = select(*(deliveries.c[name] for name in columns), campaigns.c.name.label("campaign"))
    query = query.join(campaigns, campaigns.c.id == deliveries.c.campaign_id)
    found: dict[DeliveryId, Any] = {}
    for start in range(0, len(wanted), _CHUNK):
        chosen = deliveries.c.delivery_id.in_(wanted[start : start + _CHUNK])
        # Whoever was erased has left an empty address behind.
        rows = connection.execute(query.where(chosen, deliveries.c.address_key != ""))
        found |= {DeliveryId(row.delivery_id): row for row in rows}
    return found


def _is_of(delivery: Any, event: Event) -> bool:
    return delivery is not None and event.campaign in ("", delivery.campaign)


def _row(event: Event, delivery: Any) -> dict[str, Any]:
    return {
        "campaign_id": delivery.campaign_id,
        "subscriber_id": delivery.subscriber_id,
        "kind": event.kind.value,
        "at": event.at,
        "url": event.url,
        "machine": event.machine,
        "words": event.words,
        "event_id": event.event_id,
        "client": event.client.value if event.client else "",
    }


def _insert(connection: Connection, rows: Sequence[dict[str, Any]]) -> set[str]:
    if not rows:
        return set()
    statement = insert_into(connection, events).on_conflict_do_nothing().returning(events.c.event_id)
    return set(connection.execute(statement, rows).scalars())


def _fill_in(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Of opens that were told before clients were kept, and are told again."""
    if rows:
        empty = and_(events.c.event_id == bindparam("told"), events.c.client == "")
        values = [{"told": row["event_id"], "family": row["client"]} for row in rows]
        connection.execute(update(events).where(empty).values(client=bindparam("family")), values)


def _known_names(connection: Connection, names: set[str]) -> set[str]:
    wanted = sorted(names)
    found: set[str] = set()
    for start in range(0, len(wanted), _CHUNK):
        chosen = campaigns.c.name.in_(wanted[start : start + _CHUNK])
        found |= set(connection.execute(select(campaigns.c.name).where(chosen)).scalars())
    return found


# ── what events say of people ───────────────────────────────────────────────────────────────────────────────────────


def _stop(connection: Connection, new: Sequence[tuple[Event, Any]], now: datetime) -> list[SubscriberStatus]:
    """The strongest that the events say of each person holds, unless what is known of them is stronger."""
    strongest: dict[int, tuple[SubscriberStatus, datetime, str]] = {}
    for event, delivery in new:
        if event.means is not None:
            said = (event.means, event.at, delivery.address_key)
            before = strongest.get(delivery.subscriber_id)
            if before is None or _weight(said) > _weight(before):
                strongest[delivery.subscriber_id] = said
    changed: list[SubscriberStatus] = []
    for number, (status, at, address_key) in sorted(strongest.items()):
        weaker = [one.value for one in SubscriberStatus if STRENGTH[one] < STRENGTH[status]]
        who = and_(subscribers.c.id == number, subscribers.c.status.in_(weaker))
        values = {"status": status.value, "changed_at": now}
        if connection.execute(update(subscribers).where(who).values(values)).rowcount:
            changed.append(status)
        _suppress(connection, address_key, status, at)
    return changed


def _weight(said: tuple[SubscriberStatus, datetime, str]) -> tuple[int, float]:
    """The stronger status, and of the same the earlier."""
    return STRENGTH[said[0]], -said[1].timestamp()


def _suppress(connection: Connection, address_key: str, status: SubscriberStatus, at: datetime) -> None:
    """Add it, or make what an earlier event said stronger; a person's own words and those of a list stay."""
    table = suppressions
    values = {
        "kind": SuppressionKind.ADDRESS.value,
        "value": address_key,
        "scope": EVERYTHING,
        "reason": status.value,
        "source": SOURCE,
        "created_at": at,
    }
    known = case({one.value: strength for one, strength in STRENGTH.items()}, value=table.c.reason, else_=9)
    weaker = or_(known < STRENGTH[status], and_(table.c.reason == status.value, table.c.created_at > at))
    statement = insert_into(connection, table).values(values)
    statement = statement.on_conflict_do_update(
        index_elements=["kind", "value", "scope"],
        set_={"reason": status.value, "created_at": at},
        where=and_(table.c.source == SOURCE, weaker),
    )
    connection.execute(statement)


# ── figures ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Figures:
    """How many people of a campaign each thing is told of, however often it happened to them."""

    delivered: int = 0
    opened: int = 0
    """A person opened it, or clicked in it (a mail whose pictures are not shown tells no open)."""
    machine_opened: int = 0
    """Only a program opened it: nobody knows about the person."""
    clicked: int = 0
    bounced: int = 0
    blocked: int = 0
    dropped: int = 0
    complained: int = 0
    unsubscribed: int = 0


def figures(connection: Connection, campaign: CampaignId) -> Figures | None:
    """The campaign's figures; None while no event of it is known."""
    if not any_events(connection, select(campaigns.c.id).where(campaigns.c.id == campaign)):
        return None
    mine = select(campaigns.c.id).where(campaigns.c.id == campaign)

    def people(query: Select[Any]) -> int:
        return connection.execute(select(func.count()).select_from(query.distinct().subquery())).scalar_one()

    def of(*kinds: EventKind) -> int:
        return people(those_told_of(mine, *kinds))

    opened = those_who_opened(mine)
    by_machine = those_told_of(mine, EventKind.OPEN).where(events.c.machine.is_(True))
    return Figures(
        delivered=of(EventKind.DELIVERED),
        opened=people(opened),
        machine_opened=people(by_machine.where(events.c.subscriber_id.not_in(opened))),
        clicked=of(EventKind.CLICK),
        bounced=of(EventKind.BOUNCE),
        blocked=of(EventKind.BLOCKED),
        dropped=of(EventKind.DROPPED),
        complained=of(EventKind.SPAMREPORT),
        unsubscribed=of(EventKind.UNSUBSCRIBE, EventKind.GROUP_UNSUBSCRIBE),
    )


def unanswerable(connection: Connection, segment: Segment) -> list[Reacted]:
    """What the segment asks of issues of which nothing is known that could answer it: no open, or no click at all."""
    rules = [rule.condition for rule in (*segment.include, *segment.exclude)]
    kind_of = {Reaction.CLICKED: EventKind.CLICK}
    return [
        one
        for one in reactions(rules)
        if not any_events(connection, of_issue(one.issue), kind_of.get(one.reaction, EventKind.OPEN))
    ]


def reactions(conditions: Iterable[Condition]) -> Iterator[Reacted]:
    """All that the conditions ask of what people did with mails."""
    for one in conditions:
        match one:
            case Reacted():
                yield one
            case All(parts) | AnyOf(parts):
                yield from reactions(parts)
            case Not(part) | Certain(part):
                yield from reactions((part,))


def of_issue(issue: str) -> Select[Any]:
    """The numbers of the issue's campaigns."""
    return select(campaigns.c.id).where(campaigns.c.issue == issue)


def any_events(connection: Connection, of: Select[Any], *kinds: EventKind) -> bool:
    """Whether any event of these campaigns is known, or one of these kinds."""
    return connection.execute(those_told_of(of, *(kinds or EventKind)).limit(1)).first() is not None


def those_told_of(of: Select[Any], *kinds: EventKind) -> Select[Any]:
    """The numbers of the people of these campaigns of whom an event of one of these kinds is known, each once or
    more."""
    wanted = [kind.value for kind in kinds]
    return select(events.c.subscriber_id).where(events.c.campaign_id.in_(of), events.c.kind.in_(wanted))


def those_who_opened(of: Select[Any]) -> Select[Any]:
    """The numbers of those who opened a mail of these campaigns, or clicked in one, and not only their program."""
    return those_told_of(of, EventKind.OPEN, EventKind.CLICK).where(events.c.machine.is_(False))


def those_who_clicked(of: Select[Any], link: str = "") -> Select[Any]:
    """The numbers of those who clicked; on that address, whatever follows its `?` or `#`, when it is given."""
    found = those_told_of(of, EventKind.CLICK)
    if not link:
        return found
    longer = [f"{link}{sign}" for sign in "?#"]
    return found.where(or_(events.c.url == link, func.substr(events.c.url, 1, len(link) + 1).in_(longer)))
