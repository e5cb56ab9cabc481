"""Where a campaign stands, and what is left to do about it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from newsletter.campaigns import freezing
from newsletter.delivery.limits import Allowance, Limits, Sent, allowance, midnight
from newsletter.errors import Refused, SettingsError, Stopped, did_you_mean
from newsletter.model import Campaign, CampaignStatus, Counts, Criterion, State
from newsletter.pipeline.deciding import Tried, tried
from newsletter.pipeline.workspace import Workspace, has_database, open_store
from newsletter.settings import Settings
from newsletter.store import campaigns, ledger
from newsletter.store.database import Connection
from newsletter.store.delivery_log import LogEntry, log
from newsletter.store.events import Figures, figures
from newsletter.store.locks import is_held

_RECENT = timedelta(minutes=1)
_SHORTEST = 1.0
"""Seconds: over less than that a rate is chance."""


@dataclass(frozen=True, slots=True)
class CampaignState:
    """Where a campaign stands."""

    campaign: Campaign
    counts: Counts
    reasons: Mapping[tuple[State, str], int]
    by_profession: Mapping[str, int]
    next_due: datetime | None
    rate: float = 0.0
    """Messages a second over the last minute, or since the first within it; of what is finished, until the last, and
    none of what is paused."""
    forced: str = ""
    """Why it was sent in spite of findings, and which; empty when there were none."""
    approved_by: tuple[str, ...] = ()
    """The reviewers who approved what was frozen."""
    held: Allowance | None = None
    """The limit that ended this run, or holds those who are left, and until when."""
    waiting: int = 0
    """How many of the pending and the deferred wait for a moment that has not come."""
    figures: Figures | None = None
    """What the provider told of it; None while no event is known."""
    tried: Tried | None = None
    """The experiment, when there is one."""
    being_sent: bool = False
    """Whether a process has it now."""

    @property
    def could_go(self) -> int:
        """How many are left to be handed over, now or at their time, who wait for no winner and are in no doubt."""
        return self.counts.pending + self.counts.deferred

    @property
    def goes_on_at(self) -> datetime | None:
        """When the next may be sent: whoever is held has no moment of their own, all go on when the limit does."""
        over = self.campaign.status is not CampaignStatus.SENDING or not self.could_go
        return self.held.until if self.held and self.held.until and not over else self.next_due

    @property
    def only_waits(self) -> bool:
        """Whether everybody who is left waits for a moment, or for the winner."""
        left = self.counts
        return left.unfinished == self.waiting + left.undecided and not (self.tried and self.tried.must_choose)


def status(workspace: Workspace, name: str) -> CampaignState:
    """Where the campaign stands, now."""
    if not has_database(workspace):
        raise SettingsError(f"no campaign '{name}'. Nothing has been sent from here yet.")
    with open_store(workspace) as database:
        # Before anything is read: a sender that ends meanwhile has settled what it had, and leaves no false doubt.
        being_sent = is_held(database, name)
        with database.connect() as connection:
            state = state_of(connection, name, workspace.clock(), sender_gone=not being_sent)
            held = None if being_sent else _held(connection, workspace, state)
    return replace(state, being_sent=being_sent, held=held)


def _held(connection: Connection, workspace: Workspace, state: CampaignState) -> Allowance | None:
    """The limit by which a run would send nobody of those who are left, now; nobody is counted without any limit."""
    limits = limits_of(workspace.settings)
    limited = limits.hourly or limits.daily or limits.warmup or limits.quiet
    if not limited or state.campaign.status is not CampaignStatus.SENDING or not state.could_go:
        return None
    most = allowed(connection, limits, workspace.clock())
    return most if most.messages == 0 else None


def limits_of(settings: Settings) -> Limits:
    """What newsletter.yaml says of caps, warm-up and quiet hours."""
    provider = settings.provider
    zone = ZoneInfo(settings.time_zone)
    return Limits(provider.hourly, provider.daily, provider.warmup, provider.quiet_hours, zone)


def allowed(connection: Connection, limits: Limits, now: datetime) -> Allowance:
    """How many messages may be handed over now, after all that were; every one that was is counted."""
    sent = ledger.sent_before(connection, now - timedelta(hours=1), midnight(now, limits.zone))
    return allowance(limits, Sent(sent.last_hour, sent.today, sent.first, sent.oldest_in_hour), now)


@dataclass(frozen=True, slots=True)
class Listed:
    """A campaign in the list of all."""

    campaign: Campaign
    counts: Counts
    next_due: datetime | None


def every_campaign(workspace: Workspace) -> list[Listed]:
    """All campaigns, oldest first. Counting a million people takes SQLite a tenth of a second, along an index."""
    if not has_database(workspace):
        return []
    with open_store(workspace) as database, database.connect() as connection:
        return [
            Listed(
                one,
                ledger.counts(connection, one.id, sender_gone=not is_held(database, one.name)),
                ledger.next_due(connection, one.id),
            )
            for one in campaigns.all_campaigns(connection)
        ]


def state_of(connection: Connection, name: str, now: datetime, sender_gone: bool = False) -> CampaignState:
    """Where the campaign of that name stands; raises `SettingsError` when there is none.

    With its `sender_gone`, what it left in flight is in doubt.
    """
    campaign = campaigns.find_campaign(connection, name)
    if campaign is None:
        known = campaigns.campaign_names(connection)
        listing = f" Campaigns here: {', '.join(known)}." if known else " Nothing has been sent from here yet."
        raise SettingsError(f"no campaign '{name}'.{did_you_mean(name, known)}{listing}")
    notes = campaigns.frozen_contents(connection, campaign.id, [freezing.FORCED, freezing.APPROVALS])
    return CampaignState(
        campaign,
        ledger.counts(connection, campaign.id, sender_gone),
        ledger.reasons(connection, campaign.id, sender_gone),
        ledger.accepted_by_profession(connection, campaign.id),
        ledger.next_due(connection, campaign.id),
        _rate(connection, campaign, now),
        freezing.reason(notes),
        freezing.approved_by(notes),
        waiting=ledger.waiting(connection, campaign.id, now),
        figures=figures(connection, campaign.id),
        tried=tried(connection, campaign.id, now),
    )


def _rate(connection: Connection, campaign: Campaign, now: datetime) -> float:
    if campaign.status is CampaignStatus.PAUSED:
        return 0.0
    accepted, first, last = ledger.accepted_since(connection, campaign.id, now - _RECENT)
    if first is None or last is None:
        return 0.0
    until = last if campaign.status is CampaignStatus.FINISHED else now
    return accepted / max((until - first).total_seconds(), _SHORTEST)


def refuse_unfinished(state: CampaignState) -> None:
    """Raise `Stopped` when the campaign is not finished, saying how to go on."""
    campaign, left = state.campaign, state.counts
    if campaign.status is CampaignStatus.FINISHED:
        return
    if campaign.status is CampaignStatus.CANCELLED:
        counted = [(left.skipped, "got nothing"), (left.uncertain, "may have it")]
        nothing = ", and ".join(f"{people} {words}" for people, words in counted if people)
        raise Refused(f"campaign '{campaign.name}' was cancelled{because(campaign)}; {nothing or 'nobody was left'}.")
    if campaign.status is CampaignStatus.PAUSED:
        raise Stopped(
            f"campaign '{campaign.name}' is paused{because(campaign)}. {left.pending} are pending. "
            f"Go on with `newsletter resume {campaign.name}`."
        )
    advice = _advice(state)
    undecided = f", {left.undecided} wait for the winner" if left.undecided else ""
    raise Stopped(
        f"campaign '{campaign.name}' is not finished: {left.pending} pending, {left.deferred} deferred, "
        f"{left.uncertain} uncertain{undecided}. {advice}"
    )


def refuse_cancelled(state: CampaignState, resend: bool) -> None:
    """Raise `Refused`, as the campaign was cancelled: how its issue is sent anew, and who would get it twice by that.
    `resend`: the uncertain were to get it again."""
    name, has_it = state.campaign.name, state.counts.accepted
    # Whom a person let be after that may have it all the same.
    may_have_it = state.counts.uncertain + state.reasons.get((State.SKIPPED, ledger.NOT_SENT_AGAIN), 0)
    told = f"campaign '{name}' was cancelled"
    if resend:
        told += f": nobody is sent it again. Let the {state.counts.uncertain:,} uncertain be with --skip-uncertain"
    told += ". Send the issue anew with --campaign NAME"
    groups = [(has_it, "have it"), (may_have_it, "may have it already")]
    twice = " and the ".join(f"{people:,} who {words}" for people, words in groups if people)
    if twice:
        told += f"; that goes to everybody, also to the {twice} (`newsletter status {name} --log FILE` names them)"
    raise Refused(f"{told}.")


def winner_words(state: CampaignState) -> str:
    """What an experiment waits for, in words; nothing once its winner is decided, or when nobody waits."""
    campaign, tried = state.campaign, state.tried
    if tried is None or tried.running.winner or not tried.waiting:
        return ""
    running = tried.running
    by_hand = running.criterion is Criterion.HAND
    if running.due_at is None:
        decided = "is yours to choose" if by_hand else "is decided"
        return f"The winner {decided} when the arms have been mailed."
    named = "" if campaign.name == campaign.issue else f" --campaign {campaign.name}"
    choice = f"`newsletter send {campaign.issue}{named} --winner {running.arms[0]}`, or another."
    if tried.must_choose:
        return f"Nobody but you can tell which arm wins: {tried.verdict.why}. Choose it: {choice}"
    if by_hand:
        asked = f"you are asked for it after {running.due_at:%Y-%m-%d %H:%M} UTC"
        return f"The winner is yours to choose, and {asked}. Choose it at any time: {choice}"
    return (
        f"The winner is decided after {running.due_at:%Y-%m-%d %H:%M} UTC by the next `run-due` or `send`, "
        f"or at once with {choice}"
    )


def _advice(state: CampaignState) -> str:
    """How to go on with a campaign that is not finished."""
    left = state.counts
    advice = "Run the same command again to go on."
    if left.uncertain and left.unfinished == left.uncertain + left.undecided:
        advice = (
            "Nobody can tell whether they arrived: take in the provider's events with `newsletter events import` if it "
            "has any, or decide with --resend-uncertain or --skip-uncertain."
        )
    elif state.held and state.held.until:
        advice = (
            f"Stopped by a limit under `provider:` ({state.held.reason}). "
            f"Run the same command again after {state.held.until:%Y-%m-%d %H:%M %Z}."
        )
    elif state.next_due and left.unfinished == state.waiting + left.uncertain + left.undecided:
        advice = f"Run the same command again after {state.next_due:%Y-%m-%d %H:%M} UTC, or let `run-due` do it."
    elif state.tried and left.undecided and left.unfinished == left.undecided:
        advice = ""
    return f"{advice} {winner_words(state)}".strip()


def because(campaign: Campaign) -> str:
    """': reason' for the middle of a sentence, so without a full stop of its own; nothing without a reason."""
    return f": {campaign.status_reason.rstrip('. ')}" if campaign.status_reason else ""


@contextmanager
def campaign_log(workspace: Workspace, name: str) -> Iterator[Iterator[LogEntry]]:
    """Every delivery of the campaign, one after the other, while the database is open."""
    with open_store(workspace) as database:
        sender_gone = not is_held(database, name)
        with database.connect() as connection:
            yield log(connection, state_of(connection, name, workspace.clock()).campaign.id, sender_gone)
