"""`audience export` and `audience forget`: what is held on a person."""

from __future__ import annotations

import sys

import click

from newsletter.cli.output import json_option, print_json, workspace_of
from newsletter.errors import SettingsError
from newsletter.pipeline import privacy


def _counted(count: int, one: str, many: str = "") -> str:
    return f"{count:,} {one if count == 1 else many or one + 's'}"


@click.command("export")
@click.argument("address")
@json_option
@click.pass_context
def export_person(context: click.Context, address: str, as_json: bool) -> None:
    """Print all that is held on a person, as JSON: for someone who asks what you know of them."""
    print_json(privacy.export(workspace_of(context), address))


@click.command("forget")
@click.argument("address")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
@click.pass_context
def forget_person(context: click.Context, address: str, yes: bool, as_json: bool) -> None:
    """Erase a person everywhere in the database, for good, and keep files from bringing them back."""
    workspace = workspace_of(context)
    if not yes:
        if not sys.stdin.isatty():
            raise SettingsError("nobody is there to ask. Add --yes to erase without asking.")
        click.confirm("Erase this person for good?", abort=True, err=True)
    done = privacy.forget(workspace, address)
    held, named = done.held, [str(path) for path in done.not_reached]
    if as_json:
        print_json(
            {
                "subscriber": held.subscriber is not None,
                "deliveries": len(held.deliveries),
                "events": len(held.events),
                "suppressions": len(held.suppressions),
                "files": len(held.files),
                "rejected_rows": done.rejected_rows,
                "erased_before": held.erased,
                "not_reached": named,
            }
        )
        return
    if held.anything:
        click.echo(
            f"Erased: {'the subscriber' if held.subscriber else 'no subscriber'}, "
            f"{_counted(len(held.deliveries), 'delivery', 'deliveries')}, {_counted(len(held.events), 'event')}, "
            f"{_counted(len(held.files), 'import')}. "
            "A keyed hash stays, so that no file brings the address back."
        )
    else:
        click.echo(
            "Nothing was held on this address: look whether it is written right. A keyed hash now keeps it from being "
            "brought in."
        )
    click.echo("To let a file bring the address in after all: `newsletter suppress remove ADDRESS --erased`.")
    if done.rejected_rows:
        click.echo(f"Also erased: {_counted(done.rejected_rows, 'rejected row')} of imports.")
    if named:
        click.echo("Not reached, and yours to look after:")
        for one in named:
            click.echo(f"  {one}")
    click.echo("What was handed to a provider, and backups, lie beyond this program.")
