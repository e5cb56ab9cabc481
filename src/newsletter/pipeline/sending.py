"""Plan, freeze, deliver, and say where a campaign stands."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from threading import Event
from zoneinfo import ZoneInfo

from newsletter.audience.professions import load_professions
from newsletter.campaigns import freezing, naming, planning
from newsletter.campaigns.scheduling import Schedule
from newsletter.delivery import loop
from newsletter.delivery.limits import Allowance, Limits, Sent, allowance, midnight, quiet_from
from newsletter.delivery.providers.contract import ProviderRefuses
from newsletter.delivery.running import Sending
from newsletter.delivery.supply import DomainPace
from newsletter.delivery.throttle import Throttle
from newsletter.errors import FindingsStop, NewsletterError, Refused, SettingsError, Stopped, StoreUnavailable
from newsletter.files import shown
from newsletter.model import (
    DEFAULT,
    Campaign,
    CampaignStatus,
    Counts,
    Import,
    Plan,
    Severity,
    Standing,
)
from newsletter.pipeline import deciding
from newsletter.pipeline.approvals import approvals_of, refuse_unapproved
from newsletter.pipeline.building import Built, build, issue_id
from newsletter.pipeline.counted_gaps import counted_gaps
from newsletter.pipeline.people import as_of, import_file, refuse_unanswerable
from newsletter.pipeline.providers import assembler_for, open_provider, outbox_folder
from newsletter.pipeline.scheduling import due_times
from newsletter.pipeline.standing import CampaignState, because, refuse_cancelled, state_of
from newsletter.pipeline.steering import let_go
from newsletter.pipeline.unknown_attributes import unknown_attributes
from newsletter.pipeline.workspace import Progress, Workspace, has_database, open_store, silent
from newsletter.rendering.merge_fields import fields_named
from newsletter.settings import Settings, require_provider
from newsletter.store import campaigns, experiments, headcounts, ledger
from newsletter.store import freezing as store_freezing
from newsletter.store.database import Connection, Database
from newsletter.store.freezing import FrozenCampaign
from newsletter.store.locks import campaign_lock

_PAUSE = 1.0
_NO_TEXT = re.compile("[\ud800-\udfff]")
"""What a terminal hands over for bytes that are no text; no database keeps it."""


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan, what it was made from, and the import that came before it."""

    plan: Plan
    built: Built
    imported: Import | None
    standing: Standing
    """Who approved what it was made from."""


@dataclass(frozen=True, slots=True)
class SendOptions:
    """How a send differs from the plain one."""

    limit: int | None = None
    uncertain: str = ""
    """What a person decided on uncertain deliveries: 'resend', 'skip' or nothing yet."""
    retry_failed: bool = False
    """Whether those the provider rejected are tried once more."""
    waits: bool = True
    """Whether it waits for a campaign that is paused meanwhile; otherwise it ends."""


def plan(
    workspace: Workspace,
    argument: str,
    campaign: str = "",
    progress: Progress = silent,
    fresh: bool = False,
    schedule: Schedule | None = None,
) -> Planned:
    """The dry run: build, import if the file has changed, count. Nothing is frozen or sent.

    `fresh` renders everything anew, whatever lies in `build/`: for what is about to be mailed. Approvals are those that
    hold for the time of the `schedule`. Raises `SettingsError` for a name that a new campaign may not have.
    """
    _refuse_new_name(workspace, campaign or issue_id(workspace, argument))
    built = build(workspace, argument, progress=progress, fresh=fresh, whole=True)
    standing = approvals_of(workspace, built, schedule)
    built = replace(built, audience=as_of(built.audience, workspace.clock()))
    professions = load_professions(workspace.root)
    with open_store(workspace) as database:
        imported = (
            import_file(workspace, database, built.audience, professions, silent) if built.audience.source else None
        )
        with database.connect() as connection:
            refuse_unanswerable(connection, built.audience)
            people = headcounts.headcount(connection, built.audience.segment, built.audience.id)
            unknown = unknown_attributes(connection, built.audience.segment)
    made = planning.make_plan(
        campaign or built.issue, built.issue, built.audience, people, built.variant_of, workspace.settings.provider.rate
    )
    return Planned(made, replace(built, findings=(*counted_gaps(built, made), *unknown)), imported, standing)


def refuse_unsendable(planned: Planned, forced: str = "", schedule: Schedule | None = None) -> None:
    """Raise `Refused` when there is nobody to send to, approvals are missing, or what the issue tries cannot be tried
    with these people at these times; `FindingsStop` when checks found errors and nobody has `forced` it with a reason.
    """
    built = planned.built
    if built.errors and not forced.strip():
        them = "it" if built.errors == 1 else "them"
        raise FindingsStop(
            f"{built.stop} Mend {them} and run the command again, or send all the same with "
            '--force "why", which the campaign records.',
            (one for one in built.findings if one.severity is Severity.ERROR),
        )
    refuse_unapproved(planned.standing)
    if not planned.plan.recipients:
        raise Refused(f"{built.audience.where}: the audience has no recipients. {_nobody(planned)}")
    tried = built.edition.issue.experiment
    if tried and planned.plan.recipients < len(tried.arms):
        raise Refused(
            f"{tried.where}: {planned.plan.recipients} recipient(s) cannot be put into {len(tried.arms)} arms. "
            "Take `ab:` away, or choose a larger audience."
        )
    if tried and schedule and schedule.local:
        raise Refused(
            f"{tried.where}: nobody can wait for a winner and have it by their own clock. Leave --local-time out, or "
            "take `ab:` away."
        )


def _nobody(planned: Planned) -> str:
    """Why nobody is left to send to, and where to look."""
    audience, left_out = planned.built.audience, planned.plan.skipped
    if left_out:
        told = ", ".join(f"{one.count:,} {one.reason}" for one in left_out)
        return f"All that it picks are left out: {told}. `newsletter suppress list` shows who is suppressed since when."
    if not (audience.segment.include or audience.segment.exclude):
        return "Nobody has been imported: see its `source:`, and `newsletter audience import`."
    return f"Look at its `segment:` with `newsletter audience count {audience.id}`."


def find_campaign(workspace: Workspace, name: str) -> Campaign | None:
    """The campaign of that name, if it was ever frozen."""
    if not has_database(workspace) or _NO_TEXT.search(name):
        return None
    with open_store(workspace) as database, database.connect() as connection:
        return campaigns.find_campaign(connection, name)


def _refuse_new_name(workspace: Workspace, name: str) -> None:
    """Raise `SettingsError` for a name that no campaign has, and none may get."""
    if not naming.fits(name) and find_campaign(workspace, name) is None:
        naming.refuse_name(name)


def refuse_unknown_mail(workspace: Workspace, name: str) -> None:
    """Raise `Refused` when the outbox holds mail of a campaign that the database has never heard of: with the database
    gone, who was mailed is forgotten, and everybody would be mailed again. `SettingsError` for a name that a new
    campaign may not have."""
    _refuse_new_name(workspace, name)
    folder = outbox_folder(workspace, name)
    if folder is None or not any(one.is_file() for one in folder.rglob("*")):
        return
    place = shown(folder, workspace.root)
    raise Refused(
        f"{place} holds mail of a campaign '{name}', and the database knows of none: everybody would be mailed again. "
        "Bring the right database back (`database:` in newsletter.yaml, NEWSLETTER_DATABASE_URL). If it is meant to be "
        f"sent anew, move {place} away, or give another name with --campaign."
    )


def freeze(workspace: Workspace, planned: Planned, forced: str = "", schedule: Schedule | None = None) -> None:
    """Write content and recipients into the database in one transaction, and why it was `forced`, if it was.

    With a `schedule` it is sent then: what is frozen now, to those who are frozen now.
    """
    built, made = planned.built, planned.plan
    require_provider(workspace.settings)
    refuse_unsendable(planned, forced, schedule)
    refuse_unknown_mail(workspace, made.campaign)
    # Of a person only that is frozen which the mail names; the To line names them.
    named = fields_named(one for variant in built.variants for one in variant.merge_fields)
    needed = {*named, "first_name", "last_name"} - {"address", "unsubscribe_url"}
    frozen = FrozenCampaign(
        name=made.campaign,
        issue=built.issue,
        audience=built.audience.id,
        content_hash=built.content_hash,
        contents=freezing.pack(built.variants, _forced(built, forced), planned.standing.approvals),
        variant_of={key: variant for key, variant in built.variant_of.items() if key != DEFAULT},
        segment=built.audience.segment,
        recipient_fields=tuple(one for one in built.audience.recipient_fields if one in needed),
        experiment=built.edition.issue.experiment,
    )
    with open_store(workspace) as database, database.begin() as connection:
        if campaigns.find_campaign(connection, made.campaign):
            raise Refused(f"campaign '{made.campaign}' was begun by another process meanwhile. Run the command again.")
        if schedule is not None:
            times = due_times(connection, built.audience, schedule, workspace.clock())
            frozen = replace(frozen, scheduled_at=times.first, zones=times.by_zone)
        store_freezing.freeze(connection, frozen, workspace.clock())


def send(
    workspace: Workspace,
    name: str,
    options: SendOptions,
    stop: Event,
    progress: Progress = silent,
    tell: Callable[[str], None] = lambda words: None,
) -> CampaignState:
    """Deliver what is left of a frozen campaign, and wait while somebody has it paused; `tell` says so.

    Raises `Stopped` when it cannot go on, `Refused` when it may not be sent now. Of one that was cancelled nothing is
    sent; what was decided on the uncertain may be to skip them.
    """
    with open_store(workspace) as database, campaign_lock(database, name) as verify:
        database.heed(stop.is_set)
        now = workspace.clock
        campaign, contents = _frozen(database, name)
        if campaign.status is CampaignStatus.FINISHED and not options.retry_failed:
            with database.connect() as connection:
                return state_of(connection, name, now())
        if campaign.status is CampaignStatus.CANCELLED:
            return _look_after_cancelled(workspace, database, campaign, options)
        _begin(database, campaign, options, now())
        with database.begin() as connection:
            # An earlier run may have ended before it could say so.
            experiments.mark_tested(connection, campaign.id, now())
            deciding.decide_if_due(connection, campaign.id, now())
        provider = open_provider(workspace, name, stop)
        loop.recover(database, campaign, provider, now())
        with database.connect() as connection:
            before = ledger.counts(connection, campaign.id)
        limits = limits_of(workspace.settings)
        allowed = _allowed(database, limits, now())
        sending = Sending(
            database=database,
            campaign=campaign,
            provider=provider,
            assembler=assembler_for(provider, workspace.settings, freezing.unpack(contents), campaign),
            throttle=Throttle(workspace.settings.provider.rate, time.monotonic, stop.wait),
            now=now,
            stop=stop,
            called=workspace.settings.provider.name,
            limit=min((one for one in (options.limit, allowed.messages) if one is not None), default=None),
            pace=DomainPace(workspace.settings.provider.domains, time.monotonic, stop.wait),
            until=quiet_from(limits, now()),
            verify=verify,
            progress=_running_total(before, progress),
        )
        try:
            _deliver(sending, tell, options.waits)
        except StoreUnavailable as error:
            raise Stopped(f"{error} What was sent until then is recorded, or will be looked up.") from error
        except NewsletterError:
            with database.begin() as connection:
                _let_go_if_cancelled(connection, campaign, now())
            raise
        with database.begin() as connection:
            experiments.mark_tested(connection, campaign.id, now())
        _close(database, campaign, now())
        after = _allowed(database, limits, now())
        with database.connect() as connection:
            return replace(state_of(connection, name, now()), held=after if after.messages == 0 else None)


def _look_after_cancelled(
    workspace: Workspace, database: Database, campaign: Campaign, options: SendOptions
) -> CampaignState:
    """Nobody is sent it any more: only let the uncertain be, as a person decided; raises `Refused` for all else."""
    let_go(workspace, database, campaign)
    with database.begin() as connection:
        skips = options.uncertain == "skip" and not options.retry_failed
        if skips:
            ledger.resolve_uncertain(connection, campaign.id, False, workspace.clock())
        state = state_of(connection, campaign.name, workspace.clock())
    if not skips:
        refuse_cancelled(state, options.uncertain == "resend")
    return state


def _begin(database: Database, campaign: Campaign, options: SendOptions, now: datetime) -> None:
    """Settle what a person decided, and start a scheduled campaign whose time has come."""
    if campaign.status is CampaignStatus.PAUSED:
        raise Refused(
            f"campaign '{campaign.name}' is paused{because(campaign)}. "
            f"Go on with `newsletter resume {campaign.name}` first."
        )
    # One that was begun goes on, also when the clock is set back behind its time.
    early = campaign.scheduled_at is not None and campaign.scheduled_at > now
    if early and campaign.status is CampaignStatus.SCHEDULED:
        raise Refused(
            f"campaign '{campaign.name}' is scheduled for {campaign.scheduled_at:%Y-%m-%d %H:%M} UTC; "
            "`newsletter run-due` sends it then."
        )
    with database.begin() as connection:
        campaigns.set_status(
            connection, campaign.id, CampaignStatus.SENDING, "", now, only_from=[CampaignStatus.SCHEDULED]
        )
        if options.uncertain:
            ledger.resolve_uncertain(connection, campaign.id, options.uncertain == "resend", now)
        if options.retry_failed and ledger.retry_rejected(connection, campaign.id, now):
            campaigns.set_status(connection, campaign.id, CampaignStatus.SENDING, "", now)


def _deliver(sending: Sending, tell: Callable[[str], None], waits: bool) -> None:
    """Deliver; as long as somebody has the campaign paused, wait if it `waits`. A provider that refuses pauses it."""
    while True:
        try:
            loop.deliver(sending)
        except ProviderRefuses as error:
            with sending.database.begin() as connection:
                # One that was cancelled meanwhile stays so.
                campaigns.set_status(
                    connection,
                    sending.campaign.id,
                    CampaignStatus.PAUSED,
                    str(error),
                    sending.now(),
                    only_from=[CampaignStatus.SENDING],
                )
            raise
        if not waits or not _paused(sending):
            return
        tell(
            f"Campaign '{sending.campaign.name}' is paused. Waiting for `newsletter resume {sending.campaign.name}`; "
            "Ctrl-C leaves it paused."
        )
        while _paused(sending) and not sending.stop.wait(_PAUSE):
            sending.verify()
        if sending.stop.is_set():
            return
        sending.go_on()


def _paused(sending: Sending) -> bool:
    with sending.database.connect() as connection:
        return campaigns.status_of(connection, sending.campaign.id)[0] is CampaignStatus.PAUSED


def _close(database: Database, campaign: Campaign, now: datetime) -> None:
    """Finish a campaign with nobody left; let go of the rest of one that was cancelled meanwhile."""
    with database.begin() as connection:
        over = _let_go_if_cancelled(connection, campaign, now)
        if not over and ledger.counts(connection, campaign.id).unfinished == 0:
            campaigns.set_status(connection, campaign.id, CampaignStatus.FINISHED, "", now)


def _let_go_if_cancelled(connection: Connection, campaign: Campaign, now: datetime) -> bool:
    cancelled = campaigns.status_of(connection, campaign.id)[0] is CampaignStatus.CANCELLED
    if cancelled:
        ledger.cancel(connection, campaign.id, now)
    return cancelled


def limits_of(settings: Settings) -> Limits:
    """What newsletter.yaml says of caps, warm-up and quiet hours."""
    provider = settings.provider
    zone = ZoneInfo(settings.time_zone)
    return Limits(provider.hourly, provider.daily, provider.warmup, provider.quiet_hours, zone)


def _allowed(database: Database, limits: Limits, now: datetime) -> Allowance:
    with database.connect() as connection:
        sent = ledger.sent_before(connection, now - timedelta(hours=1), midnight(now, limits.zone))
    return allowance(limits, Sent(sent.last_hour, sent.today, sent.first, sent.oldest_in_hour), now)


def refuse_changed(workspace: Workspace, campaign: Campaign) -> None:
    """Raise `Refused` when the issue reads differently now than when the campaign was frozen."""
    built = build(workspace, campaign.issue, fresh=True)
    if built.content_hash != campaign.content_hash:
        raise Refused(
            f"issue '{campaign.issue}' has changed since campaign '{campaign.name}' was frozen. Send the rest as it "
            f"was frozen with --as-frozen, or put the files back, or send the new content to everyone with "
            f"--campaign {campaign.name}-2."
        )


def _forced(built: Built, reason: str) -> str:
    """The reason with the rules it goes against; nothing when nothing stood in the way."""
    rules = dict.fromkeys(one.rule for one in built.findings if one.severity is Severity.ERROR)
    return f"{' '.join(reason.split())} (against {', '.join(rules)})" if rules else ""


def _frozen(database: Database, name: str) -> tuple[Campaign, dict[str, bytes]]:
    with database.connect() as connection:
        campaign = campaigns.find_campaign(connection, name)
        if campaign is None:
            raise SettingsError(f"no campaign '{name}'.")
        return campaign, campaigns.frozen_contents(connection, campaign.id)


def _running_total(before: Counts, progress: Progress) -> Callable[[int], None]:
    done = before.total - before.unfinished

    def add(settled: int) -> None:
        nonlocal done
        done += settled
        progress(done, before.total)

    return add
