"""`suppress`: who must not be mailed."""

from __future__ import annotations

from pathlib import Path

import click

from newsletter.cli.output import json_option, print_json, print_table, progress_bar, workspace_of
from newsletter.model import Suppression, SuppressionKind
from newsletter.pipeline import suppressing

_scope = click.option("--audience", default="", metavar="ID", help="Only when this audience is mailed.")
_KINDS = ("bounces", "blocks", "invalid", "spam", "unsubscribes")


@click.group()
def suppress() -> None:
    """Keep addresses and whole domains from ever being mailed."""


@suppress.command()
@click.argument("entries", nargs=-1, required=True, metavar="ADDRESS|DOMAIN...")
@click.option("--reason", default="by hand", show_default=True, help="Why: shown wherever the address is left out.")
@_scope
@json_option
@click.pass_context
def add(context: click.Context, entries: tuple[str, ...], reason: str, audience: str, as_json: bool) -> None:
    """Never mail these again, also in campaigns that are being sent. `example.com` is everybody at that domain."""
    added = suppressing.suppress(workspace_of(context), entries, reason, audience)
    if as_json:
        print_json({"added": added, "already": len(entries) - added})
    else:
        click.echo(f"{added} suppressed, {len(entries) - added} were already.")
        for domain in suppressing.domains(entries):
            click.echo(f"  @{domain} is a domain: nobody there is mailed.")


@suppress.command()
@click.argument("entries", nargs=-1, required=True, metavar="ADDRESS|DOMAIN...")
@_scope
@click.option("--erased", is_flag=True, help="Also let somebody back in who had asked to be forgotten.")
@json_option
@click.pass_context
def remove(context: click.Context, entries: tuple[str, ...], audience: str, erased: bool, as_json: bool) -> None:
    """Let these be mailed again, because they asked for it.

    Who unsubscribed stays unsubscribed, and who asked to be forgotten stays forgotten unless --erased says otherwise.
    """
    lifted = suppressing.lift(workspace_of(context), entries, audience, erased)
    unknown = len(entries) - lifted.removed
    if as_json:
        still = {"still": list(lifted.still)} if lifted.still else {}
        print_json({"removed": lifted.removed, "unknown": unknown, **still})
        return
    if unknown:
        what = f"suppressed for the audience '{audience}'" if audience else "suppressed for everything"
        click.echo(f"{lifted.removed} no longer suppressed, {unknown} were not {what}.")
    else:
        click.echo(f"{lifted.removed} no longer suppressed.")
    for words in lifted.still:
        click.echo(f"  {words}", err=True)


@suppress.command("list")
@json_option
@click.pass_context
def list_(context: click.Context, as_json: bool) -> None:
    """All suppressed addresses and domains, with reason, scope, source and date."""
    found = suppressing.suppressed(workspace_of(context))
    if as_json:
        print_json({"suppressions": [_entry(one) for one in found]})
    elif found:
        print_table(
            [(_shown(one), one.reason, one.scope or "all", one.source, f"{one.created_at:%Y-%m-%d}") for one in found],
            indent=0,
        )
    else:
        click.echo("No address is suppressed.")


@suppress.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--kind", type=click.Choice(_KINDS), help="What the list holds. Default: told by its name and columns.")
@click.option("--reason", default="", help="Why, in place of the kind's own words; then any CSV of addresses will do.")
@_scope
@json_option
@click.pass_context
def import_(context: click.Context, file: Path, kind: str | None, reason: str, audience: str, as_json: bool) -> None:
    """Suppress a whole list, such as SendGrid's exports (CSV or JSON)."""
    workspace = workspace_of(context)
    with progress_bar("Suppressing", as_json) as progress:
        done = suppressing.import_list(workspace, file, kind or "", reason, audience, progress)
    if as_json:
        rejected = [{"line": one.line, "reason": one.reason} for one in done.rejected]
        print_json({"rows": done.rows, "added": done.added, "already": done.already, "rejected": rejected})
        return
    rows = "1 row" if done.rows == 1 else f"{done.rows:,} rows"
    click.echo(f"{file}: {rows}, {done.added:,} suppressed, {done.already:,} were already.")
    for one in done.rejected[:10]:
        click.echo(f"  {file}:{one.line}: left out: {one.reason}.", err=True)
    if len(done.rejected) > 10:
        click.echo(f"  … and {len(done.rejected) - 10:,} more; `--json` lists them all.", err=True)


def _shown(one: Suppression) -> str:
    return {SuppressionKind.DOMAIN: f"@{one.value}", SuppressionKind.HASH: "(somebody who was erased)"}.get(
        one.kind, one.value
    )


def _entry(one: Suppression) -> dict[str, object]:
    return {
        "kind": one.kind.value,
        "address" if one.kind is SuppressionKind.ADDRESS else one.kind.value: one.value,
        "reason": one.reason,
        "scope": one.scope,
        "source": one.source,
        "created_at": one.created_at.isoformat(),
    }
