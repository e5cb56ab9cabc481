"""What people read with: each person counted once, machines only where nothing else is known; on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from newsletter.model import ClientFamily, ClientMix, DeliveryId, Event, EventKind, Outcome, Result, Segment
from newsletter.model import SubscriberStatus as Status
from newsletter.store import campaigns, claiming, clients, events, freezing, ledger
from newsletter.store.database import Database, open_database
from newsletter.store.ledger import Settlement
from tests.people import Person, put_people

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SINCE = NOW - timedelta(days=365)
PEOPLE = 6
_ID = iter(range(1_000_000))


@pytest.fixture
def database(store_url: str, tmp_path: Path) -> Iterator[Database]:
    opened = open_database(store_url, tmp_path)
    with opened.begin() as connection:
        rows = [Person(f"r{n}@x.org", f"r{n}@x.org", *[""] * 6, Status.SUBSCRIBED, {}) for n in range(PEOPLE)]
        put_people(connection, rows, "a.csv", NOW)
        for name, audience in (("spring", "crew"), ("fall", "crew"), ("other", "press")):
            frozen = freezing.FrozenCampaign(name, name, audience, "h", {"v": b"x"}, {}, Segment(), ("first_name",))
            freezing.freeze(connection, frozen, NOW)
    yield opened
    opened.close()


def _sent(database: Database, name: str) -> list[DeliveryId]:
    with database.begin() as connection:
        campaign = campaigns.find_campaign(connection, name)
        assert campaign is not None
        claimed = claiming.claim(connection, campaign.id, PEOPLE, NOW)
        ledger.settle(connection, [Settlement(one.number, Outcome(Result.ACCEPTED)) for one in claimed], NOW)
    return [one.delivery_id for one in claimed]


def _open(delivery: DeliveryId, client: ClientFamily | None, name: str = "spring", **more: object) -> Event:
    kind, at = more.pop("kind", EventKind.OPEN), more.pop("at", NOW)
    event_id = more.pop("event_id", f"e{next(_ID)}")
    return Event(delivery, name, kind, at, event_id, client=client, **more)  # type: ignore[arg-type]


def _record(database: Database, *told: Event) -> None:
    with database.begin() as connection:
        events.record(connection, told, NOW)


def _mix(database: Database, audience: str = "crew") -> ClientMix:
    with database.connect() as connection:
        return clients.client_mix(connection, audience, SINCE)


GMAIL, APPLE, OUTLOOK, UNKNOWN = (
    ClientFamily.GMAIL, ClientFamily.APPLE, ClientFamily.OUTLOOK_365, ClientFamily.UNKNOWN,
)  # fmt: skip


def test_each_person_counts_one_however_often_they_open_and_in_parts_when_they_use_several(database: Database) -> None:
    spring, fall = _sent(database, "spring"), _sent(database, "fall")
    _record(
        database,
        *(_open(spring[0], GMAIL) for _ in range(5)),
        _open(fall[0], GMAIL, "fall"),
        _open(spring[1], GMAIL),
        _open(fall[1], OUTLOOK, "fall"),
        _open(spring[2], OUTLOOK, kind=EventKind.CLICK),
    )
    assert _mix(database) == ClientMix({GMAIL: 1.5, OUTLOOK: 1.5}, 0)
    assert _mix(database).known == 3
    assert _mix(database).shares == {GMAIL: 0.5, OUTLOOK: 0.5}


def test_what_only_a_machine_opened_counts_for_those_of_whom_nothing_else_is_known(database: Database) -> None:
    ids = _sent(database, "spring")
    _record(
        database,
        _open(ids[0], APPLE, machine=True),
        _open(ids[0], GMAIL),
        _open(ids[1], APPLE, machine=True),
        _open(ids[2], APPLE, machine=True),
        _open(ids[2], UNKNOWN),
    )
    assert _mix(database) == ClientMix({APPLE: 2.0, GMAIL: 1.0}, 0)


def test_who_opened_with_what_nobody_knows_is_counted_apart_and_a_click_is_no_such_open(database: Database) -> None:
    ids = _sent(database, "spring")
    _record(
        database,
        _open(ids[0], UNKNOWN),
        _open(ids[0], GMAIL),
        _open(ids[1], UNKNOWN),
        _open(ids[2], None),
        _open(ids[3], None, kind=EventKind.CLICK),
        _open(ids[4], None, kind=EventKind.DELIVERED),
    )
    assert _mix(database) == ClientMix({GMAIL: 1.0}, 2)


def test_only_opens_of_the_last_year_and_of_the_audiences_own_mail_count(database: Database) -> None:
    spring, other = _sent(database, "spring"), _sent(database, "other")
    _record(
        database,
        _open(spring[0], GMAIL, at=SINCE),
        _open(spring[1], OUTLOOK, at=SINCE - timedelta(seconds=1)),
        _open(other[2], APPLE, "other"),
    )
    assert _mix(database) == ClientMix({GMAIL: 1.0}, 0)
    assert _mix(database, "press") == ClientMix({APPLE: 1.0}, 0)
    assert _mix(database, "nobody") == ClientMix({}, 0)


def test_an_open_of_before_clients_were_kept_gets_its_own_when_it_is_told_again(database: Database) -> None:
    ids = _sent(database, "spring")
    _record(database, _open(ids[0], None, event_id="x"), _open(ids[1], GMAIL, event_id="y"))
    with database.begin() as connection:
        told = [_open(ids[0], OUTLOOK, event_id="x"), _open(ids[1], APPLE, event_id="y")]
        made = events.record(connection, told, NOW)
    assert (made.new, made.known) == ((), 2)
    assert _mix(database) == ClientMix({GMAIL: 1.0, OUTLOOK: 1.0}, 0), "what was known stays"


def test_a_family_that_only_a_newer_program_knows_is_unknown(database: Database) -> None:
    ids = _sent(database, "spring")
    _record(database, _open(ids[0], GMAIL), _open(ids[1], OUTLOOK))
    with database.begin() as connection:
        connection.exec_driver_sql("UPDATE events SET client = 'lotus-notes' WHERE client = 'gmail'")
    assert _mix(database) == ClientMix({OUTLOOK: 1.0}, 1)


def test_the_last_event_tells_whether_anything_new_is_known(database: Database) -> None:
    ids = _sent(database, "spring")
    with database.connect() as connection:
        assert clients.last_event(connection) == 0
    _record(database, _open(ids[0], GMAIL, event_id="x"))
    with database.connect() as connection:
        before = clients.last_event(connection)
    _record(database, _open(ids[0], GMAIL, event_id="x"))
    with database.connect() as connection:
        assert clients.last_event(connection) == before > 0
    _record(database, _open(ids[1], GMAIL))
    with database.connect() as connection:
        assert clients.last_event(connection) > before
