"""The keys under `segment:` and `exclude:` → a tree of conditions.

In: the part of an audience's file that holds them. Out: a rule for each key, and every problem with its line. Spans
before today stay open until `fixed` puts a moment in, so that a plan and what is frozen from it mean the same day.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from math import isfinite

from newsletter.audience.segment_values import bare_day, is_number, lower_code, not_a_text, span, written_day
from newsletter.audience.where import FIELDS, Names, parse_where
from newsletter.errors import Problem, did_you_mean
from newsletter.files import Document
from newsletter.model import (
    DAY_FIELDS,
    UNMATCHED,
    All,
    AnyOf,
    Attribute,
    Call,
    Certain,
    Compare,
    Condition,
    Field,
    Literal,
    Missing,
    Not,
    OneOf,
    Professions,
    Reacted,
    Reaction,
    Received,
    Recent,
    Rule,
    Segment,
    Span,
    Speaks,
    Tagged,
    Value,
)

_REACTIONS = {one.value: one for one in Reaction}
_OWN_KEYS = ("any", "all", "not", "where", "tags", "received", *_REACTIONS, "status")
_SIGNS = {"from": ">=", "min": ">=", "to": "<=", "max": "<=", "after": ">", "before": "<"}
_RANGE_KEYS = (*_SIGNS, "within", "older")
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}([-_][A-Za-z0-9]{1,8})*|")
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s\x00-\x1f]+\Z")
_MOST_VALUES = 10_000
_MOST_CONDITIONS = 300
_DEEPEST = 12


@dataclass(frozen=True, slots=True)
class Known:
    """What a segment may name."""

    professions: Professions
    attributes: tuple[str, ...]
    issues: tuple[str, ...]


def read_rules(document: Document, part: str, known: Known) -> tuple[tuple[Rule, ...], list[Problem]]:
    """The rules under the key `part` of the document, one for each of its keys, and what is wrong with them."""
    data = document.data.get(part) if isinstance(document.data, dict) else None
    if data is None:
        return (), []
    reader = _Reader(document, part, known)
    rules = tuple(Rule(asked, key, document.where(part, key)) for key, asked in reader.mapping(data, (part,)))
    if not reader.problems and reader.conditions > _MOST_CONDITIONS:
        reader.say((part,), f"has {reader.conditions} conditions; {_MOST_CONDITIONS} are allowed. Use lists of values.")
    return rules, reader.problems


def fixed(segment: Segment, now: datetime) -> Segment:
    """The segment as it reads at this moment: every span before today is a span of days."""
    today = now.astimezone(UTC).date()
    return replace(
        segment,
        include=tuple(replace(rule, condition=_fixed(rule.condition, today)) for rule in segment.include),
        exclude=tuple(replace(rule, condition=_fixed(rule.condition, today)) for rule in segment.exclude),
    )


def possible_professions(include: Sequence[Rule], exclude: Sequence[Rule], professions: Professions) -> tuple[str, ...]:
    """The professions whose people can be among the recipients, in the order of the taxonomy.

    Told from the rules alone: one is left out only where the rules exclude it for certain.
    """
    return tuple(
        key
        for key in professions.by_key
        if all(_of_profession(rule.condition, key) is not False for rule in include)
        and all(_of_profession(rule.condition, key) is not True for rule in exclude)
    )


def _of_profession(asked: Condition, key: str) -> bool | None:
    """Whether the condition holds for everybody (True) or nobody (False) of the profession; None: it depends."""
    match asked:
        case All(parts):
            found = [_of_profession(one, key) for one in parts]
            return False if False in found else None if None in found else True
        case AnyOf(parts):
            found = [_of_profession(one, key) for one in parts]
            return True if True in found else None if None in found else False
        case Not(part):
            inner = _of_profession(part, key)
            return None if inner is None else not inner
        case Certain(part):
            return _of_profession(part, key)
        case OneOf(Field("profession"), values):
            return key in values
        case Missing(Field("profession")):
            return False
        case Compare(Field("profession"), "=" | "<>" as sign, Literal(written)):
            return (written == key) == (sign == "=")
    return None


def _fixed(asked: Condition, today: date) -> Condition:
    match asked:
        case All(parts):
            return All(tuple(_fixed(one, today) for one in parts))
        case AnyOf(parts):
            return AnyOf(tuple(_fixed(one, today) for one in parts))
        case Not(part):
            return Not(_fixed(part, today))
        case Certain(part):
            return Certain(_fixed(part, today))
        case Recent(subject, span, older):
            first = Literal(_before(today, span).isoformat())
            if older:
                return Compare(_day(subject), "<", first)
            last = Literal(today.isoformat())
            return All((Compare(_day(subject), ">=", first), Compare(_day(subject), "<=", last)))
    return asked


def _before(today: date, span: Span) -> date:
    """Months back first (the 31st becomes the last day of a shorter month), then days."""
    months = today.year * 12 + today.month - 1 - span.months
    year, month = months // 12, months % 12 + 1
    day = min(today.day, calendar.monthrange(year, month)[1])
    return date(year, month, day) - timedelta(days=span.days)


def _day(subject: Field | Attribute) -> Value:
    return subject if isinstance(subject, Field) and subject.name in DAY_FIELDS else Call("date", (subject,))


# ── reading ─────────────────────────────────────────────────────────────────────────────────────────────────────────

_Loc = tuple[str | int, ...]


@dataclass(slots=True)
class _Reader:
    """Reads mappings of conditions, and collects what is wrong with them."""

    document: Document
    part: str
    known: Known
    problems: list[Problem] = field(default_factory=list)
    conditions: int = 0

    def say(self, loc: _Loc, message: str) -> Condition:
        """Note a problem at the key; what stands in the place of the condition asks nothing."""
        key = ".".join(str(one) for one in loc if isinstance(one, str))
        self.problems.append(Problem(self.document.where(*loc), f"'{key}' {message}"))
        return All(())

    def mapping(self, data: object, loc: _Loc) -> list[tuple[str, Condition]]:
        """Each key's condition; nothing when it is no mapping."""
        if not isinstance(data, dict):
            self.say(loc, "must be `key: value` lines, such as `country: [US, CA]`.")
            return []
        if len(loc) > _DEEPEST:
            self.say(loc, "is nested too deeply.")
            return []
        return [(str(key), self.entry(str(key), value, (*loc, str(key)))) for key, value in data.items()]

    def entry(self, key: str, value: object, loc: _Loc) -> Condition:
        self.conditions += 1
        if key in ("any", "all", "not"):
            return self._joined(key, value, loc)
        if key == "where":
            return self._where(value, loc)
        if key in _REACTIONS:
            return self._reacted(_REACTIONS[key], value, loc)
        if key == "status":
            if self._texts(value, loc, quiet=True) == ("subscribed",):
                return All(())
            return self.say(loc, "can only be subscribed: nobody else is ever mailed. Leave it out.")
        if key == "tags":
            return self._tags(value, loc)
        if key == "received":
            return self._received(value, loc)
        return self._field(key, value, loc)

    def _joined(self, key: str, value: object, loc: _Loc) -> Condition:
        before = len(self.problems)
        if isinstance(value, list):
            groups = [self.mapping(one, (*loc, place)) for place, one in enumerate(value)]
            parts: tuple[Condition, ...] = tuple(All(tuple(asked for _, asked in group)) for group in groups)
        else:
            parts = tuple(asked for _, asked in self.mapping(value, loc))
        if not parts and len(self.problems) == before:
            return self.say(loc, "is empty. Put conditions under it, or leave it out.")
        if key == "not":
            return Not(Certain(AnyOf(parts) if isinstance(value, list) else All(parts)))
        return AnyOf(parts) if key == "any" else All(parts)

    def _where(self, value: object, loc: _Loc) -> Condition:
        if not isinstance(value, str):
            return self.say(loc, 'must be a SQL condition in quotes, such as "points > 10".')
        names = Names(self.known.attributes, tuple(self.known.professions.by_key))
        asked, wrong = parse_where(value, names)
        self.conditions += value.upper().count(" AND ") + value.upper().count(" OR ") + value.count(",")
        for message in wrong:
            self.say(loc, message)
        return asked

    def _received(self, value: object, loc: _Loc) -> Condition:
        return Received(self._issues(value, loc))

    def _issues(self, value: object, loc: _Loc) -> tuple[str, ...]:
        wanted = self._texts(value, loc)
        for one in wanted:
            if one not in self.known.issues:
                self.say(loc, f"names the unknown issue '{one}'.{did_you_mean(one, self.known.issues)}")
        return wanted

    def _reacted(self, reaction: Reaction, value: object, loc: _Loc) -> Condition:
        parts: list[Condition] = []
        for place, one in enumerate(value) if isinstance(value, list) else [(None, value)]:
            at = loc if place is None else (*loc, place)
            link = ""
            if reaction is Reaction.CLICKED and isinstance(one, dict):
                link = self._link(one, at)
                one = one.get("issue")
            parts += [Reacted(reaction, issue, link, self.document.where(*at)) for issue in self._issues(one, at)]
        if not parts and isinstance(value, list) and not value:
            self._texts(value, loc)
        return parts[0] if len(parts) == 1 else AnyOf(tuple(parts))

    def _link(self, given: dict[str, object], loc: _Loc) -> str:
        for key in given:
            if key not in ("issue", "link"):
                self.say((*loc, key), f"is unknown.{did_you_mean(key, ('issue', 'link'))} Known: issue, link.")
        link = given.get("link", "")
        if "link" in given and not (isinstance(link, str) and _ADDRESS.match(link)):
            self.say((*loc, "link"), "must be the address of a link in the mail, such as https://example.org/offer.")
        return link if isinstance(link, str) else ""

    def _tags(self, value: object, loc: _Loc) -> Condition:
        if not isinstance(value, dict):
            return AnyOf(tuple(map(Tagged, self._texts(value, loc))))
        parts: list[Condition] = []
        for key, given in value.items():
            if key not in ("any", "all", "none"):
                self.say((*loc, key), f"is unknown.{did_you_mean(key, ('any', 'all', 'none'))} Known: any, all, none.")
                continue
            tagged = tuple(map(Tagged, self._texts(given, (*loc, key))))
            parts.append(All(tagged) if key == "all" else AnyOf(tagged) if key == "any" else Not(AnyOf(tagged)))
        return All(tuple(parts)) if value else self.say(loc, "is empty. Known: any, all, none.")

    def _field(self, key: str, value: object, loc: _Loc) -> Condition:
        subject = Names(self.known.attributes, ()).resolve(tuple(key.split(".")))
        if isinstance(subject, str):
            known = tuple(dict.fromkeys((*FIELDS, *self.known.attributes, "attributes.NAME", *_OWN_KEYS)))
            hint = did_you_mean(key, known)
            message = f"unknown field '{key}' in {self.part}.{hint} Known: {', '.join(known)}."
            self.problems.append(Problem(self.document.where(*loc), message))
            return All(())
        if isinstance(value, dict):
            return self._range(subject, value, loc)
        if subject == Field("profession"):
            return self._profession(value, loc)
        if subject == Field("language"):
            return self._language(value, loc)
        if isinstance(subject, Field) and subject.name in DAY_FIELDS:
            return self.say(loc, "is a day. Ask for {from: 2026-01-01, to: 2026-03-31} or {within: 90d}.")
        if isinstance(subject, Attribute):
            return self._attribute(subject, value, loc)
        wanted = self._texts(value, loc)
        if subject == Field("country"):
            for one in wanted:
                if lower := lower_code(one):
                    self.say(loc, f"holds '{one}'. {lower}")
        return OneOf(subject, wanted)

    def _attribute(self, subject: Attribute, value: object, loc: _Loc) -> Condition:
        """A number asks for the number and a day for the day, however they are written on in the file; a text letter by
        letter."""
        listed = value if isinstance(value, list) else [value]
        if any(isinstance(one, float) and not isfinite(one) for one in listed):
            return self.say(loc, "must be a number that is written out: nobody's is infinite, or none.")
        exact: list[Condition] = [Compare(subject, "=", Literal(float(one))) for one in listed if is_number(one)]
        exact += [Compare(_day(subject), "=", Literal(day)) for one in listed if (day := bare_day(one)) is not None]
        if not exact:
            return OneOf(subject, self._texts(value, loc))
        self._bound_length(listed, loc)
        others = [one for one in listed if not is_number(one) and bare_day(one) is None]
        asked = Certain(AnyOf(tuple(exact)) if len(exact) > 1 else exact[0])
        return AnyOf((OneOf(subject, self._texts(others, loc)), asked)) if others else asked

    def _profession(self, value: object, loc: _Loc) -> Condition:
        keys: list[str] = []
        professions = self.known.professions
        for one in self._texts(value, loc):
            if one == UNMATCHED:
                keys.append("")
            elif one in professions.by_key:
                keys += professions.narrower(one)
            else:
                known = ", ".join((*professions.by_key, UNMATCHED))
                message = f"unknown profession '{one}'.{did_you_mean(one, professions.by_key)} Known: {known}."
                self.problems.append(Problem(self.document.where(*loc), message))
        return OneOf(Field("profession"), tuple(dict.fromkeys(keys)))

    def _language(self, value: object, loc: _Loc) -> Condition:
        wanted = self._texts(value, loc)
        for one in wanted:
            if not _LANGUAGE.fullmatch(one):
                self.say(loc, f"holds '{one[:40]}', which is no language. Write it as de or de-AT.")
        return Speaks(wanted)

    # ── ranges ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def _range(self, subject: Field | Attribute, given: dict[str, object], loc: _Loc) -> Condition:
        found = [self._bound(subject, key, value, (*loc, key)) for key, value in given.items()]
        parts = [one for one in found if one is not None]
        if not given:
            return self.say(loc, f"is empty. Known: {', '.join(_RANGE_KEYS)}.")
        compared = [one for one in parts if isinstance(one, Compare) and isinstance(one.right, Literal)]
        if len({type(one.right.value) for one in compared if isinstance(one.right, Literal)}) > 1:
            return self.say(loc, "mixes numbers and days.")
        low = [one.right.value for one in compared if one.sign[0] == ">" and isinstance(one.right, Literal)]
        high = [one.right.value for one in compared if one.sign[0] == "<" and isinstance(one.right, Literal)]
        if any(a > b for a in low for b in high):  # type: ignore[operator]  # of one type, as seen above
            return self.say(loc, "ends before it begins, so nobody is in it.")
        return All(tuple(parts))

    def _bound(self, subject: Field | Attribute, key: str, value: object, loc: _Loc) -> Condition | None:
        is_day = isinstance(subject, Field) and subject.name in DAY_FIELDS
        if isinstance(subject, Field) and not is_day:
            self.say(loc[:-1], "is a text and has no range. Give one value or a list.")
        elif key not in _RANGE_KEYS:
            self.say(loc, f"is unknown.{did_you_mean(key, _RANGE_KEYS)} Known: {', '.join(_RANGE_KEYS)}.")
        elif key in ("within", "older"):
            if (length := span(value)) is not None:
                return Recent(subject, length, key == "older")
            self.say(loc, "must be a span such as 90d, 12w, 6m or 2y (at most 100 years).")
        elif (day := written_day(value)) is not None:
            return Compare(_day(subject), _SIGNS[key], Literal(day))
        elif isinstance(value, int | float) and not isinstance(value, bool) and not is_day:
            if abs(value) < 1e15:  # also refuses .nan and .inf
                return Compare(subject, _SIGNS[key], Literal(float(value)))
            self.say(loc, "must be a number of 15 digits at most.")
        else:
            self.say(loc, f"must be a day such as 2026-03-02{'' if is_day else ' or a number'}.")
        return None

    def _texts(self, value: object, loc: _Loc, quiet: bool = False) -> tuple[str, ...]:
        """One value or a list of them as texts."""
        wanted = value if isinstance(value, list) else [value]
        found: list[str] = []
        for one in wanted:
            wrong = not_a_text(one)
            if wrong and not quiet:
                self.say(loc, wrong)
            elif not wrong:
                found.append(str(one))
        if not quiet and not wanted:
            self.say(loc, "is an empty list, so nobody is in it. Leave the key out to ask nothing.")
        self._bound_length(wanted, loc)
        return tuple(dict.fromkeys(found))

    def _bound_length(self, wanted: Sequence[object], loc: _Loc) -> None:
        if len(wanted) > _MOST_VALUES:
            self.say(loc, f"lists {len(wanted):,} values; {_MOST_VALUES:,} are allowed. Tag these people instead.")
