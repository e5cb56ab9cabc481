"""`events`: what a provider tells of the messages it took."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

import click

from newsletter.cli.output import json_option, print_heading, print_json, print_table, progress_bar, workspace_of
from newsletter.errors import Stopped
from newsletter.pipeline import feedback
from newsletter.pipeline.feedback import EventImport

_STANDARD_INPUT = "-"


@click.group()
def events() -> None:
    """Take in what a provider tells: who got it, opened it, clicked."""


@events.command("import")
@click.argument(
    "files",
    nargs=-1,
    required=True,
    metavar="FILE|-...",
    type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path),
)
@click.option(
    "--complete-until",
    metavar="WHEN",
    help="With these files the provider has told everything until then: whom it does not name it never took.",
)
@json_option
@click.pass_context
def import_(context: click.Context, files: tuple[Path, ...], complete_until: str | None, as_json: bool) -> None:
    """Take in files of events as SendGrid's event webhook posts them (JSON lists, or an event on each line).

    The same events may come again. Whoever complained, unsubscribed or does not exist is not mailed any more, and
    deliveries in doubt are settled.
    """
    workspace = workspace_of(context)
    until = feedback.read_moment(workspace, complete_until) if complete_until is not None else None
    with progress_bar("Taking in events", as_json) as progress:
        done = feedback.import_events(workspace, _opened(files), until, progress)
    if as_json:
        print_json(_json(done))
    else:
        _print(done)
    try:
        _refuse_gaps(done)
    except Stopped as error:
        error.printed = True
        raise


def _refuse_gaps(done: EventImport) -> None:
    """Raise `Stopped` when a file is not whole, or so much of it was not read that silence proves nothing."""
    unproved = "Nobody was declared never taken (--complete-until)"
    if done.cut_off:
        places = ", ".join(map(str, done.cut_off))
        silence = f" {unproved}: the missing part may name them." if done.unproved else ""
        raise Stopped(
            f"{places}: the file ends too early. What came before is taken: get the whole file, and run it again."
            f"{silence}"
        )
    if done.unproved:
        places = ", ".join(map(str, done.unproved))
        raise Stopped(
            f"{places}: not all events could be taken. {unproved}: these may name them. All others are taken: get the "
            "whole file, and run it again."
        )


def _opened(files: Sequence[Path]) -> Iterator[tuple[str, BinaryIO]]:
    """One after the other, so that their number has no limit."""
    for path in files:
        if str(path) == _STANDARD_INPUT:
            yield "standard input", sys.stdin.buffer
        else:
            with path.open("rb") as file:
                yield str(path), file


def _print(done: EventImport) -> None:
    new, left_out = sum(done.new.values()), sum(one.count for one in done.not_taken.values())
    click.echo(
        f"{done.events:,} events: {new:,} new, {done.known:,} known already, "
        f"{done.unknown_campaign + done.unknown_delivery:,} of nobody here, {left_out:,} not taken."
    )
    print_table([(count, kind.value) for kind, count in sorted(done.new.items())])
    if done.stopped:
        print_heading("Not mailed any more")
        print_table([(count, status.value) for status, count in sorted(done.stopped.items())])
    settled = [
        (name, one)
        for name, one in done.reconciled.items()
        if one.accepted or one.rejected or one.pending or one.skipped
    ]
    if settled:
        print_heading("Deliveries that were in doubt")
        print_table(
            [
                (
                    name,
                    f"{one.accepted:,} accepted",
                    f"{one.rejected:,} rejected",
                    f"{one.pending + one.skipped:,} never taken",
                )
                for name, one in settled
            ]
        )
    for name, one in done.reconciled.items():
        if one.since is not None:
            click.echo(
                f"{name}: {one.uncertain:,} are still in doubt, the last since {one.since:%Y-%m-%d %H:%M:%S} UTC. When "
                "all events until after that are here: `--complete-until`.",
                err=True,
            )
    if done.unknown_campaign:
        click.echo(f"  {done.unknown_campaign:,} are of campaigns that are not in this workspace.", err=True)
    if done.unknown_delivery:
        click.echo(f"  {done.unknown_delivery:,} are of nobody in a campaign here: tests, or people erased.", err=True)
    for reason, left in done.not_taken.items():
        click.echo(f"  {left.first}: not taken: {left.count:,} {reason}.", err=True)


def _json(done: EventImport) -> dict[str, object]:
    return {
        "files": done.files,
        "events": done.events,
        "new": sum(done.new.values()),
        "kinds": {kind.value: count for kind, count in sorted(done.new.items())},
        "known": done.known,
        "unknown_campaign": done.unknown_campaign,
        "unknown_delivery": done.unknown_delivery,
        "not_taken": [
            {"reason": reason, "count": one.count, "file": one.first.path, "line": one.first.line}
            for reason, one in done.not_taken.items()
        ],
        "stopped": {status.value: count for status, count in sorted(done.stopped.items())},
        "reconciled": {
            name: {
                "accepted": one.accepted,
                "rejected": one.rejected,
                "pending": one.pending,
                "skipped": one.skipped,
                "uncertain": one.uncertain,
                "since": one.since.isoformat() if one.since else None,
            }
            for name, one in done.reconciled.items()
        },
        "cut_off": [{"file": one.path, "line": one.line} for one in done.cut_off],
    }
