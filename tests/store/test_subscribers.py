"""People in the database: merged by address, never subscribed against their will, picked by segments."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from newsletter.model import Attribute, Field, OneOf, Rule, Segment, SubscriberRow, SubscriberStatus, Suppression
from newsletter.store import subscribers, suppressions
from newsletter.store.conditions import condition
from newsletter.store.database import Database, open_database
from newsletter.store.headcounts import headcount
from newsletter.store.subscribers import BatchResult

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
) -> SubscriberRow:
    return SubscriberRow(address, address.lower(), first, "", title, profession, country, "", status, attributes)


def put(database: Database, *rows: SubscriberRow, source: str = FILE) -> BatchResult:
    """One import of these rows, as a file that holds nothing else."""
    with database.begin() as connection:
        number = subscribers.begin_import(connection, source)
        result = subscribers.put_batch(connection, rows, source, number, NOW)
        subscribers.finish_import(connection, source, number, "print", NOW)
    return result


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


def test_two_rows_with_one_address_are_one_person_and_the_later_filled_in_value_wins(database: Database) -> None:
    result = put(database, row("Ada@example.org", first="Ada"), row("ada@EXAMPLE.org", first="", country="GB"))
    assert result == BatchResult(added=1, updated=0, unchanged=0, merged=1)
    assert people(database, "address", "first_name", "country") == [("Ada@example.org", "Ada", "GB")]


def test_rows_merge_across_batches_of_one_import_too(database: Database) -> None:
    with database.begin() as connection:
        number = subscribers.begin_import(connection, FILE)
        first = subscribers.put_batch(connection, [row("a@example.org")], FILE, number, NOW)
        second = subscribers.put_batch(connection, [row("a@example.org", first="Ann")], FILE, number, NOW)
    assert (first.added, second) == (1, BatchResult(added=0, updated=0, unchanged=0, merged=1))
    assert people(database, "first_name") == [("Ann",)]


def test_the_next_import_counts_who_changed_and_who_did_not(database: Database) -> None:
    put(database, row("a@example.org", first="Ann"), row("b@example.org", first="Bob"))
    result = put(database, row("a@example.org", first="Anna"), row("b@example.org"), row("c@example.org"))
    assert result == BatchResult(added=1, updated=1, unchanged=1, merged=0)


def test_an_empty_value_never_erases_a_known_one(database: Database) -> None:
    put(database, row("a@example.org", first="Ann", country="DE", points="5"))
    put(database, row("a@example.org", points=""))
    assert people(database, "first_name", "country", "attributes") == [("Ann", "DE", {"points": "5"})]


@pytest.mark.parametrize("left", [SubscriberStatus.UNSUBSCRIBED, SubscriberStatus.BOUNCED, SubscriberStatus.COMPLAINED])
@pytest.mark.parametrize("again", [SubscriberStatus.SUBSCRIBED, SubscriberStatus.PENDING])
def test_nobody_who_left_comes_back_by_an_import(
    database: Database, left: SubscriberStatus, again: SubscriberStatus
) -> None:
    put(database, row("a@example.org", status=left))
    put(database, row("a@example.org", first="Ann", status=again))
    assert people(database, "status", "first_name") == [(left.value, "Ann")]


def test_an_import_can_unsubscribe(database: Database) -> None:
    put(database, row("a@example.org"))
    put(database, row("a@example.org", status=SubscriberStatus.UNSUBSCRIBED))
    assert people(database, "status") == [("unsubscribed",)]


def test_whoever_is_taken_out_of_the_file_leaves_its_audience_but_stays_known(database: Database) -> None:
    put(database, row("a@example.org"), row("b@example.org"))
    put(database, row("b@example.org"))
    assert picked(database, Segment(source=FILE)) == ["b@example.org"]
    assert picked(database, Segment()) == ["a@example.org", "b@example.org"]


def test_more_rows_than_one_statement_may_hold_are_all_found_again(database: Database) -> None:
    rows = [row(f"r{number}@example.org", first="x") for number in range(2_000)]
    assert put(database, *rows).added == 2_000
    assert put(database, *rows).unchanged == 2_000


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
        number = subscribers.begin_import(connection, FILE)
        subscribers.put_batch(connection, [row("a@example.org")], FILE, number, NOW)
        raise RuntimeError("cut off")
    assert people(database, "address") == []
