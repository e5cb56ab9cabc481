"""How commands print: tables for people, one JSON document for programs, progress on a terminal."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import click

from newsletter.errors import NewsletterError
from newsletter.model import Counts, Finding, Import, Severity
from newsletter.pipeline.workspace import Progress, Workspace, open_workspace, require_environment
from newsletter.settings_reading import find_workspace

json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document on standard output.")


def workspace_of(context: click.Context, sends: bool = False) -> Workspace:
    """The workspace the command line names, or the nearest one; one that `sends` has all it takes from the environment.

    Raises `SettingsError` when there is none, or what it needs is not there, and `FileProblems`.
    """
    asked: str | None = context.obj["workspace"]
    root = find_workspace(Path(asked) if asked else Path.cwd())
    workspace = open_workspace(root, os.environ, bundled_workspace() / "templates")
    if sends:
        require_environment(workspace.settings)
    return workspace


def bundled_workspace() -> Path:
    """The sample workspace: inside the installed package, or the repository it was installed from."""
    package = Path(__file__).parents[1]
    inside = package / "workspace"
    return inside if inside.is_dir() else package.parents[1]


def print_json(document: Mapping[str, object], lines: bool = False) -> None:
    """The one document of `--json`, or, with `lines`, one of many on a line of its own."""
    click.echo(json.dumps(document, indent=None if lines else 2, ensure_ascii=False))


def error_json(message: str, exit_code: int) -> dict[str, object]:
    """An error under the keys of the contract, of one that is not in a file."""
    return {"message": message, "exit_code": exit_code, "problems": []}


def print_table(rows: Sequence[Sequence[object]], indent: int = 2) -> None:
    """Rows in aligned columns; numbers to the right."""
    texts = [[f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in row] for row in rows]
    numeric = [all(isinstance(row[place], int) for row in rows) for place in range(len(rows[0]))] if rows else []
    widths = [max(len(row[place]) for row in texts) for place in range(len(numeric))]
    for row in texts:
        cells = [
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(row, widths, numeric, strict=True)
        ]
        click.echo((" " * indent + "  ".join(cells)).rstrip())


def print_heading(words: str) -> None:
    """A line that stands over what follows."""
    click.echo()
    click.secho(words, bold=True)


def print_findings(findings: Sequence[Finding]) -> None:
    """The findings on standard error, with the line to edit."""
    for one in findings:
        if one.severity is Severity.INFO:
            continue
        mark, color = ("error", "red") if one.severity is Severity.ERROR else ("warning", "yellow")
        place = click.style(str(one.where), bold=True)
        words = f"{one.message} {one.fix}".strip()
        click.echo(f"{place}: {click.style(mark, fg=color)}: {words} [{one.rule}]", err=True)


def findings_json(findings: Sequence[Finding]) -> list[dict[str, object]]:
    """Findings under the keys of the contract."""
    return [
        {
            "rule": one.rule,
            "severity": one.severity.value,
            "message": one.message,
            "file": one.where.path,
            "line": one.where.line,
            "variant": one.variant,
            "fix": one.fix,
            **({} if one.share is None else {"share": round(one.share, 3)}),
        }
        for one in findings
    ]


def print_import(result: Import) -> None:
    """What an import did, in a line or a few."""
    if result.skipped:
        return
    verb = "Would import" if result.dry_run else "Imported"
    rows = "1 row" if result.rows == 1 else f"{result.rows:,} rows"
    click.echo(
        f"{verb} {result.source}: {rows}, {result.added:,} added, {result.updated:,} updated, "
        f"{result.unchanged:,} unchanged, {result.merged:,} merged, {result.rejected_rows:,} rejected.",
        err=True,
    )
    if result.left:
        click.echo(f"  {result.left:,} people are no longer in the file and leave the audience.", err=True)
    for row in result.rejected[:10]:
        click.echo(f"  {result.source}:{row.line}: left out: {row.reason}.", err=True)
    if result.rejected_rows > 10:
        where = f"{result.rejected_file} has them all" if result.rejected_file else "an import writes them all to a CSV"
        click.echo(f"  … and {result.rejected_rows - 10:,} more; {where}.", err=True)


def clock(moment: datetime) -> str:
    """Day and time by its own clock, with seconds where a person named some."""
    return f"{moment:%Y-%m-%d %H:%M:%S}" if moment.second else f"{moment:%Y-%m-%d %H:%M}"


def counts_json(counts: Counts) -> dict[str, int]:
    """Counts under the keys of the contract."""
    return {
        "accepted": counts.accepted,
        "pending": counts.pending + counts.undecided,
        "deferred": counts.deferred,
        "rejected": counts.rejected,
        "uncertain": counts.uncertain,
        "skipped": counts.skipped,
    }


@contextmanager
def progress_bar(words: str, quiet: bool = False) -> Iterator[Progress]:
    """A bar on standard error while it is a terminal; otherwise silence."""
    if quiet or not sys.stderr.isatty():
        yield lambda done, total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(words, total=None)
        yield _updater(lambda done, total: bar.update(task, completed=done, total=total))


def _updater(update: Callable[[int, int | None], object]) -> Progress:
    def forward(done: int, total: int | None) -> None:
        update(done, total)

    return forward


class Reported(NewsletterError):
    """Ends a command whose findings are printed already, with its exit code."""

    exit_code = 1
    printed = True
