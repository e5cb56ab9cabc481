"""`audience`: who may receive."""

from __future__ import annotations

import click

from newsletter.cli.clients import clients
from newsletter.cli.examining import count, professions, show
from newsletter.cli.importing_people import import_people
from newsletter.cli.output import (
    json_option,
    print_json,
    print_table,
    workspace_of,
)
from newsletter.cli.privacy import export_person, forget_person
from newsletter.pipeline import people


@click.group()
def audience() -> None:
    """Import, list and count the people an issue is for."""


audience.add_command(import_people)
audience.add_command(export_person)
audience.add_command(forget_person)


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


for command in (count, show, professions, clients):
    audience.add_command(command)
