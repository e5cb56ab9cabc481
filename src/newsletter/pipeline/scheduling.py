"""What `--at` means in this workspace, and when whom of an audience it reaches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from newsletter.campaigns.scheduling import Schedule as Schedule
from newsletter.campaigns.scheduling import is_zone, read_schedule, skipping, spread
from newsletter.errors import Refused
from newsletter.model import Audience, Campaign
from newsletter.pipeline.workspace import Workspace, open_store
from newsletter.store import headcounts
from newsletter.store.database import Connection


@dataclass(frozen=True, slots=True)
class DueTimes:
    """When an audience gets a scheduled campaign."""

    first: datetime
    last: datetime
    by_zone: Mapping[str, datetime] = field(default_factory=dict)
    """Empty when everybody gets it at the same moment."""
    unknown: int = 0
    """How many have no time zone, or none that is known, and get it by the clock of the settings'. An import leaves out
    a zone that nobody knows, so the two are one here."""
    skipped: int = 0
    """How many live where the clocks skip the time given on that day."""
    instead: Mapping[str, time] = field(default_factory=dict)
    """Time zone → what its clocks show then; those of whom no zone is known go by the clock of the settings'."""
    next_day: int = 0
    """How many have it later on that day than the time given, and so get it on the next."""


def new_schedule(workspace: Workspace, name: str, existing: Campaign | None, words: str, local: bool) -> Schedule:
    """What a person wrote after `--at`; raises `SettingsError` when it is past or cannot be read, `Refused` when there
    is a campaign of that name already."""
    schedule = schedule_of(workspace, words, local)
    if existing is not None:
        raise Refused(
            f"campaign '{name}' is {existing.status.value} already. `newsletter cancel {name}` ends it; a new schedule "
            f"needs another name: --campaign {name}-2."
        )
    return schedule


def schedule_of(workspace: Workspace, words: str, local: bool) -> Schedule:
    """What a person wrote after `--at`; raises `SettingsError` when it is past or cannot be read."""
    return read_schedule(words, ZoneInfo(workspace.settings.time_zone), workspace.clock(), local)


def preview(workspace: Workspace, audience: Audience, schedule: Schedule) -> DueTimes:
    """When whom it would reach if it were frozen now."""
    with open_store(workspace) as database, database.connect() as connection:
        return due_times(connection, audience, schedule, workspace.clock())


def due_times(connection: Connection, audience: Audience, schedule: Schedule, now: datetime) -> DueTimes:
    """When whom of the audience it reaches; raises `Refused` when its time has passed meanwhile."""
    if schedule.due <= now:
        raise Refused(f"{schedule.wall:%Y-%m-%d %H:%M} has passed meanwhile. Schedule it for a later time.")
    if not schedule.local:
        return DueTimes(schedule.due, schedule.due)
    people = headcounts.zone_count(connection, audience.segment, audience.id)
    by_zone = spread(schedule, {*people, ""}, now)
    reached = [by_zone[zone] for zone in people] or [schedule.due]
    skips = skipping(schedule, {zone: by_zone[zone] for zone in people})
    on_day = spread(schedule, people, now - timedelta(days=2))
    return DueTimes(
        min(reached),
        max(reached),
        by_zone,
        sum(count for zone, count in people.items() if not is_zone(zone)),
        sum(people[zone] for zone in skips),
        {zone if is_zone(zone) else str(schedule.zone): shown for zone, shown in skips.items()},
        sum(count for zone, count in people.items() if by_zone[zone] != on_day[zone]),
    )
