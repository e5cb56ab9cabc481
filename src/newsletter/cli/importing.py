"""`import` and `new`: from what is written elsewhere, or from nothing, to an issue that builds."""

from __future__ import annotations

from datetime import datetime

import click

from newsletter.cli.output import json_option, print_heading, print_json, print_table, workspace_of
from newsletter.pipeline import importing
from newsletter.pipeline.importing import Imported, Wanted

_SHOWS = ("full", "summary", "card")
_MOST_SHOWN = 20


@click.command("import")
@click.argument("source")
@click.option("--issue", required=True, metavar="ID", help="The issue to make, or to add articles to.")
@click.option("--audience", default="", metavar="ID", help="Who a new issue is for. Default: the first by name.")
@click.option("--limit", default=10, show_default=True, type=click.IntRange(1, 500), help="At most N, newest first.")
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), metavar="DATE", help="Only from this day on: 2026-03-01.")
@click.option(
    "--show", type=click.Choice(_SHOWS), help="How a new issue shows every article. Default: what suits each."
)
@click.option("--dry-run", "dry", is_flag=True, help="Say what would be written, and write nothing.")
@json_option
@click.pass_context
def import_(
    context: click.Context,
    source: str,
    issue: str,
    audience: str,
    limit: int,
    since: datetime | None,
    show: str | None,
    dry: bool,
    as_json: bool,
) -> None:
    """Make articles of a file, a site or a feed.

    SOURCE is an article (.md, .html), a folder (a Jekyll, Hugo, Pelican or Nuxt Content site, a part of one, or any
    folder of articles), or an RSS, Atom or JSON feed, as a file or as an https address.

    Files that are there are never written over, so the same command can be run again: it adds what is new.
    """
    day = since.date() if since else None
    wanted = Wanted(source, issue, audience, limit, day, show or "", dry)
    imported = importing.import_source(workspace_of(context), wanted)
    if as_json:
        print_json(_document(imported, wanted))
        return
    _say_what_was_found(imported, wanted)
    _say_what_to_do(imported, wanted)


def _document(imported: Imported, wanted: Wanted) -> dict[str, object]:
    issued = imported.issued
    return {
        "issue": wanted.issue,
        "dry_run": wanted.dry,
        "kind": imported.found.kind,
        "issue_file": {"file": issued.issue.file, "status": str(issued.issue.status)},
        "articles": [
            {
                "file": done.file,
                "title": one.title,
                "source": one.source,
                "draft": one.draft,
                "status": str(done.status),
            }
            for one, done in issued.articles
        ],
        "pictures": [{"file": one.file, "source": one.source, "status": str(one.status)} for one in issued.pictures],
        "skipped": [{"source": one.source, "reason": one.reason} for one in imported.found.skipped],
        "left": imported.found.left,
        "notices": list(imported.found.notices),
        "lines": list(issued.lines),
        "problems": [
            {"file": one.where.path, "line": one.where.line, "message": one.message} for one in imported.problems
        ],
    }


def _say_what_was_found(imported: Imported, wanted: Wanted) -> None:
    issued = imported.issued
    added = sum(1 for _, done in issued.articles if done.status == "added")
    verb = "Would add" if wanted.dry else "Added"
    print_heading(f"{verb} {_count(added, 'article')} from {imported.found.kind} to issues/{wanted.issue}:")
    rows = [
        (str(done.status), done.file, one.title + (" (draft)" if one.draft else "")) for one, done in issued.articles
    ]
    print_table([(*row[:2], row[2][:60]) for row in rows])
    copied = sum(1 for one in issued.pictures if one.status == "added")
    if copied:
        click.echo(f"  {_count(copied, 'picture')} {'would be ' * wanted.dry}copied beside them.")
    if imported.found.left:
        click.echo(f"  {_count(imported.found.left, 'more article')} there; --limit or --since brings others.")
    for one in imported.found.skipped[:_MOST_SHOWN]:
        click.echo(f"{one.source}: left out: {one.reason}.", err=True)
    if len(imported.found.skipped) > _MOST_SHOWN:
        click.echo(f"… and {len(imported.found.skipped) - _MOST_SHOWN} more left out; --json lists them all.", err=True)
    for words in imported.found.notices:
        click.echo(words, err=True)


def _say_what_to_do(imported: Imported, wanted: Wanted) -> None:
    issued = imported.issued
    kept = [done.file for _, done in issued.articles if done.status == "kept"]
    if kept:
        click.echo(f"Left alone, as they read differently here: {', '.join(kept)}", err=True)
    drafts = sum(1 for one, _ in issued.articles if one.draft)
    if drafts:
        click.echo(f"{_count(drafts, 'draft')} among them: they can be built, and stop a send.", err=True)
    for problem in imported.problems:
        click.echo(f"{problem.where}: to mend before it builds: {problem.message}", err=True)
    if issued.lines:
        click.echo(f"\n{issued.issue.file} stays as it is. To show the new articles, paste under `blocks:`\n")
        click.echo("\n".join(f"      {line}" for line in issued.lines))
    if wanted.dry:
        click.echo("\nNothing was written. Run it without --dry-run to do so.")
    elif importing.is_new(issued):
        click.echo(f"\nIt is for the audience '{imported.audience}'. Give it a subject in {issued.issue.file}, then:")
    if not wanted.dry:
        click.echo(f"\n  newsletter build {wanted.issue}\n")


def _count(number: int, word: str) -> str:
    return f"{number:,} {word}{'s' * (number != 1)}"


@click.group()
def new() -> None:
    """Begin an issue or an article."""


@new.command("issue")
@click.argument("issue", metavar="ID")
@click.option("--audience", default="", metavar="ID", help="Who it is for. Default: the first by name.")
@json_option
@click.pass_context
def new_issue(context: click.Context, issue: str, audience: str, as_json: bool) -> None:
    """Make an issue with a first article to write in."""
    issued = importing.new_issue(workspace_of(context), issue, audience)
    files = [issued.issue.file, *(done.file for _, done in issued.articles)]
    if as_json:
        print_json({"issue": issue, "files": files})
        return
    click.echo(f"Made {' and '.join(files)}. Write in them, then:\n\n  newsletter build {issue}\n")


@new.command("article")
@click.argument("issue")
@click.argument("name")
@json_option
@click.pass_context
def new_article(context: click.Context, issue: str, name: str, as_json: bool) -> None:
    """Make a draft article in an issue's folder."""
    file, line = importing.new_article(workspace_of(context), issue, name)
    if as_json:
        print_json({"file": file, "line": line})
        return
    click.echo(f"Made {file}, a draft. To show it, paste under `blocks:` in issue.yaml\n\n      {line}\n")
