"""How many people a segment picks, and what becomes of them."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from newsletter.model import Segment
from newsletter.store import suppressions
from newsletter.store.conditions import condition
from newsletter.store.subscribers import subscribers, with_skip_reason


@dataclass(frozen=True, slots=True)
class Headcount:
    """So many subscribers of one profession and country, with one reason to be skipped (empty: mailed)."""

    profession: str
    country: str
    reason: str
    people: int


def headcount(connection: Connection, segment: Segment, scope: str = suppressions.EVERYTHING) -> list[Headcount]:
    """Those the segment picks, counted by profession, country and reason to be skipped when `scope` is mailed."""
    origin, reason = with_skip_reason(scope)
    groups = (subscribers.c.profession, subscribers.c.country, reason.label("reason"))
    query = select(*groups, func.count()).select_from(origin).where(condition(segment))
    rows = connection.execute(query.group_by(*groups).order_by(*groups))
    return [Headcount(row[0], row[1], row[2], row[3]) for row in rows]
