"""`check`: what readers would regret, with the line to edit."""

from __future__ import annotations

import os
import textwrap
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import click

from newsletter.cli.check_formats import FORMATS, summary
from newsletter.cli.output import Reported, json_option, print_json, progress_bar, workspace_of
from newsletter.errors import SettingsError
from newsletter.model import Finding, Severity
from newsletter.pipeline.checking import (
    Checked,
    asked_for,
    check_file,
    check_issue,
    is_file,
    rule_table,
    rule_words,
    support_folder,
)
from newsletter.pipeline.support import update_support

if TYPE_CHECKING:
    from newsletter.pipeline.spam import Score

_COLORS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.INFO: "cyan"}
_LONGEST = 100


@click.command()
@click.argument("target", metavar="ISSUE|FILE.html|FILE.eml", required=False)
@click.option("--profession", "only", multiple=True, metavar="P", help="Only this profession's variant; repeatable.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", *FORMATS]),
    default="table",
    help="How to print the findings. Default: a table with the lines to edit.",
)
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Write them there instead.")
@click.option(
    "--fail-on",
    type=click.Choice(["error", "warning", "never"]),
    default="error",
    help="What makes the exit code 1. Default: error.",
)
@click.option("--clients", multiple=True, metavar="C", help="Only these mail clients, such as gmail,outlook-2019.")
@click.option("--notes", is_flag=True, help="Tell also what merely looks plainer in some mail client.")
@click.option("--update-support", is_flag=True, help="Fetch what mail clients support now from caniemail.com first.")
@click.option("--online", is_flag=True, help="Ask whether links and pictures answer; public addresses only.")
@click.option(
    "--spam", is_flag=True, help="Ask the spam filter of this machine (SpamAssassin or rspamd) for its score."
)
@click.option("--fresh", is_flag=True, help="Take nothing from earlier runs.")
@click.option("--explain", metavar="RULE", help="Say what a rule is about, and where it comes from.")
@click.option("--rules", "list_rules", is_flag=True, help="List all rules.")
@json_option
@click.pass_context
def check(
    context: click.Context,
    target: str | None,
    only: tuple[str, ...],
    form: str,
    out: Path | None,
    fail_on: str,
    clients: tuple[str, ...],
    notes: bool,
    update_support: bool,
    online: bool,
    spam: bool,
    fresh: bool,
    explain: str | None,
    list_rules: bool,
    as_json: bool,
) -> None:
    """Find what readers would regret, and say which line to edit.

    Checks every variant of an issue, or any HTML email in a file (without a workspace). A finding is ignored by a
    comment before its line: `<!-- newsletter: ignore RULE because … -->`, in YAML `# newsletter: ignore …`.
    """
    if explain or list_rules:
        _say_rules(explain, as_json or form == "json")
        return
    if update_support:
        _update(workspace_of(context).root)
        if not target:
            return
    if not target:
        raise SettingsError("name an issue, or a file that ends in .html or .eml.")
    asked = asked_for(clients, notes, fresh, online)
    score = _spam_filter() if spam else None
    if is_file(target):
        checked = check_file(target, asked, score)
    else:
        workspace = workspace_of(context)
        with progress_bar("Rendering", as_json or form != "table") as progress:
            checked = check_issue(workspace, target, only, progress, asked, score)
    _report(checked, "json" if as_json else form, out, fail_on)
    failing = len(checked.failing(fail_on))
    if failing:
        raise Reported(f"{failing} finding{'s' * (failing != 1)} to mend.")


def _spam_filter() -> Score:
    # Loads TLS, which no other check needs.
    from newsletter.pipeline.spam import spam_filter

    return spam_filter(os.environ)


def _update(root: Path) -> None:
    table = update_support(support_folder(root))
    click.echo(f"The support table is of {table.snapshot} now.", err=True)


def _report(checked: Checked, form: str, out: Path | None, fail_on: str) -> None:
    if form == "table" and out is None:
        _print_table(checked)
        return
    document = FORMATS["text" if form == "table" else form](checked, fail_on)
    if out is None:
        click.echo(document, nl=False)
        return
    try:
        out.write_text(document, "utf-8")
    except OSError as error:
        raise SettingsError(f"{out}: cannot be written: {error.strerror}.") from error
    click.echo(f"{summary(checked)}. Written to {out}.", err=True)


def _print_table(checked: Checked) -> None:
    """Each finding with the line to edit, file by file."""
    told = checked.findings
    for path, findings in groupby(sorted(told, key=lambda one: one.where.path), key=lambda one: one.where.path):
        click.echo()
        click.secho(path, bold=True)
        lines = checked.read(path).split("\n")
        for one in sorted(findings, key=lambda finding: finding.where.line):
            _print_finding(one, lines, checked.variants)
    click.echo()
    click.secho(summary(checked), bold=True)
    for score in checked.scores:
        click.echo(f"  {score.variant}: {score.filter} gives {score.score:g} of {score.required:g} points.")


def _print_finding(one: Finding, lines: Sequence[str], variants: Sequence[str]) -> None:
    number = one.where.line
    head = f"{click.style(one.severity.value, fg=_COLORS[one.severity], bold=True)} {click.style(one.rule, bold=True)}"
    some = f"  ({one.variant})" if one.variant and len(one.variant.split(", ")) < len(variants) else ""
    click.echo(f"  {number or '-':>5} {head}{some}")
    if 0 < number <= len(lines) and lines[number - 1].strip():
        line = lines[number - 1].strip()
        shown = line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"
        click.echo(click.style(f"{'>':>7} {_printable(shown)}", dim=True))
    width = max(40, min(110, _columns()) - 8)
    for text in textwrap.wrap(f"{one.message} {one.fix}".strip(), width):
        click.echo(f"{'':8}{_printable(text)}")


def _printable(text: str) -> str:
    """The text without what would steer a terminal."""
    return "".join(character if character.isprintable() else " " for character in text)


def _columns() -> int:
    import shutil

    return shutil.get_terminal_size((100, 24)).columns


def _say_rules(explain: str | None, as_json: bool) -> None:
    if explain:
        words = rule_words(explain)
        if as_json:
            print_json({"rule": explain, "severity": rule_table()[explain][0], "about": words})
        else:
            click.echo(textwrap.fill(f"{explain} ({rule_table()[explain][0]}): {words}", min(100, _columns())))
        return
    rules = rule_table()
    if as_json:
        print_json({"rules": [{"rule": name, "severity": one[0], "about": one[1]} for name, one in rules.items()]})
        return
    width = max(len(name) for name in rules)
    for name, (severity, about) in rules.items():
        click.echo(f"  {name:<{width}}  {severity:<8} {about.split('. ')[0].rstrip('.')}.")
