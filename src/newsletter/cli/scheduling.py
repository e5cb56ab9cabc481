"""What `send --at` says: when it reaches whom, and what sends it then."""

from __future__ import annotations

from collections.abc import Sequence

import click

from newsletter.cli.output import clock, print_json
from newsletter.model import Audience
from newsletter.pipeline import scheduling, standing
from newsletter.pipeline.scheduling import Schedule
from newsletter.pipeline.workspace import Workspace


def told(schedule: Schedule) -> str:
    """The time as a person says it, with its zone."""
    here = schedule.due.astimezone(schedule.zone)
    zone = "by everybody's own clock" if schedule.local else getattr(schedule.zone, "key", f"{here:%Z}")
    return f"{clock(here)} {zone}"


def print_due(workspace: Workspace, audience: Audience, schedule: Schedule) -> None:
    """What a change of the clocks does to it, and how it is spread over time zones; on standard error."""
    if schedule.note:
        click.echo(schedule.note, err=True)
    if not schedule.local:
        return
    times = scheduling.preview(workspace, audience, schedule)
    click.echo(f"The first get it at {clock(times.first)} UTC, the last at {clock(times.last)} UTC.", err=True)
    if times.unknown:
        zone = workspace.settings.time_zone
        click.echo(
            f"{times.unknown:,} have no time zone, or one that is no name such as Europe/Berlin (the import counts "
            f"those apart): they get it by the clock of {zone}.",
            err=True,
        )
    if times.skipped:
        shown = _few([f"{shown:%H:%M} in {zone}" for zone, shown in sorted(times.instead.items())])
        click.echo(
            f"Where {times.skipped:,} live the clocks skip {schedule.wall:%H:%M}: they get it at {shown}.", err=True
        )
    if times.next_day:
        click.echo(f"Where {times.next_day:,} live it is later already: they get it on the next day.", err=True)


def _few(words: Sequence[str]) -> str:
    """The first three, and how many more there are."""
    return ", ".join([*words[:3], *([f"and {len(words) - 3:,} more"] if len(words) > 3 else [])])


def print_scheduled(workspace: Workspace, name: str, recipients: int, schedule: Schedule, as_json: bool) -> None:
    """What was frozen, and what sends it."""
    campaign = standing.status(workspace, name).campaign
    assert campaign.scheduled_at is not None
    if as_json:
        document = {"campaign": name, "status": campaign.status.value, "recipients": recipients}
        moment = {"scheduled_at": campaign.scheduled_at.isoformat(), "local_time": schedule.local}
        print_json(document | moment | {"note": schedule.note or None})
        return
    when, in_utc = told(schedule), f"{clock(campaign.scheduled_at)} UTC"
    click.echo(
        f"\nCampaign {name} is scheduled for {when if when == in_utc else f'{when} ({in_utc})'}, as it is "
        f"now, to {recipients:,} recipients.\n"
        "`newsletter run-due` sends it then: let a timer call that every minute (docs/sending.md).\n"
        f"Until then: `newsletter status {name}`, `newsletter pause {name}`, `newsletter cancel {name}`."
    )
