"""`plan` and `send`: from the dry run to the last delivery."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from threading import Event
from types import FrameType

import click

from newsletter.cli.approving import standing_json
from newsletter.cli.campaigns import duration, print_campaign
from newsletter.cli.output import (
    Reported,
    findings_json,
    json_option,
    print_findings,
    print_heading,
    print_import,
    print_json,
    print_table,
    progress_bar,
    workspace_of,
)
from newsletter.cli.scheduling import print_due, print_scheduled, told
from newsletter.errors import NewsletterError, Refused, SettingsError, Stopped
from newsletter.model import Campaign, CampaignStatus, Criterion, variant_key
from newsletter.pipeline import building, deciding, planning, scheduling, sending, standing
from newsletter.pipeline.approvals import words_of
from newsletter.pipeline.planning import Planned
from newsletter.pipeline.scheduling import Schedule
from newsletter.pipeline.sending import SendOptions
from newsletter.pipeline.standing import CampaignState
from newsletter.pipeline.workspace import Workspace


class Interrupted(NewsletterError):
    """A person ended it; what was begun is recorded."""

    exit_code = 130
    printed = True


@click.command()
@click.argument("issue")
@click.option("--campaign", default="", metavar="NAME", help="The campaign's name. Default: the issue's.")
@json_option
@click.pass_context
def plan(context: click.Context, issue: str, campaign: str, as_json: bool) -> None:
    """Show who would get what, and who is left out and why."""
    workspace = workspace_of(context)
    with progress_bar("Rendering", as_json) as progress:
        planned = planning.plan(workspace, issue, campaign, progress)
    if as_json:
        print_json(_plan_json(planned))
    else:
        _print_plan(workspace, planned)
    if planned.built.errors:
        if as_json:
            print_findings(planned.built.findings)
        raise Reported(planned.built.stop)
    if planned.standing.stops:
        raise Reported("The approvals that are required stop this send.")


@click.command()
@click.argument("issue")
@click.option("--campaign", default="", metavar="NAME", help="The campaign's name. Default: the issue's.")
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Stop after N messages; the rest stays pending.")
@click.option(
    "--at", "when", default="", metavar="WHEN", help="Send later: '2026-12-01 09:00', 'tomorrow 9:00 Asia/Tokyo'."
)
@click.option("--local-time", is_flag=True, help="With --at: everybody at that time by their own clock.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option(
    "--force", "forced", default="", metavar="REASON", help="Send in spite of errors; the reason is recorded."
)
@click.option("--as-frozen", is_flag=True, help="Go on with the content as it was frozen, though the files changed.")
@click.option("--resend-uncertain", is_flag=True, help="Send the uncertain ones again.")
@click.option("--skip-uncertain", is_flag=True, help="Let the uncertain ones be.")
@click.option("--retry-failed", is_flag=True, help="Try those that were rejected once more.")
@click.option("--winner", default="", metavar="A", help="Of an issue with `ab:`: this arm wins, and the rest gets it.")
@json_option
@click.pass_context
def send(
    context: click.Context,
    issue: str,
    campaign: str,
    limit: int | None,
    when: str,
    local_time: bool,
    yes: bool,
    forced: str,
    as_frozen: bool,
    resend_uncertain: bool,
    skip_uncertain: bool,
    retry_failed: bool,
    winner: str,
    as_json: bool,
) -> None:
    """Send an issue, or go on with one that was cut off.

    The first run freezes content and recipients, then delivers. Run again after anything, it goes on where it
    stopped; a finished campaign stays as it is. With --at, content and recipients are frozen now, and
    `newsletter run-due` delivers then.
    """
    if resend_uncertain and skip_uncertain:
        raise click.UsageError("--resend-uncertain or --skip-uncertain: the uncertain get it again, or they do not.")
    if local_time and not when:
        raise click.UsageError("--local-time says by whose clock, so it needs --at WHEN as well.")
    uncertain = "resend" if resend_uncertain else "skip" if skip_uncertain else ""
    workspace = workspace_of(context, sends=True)
    name = campaign or building.issue_id(workspace, issue)
    existing = planning.find_campaign(workspace, name)
    if when:
        if limit is not None or uncertain or retry_failed or as_frozen or winner:
            raise click.UsageError("--at goes with --local-time, --campaign, --force, --yes and --json only.")
        schedule = scheduling.new_schedule(workspace, name, existing, when, local_time)
        planned = _freeze(workspace, issue, name, yes, forced, as_json, schedule)
        print_scheduled(workspace, name, planned.plan.recipients, schedule, as_json)
        return
    options = SendOptions(limit, uncertain, retry_failed)
    if winner and (existing is None or existing.status is CampaignStatus.FINISHED):
        deciding.choose(workspace, name, winner.lower())
    if existing is None:
        _freeze(workspace, issue, name, yes, forced, as_json)
    elif existing.status is CampaignStatus.FINISHED and not retry_failed:
        print_campaign(workspace, standing.status(workspace, name), as_json, already=True)
        return
    elif not _goes_on(workspace, issue, existing, winner, as_frozen, yes):
        print_campaign(workspace, sending.send(workspace, name, options, Event()), as_json)
        return
    state, ended = _deliver(workspace, name, options, as_json)
    print_campaign(workspace, state, as_json, error=ended)
    if ended is not None:
        ended.printed = True
        raise ended


def _goes_on(workspace: Workspace, issue: str, campaign: Campaign, winner: str, as_frozen: bool, yes: bool) -> bool:
    """Ask whether the campaign goes on, and decide its experiment if a winner is named.

    Not for one that is cancelled: nothing is sent, nobody has to agree, and what the issue says by now makes no
    difference. Raises `SettingsError` for another issue's campaign, and what refuses an issue that was changed.
    """
    if campaign.issue != building.issue_id(workspace, issue):
        words = f"campaign '{campaign.name}' belongs to issue '{campaign.issue}'. Choose another --campaign."
        raise SettingsError(words)
    if campaign.status is CampaignStatus.CANCELLED and not winner:
        return False
    if not as_frozen:
        sending.refuse_changed(workspace, campaign)
    _confirm(f"Go on with campaign '{campaign.name}'?", yes)
    if winner:
        deciding.choose(workspace, campaign.name, winner.lower())
    return True


def _deliver(
    workspace: Workspace, name: str, options: SendOptions, as_json: bool
) -> tuple[CampaignState, NewsletterError | None]:
    """Where the campaign stands after this run, and the error to end with when it is not finished.

    Raises what kept the run from beginning, and whatever is wrong when the database cannot say where it stands.
    """
    stop = Event()
    try:
        with draining(stop) as signals, progress_bar("Sending", as_json) as progress:
            state = sending.send(workspace, name, options, stop, progress, lambda words: click.echo(words, err=True))
    except Stopped as error:
        ended = Interrupted(f"interrupted. {error}") if signal.SIGINT in signals[:1] else error
        with suppress(NewsletterError):
            return standing.status(workspace, name), ended
        raise ended from error
    if signal.SIGINT in signals[:1] and state.counts.unfinished:
        return state, Interrupted("interrupted; what was begun is recorded. Run the same command again to go on.")
    try:
        standing.refuse_unfinished(state)
    except (Refused, Stopped) as error:
        return state, error
    return state, None


def _freeze(
    workspace: Workspace,
    issue: str,
    name: str,
    yes: bool,
    forced: str,
    as_json: bool,
    schedule: Schedule | None = None,
) -> Planned:
    """Show the plan, ask, and write the campaign into the database."""
    planning.refuse_unknown_mail(workspace, name)
    with progress_bar("Rendering", as_json) as progress:
        planned = planning.plan(workspace, issue, name, progress, fresh=True, schedule=schedule)
    if as_json:
        print_findings(planned.built.findings)
    else:
        _print_plan(workspace, planned)
    planning.refuse_unsendable(planned, forced, schedule)
    if schedule is not None:
        print_due(workspace, planned.built.audience, schedule)
    moment = f" at {told(schedule)}" if schedule else ""
    _confirm(f"Send to {planned.plan.recipients:,} recipients{moment}?", yes)
    planning.freeze(workspace, planned, forced, schedule)
    return planned


def _confirm(question: str, yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        raise SettingsError("nobody is there to ask. Add --yes to send without asking.")
    click.echo()
    click.confirm(question, abort=True, err=True)


@contextmanager
def draining(stop: Event) -> Iterator[list[int]]:
    """While held, SIGINT, SIGTERM and SIGHUP let what has begun come to its end; which came is in the list.

    SIGHUP, of a terminal that is closed, only where nobody has it ignored, as `nohup` does. A shell may pass it on
    more than once, so it never counts as the impatience that ends the program at once.
    """
    received: list[int] = []
    heeded = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        heeded.append(signal.SIGHUP)

    def drain(number: int, frame: FrameType | None) -> None:
        received.append(number)
        stop.set()
        if sum(one != signal.SIGHUP for one in received) > 2:
            raise KeyboardInterrupt

    before = {one: signal.signal(one, drain) for one in heeded}
    try:
        yield received
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


def _plan_json(planned: Planned) -> dict[str, object]:
    made = planned.plan
    return {
        "campaign": made.campaign,
        "issue": made.issue,
        "audience": made.audience,
        "recipients": made.recipients,
        "by_profession": dict(made.by_profession),
        "skipped": {one.reason: one.count for one in made.skipped},
        "variants": dict(made.by_variant),
        "seconds": made.seconds,
        "ab": _tried_json(planned),
        "content_hash": planned.built.content_hash,
        "approvals": standing_json(planned.standing),
        "findings": findings_json(planned.built.findings),
    }


def _print_tried(planned: Planned, subjects: Mapping[str, str]) -> None:
    """Who gets which arm, and what becomes of the rest."""
    tried, made = planned.built.edition.issue.experiment, planned.plan
    if tried is None:
        return
    group = next(iter(made.by_variant))
    print_heading("What is tried")
    rows = [
        (people, f"arm {arm}", subjects.get(variant_key(group, arm), ""))
        for arm, people in tried.sizes(made.recipients).items()
    ]
    how = "the winner, chosen by hand"
    if tried.criterion is not Criterion.HAND:
        wait = duration(tried.wait.total_seconds())
        how = f"the winner by {tried.criterion.value}, decided {wait} after the arms have left"
    print_table([*rows, (made.recipients - tried.tested(made.recipients), "rest", how)])


def _tried_json(planned: Planned) -> dict[str, object] | None:
    tried = planned.built.edition.issue.experiment
    if tried is None:
        return None
    return {
        "arms": tried.sizes(planned.plan.recipients),
        "rest": planned.plan.recipients - tried.tested(planned.plan.recipients),
        "winner_by": tried.criterion.value,
        "wait_seconds": int(tried.wait.total_seconds()),
    }


def _print_plan(workspace: Workspace, planned: Planned) -> None:
    made = planned.plan
    if planned.imported is not None:
        print_import(planned.imported)
    print_findings(planned.built.findings)
    click.echo(f"Issue {made.issue} to audience {made.audience}: {made.recipients:,} recipients")
    if made.by_variant:
        print_heading("Who reads which variant")
        shown = building.previews(workspace, planned.built)
        subjects = {one.key: one.subject for one in shown}
        usual = {
            variant.group: one.subject for variant, one in reversed([*zip(planned.built.variants, shown, strict=True)])
        }
        print_table([(people, key, usual.get(key, "")) for key, people in made.by_variant.items()])
        _print_tried(planned, subjects)
        print_heading("By profession")
        print_table([(people, key) for key, people in made.by_profession.items()])
    if made.skipped:
        print_heading("Left out")
        print_table([(one.count, one.reason) for one in made.skipped])
    standing = planned.standing
    # Where nobody has to approve, nobody need be told whose approval has become stale.
    for line in words_of(standing if standing.required else replace(standing, stale=())):
        click.echo(f"\n{line}")
    if made.seconds is not None:
        click.echo(f"\nAt {workspace.settings.provider.rate:g} messages/s this takes {duration(made.seconds)}.")
