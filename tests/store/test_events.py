"""Events are kept once, hold for their people at once, and answer who opened and clicked: on both databases."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from newsletter.model import (
    DeliveryId,
    Event,
    EventKind,
    Outcome,
    Result,
    Segment,
    SubscriberStatus,
    Suppression,
)
from newsletter.store import campaigns, claiming, events, freezing, ledger, personal, suppressions
from newsletter.store.database import Database, open_database
from newsletter.store.events import Figures, Recorded, record
from newsletter.store.ledger import Settlement
from newsletter.store.subscribers import subscribers
from tests.people import Person, put_people

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
PEOPLE = 5
STATUS = SubscriberStatus


@pytest.fixture
def database(store_url: str, tmp_path: Path) -> Iterator[Database]:
    opened = open_database(store_url, tmp_path)
    with opened.begin() as connection:
        rows = [Person(f"r{n}@x.org", f"r{n}@x.org", *[""] * 6, STATUS.SUBSCRIBED, {}) for n in range(PEOPLE)]
        put_people(connection, rows, "a.csv", NOW)
        for name, issue in (("spring", "spring"), ("spring-2", "spring"), ("fall", "fall")):
            frozen = freezing.FrozenCampaign(name, issue, "a", "h", {"v": b"x"}, {}, Segment(), ("first_name",))
            freezing.freeze(connection, frozen, NOW)
    yield opened
    opened.close()


def _sent(database: Database, name: str) -> list[DeliveryId]:
    """The ids of the campaign's deliveries, all accepted, in the order of the people."""
    with database.begin() as connection:
        campaign = campaigns.find_campaign(connection, name)
        assert campaign is not None
        claimed = claiming.claim(connection, campaign.id, PEOPLE, NOW)
        ledger.settle(connection, [Settlement(one.number, Outcome(Result.ACCEPTED)) for one in claimed], NOW)
    return [one.delivery_id for one in claimed]


def _event(delivery: DeliveryId, kind: str, event_id: str = "", campaign: str = "spring", **more: object) -> Event:
    at = more.pop("at", NOW)
    return Event(delivery, campaign, EventKind(kind), at, event_id or f"{kind}-{delivery}", **more)  # type: ignore[arg-type]


def _record(database: Database, *told: Event) -> Recorded:
    with database.begin() as connection:
        return record(connection, told, NOW)


def _figures(database: Database, name: str = "spring") -> Figures | None:
    with database.connect() as connection:
        campaign = campaigns.find_campaign(connection, name)
        assert campaign is not None
        return events.figures(connection, campaign.id)


def _standing(database: Database) -> tuple[list[str], list[tuple[str, str, str, datetime]]]:
    with database.connect() as connection:
        statuses = connection.execute(select(subscribers.c.status).order_by(subscribers.c.id)).scalars()
        stopped = [(one.value, one.reason, one.source, one.created_at) for one in suppressions.every(connection)]
        return list(statuses), stopped


def test_an_event_that_comes_again_is_known_and_changes_nothing(database: Database) -> None:
    first, second, *_ = _sent(database, "spring")
    told = (_event(first, "delivered"), _event(first, "open"), _event(second, "open"))
    assert _record(database, *told).new == (EventKind.DELIVERED, EventKind.OPEN, EventKind.OPEN)
    before = _figures(database)
    again = _record(database, *told, told[0])
    assert (again.new, again.known) == ((), 4)
    assert _figures(database) == before == Figures(delivered=1, opened=2)


def test_the_same_event_twice_in_one_batch_is_added_once(database: Database) -> None:
    one = _event(_sent(database, "spring")[0], "open")
    made = _record(database, one, one)
    assert (made.new, made.known) == ((EventKind.OPEN,), 1)


def test_events_of_others_are_counted_by_what_is_unknown_of_them_and_not_kept(database: Database) -> None:
    first = _sent(database, "spring")[0]
    foreign = [
        _event(DeliveryId("ab" * 12), "open", "a", campaign="elsewhere"),
        _event(DeliveryId("ab" * 12), "open", "b", campaign="spring"),
        _event(first, "open", "c", campaign="fall"),
    ]
    made = _record(database, *foreign)
    assert (made.new, made.unknown_campaign, made.unknown_delivery) == ((), 1, 2)
    assert _figures(database) is None


def test_each_person_counts_once_and_a_click_is_an_open_too(database: Database) -> None:
    ids = _sent(database, "spring")
    _record(
        database,
        *(_event(one, "delivered") for one in ids[:4]),
        _event(ids[0], "open", "1"),
        _event(ids[0], "open", "2"),
        _event(ids[0], "click", "3", url="https://x.org/"),
        _event(ids[1], "click", "4", url="https://x.org/"),
        _event(ids[2], "open", "5", machine=True),
        _event(ids[4], "bounce", "6"),
    )
    assert _figures(database) == Figures(delivered=4, opened=2, machine_opened=1, clicked=2, bounced=1)
    assert _figures(database, "spring-2") is None, "nothing was told of another campaign"


def test_who_must_not_be_mailed_any_more_is_stopped_at_once_and_everywhere(database: Database) -> None:
    ids = _sent(database, "spring")
    made = _record(
        database,
        _event(ids[0], "spamreport", means=STATUS.COMPLAINED),
        _event(ids[1], "group_unsubscribe", means=STATUS.UNSUBSCRIBED),
        _event(ids[2], "bounce", means=STATUS.BOUNCED),
        _event(ids[3], "blocked"),
    )
    assert made.stopped == (STATUS.COMPLAINED, STATUS.UNSUBSCRIBED, STATUS.BOUNCED)
    statuses, stopped = _standing(database)
    assert statuses == ["complained", "unsubscribed", "bounced", "subscribed", "subscribed"]
    assert stopped == [
        ("r0@x.org", "complained", "events", NOW),
        ("r1@x.org", "unsubscribed", "events", NOW),
        ("r2@x.org", "bounced", "events", NOW),
    ]
    with database.begin() as connection:
        campaign = campaigns.find_campaign(connection, "fall")
        assert campaign is not None
        claimed = [one.address for one in claiming.claim(connection, campaign.id, PEOPLE, NOW)]
    assert claimed == ["r3@x.org", "r4@x.org"], "a campaign that was frozen before"


@pytest.mark.parametrize("batches", ["one", "each its own", "backwards"])
def test_of_all_that_is_said_of_a_person_the_strongest_and_of_that_the_earliest_holds(
    database: Database, batches: str
) -> None:
    first = _sent(database, "spring")[0]
    earlier = NOW - timedelta(hours=1)
    told = [
        _event(first, "bounce", "1", means=STATUS.BOUNCED, at=earlier - timedelta(hours=1)),
        _event(first, "spamreport", "2", means=STATUS.COMPLAINED),
        _event(first, "spamreport", "3", means=STATUS.COMPLAINED, at=earlier),
        _event(first, "unsubscribe", "4", means=STATUS.UNSUBSCRIBED),
    ]
    parts: Sequence[Sequence[Event]] = [told] if batches == "one" else [[one] for one in told]
    for part in parts if batches != "backwards" else parts[::-1]:
        _record(database, *part)
    statuses, stopped = _standing(database)
    assert statuses[0] == "complained"
    assert stopped == [("r0@x.org", "complained", "events", earlier)]


def test_a_person_who_was_let_in_again_is_not_stopped_by_an_event_that_was_told_before(database: Database) -> None:
    told = _event(_sent(database, "spring")[0], "unsubscribe", means=STATUS.UNSUBSCRIBED)
    _record(database, told)
    with database.begin() as connection:
        connection.execute(update(subscribers).values(status="subscribed"))
        connection.execute(suppressions.suppressions.delete())
    made = _record(database, told)
    assert (made.known, made.stopped) == (1, ())
    assert _standing(database) == (["subscribed"] * PEOPLE, [])


def test_what_a_person_wrote_of_a_suppression_stays(database: Database) -> None:
    first = _sent(database, "spring")[0]
    with database.begin() as connection:
        suppressions.add(connection, [Suppression("r0@x.org", "asked by phone", "command", NOW)])
    _record(database, _event(first, "spamreport", means=STATUS.COMPLAINED, at=NOW - timedelta(days=1)))
    assert _standing(database)[1] == [("r0@x.org", "asked by phone", "command", NOW)]
    assert _standing(database)[0][0] == "complained"


def test_events_are_told_to_their_person_and_gone_when_they_are_forgotten(database: Database) -> None:
    first, second, *_ = _sent(database, "spring")
    told = [_event(first, "click", url="https://x.org/secret"), _event(second, "open")]
    _record(database, *told)
    with database.begin() as connection:
        held = personal.erase(connection, "r0@x.org", NOW)
        left = connection.execute(select(events.events.c.subscriber_id, events.events.c.url)).all()
    assert [(one["campaign"], one["kind"], one["url"]) for one in held.events] == [
        ("spring", "click", "https://x.org/secret")
    ]
    assert [tuple(row) for row in left] == [(2, "")]
    again = _record(database, *told)
    assert (again.new, again.known, again.unknown_delivery) == ((), 1, 1), "and no file brings them back"


def test_who_clicked_on_a_link_is_told_by_the_address_whatever_was_added_to_it(database: Database) -> None:
    ids = _sent(database, "spring")
    urls = ["https://x.org/a", "https://x.org/a?utm_source=n", "https://x.org/a#top", "https://x.org/ab"]
    _record(database, *(_event(one, "click", url=url) for one, url in zip(ids, urls, strict=False)))
    with database.connect() as connection:
        found = connection.execute(events.those_who_clicked(events.of_issue("spring"), "https://x.org/a")).scalars()
        assert sorted(found) == [1, 2, 3]


def test_events_of_all_campaigns_of_an_issue_are_those_of_the_issue(database: Database) -> None:
    _record(database, _event(_sent(database, "spring")[0], "open"))
    _record(database, _event(_sent(database, "spring-2")[1], "open", campaign="spring-2"))
    _record(database, _event(_sent(database, "fall")[2], "open", campaign="fall"))
    with database.connect() as connection:
        assert sorted(connection.execute(events.those_who_opened(events.of_issue("spring"))).scalars()) == [1, 2]
