"""A date as people write it → the moment it means.

In: what front matter or a feed says: a value of YAML or TOML, ISO 8601 and its relatives, RFC 822, or a day with its
month in words (English, German, French, Spanish). Out: an aware datetime whose day is the one that is written; a day
alone is its midnight in UTC. None for what is no day, and for 05/06/2024, which is another day here and there.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo

_MONTHS = (
    "january jan januar jänner janvier janv enero ene",
    "february feb februar februari février fevrier févr fevr febrero",
    "march mar märz maerz mrz mars marzo",
    "april apr avril avr abril abr",
    "may mai mayo",
    "june jun juni juin junio",
    "july jul juli juillet juil julio",
    "august aug août aout agosto ago",
    "september sep sept septembre septiembre setiembre",
    "october oct oktober okt octobre octubre",
    "november nov novembre noviembre",
    "december dec dezember dez décembre decembre déc diciembre dic",
)
_MONTH_OF = {name: number for number, names in enumerate(_MONTHS, 1) for name in names.split()}
_TIME = (
    r"(?:(?:\s*,?\s+(?:at\s+|um\s+|à\s+)?|[Tt])(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,]\d{1,9})?)?"
    r"(?:\s?(?P<half>[AaPp])\.?[Mm]\.?)?\s*(?P<zone>[+-]\d{2}:?\d{2}|[A-Za-z]{1,5})?)?"
)
_WEEKDAY = r"(?:[^\W\d_]{2,10}\.?,?\s+)?"
_MONTH = r"(?P<month>[^\W\d_]{3,10})\.?"
_FORMS = tuple(
    re.compile(pattern)
    for pattern in (
        rf"(?P<year>\d{{4}})(?P<sign>[-/.])(?P<month>\d{{1,2}})(?P=sign)(?P<day>\d{{1,2}}){_TIME}",
        rf"(?P<year>\d{{4}})(?P<month>\d{{2}})(?P<day>\d{{2}}){_TIME}",
        rf"(?P<day>\d{{1,2}})\.\s?(?P<month>\d{{1,2}})\.\s?(?P<year>\d{{4}}){_TIME}",
        rf"{_WEEKDAY}(?P<day>\d{{1,2}})(?:st|nd|rd|th|er|\.)?[\s-]+(?:of\s+|de\s+)?{_MONTH}"
        rf"(?:,?\s+|-)(?:de\s+|del\s+)?(?P<year>\d{{4}}){_TIME}",
        rf"{_WEEKDAY}{_MONTH}\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<year>\d{{4}}){_TIME}",
        rf"{_WEEKDAY}{_MONTH}\s+(?P<day>\d{{1,2}}){_TIME}\s+(?P<year>\d{{4}})",
    )
)
_SLASHES = re.compile(rf"(?P<one>\d{{1,2}})[/-](?P<other>\d{{1,2}})[/-](?P<year>\d{{4}}){_TIME}")
_LONGEST = 60


def moment(value: object) -> datetime | None:
    """The moment a date means; None for what is none, or can mean two days."""
    if isinstance(value, str):
        return _read(" ".join(value.split())) if len(value) <= _LONGEST else None
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    return datetime(value.year, value.month, value.day, tzinfo=UTC) if isinstance(value, date) else None


def two_days(value: str) -> tuple[str, ...]:
    """The two days that a date such as 05/06/2024 can mean, as 2024-06-05 and 2024-05-06; nothing for any other."""
    days = _either_way(" ".join(value.split())) if len(value) <= _LONGEST else []
    return tuple(one.date().isoformat() for one in days) if len(days) == 2 else ()


def _read(text: str) -> datetime | None:
    for form in _FORMS:
        found = form.fullmatch(text)
        if found:
            month = found["month"].lower()
            number = int(month) if month.isdecimal() else _MONTH_OF.get(month)
            return _moment(found, number, int(found["day"])) if number else None
    days = _either_way(text)
    return days[0] if len(days) == 1 else None


def _either_way(text: str) -> list[datetime]:
    """What a date with slashes can mean: the day before the month, as most of the world writes it, or behind it."""
    found = _SLASHES.fullmatch(text)
    if not found:
        return []
    one, other = int(found["one"]), int(found["other"])
    return list(dict.fromkeys(day for day in (_moment(found, other, one), _moment(found, one, other)) if day))


def _moment(found: re.Match[str], month: int, day: int) -> datetime | None:
    hour = int(found["hour"] or 0)
    if found["half"]:
        hour = hour % 12 + (12 if found["half"] in "Pp" else 0)
    clock = hour, int(found["minute"] or 0), int(found["second"] or 0)
    try:
        return datetime(int(found["year"]), month, day, *clock, tzinfo=_zone(found["zone"] or ""))
    except ValueError:
        return None


def _zone(written: str) -> tzinfo:
    """The offset that is written; a zone's letters mean different things, so they say nothing here."""
    if not written or written[0] not in "+-":
        return UTC
    digits = written[1:].replace(":", "")
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-offset if written[0] == "-" else offset)
