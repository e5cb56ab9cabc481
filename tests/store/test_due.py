"""Deliveries that wait for a moment: each for that of its time zone, found by an index, on both databases."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import available_timezones

import pytest
from sqlalchemy import event

from newsletter.model import Campaign, CampaignStatus, Segment, State, SubscriberStatus
from newsletter.store import campaigns, claiming, freezing, headcounts, ledger
from newsletter.store.database import Database, open_database
from newsletter.store.freezing import FrozenCampaign
from tests.people import Person, put_people

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def database(store_url: str, tmp_path: Path) -> Iterator[Database]:
    opened = open_database(store_url, tmp_path)
    yield opened
    opened.close()


def _put(database: Database, zones: list[str], left: int = 0) -> None:
    """A subscriber for each zone; the last `left` have unsubscribed."""
    rows = [
        Person(
            f"r{number}@x.org",
            f"r{number}@x.org",
            "",
            "",
            "",
            "",
            "",
            "",
            SubscriberStatus.UNSUBSCRIBED if number >= len(zones) - left else SubscriberStatus.SUBSCRIBED,
            {},
            time_zone=zone,
        )
        for number, zone in enumerate(zones)
    ]
    with database.begin() as connection:
        for start in range(0, len(rows), 500):
            put_people(connection, rows[start : start + 500], "a.csv", NOW)


def _freeze(database: Database, zones: Mapping[str, datetime]) -> Campaign:
    frozen = FrozenCampaign(
        "c", "i", "a", "h", {"variant/default": b"x"}, {}, Segment(), (), min(zones.values()), zones
    )
    with database.begin() as connection:
        freezing.freeze(connection, frozen, NOW)
        campaign = campaigns.find_campaign(connection, "c")
        assert campaign is not None
        assert campaign.status is CampaignStatus.SCHEDULED
        campaigns.set_status(connection, campaign.id, CampaignStatus.SENDING, "", NOW)
    return campaign


def _claimed(database: Database, campaign: Campaign, now: datetime) -> set[str]:
    with database.begin() as connection:
        return {one.address for one in claiming.claim(connection, campaign.id, 10_000, now)}


def test_everyone_of_a_thousand_zones_is_claimed_from_their_own_moment_on(database: Database) -> None:
    known = sorted(available_timezones())
    zones = (known + [f"Nowhere/Place_{number}" for number in range(1000)])[:1000]
    _put(database, zones)
    due = {zone: NOW + HOUR * (number % 11) for number, zone in enumerate(zones)}
    with database.connect() as connection:
        assert headcounts.zone_count(connection, Segment()) == dict.fromkeys(sorted(zones), 1)
    campaign = _freeze(database, due)
    for hour in range(11):
        assert _claimed(database, campaign, NOW + HOUR * hour - timedelta(microseconds=1)) == set()
        expected = {f"r{number}@x.org" for number in range(1000) if number % 11 == hour}
        assert _claimed(database, campaign, NOW + HOUR * hour) == expected


def test_whoever_has_a_zone_that_was_not_counted_is_due_with_those_without_any(database: Database) -> None:
    _put(database, ["Asia/Tokyo", "", "Mars/Olympus"])
    campaign = _freeze(database, {"Asia/Tokyo": NOW, "": NOW + HOUR})
    assert _claimed(database, campaign, NOW) == {"r0@x.org"}
    assert _claimed(database, campaign, NOW + HOUR) == {"r1@x.org", "r2@x.org"}


def test_zones_are_counted_without_those_who_are_not_mailed(database: Database) -> None:
    _put(database, ["Asia/Tokyo", "Asia/Tokyo", "", "Europe/Berlin", "Europe/Berlin"], left=2)
    with database.connect() as connection:
        assert headcounts.zone_count(connection, Segment()) == {"": 1, "Asia/Tokyo": 2}


def test_how_many_wait_and_until_when_the_next_do(database: Database) -> None:
    _put(database, ["Asia/Tokyo", "", "Europe/Berlin"])
    campaign = _freeze(database, {"Asia/Tokyo": NOW, "": NOW + HOUR, "Europe/Berlin": NOW + 2 * HOUR})
    with database.begin() as connection:
        assert ledger.waiting(connection, campaign.id, NOW) == 2
        assert ledger.next_due(connection, campaign.id) == NOW
        assert ledger.is_due(connection, campaign.id, NOW)
        assert [one.address for one in claiming.claim(connection, campaign.id, 10, NOW)] == ["r0@x.org"]
        assert ledger.is_due(connection, campaign.id, NOW), "what a process that is gone has claimed is to be released"
        connection.exec_driver_sql("UPDATE deliveries SET state = 'accepted' WHERE state = 'claimed'")
        assert not ledger.is_due(connection, campaign.id, NOW)
        assert ledger.next_due(connection, campaign.id) == NOW + HOUR
        connection.exec_driver_sql(f"UPDATE deliveries SET state = '{State.UNCERTAIN.value}' WHERE state = 'pending'")
        assert not ledger.is_due(connection, campaign.id, NOW + 9 * HOUR), "only a person can decide these"
        connection.exec_driver_sql("UPDATE deliveries SET state = 'accepted'")
        assert ledger.is_due(connection, campaign.id, NOW), "it has to be closed"


def test_however_many_wait_the_index_finds_who_is_due(tmp_path: Path) -> None:
    database = open_database("sqlite:///var/due.db", tmp_path)
    _put(database, ["Asia/Tokyo", "Europe/Berlin"])
    campaign = _freeze(database, {"": NOW, "Asia/Tokyo": NOW, "Europe/Berlin": NOW + HOUR})
    asked: list[tuple[str, object]] = []
    with database.begin() as connection:

        def note(*call: object) -> None:
            asked.append((str(call[2]), call[3]))

        event.listen(connection, "before_cursor_execute", note)
        claiming.claim(connection, campaign.id, 10, NOW)
        event.remove(connection, "before_cursor_execute", note)
        claims = [(words, values) for words, values in asked if "FROM deliveries LEFT OUTER JOIN subscribers" in words]
        assert len(claims) >= 3
        for words, values in claims[:3]:
            plan = [str(row[-1]) for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {words}", values)]
            assert any("deliveries_by_state (campaign_id=? AND state=? AND not_before" in line for line in plan), plan
            assert not any("TEMP B-TREE" in line for line in plan), plan
    database.close()
