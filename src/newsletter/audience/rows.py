"""A record of a subscriber file → a row for the database, or the reason it is rejected.

Text is brought onto one line, invisible characters are removed, and nothing is guessed: a country, language or time
zone becomes its code only where the name means one thing. A name with a line break and a header after it is an attack
on the mail's headers, and rejects the row.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from newsletter.audience.addresses import InvalidAddress, is_simple, parse_address
from newsletter.audience.columns import CONSENT_ELSE, FIELDS, MORE_ATTRIBUTES, WHOLE_NAME, Columns
from newsletter.audience.professions import normalised
from newsletter.model import SubscriberStatus
from newsletter.store.imports import StagedRow, as_stored
from newsletter.store.subscribers import STRENGTH

LONGEST = 500
"""Characters in a value; a row with a longer one is rejected."""
LONGEST_ATTRIBUTE = 5_000

_MOST_TAGS = 50
_MOST_ATTRIBUTES = 20_000
_KEPT_VALUES = 20_000
_DEEPEST = 8
_FIRST_YEAR = 1990
_STATUSES = {
    **dict.fromkeys(("", "subscribed", "active", "enabled", "confirmed"), SubscriberStatus.SUBSCRIBED),
    **dict.fromkeys(("unsubscribed", "opted out", "opt out", "removed"), SubscriberStatus.UNSUBSCRIBED),
    **dict.fromkeys(("blocklisted", "blacklisted", "disabled", "archived"), SubscriberStatus.UNSUBSCRIBED),
    **dict.fromkeys(("bounced", "cleaned", "invalid", "hard bounce"), SubscriberStatus.BOUNCED),
    **dict.fromkeys(("complained", "complaint", "spam", "abuse"), SubscriberStatus.COMPLAINED),
    **dict.fromkeys(("pending", "unconfirmed", "non subscribed", "nonsubscribed"), SubscriberStatus.PENDING),
}
_YES = ("true", "1", "yes", "y", "x", "on", "ja", "oui", "si", "wahr", "vrai")
_NO = ("false", "0", "no", "n", "off", "nein", "non", "falsch", "faux")
_LEFT = {one.value for one in (SubscriberStatus.UNSUBSCRIBED, SubscriberStatus.BOUNCED, SubscriberStatus.COMPLAINED)}
# A line break and then what reads as a header: RFC 5322 §2.2.
_SMUGGLED = re.compile("[\n\r\v\f\x85\u2028\u2029]\\s*[A-Za-z][A-Za-z-]*\\s*:")
# Joiners spell words in Persian, Hindi and more; beside letters of ASCII they only hide.
_JOINER = re.compile("(?<=[^\x00-\x7f])[\u200c\u200d](?=[^\x00-\x7f])")
_DAY_FIRST = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})(?:,? (\d{1,2}):(\d{2})(?::(\d{2}))?)?")
# What programs write for no time at all.
_NOTHING = re.compile(r"[-0:./ T]+Z?|null|none|nil|nan|nat|never|n/?a|\\N", re.I)
_OFTEN = ("address", "first_name", "last_name", "profession", "country", "language", "time_zone", "status", "tags")
_HEADER_FIELDS = ("first_name", "last_name", WHOLE_NAME, "profession", "country", "language")


class RowRejected(Exception):
    """Why a record cannot become a subscriber, in words without anything personal."""


class RowReader:
    """Makes rows of the records of one file, and remembers what it found odd."""

    def __init__(self, columns: Columns, width: int, now: datetime, profession_of: Callable[[str], str]) -> None:
        self._columns = columns
        self._width = width
        self._profession_of = profession_of
        self._professions: dict[str, str] = {}
        self._latest = now + timedelta(days=1)
        self._known: dict[str, dict[str, str]] = {name: {"": ""} for name in (*FIELDS, WHOLE_NAME) if name != "status"}
        self._known["status"] = {}
        self._places = {
            name: columns.places.get(name, -1) for name in (*FIELDS, WHOLE_NAME, MORE_ATTRIBUTES, CONSENT_ELSE)
        }
        self._attributes = {name: place for name, place in columns.places.items() if name not in self._places}
        self._left_by = tuple(columns.left_by.items())
        self._often = tuple(self._places[name] for name in _OFTEN)
        self._rare = bool(set(columns.places) - set(_OFTEN))
        self._line = self._noted = 0
        self.oddities: dict[str, tuple[int, int]] = {}
        """What was changed or left out → how often, and the first line."""

    def row(self, line: int, cells: Sequence[str]) -> StagedRow:
        """The row; raises `RowRejected` or `InvalidAddress`."""
        self._line = line
        if len(cells) != self._width:
            cells = [*cells[: self._width], *[""] * (self._width - len(cells))]
        # One empty cell at the end: where the columns that the file lacks find their value, at place -1.
        cells = [*cells, ""]
        address, first, last, profession, country, language, zone, status, tags = self._often
        text = cells[address]
        if is_simple(text):
            mailed = key = text
        else:
            parsed = parse_address(text)
            mailed, key = parsed.mailed, parsed.key
        title = self._value("profession", cells[profession])
        first_name = self._value("first_name", cells[first])
        last_name = self._value("last_name", cells[last])
        if self._rare:
            if whole := cells[self._places[WHOLE_NAME]]:
                first_name, _, last_name = self._value(WHOLE_NAME, whole).partition(" ")
            more, consent = self._more(cells), self._consent(cells)
        else:
            more, consent = "{}", (None, "", "", "")
        return StagedRow(
            mailed,
            key,
            first_name,
            last_name,
            title,
            self._profession(title) if title else "",
            self._value("country", cells[country]),
            self._value("language", cells[language]),
            self._value("time_zone", cells[zone]),
            self._left(cells) or self._status(cells[status], consent[0]),
            self._tags(cells[tags]),
            more,
            *consent,
        )

    def leaving(self, line: int, cells: Sequence[str]) -> StagedRow | None:
        """The address and the status alone of a record that was rejected, when it says that its person left: that is
        never lost for the sake of a title that is too long."""
        self._line = line
        cells = [*cells, *[""] * self._width]
        try:
            address = parse_address(cells[self._places["address"]])
            status = self._left(cells) or self._status(cells[self._places["status"]], None)
        except (RowRejected, InvalidAddress):
            return None
        if status not in _LEFT:
            return None
        self._note("rows that cannot be taken but for their address and that their person left")
        return StagedRow(address.mailed, address.key, "", "", "", "", "", "", "", status, "[]", "{}", None, "", "", "")

    def _profession(self, title: str) -> str:
        found = self._professions.get(title)
        if found is None:
            found = self._profession_of(title)
            if len(self._professions) < _KEPT_VALUES:
                self._professions[title] = found
        return found

    def _value(self, name: str, text: str) -> str:
        """The value of a field; what was worked out once is remembered, because most values come again."""
        if not text:
            return ""
        known = self._known[name]
        found = known.get(text)
        if found is None:
            before = self._noted
            found = self._worked_out(name, text)
            if len(known) < _KEPT_VALUES and before == self._noted:
                known[text] = found
        return found

    def _worked_out(self, name: str, text: str) -> str:
        value = self._clean(name, text)
        if not value or name not in ("country", "language", "time_zone"):
            return value
        from newsletter.audience import places

        if name == "time_zone":
            if not (zone := places.time_zone_name(value)):
                self._note("time zones left out because they are no names such as Europe/Berlin")
            return zone
        return places.country_code(value) if name == "country" else places.language_code(value)

    def _clean(self, name: str, text: str, longest: int = LONGEST) -> str:
        """The value on one line, spaces folded, without what cannot be seen."""
        if len(text) <= longest and text.isprintable() and "  " not in text and text[:1] != " " and text[-1:] != " ":
            return text
        value = " ".join(text.split())
        if len(value) > longest:
            raise RowRejected(f"'{name}' is longer than {longest:,} characters")
        if name in _HEADER_FIELDS and _SMUGGLED.search(text):
            raise RowRejected(f"'{name}' holds a line break and a mail header after it")
        if not value.isprintable():
            kept = {found.start() for found in _JOINER.finditer(value)}
            seen = "".join(one for place, one in enumerate(value) if one.isprintable() or place in kept)
            if seen != value:
                self._note("cells with invisible characters, which were removed")
            value = " ".join(seen.split())
        return value

    def _status(self, text: str, consent_at: str | None) -> str:
        if self._columns.status is not None:
            asks = self._columns.asks_consent and not consent_at
            return (SubscriberStatus.PENDING if asks else self._columns.status).value
        if not text and self._columns.agrees is not True:
            return SubscriberStatus.SUBSCRIBED.value
        known = self._known["status"]
        if (found := known.get(text)) is None:
            found = known[text] = self._worked_out_status(text).value
        return found

    def _left(self, cells: Sequence[str]) -> str:
        """The status that a filled cell such as the time of an unsubscription gives; empty when there is none."""
        found = [
            status
            for place, status in self._left_by
            if (cell := cells[place].strip()) and not _NOTHING.fullmatch(cell) and normalised(cell) not in _NO
        ]
        if not found:
            return ""
        given = self._columns.places.get("status")
        if given is not None:
            # What mails less still wins: somebody who complained did not just unsubscribe.
            with suppress(RowRejected):
                found.append(SubscriberStatus(self._status(cells[given], None)))
        return max(found, key=STRENGTH.__getitem__).value

    def _worked_out_status(self, text: str) -> SubscriberStatus:
        """What a status means; yes and no mean something only under a heading that is a question of yes or no."""
        word = normalised(text)
        agrees = self._columns.agrees
        if not text.strip() and agrees:
            return SubscriberStatus.PENDING  # nothing shows that they agreed
        if agrees is not None and word in (*_YES, *_NO):
            return SubscriberStatus.SUBSCRIBED if (word in _YES) is agrees else SubscriberStatus.UNSUBSCRIBED
        status = _STATUSES.get(word) if word or not text.strip() else None
        if status is not None:
            return status
        shown = self._clean("status", text, 60)
        if word in (*_YES, *_NO):
            raise RowRejected(
                f"status '{shown}' says yes or no, but not to what: call the column Subscribed or Unsubscribed, or "
                "write subscribed or unsubscribed"
            )
        raise RowRejected(f"unknown status '{shown}'")

    def _tags(self, text: str) -> str:
        if not text:
            return "[]"
        if len(text) > LONGEST_ATTRIBUTE:
            raise RowRejected(f"'tags' is longer than {LONGEST_ATTRIBUTE:,} characters")
        if text.startswith("["):
            given = _json(text)
            words = [str(one) for one in given] if isinstance(given, list) else []
        else:
            delimiter = "," if text.startswith('"') else next((one for one in ";|" if one in text), ",")
            words = next(csv.reader([text.replace("\n", " ").replace("\r", " ")], delimiter=delimiter), [])
        tags = sorted({tag for word in words if (tag := self._clean("tags", word.strip().strip('"')))})
        if len(tags) > _MOST_TAGS:
            raise RowRejected(f"more than {_MOST_TAGS} tags")
        return as_stored(tags)

    def _more(self, cells: Sequence[str]) -> str:
        found: dict[str, object] = {}
        if text := cells[self._places[MORE_ATTRIBUTES]]:
            given = _json(text)
            if not isinstance(given, dict):
                raise RowRejected("the attributes are no JSON object")
            found = {self._clean("attributes", key): self._json_value(value) for key, value in given.items()}
        for name, place in self._attributes.items():
            if value := cells[place]:
                found[name] = self._given(name, value)
        stored = as_stored({name: value for name, value in found.items() if value != ""})
        if len(stored) > _MOST_ATTRIBUTES:
            raise RowRejected(f"the attributes are longer than {_MOST_ATTRIBUTES:,} characters")
        return stored

    def _given(self, name: str, text: str) -> object:
        """The value of an attribute's cell; an object or a list of a JSON file is one, with texts inside."""
        if self._columns.structured and text[:1] in ("{", "["):
            try:
                return self._json_value(json.loads(text))
            except (ValueError, RecursionError):
                pass  # a text that only begins like one
        return self._clean(name, text, LONGEST_ATTRIBUTE)

    def _json_value(self, value: object, depth: int = 0) -> object:
        """The value with its texts cleaned; numbers are text, as in a table."""
        if depth > _DEEPEST:
            raise RowRejected("the attributes are nested too deeply")
        if isinstance(value, str):
            return self._clean("attributes", value, LONGEST_ATTRIBUTE)
        if isinstance(value, bool):
            return str(value).lower()
        if isinstance(value, list):
            return [self._json_value(one, depth + 1) for one in value]
        if isinstance(value, dict):
            return {self._clean("attributes", key): self._json_value(one, depth + 1) for key, one in value.items()}
        return ""

    def _consent(self, cells: Sequence[str]) -> tuple[str | None, str, str, str]:
        """When, how, where and to which text; the last three only mean something beside the first."""
        places = self._places
        written = cells[places["consent_at"]].strip() or cells[places[CONSENT_ELSE]].strip()
        moment, wrong = _moment(written, self._latest) if written else ("", "")
        if wrong:
            self._note(f"times of consent left out because {wrong}")
        method, source, version = (
            self._value(name, cells[places[name]]) for name in ("consent_method", "consent_source", "consent_version")
        )
        return moment or None, method, source or (self._columns.consent_source if moment else ""), version

    def _note(self, words: str) -> None:
        self._noted += 1
        count, first = self.oddities.get(words, (0, self._line))
        self.oddities[words] = (count + 1, first)


def _json(text: str) -> object:
    try:
        return json.loads(text, parse_int=str, parse_float=str, parse_constant=str)
    except (ValueError, RecursionError) as error:
        raise RowRejected("a cell holds broken JSON") from error


def _moment(text: str, latest: datetime) -> tuple[str, str]:
    """The time in UTC as the database keeps it, or why there is none."""
    try:
        if found := _DAY_FIRST.fullmatch(text):
            day, month, year, hour, minute, second = (int(one or 0) for one in found.groups())
            moment = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
        else:
            moment = datetime.fromisoformat(text)
            moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return "", "only a guess could read them (write 2026-03-31)"
    if moment > latest:
        return "", "they lie in the future"
    if moment.year < _FIRST_YEAR:
        return "", f"they lie before {_FIRST_YEAR}"
    return f"{moment:%Y-%m-%d %H:%M:%S.%f}", ""
