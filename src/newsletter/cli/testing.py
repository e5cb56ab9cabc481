"""`test`: the mail as a reader gets it, to those who work on it."""

from __future__ import annotations

from pathlib import Path
from threading import Event

import click

from newsletter.cli.output import (
    Reported,
    findings_json,
    json_option,
    print_findings,
    print_json,
    progress_bar,
    workspace_of,
)
from newsletter.errors import SettingsError
from newsletter.files import shown
from newsletter.pipeline import testing
from newsletter.pipeline.providers import outbox_folder
from newsletter.pipeline.testing import Trial


@click.command()
@click.argument("issue")
@click.option("--to", multiple=True, required=True, metavar="ADDRESS", help="Who gets it; repeatable.")
@click.option("--profession", default="", metavar="P", help="As a reader of this profession gets it.")
@click.option(
    "--as", "subscriber", default="", metavar="ADDRESS", help="As this subscriber gets it, with their values."
)
@click.option("--arm", default="", metavar="A", help="As somebody in this arm gets it, where the issue has `ab:`.")
@click.option("--sandbox", is_flag=True, help="SendGrid looks at it and delivers nothing.")
@json_option
@click.pass_context
def test(
    context: click.Context,
    issue: str,
    to: tuple[str, ...],
    profession: str,
    subscriber: str,
    arm: str,
    sandbox: bool,
    as_json: bool,
) -> None:
    """Mail an issue to yourself as a reader gets it.

    The subject begins with [Test]; everything else is what a reader gets. No campaign records it, so it can be done
    again and again.
    """
    if profession and subscriber:
        raise SettingsError("give --profession or --as: a subscriber has a profession.")
    workspace = workspace_of(context, sends=True)
    with progress_bar("Rendering", as_json) as progress:
        trial = Trial(to, profession, subscriber, sandbox, arm.lower())
        tried = testing.send_test(workspace, issue, trial, Event(), progress)
    print_findings(tried.findings)
    if as_json:
        answers = [
            {"address": address, "result": one.result.value, "reason": one.reason}
            for address, one in tried.outcomes.items()
        ]
        document = {"issue": tried.issue, "variant": tried.variant, "sandbox": sandbox, "messages": answers}
        print_json(document | {"findings": findings_json(tried.findings)})
    else:
        verb = "looked at" if sandbox else "accepted"
        for address, one in tried.outcomes.items():
            told = verb if one.result.value == "accepted" else f"{one.result.value}: {one.reason}"
            click.echo(f"{address}: {told} (variant {tried.variant})")
        folder = outbox_folder(workspace, f"{tried.issue}-test")
        if folder:
            click.echo(f"It lies in {shown(folder, Path.cwd())}")
    if tried.failed:
        raise Reported(f"{tried.failed} of {len(tried.outcomes)} not accepted.")
