"""People in the database: picked by segments, counted, and kept out."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from newsletter.model import Attribute, Field, OneOf, Rule, Segment, SubscriberStatus, Suppression
from newsletter.store import subscribers, suppressions
from newsletter.store.conditions import condition
from newsletter.store.database import Database, open_database
from newsletter.store.headcounts import headcount
from tests.people import Person, put_people

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
FILE = "audiences/readers.csv"


@pytest.fixture
def database(store_url: str, tmp_path: Path) -> Iterator[Database]:
    opened = open_database(store_url, tmp_path)
    yield opened
    opened.close()


def row(
    address: str,
    *,
    first: str = "",
    profession: str = "",
    title: str = "",
    country: str = "",
    status: SubscriberStatus = SubscriberStatus.SUBSCRIBED,
    **attributes: str,
) -> Person:
    return Person(address, address.lower(), first, "", title, profession, country, "", status, attributes)


def put(database: Database, *rows: Person, source: str = FILE) -> None:
    with database.begin() as connection:
        put_people(connection, rows, source, NOW)


def people(database: Database, *columns: str) -> list[tuple[object, ...]]:
    wanted = [subscribers.subscribers.c[name] for name in columns]
    with database.connect() as connection:
        found = connection.execute(subscribers.select(*wanted).order_by(subscribers.subscribers.c.address_key))
        return [tuple(one) for one in found]


def picked(database: Database, segment: Segment) -> list[str]:
    table = subscribers.subscribers
    with database.connect() as connection:
        query = subscribers.select(table.c.address).where(condition(segment)).order_by(table.c.address)
        return list(connection.execute(query).scalars())


def test_a_segment_picks_by_profession_country_and_attribute(database: Database) -> None:
    put(
        database,
        row("doc@example.org", profession="practitioner", country="US", level="gold"),
        row("pt@example.org", profession="physical-therapist", country="CA"),
        row("odd@example.org", title="Astronaut", country="US"),
    )

    def rule(field: str, *values: str) -> Rule:
        return Rule(OneOf(Attribute((field,)) if field == "level" else Field(field), values))

    assert picked(database, Segment((rule("profession", "practitioner", "physical-therapist"),))) == [
        "doc@example.org",
        "pt@example.org",
    ]
    assert picked(database, Segment((rule("profession", ""),))) == ["odd@example.org"]
    assert picked(database, Segment((rule("country", "US"),), (rule("profession", "practitioner"),))) == [
        "odd@example.org"
    ]
    assert picked(database, Segment((rule("level", "gold"),))) == ["doc@example.org"]
    assert picked(database, Segment((rule("level", ""),))) == ["odd@example.org", "pt@example.org"]


def test_an_attribute_named_like_a_column_of_ours_is_still_the_files_own(database: Database) -> None:
    put(database, row("a@example.org", id="C-77"))
    assert picked(database, Segment((Rule(OneOf(Attribute(("id",)), ("C-77",))),))) == ["a@example.org"]
    assert picked(database, Segment((Rule(OneOf(Attribute(("id",)), ("1",))),))) == []


def test_the_headcount_tells_who_is_left_out_and_why(database: Database) -> None:
    put(
        database,
        row("a@example.org", profession="nurse", country="US"),
        row("b@example.org", profession="nurse", country="US", status=SubscriberStatus.UNSUBSCRIBED),
        row("c@example.org", profession="nurse", country="US"),
    )
    with database.begin() as connection:
        suppressions.add(connection, [Suppression("c@example.org", "asked by phone", "person", NOW)])
        counted = headcount(connection, Segment(source=FILE))
    assert {(one.reason, one.people) for one in counted} == {
        ("", 1),
        ("unsubscribed", 1),
        ("suppressed: asked by phone", 1),
    }


def test_titles_that_matched_nothing_are_counted_most_frequent_first(database: Database) -> None:
    put(
        database,
        row("a@example.org", title="Poet"),
        row("b@example.org", title="Baker"),
        row("c@example.org", title="Baker"),
        row("d@example.org", title="Nurse", profession="nurse"),
    )
    with database.connect() as connection:
        assert list(subscribers.unmatched_titles(connection, FILE).items()) == [("Baker", 2), ("Poet", 1)]


def test_an_earlier_suppression_keeps_its_reason(database: Database) -> None:
    with database.begin() as connection:
        assert suppressions.add(connection, [Suppression("a@example.org", "first", "person", NOW)]) == 1
        assert suppressions.add(connection, [Suppression("a@example.org", "second", "person", NOW)]) == 0
        assert [one.reason for one in suppressions.every(connection)] == ["first"]


def test_an_error_in_a_transaction_leaves_the_database_as_it_was(database: Database) -> None:
    with pytest.raises(RuntimeError), database.begin() as connection:
        put_people(connection, [row("a@example.org")], FILE, NOW)
        raise RuntimeError("cut off")
    assert people(database, "address") == []
