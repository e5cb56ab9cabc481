"""Pause, resume and cancel a campaign, also while another process is sending it."""

from __future__ import annotations

from contextlib import suppress
from threading import Event

from newsletter.delivery import loop
from newsletter.delivery.providers.contract import ProviderFailed
from newsletter.errors import BeingSent, Refused, SettingsError
from newsletter.model import Campaign, CampaignStatus
from newsletter.pipeline import standing
from newsletter.pipeline.providers import open_provider
from newsletter.pipeline.standing import CampaignState, state_of
from newsletter.pipeline.workspace import Workspace, open_store
from newsletter.store import campaigns, ledger
from newsletter.store.database import Database
from newsletter.store.locks import campaign_lock

LATE = "it was due at "
"""How the reason of a pause begins that nobody but a late start made."""
_OPEN = (CampaignStatus.SCHEDULED, CampaignStatus.SENDING)


def pause(workspace: Workspace, name: str, reason: str) -> CampaignState:
    """Nothing of it leaves any more, within seconds, until it is resumed; a sender that runs waits.

    One that is paused already is paused for this `reason` from now on, if there is one; one that was paused for being
    late is paused by a person then, in any case.
    """
    paused = standing.status(workspace, name).campaign
    again = reason or (paused.status is CampaignStatus.PAUSED and paused.status_reason.startswith(LATE))
    allowed = (*_OPEN, CampaignStatus.PAUSED) if again else _OPEN
    return _changed(
        workspace,
        name,
        CampaignStatus.PAUSED,
        reason,
        allowed,
        "Only what is neither finished nor cancelled can be paused.",
    )


def resume(workspace: Workspace, name: str) -> CampaignState:
    """It may be sent again: a sender that waits goes on, otherwise the next `send` or `run-due` does."""
    due = standing.status(workspace, name).campaign.scheduled_at
    then = CampaignStatus.SCHEDULED if due is not None and due > workspace.clock() else CampaignStatus.SENDING
    return _changed(workspace, name, then, "", (CampaignStatus.PAUSED,), "Only a paused campaign can be resumed.")


def cancel(workspace: Workspace, name: str, reason: str) -> CampaignState:
    """Nobody who was not begun gets it, ever. What left already cannot be called back, and what a sender that is gone
    was handing over is uncertain, unless the provider can tell."""
    allowed = (*_OPEN, CampaignStatus.PAUSED)
    state = _changed(
        workspace, name, CampaignStatus.CANCELLED, reason, allowed, "Only what is not finished can be cancelled."
    )
    # A sender that holds it lets go of the rest itself.
    with suppress(BeingSent), open_store(workspace) as database, campaign_lock(database, name):
        let_go(workspace, database, state.campaign)
    return standing.status(workspace, name)


def let_go(workspace: Workspace, database: Database, campaign: Campaign) -> None:
    """End what is left of a cancelled campaign; the caller holds its lock."""
    with database.connect() as connection:
        left_behind = ledger.left_in_flight(connection, campaign.id)
    if left_behind:
        provider = None
        # Nobody sends it after this: without the provider's key, or its answer, the doubt stays, and is named.
        with suppress(Refused, SettingsError):
            provider = open_provider(workspace, campaign.name, Event())
        try:
            loop.recover(database, campaign, provider, workspace.clock())
        except ProviderFailed:
            loop.recover(database, campaign, None, workspace.clock())
    with database.begin() as connection:
        ledger.cancel(connection, campaign.id, workspace.clock())


def _changed(
    workspace: Workspace,
    name: str,
    status: CampaignStatus,
    reason: str,
    allowed: tuple[CampaignStatus, ...],
    otherwise: str,
) -> CampaignState:
    with open_store(workspace) as database, database.begin() as connection:
        before = state_of(connection, name, workspace.clock()).campaign
        changed = campaigns.set_status(connection, before.id, status, reason, workspace.clock(), only_from=allowed)
        if not changed and before.status is not status:
            raise Refused(f"campaign '{name}' is {before.status.value}. {otherwise}")
    return standing.status(workspace, name)
