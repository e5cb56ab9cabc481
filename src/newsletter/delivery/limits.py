"""When the provider may be given messages, and how many: caps per hour and day, a warm-up, quiet hours.

Pure: the counts of what was sent and the time come in. A new sending domain earns its name slowly: mailbox providers
defer and refuse sudden volume from an address they have not seen, so a warm-up allows a little more each day.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Limits:
    """What newsletter.yaml allows under `provider:`."""

    hourly: int | None = None
    daily: int | None = None
    warmup: Mapping[int, int] = field(default_factory=dict)
    """Day since the first message, counted from 1 → most messages on that day; a day in between has the cap of the
    last one named before it, and the day after the last one named has none."""
    quiet: tuple[time, time] | None = None
    """From when to when nothing is sent, in `zone`; the first may be later than the second: over midnight."""
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))


@dataclass(frozen=True, slots=True)
class Sent:
    """What the provider has taken before, over all campaigns."""

    last_hour: int = 0
    today: int = 0
    """Since midnight in the zone of the limits."""
    first: datetime | None = None
    oldest_in_hour: datetime | None = None


@dataclass(frozen=True, slots=True)
class Allowance:
    """How many may be sent now; None is no limit. When it is used up: until when to wait, and why."""

    messages: int | None
    until: datetime | None = None
    reason: str = ""


def midnight(now: datetime, zone: ZoneInfo) -> datetime:
    """The beginning of today in that zone."""
    return datetime.combine(now.astimezone(zone).date(), time(), zone)


def allowance(limits: Limits, sent: Sent, now: datetime) -> Allowance:
    """How many messages may be handed over now: the tightest of all limits."""
    until = quiet_until(limits, now)
    if until is not None:
        return Allowance(0, until, "quiet hours")
    tomorrow = midnight(midnight(now, limits.zone) + _DAY + timedelta(hours=12), limits.zone)
    found = []
    if limits.hourly is not None:
        again = (sent.oldest_in_hour or now) + _HOUR
        found.append(Allowance(max(limits.hourly - sent.last_hour, 0), again, f"{limits.hourly:,} an hour"))
    if limits.daily is not None:
        found.append(Allowance(max(limits.daily - sent.today, 0), tomorrow, f"{limits.daily:,} a day"))
    cap = _warm(limits, sent, now)
    if cap is not None:
        found.append(Allowance(max(cap - sent.today, 0), tomorrow, f"{cap:,} on this day of the warm-up"))
    return min(found, key=lambda one: one.messages or 0, default=Allowance(None))


def quiet_until(limits: Limits, now: datetime) -> datetime | None:
    """When the quiet hours end that `now` lies in; None when it does not."""
    if limits.quiet is None:
        return None
    begin, end = limits.quiet
    here = now.astimezone(limits.zone)
    over_midnight = begin > end
    inside = here.time() >= begin or here.time() < end if over_midnight else begin <= here.time() < end
    if not inside:
        return None
    day = here.date() + _DAY if over_midnight and here.time() >= begin else here.date()
    return datetime.combine(day, end, limits.zone)


def quiet_from(limits: Limits, now: datetime) -> datetime | None:
    """When the next quiet hours begin; None without any."""
    if limits.quiet is None:
        return None
    today = now.astimezone(limits.zone).date()
    begins = (datetime.combine(today + days * _DAY, limits.quiet[0], limits.zone) for days in (0, 1))
    return next(one for one in begins if one > now)


def _warm(limits: Limits, sent: Sent, now: datetime) -> int | None:
    if not limits.warmup:
        return None
    first = (sent.first or now).astimezone(limits.zone).date()
    day = (now.astimezone(limits.zone).date() - first).days + 1
    if day > max(limits.warmup):
        return None
    named = [one for one in limits.warmup if one <= day]
    return limits.warmup[max(named)] if named else 0
