"""`db`: the version of the database, and bringing it up to date."""

from __future__ import annotations

import click

from newsletter.cli.output import Reported, json_option, print_json, workspace_of
from newsletter.pipeline import databases


@click.group()
def db() -> None:
    """Show the database's version, and bring it up to date."""


@db.command()
@json_option
@click.pass_context
def status(context: click.Context, as_json: bool) -> None:
    """Which version the database is of, and which this program needs; 1 when it is newer, 2 when it is damaged."""
    found = databases.state(workspace_of(context))
    if as_json:
        kept = [str(path) for path in found.copies]
        print_json({"database": found.name, "schema": found.found, "needed": found.needed, "copies": kept})
        if found.found > found.needed:
            raise Reported("the database is newer than this program.")
        return
    if not found.found:
        click.echo(f"{found.name}: not made yet; the first command that needs it makes it (schema {found.needed}).")
    elif found.found == found.needed:
        click.echo(f"{found.name}: up to date (schema {found.found}).")
    elif found.found < found.needed:
        click.echo(
            f"{found.name}: schema {found.found}, this program needs {found.needed}. Run `newsletter db upgrade`."
        )
    else:
        click.echo(f"{found.name}: schema {found.found}, newer than this program ({found.needed}).")
    for path in found.copies:
        click.echo(f"A copy from before an upgrade: {path}. Delete it when it is no longer needed.")
    if found.mode is not None:
        click.echo(
            f"Others may read it (mode {found.mode:o}), and it holds addresses: `chmod 600 {found.name}`.", err=True
        )
    if found.found > found.needed:
        raise Reported("Update the program.")


@db.command()
@json_option
@click.pass_context
def upgrade(context: click.Context, as_json: bool) -> None:
    """Bring the database up to date; all of it or nothing. A SQLite file is copied first."""
    done = databases.bring_up_to_date(workspace_of(context))
    if as_json:
        copy = str(done.copy) if done.copy else None
        print_json({"database": done.name, "before": done.before, "schema": done.now, "copy": copy})
    elif done.before == done.now:
        click.echo(f"{done.name}: up to date already (schema {done.now}).")
    else:
        click.echo(f"{done.name}: schema {done.before or 'none'} → {done.now}.")
        if done.copy:
            click.echo(f"As it was before: {done.copy}. Delete it when it is no longer needed: it holds addresses.")
