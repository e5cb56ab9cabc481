"""Which arm of a campaign's experiment wins: by hand at any time, by opens or clicks when the wait is over."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from newsletter.campaigns.experimenting import Verdict, verdict
from newsletter.errors import Refused, SettingsError
from newsletter.model import CampaignId, CampaignStatus
from newsletter.pipeline.workspace import Workspace, open_store
from newsletter.store import campaigns, experiments, ledger
from newsletter.store.database import Connection
from newsletter.store.experiments import Running, Score

BY_HAND = "chosen by hand"


@dataclass(frozen=True, slots=True)
class Tried:
    """An experiment as it stands."""

    running: Running
    scores: tuple[Score, ...]
    waiting: int
    """How many wait for the winner."""
    verdict: Verdict
    """What would be decided now."""
    must_choose: bool
    """The wait is over, and a person has to decide."""


def tried(connection: Connection, campaign: CampaignId, now: datetime) -> Tried | None:
    """The campaign's experiment as it stands; None when it tries nothing."""
    running = experiments.find(connection, campaign)
    if running is None:
        return None
    scores = experiments.scores(connection, campaign)
    waiting = ledger.counts(connection, campaign).undecided
    found = verdict(scores, running.criterion)
    over = running.due_at is not None and running.due_at <= now
    return Tried(running, scores, waiting, found, bool(over and waiting and not found.winner))


def is_due(connection: Connection, campaign: CampaignId, now: datetime) -> bool:
    """Whether a run would get an experiment on: its arms have been mailed, or its winner can be decided, or a person
    has to be told once that they must choose."""
    running = experiments.find(connection, campaign)
    if running is None or running.winner:
        return False
    if running.due_at is None:
        return experiments.is_tested(connection, campaign)
    if running.due_at > now:
        return False
    found = tried(connection, campaign, now)
    return found is not None and bool(found.waiting) and (bool(found.verdict.winner) or running.asked_at is None)


def decide_if_due(connection: Connection, campaign: CampaignId, now: datetime) -> None:
    """Let the arm win that has more opens or clicks, if the wait is over and anything is known."""
    found = tried(connection, campaign, now)
    if found is None or found.running.winner or not found.waiting:
        return
    due = found.running.due_at
    if due is not None and due <= now and found.verdict.winner:
        experiments.decide(connection, campaign, found.verdict.winner, found.verdict.why, now)


def choose(workspace: Workspace, name: str, arm: str) -> None:
    """Let that arm win, whatever is known of it; whoever is sending the campaign goes on with it.

    Raises `SettingsError` for what is no experiment or no arm, `Refused` when another arm has won, or nobody waits.
    """
    with open_store(workspace) as database, database.begin() as connection:
        campaign = campaigns.find_campaign(connection, name)
        if campaign is None:
            raise SettingsError(f"--winner: campaign '{name}' was never begun, so nothing has been tried yet.")
        running = experiments.find(connection, campaign.id)
        if running is None:
            raise SettingsError(f"--winner: campaign '{name}' tries nothing; its issue had no `ab:`.")
        if arm not in running.arms:
            raise SettingsError(f"--winner: there is no arm '{arm}'. Arms: {', '.join(running.arms)}.")
        if campaign.status is CampaignStatus.CANCELLED:
            raise Refused(f"campaign '{name}' was cancelled: nobody gets the winner any more.")
        if running.winner == arm:
            return
        if running.winner:
            raise Refused(
                f"--winner: arm {running.winner} won on {running.decided_at:%Y-%m-%d %H:%M} UTC, and people have been "
                "sent it since. A winner stays."
            )
        if campaign.status is CampaignStatus.FINISHED:
            raise Refused(f"campaign '{name}' is finished: nobody waits for a winner.")
        experiments.decide(connection, campaign.id, arm, BY_HAND, workspace.clock())
