"""`run-due`: what cron and systemd timers call."""

from __future__ import annotations

import signal
from datetime import UTC
from threading import Event

import click

from newsletter.cli.output import counts_json, json_option, print_json, progress_bar, workspace_of
from newsletter.cli.sending import Interrupted, draining
from newsletter.errors import Stopped
from newsletter.pipeline import due
from newsletter.pipeline.due import Ending, Ran
from newsletter.pipeline.workspace import has_database

_NO_DATABASE = (
    "There is no database yet: nothing was ever scheduled or sent from this workspace. If something was, look at "
    "`database:` in newsletter.yaml and NEWSLETTER_DATABASE_URL."
)


class _Unfinished(Stopped):
    """Some were stopped part-way; what there is to say is printed already."""

    printed = True


@click.command("run-due")
@click.option("--late", is_flag=True, help="Send also what is older than `schedule: {late: …}` allows.")
@json_option
@click.pass_context
def run_due(context: click.Context, late: bool, as_json: bool) -> None:
    """Send everything that is due, once.

    For a timer, every minute: scheduled campaigns whose time has come, what was cut off, and deferred messages. Says
    nothing when nothing is due, or may go now. What is paused stays so.
    """
    workspace = workspace_of(context, sends=True)
    stop = Event()
    with draining(stop) as signals, progress_bar("Sending", as_json) as progress:
        found = due.run_due(workspace, stop, late, progress)
    if not found and not has_database(workspace):
        click.echo(_NO_DATABASE, err=True)
    if as_json:
        print_json({"ran": [_json(one) for one in found]})
    for one in found:
        if one.stopped or not (as_json or one.idle):
            click.echo(_line(one), err=one.stopped)
    if signals and signals[0] == signal.SIGINT:
        raise Interrupted("interrupted; what was begun is recorded. The next run goes on.")
    stopped = [one.campaign for one in found if one.stopped]
    if stopped:
        raise _Unfinished(f"not finished: {', '.join(stopped)}.")
    if signals:
        raise _Unfinished("told to end. The next run goes on.")


def _line(one: Ran) -> str:
    told = f": {one.message}" if one.message else ""
    counts = one.state.counts if one.state else None
    done = f", {counts.accepted:,} of {counts.total - counts.skipped:,} accepted" if counts else ""
    return f"{one.campaign}: {one.ending.value}{done}{told}"


def _json(one: Ran) -> dict[str, object]:
    state = one.state
    held = state.held if state and one.ending is Ending.HELD else None
    # Whoever is held has no moment of their own: all go on when the limit does.
    moment = held.until if held else state.next_due if state else None
    return {
        "campaign": one.campaign,
        "ending": one.ending.value,
        "message": one.message or None,
        "status": state.campaign.status.value if state else None,
        "counts": counts_json(state.counts) if state else None,
        "next_due": moment.astimezone(UTC).isoformat() if moment else None,
    }
