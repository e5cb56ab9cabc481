"""`audience clients`: what people read their mail with."""

from __future__ import annotations

import click

from newsletter.cli.output import json_option, print_json, print_table, workspace_of
from newsletter.pipeline.client_mix import LEAST_PEOPLE, ReadWith, read_with


@click.command()
@click.argument("name", metavar="AUDIENCE")
@json_option
@click.pass_context
def clients(context: click.Context, name: str, as_json: bool) -> None:
    """Which mail clients an audience reads with, as the opens of the last year tell.

    `newsletter check` goes by it: what goes wrong for hardly anybody is a note.
    """
    found = read_with(workspace_of(context), name)
    if as_json:
        print_json(_json(found))
    else:
        _print(found)


def _json(found: ReadWith) -> dict[str, object]:
    shares = found.mix.shares
    return {
        "audience": found.audience.id,
        "people": found.mix.known,
        "unknown": found.mix.unknown,
        "weighs": found.weighs,
        "least_people": LEAST_PEOPLE,
        "small_share": found.small_share,
        "clients": [
            {
                "family": family.value,
                "name": words,
                "clients": list(members),
                "people": round(found.mix.people[family], 1),
                "share": round(shares[family], 4),
            }
            for family, words, members in found.families
        ],
    }


def _print(found: ReadWith) -> None:
    mix = found.mix
    if not mix.known:
        click.echo(f"{found.audience.title}: nobody knows yet what they read with.")
        click.echo(
            "Send with `tracking: {opens: true}` in newsletter.yaml (SendGrid), and take in what it tells with "
            "`newsletter events import`. Until then all mail clients count alike."
        )
        return
    click.echo(f"{found.audience.title}: what {_people(mix.known)} read with")
    print_table([(_percent(mix.shares[one]), round(mix.people[one]), words) for one, words, _ in found.families])
    if mix.unknown:
        click.echo(f"Of {_people(mix.unknown)} more who opened, nothing tells with what.")
    if found.weighs:
        click.echo(
            f"`newsletter check` goes by it: what goes wrong for less than {found.small_share * 100:g} % is a note "
            "(`mail_clients: {small_share: …}` in newsletter.yaml)."
        )
    else:
        click.echo(f"`newsletter check` counts all mail clients alike until this is known of {LEAST_PEOPLE} people.")


def _people(count: int) -> str:
    return "1 person" if count == 1 else f"{count:,} people"


def _percent(share: float) -> str:
    words = f"{share * 100:.0f} %" if share >= 0.01 else "< 1 %"
    return words.rjust(5)
