"""What a provider's events prove, and what they do not."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from newsletter.delivery.providers.sendgrid_events import outcomes_of
from newsletter.model import Counts, Delivery, DeliveryId, Outcome, Result, Segment, SubscriberStatus
from newsletter.store import campaigns, freezing, ledger, suppressions
from newsletter.store.database import Database, open_database
from newsletter.store.freezing import FrozenCampaign
from newsletter.store.ledger import Settlement
from newsletter.store.reconciliation import Reconciled, reconcile
from tests.people import Person, put_people

NOW = datetime(2026, 3, 1, tzinfo=UTC)
PEOPLE = 6


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = open_database("sqlite:///n.db", tmp_path)
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
        claimed = ledger.claim(connection, _number(database), PEOPLE, NOW)
        results = [Result.ACCEPTED, Result.REJECTED, *[Result.UNCERTAIN] * (PEOPLE - 2)]
        settled = [Settlement(one.number, Outcome(result, "x")) for one, result in zip(claimed, results, strict=True)]
        ledger.settle(connection, settled, NOW)
    return claimed


def _number(database: Database) -> int:
    with database.connect() as connection:
        campaign = campaigns.find_campaign(connection, "c")
    assert campaign is not None
    return campaign.id


def _reconcile(database: Database, events: list[dict[str, object]], until: datetime | None = None) -> Reconciled:
    with database.begin() as connection:
        return reconcile(connection, _number(database), outcomes_of(events), until, NOW + timedelta(hours=1))


def _counts(database: Database) -> Counts:
    with database.connect() as connection:
        return ledger.counts(connection, _number(database))


def _event(kind: str, delivery: Delivery, **more: object) -> dict[str, object]:
    return {"event": kind, "newsletter_delivery": delivery.delivery_id, **more}


@pytest.mark.parametrize("kind", ["processed", "deferred", "delivered", "open", "click", "group_unsubscribe"])
def test_whatever_happens_only_to_mail_that_was_taken_proves_that_it_was(database: Database, kind: str) -> None:
    claimed = _in_doubt(database)
    made = _reconcile(database, [_event(kind, claimed[2], sg_message_id="m.7")])
    assert made == Reconciled(accepted=1, uncertain=PEOPLE - 3)
    assert _counts(database) == Counts(accepted=2, rejected=1, uncertain=PEOPLE - 3)


@pytest.mark.parametrize("first", ["processed", "bounce"])
def test_a_refusal_weighs_more_than_having_been_taken_in_either_order(database: Database, first: str) -> None:
    claimed = _in_doubt(database)
    bounce = _event("bounce", claimed[2], status="5.1.1", reason="550 no such user", type="bounce")
    dropped = _event("dropped", claimed[3], reason="Bounced Address")
    events = [_event("processed", claimed[2]), bounce, dropped]
    made = _reconcile(database, events if first == "processed" else events[::-1])
    assert made == Reconciled(rejected=2, uncertain=PEOPLE - 4)
    with database.connect() as connection:
        reasons = ledger.reasons(connection, _number(database))
        suppressed = {one.value for one in suppressions.every(connection)}
    assert {words for _, words in reasons} >= {"bounce: 550 no such user 5.1.1", "dropped: Bounced Address"}
    assert suppressed == {"r2@x.org"}


def test_a_mailbox_that_blocked_us_is_not_suppressed() -> None:
    blocked = {"event": "bounce", "type": "blocked", "status": "5.1.1", "newsletter_delivery": "ab"}
    assert outcomes_of([blocked])[DeliveryId("ab")] == Outcome(Result.REJECTED, "bounce: 5.1.1")


def test_what_is_settled_stays_settled_whatever_events_say(database: Database) -> None:
    claimed = _in_doubt(database)
    made = _reconcile(database, [_event("dropped", claimed[0]), _event("processed", claimed[1])])
    assert made == Reconciled(uncertain=PEOPLE - 2)
    assert _counts(database) == Counts(accepted=1, rejected=1, uncertain=PEOPLE - 2)


def test_the_same_events_again_change_nothing(database: Database) -> None:
    events = [_event("processed", _in_doubt(database)[2])] * 3
    assert _reconcile(database, events) == Reconciled(accepted=1, uncertain=PEOPLE - 3)
    assert _reconcile(database, events) == Reconciled(uncertain=PEOPLE - 3)


def test_silence_proves_nothing_unless_everything_was_told(database: Database) -> None:
    claimed = _in_doubt(database)
    told = [_event("processed", claimed[2])]
    assert _reconcile(database, told, NOW - timedelta(seconds=1)) == Reconciled(accepted=1, uncertain=PEOPLE - 3)
    assert _reconcile(database, told, NOW) == Reconciled(pending=PEOPLE - 3)
    assert _counts(database) == Counts(accepted=2, rejected=1, pending=PEOPLE - 3)


@pytest.mark.parametrize(
    "event",
    [{}, {"event": "processed"}, {"event": "processed", "newsletter_delivery": 7}, {"newsletter_delivery": "a"}],
)
def test_events_of_other_mail_are_passed_over(event: dict[str, object]) -> None:
    assert outcomes_of([event]) == {}
