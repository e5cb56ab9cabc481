"""The rows of a file become people: merged by one rule, changed in whole batches, the audience switched at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.store import imports, subscribers, turns
from newsletter.store.database import Database, open_database
from newsletter.store.imports import Applied, StagedRow, as_stored, open_staging

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
FILE = "audiences/readers.csv"


@pytest.fixture
def database(store_url: str, tmp_path: Path) -> Iterator[Database]:
    opened = open_database(store_url, tmp_path)
    yield opened
    opened.close()


def row(address: str, **values: Any) -> StagedRow:
    empty = dict.fromkeys(StagedRow._fields, "") | {
        "status": "subscribed",
        "tags": [],
        "attributes": {},
        "consent_at": None,
    }
    given = empty | {"address": address, "address_key": address.lower()} | values
    return StagedRow(**given | {name: as_stored(given[name]) for name in ("tags", "attributes")})


def put(database: Database, *rows: StagedRow, source: str = FILE, now: datetime = NOW) -> tuple[int, Applied]:
    """One import of these rows, as a file that holds nothing else: the merged rows, and what became of the people."""
    with open_staging(database) as staging:
        staging.put(rows)
        return staging.merge(), staging.apply(source, "print", now, lambda done: None)


def people(database: Database, *columns: str) -> list[tuple[object, ...]]:
    table = subscribers.subscribers
    with database.connect() as connection:
        query = subscribers.select(*(table.c[name] for name in columns)).order_by(table.c.address_key)
        return [tuple(one) for one in connection.execute(query)]


def members(database: Database, source: str = FILE) -> list[str]:
    table = subscribers.subscribers
    with database.connect() as connection:
        query = subscribers.select(table.c.address_key).where(subscribers.member_of(source))
        return sorted(connection.execute(query).scalars())


def test_people_are_added_then_known_then_changed_and_counted_as_such(database: Database) -> None:
    first = put(database, row("a@x.org", first_name="Ann"), row("b@x.org", tags=["x"], attributes={"points": "5"}))
    again = put(database, row("a@x.org", first_name="Ann"), row("b@x.org", tags=["x"], attributes={"points": "5"}))
    third = put(database, row("a@x.org", first_name="Anna"), row("b@x.org"), row("c@x.org"))
    assert first == (0, Applied(added=2, joined=2))
    assert again == (0, Applied(unchanged=2))
    assert third == (0, Applied(added=1, updated=1, unchanged=1, joined=1))


def test_who_is_unchanged_keeps_the_time_of_their_last_change(database: Database) -> None:
    put(database, row("a@x.org", first_name="Ann"), row("b@x.org"))
    put(database, row("a@x.org", first_name="Ann"), row("b@x.org", country="DE"), now=NOW + timedelta(days=1))
    assert people(database, "changed_at") == [(NOW,), (NOW + timedelta(days=1),)]


def test_rows_of_one_address_are_one_person_however_far_apart(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "MOST", 3)
    monkeypatch.setattr(imports, "_KEYS", 2)
    rows = [row(f"p{number}@x.org") for number in range(7)]
    again = [row(one.address.upper(), first_name="Later", attributes={"n": "1"}) for one in rows[::2]]
    merged, applied = put(database, *rows, *again)
    assert (merged, applied) == (4, Applied(added=7, joined=7))
    assert people(database, "address", "first_name", "attributes") == [
        (f"p{number}@x.org", "" if number % 2 else "Later", {} if number % 2 else {"n": "1"}) for number in range(7)
    ]
    assert put(database, *rows, *again) == (4, Applied(unchanged=7))


def test_a_filled_in_value_replaces_and_an_empty_one_never_erases(database: Database) -> None:
    put(database, row("a@x.org", first_name="Ann", country="DE", attributes={"points": "5", "shoe": "40"}, tags=["x"]))
    put(database, row("a@x.org", first_name="", country="AT", attributes={"points": "6"}, tags=["y"]))
    found = people(database, "first_name", "country", "attributes", "tags")
    assert found == [("Ann", "AT", {"points": "6", "shoe": "40"}, ["x", "y"])]


def test_a_title_that_means_nothing_takes_the_profession_of_the_one_before_away(database: Database) -> None:
    put(database, row("a@x.org", profession_title="RN", profession="nurse"))
    put(database, row("a@x.org", profession_title="Wizard"))
    assert people(database, "profession_title", "profession") == [("Wizard", "")]


LEFT = ("bounced", "unsubscribed", "complained")


@pytest.mark.parametrize("left", LEFT)
@pytest.mark.parametrize("again", ["subscribed", "pending"])
def test_nobody_who_left_comes_back_not_even_by_a_later_consent(database: Database, left: str, again: str) -> None:
    put(database, row("a@x.org", status=left))
    put(database, row("a@x.org", status=again, first_name="Ann", consent_at="2026-03-05 00:00:00.000000"))
    assert people(database, "status", "first_name") == [(left, "Ann")]


@pytest.mark.parametrize(("first", "second", "final"), [(0, 1, 1), (1, 0, 1), (2, 0, 2), (1, 2, 2)])
def test_of_two_ways_to_have_left_the_graver_stays(database: Database, first: int, second: int, final: int) -> None:
    put(database, row("a@x.org", status=LEFT[first]))
    put(database, row("a@x.org", status=LEFT[second]))
    assert people(database, "status") == [(LEFT[final],)]


@pytest.mark.parametrize(
    ("consent", "status"),
    [(None, "pending"), ("2026-03-01 00:00:00.000000", "pending"), ("2026-03-03 00:00:00.000000", "subscribed")],
)
def test_whoever_is_pending_is_subscribed_only_by_a_consent_after_they_came(
    database: Database, consent: str | None, status: str
) -> None:
    put(database, row("a@x.org", status="pending"))
    put(database, row("a@x.org", consent_at=consent), now=NOW + timedelta(days=9))
    assert people(database, "status") == [(status,)]


def test_whoever_consented_is_not_made_to_wait_by_an_old_file(database: Database) -> None:
    put(database, row("a@x.org", consent_at="2026-03-01 00:00:00.000000"), row("b@x.org"))
    put(database, row("a@x.org", status="pending"), row("b@x.org", status="pending"))
    assert people(database, "status") == [("subscribed",), ("pending",)]


def test_the_parts_of_a_consent_stay_together_and_the_later_one_wins(database: Database) -> None:
    late = {"consent_at": "2025-06-01 00:00:00.000000", "consent_method": "form", "consent_source": "fair"}
    early = {"consent_at": "2024-06-01 00:00:00.000000", "consent_method": "paper", "consent_version": "3"}
    put(database, row("a@x.org", **late), row("b@x.org", **early))
    put(database, row("a@x.org", **early), row("b@x.org", **late))
    found = people(database, "consent_at", "consent_method", "consent_source", "consent_version")
    assert found == [(datetime(2025, 6, 1, tzinfo=UTC), "form", "fair", "")] * 2


def test_whoever_is_no_longer_in_the_file_leaves_its_audience_but_not_the_others(database: Database) -> None:
    put(database, row("a@x.org"), row("b@x.org"), row("c@x.org"), source="audiences/other.csv")
    assert put(database, row("a@x.org"), row("b@x.org")) == (0, Applied(unchanged=2, joined=2))
    assert put(database, row("b@x.org")) == (0, Applied(unchanged=1, left=1))
    assert members(database) == ["b@x.org"]
    assert members(database, "audiences/other.csv") == ["a@x.org", "b@x.org", "c@x.org"]
    assert [one for (one,) in people(database, "address")] == ["a@x.org", "b@x.org", "c@x.org"]


class Killed(BaseException):
    """Stands for the end of the process."""


def test_an_import_that_is_killed_between_batches_leaves_the_audience_as_it_was_and_runs_again(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "MOST", 2)
    put(database, row("old@x.org"))
    rows = [row(f"p{number}@x.org", first_name="P") for number in range(5)]

    def kill(done: int) -> None:
        raise Killed

    with pytest.raises(Killed), open_staging(database) as staging:
        staging.put(rows)
        staging.merge()
        staging.apply(FILE, "print", NOW, kill)
    assert len(people(database, "id")) == 3, "the first batch of two is there, whole, and nothing of the next"
    assert members(database) == ["old@x.org"]
    assert put(database, *rows) == (0, Applied(added=3, unchanged=2, joined=5, left=1))
    assert members(database) == [f"p{number}@x.org" for number in range(5)]


def test_the_program_forgets_the_file_only_imported_by_half(database: Database) -> None:
    with open_staging(database) as staging:
        staging.put([row("a@x.org")])
        staging.merge()
    with database.connect() as connection:
        assert imports.imported_fingerprint(connection, FILE) == ""
    put(database, row("a@x.org"))
    with database.connect() as connection:
        assert imports.imported_fingerprint(connection, FILE) == "print"


def test_comparing_tells_what_applying_does_and_changes_nothing(database: Database) -> None:
    put(database, row("a@x.org"), row("b@x.org"), row("gone@x.org"))
    rows = [row("a@x.org"), row("b@x.org", country="DE"), row("c@x.org")]
    before = people(database, *subscribers.subscribers.c.keys())
    with open_staging(database) as staging:
        staging.put(rows)
        staging.merge()
        told = staging.compare(FILE, lambda done: None)
    assert people(database, *subscribers.subscribers.c.keys()) == before
    assert told == Applied(added=1, updated=1, unchanged=1, joined=1, left=1)
    assert put(database, *rows) == (0, told)


def test_those_whom_a_file_stops_from_being_mailed_are_counted_before_anybody_is_changed(database: Database) -> None:
    days = (None, *(datetime(2025, month, 1, tzinfo=UTC) for month in (1, 2)))
    statuses = ("subscribed", "pending", "unsubscribed", "bounced", "complained")
    cases = [(f"p{n}@x.org", *one) for n, one in enumerate(product(days, days, statuses))]
    as_text = {day: day and f"{day:%Y-%m-%d %H:%M:%S.%f}" for day in days}
    known = [row(address, consent_at=as_text[before]) for address, before, _, _ in cases]
    put(database, *known, row("gone@x.org"), row("left@x.org", status="unsubscribed"))
    put(database, row("other@x.org"), source="audiences/others.csv")
    with open_staging(database) as staging:
        staging.put([row(address, consent_at=as_text[day], status=status) for address, _, day, status in cases])
        staging.merge()
        found = staging.departing(FILE)
        staging.apply(FILE, "print", NOW, lambda done: None)
    stopped = [one for one in people(database, "address", "status") if one[1] != "subscribed"]
    assert (found.members, found.absent) == (len(cases) + 1, 1)
    assert found.marked == len(stopped) - 1  # all but the one who had left before


def test_staging_has_a_cache_of_its_own_and_gives_the_connection_back_as_it_was(tmp_path: Path) -> None:
    database = open_database("sqlite:///news.db", tmp_path)
    sizes = []
    for _ in range(2):
        with database.connect() as connection:
            sizes.append(connection.exec_driver_sql("PRAGMA cache_size").scalar_one())
        with suppress(ValueError), open_staging(database) as staging:
            inside = staging._connection.exec_driver_sql("PRAGMA cache_size").scalar_one()
            raise ValueError
    database.close()
    assert inside == -imports._CACHE_KIB
    assert sizes[0] == sizes[1] != inside


def test_backslashes_and_any_letters_survive_the_way_into_the_database(database: Database) -> None:
    words = 'a\\b \\N \\. "x" \' Zoë 文 🦆 %s ? {}'
    put(database, row("a@x.org", first_name=words, attributes={words: words}, tags=[words]))
    assert people(database, "first_name", "attributes", "tags") == [(words, {words: words}, [words])]


VALUES = st.fixed_dictionaries(
    {
        "first_name": st.sampled_from(["", "Ann", "Bo"]),
        "status": st.sampled_from(["subscribed", "pending", *LEFT]),
        "tags": st.sampled_from([[], ["x"], ["y"]]),
        "attributes": st.sampled_from([{}, {"n": "1"}, {"n": "2", "m": "1"}]),
        "consent_at": st.sampled_from([None, "2024-01-01 00:00:00.000000", "2026-09-01 00:00:00.000000"]),
    }
)
FILES = st.lists(st.tuples(st.sampled_from("abcde"), VALUES), max_size=14)


@settings(max_examples=40, deadline=None)
@given(files=st.lists(FILES, min_size=1, max_size=3), batch=st.integers(1, 5))
def test_any_files_are_counted_as_a_reading_by_hand_counts_them_and_come_again_for_nothing(
    files: list[list[tuple[str, dict[str, Any]]]], batch: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    database = open_database("sqlite:///people.db", tmp_path_factory.mktemp("people"))
    before = turns.MOST
    turns.MOST = batch
    try:
        for file in files:
            rows = [row(f"{name}@x.org", **values) for name, values in file]
            names = {name for name, _ in file}
            held = snapshot(database)
            merged, applied = put(database, *rows)
            now_held = snapshot(database)
            assert merged == len(file) - len(names)
            assert applied.added == len(now_held.keys() - held.keys())
            assert applied.updated == sum(now_held[key] != held[key] for key in held)
            assert applied.added + applied.updated + applied.unchanged + merged == len(file)
            assert members(database) == sorted(f"{name}@x.org" for name in names)
            assert put(database, *rows) == (merged, Applied(unchanged=len(names)))
    finally:
        turns.MOST = before
        database.close()


def snapshot(database: Database) -> dict[str, tuple[object, ...]]:
    names = ("address_key", "first_name", "status", "tags", "attributes", "consent_at")
    return {str(one[0]): one[1:] for one in people(database, *names)}
