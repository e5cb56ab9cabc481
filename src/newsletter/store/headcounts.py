"""How many people a segment picks, what becomes of them, and who is left outside by which rule."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, Column, ColumnElement, Connection, Select, case, cast, func, literal, not_, select

from newsletter.model import EVERYTHING, Segment, SubscriberStatus
from newsletter.store import suppressions
from newsletter.store.conditions import condition, keeps
from newsletter.store.subscribers import member_of, subscribers, with_skip_reason


@dataclass(frozen=True, slots=True)
class Headcount:
    """So many subscribers of one profession and country, with one reason to be skipped (empty: mailed)."""

    profession: str
    country: str
    reason: str
    people: int


@dataclass(frozen=True, slots=True)
class LanguageCount:
    """So many subscribers of one language and status, with one reason to be skipped (empty: mailed)."""

    language: str
    status: str
    reason: str
    people: int


@dataclass(frozen=True, slots=True)
class Sampled:
    """One of those who would be mailed."""

    address: str
    first_name: str
    last_name: str
    profession: str
    profession_title: str
    country: str
    language: str


def headcount(connection: Connection, segment: Segment, scope: str = EVERYTHING) -> list[Headcount]:
    """Those the segment picks, counted by profession, country and reason to be skipped when `scope` is mailed."""
    counted: Counter[tuple[str, ...]] = Counter()
    for (profession, country, _, reason), people in _counted(connection, segment, scope, ("profession", "country")):
        counted[profession, country, reason] += people
    return [Headcount(key[0], key[1], key[2], people) for key, people in sorted(counted.items()) if people]


def language_count(connection: Connection, segment: Segment, scope: str = EVERYTHING) -> list[LanguageCount]:
    """Those the segment picks, counted by language, status and reason to be skipped when `scope` is mailed."""
    rows = _counted(connection, segment, scope, ("language",))
    return [LanguageCount(key[0], key[1], key[2], people) for key, people in sorted(rows) if people]


def zone_count(connection: Connection, segment: Segment, scope: str = EVERYTHING) -> dict[str, int]:
    """Those who are mailed when `scope` is, by time zone; an empty key is everybody without one."""
    counted: Counter[str] = Counter()
    for (zone, _, reason), people in _counted(connection, segment, scope, ("time_zone",)):
        counted[zone] += 0 if reason else people
    return {zone: people for zone, people in sorted(counted.items()) if people}


def _counted(
    connection: Connection, segment: Segment, scope: str, dimensions: Sequence[str]
) -> list[tuple[tuple[str, ...], int]]:
    """(the dimensions' values, status, reason to be skipped) → people.

    Everybody is counted without a look at suppressions, then those who are suppressed, starting from their side: they
    are few.
    """
    groups: list[Column[Any]] = [subscribers.c[name] for name in (*dimensions, "status")]
    where = condition(segment)
    everybody = select(*groups, func.count()).where(where).group_by(*groups)
    found: Counter[tuple[str, ...]] = Counter()
    for *key, people in connection.execute(everybody):
        status = key[-1]
        found[(*key, "" if status == SubscriberStatus.SUBSCRIBED else status)] += people
    for query in _suppressed(connection, scope, groups, where):
        for *key, told, people in connection.execute(query):
            status = key[-1]
            found[(*key, "" if status == SubscriberStatus.SUBSCRIBED else status)] -= people
            found[(*key, f"suppressed: {told}")] += people
    return list(found.items())


def _suppressed(
    connection: Connection, scope: str, groups: Sequence[Column[Any]], where: ColumnElement[bool]
) -> list[Select[Any]]:
    found: list[Select[Any]] = []
    earlier: list[ColumnElement[bool]] = []
    # The address's own suppression is told before its domain's.
    for part in suppressions.reasons(connection, scope, subscribers.alias("addressed")):
        people = part.join(subscribers, part.c.id == subscribers.c.id)
        query = select(*groups, part.c.reason, func.count()).select_from(people).where(where, *earlier)
        found.append(query.group_by(*groups, part.c.reason))
        earlier.append(subscribers.c.id.not_in(select(part.c.id)))
    return found


def outside(connection: Connection, segment: Segment) -> dict[str, int]:
    """Who of the segment's file (or of the database) it does not pick, by the first rule that leaves them out."""
    rules = [(f"segment: {rule.name}", not_(keeps(rule.condition))) for rule in segment.include]
    rules += [(f"exclude: {rule.name}", keeps(rule.condition)) for rule in segment.exclude]
    if not rules:
        return {}
    why = case(*((left, number) for number, (_, left) in enumerate(rules))).label("why")
    each = select(why).where(member_of(segment.source)) if segment.source else select(why).select_from(subscribers)
    table = each.subquery("each")
    query = select(table.c.why, func.count()).where(table.c.why.is_not(None)).group_by(table.c.why)
    found: Counter[str] = Counter()
    for number, people in connection.execute(query.order_by(table.c.why)):
        found[rules[number][0]] += people
    return dict(found)


def sample(connection: Connection, segment: Segment, scope: str, most: int, seed: int) -> list[Sampled]:
    """Up to `most` of those who would be mailed, spread over all of them; the same seed gives the same people."""
    origin, reason = with_skip_reason(connection, scope)
    number = cast(subscribers.c.id, BigInteger)
    spread = (number * 7_919 + literal(seed % 1_000_003, BigInteger)) * 104_729 % 1_000_003
    columns = [subscribers.c[name] for name in Sampled.__slots__]
    query = select(*columns).select_from(origin).where(condition(segment), reason == "")
    return [Sampled(*row) for row in connection.execute(query.order_by(spread, subscribers.c.id).limit(most))]
