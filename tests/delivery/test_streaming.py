"""What one connection is given: marked before, a few ahead, and never more in doubt than the provider's group."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.delivery.ledger_writer import LedgerWriter, Written
from newsletter.delivery.messages import NotPersonalizable
from newsletter.delivery.streaming import Stream
from newsletter.model import Delivery, DeliveryId, Message, Outcome, Result
from newsletter.store.ledger import Settlement

NOW = datetime(2026, 3, 1, tzinfo=UTC)
WINDOW = 5
ACCEPTED = Outcome(Result.ACCEPTED)


class Ledger:
    """Takes marks and settlements, and says what is in doubt. So many marks are durable at once, others when told."""

    def __init__(self, at_once: int = 1_000) -> None:
        self.at_once = at_once
        self.marks: deque[tuple[list[int], Written]] = deque()
        self.in_doubt: set[int] = set()
        self.most = 0
        self.settled: dict[int, Result] = {}

    def mark_in_flight(self, numbers: Sequence[int]) -> Written:
        written = Written()
        self.marks.append((list(numbers), written))
        self.in_doubt |= set(numbers)
        self.most = max(self.most, len(self.in_doubt))
        self.at_once -= 1
        if self.at_once >= 0:
            self.commit()
        return written

    def commit(self) -> None:
        """All marks are durable."""
        while self.marks:
            self.marks.popleft()[1].set(None, None)

    def settle(self, settlements: Sequence[Settlement]) -> None:
        assert not self.marks, "settled before its mark is durable"
        for one in settlements:
            assert one.number not in self.settled
            self.settled[one.number] = one.outcome.result
            self.in_doubt.remove(one.number)


def _stream(ledger: Ledger, people: int, ahead: bool = True, failing: frozenset[int] = frozenset()) -> Stream:
    left = deque(range(people))

    def take(most: int, wait: bool) -> Sequence[Delivery] | None:
        chosen = [left.popleft() for _ in range(min(most, len(left)))]
        return [Delivery(one, DeliveryId(f"{one:024x}"), f"r{one}@x.org", "v", 0, {}) for one in chosen] or None

    def assemble(delivery: Delivery) -> Message:
        if delivery.number in failing:
            raise NotPersonalizable("no value")
        return Message(delivery.delivery_id, "n@x.org", delivery.address, b"x")

    writer = cast(LedgerWriter, cast(Any, ledger))
    return Stream(take, writer, assemble, lambda: NOW, lambda number: None, WINDOW, ahead)


@given(st.integers(0, 30), st.booleans(), st.frozensets(st.integers(0, 29)), st.booleans())
def test_everybody_is_given_once_in_order_and_few_are_in_doubt(
    people: int, ahead: bool, failing: frozenset[int], alone: bool
) -> None:
    ledger = Ledger()
    stream = _stream(ledger, people, ahead, failing)
    stream.alone = alone
    given_out = []
    while (message := stream.next()) is not None:
        given_out.append(int(message.delivery_id, 16))
        stream.answered(ACCEPTED)
    stream.end(ACCEPTED)
    assert given_out == [one for one in range(people) if one not in failing]
    expected = {one: Result.REJECTED if one in failing else Result.ACCEPTED for one in range(people)}
    assert ledger.settled == expected
    assert ledger.most <= (1 if alone else WINDOW)


def test_while_the_first_are_sent_the_next_are_marked_and_can_be_announced() -> None:
    ledger = Ledger()
    stream = _stream(ledger, 20)
    assert stream.next() is not None
    assert ledger.in_doubt == {0, 1, 2, 3, 4}
    for _ in range(2):
        stream.answered(ACCEPTED)
        assert stream.next() is not None
    following = stream.peek()
    assert following is not None
    assert following.rcpt_to == "r3@x.org"


def test_without_marking_ahead_the_next_are_marked_when_all_before_are_settled() -> None:
    ledger = Ledger()
    stream = _stream(ledger, 20, ahead=False)
    for _ in range(WINDOW):
        assert stream.next() is not None
        assert ledger.in_doubt <= {0, 1, 2, 3, 4}
        stream.answered(ACCEPTED)
    assert stream.peek() is None
    assert stream.next() is not None
    assert ledger.in_doubt == {5, 6, 7, 8, 9}


def test_nobody_is_announced_before_the_mark_is_durable() -> None:
    ledger = Ledger(at_once=1)
    stream = _stream(ledger, 20)
    for _ in range(3):
        assert stream.next() is not None
    assert ledger.in_doubt == {0, 1, 2, 3, 4}
    assert stream.peek() is None
    ledger.commit()
    following = stream.peek()
    assert following is not None
    assert following.rcpt_to == "r3@x.org"


@pytest.mark.parametrize("unanswered", [Result.UNCERTAIN, Result.UNSENT])
def test_when_nothing_more_is_sent_only_those_begun_are_in_doubt(unanswered: Result) -> None:
    ledger = Ledger()
    stream = _stream(ledger, 20)
    stream.next()
    stream.answered(ACCEPTED)
    stream.next()
    stream.end(Outcome(unanswered))
    expected = {0: Result.ACCEPTED, 1: unanswered, 2: Result.UNSENT, 3: Result.UNSENT, 4: Result.UNSENT}
    assert ledger.settled == expected
    assert not ledger.in_doubt
