"""`doctor`: whether this workspace can send, and whether its domain says so."""

from __future__ import annotations

import os

import click

from newsletter.cli.output import Reported, json_option, print_json, workspace_of
from newsletter.pipeline.doctor import Health, asking, examine

_COLORS = {"ok": "green", "warning": "yellow", "wrong": "red", "unknown": "cyan"}


@click.command()
@click.option("--offline", is_flag=True, help="Do not ask the name system about the sender's domain.")
@json_option
@click.pass_context
def doctor(context: click.Context, offline: bool, as_json: bool) -> None:
    """See whether this workspace, and its domain, are ready to send.

    Looks at the database, the provider's credentials, and what the name system says of the sender's domain: SPF, DKIM,
    DMARC, MX and PTR. Nothing is changed, nothing is sent, and no secret is shown. Ends with 1 when something is
    wrong; what could not be looked at, because this machine is offline, is not.
    """
    workspace = workspace_of(context)
    health = examine(workspace, None if offline else asking(os.environ))
    if as_json:
        _print_json(health)
    else:
        _print(health)
    wrong = health.counts["wrong"]
    if wrong:
        raise Reported(f"{wrong} thing{'s' * (wrong != 1)} to mend.")


def _print_json(health: Health) -> None:
    diagnoses = [
        {"name": one.name, "state": one.state.value, "message": one.message, "fix": one.fix} for one in health.diagnoses
    ]
    print_json({"domain": health.domain, "diagnoses": diagnoses, "counts": health.counts})


def _print(health: Health) -> None:
    width = max(len(one.name) for one in health.diagnoses)
    for one in health.diagnoses:
        state = click.style(f"{one.state.value:<7}", fg=_COLORS[one.state.value], bold=True)
        click.echo(f"  {state} {one.name:<{width}}  {one.message}")
        if one.fix:
            click.echo(f"  {'':<7} {'':<{width}}  {one.fix}")
