"""`approve` and `approvals`: what reviewers decide, bound to exactly the content they looked at."""

from __future__ import annotations

import click

from newsletter.cli.output import (
    Reported,
    json_option,
    print_findings,
    print_heading,
    print_json,
    print_table,
    workspace_of,
)
from newsletter.model import Decision, Severity, Standing
from newsletter.pipeline import approvals as reviews
from newsletter.pipeline.approvals import Opinion, short
from newsletter.pipeline.building import Built, build
from newsletter.pipeline.scheduling import schedule_of


@click.command()
@click.argument("issue")
@click.option("--by", required=True, metavar="NAME", help="Who decides.")
@click.option("--comment", default="", metavar="TEXT", help="Kept with the decision.")
@click.option("--reject", is_flag=True, help="Ask for changes instead; say which with --comment.")
@click.option("--content", default="", metavar="HASH", help="Only if the content still is this one.")
@click.option("--at", "when", default="", metavar="WHEN", help="Only for this time, as in `send --at`.")
@click.option("--local-time", is_flag=True, help="With --at: at that time by everybody's own clock.")
@json_option
@click.pass_context
def approve(
    context: click.Context,
    issue: str,
    by: str,
    comment: str,
    reject: bool,
    content: str,
    when: str,
    local_time: bool,
    as_json: bool,
) -> None:
    """Approve an issue, or ask for changes.

    The decision holds for exactly the content it was made about: mails, pictures, audience rule, sender and limits.
    With --at it holds for that time alone, otherwise whenever the issue is sent.
    """
    if local_time and not when:
        raise click.UsageError("--local-time says by whose clock, so it needs --at WHEN as well.")
    workspace = workspace_of(context)
    decision = Decision.CHANGES if reject else Decision.APPROVED
    schedule = schedule_of(workspace, when, local_time) if when else None
    standing = reviews.approve(workspace, issue, Opinion(by, decision, comment, content, schedule))
    if as_json:
        print_json(standing_json(standing))
        return
    newest = standing.every[-1]
    verb = "asked for changes to" if reject else "approved"
    time = f" for {schedule.named}" if schedule else ""
    click.echo(f"{newest.by} {verb} {issue} {short(standing.content_hash)}{time}.")
    for line in reviews.words_of(standing):
        click.echo(line)


@click.command()
@click.argument("issue")
@json_option
@click.pass_context
def approvals(context: click.Context, issue: str, as_json: bool) -> None:
    """Show who approved an issue, and what changed since."""
    workspace = workspace_of(context)
    built = build(workspace, issue)
    standing = reviews.approvals_of(workspace, built)
    if as_json:
        print_json({"issue": built.issue, **standing_json(standing)})
    else:
        _print(built, standing)
    if standing.stops:
        raise Reported("It may not be sent yet.")


def _print(built: Built, standing: Standing) -> None:
    print_findings([one for one in built.findings if one.severity is Severity.ERROR])
    click.echo(f"{built.issue} {short(standing.content_hash)}")
    for line in reviews.words_of(standing) or ["Nobody has decided anything yet, and no approval is required."]:
        click.echo(line)
    if standing.every:
        print_heading("Decisions")
        rows = [
            (
                f"{one.at:%Y-%m-%d %H:%M}",
                one.by,
                one.decision.value,
                short(one.content_hash),
                " ".join(one.comment.split()),
            )
            for one in standing.every
        ]
        print_table(rows)


def standing_json(standing: Standing) -> dict[str, object]:
    """Where an issue stands, under the keys of the contract."""
    return {
        "content_hash": standing.content_hash,
        "required": standing.required,
        "missing": standing.missing,
        "approved": standing.is_approved,
        "approvals": [reviews.approval_json(one) for one in standing.approvals],
        "objections": [reviews.approval_json(one) for one in standing.objections],
        "stale": [{**reviews.approval_json(one.approval), "changed": list(one.changed)} for one in standing.stale],
        "decisions": [reviews.approval_json(one) for one in standing.every],
    }
