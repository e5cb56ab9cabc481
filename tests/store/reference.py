"""What a condition means, in plain Python: the judge of what the databases answer."""

from __future__ import annotations

import operator
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from newsletter.model import (
    All,
    AnyOf,
    Arithmetic,
    Attribute,
    Call,
    Certain,
    Compare,
    Condition,
    Field,
    Like,
    Literal,
    Missing,
    Not,
    OneOf,
    Speaks,
    Tagged,
    Value,
)

Found = str | float | None
_SIGNS = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_UPPER = str.maketrans("abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ")
_LOWER = {new: old for old, new in _UPPER.items()}


@dataclass(frozen=True)
class Person:
    """One subscriber, as far as conditions see."""

    joined: datetime
    fields: Mapping[str, str] = field(default_factory=dict)
    attributes: Mapping[str, object] = field(default_factory=dict)
    tags: Sequence[str] = ()
    consent_at: datetime | None = None


def meets(asked: Condition, person: Person) -> bool | None:
    """Whether it holds of the person; None when that is unknown."""
    match asked:
        case All(parts):
            found = [meets(part, person) for part in parts]
            return False if False in found else None if None in found else True
        case AnyOf(parts):
            found = [meets(part, person) for part in parts]
            return True if True in found else None if None in found else False
        case Not(part):
            inner = meets(part, person)
            return None if inner is None else not inner
        case Certain(part):
            return bool(meets(part, person))
        case OneOf(subject, values):
            return (value_of(subject, person) or "") in values
        case Speaks(languages):
            spoken = person.fields.get("language", "").translate(_LOWER).replace("_", "-")
            wanted = [one.lower().replace("_", "-") for one in languages]
            return any(spoken == one or (one and spoken.startswith(one + "-")) for one in wanted)
        case Tagged(tag):
            return tag in person.tags
        case Missing(value):
            return value_of(value, person) is None
        case Like(value, pattern):
            text = value_of(value, person)
            shape = "".join({"%": ".*", "_": "."}.get(one, re.escape(one)) for one in pattern.translate(_LOWER))
            return None if text is None else bool(re.fullmatch(shape, str(text).translate(_LOWER), re.DOTALL))
        case Compare(left, sign, right):
            return _compared(left, sign, right, person)
    raise AssertionError(asked)


def _compared(left: Value, sign: str, right: Value, person: Person) -> bool | None:
    a, b = value_of(left, person), value_of(right, person)
    numeric = any(isinstance(one, float) for one in (a, b)) or _is_number(left) or _is_number(right)
    if _is_day(left) or _is_day(right):
        a, b = _day(a), _day(b)
    elif numeric or (sign not in ("=", "<>") and None not in (_number(a), _number(b))):
        a, b = _number(a), _number(b)
    if a is None or b is None:
        return None
    return bool(_SIGNS[sign](a, b))


def value_of(value: Value, person: Person) -> Found:
    """The value of this person: a text, a number, or None when it is missing."""
    match value:
        case Field("joined"):
            return f"{person.joined:%Y-%m-%d}"
        case Field("consent_at"):
            return f"{person.consent_at:%Y-%m-%d}" if person.consent_at else None
        case Field(name):
            return person.fields.get(name) or None
        case Attribute(path):
            return _attribute(person.attributes, path)
        case Literal(written):
            return written
        case Arithmetic(left, sign, right):
            a, b = _number(value_of(left, person)), _number(value_of(right, person))
            if a is None or b is None or (sign == "/" and b == 0):
                return None
            return {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv}[sign](a, b)
        case Call("coalesce", arguments):
            return next((found for one in arguments if (found := value_of(one, person)) is not None), None)
        case Call(name, (inner,)):
            text = value_of(inner, person)
            if text is None:
                return None
            assert isinstance(text, str)
            if name == "length":
                return float(len(text))
            return _day(text) if name == "date" else text.translate(_LOWER if name == "lower" else _UPPER)
    raise AssertionError(value)


def _attribute(attributes: object, path: tuple[str, ...]) -> str | None:
    for key in path:
        attributes = attributes.get(key) if isinstance(attributes, Mapping) else None
    if isinstance(attributes, bool):
        return "true" if attributes else "false"
    return str(attributes) if isinstance(attributes, str | int | float) and attributes != "" else None


def _is_day(value: Value) -> bool:
    if isinstance(value, Call) and value.name == "coalesce":
        return all(map(_is_day, value.arguments))
    return value in (Field("joined"), Field("consent_at")) or (isinstance(value, Call) and value.name == "date")


def _is_number(value: Value) -> bool:
    if isinstance(value, Call) and value.name == "coalesce":
        return all(map(_is_number, value.arguments))
    return isinstance(value, Arithmetic) or (isinstance(value, Call) and value.name == "length")


def _day(found: Found) -> str | None:
    shape = re.match(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", found) if isinstance(found, str) else None
    return shape[0] if shape else None


def _number(found: Found) -> float | None:
    if not isinstance(found, str):
        return found
    return float(found) if len(found) <= 15 and re.fullmatch(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)", found) else None
