"""Files of a provider's events → the database: figures, people who must not be mailed, deliveries that were in doubt.

Batches commit, and the same events may come again: an import that was cut off is run again. What is unknown or broken
is counted and told, and keeps nothing else from being taken.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from threading import Event as Signal
from typing import BinaryIO
from zoneinfo import ZoneInfo

from newsletter.campaigns.scheduling import moment
from newsletter.delivery import loop
from newsletter.delivery.event_files import CUT_OFF, ENDS_EARLY, read_events
from newsletter.delivery.providers.sendgrid_events import OTHER_MAIL, event_of
from newsletter.errors import Refused, SettingsError
from newsletter.model import (
    Campaign,
    CampaignId,
    CampaignStatus,
    Event,
    EventKind,
    RejectedRow,
    SubscriberStatus,
    Where,
)
from newsletter.pipeline.providers import open_provider
from newsletter.pipeline.steering import let_go
from newsletter.pipeline.workspace import Progress, Workspace, now, open_store, silent
from newsletter.store import campaigns, ledger
from newsletter.store.database import Database
from newsletter.store.events import record
from newsletter.store.locks import campaign_lock
from newsletter.store.reconciliation import Reconciled, reconcile

_BATCH = 2_000
_CLOCKS_DIFFER = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class NotTaken:
    """So many events that were left out for one reason, and where the first stands."""

    count: int
    first: Where


@dataclass(frozen=True, slots=True)
class EventImport:
    """What became of the events. events = those of `new` + known + unknown_campaign + unknown_delivery + not taken."""

    files: int
    events: int
    new: Mapping[EventKind, int]
    known: int
    unknown_campaign: int
    unknown_delivery: int
    not_taken: Mapping[str, NotTaken]
    stopped: Mapping[SubscriberStatus, int]
    """People who must not be mailed any more, by the status they were given."""
    reconciled: Mapping[str, Reconciled]
    """Campaign → what became of its deliveries in doubt, where there were any."""
    cut_off: tuple[Where, ...]
    """Where files end that are not whole."""
    unproved: tuple[Where, ...] = ()
    """Because of which places `complete_until` was not believed, and nobody was taken for never taken."""


class _Tally:
    """What became of the events so far."""

    def __init__(self) -> None:
        self.files = self.events = self.known = self.unknown_campaign = self.unknown_delivery = 0
        self.new: Counter[EventKind] = Counter()
        self.stopped: Counter[SubscriberStatus] = Counter()
        self.campaigns: set[CampaignId] = set()
        self.not_taken: dict[str, NotTaken] = {}
        self.cut_off: list[Where] = []

    def leave_out(self, reason: str, where: Where) -> None:
        if reason in (CUT_OFF, ENDS_EARLY):
            self.cut_off.append(where)
        if reason != ENDS_EARLY:
            self.events += 1
            before = self.not_taken.get(reason)
            self.not_taken[reason] = NotTaken(before.count + 1, before.first) if before else NotTaken(1, where)

    @property
    def gaps(self) -> tuple[Where, ...]:
        """Where somebody may have been named who was not read; mail of others names nobody here."""
        left_out = [one.first for reason, one in self.not_taken.items() if reason != OTHER_MAIL]
        return tuple(dict.fromkeys([*left_out, *self.cut_off]))

    def record(self, database: Database, batch: list[Event]) -> None:
        with database.begin() as connection:
            made = record(connection, batch, now())
        self.events += len(batch)
        self.known += made.known
        self.unknown_campaign += made.unknown_campaign
        self.unknown_delivery += made.unknown_delivery
        self.new.update(made.new)
        self.stopped.update(made.stopped)
        self.campaigns |= made.campaigns


def import_events(
    workspace: Workspace,
    files: Iterable[tuple[str, BinaryIO]],
    complete_until: datetime | None = None,
    progress: Progress = silent,
) -> EventImport:
    """Take the events of the files (name and content), then settle the deliveries in doubt.

    `complete_until`: with these files the provider has told everything up to then, so whom no event names it never
    took: their deliveries are pending again, or skipped where the campaign was cancelled. That is believed only of
    files that were read whole: whom an event names that could not be taken may have the mail. What a killed sender left
    behind is in doubt from this moment on.
    """
    if complete_until is not None:
        _refuse_silence(workspace, complete_until)
    tally = _Tally()
    with open_store(workspace) as database:
        for name, file in files:
            tally.files += 1
            taken = _events(name, file, workspace.clock() + _CLOCKS_DIFFER, tally)
            while batch := list(islice(taken, _BATCH)):
                tally.record(database, batch)
                progress(tally.events, None)
        unproved = tally.gaps if complete_until is not None else ()
        settled = _settle(workspace, database, tally.campaigns, None if unproved else complete_until)
    return EventImport(
        tally.files,
        tally.events,
        tally.new,
        tally.known,
        tally.unknown_campaign,
        tally.unknown_delivery,
        tally.not_taken,
        tally.stopped,
        settled,
        tuple(tally.cut_off),
        unproved,
    )


def read_moment(workspace: Workspace, words: str) -> datetime:
    """A moment as a person writes it, by the clock of the settings unless it names an offset.

    Of one that comes twice when clocks change the first is meant: it says less.
    """
    try:
        written = datetime.fromisoformat(words.strip())
    except ValueError as error:
        raise SettingsError(
            f"--complete-until: '{words}' cannot be read. Write it as '2026-12-01 09:00' or '2026-12-01T09:00+01:00'."
        ) from error
    return written if written.tzinfo else moment(written, ZoneInfo(workspace.settings.time_zone))


def _refuse_silence(workspace: Workspace, complete_until: datetime) -> None:
    """That nothing was told proves something only of what was sent by a provider that tells, and of the past."""
    if complete_until > workspace.clock():
        raise SettingsError(f"--complete-until: {complete_until:%Y-%m-%d %H:%M %Z} has not come yet.")
    provider = workspace.settings.provider.name
    if provider != "sendgrid":
        raise SettingsError(f"--complete-until: provider {provider} sends no events, so its silence proves nothing.")


def _events(name: str, file: BinaryIO, latest: datetime, tally: _Tally) -> Iterator[Event]:
    for found in read_events(file, name):
        if isinstance(found, RejectedRow):
            tally.leave_out(found.reason, Where(name, found.line))
            continue
        line, told = found
        event = event_of(told, latest)
        if isinstance(event, str):
            tally.leave_out(event, Where(name, line))
        else:
            yield event


def _settle(
    workspace: Workspace, database: Database, named: set[CampaignId], complete_until: datetime | None
) -> dict[str, Reconciled]:
    with database.connect() as connection:
        every = campaigns.all_campaigns(connection)
        asked = [
            one
            for one in every
            if one.id in named
            # Of a request that was never taken no event tells, so nothing else may lead to who was left by its sender.
            or ledger.left_in_flight(connection, one.id)
            or (complete_until and ledger.counts(connection, one.id).uncertain)
        ]
    found: dict[str, Reconciled] = {}
    open_ones = (CampaignStatus.SENDING, CampaignStatus.PAUSED)
    for campaign in asked:
        _recover(workspace, database, campaign)
        with database.begin() as connection:
            made = reconcile(connection, campaign.id, complete_until, now())
            if made != Reconciled():
                found[campaign.name] = made
            if ledger.counts(connection, campaign.id).unfinished == 0:
                campaigns.set_status(connection, campaign.id, CampaignStatus.FINISHED, "", now(), only_from=open_ones)
    return found


def _recover(workspace: Workspace, database: Database, campaign: Campaign) -> None:
    """What a sender that is gone left in flight is uncertain; one that still sends looks after its own."""
    with database.connect() as connection:
        if not ledger.left_in_flight(connection, campaign.id):
            return
    # Without the provider's key nothing can be opened; the next sender, who has it, sees to them.
    with suppress(Refused, SettingsError), campaign_lock(database, campaign.name):
        if campaign.status is CampaignStatus.CANCELLED:
            let_go(workspace, database, campaign)
        else:
            loop.recover(database, campaign, open_provider(workspace, campaign.name, Signal()), now())
