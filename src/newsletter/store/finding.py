"""Subscribers by a part of their address: for people who look somebody up, never for choosing whom to mail."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, select

from newsletter.model import Segment
from newsletter.store.conditions import condition
from newsletter.store.subscribers import skip_reason, subscribers


@dataclass(frozen=True, slots=True)
class Match:
    """A subscriber found by address, and whether they would be mailed."""

    address: str
    profession: str
    is_picked: bool
    """The audience's segment picks them."""
    reason: str
    """Why they must not be mailed; empty when they may be."""


def matches(connection: Connection, part: str, segment: Segment, audience: str, most: int) -> list[Match]:
    """At most so many subscribers whose address holds `part`, in any case, in order of address."""
    key = subscribers.c.address_key
    query = select(
        subscribers.c.address,
        subscribers.c.profession,
        condition(segment).label("picked"),
        skip_reason(audience).label("reason"),
    )
    query = query.where(key.contains(part.strip().lower(), autoescape=True)).order_by(key).limit(most)
    return [Match(row.address, row.profession, bool(row.picked), row.reason or "") for row in connection.execute(query)]
