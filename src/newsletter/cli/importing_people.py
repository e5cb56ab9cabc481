"""`audience import`: people from a file."""

from __future__ import annotations

import click

from newsletter.cli.output import (
    Reported,
    json_option,
    print_heading,
    print_import,
    print_json,
    print_table,
    progress_bar,
    workspace_of,
)
from newsletter.errors import ImportRefused
from newsletter.model import Import
from newsletter.pipeline import people

_MOST_TITLES = 15


@click.command("import")
@click.argument("name", metavar="AUDIENCE")
@click.option("--dry-run", is_flag=True, help="Show what would be read from which column and changed; change nothing.")
@click.option("--allow-leaving", is_flag=True, help="Import a file that takes most people out of the audience.")
@json_option
@click.pass_context
def import_people(context: click.Context, name: str, dry_run: bool, allow_leaving: bool, as_json: bool) -> None:
    """Read the audience's file into the database; again after it has changed.

    CSV and its kin, XLSX, JSON Lines, and the exports of Mailchimp, listmonk and SendGrid. Nobody who unsubscribed,
    bounced or complained comes back by an import. A file without a row that can be taken, or with which most people
    would leave the audience, changes nobody and ends with 1.
    """
    workspace = workspace_of(context)
    try:
        with progress_bar("Importing", as_json) as progress:
            result = people.import_audience(workspace, name, progress, dry_run, allow_leaving)
    except ImportRefused as error:
        if not as_json:
            _print_reading(error.result)
        raise
    if as_json:
        print_json(import_json(result))
    else:
        _print_result(result)
    if result.refusal:
        if not as_json:
            click.echo(f"An import would stop here: {result.refusal}", err=True)
        raise Reported(result.refusal)


def _print_result(result: Import) -> None:
    if result.skipped:
        click.echo(f"{result.source} has not changed since it was last imported.")
    else:
        _print_reading(result)
        print_import(result)
    _print_titles(result)


def import_json(result: Import) -> dict[str, object]:
    """What an import did, under the keys of the contract."""
    return {
        "source": result.source,
        "rows": result.rows,
        "added": result.added,
        "updated": result.updated,
        "unchanged": result.unchanged,
        "merged": result.merged,
        "rejected": [{"line": one.line, "reason": one.reason} for one in result.rejected],
        "rejected_rows": result.rejected_rows,
        "rejected_file": result.rejected_file,
        "joined": result.joined,
        "left": result.left,
        "unmatched_professions": dict(result.unmatched_professions),
        "format": result.format,
        "columns": dict(result.columns),
        "columns_from": result.columns_from,
        "ignored_columns": list(result.ignored_columns),
        "notes": list(result.notes),
        "skipped": result.skipped,
        "dry_run": result.dry_run,
        "refusal": result.refusal,
    }


def _print_reading(result: Import) -> None:
    """How the file was understood: what a person looks at before the figures."""
    click.echo(f"{result.source} is {result.format}. Columns {_by(result.columns_from)}:")
    print_table([(field, f"← {heading}") for field, heading in result.columns.items()])
    if result.ignored_columns:
        click.echo(f"Columns not taken: {', '.join(result.ignored_columns)}. Name them under `columns:` to use them.")
    for note in result.notes:
        click.echo(f"Note: {note}.")


def _by(origin: str) -> str:
    return origin if origin.startswith("guessed") else f"as in {origin}"


def _print_titles(result: Import) -> None:
    titles = list(result.unmatched_professions.items())
    if not titles:
        return
    print_heading("Job titles that match no profession (their owners read the default variant)")
    print_table([(count, title) for title, count in titles[:_MOST_TITLES]])
    if len(titles) > _MOST_TITLES:
        click.echo(f"  … and {len(titles) - _MOST_TITLES:,} more; `--json` lists them all.")
