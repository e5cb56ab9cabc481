"""Job titles as people wrote them: which match no profession, and matching all of them anew."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Connection, func, select, update

from newsletter.model import Segment
from newsletter.store.conditions import condition
from newsletter.store.subscribers import subscribers


def unmatched(connection: Connection, segment: Segment) -> dict[str, int]:
    """Titles of the segment's people that match no profession → how many have it, most frequent first."""
    title, count = subscribers.c.profession_title, func.count().label("people")
    query = select(title, count).where(condition(segment), subscribers.c.profession == "", title != "")
    return {row[0]: row[1] for row in connection.execute(query.group_by(title).order_by(count.desc(), title))}


def by_profession(connection: Connection, segment: Segment) -> dict[str, int]:
    """Key of the profession (empty: none) → how many of the segment's people, whether or not they are mailed."""
    key = subscribers.c.profession
    query = select(key, func.count()).where(condition(segment)).group_by(key)
    return {row[0]: row[1] for row in connection.execute(query)}


def rematch(connection: Connection, profession_of: Callable[[str], str], now: datetime) -> int:
    """Give everybody with a job title the profession it means now; how many people have another one since."""
    title, key = subscribers.c.profession_title, subscribers.c.profession
    changed = 0
    for written, before in connection.execute(select(title, key).where(title != "").distinct()).all():
        meant = profession_of(written)
        if meant != before:
            these = update(subscribers).where(title == written, key == before)
            changed += connection.execute(these.values(profession=meant, changed_at=now)).rowcount
    return changed
