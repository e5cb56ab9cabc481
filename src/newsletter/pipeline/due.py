"""`run-due`: everything that is due, once, and what was cut off; one campaign's failure does not stop the others.

Safe to be run every minute and at the same time as any other: a campaign that is being sent is left to its sender, and
one with nobody to send to now is not touched. What was frozen is sent, whatever the files say by now.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from threading import Event

from newsletter.campaigns.scheduling import is_late
from newsletter.errors import BeingSent, NewsletterError, Refused, Stopped
from newsletter.model import Campaign, CampaignStatus
from newsletter.pipeline import deciding
from newsletter.pipeline.sending import SendOptions, send
from newsletter.pipeline.standing import CampaignState, refuse_unfinished, status, winner_words
from newsletter.pipeline.steering import LATE, resume
from newsletter.pipeline.workspace import Progress, Workspace, has_database, open_store, silent
from newsletter.store import campaigns, experiments, ledger
from newsletter.store.database import Connection, Database


class Ending(StrEnum):
    """How a run of one campaign ended."""

    FINISHED = "finished"
    WAITING = "waiting"
    """The rest has a moment that has not come: it was deferred, lives where it is earlier, or gets a winner."""
    HELD = "held"
    """By caps, a warm-up or quiet hours."""
    PAUSED = "paused"
    """By a person, meanwhile."""
    CANCELLED = "cancelled"
    """By a person, meanwhile."""
    LATE = "late"
    """Its time is so long past that a person has to decide; it is paused now."""
    STOPPED = "stopped"
    """It failed, or was told to end."""


@dataclass(frozen=True, slots=True)
class Ran:
    """What became of one campaign that was due."""

    campaign: str
    ending: Ending
    message: str = ""
    """What a person should know; empty when it is finished."""
    state: CampaignState | None = None
    idle: bool = False
    """Whether a limit holds it, and nobody was served meanwhile: the next run a minute later would say the same."""

    @property
    def stopped(self) -> bool:
        """Whether there would be more to do now."""
        return self.ending in (Ending.STOPPED, Ending.LATE)


def run_due(workspace: Workspace, stop: Event, late: bool = False, progress: Progress = silent) -> tuple[Ran, ...]:
    """Send all that is due; `late` sends also what is older than `schedule: {late: …}` allows, and what an earlier run
    paused for that. Never raises for a campaign; raises `StoreUnavailable` when the database cannot say what is due."""
    if not has_database(workspace):
        return ()
    with open_store(workspace) as database, database.connect() as connection:
        now = workspace.clock()
        open_ones = campaigns.unfinished_campaigns(connection)
        due = [one for one in open_ones if _is_due(connection, one, now) or (late and _was_late(one))]
    found = []
    for campaign in sorted(due, key=lambda one: one.scheduled_at or one.created_at):
        if stop.is_set():
            break
        ran = _run(workspace, campaign, stop, late, progress)
        found += [ran] if ran else []
    return tuple(found)


def _is_due(connection: Connection, campaign: Campaign, now: datetime) -> bool:
    if campaign.status is CampaignStatus.SCHEDULED:
        return campaign.scheduled_at is None or campaign.scheduled_at <= now
    if campaign.status is not CampaignStatus.SENDING:
        return False
    return ledger.is_due(connection, campaign.id, now) or deciding.is_due(connection, campaign.id, now)


def _was_late(campaign: Campaign) -> bool:
    """Whether an earlier run paused it because its time was long past."""
    return campaign.status is CampaignStatus.PAUSED and campaign.status_reason.startswith(LATE)


def _run(workspace: Workspace, campaign: Campaign, stop: Event, late: bool, progress: Progress) -> Ran | None:
    """Send one campaign; None when another process has it."""
    served = False

    def serve(done: int, total: int | None) -> None:
        nonlocal served
        served = True
        progress(done, total)

    try:
        if not late and (told := _paused_as_late(workspace, campaign)):
            return _ended(workspace, campaign, Ending.LATE, told)
        if late and _was_late(campaign):
            resume(workspace, campaign.name)
        state = send(workspace, campaign.name, SendOptions(waits=False), stop, serve)
    except BeingSent:
        return None
    except NewsletterError as error:
        meanwhile = status(workspace, campaign.name) if isinstance(error, Refused) else None
        if meanwhile and meanwhile.campaign.status in (CampaignStatus.PAUSED, CampaignStatus.CANCELLED):
            return _judged(meanwhile)
        return _ended(workspace, campaign, Ending.STOPPED, str(error))
    except Exception as error:  # the other campaigns are due all the same
        told = f"an error of the program itself: {type(error).__name__}: {error}"
        return _ended(workspace, campaign, Ending.STOPPED, told)
    if state.tried and state.tried.must_choose:
        # Told once; from now on only a person, or what providers tell meanwhile, gets it on.
        with open_store(workspace) as database, database.begin() as connection:
            experiments.mark_asked(connection, campaign.id, workspace.clock())
    ran = _judged(state)
    return replace(ran, idle=ran.ending is Ending.HELD and not served)


def _ended(workspace: Workspace, campaign: Campaign, ending: Ending, told: str) -> Ran:
    """With where it stands, if the database can say so."""
    state = None
    with suppress(Exception):  # whatever is wrong with it, the others are due all the same
        state = status(workspace, campaign.name)
    return Ran(campaign.name, ending, told, state)


def _paused_as_late(workspace: Workspace, campaign: Campaign) -> str:
    """Pause a schedule that is too old; the reason, or nothing."""
    most, now = workspace.settings.schedule.late, workspace.clock()
    due = campaign.scheduled_at
    if campaign.status is not CampaignStatus.SCHEDULED or due is None or not is_late(due, now, most):
        return ""
    reason = f"{LATE}{due:%Y-%m-%d %H:%M} UTC, more than {_length(most)} ago"
    with open_store(workspace) as database:
        if not _pause(database, campaign, reason, now):
            return ""
    return (
        f"{reason}, so it is paused. `newsletter resume {campaign.name}` has the next run send it, "
        f"`newsletter cancel {campaign.name}` ends it, `newsletter run-due --late` sends all that are late."
    )


def _pause(database: Database, campaign: Campaign, reason: str, now: datetime) -> bool:
    with database.begin() as connection:
        return campaigns.set_status(
            connection, campaign.id, CampaignStatus.PAUSED, reason, now, only_from=[CampaignStatus.SCHEDULED]
        )


def _judged(state: CampaignState) -> Ran:
    name, left = state.campaign.name, state.counts
    if state.campaign.status is CampaignStatus.FINISHED:
        return Ran(name, Ending.FINISHED, "", state)
    if state.campaign.status is not CampaignStatus.SENDING:
        ending = Ending.CANCELLED if state.campaign.status is CampaignStatus.CANCELLED else Ending.PAUSED
        return Ran(name, ending, f"it was {state.campaign.status.value} meanwhile", state)
    if state.held and state.held.until and not left.uncertain:
        told = f"held by a limit ({state.held.reason}) until {state.held.until:%Y-%m-%d %H:%M %Z}"
        return Ran(name, Ending.HELD, told, state)
    if left.unfinished and state.only_waits:
        told = f"the next are due at {state.next_due:%Y-%m-%d %H:%M} UTC" if state.next_due else ""
        return Ran(name, Ending.WAITING, ". ".join(one for one in (told, winner_words(state)) if one), state)
    try:
        refuse_unfinished(state)
    except Stopped as error:
        return Ran(name, Ending.STOPPED, str(error), state)
    return Ran(name, Ending.FINISHED, "", state)


def _length(most: timedelta) -> str:
    """'a minute', '90 minutes', '24 hours': settings have whole minutes."""
    minutes = round(most.total_seconds() / 60)
    count, one, several = (minutes // 60, "an hour", "hours") if minutes % 60 == 0 else (minutes, "a minute", "minutes")
    return one if count == 1 else f"{count} {several}"
