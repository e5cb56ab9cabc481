"""Plan, freeze, deliver, and say where a campaign stands."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event
from zoneinfo import ZoneInfo

from newsletter.audience.professions import load_professions
from newsletter.campaigns import freezing, planning
from newsletter.delivery import loop
from newsletter.delivery.limits import Allowance, Limits, Sent, allowance, midnight, quiet_from
from newsletter.delivery.providers.contract import Provider
from newsletter.delivery.supply import DomainPace
from newsletter.delivery.throttle import Throttle
from newsletter.errors import Refused, SettingsError, Stopped, StoreUnavailable, did_you_mean
from newsletter.model import (
    DEFAULT,
    Campaign,
    CampaignStatus,
    Counts,
    Finding,
    Import,
    Plan,
    State,
)
from newsletter.pipeline.building import Built, assembler_of, build
from newsletter.pipeline.people import import_file
from newsletter.pipeline.workspace import Progress, Workspace, has_database, now, open_store, silent
from newsletter.settings import Settings
from newsletter.store import freezing as store_freezing
from newsletter.store import ledger, subscribers
from newsletter.store.database import Connection, Database
from newsletter.store.freezing import FrozenCampaign
from newsletter.store.locks import campaign_lock


@dataclass(frozen=True, slots=True)
class CampaignState:
    """Where a campaign stands."""

    campaign: Campaign
    counts: Counts
    reasons: Mapping[tuple[State, str], int]
    by_profession: Mapping[str, int]
    next_due: datetime | None
    held: Allowance | None = None
    """The limit that ended this run, and until when."""


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan, what it was made from, and the import that came before it."""

    plan: Plan
    built: Built
    imported: Import | None


@dataclass(frozen=True, slots=True)
class SendOptions:
    """How a send differs from the plain one."""

    limit: int | None = None
    uncertain: str = ""
    """What a person decided on uncertain deliveries: 'resend', 'skip' or nothing yet."""


def plan(
    workspace: Workspace, argument: str, campaign: str = "", progress: Progress = silent, fresh: bool = False
) -> Planned:
    """The dry run: build, import if the file has changed, count. Nothing is frozen or sent.

    `fresh` renders everything anew, whatever lies in `build/`: for what is about to be mailed.
    """
    built = build(workspace, argument, progress=progress, fresh=fresh)
    professions = load_professions(workspace.root)
    with open_store(workspace) as database:
        imported = (
            import_file(workspace, database, built.audience, professions, silent) if built.audience.source else None
        )
        with database.connect() as connection:
            people = subscribers.headcount(connection, built.audience.segment, built.audience.id)
    made = planning.make_plan(
        campaign or built.issue, built.issue, built.audience, people, built.variant_of, workspace.settings.provider.rate
    )
    return Planned(made, replace(built, findings=_counted(built, made)), imported)


def refuse_unsendable(planned: Planned) -> None:
    """Raise `Refused` when checks found errors or there is nobody to send to."""
    built = planned.built
    if built.errors:
        raise Refused(f"{built.errors} finding(s) stop this send. Mend them and run the command again.")
    if not planned.plan.recipients:
        raise Refused(
            f"{built.audience.where}: the audience has no recipients. Look at its `segment:` with "
            f"`newsletter audience count {built.audience.id}`."
        )


def find_campaign(workspace: Workspace, name: str) -> Campaign | None:
    """The campaign of that name, if it was ever frozen."""
    if not has_database(workspace):
        return None
    with open_store(workspace) as database, database.connect() as connection:
        return ledger.find_campaign(connection, name)


def freeze(workspace: Workspace, planned: Planned) -> None:
    """Write content and recipients into the database in one transaction."""
    built, made = planned.built, planned.plan
    refuse_unsendable(planned)
    computed = ("address", "unsubscribe_url")
    frozen = FrozenCampaign(
        name=made.campaign,
        issue=built.issue,
        audience=built.audience.id,
        content_hash=built.content_hash,
        contents=freezing.pack(built.variants),
        variant_of={key: variant for key, variant in built.variant_of.items() if key != DEFAULT},
        segment=built.audience.segment,
        recipient_fields=tuple(one for one in built.audience.recipient_fields if one not in computed),
    )
    with open_store(workspace) as database, database.begin() as connection:
        if ledger.find_campaign(connection, made.campaign):
            raise Refused(f"campaign '{made.campaign}' was begun by another process meanwhile. Run the command again.")
        store_freezing.freeze(connection, frozen, now())


def send(
    workspace: Workspace,
    name: str,
    options: SendOptions,
    stop: Event,
    progress: Progress = silent,
) -> CampaignState:
    """Deliver what is left of a frozen campaign; raises `Stopped` when something is left all the same."""
    with open_store(workspace) as database, campaign_lock(database, name):
        campaign, contents = _frozen(database, name)
        provider = _provider(workspace, name)
        loop.recover(database, campaign, provider, now())
        with database.begin() as connection:
            if options.uncertain:
                ledger.resolve_uncertain(connection, campaign.id, options.uncertain == "resend", now())
            before = ledger.counts(connection, campaign.id)
        limits = limits_of(workspace.settings)
        allowed = _allowed(database, limits)
        sending = loop.Sending(
            database=database,
            campaign=campaign,
            provider=provider,
            assembler=assembler_of(workspace.settings, freezing.unpack(contents), name),
            throttle=Throttle(workspace.settings.provider.rate, time.monotonic, stop.wait),
            now=now,
            stop=stop,
            limit=min((one for one in (options.limit, allowed.messages) if one is not None), default=None),
            pace=DomainPace(workspace.settings.provider.domains, time.monotonic, stop.wait),
            until=quiet_from(limits, now()),
            progress=_running_total(before, progress),
        )
        try:
            loop.deliver(sending)
        except StoreUnavailable as error:
            raise Stopped(f"{error} What was sent until then is recorded, or will be looked up.") from error
        with database.begin() as connection:
            if ledger.counts(connection, campaign.id).unfinished == 0:
                ledger.mark_finished(connection, campaign.id, now())
        after = _allowed(database, limits)
        with database.connect() as connection:
            return replace(_state(connection, name), held=after if after.messages == 0 else None)


def limits_of(settings: Settings) -> Limits:
    """What newsletter.yaml says of caps, warm-up and quiet hours."""
    provider = settings.provider
    zone = ZoneInfo(settings.time_zone)
    return Limits(provider.hourly, provider.daily, provider.warmup, provider.quiet_hours, zone)


def _allowed(database: Database, limits: Limits) -> Allowance:
    with database.connect() as connection:
        sent = ledger.sent_before(connection, now() - timedelta(hours=1), midnight(now(), limits.zone))
    return allowance(limits, Sent(sent.last_hour, sent.today, sent.first, sent.oldest_in_hour), now())


def refuse_changed(workspace: Workspace, campaign: Campaign) -> None:
    """Raise `Refused` when the issue reads differently now than when the campaign was frozen."""
    built = build(workspace, campaign.issue, fresh=True)
    if built.content_hash != campaign.content_hash:
        raise Refused(
            f"issue '{campaign.issue}' has changed since campaign '{campaign.name}' was frozen. Send the rest as it "
            f"was frozen with --as-frozen, or put the files back, or send the new content to everyone with "
            f"--campaign {campaign.name}-2."
        )


def status(workspace: Workspace, name: str) -> CampaignState:
    """Where the campaign stands, now."""
    if not has_database(workspace):
        raise SettingsError(f"no campaign '{name}'. Nothing has been sent from here yet.")
    with open_store(workspace) as database, database.connect() as connection:
        return _state(connection, name)


def _state(connection: Connection, name: str) -> CampaignState:
    campaign = ledger.find_campaign(connection, name)
    if campaign is None:
        known = ledger.campaign_names(connection)
        listing = f" Campaigns here: {', '.join(known)}." if known else " Nothing has been sent from here yet."
        raise SettingsError(f"no campaign '{name}'.{did_you_mean(name, known)}{listing}")
    return CampaignState(
        campaign,
        ledger.counts(connection, campaign.id),
        ledger.reasons(connection, campaign.id),
        ledger.accepted_by_profession(connection, campaign.id),
        ledger.next_due(connection, campaign.id),
    )


def refuse_unfinished(state: CampaignState) -> None:
    """Raise `Stopped` when the campaign is not finished, saying how to go on."""
    if state.campaign.status is CampaignStatus.FINISHED:
        return
    left = state.counts
    advice = "Run the same command again to go on."
    if left.uncertain and left.unfinished == left.uncertain:
        advice = "Nobody can tell whether they arrived: decide with --resend-uncertain or --skip-uncertain."
    elif state.held and state.held.until:
        advice = (
            f"Stopped by a limit under `provider:` ({state.held.reason}). "
            f"Run the same command again after {state.held.until:%Y-%m-%d %H:%M %Z}."
        )
    elif state.next_due and left.unfinished == left.deferred + left.uncertain:
        advice = f"Run the same command again after {state.next_due:%Y-%m-%d %H:%M} UTC."
    raise Stopped(
        f"campaign '{state.campaign.name}' is not finished: {left.pending} pending, {left.deferred} deferred, "
        f"{left.uncertain} uncertain. {advice}"
    )


def outbox_folder(workspace: Workspace, campaign: str) -> Path | None:
    """Where the outbox provider puts the campaign's messages; None with another provider."""
    provider = workspace.settings.provider
    return workspace.root / provider.path / _file_name(campaign) if provider.name == "outbox" else None


def _frozen(database: Database, name: str) -> tuple[Campaign, dict[str, bytes]]:
    with database.connect() as connection:
        campaign = ledger.find_campaign(connection, name)
        if campaign is None:
            raise SettingsError(f"no campaign '{name}'.")
        return campaign, ledger.frozen_contents(connection, campaign.id)


def _provider(workspace: Workspace, campaign: str) -> Provider:
    settings = workspace.settings.provider
    folder = outbox_folder(workspace, campaign)
    if folder is not None:
        from newsletter.delivery.providers.outbox import Outbox

        return Outbox(folder, settings.connections)
    from newsletter.delivery.providers.smtp import Smtp, parse_server

    return Smtp(parse_server(settings.url), settings.connections)


def _file_name(campaign: str) -> str:
    return "".join(one if one.isalnum() or one in "-_." else "_" for one in campaign).lstrip(".") or "campaign"


def _running_total(before: Counts, progress: Progress) -> Callable[[int], None]:
    done = before.total - before.unfinished

    def add(settled: int) -> None:
        nonlocal done
        done += settled
        progress(done, before.total)

    return add


def _counted(built: Built, made: Plan) -> tuple[Finding, ...]:
    """Gaps with the number of recipients they touch."""
    return tuple(
        replace(one, message=f"{one.message} It touches {_touched(one, made)} recipient(s).")
        if one.rule == "profession-gap"
        else one
        for one in built.findings
    )


def _touched(finding: Finding, made: Plan) -> int:
    return sum(made.by_variant.get(key, 0) for key in finding.variant.split(", "))
