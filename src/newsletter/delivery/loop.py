"""A frozen campaign → every message handed to the provider once, each step in the ledger first.

One thread claims and waits, one writes the ledger, and one per connection delivers. A connection takes a group,
queues its in-flight mark, assembles the messages while the mark is committed, and only then sends. After a crash all
that was claimed is pending again; what was in flight is asked of the provider, and is uncertain if it cannot tell.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from queue import Empty, Full, Queue
from threading import Event, Thread

from newsletter.delivery.ledger_writer import Job, LedgerWriter
from newsletter.delivery.messages import Assembler, NotPersonalizable
from newsletter.delivery.providers.contract import Connection as ProviderConnection
from newsletter.delivery.providers.contract import Provider, ProviderGone
from newsletter.delivery.throttle import Throttle
from newsletter.errors import NewsletterError
from newsletter.model import Campaign, Delivery, Message, Outcome, Result
from newsletter.store import ledger
from newsletter.store.database import Database
from newsletter.store.ledger import Settlement

_CLAIM = 500
_PATIENCE = 0.2
_FIRST_WAIT = timedelta(minutes=5)
_LONGEST_WAIT = timedelta(hours=4)
_MOST_ATTEMPTS = 12
_RECONNECTS = 3


@dataclass(slots=True)
class Sending:
    """All that a run of the loop needs; `stop` may be set from elsewhere, and the loop drains and ends."""

    database: Database
    campaign: Campaign
    provider: Provider
    assembler: Assembler
    throttle: Throttle
    now: Callable[[], datetime]
    stop: Event
    limit: int | None = None
    progress: Callable[[int], None] = lambda settled: None
    _failures: list[BaseException] = field(default_factory=list)
    _groups: Queue[Sequence[Delivery] | None] = field(default_factory=Queue)


def recover(database: Database, campaign: Campaign, provider: Provider, now: datetime) -> None:
    """Put the ledger right after a process that is gone; the caller holds the campaign's lock."""
    with database.begin() as connection:
        ledger.release(connection, campaign.id, now)
        doubtful = ledger.left_in_flight(connection, campaign.id)
        carried = provider.already_carried([one for _, one in doubtful])
        settled = []
        for number, delivery in doubtful:
            if carried is None:
                outcome = Outcome(Result.UNCERTAIN, "the program ended while this message was being handed over")
            else:
                outcome = Outcome(Result.ACCEPTED if delivery in carried else Result.UNSENT)
            settled.append(Settlement(number, outcome))
        ledger.settle(connection, settled, now)


def deliver(sending: Sending) -> None:
    """Deliver all that is due, or until told to stop; raises what made it impossible to go on.

    A message that came back unsent after the last claim is due again, so passes follow each other while they get
    somewhere.
    """
    before = -1
    while True:
        _pass(sending)
        with sending.database.connect() as connection:
            left = ledger.counts(connection, sending.campaign.id).pending
        if sending.stop.is_set() or sending.limit is not None or left in (0, before):
            return
        before = left


def _pass(sending: Sending) -> None:
    """Claim and deliver until nothing is to be claimed."""
    sending._groups = Queue(maxsize=sending.provider.connections * 2)
    with LedgerWriter(sending.database) as writer:
        threads = [
            Thread(target=_work, args=(sending, writer), name=f"connection-{number}", daemon=True)
            for number in range(sending.provider.connections)
        ]
        for thread in threads:
            thread.start()
        try:
            _feed(sending, writer)
        except NewsletterError as error:
            sending._failures.append(error)
        finally:
            for _ in threads:
                _offer(sending, None, threads)
            for thread in threads:
                thread.join()
            if writer.failure is None:
                writer.submit(lambda connection: ledger.release(connection, sending.campaign.id, sending.now()))
    if writer.failure is not None:
        raise writer.failure
    if sending._failures:
        raise sending._failures[0]


def _feed(sending: Sending, writer: LedgerWriter) -> None:
    """Claim batches and hand them out in groups until nothing is due."""
    left = sending.limit
    while not sending.stop.is_set() and not sending._failures and left != 0:
        most = _CLAIM if left is None else min(_CLAIM, left)
        claimed = writer.submit(_claiming(sending, most)).result()
        if not claimed:
            return
        left = None if left is None else left - len(claimed)
        size = sending.provider.group
        for start in range(0, len(claimed), size):
            if not _offer(sending, claimed[start : start + size]):
                return


def _claiming(sending: Sending, most: int) -> Job:
    return lambda connection: ledger.claim(connection, sending.campaign.id, most, sending.now())


def _offer(sending: Sending, group: Sequence[Delivery] | None, threads: Sequence[Thread] = ()) -> bool:
    """Queue a group for the connections; False when the run is ending and it was not taken."""
    while True:
        if group is not None and (sending.stop.is_set() or sending._failures):
            return False
        if group is None and not any(thread.is_alive() for thread in threads):
            return False
        try:
            sending._groups.put(group, timeout=_PATIENCE)
        except Full:
            continue
        return True


def _work(sending: Sending, writer: LedgerWriter) -> None:
    """One connection's life: groups until there are none, a new connection when one breaks."""
    connection: ProviderConnection | None = None
    broken = 0
    try:
        while (group := sending._groups.get()) is not None:
            if sending.stop.is_set() or sending._failures:
                continue
            if connection is None:
                connection = sending.provider.connect()
            whole = _deliver_group(sending, writer, connection, group)
            broken = 0 if whole else broken + 1
            if not whole:
                connection.close()
                connection = None
                if broken > _RECONNECTS:
                    raise ProviderGone("the connection breaks again and again. Nothing was lost; try again later.")
    except BaseException as error:  # the feeding thread must learn of it, whatever it is
        sending._failures.append(error)
        _drain(sending)
    finally:
        if connection is not None:
            connection.close()


def _deliver_group(
    sending: Sending, writer: LedgerWriter, connection: ProviderConnection, group: Sequence[Delivery]
) -> bool:
    """Mark, assemble, send, settle; False when the connection broke on the way."""
    numbers = [delivery.number for delivery in group]
    sending.throttle.wait(len(group))
    if sending.stop.is_set():
        return True
    marked = writer.submit(lambda database: ledger.mark_in_flight(database, numbers, sending.now()))
    messages: list[Message] = []
    settled: list[Settlement] = []
    ready: list[Delivery] = []
    for delivery in group:
        try:
            messages.append(sending.assembler.assemble(delivery, sending.now()))
            ready.append(delivery)
        except NotPersonalizable as error:
            settled.append(Settlement(delivery.number, Outcome(Result.REJECTED, str(error))))
    marked.result()
    unanswered = Outcome(Result.UNCERTAIN, "the provider gave no answer")
    outcomes: list[Outcome] = []
    try:
        for outcome in connection.deliver(messages):
            outcomes.append(outcome)
    except ProviderGone:
        unanswered = Outcome(Result.UNSENT)
        raise
    finally:
        answers = [*outcomes, *[unanswered] * (len(ready) - len(outcomes))]
        settled += [_settlement(*one, sending.now()) for one in zip(ready, answers, strict=True)]
        writer.submit(lambda database: ledger.settle(database, settled, sending.now()))
        sending.progress(sum(1 for one in settled if one.outcome.result is not Result.UNSENT))
    return all(outcome.result not in (Result.UNSENT, Result.UNCERTAIN) for outcome in outcomes)


def _settlement(delivery: Delivery, outcome: Outcome, now: datetime) -> Settlement:
    """The outcome with its wait; a message deferred too often is given up."""
    if outcome.result is not Result.DEFERRED:
        return Settlement(delivery.number, outcome)
    if delivery.attempts + 1 >= _MOST_ATTEMPTS:
        given_up = Outcome(Result.REJECTED, f"given up after {_MOST_ATTEMPTS} attempts: {outcome.reason}")
        return Settlement(delivery.number, given_up)
    wait = min(_FIRST_WAIT * 2**delivery.attempts, _LONGEST_WAIT)
    spread = (delivery.number * 2654435761 % 1000) / 1000
    return Settlement(delivery.number, outcome, now + wait * (1 + 0.2 * spread))


def _drain(sending: Sending) -> None:
    try:
        while True:
            if sending._groups.get_nowait() is None:
                sending._groups.put(None)
                return
    except Empty:
        return
