"""`status`, `pause`, `resume` and `cancel`: look after a campaign, also while another process sends it."""

from __future__ import annotations

import csv
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, astuple, fields
from datetime import UTC
from pathlib import Path
from typing import TextIO

import click

from newsletter.cli.output import (
    clock,
    counts_json,
    error_json,
    json_option,
    print_heading,
    print_json,
    print_table,
    workspace_of,
)
from newsletter.errors import NewsletterError, SettingsError
from newsletter.files import shown, spreadsheet_cell
from newsletter.model import UNMATCHED, CampaignStatus, Counts, Criterion
from newsletter.pipeline import standing, steering
from newsletter.pipeline.deciding import Tried
from newsletter.pipeline.providers import outbox_folder
from newsletter.pipeline.standing import CampaignState, Listed
from newsletter.pipeline.workspace import Workspace

_OVER = (CampaignStatus.FINISHED, CampaignStatus.CANCELLED)
_SECONDS = 1.0
_STANDARD_OUTPUT = "-"
_ALWAYS = ("delivered", "opened", "clicked", "bounced")
"""Figures that are told even when they are nought."""


@click.command()
@click.argument("campaign", required=False)
@click.option("--watch", is_flag=True, help="Follow it until it is over; with --json, a line of JSON each second.")
@click.option(
    "--log",
    type=click.Path(dir_okay=False, path_type=Path, allow_dash=True),
    metavar="FILE",
    help="Write every delivery to a CSV; - prints it.",
)
@json_option
@click.pass_context
def status(context: click.Context, campaign: str | None, watch: bool, log: Path | None, as_json: bool) -> None:
    """Show where a campaign stands, or list them all.

    How many got it, how fast it goes, and why not everyone.
    """
    workspace = workspace_of(context)
    if campaign is None:
        if watch or log is not None:
            raise click.UsageError("--watch and --log need the name of a campaign.")
        _list(standing.every_campaign(workspace), as_json)
        return
    printed = log is not None and str(log) == _STANDARD_OUTPUT
    if printed and (as_json or watch):
        raise click.UsageError("--log - prints the deliveries where --json and --watch print. Name a file.")
    if watch:
        _watch(workspace, campaign, as_json)
    state = standing.status(workspace, campaign)
    if log is not None:
        # Before anything is said: whoever reads only the first lines ends this.
        _write_log(workspace, campaign, log)
    if printed:
        return
    if not watch:
        print_campaign(workspace, state, as_json)
    if log is not None:
        click.echo(f"Every delivery is in {shown(log, Path.cwd())}", err=True)


@click.command()
@click.argument("campaign")
@click.option("--reason", default="", help="Why; shown by `status`, and to whoever sends it.")
@json_option
@click.pass_context
def pause(context: click.Context, campaign: str, reason: str, as_json: bool) -> None:
    """Stop a campaign until it is resumed.

    It stops within seconds, wherever it is being sent; what has left has left.
    """
    workspace = workspace_of(context)
    print_campaign(workspace, steering.pause(workspace, campaign, reason), as_json)


@click.command()
@click.argument("campaign")
@json_option
@click.pass_context
def resume(context: click.Context, campaign: str, as_json: bool) -> None:
    """Let a paused campaign go on.

    A sender that waits does so at once, otherwise the next `send` or `run-due`.
    """
    workspace = workspace_of(context)
    print_campaign(workspace, steering.resume(workspace, campaign), as_json)


@click.command()
@click.argument("campaign")
@click.option("--reason", default="", help="Why; shown by `status`.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
@click.pass_context
def cancel(context: click.Context, campaign: str, reason: str, yes: bool, as_json: bool) -> None:
    """End a campaign for good.

    Nobody who was not begun gets it. What has left cannot be called back.
    """
    workspace = workspace_of(context)
    state = standing.status(workspace, campaign)
    if not yes and state.campaign.status not in _OVER:
        if not sys.stdin.isatty():
            raise SettingsError("nobody is there to ask. Add --yes to cancel without asking.")
        click.confirm(
            f"Cancel '{campaign}' for the {state.counts.unfinished:,} people who are left?", abort=True, err=True
        )
    print_campaign(workspace, steering.cancel(workspace, campaign, reason), as_json)


def _list(found: list[Listed], as_json: bool) -> None:
    """Every campaign with its status and schedule."""
    if as_json:
        print_json({"campaigns": [_listed_json(one) for one in found]})
    elif not found:
        click.echo("Nothing has been sent or scheduled from here yet.")
    else:
        print_table([_listed_row(one) for one in found], indent=0)


def _listed_row(one: Listed) -> tuple[str, ...]:
    campaign, counts = one.campaign, one.counts
    when = ""
    if campaign.status is CampaignStatus.SCHEDULED and campaign.scheduled_at:
        when = f"for {clock(campaign.scheduled_at)} UTC"
    elif campaign.status is CampaignStatus.SENDING and one.next_due:
        when = f"next at {one.next_due:%Y-%m-%d %H:%M} UTC"
    elif counts.undecided:
        when = f"{counts.undecided:,} wait for the winner"
    # Whoever a cancelled campaign did not reach is skipped, and was to get it all the same.
    skipped = 0 if campaign.status is CampaignStatus.CANCELLED else counts.skipped
    done = f"{counts.accepted:,} of {counts.total - skipped:,}"
    return campaign.name, campaign.status.value, done, when or campaign.status_reason


def _listed_json(one: Listed) -> dict[str, object]:
    campaign = one.campaign
    return {
        "campaign": campaign.name,
        "issue": campaign.issue,
        "status": campaign.status.value,
        "status_reason": campaign.status_reason,
        "scheduled_at": campaign.scheduled_at.isoformat() if campaign.scheduled_at else None,
        "next_due": one.next_due.isoformat() if one.next_due else None,
        "counts": counts_json(one.counts),
        "undecided": one.counts.undecided,
    }


def print_campaign(
    workspace: Workspace,
    state: CampaignState,
    as_json: bool,
    already: bool = False,
    error: NewsletterError | None = None,
) -> None:
    """Where a campaign stands, for a person or as one document, which has the `error` that ends the command as well."""
    if as_json:
        ended = {"error": error_json(str(error), error.exit_code)} if error else {}
        print_json(_json(workspace, state) | ended)
        return
    print_heading(f"Campaign {state.campaign.name} {_standing(state, already)}")
    print_table([(people, key) for key, people in _told(state.counts).items() if people or key == "accepted"])
    if state.being_sent and state.campaign.status is CampaignStatus.CANCELLED:
        click.echo("  Whoever sends it ends what was begun, and lets go of the others: they get nothing.")
    elif state.being_sent and state.rate and state.counts.pending + state.counts.deferred:
        click.echo(f"  {_pace(state)}")
    if state.campaign.status is CampaignStatus.SENDING and state.waiting and state.next_due:
        click.echo(f"  {state.waiting:,} wait for their time; the first at {state.next_due:%Y-%m-%d %H:%M} UTC")
    if state.held and state.held.until and state.goes_on_at == state.held.until and error is None:
        until = f"{state.held.until:%Y-%m-%d %H:%M %Z}"
        click.echo(f"  Held by a limit under `provider:` ({state.held.reason}) until {until}")
    if state.tried:
        _print_tried(state, state.tried)
    if state.forced:
        click.echo(f"\nSent in spite of findings: {state.forced}")
    if state.approved_by:
        click.echo(f"\nApproved by {', '.join(state.approved_by)}")
    if state.figures is not None:
        print_heading("As the provider's events tell")
        told = asdict(state.figures)
        print_table([(people, key.replace("_", " ")) for key, people in told.items() if people or key in _ALWAYS])
    if state.by_profession:
        print_heading("Delivered by profession")
        print_table([(people, key or UNMATCHED) for key, people in state.by_profession.items()])
    if state.reasons:
        print_heading("Why not everyone")
        print_table([(people, kind.value, reason) for (kind, reason), people in state.reasons.items()])
    folder = outbox_folder(workspace, state.campaign.name)
    if folder is not None and state.counts.accepted:
        click.echo(f"\nThe messages are in {shown(folder, Path.cwd())}/")


def _told(counts: Counts) -> dict[str, int]:
    """Counts for people: who waits for the winner of an experiment is not pending, as nobody can send it yet."""
    return {**counts_json(counts), "pending": counts.pending, "undecided": counts.undecided}


def _print_tried(state: CampaignState, tried: Tried) -> None:
    """How each arm does, and who wins."""
    print_heading("What is tried")
    running = tried.running
    print_table(
        [
            (
                one.people,
                f"arm {one.arm}",
                f"{one.accepted:,} accepted",
                f"{one.opened:,} opened",
                f"{one.clicked:,} clicked",
            )
            for one in tried.scores
        ]
    )
    if running.winner:
        decided = f"{running.decided_at:%Y-%m-%d %H:%M} UTC" if running.decided_at else ""
        click.echo(f"\nArm {running.winner} won ({decided}): {running.decided_by}")
    elif tried.waiting:
        click.echo(f"\n{tried.waiting:,} wait for the winner. {standing.winner_words(state)}")


def _tried_json(tried: Tried) -> dict[str, object]:
    running = tried.running
    by_hand = running.criterion is Criterion.HAND
    return {
        "arms": [
            {
                "arm": one.arm,
                "people": one.people,
                "accepted": one.accepted,
                "opened": one.opened,
                "clicked": one.clicked,
            }
            for one in tried.scores
        ],
        "share": running.share,
        "winner_by": running.criterion.value,
        "waiting": tried.waiting,
        "decided_after": running.due_at.isoformat() if running.due_at and not by_hand else None,
        "must_choose": tried.must_choose,
        "winner": running.winner or None,
        "decided_at": running.decided_at.isoformat() if running.decided_at else None,
        "decided_by": running.decided_by or None,
    }


def _standing(state: CampaignState, already: bool) -> str:
    campaign = state.campaign
    because = f": {' '.join(campaign.status_reason.split())}" if campaign.status_reason else ""
    if campaign.status is CampaignStatus.FINISHED:
        return "was finished already" if already else "is finished"
    if campaign.status is CampaignStatus.SCHEDULED and campaign.scheduled_at is not None:
        return f"is scheduled for {clock(campaign.scheduled_at)} UTC"
    cancelled = "is being ended" if state.being_sent else "was cancelled"
    words = {CampaignStatus.PAUSED: "is paused", CampaignStatus.CANCELLED: cancelled}
    return words.get(campaign.status, "is being sent" if state.being_sent else "is not finished") + because


def _pace(state: CampaignState) -> str:
    left = state.counts.pending + state.counts.deferred
    return f"{state.rate:,.1f} messages/s over the last minute, {duration(left / state.rate)} left"


def _watch(workspace: Workspace, name: str, as_json: bool) -> None:
    """A line each second until nothing more will happen by itself."""
    while True:
        state = standing.status(workspace, name)
        counts = state.counts
        if as_json:
            print_json(_json(workspace, state), lines=True)
        else:
            done, total = counts.total - counts.unfinished, counts.total
            line = f"{name} {state.campaign.status.value}  {done:,} of {total:,}"
            line += f"  {_pace(state)}" if state.being_sent and state.rate and counts.unfinished else ""
            click.echo(f"\r\x1b[K{line}" if sys.stdout.isatty() else line, nl=not sys.stdout.isatty())
        if state.campaign.status in _OVER:
            break
        time.sleep(_SECONDS)
    if not as_json:
        print_campaign(workspace, state, as_json)


@contextmanager
def _opened(path: Path) -> Iterator[TextIO]:
    """The file to write to, which nobody but its owner reads; raises `SettingsError` when it cannot be written."""
    if str(path) == _STANDARD_OUTPUT:
        yield sys.stdout
        return
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        with os.fdopen(os.open(path, flags, 0o600), "w", newline="", encoding="utf-8") as file:
            yield file
    except OSError as error:
        name = shown(path, Path.cwd())
        raise SettingsError(
            f"--log: {name} cannot be written: {error.strerror}. Name a file in a folder that exists."
        ) from error


def _write_log(workspace: Workspace, name: str, path: Path) -> None:
    """One line per delivery; cells that a spreadsheet would compute are neutralised."""
    with standing.campaign_log(workspace, name) as entries, _opened(path) as file:
        writer = csv.writer(file)
        for number, entry in enumerate(entries):
            if not number:
                writer.writerow([field.name for field in fields(entry)])
            cells = [cell.isoformat() if hasattr(cell, "isoformat") else cell for cell in astuple(entry)]
            writer.writerow([spreadsheet_cell(cell) if isinstance(cell, str) else cell for cell in cells])


def _json(workspace: Workspace, state: CampaignState) -> dict[str, object]:
    campaign = state.campaign
    folder = outbox_folder(workspace, campaign.name)
    left = state.counts.pending + state.counts.deferred
    held = state.held
    return {
        "campaign": campaign.name,
        "issue": campaign.issue,
        "status": campaign.status.value,
        "status_reason": campaign.status_reason,
        "being_sent": state.being_sent,
        "scheduled_at": campaign.scheduled_at.isoformat() if campaign.scheduled_at else None,
        "counts": counts_json(state.counts),
        "by_profession": {key or UNMATCHED: people for key, people in state.by_profession.items()},
        "reasons": [
            {"state": kind.value, "reason": reason, "count": people} for (kind, reason), people in state.reasons.items()
        ],
        "events": asdict(state.figures) if state.figures is not None else None,
        "waiting": state.waiting,
        "next_due": state.goes_on_at.astimezone(UTC).isoformat() if state.goes_on_at else None,
        "rate": state.rate,
        "seconds_left": left / state.rate if state.being_sent and state.rate and left else None,
        "ab": _tried_json(state.tried) if state.tried else None,
        "forced": state.forced or None,
        "approved_by": list(state.approved_by),
        "held": {"reason": held.reason, "until": held.until.astimezone(UTC).isoformat()}
        if held and held.until
        else None,
        "outbox": shown(folder, Path.cwd()) if folder else None,
    }


def duration(seconds: float) -> str:
    """A time as a person says it."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s" if minutes else f"{rest} s"
