"""A frozen campaign → every message handed to the provider once, each step in the ledger first.

One thread writes the ledger, and one per connection delivers. A connection takes a group,
queues its in-flight mark, assembles the messages while the mark is committed, and only then sends. After a crash all
that was claimed is pending again; what was in flight is asked of the provider, and is uncertain if it cannot tell.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from threading import Event, Lock, Thread
from typing import Any, cast

from newsletter.delivery.ledger_writer import LedgerWriter, Written
from newsletter.delivery.messages import Assembler, NotPersonalizable
from newsletter.delivery.one_core import OneCore
from newsletter.delivery.providers.contract import Connection as ProviderConnection
from newsletter.delivery.providers.contract import (
    Provider,
    ProviderAway,
    ProviderBusy,
    ProviderFailed,
    ProviderGone,
    ProviderRefuses,
    StreamingConnection,
)
from newsletter.delivery.retries import settlement
from newsletter.delivery.streaming import Stream
from newsletter.delivery.substitution import SubstitutionAssembler
from newsletter.delivery.supply import DomainPace, Supply
from newsletter.delivery.throttle import Throttle
from newsletter.errors import NewsletterError
from newsletter.model import Campaign, CampaignStatus, Delivery, Message, Outcome, Personalization, Result
from newsletter.store import campaigns, claiming, ledger
from newsletter.store.database import Database
from newsletter.store.ledger import Settlement

_MOST_IDLE = 2
_WATCH = 1.0
_RECONNECT_WAITS = (0.0, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0)
"""Seconds before each new attempt, of which each connection takes half to three halves."""


@dataclass(slots=True)
class Sending:
    """All that a run of the loop needs; `stop` may be set from elsewhere, and the loop drains and ends."""

    database: Database
    campaign: Campaign
    provider: Provider[Any]
    assembler: Assembler | SubstitutionAssembler
    """Makes what the provider takes."""
    throttle: Throttle
    now: Callable[[], datetime]
    stop: Event
    called: str = ""
    """What people call the provider; without it, its class is named."""
    limit: int | None = None
    pace: DomainPace | None = None
    until: datetime | None = None
    """When the run ends by itself, such as at quiet hours."""
    progress: Callable[[int], None] = lambda settled: None
    wait: Callable[[float], object] | None = None
    """How to wait for seconds before connecting again; without one, `stop` ends the wait."""
    verify: Callable[[], None] = lambda: None
    """Raises when the campaign may be another process's by now; asked every second."""
    _failures: list[BaseException] = field(default_factory=list)
    _halted: Event = field(default_factory=Event)
    _reached: bool = False
    _carrying: set[float] = field(default_factory=set)
    _settled: int = 0
    _lock: Lock = field(default_factory=Lock)

    @property
    def over(self) -> bool:
        """Whether the run is ending: told to, its time is up, or something failed for good."""
        late = self.until is not None and self.now() >= self.until
        return self.stop.is_set() or self._halted.is_set() or bool(self._failures) or late

    @property
    def left(self) -> int | None:
        """How many more it may settle, of all of its passes."""
        return None if self.limit is None else max(0, self.limit - self._settled)

    def settled(self, number: int) -> None:
        """So many more have an outcome."""
        with self._lock:
            self._settled += number
        self.progress(number)

    def failed(self, what: str) -> ProviderFailed:
        """Its own code did: the campaign has to wait for whoever wrote it."""
        name = self.called or f"{type(self.provider).__module__}.{type(self.provider).__qualname__}"
        return ProviderFailed(
            f"provider {name} failed: {what}. What it was given and did not answer is uncertain. Mend or update the "
            "provider, then resume the campaign."
        )

    def go_on(self) -> None:
        """Nobody has it paused any more."""
        self._halted.clear()


def recover(database: Database, campaign: Campaign, provider: Provider[Any] | None, now: datetime) -> None:
    """Put the ledger right after a process that is gone; the caller holds the campaign's lock.

    With no provider to ask, whatever was in flight is uncertain.
    """
    with database.begin() as connection:
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
    with LedgerWriter(sending.database, sending.now) as writer:
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
                target=_work,
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
    if sending._failures:
        refusing = (one for one in sending._failures if isinstance(one, ProviderRefuses))
        raise next(refusing, sending._failures[0])


def _watch(sending: Sending, ended: Event, core: OneCore) -> None:
    """Every second, see whether somebody paused or cancelled the campaign, and whether it still is ours."""
    while not ended.wait(_WATCH):
        try:
            sending.verify()
            with sending.database.connect() as connection:
                status, _ = campaigns.status_of(connection, sending.campaign.id)
            if status is not CampaignStatus.SENDING:
                sending._halted.set()
            core.look()
        except BaseException as error:  # the connections must learn of it, whatever it is
            sending._failures.append(error)
            return


def _claiming(sending: Sending, writer: LedgerWriter) -> Callable[[int], Written]:
    def claim(most: int) -> Written:
        return writer.submit(lambda connection: claiming.claim(connection, sending.campaign.id, most, sending.now()))

    return claim


def _work(sending: Sending, writer: LedgerWriter, supply: Supply, place: float) -> None:
    """One connection's life: messages until there are none, a new connection when one breaks. `place` is its place
    among all of them, between 0 and 1, so that they do not all come back at once."""
    try:
        if getattr(sending.provider, "streams", False):
            _work_in_a_stream(sending, writer, supply, place)
        else:
            _work_in_groups(sending, writer, supply, place)
    except BaseException as error:  # whoever waits for this thread must learn of it, whatever it is
        sending._failures.append(error)
    finally:
        sending._carrying.discard(place)


def _work_in_groups(sending: Sending, writer: LedgerWriter, supply: Supply, place: float) -> None:
    connection: ProviderConnection[Any] | None = None
    broken, why = 0, ""
    try:
        # After a break one at a time, until one goes: whoever it broke for does not hold up the others.
        while (group := supply.next(lambda: sending.over, 1 if broken else None)) is not None:
            if connection is None and (connection := _connected(sending, broken, why, place)) is None:
                return
            sending._carrying.add(place)
            answers = _deliver_group(sending, writer, connection, group)
            broken = _breaks(broken, answers, getattr(connection, "lost", ""))
            if broken:
                why = next((one.reason for one in answers if one.result is not Result.ACCEPTED and one.reason), why)
                sending._carrying.discard(place)
                connection.close()
                connection = None
    finally:
        if connection is not None:
            connection.close()


def _work_in_a_stream(sending: Sending, writer: LedgerWriter, supply: Supply, place: float) -> None:
    """The same for a provider that takes message after message."""
    assemble: Callable[[Delivery, datetime], Any] = sending.assembler.assemble
    stream = Stream(
        lambda most, wait: _taken(sending, supply, most, wait),
        writer,
        lambda delivery: assemble(delivery, sending.now()),
        sending.now,
        sending.settled,
        sending.provider.group,
        ahead=not sending.throttle and not sending.pace,
    )
    broken, why = 0, ""
    while stream.waits():
        opened = _connected(sending, broken, why, place)
        if opened is None:
            return
        connection = cast(StreamingConnection, opened)
        sending._carrying.add(place)
        try:
            for outcome in _streamed(sending, connection, stream):
                if not connection.lost and outcome.result not in (Result.UNSENT, Result.UNCERTAIN):
                    broken, stream.alone = 0, False
                elif outcome.reason:
                    why = outcome.reason
            if connection.lost:
                broken, stream.alone = broken + 1, True
        finally:
            sending._carrying.discard(place)
            connection.close()


def _taken(sending: Sending, supply: Supply, most: int, wait: bool) -> Sequence[Delivery] | None:
    """Deliveries that may leave now."""
    group = supply.next(lambda: sending.over, most, wait)
    if group:
        sending.throttle.wait(len(group))
    return None if sending.stop.is_set() else group


def _streamed(sending: Sending, connection: StreamingConnection, stream: Stream) -> Iterator[Outcome]:
    """The outcomes of all that goes over the connection, each of them on its way into the ledger."""
    unanswered = Outcome(Result.UNCERTAIN, "the provider gave no answer")
    try:
        for outcome in connection.deliver_stream(stream):
            stream.answered(outcome)
            yield outcome
    except ProviderGone as error:
        if not isinstance(error, ProviderFailed):
            unanswered = Outcome(Result.UNSENT)
        raise
    except NewsletterError:
        raise
    except Exception as error:  # whatever the code of strangers raises
        raise sending.failed(f"{type(error).__name__}: {error}") from error
    finally:
        stream.end(unanswered)


def _breaks(before: int, answers: Sequence[Outcome], lost: str) -> int:
    """How often in a row the connection broke: `before` this group, and with it. One that carried mail until it broke
    begins anew, unless it left a doubt."""
    results = {one.result for one in answers}
    if not lost and not results & {Result.UNSENT, Result.UNCERTAIN}:
        return 0
    return 1 if Result.ACCEPTED in results and Result.UNCERTAIN not in results else before + 1


def _connected(sending: Sending, broken: int, why: str, place: float) -> ProviderConnection[Any] | None:
    """A new connection, after a wait that grows with how often it broke, and `why`; None when the run is ending
    meanwhile, or the provider takes fewer connections than that: the others carry on."""
    while not sending.over:
        if broken > len(_RECONNECT_WAITS):
            raise ProviderGone(f"the connection breaks again and again ({why}). Nothing was lost; try again later.")
        if broken:
            (sending.wait or sending.stop.wait)(_RECONNECT_WAITS[broken - 1] * (0.5 + place))
        try:
            connection = sending.provider.connect()
        except ProviderAway as error:
            # A server that was there a moment ago is being restarted; one that never was is a wrong address.
            if not sending._reached and not isinstance(error, ProviderBusy):
                raise
            if broken >= len(_RECONNECT_WAITS):
                if sending._carrying:
                    return None
                raise
            broken += 1
            continue
        except NewsletterError:
            raise
        except Exception as error:  # whatever the code of strangers raises
            raise sending.failed(f"{type(error).__name__}: {error}") from error
        sending._reached = True
        return connection
    return None


def _deliver_group(
    sending: Sending, writer: LedgerWriter, connection: ProviderConnection[Any], group: Sequence[Delivery]
) -> Sequence[Outcome]:
    """Mark, assemble, send, settle; what the provider answered."""
    numbers = [delivery.number for delivery in group]
    sending.throttle.wait(len(group))
    if sending.stop.is_set():
        return ()
    marked = writer.mark_in_flight(numbers)
    messages: list[Message | Personalization] = []
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
        _hand_over(sending, connection, messages, outcomes)
    except ProviderGone as error:
        if not isinstance(error, ProviderFailed):
            unanswered = Outcome(Result.UNSENT)
        raise
    finally:
        del outcomes[len(ready) :]
        answers = [*outcomes, *[unanswered] * (len(ready) - len(outcomes))]
        settled += [settlement(*one, sending.now()) for one in zip(ready, answers, strict=True)]
        writer.settle(settled)
        sending.settled(sum(1 for one in settled if one.outcome.result is not Result.UNSENT))
    return outcomes


def _hand_over(
    sending: Sending, connection: ProviderConnection[Any], messages: Sequence[Any], outcomes: list[Outcome]
) -> None:
    """Append the provider's answers to `outcomes`; raises `ProviderFailed` for an error of its own."""
    try:
        for outcome in connection.deliver(messages) if messages else ():
            outcomes.append(outcome)
    except NewsletterError:
        raise
    except Exception as error:  # whatever the code of strangers raises
        raise sending.failed(f"{type(error).__name__}: {error}") from error
    if len(outcomes) != len(messages):
        raise sending.failed(f"{len(messages)} mails and {len(outcomes)} answers")
