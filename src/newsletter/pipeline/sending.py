"""A frozen campaign → delivered, as far as it may be now; and where it stands then."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from threading import Event
from typing import Any

from newsletter.campaigns import freezing
from newsletter.delivery import loop
from newsletter.delivery.limits import quiet_from
from newsletter.delivery.providers.contract import Provider, ProviderGone, ProviderRefuses
from newsletter.delivery.running import Sending
from newsletter.delivery.supply import DomainPace
from newsletter.delivery.throttle import Throttle
from newsletter.errors import NewsletterError, Refused, SettingsError, Stopped, StoreUnavailable
from newsletter.model import (
    Campaign,
    CampaignStatus,
    Counts,
    RenderedVariant,
)
from newsletter.pipeline import deciding
from newsletter.pipeline.building import build
from newsletter.pipeline.providers import assembler_for, open_provider
from newsletter.pipeline.standing import CampaignState, allowed, because, limits_of, refuse_cancelled, state_of
from newsletter.pipeline.steering import let_go
from newsletter.pipeline.workspace import Progress, Workspace, open_store, silent
from newsletter.store import campaigns, experiments, ledger
from newsletter.store.database import Connection, Database
from newsletter.store.locks import campaign_lock

_PAUSE = 1.0


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
        hold, before = _recovered(database, campaign, provider, now())
        sending = _run(workspace, database, campaign, freezing.unpack(contents), provider, options, stop)
        sending.hold, sending.verify, sending.progress = hold, verify, _running_total(before, progress)
        try:
            _deliver(sending, tell, options.waits)
        except StoreUnavailable as error:
            raise Stopped(f"{error} {_recorded(provider, name)}") from error
        except NewsletterError as error:
            _tell_doubts(error, database, campaign, before, now())
            raise
        with database.begin() as connection:
            experiments.mark_tested(connection, campaign.id, now())
        _close(database, campaign, now())
        with database.connect() as connection:
            after = allowed(connection, limits_of(workspace.settings), now())
            return replace(state_of(connection, name, now()), held=after if after.messages == 0 else None)


def _recovered(database: Database, campaign: Campaign, provider: Provider[Any], now: datetime) -> tuple[int, Counts]:
    """This run's hold of the campaign, and where it stands once the ledger is right after an earlier run. Pauses it
    when the provider fails at telling."""
    try:
        hold = loop.recover(database, campaign, provider, now)
    except ProviderRefuses as error:
        _pause_for(error, database, campaign, now)
        raise
    with database.connect() as connection:
        before = ledger.counts(connection, campaign.id)
    if before.accepted and hasattr(provider, "prove"):
        provider.prove()
    return hold, before


def _tell_doubts(error: NewsletterError, database: Database, campaign: Campaign, before: Counts, now: datetime) -> None:
    """Let go of a campaign that was cancelled meanwhile; add to what ended the run how many it put in doubt."""
    with database.begin() as connection:
        _let_go_if_cancelled(connection, campaign, now)
        doubts = ledger.counts(connection, campaign.id).uncertain - before.uncertain
    if isinstance(error, ProviderGone) and doubts > 0:
        error.args = (f"{error} {doubts:,} more {'is' if doubts == 1 else 'are'} uncertain.",)


def _recorded(provider: Provider[Any], name: str) -> str:
    """What is known of the messages sent before the database went away."""
    looks_up = False
    with suppress(NewsletterError):
        looks_up = provider.already_carried(()) is not None
    if looks_up:
        return "What was sent until then is recorded, or will be looked up."
    return (
        "What was sent until then is recorded, but for what was under way: that is uncertain, and "
        f"`newsletter status {name}` tells how many it concerns."
    )


def _run(
    workspace: Workspace,
    database: Database,
    campaign: Campaign,
    variants: Sequence[RenderedVariant],
    provider: Provider[Any],
    options: SendOptions,
    stop: Event,
) -> Sending:
    """What the loop needs for this run, within the limits that hold now."""
    settings, now = workspace.settings.provider, workspace.clock
    limits = limits_of(workspace.settings)
    with database.connect() as connection:
        most = allowed(connection, limits, now()).messages
    return Sending(
        database=database,
        campaign=campaign,
        provider=provider,
        assembler=assembler_for(provider, workspace.settings, variants, campaign),
        throttle=Throttle(settings.rate, time.monotonic, stop.wait),
        now=now,
        stop=stop,
        called=settings.name,
        limit=min((one for one in (options.limit, most) if one is not None), default=None),
        pace=DomainPace(settings.domains, time.monotonic, stop.wait),
        until=quiet_from(limits, now()),
    )


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
            _pause_for(error, sending.database, sending.campaign, sending.now())
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


def _pause_for(error: ProviderRefuses, database: Database, campaign: Campaign, now: datetime) -> None:
    """Pause the campaign until a person has mended it; one that was cancelled meanwhile stays so."""
    with database.begin() as connection:
        campaigns.set_status(
            connection, campaign.id, CampaignStatus.PAUSED, str(error), now, only_from=[CampaignStatus.SENDING]
        )


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


def refuse_changed(workspace: Workspace, campaign: Campaign) -> None:
    """Raise `Refused` when the issue reads differently now than when the campaign was frozen."""
    built = build(workspace, campaign.issue, fresh=True)
    if built.content_hash != campaign.content_hash:
        raise Refused(
            f"issue '{campaign.issue}' has changed since campaign '{campaign.name}' was frozen. Send the rest as it "
            f"was frozen with --as-frozen, or put the files back, or send the new content to everyone with "
            f"--campaign {campaign.name}-2."
        )


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
