"""`check`: what readers would regret, with the line to edit."""

from __future__ import annotations

import os
import textwrap
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import click

from newsletter.cli.check_formats import FORMATS, as_checked, from_here, summary
from newsletter.cli.output import Reported, json_option, print_json, progress_bar, workspace_of
from newsletter.errors import FileProblems, SettingsError
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
from newsletter.pipeline.inspecting import Asked
from newsletter.pipeline.support import update_support
from newsletter.settings_reading import find_workspace

if TYPE_CHECKING:
    from newsletter.pipeline.spam import Score

_COLORS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.INFO: "cyan"}
_ANNOTATIONS = ("github", "sarif", "junit")
"""Formats that also hold what keeps a check from starting: nobody reads its standard error in CI."""
_LONGEST = 100
_USUALLY = {
    "error": "usually an error, which stops a send",
    "warning": "usually a warning, which stops nothing",
    "info": "usually a note, told with --notes",
    "off": "off, until newsletter.yaml turns it on",
}


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
    help="From which findings on the exit code is 1. Default: error.",
)
@click.option("--clients", multiple=True, metavar="C", help="Only these mail clients: gmail,outlook-2019 or all.")
@click.option(
    "--notes", is_flag=True, help="Tell the notes, too: what merely looks plainer somewhere, or concerns few."
)
@click.option("--update-support", is_flag=True, help="First fetch from caniemail.com what mail clients support now.")
@click.option("--online", is_flag=True, help="Ask whether links and pictures answer; public addresses only.")
@click.option("--spam", is_flag=True, help="Ask the spam filter installed here (SpamAssassin or rspamd) for its score.")
@click.option("--fresh", is_flag=True, help="Take nothing from earlier runs.")
@click.option("--explain", metavar="RULE", help="Say what a rule is about, its source, and how to change it.")
@click.option("--rules", "list_rules", is_flag=True, help="List all rules, and how serious each usually is.")
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

    Checks every variant of an issue, or any HTML email in a file (without a workspace). An error stops a send, a
    warning does not, and notes are told with --notes. How serious a rule is, newsletter.yaml says: `checks: {image-alt:
    error, spelling: off}`. One finding is ignored by a comment before its line: `<!-- newsletter: ignore RULE because
    … -->`, in YAML `# newsletter: ignore RULE because …`.
    """
    if explain or list_rules:
        _say_rules(explain, as_json or form == "json")
        return
    kept = support_folder(_workspace_root(context), os.environ)
    if update_support:
        _update(kept)
        if not target:
            return
    if not target:
        raise SettingsError("name an issue, or a file that ends in .html or .eml.")
    if only and is_file(target):
        raise click.UsageError("--profession picks variants of an issue, and a file is one mail. Leave it out.")
    form = "json" if as_json else form
    asked = asked_for(clients, notes, fresh, online)
    score = _spam_filter() if spam else None
    try:
        checked = check_file(target, asked, score, kept) if is_file(target) else None
        checked = checked or _checked_issue(context, target, only, asked, score, form)
    except FileProblems as error:
        if form in _ANNOTATIONS:
            stopped = as_checked(error.problems, target)
            root = None if is_file(target) else _workspace_root(context)
            _report(from_here(stopped, root) if root else stopped, form, out, "error")
        raise
    _report(checked, form, out, fail_on)
    failing = len(checked.failing(fail_on))
    if failing:
        raise Reported(f"{failing} finding{'s' * (failing != 1)} to mend.")


def _checked_issue(
    context: click.Context, target: str, only: Sequence[str], asked: Asked, score: Score | None, form: str
) -> Checked:
    workspace = workspace_of(context)
    with progress_bar("Rendering", form != "table") as progress:
        checked = check_issue(workspace, target, only, progress, asked, score)
    # The document of --json names files as every other document does: from the workspace on.
    return checked if form == "json" else from_here(checked, workspace.root)


def _spam_filter() -> Score:
    # Loads TLS, which no other check needs.
    from newsletter.pipeline.spam import spam_filter

    return spam_filter(os.environ)


def _workspace_root(context: click.Context) -> Path | None:
    """The workspace the command line names, or the nearest one; None where there is none, as a file needs none."""
    asked: str | None = context.obj["workspace"]
    if asked:
        return find_workspace(Path(asked))
    try:
        return find_workspace(Path.cwd())
    except SettingsError:
        return None


def _update(folder: Path | None) -> None:
    if folder is None:
        raise SettingsError("there is no folder to keep the support table in. Set XDG_CACHE_HOME, or name a workspace.")
    table = update_support(folder)
    click.echo(f"The support table is of {table.snapshot} now. It is kept in {folder}.", err=True)


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
            _explain(explain, rule_table()[explain][0], words)
        return
    rules = rule_table()
    if as_json:
        print_json({"rules": [{"rule": name, "severity": one[0], "about": one[1]} for name, one in rules.items()]})
        return
    width = max(len(name) for name in rules)
    for name, (severity, about) in rules.items():
        head = f"  {name:<{width}}  {severity:<8} "
        text = f"{about.split('. ')[0].rstrip('.')}."
        click.echo(textwrap.fill(text, max(70, _columns()), initial_indent=head, subsequent_indent=" " * len(head)))


def _explain(rule: str, severity: str, words: str) -> None:
    """What it is about, its source, and what a person can do about it, each in a paragraph."""
    about, found, source = words.partition(" Source: ")
    click.secho(f"{rule}: {_USUALLY[severity]}", bold=True)
    first = "error" if severity == "warning" else "warning"
    others = [first, *(one for one in ("error", "warning", "info", "off") if one not in (first, severity))]
    change = (
        f"In newsletter.yaml: `checks: {{{rule}: {others[0]}}}` (or {', '.join(others[1:])}). For one place, a comment "
        f"before it: `<!-- newsletter: ignore {rule} because … -->`."
    )
    for text in (about, f"Source: {source}" if found else "", change):
        if text:
            click.echo()
            click.echo(textwrap.fill(text, min(100, _columns()), break_long_words=False, break_on_hyphens=False))
