"""`audience count`, `show` and `professions`: look at people before anything is mailed."""

from __future__ import annotations

import sys

import click

from newsletter.cli.output import (
    findings_json,
    json_option,
    print_findings,
    print_heading,
    print_import,
    print_json,
    print_table,
    workspace_of,
)
from newsletter.errors import SettingsError
from newsletter.model import UNMATCHED
from newsletter.pipeline import examining
from newsletter.pipeline.examining import Examined, ProfessionCounts, Unmatched

_MOST_TITLES = 50
_explain_option = click.option(
    "--explain", is_flag=True, help="Show the segment as SQL, and how the database reads it."
)


@click.command()
@click.argument("name", metavar="AUDIENCE")
@_explain_option
@json_option
@click.pass_context
def count(context: click.Context, name: str, explain: bool, as_json: bool) -> None:
    """How many the audience's segment picks, by profession and country, and who is left out."""
    found = examining.examine(workspace_of(context), name, explain=explain)
    if as_json:
        print_json(_examined_json(found))
    else:
        _print_examined(found)


@click.command()
@click.argument("name", metavar="AUDIENCE")
@click.option("--sample", default=5, show_default=True, type=click.IntRange(0, 1_000), help="Show so many people.")
@click.option("--full", is_flag=True, help="Show whole addresses and names of the sample.")
@_explain_option
@json_option
@click.pass_context
def show(context: click.Context, name: str, sample: int, full: bool, explain: bool, as_json: bool) -> None:
    """Who is in an audience: counted, with a few of them, and who is left out and why."""
    found = examining.examine(workspace_of(context), name, sample, explain)
    people = _sample_json(found, full)
    if as_json:
        print_json({**_examined_json(found), "sample": people})
        return
    _print_examined(found)
    if people:
        print_heading(f"A sample of {len(people)}")
        print_table([[value for value in one.values() if value] for one in _even(people)])


def _even(people: list[dict[str, str]]) -> list[dict[str, str]]:
    """The same cells in every row: an empty one is a dash."""
    return [{key: value or "–" for key, value in one.items()} for one in people]


def _sample_json(found: Examined, full: bool) -> list[dict[str, str]]:
    people: list[dict[str, str]] = []
    for one in found.sample:
        local, _, domain = one.address.rpartition("@")
        names = {"first_name": one.first_name, "last_name": one.last_name} if full else {}
        people.append(
            {
                "address": one.address if full else f"{local[:1]}…@{domain}",
                **names,
                "profession": one.profession or UNMATCHED,
                "profession_title": one.profession_title,
                "country": one.country,
                "language": one.language,
            }
        )
    return people


def _examined_json(found: Examined) -> dict[str, object]:
    document: dict[str, object] = {
        "audience": found.audience.id,
        "title": found.audience.title,
        "recipients": found.recipients,
        "by_profession": dict(found.by_profession),
        "by_country": dict(found.by_country),
        "by_language": dict(found.by_language),
        "by_status": dict(found.by_status),
        "skipped": dict(found.skipped),
        "outside": dict(found.outside),
        "findings": findings_json(found.findings),
    }
    if found.explained:
        document["explained"] = {
            "sql": found.explained.sql,
            "values": {key: str(value) for key, value in found.explained.values.items()},
            "plan": list(found.explained.plan),
            "indexes": list(found.explained.indexes),
            "reads_everybody": found.explained.reads_everybody,
        }
    return document


def _print_examined(found: Examined) -> None:
    if found.imported is not None:
        print_import(found.imported)
    print_findings(found.findings)
    click.echo(f"{found.audience.title}: {found.recipients:,} recipients")
    tables = (
        ("By profession", found.by_profession),
        ("By country", found.by_country),
        ("By language", found.by_language),
        ("By status, of all whom the segment picks", found.by_status),
        ("Left out", found.skipped),
        ("Outside the segment, by the first rule that says so", found.outside),
    )
    for words, counted in tables:
        if counted:
            print_heading(words)
            print_table([(people, key) for key, people in counted.items()])
    if found.explained:
        _print_explained(found)


def _print_explained(found: Examined) -> None:
    explained = found.explained
    assert explained is not None
    print_heading("The segment as SQL")
    click.echo(f"  {explained.sql}")
    if explained.values:
        print_table([(f":{key}", repr(value)) for key, value in explained.values.items()], indent=4)
    print_heading("How the database reads it")
    for line in explained.plan:
        click.echo(f"  {line}")
    if explained.indexes:
        click.echo(f"It narrows people down by an index: {', '.join(explained.indexes)}.")
    if explained.reads_everybody or not explained.indexes:
        click.echo("It looks at every subscriber: no index narrows them down.")


# ── professions ─────────────────────────────────────────────────────────────────────────────────────────────────────


@click.command()
@click.argument("name", metavar="[AUDIENCE]", default="")
@click.option("--unmatched", is_flag=True, help="List job titles that match no profession, with what comes close.")
@click.option("--accept", multiple=True, metavar="TITLE=PROFESSION", help="Write the title as an alias. Repeatable.")
@click.option(
    "--accept-above", type=click.IntRange(1, 100), metavar="SCORE", help="Accept suggestions from this score."
)
@click.option("--yes", is_flag=True, help="Do not ask before professions.yaml is written.")
@json_option
@click.pass_context
def professions(
    context: click.Context,
    name: str,
    unmatched: bool,
    accept: tuple[str, ...],
    accept_above: int | None,
    yes: bool,
    as_json: bool,
) -> None:
    """What people do: the tree of professions with counts, and job titles that are not in it yet.

    The audience's file is imported first when it has changed.
    """
    workspace = workspace_of(context)
    if not (unmatched or accept or accept_above is not None):
        counts = examining.count_professions(workspace, name)
        if counts.imported is not None:
            print_import(counts.imported)
        print_json(_counts_json(counts)) if as_json else _print_tree(counts)
        return
    found = examining.unmatched_titles(workspace, name)
    if found.imported is not None:
        print_import(found.imported)
    chosen = examining.choose(found, accept, accept_above)
    if not (accept or accept_above is not None):
        print_json(_unmatched_json(found)) if as_json else _print_unmatched(found)
        return
    if not as_json:
        print_table([(f"{title} →", key) for title, key in chosen.items()])
    if not chosen:
        print_json({"accepted": {}, "rematched": 0}) if as_json else click.echo("No suggestion scores that high.")
        return
    for title in examining.nobodys(found, chosen):
        click.echo(f"Nobody without a profession has the title '{title}'. Look whether it is written right.", err=True)
    _confirm(f"Write {len(chosen)} alias(es) into {found.professions.path}?", yes)
    done = examining.accept(workspace, found, chosen)
    if as_json:
        print_json({"accepted": dict(done.aliases), "rematched": done.rematched})
    else:
        click.echo(f"{len(done.aliases)} written. {done.rematched:,} people have another profession since.")


def _confirm(question: str, yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        raise SettingsError("nobody is there to ask. Add --yes to write without asking.")
    click.confirm(question, abort=True, err=True)


def _counts_json(counts: ProfessionCounts) -> dict[str, object]:
    entries = [
        {"key": one.key, "label": one.label, "parent": one.parent, "people": counts.people.get(one.key, 0)}
        for one in counts.professions.by_key.values()
    ]
    return {"professions": entries, "unmatched": _others(counts)}


def _others(counts: ProfessionCounts) -> int:
    """People whose profession is not, or no longer, in the taxonomy."""
    return sum(people for key, people in counts.people.items() if key not in counts.professions.by_key)


def _print_tree(counts: ProfessionCounts) -> None:
    print_table([*_branches(counts, None, ""), (_others(counts), UNMATCHED)])


def _branches(counts: ProfessionCounts, parent: str | None, indent: str) -> list[tuple[int, str]]:
    rows: list[tuple[int, str]] = []
    for one in counts.professions.by_key.values():
        if one.parent == parent:
            rows.append((counts.people.get(one.key, 0), f"{indent}{one.label} ({one.key})"))
            rows += _branches(counts, one.key, f"{indent}  ")
    return rows


def _unmatched_json(found: Unmatched) -> dict[str, object]:
    titles = [
        {
            "title": one.title,
            "people": one.people,
            "suggestions": [
                {"profession": close.profession, "likeness": close.likeness, "score": close.score}
                for close in one.suggestions
            ],
        }
        for one in found.titles
    ]
    return {"unmatched": titles}


def _print_unmatched(found: Unmatched) -> None:
    if found.nobody:
        click.echo("Nobody is in the database yet. Import an audience first: `newsletter audience import AUDIENCE`.")
        return
    if not found.titles:
        click.echo("Every job title matches a profession.")
        return
    rows = [
        (one.people, one.title, ", ".join(f"{close.profession} {close.score}" for close in one.suggestions) or "–")
        for one in found.titles[:_MOST_TITLES]
    ]
    print_table(rows)
    if len(found.titles) > _MOST_TITLES:
        click.echo(f"  … and {len(found.titles) - _MOST_TITLES:,} more; `--json` lists them all.")
    click.echo("Accept one with --accept 'TITLE=profession', or all from a score with --accept-above SCORE.")
