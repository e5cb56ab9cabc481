"""Whom a segment picks: the tree that YAML and SQL both become."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from newsletter.model.names import Where


@dataclass(frozen=True, slots=True)
class Field:
    """A value every subscriber has a place for, such as `country`; `joined` is the day they came, in UTC."""

    name: str


@dataclass(frozen=True, slots=True)
class Attribute:
    """A value of the subscriber's own, by its path: `("clinic", "size")`. A list or a mapping is no value."""

    path: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Literal:
    """A text or a number that somebody wrote."""

    value: str | float


@dataclass(frozen=True, slots=True)
class Call:
    """`lower`, `upper` (A to Z only), `length`, `coalesce`, or `date`: the day a text begins with."""

    name: str
    arguments: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """Two numbers and one of `+ - * /`; dividing by zero gives no value."""

    left: Value
    sign: str
    right: Value


Value = Field | Attribute | Literal | Call | Arithmetic
"""What a comparison stands on. An empty text, like an attribute that is not there, is no value."""


class Kind(StrEnum):
    """What a value is compared as."""

    TEXT = "text"
    NUMBER = "number"
    DAY = "day"


DAY_FIELDS = ("joined", "consent_at")
"""The fields that are days."""


def kind_of(value: Value) -> Kind:
    """What the value is: attributes are texts, whatever they read like."""
    if isinstance(value, Field) and value.name in DAY_FIELDS:
        return Kind.DAY
    if isinstance(value, Arithmetic) or (isinstance(value, Literal) and not isinstance(value.value, str)):
        return Kind.NUMBER
    if isinstance(value, Call):
        if value.name == "coalesce":
            kinds = {kind_of(one) for one in value.arguments}
            return kinds.pop() if len(kinds) == 1 else Kind.TEXT
        return {"length": Kind.NUMBER, "date": Kind.DAY}.get(value.name, Kind.TEXT)
    return Kind.TEXT


@dataclass(frozen=True, slots=True)
class All:
    """Every part holds; of no parts, always."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one part holds; of no parts, never."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not hold. Where it is unknown, so is this."""

    part: Condition


@dataclass(frozen=True, slots=True)
class Certain:
    """The part holds for certain: where it is unknown, this does not hold."""

    part: Condition


@dataclass(frozen=True, slots=True)
class OneOf:
    """The text is one of `values`, exactly; an empty one stands for a missing value. Never unknown."""

    field: Field | Attribute
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Speaks:
    """The language is one of these or a regional form of one: `de` takes `de-AT` along. Never unknown."""

    languages: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Tagged:
    """The subscriber carries this tag. Never unknown."""

    tag: str


@dataclass(frozen=True, slots=True)
class Received:
    """A message of one of these issues was accepted for the subscriber. Never unknown."""

    issues: tuple[str, ...]


class Reaction(StrEnum):
    """What a subscriber did with a mail, as events tell; also the key under which a segment asks for it."""

    OPENED = "opened"
    """Opened it, not only their program, or clicked in it."""
    CLICKED = "clicked"
    NOT_OPENED = "not_opened"
    """It was accepted for them, and nothing at all tells of an open or a click."""


@dataclass(frozen=True, slots=True)
class Reacted:
    """The subscriber did that with a mail of the issue. Never unknown, but without any event nobody can answer."""

    reaction: Reaction
    issue: str
    link: str = ""
    """Where they clicked, without what a `?` or `#` adds; empty: anywhere."""
    where: Where | None = field(default=None, compare=False)
    """Where it is asked."""


@dataclass(frozen=True, slots=True)
class Span:
    """A length of time in calendar months and days."""

    months: int
    days: int


@dataclass(frozen=True, slots=True)
class Recent:
    """The day lies at most, or (`older`) more than, a span before today. Today is put in when a send is planned."""

    field: Field | Attribute
    span: Span
    older: bool = False


@dataclass(frozen=True, slots=True)
class Compare:
    """Two values and one of `= <> < <= > >=`. Unknown when either is missing.

    If one is a day, so must the other be; if one is a number, the other is read as one. Two texts are equal when they
    are the same, but are put in order as numbers when both are numbers ('10' > '9'), else by their code points.
    """

    left: Value
    sign: str
    right: Value


@dataclass(frozen=True, slots=True)
class Like:
    """The text has the pattern's shape: `%` any characters, `_` one; A to Z match a to z. Unknown when missing."""

    value: Value
    pattern: str


@dataclass(frozen=True, slots=True)
class Missing:
    """There is no value. Never unknown."""

    value: Value


Condition = (
    All | AnyOf | Not | Certain | OneOf | Speaks | Tagged | Received | Reacted | Recent | Compare | Like | Missing
)
"""What is asked of a subscriber."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of a segment: what it asks, and the key it stands under."""

    condition: Condition
    name: str = ""
    where: Where | None = field(default=None, compare=False)
    """The line of the key; None for a rule that nobody wrote."""


@dataclass(frozen=True, slots=True)
class Segment:
    """Picks the recipients: every rule of `include` holds and none of `exclude` does."""

    include: tuple[Rule, ...] = ()
    exclude: tuple[Rule, ...] = ()
    source: str = ""
    """Only subscribers that this file brought; empty: everyone in the database."""
