"""Suppressions: of addresses and domains, for everything or one audience, at planning and at claiming."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from newsletter.model import Segment, State, SubscriberStatus, Suppression, SuppressionKind
from newsletter.store import campaigns, claiming, freezing, headcounts, ledger, suppressions
from newsletter.store.database import Database, open_database
from tests.people import Person, put_people

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.fixture
def database(store_url: str, tmp_path: Path) -> Iterator[Database]:
    opened = open_database(store_url, tmp_path)
    addresses = ("a@x.org", "b@x.org", "c@mail.x.org", "d@y.org", "e@y.org")
    rows = [Person(one, one, "", "", "", "", "", "", SubscriberStatus.SUBSCRIBED, {}) for one in addresses]
    with opened.begin() as connection:
        put_people(connection, rows, "a.csv", NOW)
    yield opened
    opened.close()


def _suppress(database: Database, *entries: tuple[str, str, str]) -> None:
    with database.begin() as connection:
        suppressions.add(
            connection,
            [
                Suppression(
                    value,
                    reason,
                    "test",
                    NOW,
                    SuppressionKind.ADDRESS if "@" in value else SuppressionKind.DOMAIN,
                    scope,
                )
                for value, reason, scope in entries
            ],
        )


def _planned(database: Database, audience: str) -> dict[str, int]:
    with database.connect() as connection:
        return {one.reason: one.people for one in headcounts.headcount(connection, Segment(), audience)}


def _frozen(database: Database, audience: str, before: bool, *entries: tuple[str, str, str]) -> dict[str, int]:
    """How many are skipped for which reason when `entries` come before, or only after, the campaign is frozen."""
    if before:
        _suppress(database, *entries)
    frozen = freezing.FrozenCampaign("c", "i", audience, "h", {"v": b"x"}, {}, Segment(), ("first_name",))
    with database.begin() as connection:
        freezing.freeze(connection, frozen, NOW)
        campaign = campaigns.find_campaign(connection, "c")
        assert campaign is not None
        if before:
            assert ledger.counts(connection, campaign.id).skipped
    if not before:
        _suppress(database, *entries)
    with database.begin() as connection:
        claiming.claim(connection, campaign.id, 100, NOW)
        found = ledger.reasons(connection, campaign.id)
    return {reason: people for (state, reason), people in found.items() if state is State.SKIPPED}


@pytest.mark.parametrize("before", [True, False], ids=["planning", "claiming"])
def test_a_domain_is_suppressed_with_all_its_people_and_not_those_below_it(database: Database, before: bool) -> None:
    assert _frozen(database, "news", before, ("x.org", "closed", "")) == {"suppressed: closed": 2}


@pytest.mark.parametrize("before", [True, False], ids=["planning", "claiming"])
def test_a_suppression_of_one_audience_leaves_the_others_alone(database: Database, before: bool) -> None:
    entries = (("a@x.org", "asked", "news"), ("d@y.org", "asked", "sport"), ("y.org", "closed", "sport"))
    assert _frozen(database, "news", before, *entries) == {"suppressed: asked": 1}


@pytest.mark.parametrize("before", [True, False], ids=["planning", "claiming"])
def test_the_addresss_own_reason_is_told_before_its_domains_and_that_of_everything_first(
    database: Database, before: bool
) -> None:
    entries = (("a@x.org", "zz everything", ""), ("a@x.org", "aa audience", "news"), ("x.org", "domain", ""))
    told = _frozen(database, "news", before, *entries)
    assert told == {"suppressed: zz everything": 1, "suppressed: domain": 1}


def test_planning_tells_each_person_once_however_many_suppressions_they_have(database: Database) -> None:
    entries = [("a@x.org", "one", ""), ("a@x.org", "two", "news"), ("x.org", "three", ""), ("x.org", "four", "news")]
    _suppress(database, *entries)
    assert _planned(database, "news") == {"suppressed: one": 1, "suppressed: three": 1, "": 3}
    assert _planned(database, "sport") == {"suppressed: one": 1, "suppressed: three": 1, "": 3}


def test_a_lifted_suppression_holds_no_longer_and_only_in_its_scope(database: Database) -> None:
    _suppress(database, ("a@x.org", "one", ""), ("a@x.org", "two", "news"))
    with database.begin() as connection:
        assert suppressions.remove(connection, SuppressionKind.ADDRESS, ["a@x.org", "nobody@x.org"]) == 1
    assert _planned(database, "news") == {"suppressed: two": 1, "": 4}
    assert _planned(database, "sport") == {"": 5}


def test_a_long_list_is_counted_by_what_is_new(database: Database) -> None:
    entries = [Suppression(f"p{number}@z.org", "bounced", "list", NOW) for number in range(3_000)]
    with database.begin() as connection:
        assert suppressions.add(connection, entries[:1_000]) == 1_000
        assert suppressions.add(connection, entries) == 2_000
        assert suppressions.add(connection, []) == 0
