"""Which attributes a segment asks for that none of its people has: mostly a name written wrong."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass

from sqlalchemy import Connection, select

from newsletter.model import Attribute, Rule, Segment
from newsletter.store import dialects
from newsletter.store.subscribers import member_of, subscribers

_LOOKED_AT = 1_000
_DEEPEST = 8


def unknown_attributes(connection: Connection, segment: Segment) -> list[tuple[Rule, Attribute]]:
    """The rule and the attribute where nobody of the segment's file (or the database) has a value, once each.

    A list or a mapping is no value: what is asked for of one is unknown too.
    """
    asked = {named: rule for rule in (*segment.include, *segment.exclude) for named in _named(rule.condition)}
    return [(rule, named) for named, rule in asked.items() if not _anybody(connection, segment, named)]


def known_attributes(connection: Connection, segment: Segment) -> tuple[str, ...]:
    """The paths of the attributes that some of these people have, in order of their names."""
    some = select(subscribers.c.attributes).limit(_LOOKED_AT)
    found = connection.execute(some.where(member_of(segment.source)) if segment.source else some).scalars()
    return tuple(sorted({path for one in found for path in _paths(one)}))


def _anybody(connection: Connection, segment: Segment, named: Attribute) -> bool:
    value = dialects.json_value(subscribers.c.attributes, named.path)
    query = select(subscribers.c.id).where(value != "").limit(1)
    return connection.execute(query.where(member_of(segment.source)) if segment.source else query).first() is not None


def _named(part: object) -> Iterator[Attribute]:
    """The attributes anywhere in a tree of conditions and values."""
    if isinstance(part, Attribute):
        yield part
    elif isinstance(part, tuple):
        for one in part:
            yield from _named(one)
    elif is_dataclass(part):
        for one in fields(part):
            yield from _named(getattr(part, one.name))


def _paths(value: object, depth: int = 0) -> Iterator[str]:
    if isinstance(value, dict) and depth < _DEEPEST:
        for key, inner in value.items():
            if isinstance(inner, dict):
                yield from (f"{key}.{path}" for path in _paths(inner, depth + 1))
            else:
                yield str(key)
