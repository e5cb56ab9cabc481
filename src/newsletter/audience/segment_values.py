"""What YAML makes of the values under a segment's keys → numbers, days and spans, or why one is no text."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import TypeGuard

from newsletter.model import Span

_SPAN = re.compile(r"(\d{1,4})\s*(d|w|m|y|days?|weeks?|months?|years?)")
_MOST_NUMBER = 1e14


def is_number(value: object) -> TypeGuard[int | float]:
    """Whether it is a number as attributes can be: one of more than 15 characters is a text, letter by letter."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < _MOST_NUMBER


def not_a_text(value: object) -> str:
    """Why this cannot be a value, in words; empty when it can."""
    if isinstance(value, bool):
        word = "true" if value else "false"
        return f"holds {word}: YAML reads a bare yes, no, on or off so. Put quotes around it."
    if value is None:
        return 'has no value. Write "" to mean people of whom it is not known.'
    if isinstance(value, dict | list):
        return "must be a text or a list of texts here."
    text = str(value)
    if "\0" in text or any("\ud800" <= one <= "\udfff" for one in text):
        return "holds a character that no subscriber's value can have."
    return ""


def span(value: object) -> Span | None:
    """The span that `90d`, `12w`, `6m` or `2y` names; None for others and for more than 100 years."""
    found = _SPAN.fullmatch(str(value).strip().lower())
    if found is None:
        return None
    count, unit = int(found[1]), found[2][0]
    length = {"d": Span(0, count), "w": Span(0, 7 * count), "m": Span(count, 0), "y": Span(12 * count, 0)}[unit]
    return length if length.months <= 1_200 and length.days <= 36_525 else None


def bare_day(value: object) -> str | None:
    """The day that YAML read as one, because it stands there without quotes; None for anything else."""
    return written_day(value) if isinstance(value, date) else None


def lower_code(country: str) -> str:
    """What to say of a country's code that is not in capital letters, as all that are kept are; empty for others."""
    is_code = len(country) == 2 and country.isascii() and country.isalpha() and not country.isupper()
    return f"Codes of countries are in capital letters: write {country.upper()}." if is_code else ""


def written_day(value: object) -> str | None:
    """The day as a text such as 2026-03-02; None where it is none, or not of these centuries."""
    if isinstance(value, datetime):
        return None
    try:
        found = value if isinstance(value, date) else date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return found.isoformat() if found is not None and 1900 <= found.year <= 2200 else None
