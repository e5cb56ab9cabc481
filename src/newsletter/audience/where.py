"""`where:`: a SQL condition that somebody wrote → the same tree of conditions as a segment's keys.

In: one boolean expression over the subscriber's fields and attributes. Out: a condition, made node by node; no word of
the text ever becomes SQL. Whatever is not in the lists below is a problem that quotes the piece: other statements,
subqueries, functions, casts, comments, parameters.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from newsletter.audience.segment_values import lower_code
from newsletter.errors import did_you_mean
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
    Kind,
    Like,
    Literal,
    Missing,
    Not,
    Value,
    kind_of,
)

if TYPE_CHECKING:
    from sqlglot import exp

FIELDS = (
    "address",
    "first_name",
    "last_name",
    "profession",
    "profession_title",
    "country",
    "language",
    "time_zone",
    "joined",
    "consent_at",
)
"""What an expression may name, beside the attributes."""

LONGEST = 4_000
_DEEPEST = 40
_MOST_NODES = 1_000
_MOST_SUMS = 10
_LONGEST_NUMBER = 15
_LONGEST_PATTERN = 100
_SIGNS = {"EQ": "=", "NEQ": "<>", "LT": "<", "LTE": "<=", "GT": ">", "GTE": ">="}
_MIRRORED = {"=": "=", "<>": "<>", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
_SUMS = {"Add": "+", "Sub": "-", "Mul": "*", "Div": "/"}
_FUNCTIONS = {"Lower": "lower", "Upper": "upper", "Length": "length", "Date": "date", "Coalesce": "coalesce"}
_BEYOND_WORDS = {"status": "Only subscribed people are ever mailed, so it has no place here.", "tags": "Use `tags:`."}
_IGNORED_ARGS = {"typed", "safe"}
_ISO_DAY = re.compile(r"\d{4}-\d{2}-\d{2}(?!\d)")
_OTHER_DAY = re.compile(r"\d{1,2}([./-])\d{1,2}\1\d{2,4}|\d{4}([./])\d{1,2}\2\d{1,2}|\d{4}-\d-\d{1,2}|\d{4}-\d{2}-\d")
_KEY = re.compile(r"[\w -]{1,100}")
_ALLOWED = (
    "Allowed are comparisons, AND, OR, NOT, IN, BETWEEN, LIKE, IS NULL, + - * / and the functions lower, upper, "
    "length, coalesce, date."
)


@dataclass(frozen=True, slots=True)
class Names:
    """What bare names may mean: the attributes that the audience's `columns:` bring, and the professions there are."""

    attributes: tuple[str, ...]
    professions: tuple[str, ...]

    def resolve(self, path: tuple[str, ...]) -> Field | Attribute | str:
        """What the name stands for, or in words why it stands for nothing."""
        if path[0] == "attributes" and len(path) > 1:
            bad = next((key for key in path[1:] if not _KEY.fullmatch(key)), None)
            return f"'{_piece(bad)}' cannot be the name of an attribute." if bad else Attribute(path[1:])
        name = ".".join(path)
        if len(path) == 1 and name in self.attributes:
            return Attribute(path)
        if len(path) == 1 and name in FIELDS:
            return Field(name)
        if name in _BEYOND_WORDS:
            return f"'{name}' cannot be asked for in a comparison. {_BEYOND_WORDS[name]}"
        known = (*FIELDS, *self.attributes)
        return (
            f"unknown name '{_piece(name)}'.{did_you_mean(name, known)} Known: {', '.join(dict.fromkeys(known))}, and "
            "`attributes.NAME` for others."
        )


class _Refused(Exception):
    """A piece of the expression that has no place in it, in words."""


def parse_where(text: str, names: Names) -> tuple[Condition, list[str]]:
    """The condition the expression stands for, and everything wrong with it, in words that quote the piece."""
    try:
        tree = _tree(text)
    except _Refused as error:
        return All(()), [str(error)]
    reader = _Reader(names)
    found = reader.condition(tree)
    return Certain(found), reader.problems


def _tree(text: str) -> exp.Expr:
    """The expression parsed; refuses what cannot be one before, and what is too large for a parser to be asked."""
    if not text.strip():
        raise _Refused("is empty. Write a condition, or leave it out.")
    if len(text) > LONGEST:
        raise _Refused(f"is {len(text):,} characters long (`{_piece(text)}`); {LONGEST:,} are allowed.")
    if "\0" in text:
        raise _Refused("holds a NUL character.")
    import sqlglot
    from sqlglot import exp
    from sqlglot.errors import SqlglotError

    try:
        depth = 0
        for token in sqlglot.tokenize(text):
            if token.comments:
                raise _Refused(f"has a comment: `{_piece(token.comments[0])}`. Leave it out, or write it as # in YAML.")
            if token.token_type.name == "SEMICOLON":
                raise _Refused(f"has a semicolon: `{_piece(text[token.start :])}`. One condition is all there is.")
            depth += {"L_PAREN": 1, "R_PAREN": -1}.get(token.token_type.name, 0)
            if depth > _DEEPEST:
                raise _Refused(f"is nested too deeply: `{_piece(text[token.start :])}`.")
        found = sqlglot.parse_one(text, into=exp.Condition)
        if sum(1 for _ in found.walk()) > _MOST_NODES:
            raise _Refused("has too many parts. Use a list under a key of `segment:` instead.")
    except SqlglotError as error:
        raise _Refused(f"is no SQL condition: {_fault(error, text)} {_ALLOWED}") from error
    except RecursionError as error:
        raise _Refused(f"is nested too deeply: `{_piece(text)}`.") from error
    return found


def _fault(error: Exception, text: str) -> str:
    """The piece at which the parser stumbled."""
    details = getattr(error, "errors", None) or [{}]
    before, here, after = (details[-1].get(key) or "" for key in ("start_context", "highlight", "end_context"))
    return f"it goes wrong at `{_piece(before[-20:] + here + after if here else text)}`."


def _piece(text: str) -> str:
    """The start of it on one line, as a message can quote it."""
    line = " ".join(text.split())
    shown = "".join(one if one.isprintable() else "?" for one in line[:60])
    return f"{shown}…" if len(line) > 60 else shown


@dataclass(slots=True)
class _Reader:
    """Goes through the parsed expression and collects what has no place in it."""

    names: Names
    problems: list[str] = field(default_factory=list)

    def condition(self, node: exp.Expr) -> Condition:
        try:
            return self._condition(node)
        except _Refused as error:
            self.problems.append(str(error))
        except RecursionError:
            self.problems.append("is nested too deeply.")
        return All(())

    def _condition(self, node: exp.Expr) -> Condition:
        kind = type(node).__name__
        if kind == "Paren":
            _only(node, "this")
            return self.condition(node.this)
        if kind in ("And", "Or"):
            _only(node, "this", "expression")
            parts = tuple(self.condition(one) for one in node.flatten(unnest=False))
            return All(parts) if kind == "And" else AnyOf(parts)
        if kind == "Not":
            _only(node, "this")
            return Not(self.condition(node.this))
        if kind in _SIGNS:
            _only(node, "this", "expression")
            return self._compared(node.this, _SIGNS[kind], node.expression)
        if kind == "Between":
            _only(node, "this", "low", "high")
            bounds = ((">=", node.args["low"]), ("<=", node.args["high"]))
            return All(tuple(self._compared(node.this, sign, bound) for sign, bound in bounds))
        if kind == "In":
            _only(node, "this", "expressions")
            if not node.expressions:
                raise _Refused(f"has an empty list: `{_quoted(node)}`.")
            return AnyOf(tuple(self._compared(node.this, "=", self._written(one)) for one in node.expressions))
        if kind in ("Like", "ILike"):
            return self._like(node)
        if kind == "Is" and type(node.expression).__name__ == "Null":
            _only(node, "this", "expression")
            return Missing(self._value(node.this))
        if kind in ("Boolean", "Literal"):
            raise _Refused(f"`{_quoted(node)}` alone asks nothing. Compare a name with it, or leave `where:` out.")
        if kind == "Column":
            raise _Refused(f"`{_quoted(node)}` alone is no condition. Compare it, such as `{_quoted(node)} = 'yes'`.")
        raise _Refused(f"cannot hold `{_quoted(node)}`. {_ALLOWED}")

    def _compared(self, left: exp.Expr, sign: str, right: exp.Expr) -> Condition:
        return self._checked(self._value(left), sign, self._value(right))

    def _checked(self, left: Value, sign: str, right: Value) -> Condition:
        if isinstance(left, Literal) and not isinstance(right, Literal):
            left, sign, right = right, _MIRRORED[sign], left
        if {kind_of(left), kind_of(right)} == {Kind.DAY, Kind.NUMBER} and not isinstance(right, Literal):
            raise _Refused("compares a day with a number. Write days as '2026-03-02'.")
        if isinstance(right, Literal):
            if right.value == "" and isinstance(left, Field | Attribute):
                raise _Refused("compares with the empty text ''. Ask for it with IS NULL or IS NOT NULL.")
            if kind_of(left) is Kind.DAY and not _is_day(right.value):
                raise _Refused(f"compares a day with `{_piece(str(right.value))}`. Write days as '2026-03-02'.")
            if isinstance(right.value, str) and kind_of(left) is Kind.TEXT and (wrong := _no_day(right.value, sign)):
                raise _Refused(wrong)
            if sign not in ("=", "<>") and _is_day(right.value) and isinstance(left, Attribute | Call):
                # In the order of days: a text that begins with none is unknown, as in a range.
                return Compare(left if kind_of(left) is not Kind.TEXT else Call("date", (left,)), sign, right)
            if left == Field("country") and (lower := lower_code(str(right.value))):
                raise _Refused(f"compares with the country `{right.value}`. {lower}")
            if left == Field("profession") and sign in ("=", "<>") and right.value not in self.names.professions:
                known = ", ".join(self.names.professions)
                hint = did_you_mean(str(right.value), self.names.professions)
                none = " Those without one are found by `profession IS NULL`."
                raise _Refused(
                    f"names the unknown profession '{_piece(str(right.value))}'.{hint} Known: {known}.{none}"
                )
        return Compare(left, sign, right)

    def _like(self, node: exp.Expr) -> Condition:
        _only(node, "this", "expression", "negate")
        pattern = self._value(node.expression)
        if not isinstance(pattern, Literal) or not isinstance(pattern.value, str):
            raise _Refused(f"needs a text after LIKE: `{_quoted(node)}`.")
        if len(pattern.value) > _LONGEST_PATTERN:
            raise _Refused(f"has a LIKE pattern of more than {_LONGEST_PATTERN} characters: `{_piece(pattern.value)}`.")
        found = Like(self._text(node.this), pattern.value)
        return Not(found) if node.args.get("negate") else found

    def _text(self, node: exp.Expr) -> Value:
        """A value that is no number: what has letters."""
        found = self._value(node)
        if kind_of(found) is Kind.NUMBER:
            raise _Refused(f"needs a text instead of the number `{_quoted(node)}`.")
        return found

    def _written(self, node: exp.Expr) -> exp.Expr:
        """Only what is written out stands in a list."""
        if type(node).__name__ not in ("Literal", "Neg", "Boolean"):
            raise _Refused(f"has `{_quoted(node)}` in a list after IN. Only texts and numbers can stand there.")
        return node

    def _value(self, node: exp.Expr) -> Value:
        found = self._made(node)
        if sum(1 for one in _every(found) if isinstance(one, Arithmetic)) > _MOST_SUMS:
            raise _Refused(f"has more than {_MOST_SUMS} sums in `{_quoted(node)}`.")
        return found

    def _made(self, node: exp.Expr) -> Value:
        kind = type(node).__name__
        if kind == "Literal":
            return _literal(node)
        if kind == "Boolean":
            return Literal("true" if node.this else "false")
        if kind == "Paren":
            _only(node, "this")
            return self._made(node.this)
        if kind == "Neg":
            return self._negative(node)
        if kind in ("Column", "Dot"):
            return self._named(node)
        if kind in _SUMS:
            _only(node, "this", "expression")
            left, right = self._made(node.this), self._made(node.expression)
            if Kind.DAY in (kind_of(left), kind_of(right)):
                raise _Refused(f"cannot count with days: `{_quoted(node)}`. Use `joined: {{within: 90d}}` beside it.")
            return Arithmetic(left, _SUMS[kind], right)
        if kind in _FUNCTIONS:
            return self._call(node, _FUNCTIONS[kind])
        if kind == "Null":
            raise _Refused("compares with NULL, which never holds. Use IS NULL or IS NOT NULL.")
        raise _Refused(f"cannot hold `{_quoted(node)}`. {_ALLOWED}")

    def _negative(self, node: exp.Expr) -> Value:
        inner = self._made(node.this)
        if isinstance(inner, Literal) and not isinstance(inner.value, str):
            return Literal(-inner.value)
        return Arithmetic(Literal(0.0), "-", inner)

    def _named(self, node: exp.Expr) -> Value:
        path = _path(node)
        meant = self.names.resolve(path)
        if not isinstance(meant, str):
            return meant
        quoted = len(path) == 1 and '"' in _quoted(node)
        advice = f" A text stands in single quotes: '{_piece(path[0])}'." if quoted else ""
        raise _Refused(meant + advice)

    def _call(self, node: exp.Expr, name: str) -> Value:
        _only(node, "this", *(["expressions"] if name == "coalesce" else []))
        nodes = [node.this, *(node.expressions if name == "coalesce" else [])]
        read = self._made if name == "coalesce" else self._text
        arguments = tuple(read(one) for one in nodes if one is not None)
        if not arguments or (name == "coalesce" and len(arguments) < 2):
            raise _Refused(f"has too few values in `{_quoted(node)}`.")
        if name == "date" and isinstance(arguments[0], Literal) and not _is_day(str(arguments[0].value)[:10]):
            raise _Refused(f"has no day in `{_quoted(node)}`. Write days as '2026-03-02'.")
        if name == "coalesce" and len({kind_of(one) for one in arguments}) > 1:
            raise _Refused(
                f"mixes texts, numbers and days in `{_quoted(node)}`. Attributes are texts: write a fallback number as "
                "'0', in quotes."
            )
        return Call(name, arguments)


def _literal(node: exp.Expr) -> Literal:
    if node.args.get("is_string"):
        return Literal(str(node.this))
    written = str(node.this)
    if len(written) > _LONGEST_NUMBER or not re.fullmatch(r"[0-9]+\.?[0-9]*|\.[0-9]+", written):
        raise _Refused(f"holds the number `{_piece(written)}`. Write numbers as 10 or 2.5, with 15 digits at most.")
    return Literal(float(written))


def _path(node: exp.Expr) -> tuple[str, ...]:
    if type(node).__name__ == "Dot":
        if type(node.expression).__name__ != "Identifier":
            raise _Refused(f"cannot hold `{_quoted(node)}`. {_ALLOWED}")
        return (*_path(node.this), str(node.expression.name))
    parts = getattr(node, "parts", None)
    if type(node).__name__ != "Column" or not parts or any(type(one).__name__ != "Identifier" for one in parts):
        raise _Refused(f"cannot hold `{_quoted(node)}`. {_ALLOWED}")
    _only(node, "this", "table", "db", "catalog")
    return tuple(str(one.name) for one in parts)


def _only(node: exp.Expr, *known: str) -> None:
    """Refuses a node that says more than we read: nothing is passed over."""
    more = [name for name, value in node.args.items() if value and name not in (*known, *_IGNORED_ARGS)]
    if more:
        raise _Refused(f"cannot hold `{_quoted(node)}`. {_ALLOWED}")


def _quoted(node: exp.Expr) -> str:
    try:
        return _piece(node.sql())
    except (RecursionError, ValueError, TypeError):
        return type(node).__name__


def _is_day(written: str | float) -> bool:
    try:
        return 1900 <= date.fromisoformat(str(written)).year <= 2200 and len(str(written)) == 10
    except ValueError:
        return False


def _no_day(written: str, sign: str) -> str:
    """Why a text beside an attribute can only be a day written wrong; empty when it is none, or right."""
    if _ISO_DAY.match(written) and not _is_day(written[:10]):
        return f"compares with the day `{_piece(written)}`, which no calendar has. Write days as '2026-03-02'."
    if sign in ("=", "<>") or not _OTHER_DAY.fullmatch(written):
        return ""
    return (
        f"puts texts in the order of their letters with `{_piece(written)}`, which is not the order of days. Write "
        "days as '2026-03-02', here and in the file."
    )


def _every(value: Value) -> Iterable[Value]:
    yield value
    inner: dict[type, Callable[[], tuple[Value, ...]]] = {
        Arithmetic: lambda: (value.left, value.right),  # type: ignore[union-attr]
        Call: lambda: value.arguments,  # type: ignore[union-attr]
    }
    for one in inner.get(type(value), tuple)():
        yield from _every(one)
