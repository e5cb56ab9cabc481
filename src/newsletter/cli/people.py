"""`audience` and `suppress`: who may receive, and who must not."""

from __future__ import annotations

import click

from newsletter.cli.examining import count, professions, show
from newsletter.cli.importing_people import import_people
from newsletter.cli.output import (
    json_option,
    print_json,
    print_table,
    workspace_of,
)
from newsletter.pipeline import people


@click.group()
def audience() -> None:
    """Import, list and count the people an issue is for."""


audience.add_command(import_people)


@audience.command("list")
@json_option
@click.pass_context
def list_(context: click.Context, as_json: bool) -> None:
    """The audiences of the workspace."""
    workspace = workspace_of(context)
    found = [people.load_audience(workspace, name)[0] for name in people.audience_names(workspace)]
    if as_json:
        print_json({"audiences": [{"id": one.id, "title": one.title, "source": one.source} for one in found]})
    elif found:
        print_table([(one.id, one.title, one.source or "everyone in the database") for one in found], indent=0)
    else:
        click.echo("There is no audience yet. Write one in audiences/NAME.yaml, such as `source: readers.csv`.")


for command in (count, show, professions):
    audience.add_command(command)


@click.group()
def suppress() -> None:
    """Keep addresses from ever being mailed."""


@suppress.command()
@click.argument("addresses", nargs=-1, required=True, metavar="ADDRESS...")
@click.option("--reason", default="by hand", show_default=True, help="Why: shown wherever the address is left out.")
@json_option
@click.pass_context
def add(context: click.Context, addresses: tuple[str, ...], reason: str, as_json: bool) -> None:
    """Never mail these addresses again, also in campaigns that are being sent."""
    added = people.suppress(workspace_of(context), addresses, reason)
    if as_json:
        print_json({"added": added, "already": len(addresses) - added})
    else:
        click.echo(f"{added} suppressed, {len(addresses) - added} were already.")


@suppress.command("list")
@json_option
@click.pass_context
def list_suppressed(context: click.Context, as_json: bool) -> None:
    """All suppressed addresses, with reason, source and date."""
    found = people.suppressed(workspace_of(context))
    if as_json:
        entries = [
            {
                "address": one.value,
                "reason": one.reason,
                "source": one.source,
                "created_at": one.created_at.isoformat(),
            }
            for one in found
        ]
        print_json({"suppressions": entries})
    elif found:
        print_table([(one.value, one.reason, one.source, f"{one.created_at:%Y-%m-%d}") for one in found], indent=0)
    else:
        click.echo("No address is suppressed.")
