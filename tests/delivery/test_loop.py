"""The sending loop against providers that misbehave: what the ledger says afterwards is true."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event, current_thread
from threading import enumerate as enumerate_threads
from typing import Any

import pytest

from newsletter.delivery import loop
from newsletter.delivery.messages import Assembler, Envelope
from newsletter.delivery.providers.contract import ProviderAway, ProviderFailed, ProviderGone
from newsletter.delivery.running import Sending
from newsletter.delivery.substitution import SubstitutionAssembler
from newsletter.delivery.throttle import Throttle
from newsletter.errors import HoldLost, StoreUnavailable
from newsletter.model import (
    Campaign,
    Context,
    Counts,
    DeliveryId,
    MergeField,
    Message,
    Outcome,
    RenderedVariant,
    Result,
    Segment,
    SubscriberStatus,
    Where,
)
from newsletter.store import campaigns, claiming, freezing, ledger
from newsletter.store.database import Database, open_database
from newsletter.store.freezing import FrozenCampaign
from tests.people import Person, put_people

NOW = datetime(2026, 3, 1, tzinfo=UTC)
TOKEN = "mf00000000000001t"
PEOPLE = 40


class Scripted:
    """A provider that answers as the test says, and remembers what it was given."""

    substitutes = False
    group = 5

    def __init__(self, answer: Callable[[Message], Outcome], connections: int = 2, away: Sequence[int] = ()) -> None:
        self._answer = answer
        self._away = away
        self.connections = connections
        self.given: list[DeliveryId] = []
        self.groups: list[list[Any]] = []
        self.connected = 0

    def connect(self) -> Scripted:
        self.connected += 1
        if self.connected in self._away:
            raise ProviderAway("the server is not there")
        return self

    def deliver(self, messages: Sequence[Message]) -> Iterator[Outcome]:
        self.groups.append(list(messages))
        for message in messages:
            self.given.append(message.delivery_id)
            yield self._answer(message)

    def close(self) -> None:
        """Nothing is held open."""

    def already_carried(self, deliveries: Sequence[DeliveryId]) -> None:
        return None


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = open_database("sqlite:///n.db", tmp_path)
    rows = [
        Person(f"r{one}@x.org", f"r{one}@x.org", f"N{one}", "", "", "", "", "", SubscriberStatus.SUBSCRIBED, {})
        for one in range(PEOPLE)
    ]
    with opened.begin() as connection:
        put_people(connection, rows, "a.csv", NOW)
        freezing.freeze(connection, FrozenCampaign("c", "i", "a", "h", {"x": b""}, {}, Segment(), ("first_name",)), NOW)
    yield opened
    opened.close()


def _campaign(database: Database) -> Campaign:
    with database.connect() as connection:
        campaign = campaigns.find_campaign(connection, "c")
    assert campaign is not None
    return campaign


def _sending(
    database: Database, provider: Scripted, value: Callable[[object], str] = str, now: datetime = NOW
) -> Sending:
    field = MergeField(TOKEN, "source", Context.TEXT, Where("i"))
    variant = RenderedVariant("default", ("default",), "S", "", "<p>x</p>", f"Dear {TOKEN}", (field,), (), "h")
    envelope = Envelope("N", "news@example.org", "", "N", "example.org", "c")
    return Sending(
        database=database,
        campaign=_campaign(database),
        provider=provider,
        assembler=Assembler([variant], {"source": value}, envelope),
        throttle=Throttle(None, lambda: 0.0, lambda seconds: None),
        now=lambda: now,
        stop=Event(),
        wait=lambda seconds: None,
    )


def _counts(database: Database) -> Counts:
    with database.connect() as connection:
        return ledger.counts(connection, _campaign(database).id)


@pytest.mark.parametrize(("answers", "doubtful"), [(3, 2), (6, 0)])
def test_a_provider_that_miscounts_its_answers_is_stopped_and_named(
    database: Database, answers: int, doubtful: int
) -> None:
    class Miscounting(Scripted):
        def deliver(self, messages: Sequence[Message]) -> Iterator[Outcome]:
            yield from [Outcome(Result.ACCEPTED)] * answers

    sending = _sending(database, Miscounting(lambda message: Outcome(Result.ACCEPTED), connections=1))
    sending.called = "mine"
    with pytest.raises(ProviderFailed, match=f"provider mine failed: 5 mails and {answers} answers"):
        loop.deliver(sending)
    assert _counts(database) == Counts(accepted=5 - doubtful, uncertain=doubtful, pending=PEOPLE - 5)


def test_a_provider_that_fails_to_connect_is_named_and_nobody_is_in_doubt(database: Database) -> None:
    class Failing(Scripted):
        def connect(self) -> Scripted:
            raise ZeroDivisionError("division by zero")

    with pytest.raises(ProviderFailed, match="Failing failed: ZeroDivisionError"):
        loop.deliver(_sending(database, Failing(lambda message: Outcome(Result.ACCEPTED))))
    assert _counts(database) == Counts(pending=PEOPLE)


def test_a_stream_that_fails_in_an_unknown_way_is_named_and_only_those_it_took_are_uncertain(
    database: Database,
) -> None:
    class Streaming(Scripted):
        streams = True
        lost = ""

        def deliver_stream(self, mails: Any) -> Iterator[Outcome]:
            mails.next()
            yield Outcome(Result.ACCEPTED)
            mails.next()
            raise KeyError("token")

    provider = Streaming(lambda message: Outcome(Result.ACCEPTED), connections=1)
    with pytest.raises(ProviderFailed, match="Streaming failed: KeyError: 'token'"):
        loop.deliver(_sending(database, provider))
    assert _counts(database) == Counts(accepted=1, uncertain=1, pending=PEOPLE - 2)


@pytest.mark.parametrize(
    ("taken", "what"), [(0, "it took no mail"), (1, "1 mails and 0 answers"), (2, "2 mails and 0 answers")]
)
def test_a_stream_that_ends_without_an_answer_is_stopped_and_named(database: Database, taken: int, what: str) -> None:
    class Silent(Scripted):
        streams = True
        lost = ""

        def deliver_stream(self, mails: Any) -> Iterator[Outcome]:
            for _ in range(taken):
                mails.next()
            return iter(())

    provider = Silent(lambda message: Outcome(Result.ACCEPTED), connections=1)
    with pytest.raises(ProviderFailed, match=f"Silent failed: {what}"):
        loop.deliver(_sending(database, provider))
    assert _counts(database) == Counts(uncertain=taken, pending=PEOPLE - taken)


def test_everybody_is_handed_over_once(database: Database) -> None:
    provider = Scripted(lambda message: Outcome(Result.ACCEPTED))
    loop.deliver(_sending(database, provider))
    assert _counts(database) == Counts(accepted=PEOPLE)
    assert len(set(provider.given)) == len(provider.given) == PEOPLE


def test_when_a_provider_fails_in_an_unknown_way_what_it_was_given_is_uncertain(database: Database) -> None:
    def answer(message: Message) -> Outcome:
        if message.rcpt_to == "r7@x.org":
            raise RuntimeError("a bug")
        return Outcome(Result.ACCEPTED)

    provider = Scripted(answer, connections=1)
    with pytest.raises(ProviderFailed, match=r"^provider .*Scripted failed: RuntimeError: a bug\."):
        loop.deliver(_sending(database, provider))
    counts = _counts(database)
    assert (counts.accepted, counts.uncertain) == (7, 3), "r7 and the rest of its group of five"
    assert counts.pending == PEOPLE - 10


def test_when_a_provider_is_gone_the_rest_waits_untouched(database: Database) -> None:
    def answer(message: Message) -> Outcome:
        if message.rcpt_to == "r7@x.org":
            raise ProviderGone("no more")
        return Outcome(Result.ACCEPTED)

    with pytest.raises(ProviderGone):
        loop.deliver(_sending(database, Scripted(answer, connections=1)))
    assert _counts(database) == Counts(accepted=7, pending=PEOPLE - 7)
    loop.deliver(_sending(database, Scripted(lambda message: Outcome(Result.ACCEPTED))))
    assert _counts(database) == Counts(accepted=PEOPLE)


def test_a_connection_that_breaks_is_made_anew_and_nobody_is_skipped(database: Database) -> None:
    broken = {"r3@x.org", "r20@x.org", f"r{PEOPLE - 1}@x.org"}

    def answer(message: Message) -> Outcome:
        if message.rcpt_to in broken:
            broken.remove(message.rcpt_to)
            return Outcome(Result.UNSENT, "lost")
        return Outcome(Result.ACCEPTED)

    provider = Scripted(answer, connections=1)
    loop.deliver(_sending(database, provider))
    assert _counts(database) == Counts(accepted=PEOPLE)
    assert provider.connected >= 4


def test_a_provider_that_substitutes_is_given_one_variant_at_a_time(database: Database) -> None:
    with database.begin() as connection:
        connection.exec_driver_sql("UPDATE deliveries SET variant = 'odd' WHERE id % 2 = 1")
        connection.exec_driver_sql("UPDATE deliveries SET variant = 'rare' WHERE id = 8")
    provider = Scripted(lambda message: Outcome(Result.ACCEPTED), connections=1)
    provider.substitutes = True
    sending = _sending(database, provider)
    variants = [
        RenderedVariant(key, (key,), "S", "", "<p>x</p>", "x", (), (), "h") for key in ("default", "odd", "rare")
    ]
    envelope = Envelope("N", "news@example.org", "", "N", "example.org", "c")
    sending.assembler = SubstitutionAssembler(variants, {}, envelope, b"secret")
    loop.deliver(sending)
    assert _counts(database) == Counts(accepted=PEOPLE)
    assert len(set(provider.given)) == len(provider.given) == PEOPLE
    groups = [[mail.template.key for mail in group] for group in provider.groups]
    assert all(len(set(group)) == 1 and len(group) <= 5 for group in groups)
    assert sorted(len(group) for group in groups) == [1, 4, *[5] * 7], "19 default, 20 odd, 1 rare, in groups of 5"


def test_a_server_that_is_restarted_is_waited_for(database: Database) -> None:
    lost = iter([True])
    provider = Scripted(
        lambda message: Outcome(Result.UNSENT if next(lost, False) else Result.ACCEPTED), connections=1, away=[2, 3, 4]
    )
    waits: list[float] = []
    sending = _sending(database, provider)
    sending.wait = waits.append
    loop.deliver(sending)
    assert _counts(database) == Counts(accepted=PEOPLE)
    assert provider.connected == 5
    assert waits == [0.0, 1.0, 2.0, 4.0]


def test_a_server_that_never_was_there_is_not_waited_for(database: Database) -> None:
    provider = Scripted(lambda message: Outcome(Result.ACCEPTED), connections=1, away=[1])
    sending = _sending(database, provider)
    sending.wait = lambda seconds: pytest.fail("waited")
    with pytest.raises(ProviderAway, match="not there"):
        loop.deliver(sending)
    assert _counts(database) == Counts(pending=PEOPLE)


def test_a_provider_that_only_breaks_is_given_up_after_a_few_tries(database: Database) -> None:
    provider = Scripted(lambda message: Outcome(Result.UNSENT, "lost"), connections=1)
    with pytest.raises(ProviderGone, match="again and again"):
        loop.deliver(_sending(database, provider))
    assert _counts(database) == Counts(pending=PEOPLE)
    assert provider.connected == 8


def test_a_provider_that_takes_fewer_connections_is_served_over_those(database: Database) -> None:
    def alone() -> bool:
        return not [one for one in enumerate_threads() if one.name.startswith("conn") and one is not current_thread()]

    def answer(message: Message) -> Outcome:
        while provider.connected < 10 and not alone():
            time.sleep(0.001)
        return Outcome(Result.ACCEPTED)

    provider = Scripted(answer, connections=2, away=range(2, 10))
    loop.deliver(_sending(database, provider))
    assert _counts(database) == Counts(accepted=PEOPLE)
    assert len(set(provider.given)) == len(provider.given)


def test_after_a_break_one_goes_at_a_time_until_one_is_carried(database: Database) -> None:
    outcomes = iter([Result.ACCEPTED, *[Result.UNSENT] * 5])
    provider = Scripted(lambda message: Outcome(next(outcomes, Result.ACCEPTED)), connections=1)
    loop.deliver(_sending(database, provider))
    assert [len(group) for group in provider.groups[:5]] == [5, 1, 1, 3, 5], (
        "of the second five two alone, then the rest"
    )
    assert _counts(database) == Counts(accepted=PEOPLE)


def test_a_limit_is_reached_though_a_connection_breaks_on_the_way(database: Database) -> None:
    outcomes = iter([Result.ACCEPTED, *[Result.UNSENT] * 4])
    sending = _sending(database, Scripted(lambda message: Outcome(next(outcomes, Result.ACCEPTED)), connections=1))
    sending.limit = 10
    loop.deliver(sending)
    assert _counts(database) == Counts(accepted=10, pending=PEOPLE - 10)


def test_a_deferred_message_waits_longer_each_time(database: Database) -> None:
    deferring = Scripted(lambda message: Outcome(Result.DEFERRED, "450 later"))
    waits = []
    now = NOW
    for _ in range(4):
        loop.deliver(_sending(database, deferring, now=now))
        with database.connect() as connection:
            due = ledger.next_due(connection, _campaign(database).id)
        assert due is not None
        waits.append(due - now)
        now += timedelta(days=1)
    assert [round(wait / timedelta(minutes=5)) for wait in waits] == [1, 2, 4, 8]
    assert _counts(database) == Counts(deferred=PEOPLE)


def test_one_whose_values_fail_is_rejected_with_the_reason_and_the_others_go(database: Database) -> None:
    def value(values: object) -> str:
        assert isinstance(values, dict)
        if values["first_name"] == "N3":
            raise ValueError("no such thing")
        return "x"

    loop.deliver(_sending(database, Scripted(lambda message: Outcome(Result.ACCEPTED)), value))
    assert _counts(database) == Counts(accepted=PEOPLE - 1, rejected=1)
    with database.connect() as connection:
        (reason,) = [words for (_, words) in ledger.reasons(connection, _campaign(database).id)]
    assert "no such thing" in reason


def test_nothing_leaves_when_the_in_flight_mark_cannot_be_written(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*arguments: object) -> None:
        raise StoreUnavailable("the disk is full")

    monkeypatch.setattr(ledger, "mark_in_flight", full)
    provider = Scripted(lambda message: Outcome(Result.ACCEPTED))
    with pytest.raises(StoreUnavailable):
        loop.deliver(_sending(database, provider))
    assert provider.given == []


class Overtaken(Scripted):
    """A provider in whose tenth answer another process takes the campaign over, and delivers the rest."""

    def __init__(self, database: Database, streams: bool) -> None:
        super().__init__(self._answer_or_lose, connections=1)
        self._database = database
        self.streams = streams
        self.other = Scripted(lambda message: Outcome(Result.ACCEPTED))
        self.lost = ""

    def _answer_or_lose(self, message: Message) -> Outcome:
        if len(self.given) == 10:
            sending = _sending(self._database, self.other)
            sending.hold = loop.recover(self._database, sending.campaign, self.other, NOW)
            loop.deliver(sending)
        return Outcome(Result.ACCEPTED)

    def deliver_stream(self, messages: Any) -> Iterator[Outcome]:
        while (message := messages.next()) is not None:
            yield from self.deliver([message])


@pytest.mark.parametrize("streams", [False, True])
def test_a_process_that_was_taken_over_marks_nothing_and_what_it_had_begun_is_settled(
    database: Database, streams: bool
) -> None:
    provider = Overtaken(database, streams)
    sending = _sending(database, provider)
    sending.hold = loop.recover(database, sending.campaign, provider, NOW)
    with pytest.raises(HoldLost, match="campaign 'c' was taken over by another process"):
        loop.deliver(sending)
    given = provider.given + provider.other.given
    assert len(given) == len(set(given)) == PEOPLE
    assert _counts(database) == Counts(accepted=PEOPLE)


def test_what_was_accepted_is_not_taken_back_by_whoever_had_it_in_hand_before(database: Database) -> None:
    with database.begin() as connection:
        first, *_ = claiming.claim(connection, _campaign(database).id, 1, NOW)
        for result in (Result.ACCEPTED, Result.UNSENT, Result.DEFERRED, Result.UNCERTAIN, Result.REJECTED):
            ledger.settle(connection, [ledger.Settlement(first.number, Outcome(result))], NOW)
    assert _counts(database) == Counts(accepted=1, pending=PEOPLE - 1)


def test_after_a_crash_the_doubtful_are_held_and_the_claimed_are_free(database: Database) -> None:
    campaign = _campaign(database)
    with database.begin() as connection:
        claimed = claiming.claim(connection, campaign.id, 20, NOW)
        ledger.mark_in_flight(connection, [one.number for one in claimed[:5]], NOW)
    provider = Scripted(lambda message: Outcome(Result.ACCEPTED))
    loop.recover(database, campaign, provider, NOW)
    assert _counts(database) == Counts(uncertain=5, pending=PEOPLE - 5)
    loop.deliver(_sending(database, provider))
    assert _counts(database) == Counts(uncertain=5, accepted=PEOPLE - 5)
    assert not {one.delivery_id for one in claimed[:5]} & set(provider.given)
