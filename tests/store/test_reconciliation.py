"""What a provider's events prove, and what they do not."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from newsletter.model import Counts, Delivery, Event, EventKind, Outcome, Result, Segment, SubscriberStatus
from newsletter.store import campaigns, claiming, freezing, ledger
from newsletter.store.database import Database, open_database
from newsletter.store.events import record
from newsletter.store.freezing import FrozenCampaign
from newsletter.store.ledger import Settlement
from newsletter.store.reconciliation import Reconciled, reconcile
from tests.people import Person, put_people

NOW = datetime(2026, 3, 1, tzinfo=UTC)
PEOPLE = 6


@pytest.fixture
def database(store_url: str, tmp_path: Path) -> Iterator[Database]:
    opened = open_database(store_url, tmp_path)
    rows = [
        Person(f"r{one}@x.org", f"r{one}@x.org", "", "", "", "", "", "", SubscriberStatus.SUBSCRIBED, {})
        for one in range(PEOPLE)
    ]
    with opened.begin() as connection:
        put_people(connection, rows, "a.csv", NOW)
        freezing.freeze(connection, FrozenCampaign("c", "i", "a", "h", {"x": b""}, {}, Segment(), ("first_name",)), NOW)
    yield opened
    opened.close()


def _in_doubt(database: Database) -> list[Delivery]:
    """All deliveries: the first accepted, the second rejected, the others uncertain."""
    with database.begin() as connection:
        claimed = claiming.claim(connection, _number(database), PEOPLE, NOW)
        results = [Result.ACCEPTED, Result.REJECTED, *[Result.UNCERTAIN] * (PEOPLE - 2)]
        settled = [Settlement(one.number, Outcome(result, "x")) for one, result in zip(claimed, results, strict=True)]
        ledger.settle(connection, settled, NOW)
    return claimed


def _number(database: Database) -> int:
    with database.connect() as connection:
        campaign = campaigns.find_campaign(connection, "c")
    assert campaign is not None
    return campaign.id


def _told(database: Database, *events: Event) -> None:
    with database.begin() as connection:
        record(connection, events, NOW)


def _reconcile(database: Database, until: datetime | None = None) -> Reconciled:
    with database.begin() as connection:
        return reconcile(connection, _number(database), until, NOW + timedelta(hours=1))


def _counts(database: Database) -> Counts:
    with database.connect() as connection:
        return ledger.counts(connection, _number(database))


def _event(kind: EventKind, delivery: Delivery, words: str = "", hour: int = 0) -> Event:
    return Event(
        delivery.delivery_id, "c", kind, NOW + timedelta(hours=hour), f"{kind}{hour}{delivery.number}", words=words
    )


TAKEN = [kind for kind in EventKind if kind not in (EventKind.BOUNCE, EventKind.BLOCKED, EventKind.DROPPED)]


def test_whatever_happens_only_to_mail_that_was_taken_proves_that_it_was(database: Database) -> None:
    for kind in TAKEN:
        with database.begin() as connection:
            connection.exec_driver_sql("DELETE FROM events")
            connection.exec_driver_sql("UPDATE deliveries SET state='pending'")
        claimed = _in_doubt(database)
        _told(database, _event(kind, claimed[2]))
        assert _reconcile(database) == Reconciled(accepted=1, uncertain=PEOPLE - 3, since=NOW), kind
        assert _counts(database) == Counts(accepted=2, rejected=1, uncertain=PEOPLE - 3), kind


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize("settled_between", [False, True])
def test_a_refusal_weighs_more_than_having_been_taken_whenever_it_comes(
    database: Database, order: int, settled_between: bool
) -> None:
    claimed = _in_doubt(database)
    told = [
        _event(EventKind.PROCESSED, claimed[2]),
        _event(EventKind.BOUNCE, claimed[2], "550 no such user 5.1.1"),
        _event(EventKind.BLOCKED, claimed[2], "a later one", hour=1),
        _event(EventKind.DROPPED, claimed[3], "Bounced Address"),
    ]
    for one in told[::order]:
        _told(database, one)
        if settled_between:
            _reconcile(database)
    _reconcile(database)
    assert _counts(database) == Counts(accepted=1, rejected=3, uncertain=PEOPLE - 4)
    with database.connect() as connection:
        reasons = {words for _, words in ledger.reasons(connection, _number(database))}
    assert "dropped: Bounced Address" in reasons
    assert reasons & {"bounce: 550 no such user 5.1.1", "blocked: a later one"}


def test_what_the_provider_itself_answered_stays_whatever_events_say(database: Database) -> None:
    claimed = _in_doubt(database)
    _told(database, _event(EventKind.DROPPED, claimed[0]), _event(EventKind.PROCESSED, claimed[1]))
    assert _reconcile(database) == Reconciled(uncertain=PEOPLE - 2, since=NOW)
    assert _counts(database) == Counts(accepted=1, rejected=1, uncertain=PEOPLE - 2)


def test_what_was_told_before_a_delivery_came_into_doubt_settles_it_too(database: Database) -> None:
    claimed = _in_doubt(database)
    with database.begin() as connection:
        ledger.mark_in_flight(connection, [claimed[2].number], NOW)
    _told(database, _event(EventKind.DELIVERED, claimed[2]))
    _reconcile(database)
    with database.begin() as connection:
        ledger.settle(connection, [Settlement(claimed[2].number, Outcome(Result.UNCERTAIN, "killed"))], NOW)
    assert _reconcile(database) == Reconciled(accepted=1, uncertain=PEOPLE - 3, since=NOW)


def test_reconciling_again_changes_nothing(database: Database) -> None:
    _told(database, _event(EventKind.PROCESSED, _in_doubt(database)[2]))
    assert _reconcile(database) == Reconciled(accepted=1, uncertain=PEOPLE - 3, since=NOW)
    assert _reconcile(database) == Reconciled(uncertain=PEOPLE - 3, since=NOW)


def test_silence_proves_nothing_unless_everything_was_told(database: Database) -> None:
    _told(database, _event(EventKind.PROCESSED, _in_doubt(database)[2]))
    until = NOW - timedelta(seconds=1)
    assert _reconcile(database, until) == Reconciled(accepted=1, uncertain=PEOPLE - 3, since=NOW)
    assert _reconcile(database, NOW) == Reconciled(pending=PEOPLE - 3)
    assert _counts(database) == Counts(accepted=2, rejected=1, pending=PEOPLE - 3)
