"""All that the database holds on one person, and erasing it.

A delivery stays as a number in its campaign's figures, without anything that leads to the person: no address, no merge
values, no words of a server (they often repeat the address), and a subscriber's number that is nobody's. Who was still
to be mailed is skipped. A keyed hash of the address stays among the suppressions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, case, delete, or_, select, update

from newsletter.model import State
from newsletter.store import suppressions
from newsletter.store.campaigns import campaigns
from newsletter.store.events import events
from newsletter.store.ledger import ERASED, deliveries
from newsletter.store.subscribers import memberships, sources, subscribers

_UNSENT = (State.PENDING.value, State.CLAIMED.value, State.DEFERRED.value, State.UNCERTAIN.value, State.UNDECIDED.value)


@dataclass(frozen=True, slots=True)
class Held:
    """What is held on a person, table by table, as plain values."""

    subscriber: dict[str, Any] | None
    files: tuple[dict[str, Any], ...]
    """The subscriber files that brought them, and when each was last imported."""
    deliveries: tuple[dict[str, Any], ...]
    events: tuple[dict[str, Any], ...]
    """What the provider told of those deliveries: opens and clicks, too."""
    suppressions: tuple[dict[str, Any], ...]
    erased: bool
    """They asked to be forgotten before."""

    @property
    def anything(self) -> bool:
        return bool(self.subscriber or self.files or self.deliveries or self.events or self.suppressions)


def held_on(connection: Connection, address_key: str) -> Held:
    """Everything of the person with this address."""
    person = _rows(connection, subscribers, subscribers.c.address_key == address_key)
    numbers = [row["id"] for row in person]
    brought = select(sources).join(memberships, memberships.c.source == sources.c.source)
    files = connection.execute(brought.where(memberships.c.subscriber_id.in_(numbers)).order_by(sources.c.source))
    sent = (
        select(campaigns.c.name.label("campaign"), deliveries)
        .join(campaigns, campaigns.c.id == deliveries.c.campaign_id)
        .where(_theirs(numbers, address_key))
        .order_by(deliveries.c.id)
    )
    mailed = tuple(dict(row) for row in connection.execute(sent).mappings())
    told = (
        select(campaigns.c.name.label("campaign"), events)
        .join(campaigns, campaigns.c.id == events.c.campaign_id)
        .where(events.c.subscriber_id.in_(_mailed_as(numbers, mailed)))
        .order_by(events.c.at, events.c.id)
    )
    domain = address_key.rpartition("@")[2]
    table = suppressions.suppressions
    left = _rows(connection, table, or_(_is(table, "address", address_key), _is(table, "domain", domain)))
    return Held(
        subscriber=person[0] if person else None,
        files=tuple({"source": row.source, "imported_at": row.imported_at} for row in files),
        deliveries=mailed,
        events=tuple(dict(row) for row in connection.execute(told).mappings()),
        suppressions=tuple(left),
        erased=bool(suppressions.erased(connection, [address_key])),
    )


def erase(connection: Connection, address_key: str, now: datetime) -> Held:
    """Erase the person in the caller's transaction, and keep them from coming back; what was held until then."""
    if connection.dialect.name == "sqlite":
        # Otherwise the bytes stay in the file until other rows happen to take their place.
        connection.exec_driver_sql("PRAGMA secure_delete=ON")
    held = held_on(connection, address_key)
    numbers = [held.subscriber["id"]] if held.subscriber else []
    connection.execute(delete(events).where(events.c.subscriber_id.in_(_mailed_as(numbers, held.deliveries))))
    _empty_deliveries(connection, numbers, address_key, now)
    connection.execute(delete(memberships).where(memberships.c.subscriber_id.in_(numbers)))
    connection.execute(delete(subscribers).where(subscribers.c.id.in_(numbers)))
    table = suppressions.suppressions
    connection.execute(delete(table).where(_is(table, "address", address_key)))
    suppressions.remember_erased(connection, address_key, "audience forget", now)
    return held


def _empty_deliveries(connection: Connection, numbers: Sequence[int], address_key: str, now: datetime) -> None:
    unsent = deliveries.c.state.in_(_UNSENT)
    values = {
        # A number that no subscriber has, and no two deliveries of a campaign share.
        "subscriber_id": -deliveries.c.id,
        "address": "",
        "address_key": "",
        "recipient": {},
        "reason": ERASED,
        "provider_id": "",
        "state": case((unsent, State.SKIPPED.value), else_=deliveries.c.state),
        "changed_at": now,
    }
    connection.execute(update(deliveries).where(_theirs(numbers, address_key)).values(values))


def _theirs(numbers: Sequence[int], address_key: str) -> Any:
    """By the subscriber's number where there is one: that has an index in every campaign."""
    every_campaign = deliveries.c.campaign_id.in_(select(campaigns.c.id))
    if numbers:
        return every_campaign & deliveries.c.subscriber_id.in_(numbers)
    return deliveries.c.address_key == address_key


def _mailed_as(numbers: Sequence[int], mailed: Sequence[dict[str, Any]]) -> list[int]:
    """All numbers that the person's events are kept under."""
    return sorted({*numbers, *(row["subscriber_id"] for row in mailed)})


def _is(table: Table, kind: str, value: str) -> Any:
    return (table.c.kind == kind) & (table.c.value == value)


def _rows(connection: Connection, table: Table, where: Any) -> list[dict[str, Any]]:
    return [dict(row) for row in connection.execute(select(table).where(where)).mappings()]
