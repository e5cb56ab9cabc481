"""One connection's life: messages in groups or in a stream, until there are none, and a new connection when one breaks.

A connection takes a group, queues its in-flight mark, assembles the messages while the mark is committed, and only
then sends.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any, cast

from newsletter.delivery.ledger_writer import LedgerWriter
from newsletter.delivery.messages import NotPersonalizable
from newsletter.delivery.providers.contract import (
    Connection,
    ProviderAway,
    ProviderBusy,
    ProviderFailed,
    ProviderGone,
    StreamingConnection,
)
from newsletter.delivery.retries import settlement
from newsletter.delivery.running import Sending
from newsletter.delivery.streaming import Stream
from newsletter.delivery.supply import Supply
from newsletter.errors import NewsletterError
from newsletter.model import Delivery, Message, Outcome, Personalization, Result
from newsletter.store.ledger import Settlement

_RECONNECT_WAITS = (0.0, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0)
"""Seconds before each new attempt, of which each connection takes half to three halves."""


def work(sending: Sending, writer: LedgerWriter, supply: Supply, place: float) -> None:
    """One connection's life: messages until there are none, a new connection when one breaks. `place` is its place
    among all of them, between 0 and 1, so that they do not all come back at once."""
    try:
        if getattr(sending.provider, "streams", False):
            _work_in_a_stream(sending, writer, supply, place)
        else:
            _work_in_groups(sending, writer, supply, place)
    except BaseException as error:  # whoever waits for this thread must learn of it, whatever it is
        sending.failures.append(error)
    finally:
        sending.carrying.discard(place)


def _work_in_groups(sending: Sending, writer: LedgerWriter, supply: Supply, place: float) -> None:
    connection: Connection[Any] | None = None
    broken, why = 0, ""
    try:
        # After a break one at a time, until one goes: whoever it broke for does not hold up the others.
        while (group := supply.next(lambda: sending.over, 1 if broken else None)) is not None:
            if connection is None and (connection := _connected(sending, broken, why, place)) is None:
                return
            sending.carrying.add(place)
            answers = _deliver_group(sending, writer, connection, group)
            broken = _breaks(broken, answers, getattr(connection, "lost", ""))
            if broken:
                why = next((one.reason for one in answers if one.result is not Result.ACCEPTED and one.reason), why)
                sending.carrying.discard(place)
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
        sending.carrying.add(place)
        try:
            for outcome in _streamed(sending, connection, stream):
                if not connection.lost and outcome.result not in (Result.UNSENT, Result.UNCERTAIN):
                    broken, stream.alone = 0, False
                elif outcome.reason:
                    why = outcome.reason
            if connection.lost:
                broken, stream.alone = broken + 1, True
        finally:
            sending.carrying.discard(place)
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
    answers = 0
    try:
        for outcome in connection.deliver_stream(stream):
            stream.answered(outcome)
            answers += 1
            yield outcome
        if stream.unanswered and not connection.lost:
            raise sending.failed(f"{answers + stream.unanswered} mails and {answers} answers")
        if not answers and stream.untouched and not (connection.lost or sending.over):
            raise sending.failed("it took no mail")
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


def _connected(sending: Sending, broken: int, why: str, place: float) -> Connection[Any] | None:
    """A new connection, after a wait that grows with how often it broke, and `why`; None when the run is ending
    meanwhile, or the provider takes fewer connections than that: the others carry on."""
    while not sending.over:
        if broken > len(_RECONNECT_WAITS):
            raise ProviderGone(f"the connection breaks again and again ({why}). Try again later.")
        if broken:
            (sending.wait or sending.stop.wait)(_RECONNECT_WAITS[broken - 1] * (0.5 + place))
        try:
            connection = sending.provider.connect()
        except ProviderAway as error:
            # A server that was there a moment ago is being restarted; one that never was is a wrong address.
            if not sending.reached and not isinstance(error, ProviderBusy):
                raise
            if broken >= len(_RECONNECT_WAITS):
                if sending.carrying:
                    return None
                raise
            broken += 1
            continue
        except NewsletterError:
            raise
        except Exception as error:  # whatever the code of strangers raises
            raise sending.failed(f"{type(error).__name__}: {error}") from error
        sending.reached = True
        return connection
    return None


def _deliver_group(
    sending: Sending, writer: LedgerWriter, connection: Connection[Any], group: Sequence[Delivery]
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


def _hand_over(sending: Sending, connection: Connection[Any], messages: Sequence[Any], outcomes: list[Outcome]) -> None:
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
