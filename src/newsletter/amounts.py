"""Rates, hours, lengths of time and parts of a whole, as people write them in newsletter.yaml → values.

Raises `ValueError` that shows how to write one.
"""

from __future__ import annotations

import re
from datetime import time, timedelta

_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0}


def rate(value: object) -> object:
    """`50/s` → per second."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*/\s*([smh])", value.strip()) if isinstance(value, str) else None
    if match and float(match[1]) > 0:
        return float(match[1]) / _UNITS[match[2]]
    if isinstance(value, float) and value > 0:
        return value
    raise ValueError("write a rate as 50/s, 600/m or 10000/h")


def hours(value: object) -> object:
    """`22:00-07:00` → from when to when."""
    if value is None:
        return None
    match = re.fullmatch(r"(\d{1,2}:\d{2})\s*[-–]\s*(\d{1,2}:\d{2})", value.strip()) if isinstance(value, str) else None
    try:
        begin, end = (time.fromisoformat(one.zfill(5)) for one in match.groups()) if match else (None, None)
    except ValueError:
        begin = end = None
    if begin is None or begin == end:
        raise ValueError('write quiet hours as "22:00-07:00", in quotes')
    return begin, end


def duration(value: object) -> object:
    """`90m`, `6h`, `2d` → so long."""
    match = re.fullmatch(r"(\d{1,5})\s*([mhd])", value.strip()) if isinstance(value, str) else None
    if match is None or not int(match[1]):
        raise ValueError("write a time as 90m, 6h or 2d")
    return timedelta(minutes=int(match[1]) * {"m": 1, "h": 60, "d": 1440}[match[2]])


def day(value: object) -> object:
    """A day of a warm-up, from 1."""
    if (counted := _counted(value)) is None:
        raise ValueError("days are counted 1, 2, 3 and so on")
    return counted


def messages(value: object) -> object:
    """How many messages, from 1."""
    if (counted := _counted(value)) is None:
        raise ValueError("write how many messages may be sent, such as 500")
    return counted


def _counted(value: object) -> int | None:
    """A whole number from 1, also as text: what comes from the environment is."""
    number = int(value) if isinstance(value, str) and re.fullmatch(r"\s*[0-9]{1,15}\s*", value) else value
    return number if isinstance(number, int) and not isinstance(number, bool) and number >= 1 else None


def percent(value: object) -> object:
    """`1%` → 0.01."""
    match = re.fullmatch(r"(\d{1,2}(?:\.\d)?) ?%", value.strip()) if isinstance(value, str) else None
    if match:
        return float(match[1]) / 100
    if isinstance(value, float) and 0 <= value < 1:
        return value
    raise ValueError("write a part of an audience as 1%")
