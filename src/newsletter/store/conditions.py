"""A segment's tree of conditions → one condition in SQL, with every written value bound, on SQLite and PostgreSQL.

What is unknown (a comparison with a missing value) stays unknown as in SQL, and picks nobody. Times are whole days in
UTC; days of attributes are texts that begin like 2026-03-02. A text is a number when it is at most 15 characters of
digits with a sign and a point at most: both databases keep such numbers exactly, and no sum of a few overflows.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Float,
    String,
    and_,
    case,
    cast,
    false,
    func,
    literal,
    not_,
    null,
    or_,
    select,
    true,
)

from newsletter.model import (
    All,
    AnyOf,
    Arithmetic,
    Attribute,
    Call,
    Certain,
    Compare,
    Condition,
    EventKind,
    Field,
    Kind,
    Like,
    Literal,
    Missing,
    Not,
    OneOf,
    Reacted,
    Reaction,
    Received,
    Recent,
    Segment,
    Speaks,
    State,
    Tagged,
    Value,
    kind_of,
)
from newsletter.store import dialects, events
from newsletter.store.campaigns import campaigns
from newsletter.store.ledger import deliveries
from newsletter.store.subscribers import member_of, subscribers

NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)")
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
LONGEST_NUMBER = 15
_COLUMN_OF = {"joined": "created_at", "consent_at": "consent_at"}
_PLAIN = re.compile(r"(?!true$|false$|null$)[^\W\d_][^{}\[\]]*")
_SIGNS: dict[str, Callable[[Any, Any], ColumnElement[bool]]] = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def condition(segment: Segment) -> ColumnElement[bool]:
    """The segment as a condition on `subscribers`. `audience.segments.fixed` must have put today in."""
    parts = [holds(rule.condition) for rule in segment.include]
    parts += [not_(keeps(rule.condition)) for rule in segment.exclude]
    if segment.source:
        parts.append(member_of(segment.source))
    return and_(true(), *parts)


def holds(asked: Condition) -> ColumnElement[bool]:
    """The condition where unknown counts as no in any case: what stands alone, or beside others that must hold."""
    match asked:
        case Certain(part):
            return holds(part)
        case All(parts):
            return and_(true(), *map(holds, parts))
        case AnyOf(parts):
            return _in_list(parts)
        case Compare(Field() as field, "=", Literal(str() as written)) if kind_of(field) is Kind.TEXT and written:
            return subscribers.c[field.name] == written
        case Compare(Attribute() as field, "=", Literal(str() as written)) if written:
            return _one_of(field, (written,))
    return _sql(asked)


def keeps(asked: Condition) -> ColumnElement[bool]:
    """The condition with unknown made a no, so that its opposite is a yes."""
    return func.coalesce(_sql(asked), false()) if _can_be_unknown(asked) else _sql(asked)


def _in_list(parts: tuple[Condition, ...]) -> ColumnElement[bool]:
    """Many values of one field are a list, for which one look into an index serves."""
    wanted: dict[Field | Attribute, list[str]] = {}
    others: list[Condition] = []
    numbers, parts = _numbers(parts)
    for part in parts:
        match part:
            case Compare(Field() | Attribute() as field, "=", Literal(str() as written)) if (
                kind_of(field) is Kind.TEXT and written
            ):
                wanted.setdefault(field, []).append(written)
            case _:
                others.append(part)
    lists = [_one_of(field, tuple(values)) for field, values in wanted.items()]
    return or_(false(), *lists, *numbers, *map(holds, others))


def _numbers(parts: tuple[Condition, ...]) -> tuple[list[ColumnElement[bool]], tuple[Condition, ...]]:
    """Many numbers that an attribute may be as a list, so that it is read once a person; and the other parts."""
    wanted: dict[Attribute, list[float]] = {}
    others: list[Condition] = []
    for part in parts:
        match part:
            case Compare(Attribute() as field, "=", Literal(float() as number)):
                wanted.setdefault(field, []).append(number)
            case _:
                others.append(part)
    lists: list[ColumnElement[bool]] = [
        _number(field).in_([literal(one, Float) for one in numbers]) for field, numbers in wanted.items()
    ]
    return lists, tuple(others)


def _can_be_unknown(asked: Condition) -> bool:
    match asked:
        case All(parts) | AnyOf(parts):
            return any(map(_can_be_unknown, parts))
        case Not(part):
            return _can_be_unknown(part)
    return isinstance(asked, Compare | Like)


def _sql(asked: Condition) -> ColumnElement[bool]:
    match asked:
        case All(parts):
            return and_(true(), *map(_sql, parts))
        case AnyOf(parts):
            numbers, others = _numbers(parts)
            return or_(false(), *numbers, *map(_sql, others))
        case Not(part):
            return not_(_sql(part))
        case Certain(part):
            return keeps(part)
        case OneOf(field, values):
            return _one_of(field, values)
        case Speaks(languages):
            return _speaks(languages)
        case Tagged(tag):
            return dialects.has_tag(subscribers.c.tags, literal(tag, String))
        case Received(issues):
            return _received(issues)
        case Reacted():
            return _reacted(asked)
        case Missing(value):
            return _value(value).is_(None)
        case Like(value, pattern):
            return dialects.like(_value(value), literal(pattern, String))
        case Compare(left, sign, right):
            return _compare(left, sign, right)
        case Recent():
            raise ValueError("a span before today has no meaning yet: fix the segment at a moment first")


# ── what is asked ───────────────────────────────────────────────────────────────────────────────────────────────────


def _one_of(field: Field | Attribute, values: tuple[str, ...]) -> ColumnElement[bool]:
    if isinstance(field, Field):
        return subscribers.c[field.name].in_(values)
    if all(_PLAIN.fullmatch(value) for value in values):
        # What reads as a word can only be stored as a text: the kind of the value need not be looked at.
        return func.coalesce(dialects.json_text(subscribers.c.attributes, field.path).in_(values), false())
    return func.coalesce(_value(field), "").in_(values)


def _speaks(languages: tuple[str, ...]) -> ColumnElement[bool]:
    spoken = func.replace(dialects.lower(subscribers.c.language), "_", "-")
    wanted = [one.lower().replace("_", "-") for one in languages]
    regional = [func.substr(spoken, 1, len(one) + 1) == f"{one}-" for one in wanted if one]
    return or_(spoken.in_(wanted), *regional)


def _received(issues: tuple[str, ...]) -> ColumnElement[bool]:
    # Not a join: SQLite would then read the deliveries of all campaigns.
    sent = deliveries.c.campaign_id.in_(select(campaigns.c.id).where(campaigns.c.issue.in_(issues)))
    taken = select(deliveries.c.subscriber_id).where(sent, deliveries.c.state == State.ACCEPTED.value)
    return subscribers.c.id.in_(taken)


def _reacted(asked: Reacted) -> ColumnElement[bool]:
    sent = events.of_issue(asked.issue)
    match asked.reaction:
        case Reaction.OPENED:
            return subscribers.c.id.in_(events.those_who_opened(sent))
        case Reaction.CLICKED:
            return subscribers.c.id.in_(events.those_who_clicked(sent, asked.link))
    # Whose program alone opened it is in neither list: nobody knows about the person.
    answered = events.those_told_of(sent, EventKind.OPEN, EventKind.CLICK)
    return and_(_received((asked.issue,)), subscribers.c.id.not_in(answered))


# ── comparisons ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _compare(left: Value, sign: str, right: Value) -> ColumnElement[bool]:
    kinds = (kind_of(left), kind_of(right))
    if Kind.DAY in kinds:
        if isinstance(left, Field) and isinstance(right, Literal):
            return _compare_moment(left, sign, str(right.value))
        return _SIGNS[sign](_day(left), _day(right))
    if Kind.NUMBER in kinds:
        return _SIGNS[sign](_number(left), _number(right))
    if sign in ("=", "<>"):
        return _SIGNS[sign](_value(left), _value(right))
    as_texts = _SIGNS[sign](dialects.plain(_value(left)), _value(right))
    if any(isinstance(one, Literal) and as_number(str(one.value)) is None for one in (left, right)):
        return as_texts
    numbers = (_number(left), _number(right))
    both = and_(*(number.is_not(None) for number in numbers))
    return case((both, _SIGNS[sign](*numbers)), else_=as_texts)


def _compare_moment(field: Field, sign: str, day: str) -> ColumnElement[bool]:
    """A day of ours against a written one, so that an index on the moment serves."""
    column = subscribers.c[_COLUMN_OF[field.name]]
    written = date.fromisoformat(day)
    begin = datetime(written.year, written.month, written.day, tzinfo=UTC)
    end = begin + timedelta(days=1)
    match sign:
        case "=":
            return and_(column >= begin, column < end)
        case "<>":
            return or_(column < begin, column >= end)
        case "<" | ">=":
            return _SIGNS[sign](column, begin)
    return column < end if sign == "<=" else column >= end


# ── values ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def as_number(text: str) -> float | None:
    """The number a text is, or None."""
    return float(text) if len(text) <= LONGEST_NUMBER and NUMBER.fullmatch(text) else None


def _value(value: Value) -> ColumnElement[Any]:
    """The value as a text, or as the number it is; NULL when it is missing."""
    match value:
        case Field(name) if kind_of(value) is Kind.DAY:
            return dialects.day_of(subscribers.c[_COLUMN_OF[name]])
        case Field(name):
            return func.nullif(subscribers.c[name], "")
        case Attribute(path):
            return func.nullif(dialects.json_value(subscribers.c.attributes, path), "")
        case Literal(written):
            return literal(written, String if isinstance(written, str) else Float)
        case Arithmetic():
            return _sum(value)
        case Call("coalesce", arguments):
            mixed = kind_of(value) is Kind.TEXT and any(kind_of(one) is not Kind.TEXT for one in arguments)
            if mixed:
                raise ValueError("the fallbacks of a coalesce must be of one kind")
            return func.coalesce(*map(_value, arguments))
        case Call("date", (inner,)):
            return _day(inner)
        case Call("length", (inner,)):
            return cast(func.length(_value(inner)), Float)
        case Call("lower", (inner,)):
            return dialects.lower(_value(inner))
        case Call("upper", (inner,)):
            return dialects.upper(_value(inner))
    raise ValueError(f"{value} is no value")


def _number(value: Value) -> ColumnElement[Any]:
    if isinstance(value, Literal):
        number = value.value if not isinstance(value.value, str) else as_number(value.value)
        return cast(null(), Float) if number is None else literal(number, Float)
    found = _value(value)
    return found if kind_of(value) is Kind.NUMBER else dialects.number(found)


def _sum(value: Arithmetic) -> ColumnElement[Any]:
    left, right = _number(value.left), _number(value.right)
    match value.sign:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
    return left / func.nullif(right, literal(0.0, Float))


def _day(value: Value) -> ColumnElement[Any]:
    if isinstance(value, Literal):
        day = DAY.match(str(value.value))
        return literal(day[0], String) if day else cast(null(), String)
    found = _value(value)
    return found if kind_of(value) is Kind.DAY else dialects.day(found)
