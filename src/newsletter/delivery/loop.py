"""A frozen campaign → every message handed to the provider once, each step in the ledger first.

One thread writes the ledger, and one per connection delivers. After a crash all that was claimed is pending again;
what was in flight is asked of the provider, and is uncertain if it cannot tell.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from threading import Event, Thread
from typing import Any

from newsletter.delivery.connections import work
from newsletter.delivery.ledger_writer import LedgerWriter, Written
from newsletter.delivery.one_core import OneCore
from newsletter.delivery.providers.contract import Provider, ProviderRefuses
from newsletter.delivery.running import Sending
from newsletter.delivery.supply import Supply
from newsletter.model import Campaign, CampaignStatus, Outcome, Result
from newsletter.store import campaigns, claiming, ledger
from newsletter.store.database import Connection, Database
from newsletter.store.ledger import Settlement

_MOST_IDLE = 2
_WATCH = 1.0


def recover(database: Database, campaign: Campaign, provider: Provider[Any] | None, now: datetime) -> int:
    """Take hold of the campaign, and put the ledger right after a process that is gone; the number of the hold. The
    caller has the campaign's lock.

    A process that has lost the lock and does not know it marks nothing from now on. With no provider to ask, whatever
    was in flight is uncertain.
    """
    with database.begin() as connection:
        hold = campaigns.take_hold(connection, campaign.id)
        ledger.release(connection, campaign.id, now)
        doubtful = ledger.left_in_flight(connection, campaign.id)
        carried = provider.already_carried([one for _, one in doubtful]) if provider else None
        settled = []
        for number, delivery in doubtful:
            if carried is None:
                outcome = Outcome(Result.UNCERTAIN, ledger.SENDER_GONE)
            else:
                outcome = Outcome(Result.ACCEPTED if delivery in carried else Result.UNSENT)
            settled.append(Settlement(number, outcome))
        ledger.settle(connection, settled, now)
    return hold


def deliver(sending: Sending) -> None:
    """Deliver all that is due, or until told to stop; raises what made it impossible to go on.

    A message that came back unsent after the last claim is due again, so passes follow each other until two in a row
    got nowhere: one that breaks its connection is deferred when it does so again.
    """
    before, idle = -1, 0
    while True:
        _pass(sending)
        with sending.database.connect() as connection:
            left = ledger.counts(connection, sending.campaign.id).pending
        idle = idle + 1 if left == before else 0
        if sending.over or sending.left == 0 or not left or idle == _MOST_IDLE:
            return
        before = left


def _pass(sending: Sending) -> None:
    """Claim and deliver until nothing is to be claimed."""
    with LedgerWriter(sending.database, sending.now, _fence(sending)) as writer:
        connections = sending.provider.connections
        supply = Supply(
            _claiming(sending, writer),
            sending.provider.group,
            connections,
            sending.left,
            sending.pace,
            by_variant=sending.provider.substitutes,
        )
        threads = [
            Thread(
                target=work,
                args=(sending, writer, supply, (number + 0.5) / connections),
                name=f"connection-{number}",
                daemon=True,
            )
            for number in range(connections)
        ]
        ended, core = Event(), OneCore()
        watch = Thread(target=_watch, args=(sending, ended, core), name="watch", daemon=True)
        for thread in threads:
            thread.start()
        core.gather()
        watch.start()
        for thread in threads:
            thread.join()
        ended.set()
        watch.join()
        core.release()
        if writer.failure is None:
            writer.submit(lambda connection: ledger.release(connection, sending.campaign.id, sending.now()))
    if writer.failure is not None:
        raise writer.failure
    if sending.failures:
        refusing = (one for one in sending.failures if isinstance(one, ProviderRefuses))
        raise next(refusing, sending.failures[0])


def _fence(sending: Sending) -> Callable[[Connection], None]:
    def refuse_lost(connection: Connection) -> None:
        if sending.hold is not None:
            campaigns.refuse_lost(connection, sending.campaign, sending.hold)

    return refuse_lost


def _watch(sending: Sending, ended: Event, core: OneCore) -> None:
    """Every second, see whether somebody paused or cancelled the campaign, and whether it still is ours."""
    while not ended.wait(_WATCH):
        try:
            sending.verify()
            with sending.database.connect() as connection:
                status, _ = campaigns.status_of(connection, sending.campaign.id)
            if status is not CampaignStatus.SENDING:
                sending.halted.set()
            core.look()
        except BaseException as error:  # the connections must learn of it, whatever it is
            sending.failures.append(error)
            return


def _claiming(sending: Sending, writer: LedgerWriter) -> Callable[[int], Written]:
    def claim(most: int) -> Written:
        return writer.submit(lambda connection: claiming.claim(connection, sending.campaign.id, most, sending.now()))

    return claim
