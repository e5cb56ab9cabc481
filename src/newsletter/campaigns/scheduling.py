"""When a campaign is due: what a person writes after `--at` → a moment, and the same time by clocks elsewhere.

In: the words, the sender's time zone and the time now. Out: a `Schedule`. Refuses what is past, what nobody can read
and what lies years ahead. Clock changes are decided as in RFC 5545 §3.3.5: a time that the clocks skip is taken by the
clock as it was before (02:30 becomes 03:30), of one that comes twice the first is meant; both are told.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo, available_timezones

from newsletter.errors import SettingsError, did_you_mean

_DAY = timedelta(days=1)
_MOST_AHEAD = timedelta(days=366)
"""Content is frozen when it is scheduled; a day that lies farther ahead is a slip."""
_WHEN = re.compile(
    r"(\d{4}-\d{1,2}-\d{1,2}|today|tomorrow)(?:\s+|[Tt])(\d{1,2}:\d{2}(?::\d{2})?)\s*(\S*)", re.IGNORECASE
)
_OFFSET = re.compile(r"[+-]\d{2}:?\d{2}")
_EXAMPLE = (
    "Write it as '2026-12-01 09:00', '2026-12-01 09:00 Europe/Berlin', '2026-12-01T09:00+01:00' or 'tomorrow 9:00'."
)


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a campaign is due."""

    wall: datetime
    """What the clock shows; without a zone."""
    zone: tzinfo
    """Where that clock hangs; with `local`, for those of whom no zone is known."""
    local: bool = False
    """Everybody gets it when their own clock shows `wall`."""
    note: str = ""
    """What a change of the clocks made of it, in words for a person."""

    @property
    def due(self) -> datetime:
        """The moment by the clock in `zone`, in UTC."""
        return moment(self.wall, self.zone)

    @property
    def named(self) -> str:
        """The time as approvals call it: the same however it was written."""
        shown = self.wall if self.local else self.due
        time = f"{shown:%Y-%m-%d %H:%M:%S}".removesuffix(":00")
        return f"{time} by everybody's own clock, or that of {self.zone}" if self.local else f"{time} UTC"


def read_schedule(words: str, zone: ZoneInfo, now: datetime, local: bool = False) -> Schedule:
    """What `--at` means by the clocks of `zone`, unless it names another; raises `SettingsError` when it cannot be."""
    match = _WHEN.fullmatch(words.strip())
    if match is None:
        raise SettingsError(f"--at: '{words}' cannot be read. {_EXAMPLE}")
    where = _zone(match[3]) if match[3] else zone
    if local and match[3]:
        raise SettingsError(f"--at: with --local-time everybody's own time zone counts, so leave '{match[3]}' out.")
    wall = datetime.combine(_day(match[1], now.astimezone(where).date()), _time(match[2]))
    here = now.astimezone(where)
    if wall - here.replace(tzinfo=None) > _MOST_AHEAD:
        raise SettingsError(f"--at: {wall:%Y-%m-%d %H:%M} lies more than a year ahead. Is that what you mean?")
    if wall.year < now.year - 1 or moment(wall, where) <= now:
        raise SettingsError(f"--at: {wall:%Y-%m-%d %H:%M} is past; it is {here:%Y-%m-%d %H:%M %Z} now.")
    return Schedule(wall, where, local, _clock_change(wall, where, local))


def moment(wall: datetime, zone: tzinfo) -> datetime:
    """When the clock in `zone` shows `wall`, in UTC; a time that it skips by the clock before, one of two the first."""
    return wall.replace(tzinfo=zone, fold=0).astimezone(UTC)


def spread(schedule: Schedule, zones: Iterable[str], now: datetime) -> Mapping[str, datetime]:
    """Time zone → when the people there get it: where the clock is past that time already, on the next day.

    A zone that the tz database does not know counts as the schedule's own.
    """
    return {name: _first_after(schedule.wall, _known(name) or schedule.zone, now) for name in zones}


def skipping(schedule: Schedule, due: Mapping[str, datetime]) -> Mapping[str, time]:
    """Time zone → what the clocks there show at that moment, where they skip the schedule's own time."""
    shown = {name: moment.astimezone(_known(name) or schedule.zone).time() for name, moment in due.items()}
    return {name: time for name, time in shown.items() if time != schedule.wall.time()}


def is_zone(name: str) -> bool:
    """Whether the tz database knows it."""
    return _known(name) is not None


def is_late(scheduled_at: datetime, now: datetime, most: timedelta) -> bool:
    """Whether a schedule is older than `most`: whoever planned it should look again."""
    return now - scheduled_at > most


def _first_after(wall: datetime, zone: tzinfo, now: datetime) -> datetime:
    # A day is enough: no two clocks on earth are more than 26 hours apart, and `wall` is ahead by the sender's.
    found = moment(wall, zone)
    while found <= now:
        wall += _DAY
        found = moment(wall, zone)
    return found


def _known(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name) if name else None
    except (ValueError, OSError, KeyError):
        return None


def _zone(name: str) -> tzinfo:
    if name.upper() in ("Z", "UTC"):
        return UTC
    if _OFFSET.fullmatch(name):
        try:
            offset = datetime.strptime(name, "%z").tzinfo
        except ValueError:
            offset = None
        if offset is not None:
            return offset
    found = _known(name)
    if found is None:
        raise SettingsError(
            f"--at: '{name}' is no time zone.{did_you_mean(name, available_timezones())} Write a name such as "
            "Europe/Berlin or an offset such as +01:00."
        )
    return found


def _day(words: str, today: date) -> date:
    if words.lower() in ("today", "tomorrow"):
        return today + _DAY if words.lower() == "tomorrow" else today
    try:
        return date(*map(int, words.split("-")))
    except ValueError as error:
        raise SettingsError(f"--at: there is no day {words}. {_EXAMPLE}") from error


def _time(words: str) -> time:
    try:
        return time.fromisoformat(words if words[2] == ":" else f"0{words}")
    except ValueError as error:
        raise SettingsError(f"--at: no clock shows {words}. {_EXAMPLE}") from error


def _clock_change(wall: datetime, zone: tzinfo, local: bool) -> str:
    first = moment(wall, zone).astimezone(zone)
    if first.replace(tzinfo=None) != wall:
        return f"The clocks skip {wall:%H:%M} on {wall:%Y-%m-%d}: it is sent at {first:%Y-%m-%d %H:%M %Z}."
    second = wall.replace(tzinfo=zone, fold=1)
    if second.utcoffset() != first.utcoffset():
        told = f"The clocks show {wall:%H:%M} twice on {wall:%Y-%m-%d}: it is sent the first time ({first:%Z})."
        return told if local else f"{told} Write {second.isoformat(timespec='minutes')} for the second."
    return ""
