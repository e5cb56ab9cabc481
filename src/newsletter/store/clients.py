"""What people read with: the families of mail clients that their opens were told of.

Each person counts one. What a person opened by hand tells what they use, in equal parts where that is several; what
only their program opened (Apple Mail loads every picture of the accounts set up in it) counts for those of whom
nothing else is known; and whoever opened with what nobody knows is counted apart.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, case, func, literal, or_, select

from newsletter.model import ClientFamily, ClientMix, EventKind
from newsletter.store.campaigns import campaigns
from newsletter.store.events import events

_BY_HAND, _BY_MACHINE, _UNKNOWN = 0, 1, 2


def client_mix(connection: Connection, audience: str, since: datetime) -> ClientMix:
    """What the people opened with whom campaigns to this audience went to, since then."""
    told = _told(audience, since).subquery()
    best = func.min(told.c.rank).over(partition_by=told.c.subscriber_id)
    ranked = select(told, best.label("best")).subquery()
    count = func.count().over(partition_by=ranked.c.subscriber_id)
    kept = select(ranked.c.client, ranked.c.rank, count.label("several")).where(ranked.c.rank == ranked.c.best)
    each = kept.subquery()
    people = func.sum(literal(1.0) / each.c.several)
    rows = connection.execute(select(each.c.client, each.c.rank, people).group_by(each.c.client, each.c.rank))
    known: dict[ClientFamily, float] = {}
    unknown = 0.0
    for client, rank, share in rows:
        if rank == _UNKNOWN:
            unknown += float(share)
        else:
            family = ClientFamily(client)
            known[family] = known.get(family, 0.0) + float(share)
    order = sorted(known, key=lambda family: (-known[family], family))
    return ClientMix({family: known[family] for family in order}, round(unknown))


def last_event(connection: Connection) -> int:
    """The number of the event that was taken in last; while it is the same, nothing new is known."""
    found: int = connection.execute(select(func.coalesce(func.max(events.c.id), 0))).scalar_one()
    return found


def _told(audience: str, since: datetime) -> Select[Any]:
    """Each family of each person once, with how sure it is; one that this program does not know is unknown."""
    mine = select(campaigns.c.id).where(campaigns.c.audience == audience)
    families = [one.value for one in ClientFamily if one is not ClientFamily.UNKNOWN]
    client = case((events.c.client.in_(families), events.c.client), else_=ClientFamily.UNKNOWN.value)
    rank = case((events.c.client.not_in(families), _UNKNOWN), (events.c.machine.is_(True), _BY_MACHINE), else_=_BY_HAND)
    # A click tells that somebody read it, and mostly not in what: it is no open with what nobody knows.
    tells = or_(events.c.kind == EventKind.OPEN.value, events.c.client != "")
    kinds = events.c.kind.in_([EventKind.OPEN.value, EventKind.CLICK.value])
    where = (events.c.campaign_id.in_(mine), kinds, tells, events.c.at >= since)
    return select(events.c.subscriber_id, client.label("client"), rank.label("rank")).where(*where).distinct()
