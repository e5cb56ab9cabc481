"""What is held on a person, and that nothing of it is left when they asked to be forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import MetaData

from newsletter.model import (
    Campaign,
    CampaignId,
    Outcome,
    Result,
    Segment,
    State,
    SubscriberStatus,
    Suppression,
    SuppressionKind,
)
from newsletter.store import campaigns, claiming, freezing, ledger, personal, subscribers, suppressions
from newsletter.store.database import Database, open_database
from newsletter.store.ledger import Settlement
from tests.people import Person, put_people

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
IVY, BO = "ivy@x.org", "bo@x.org"


@pytest.fixture
def database(store_url: str, tmp_path: Path) -> Iterator[Database]:
    opened = open_database(store_url, tmp_path)
    with opened.begin() as connection:
        put_people(connection, [_row("Ivy@x.org", "Ivy"), _row("bo@x.org", "Bo")], "a.csv", NOW)
    yield opened
    opened.close()


def _row(address: str, name: str) -> Person:
    status = SubscriberStatus.SUBSCRIBED
    return Person(
        address, address.lower(), name, "Lovelace", "Countess", "", "GB", "en", status, {"points": "7"},
        "Europe/London", ("friend",), NOW, "form", "https://x.org/join", "2026-01",
    )  # fmt: skip


def _freeze(database: Database, name: str) -> Campaign:
    with database.begin() as connection:
        frozen = freezing.FrozenCampaign(name, "i", "a", "h", {"v": b"x"}, {}, Segment(), ("first_name",))
        freezing.freeze(connection, frozen, NOW)
        campaign = campaigns.find_campaign(connection, name)
    assert campaign is not None
    return campaign


def _everything(database: Database) -> str:
    """Every cell of every table, as text."""
    found = MetaData()
    with database.connect() as connection:
        found.reflect(connection)
        return "\n".join(
            str(tuple(row)) for table in found.tables.values() for row in connection.execute(table.select())
        )


def test_all_that_is_held_is_told_with_consent_deliveries_and_suppressions(database: Database) -> None:
    _freeze(database, "march")
    with database.begin() as connection:
        entries = [
            Suppression(IVY, "asked", "command", NOW, scope="b"),
            Suppression("x.org", "closed", "command", NOW, SuppressionKind.DOMAIN),
            Suppression(BO, "other", "command", NOW),
        ]
        suppressions.add(connection, entries)
        held = personal.held_on(connection, IVY)
    assert held.subscriber is not None
    assert [held.subscriber[name] for name in ("address", "tags", "time_zone", "attributes")] == [
        "Ivy@x.org",
        ["friend"],
        "Europe/London",
        {"points": "7"},
    ]
    assert [held.subscriber[name] for name in subscribers.CONSENT] == [NOW, "form", "https://x.org/join", "2026-01"]
    assert held.files == ({"source": "a.csv", "imported_at": NOW},)
    assert [(one["campaign"], one["recipient"]) for one in held.deliveries] == [("march", {"first_name": "Ivy"})]
    assert {(one["value"], one["reason"], one["scope"]) for one in held.suppressions} == {
        (IVY, "asked", "b"),
        ("x.org", "closed", ""),
    }
    assert not held.erased


def test_nothing_leads_to_a_person_who_was_forgotten(database: Database) -> None:
    campaign = _freeze(database, "march")
    with database.begin() as connection:
        claimed = claiming.claim(connection, campaign.id, 10, NOW)
        refused = Outcome(Result.REJECTED, "550 5.1.1 <Ivy@x.org> no such user", suppress=True)
        ledger.settle(connection, [Settlement(claimed[0].number, refused)], NOW)
    assert "ivy" in _everything(database).lower()
    with database.begin() as connection:
        held = personal.erase(connection, IVY, NOW)
    assert held.subscriber is not None and len(held.deliveries) == 1
    left = _everything(database)
    assert "ivy" not in left.lower() and "Lovelace" in left, "the other person is untouched"
    with database.connect() as connection:
        again = personal.held_on(connection, IVY)
        assert (again.anything, again.erased) == (False, True)
        assert ledger.counts(connection, campaign.id).rejected == 1, "the campaign's figures stay"
        assert personal.held_on(connection, BO).subscriber is not None


@pytest.mark.parametrize("state", [State.PENDING, State.CLAIMED, State.DEFERRED, State.UNCERTAIN, State.IN_FLIGHT])
def test_whoever_was_forgotten_is_never_mailed_by_a_campaign_that_was_frozen_before(
    database: Database, state: State
) -> None:
    campaign = _freeze(database, "march")
    with database.begin() as connection:
        connection.exec_driver_sql(f"UPDATE deliveries SET state='{state.value}' WHERE address_key='{IVY}'")
        personal.erase(connection, IVY, NOW)
        ledger.release(connection, campaign.id, NOW)
        doubtful = [Settlement(number, Outcome(Result.UNSENT)) for number, _ in _in_flight(connection, campaign.id)]
        ledger.settle(connection, doubtful, NOW)
        claimed = claiming.claim(connection, campaign.id, 10, NOW)
        assert [one.address for one in claimed] == ["bo@x.org"]
        assert ledger.reasons(connection, campaign.id) == {(State.SKIPPED, "erased"): 1}


def _in_flight(connection: object, campaign: CampaignId) -> list[tuple[int, object]]:
    return list(ledger.left_in_flight(connection, campaign))  # type: ignore[arg-type]


def test_two_people_of_one_campaign_can_be_forgotten_and_a_new_one_inherits_nothing(database: Database) -> None:
    _freeze(database, "march")
    with database.begin() as connection:
        personal.erase(connection, IVY, NOW)
        personal.erase(connection, BO, NOW)
        put_people(connection, [_row("cy@x.org", "Cy")], "a.csv", NOW)
        assert personal.held_on(connection, "cy@x.org").deliveries == ()


def test_somebody_who_comes_back_by_any_way_is_skipped_at_claiming_until_they_are_let_in(database: Database) -> None:
    with database.begin() as connection:
        personal.erase(connection, IVY, NOW)
        put_people(connection, [_row("Ivy@x.org", "Ivy")], "a.csv", NOW)
    for name, expected in (("march", ["bo@x.org"]), ("april", ["bo@x.org", "Ivy@x.org"])):
        campaign = _freeze(database, name)
        with database.begin() as connection:
            assert [one.address for one in claiming.claim(connection, campaign.id, 10, NOW)] == expected
            assert suppressions.forgive_erased(connection, IVY) == (1 if name == "march" else 0)


def test_a_hash_tells_nothing_without_its_key_and_differs_between_databases(database: Database, tmp_path: Path) -> None:
    other = open_database("sqlite:///other.db", tmp_path)
    found = []
    for one in (database, other):
        with one.begin() as connection:
            personal.erase(connection, IVY, NOW)
            found += [entry.value for entry in suppressions.every(connection)]
    other.close()
    assert len(set(found)) == 2 and all(len(one) == 40 for one in found)


def test_erased_bytes_leave_the_sqlite_file_and_its_log(tmp_path: Path) -> None:
    database = open_database("sqlite:///n.db", tmp_path)
    with database.begin() as connection:
        put_people(connection, [_row("unmistakable@x.org", "Unmistakable")], "a.csv", NOW)
    with database.begin() as connection:
        personal.erase(connection, "unmistakable@x.org", NOW)
    database.compact()
    for path in tmp_path.iterdir():
        assert b"nmistakable" not in path.read_bytes(), path.name
    database.close()
