"""The loop over SMTP, in one process and with a clock of its own, while the server defers and hangs up."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from threading import Event

import pytest

from newsletter.delivery import loop
from newsletter.delivery.messages import Assembler, Envelope
from newsletter.delivery.providers.contract import ProviderGone, ProviderRefuses
from newsletter.delivery.providers.smtp import Smtp, parse_server
from newsletter.delivery.running import Sending
from newsletter.delivery.throttle import Throttle
from newsletter.model import Counts, RenderedVariant, Segment, SubscriberStatus
from newsletter.store import campaigns, freezing, ledger
from newsletter.store.database import Database, open_database
from newsletter.store.freezing import FrozenCampaign
from tests.delivery.smtp_server import DROP, MailServer
from tests.people import Person, put_people

NOW = datetime(2026, 3, 1, tzinfo=UTC)
PEOPLE = 300
EVERYBODY = Counter({f"r{one}@example.org": 1 for one in range(PEOPLE)})


@pytest.fixture
def mail() -> Iterator[MailServer]:
    with MailServer() as server:
        yield server


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = open_database("sqlite:///n.db", tmp_path)
    rows = [Person(address, address, "N", "", "", "", "", "", SubscriberStatus.SUBSCRIBED, {}) for address in EVERYBODY]
    with opened.begin() as connection:
        put_people(connection, rows, "a.csv", NOW)
        freezing.freeze(connection, FrozenCampaign("c", "i", "a", "h", {"x": b""}, {}, Segment(), ()), NOW)
    yield opened
    opened.close()


def _deliver(database: Database, mail: MailServer, now: Callable[[], datetime], rate: float | None = None) -> Counts:
    variant = RenderedVariant("default", ("default",), "S", "", "<p>x</p>", "Dear all", (), (), "h")
    with database.connect() as connection:
        campaign = campaigns.find_campaign(connection, "c")
    assert campaign is not None
    sending = Sending(
        database=database,
        campaign=campaign,
        provider=Smtp(parse_server(mail.url), 4),
        assembler=Assembler([variant], {}, Envelope("N", "news@example.org", "", "N", "example.org", "c")),
        throttle=Throttle(rate, time.monotonic, time.sleep),
        now=now,
        stop=Event(),
        wait=lambda seconds: None,
    )
    loop.recover(database, campaign, sending.provider, now())
    try:
        loop.deliver(sending)
    finally:
        with database.connect() as connection:
            counts = ledger.counts(connection, campaign.id)
    return counts


def _day_after_day(database: Database, mail: MailServer, days: int) -> Counts:
    """A run each day, until nobody is left."""
    for day in range(days):
        moment = NOW + timedelta(days=day)
        try:
            counts = _deliver(database, mail, lambda moment=moment: moment)
        except ProviderGone:
            continue
        if not counts.unfinished:
            return counts
    raise AssertionError(f"not in {days} days: {counts}")


def test_a_storm_of_temporary_refusals_defers_and_serves_everybody_once_in_the_end(
    database: Database, mail: MailServer
) -> None:
    chance = random.Random(3)
    storm = {"MAIL": "451 4.3.0 later", "RCPT": "450 4.2.1 later", "DATA": "452 4.3.1 later", "DOT": "451 4.7.1 later"}
    mail.answer = lambda verb, address: storm.get(verb, "") if chance.random() < 0.15 else ""
    assert _day_after_day(database, mail, 11) == Counts(accepted=PEOPLE)
    assert mail.taken == EVERYBODY


def test_a_storm_of_421_and_dropped_greetings_skips_nobody_and_doubles_nobody(
    database: Database, mail: MailServer
) -> None:
    chance = random.Random(4)
    storm = {"CONNECT": ("421 4.3.2 too busy", DROP), "MAIL": ("421 4.7.0 go away", DROP), "DOT": ("421 4.7.0 later",)}
    mail.answer = lambda verb, address: chance.choice(storm[verb]) if verb in storm and chance.random() < 0.08 else ""
    assert _day_after_day(database, mail, 11) == Counts(accepted=PEOPLE)
    assert mail.taken == EVERYBODY


def test_a_server_that_rejects_everybody_in_the_same_words_ends_the_run_with_few_rejected(
    database: Database, mail: MailServer
) -> None:
    mail.answer = lambda verb, address: "550 relaying denied" if verb == "RCPT" else ""
    with pytest.raises(ProviderRefuses, match="550 relaying denied"):
        _deliver(database, mail, lambda: NOW)
    with database.connect() as connection:
        campaign = campaigns.find_campaign(connection, "c")
        assert campaign is not None
        counts = ledger.counts(connection, campaign.id)
    # Four connections have at most five messages under way each.
    assert 10 <= counts.rejected <= 30
    assert counts.pending == PEOPLE - counts.rejected


@pytest.mark.parametrize(
    ("answer", "words"),
    [("421 4.7.0 not to you", "421 4.7.0 not to you"), (DROP, "the connection broke before the message")],
)
def test_who_makes_the_server_hang_up_is_deferred_and_all_others_are_served_in_the_same_run(
    database: Database, mail: MailServer, answer: str, words: str
) -> None:
    guilty = {f"r{one}@example.org" for one in (0, 7, 8, 299)}
    mail.answer = lambda verb, address: answer if verb == "RCPT" and address in guilty else ""
    assert _deliver(database, mail, lambda: NOW) == Counts(accepted=PEOPLE - 4, deferred=4)
    assert mail.taken == EVERYBODY - Counter(guilty)
    with database.connect() as connection:
        campaign = campaigns.find_campaign(connection, "c")
        assert campaign is not None
        assert all(words in reason for _, reason in ledger.reasons(connection, campaign.id))
        due = ledger.next_due(connection, campaign.id)
    assert due is not None
    assert due - NOW >= timedelta(minutes=5)


def test_a_server_that_greets_every_third_connection_with_421_is_waited_for(
    database: Database, mail: MailServer
) -> None:
    greeted = count()
    mail.answer = lambda verb, address: "421 4.3.2 busy" if verb == "CONNECT" and next(greeted) % 3 == 0 else ""
    assert _deliver(database, mail, lambda: NOW) == Counts(accepted=PEOPLE)
    assert mail.taken == EVERYBODY


def test_a_clock_that_is_set_back_neither_stops_nor_doubles_nor_hurries_a_send(
    database: Database, mail: MailServer
) -> None:
    asked = 0

    def clock() -> datetime:
        """An hour earlier each time a while has passed."""
        nonlocal asked
        asked += 1
        return NOW - timedelta(hours=asked // 50)

    started = time.monotonic()
    assert _deliver(database, mail, clock, rate=300.0) == Counts(accepted=PEOPLE)
    assert asked > 100, "the clock went back more than once"
    assert time.monotonic() - started >= (PEOPLE - 20) / 300, "the pace is kept by a clock that nobody sets"
    assert mail.taken == EVERYBODY
