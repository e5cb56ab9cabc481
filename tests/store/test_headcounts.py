"""How many people a segment picks, what becomes of them, and who is outside."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import insert, update

from newsletter.model import (
    All,
    AnyOf,
    Arithmetic,
    Attribute,
    Call,
    Certain,
    Compare,
    Field,
    Literal,
    Missing,
    Not,
    OneOf,
    Rule,
    Segment,
)
from newsletter.store import attributes, headcounts, plans, suppressions, titles
from newsletter.store.database import Database, open_database
from newsletter.store.headcounts import Headcount, LanguageCount
from newsletter.store.subscribers import memberships, subscribers
from newsletter.store.suppressions import Suppression, SuppressionKind

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
COUNTRY, POINTS = Field("country"), Attribute(("points",))


@pytest.fixture
def database(store_url: str, tmp_path: Path) -> Iterator[Database]:
    opened = open_database(store_url, tmp_path)
    people = [
        ("ada@a.example", "nurse", "US", "en", "subscribed", "Nurse", "9"),
        ("bo@a.example", "nurse", "US", "en", "subscribed", "Nurse", "10"),
        ("cy@b.example", "nurse", "CA", "fr", "unsubscribed", "RN", "10"),
        ("di@b.example", "", "CA", "fr", "subscribed", "Poet", ""),
        ("el@b.example", "", "", "", "pending", "Poet", ""),
        ("fa@c.example", "cook", "DE", "de", "subscribed", "", "11"),
    ]
    with opened.begin() as connection:
        for number, (address, profession, country, language, status, title, points) in enumerate(people, 1):
            values = {
                "id": number,
                "address": address,
                "address_key": address,
                "first_name": "",
                "last_name": "",
                "profession": profession,
                "profession_title": title,
                "country": country,
                "language": language,
                "status": status,
                "attributes": {"points": points},
                "tags": [],
                "created_at": NOW,
                "changed_at": NOW,
            }
            connection.execute(insert(subscribers), values)
            if number != 6:
                row = {"source": "a.csv", "subscriber_id": number, "import_number": 1}
                connection.execute(insert(memberships), row)
    yield opened
    opened.close()


def suppress(database: Database, *entries: tuple[str, SuppressionKind, str]) -> None:
    with database.begin() as connection:
        made = [Suppression(value, "asked", "test", NOW, kind, scope) for value, kind, scope in entries]
        suppressions.add(connection, made)


def test_people_are_counted_by_profession_and_country_with_why_they_are_skipped(database: Database) -> None:
    with database.connect() as connection:
        assert headcounts.headcount(connection, Segment(source="a.csv")) == [
            Headcount("", "", "pending", 1),
            Headcount("", "CA", "", 1),
            Headcount("nurse", "CA", "unsubscribed", 1),
            Headcount("nurse", "US", "", 2),
        ]


def test_a_suppression_counts_before_the_status_and_an_address_before_its_domain(database: Database) -> None:
    address, domain = SuppressionKind.ADDRESS, SuppressionKind.DOMAIN
    suppress(database, ("ada@a.example", address, ""), ("b.example", domain, ""), ("cy@b.example", address, "other"))
    with database.connect() as connection:
        found = headcounts.headcount(connection, Segment(), "crew")
        languages = headcounts.language_count(connection, Segment(), "crew")
    assert found == [
        Headcount("", "", "suppressed: asked", 1),
        Headcount("", "CA", "suppressed: asked", 1),
        Headcount("cook", "DE", "", 1),
        Headcount("nurse", "CA", "suppressed: asked", 1),
        Headcount("nurse", "US", "", 1),
        Headcount("nurse", "US", "suppressed: asked", 1),
    ]
    assert sum(one.people for one in languages) == 6
    assert [one for one in languages if not one.reason] == [
        LanguageCount("de", "subscribed", "", 1),
        LanguageCount("en", "subscribed", "", 1),
    ]


def test_a_suppression_of_another_audience_does_not_count(database: Database) -> None:
    suppress(database, ("ada@a.example", SuppressionKind.ADDRESS, "other"))
    with database.connect() as connection:
        assert Headcount("nurse", "US", "", 2) in headcounts.headcount(connection, Segment(), "crew")


def test_whoever_is_left_out_is_told_once_under_the_first_rule_that_says_so(database: Database) -> None:
    include = (Rule(OneOf(COUNTRY, ("US", "CA")), "country"), Rule(Compare(POINTS, ">", Literal(9.0)), "points"))
    exclude = (Rule(OneOf(Field("language"), ("fr",)), "language"),)
    with database.connect() as connection:
        everywhere = headcounts.outside(connection, Segment(include, exclude))
        in_file = headcounts.outside(connection, Segment(include, exclude, "a.csv"))
        assert headcounts.outside(connection, Segment(source="a.csv")) == {}
    # el and fa are elsewhere; ada has 9 points and di none; cy reads French; only bo is picked.
    assert everywhere == {"segment: country": 2, "segment: points": 2, "exclude: language": 1}
    assert in_file == {"segment: country": 1, "segment: points": 2, "exclude: language": 1}


def test_a_sample_is_of_those_who_would_be_mailed_and_the_same_for_the_same_seed(database: Database) -> None:
    with database.connect() as connection:
        whole = headcounts.sample(connection, Segment(source="a.csv"), "", 10, 1)
        two = headcounts.sample(connection, Segment(source="a.csv"), "", 2, 1)
        assert headcounts.sample(connection, Segment(source="a.csv"), "", 2, 1) == two
        orders = {
            tuple(one.address for one in headcounts.sample(connection, Segment(), "", 9, seed)) for seed in range(20)
        }
    assert {one.address for one in whole} == {"ada@a.example", "bo@a.example", "di@b.example"}
    assert two == whole[:2]
    assert len(orders) > 1


def test_explaining_shows_the_sql_without_values_in_it_and_counts_nothing(database: Database) -> None:
    segment = Segment((Rule(OneOf(Field("profession"), ("nurse",))), Rule(OneOf(POINTS, ("x'; --",)))), (), "a.csv")
    with database.connect() as connection:
        found = plans.explain(connection, segment)
        everybody = plans.explain(connection, Segment())
    assert "SELECT count(*)" in found.sql
    assert "x'; --" not in found.sql
    assert {"nurse", "x'; --", "a.csv"} <= set(found.values.values())
    assert found.plan
    assert everybody.reads_everybody


def test_on_sqlite_a_profession_is_found_by_its_index(database: Database) -> None:
    with database.connect() as connection:
        if connection.dialect.name != "sqlite":
            return  # PostgreSQL rightly reads a table of six rows through
        found = plans.explain(connection, Segment((Rule(OneOf(Field("profession"), ("nurse", "cook"))),)))
    assert found.indexes == ("subscribers_by_profession",)
    assert not found.reads_everybody


def test_unmatched_titles_are_counted_most_frequent_first(database: Database) -> None:
    with database.connect() as connection:
        assert titles.unmatched(connection, Segment()) == {"Poet": 2}
        assert titles.unmatched(connection, Segment((Rule(OneOf(COUNTRY, ("CA",))),))) == {"Poet": 1}
        assert titles.by_profession(connection, Segment(source="a.csv")) == {"nurse": 3, "": 2}


def test_everybody_with_a_title_is_matched_anew_and_those_who_changed_are_counted(database: Database) -> None:
    meant = {"Poet": "writer", "Nurse": "nurse", "RN": ""}
    with database.begin() as connection:
        assert titles.rematch(connection, meant.__getitem__, NOW) == 3
        assert titles.by_profession(connection, Segment()) == {"nurse": 2, "writer": 2, "": 1, "cook": 1}
        assert titles.rematch(connection, meant.__getitem__, NOW) == 0


def test_an_attribute_that_nobody_of_the_file_has_is_told_with_the_rule_that_asks_for_it(database: Database) -> None:
    with database.begin() as connection:
        values = {"attributes": {"clinic": {"size": "small", "beds": ""}}}
        connection.execute(update(subscribers).where(subscribers.c.id == 6).values(values))
        asked = [("clinic", "size"), ("points",), ("clinic",), ("clinic", "beds"), ("nothing",), ("points", "x")]
        one, two, three, four, five, six = (Attribute(path) for path in asked)
        tree = AnyOf((Not(Certain(OneOf(one, ("x",)))), Compare(Call("lower", (three,)), "=", Literal("x"))))
        sums = Compare(Arithmetic(two, "+", five), ">", Literal(1.0))
        rules = (Rule(tree, "any"), Rule(All((Missing(four), sums)), "where"))
        excluded = Rule(OneOf(six, ("1",)), "points.x")
        everybody = attributes.unknown_attributes(connection, Segment(rules, (excluded,)))
        assert everybody == [(rules[0], three), (rules[1], four), (rules[1], five), (excluded, six)]
        members = attributes.unknown_attributes(connection, Segment(rules, source="a.csv"))
        assert members[0] == (rules[0], one)
        assert attributes.known_attributes(connection, Segment()) == ("clinic.beds", "clinic.size", "points")
        assert attributes.known_attributes(connection, Segment(source="a.csv")) == ("points",)
