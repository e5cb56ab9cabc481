"""A tree of conditions picks the same people on SQLite, on PostgreSQL and in plain Python."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from sqlalchemy import delete, insert, select

from newsletter.audience.segments import Known, fixed, read_rules
from newsletter.audience.where import Names, parse_where
from newsletter.files import parse_yaml
from newsletter.model import (
    All,
    AnyOf,
    Arithmetic,
    Attribute,
    Call,
    Certain,
    Compare,
    Condition,
    Field,
    Kind,
    Like,
    Literal,
    Missing,
    Not,
    OneOf,
    Professions,
    Recent,
    Rule,
    Segment,
    Span,
    Value,
    kind_of,
)
from newsletter.store.conditions import DAY, as_number, condition
from newsletter.store.database import Connection, Database, open_database
from newsletter.store.subscribers import subscribers
from tests.store import trees
from tests.store.reference import Person, meets

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
POINTS = Attribute(("points",))


@pytest.fixture
def database(store_url: str, tmp_path: Path) -> Iterator[Database]:
    opened = open_database(store_url, tmp_path)
    yield opened
    opened.close()


def fill(connection: Connection, people: Sequence[Person]) -> None:
    """These people and nobody else, numbered from 0."""
    connection.execute(delete(subscribers))
    empty = dict.fromkeys(("first_name", "last_name", "profession_title", "profession", "country", "language"), "")
    rows = [
        {
            "id": number,
            "address": f"p{number}@example.org",
            "address_key": f"p{number}@example.org",
            **empty,
            "time_zone": "",
            **one.fields,
            "status": "subscribed",
            "attributes": dict(one.attributes),
            "tags": list(one.tags),
            "consent_at": one.consent_at,
            "created_at": one.joined,
            "changed_at": NOW,
        }
        for number, one in enumerate(people)
    ]
    if rows:
        connection.execute(insert(subscribers), rows)


def picked(connection: Connection, segment: Segment) -> list[int]:
    query = select(subscribers.c.id).where(condition(segment)).order_by(subscribers.c.id)
    return list(connection.execute(query).scalars())


def person(**attributes: object) -> Person:
    return Person(joined=NOW, attributes=attributes)


_GENERATED = settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@_GENERATED
@given(trees.st.lists(trees.people, min_size=1, max_size=6), trees.asked, trees.asked)
@example([person(points="10"), person(points="9")], Compare(POINTS, ">", Literal("9")), AnyOf(()))
@example([person(größe="x"), person(größe="É")], OneOf(Attribute(("größe",)), ("x",)), AnyOf(()))
@example([person(points="-0"), person(points="0")], Compare(POINTS, "=", Literal(0.0)), AnyOf(()))
@example([person(points=True), person(points=1)], OneOf(POINTS, ("true",)), AnyOf(()))
@example([person(points=1.5), person(points=1e-7)], Compare(POINTS, ">", Literal(1.0)), AnyOf(()))
def test_the_databases_pick_whom_plain_python_picks(
    database: Database, people: list[Person], include: Condition, exclude: Condition
) -> None:
    with database.begin() as connection:
        fill(connection, people)
        segment = Segment((Rule(include),), (Rule(exclude),))
        expected = [n for n, one in enumerate(people) if meets(include, one) and not meets(exclude, one)]
        assert picked(connection, segment) == expected


def written(asked: Condition | Value) -> str:
    """The condition as somebody would write it under `where:`, with brackets around every part."""
    match asked:
        case All(parts):
            return "(" + " AND ".join(map(written, parts)) + ")"
        case AnyOf(parts):
            return "(" + " OR ".join(map(written, parts)) + ")"
        case Not(part):
            return f"(NOT {written(part)})"
        case Compare(left, sign, right):
            return f"{written(left)} {sign} {written(right)}"
        case Like(value, pattern):
            return f"{written(value)} LIKE {written(Literal(pattern))}"
        case Missing(value):
            return f"{written(value)} IS NULL"
        case Field(name):
            return name
        case Attribute(path):
            return ".".join(("attributes", *(f'"{key}"' for key in path)))
        case Literal(str() as text):
            return "'" + text.replace("'", "''") + "'"
        case Literal(number):
            return f"{number}"
        case Arithmetic(left, sign, right):
            return f"({written(left)} {sign} {written(right)})"
        case Call(name, arguments):
            return f"{name}({', '.join(map(written, arguments))})"
    raise AssertionError(asked)


def in_days(asked: Condition) -> Condition:
    """The expression's meaning: a text of a person's own that is put in order with a day is read as a day."""
    match asked:
        case All(parts):
            return All(tuple(map(in_days, parts)))
        case AnyOf(parts):
            return AnyOf(tuple(map(in_days, parts)))
        case Not(part):
            return Not(in_days(part))
        case Compare(Literal() as left, sign, Attribute() | Call() as right):
            mirrored = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
            return in_days(Compare(right, mirrored[sign], left)) if sign in mirrored else asked
        case Compare(Attribute() | Call() as left, "<" | "<=" | ">" | ">=" as sign, Literal(str() as text)) if kind_of(
            left
        ) is Kind.TEXT and DAY.fullmatch(text):
            return Compare(Call("date", (left,)), sign, Literal(text))
    return asked


_expressions = trees.st.recursive(
    trees.compared,
    lambda inner: trees.st.one_of(
        trees.st.lists(inner, min_size=2, max_size=3).map(lambda found: All(tuple(found))),
        trees.st.lists(inner, min_size=2, max_size=3).map(lambda found: AnyOf(tuple(found))),
        inner.map(Not),
    ),
    max_leaves=4,
)


@_GENERATED
@given(trees.st.lists(trees.people, min_size=1, max_size=4), _expressions)
@example([person(points="b"), person(points="2026-03-01")], Compare(POINTS, ">=", Literal("2026-03-01")))
@example([person(points="b"), person(points="2026-02-01")], Compare(Literal("2026-03-01"), ">", POINTS))
def test_an_expression_picks_on_the_databases_whom_its_meaning_picks_in_plain_python(
    database: Database, people: list[Person], meant: Condition
) -> None:
    found, problems = parse_where(written(meant), Names((), ("nurse",)))
    assume(not problems)  # such as `country = ''`, which is refused on purpose
    with database.begin() as connection:
        fill(connection, people)
        expected = [number for number, one in enumerate(people) if meets(in_days(meant), one)]
        assert picked(connection, Segment((Rule(found),))) == expected


@pytest.mark.parametrize(
    ("asked", "numbers"),
    [
        (Compare(POINTS, ">", Literal(9.0)), [1, 2]),
        (Compare(POINTS, ">", Literal("9")), [1, 2, 4]),
        (Compare(POINTS, "=", Literal(10.0)), [1, 2]),
        (Compare(POINTS, "=", Literal("10")), [1]),
        (Compare(POINTS, "<>", Literal(10.0)), [0]),
        (Not(Compare(POINTS, ">", Literal(9.0))), [0]),
        (Not(Certain(Compare(POINTS, ">", Literal(9.0)))), [0, 3, 4, 5]),
        (OneOf(POINTS, ("10", "")), [1, 3, 5]),
    ],
)
def test_texts_are_numbers_where_both_sides_are_and_a_missing_one_is_nothing(
    database: Database, asked: Condition, numbers: list[int]
) -> None:
    people = [person(points="9"), person(points=10), person(points="10.0"), person(), person(points="abc")]
    with database.begin() as connection:
        fill(connection, [*people, person(points="")])
        assert picked(connection, Segment((Rule(asked),))) == numbers


@pytest.mark.parametrize(
    "asked", ["points: 10", "points: [10, 11, 12]", "where: points = 10", "where: 'points IN (10, 3)'"]
)
@pytest.mark.parametrize("part", ["segment", "exclude"])
def test_ten_is_ten_however_a_file_spells_it_and_however_it_is_asked_for(
    database: Database, asked: str, part: str
) -> None:
    spelt: list[object] = [10, 10.0, "10", "10.0", "010", "+10", "1e1", "ten", 9, True, None, [10], {"x": 10}]
    ten = [number for number, one in enumerate(spelt) if one in (10, "10", "10.0", "010", "+10")]
    known = Known(Professions({}), ("points",), ())
    rules, problems = read_rules(parse_yaml(f"{part}: {{{asked}}}", "a.yaml"), part, known)
    assert not problems
    with database.begin() as connection:
        fill(connection, [person(points=one) for one in spelt])
        if part == "segment":
            assert picked(connection, Segment(rules)) == ten
        else:
            assert picked(connection, Segment((), rules)) == [
                number for number in range(len(spelt)) if number not in ten
            ]


def test_values_are_bound_and_never_part_of_the_statement(database: Database) -> None:
    nasty = "x'); DROP TABLE subscribers; --"
    asked = AnyOf((OneOf(Field("country"), (nasty,)), Compare(Attribute((nasty,)), "=", Literal(nasty))))
    with database.begin() as connection:
        fill(connection, [Person(NOW, {"country": nasty}), person(**{nasty: nasty}), person()])
        segment = Segment((Rule(asked),))
        assert "DROP" not in str(condition(segment).compile(connection.engine))
        assert picked(connection, segment) == [0, 1]


def test_a_segment_of_no_rules_picks_everybody(database: Database) -> None:
    with database.begin() as connection:
        fill(connection, [person(), person()])
        assert picked(connection, Segment()) == [0, 1]


def test_a_span_that_was_never_fixed_is_an_error_and_not_a_guess() -> None:
    with pytest.raises(ValueError, match="fix the segment at a moment first"):
        condition(Segment((Rule(Recent(Field("joined"), Span(0, 90))),)))


@pytest.mark.parametrize(
    ("text", "number"),
    [("10", 10.0), ("-3.5", -3.5), (".5", 0.5), ("5.", 5.0), ("1e3", None), ("", None), (" 1", None), ("9" * 16, None)],
)
def test_a_text_is_a_number_when_it_is_nothing_else(text: str, number: float | None) -> None:
    assert as_number(text) == number


@pytest.mark.parametrize(
    "asked",
    [
        "where: \"points >= '2026-11-01'\"",
        "where: \"points BETWEEN '2026-11-01' AND '2027-01-01'\"",
        "where: \"NOT (points < '2026-11-01')\"",
        "points: {from: 2026-11-01}",
        "points: 2026-11-21",
        "points: {within: 0d}",
    ],
)
def test_a_text_that_begins_with_no_day_is_unknown_beside_a_day_however_it_is_asked(
    database: Database, asked: str
) -> None:
    now = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
    known = Known(Professions({}, {}), ("points",), ())
    rules, problems = read_rules(parse_yaml(f"segment: {{{asked}}}", "a.yaml"), "segment", known)
    assert problems == []
    cells = ("2026-11-21T23:30:00-05:00", "31.12.2025", "", "soon", "2025-01-01", "2026-11-21")
    with database.begin() as connection:
        fill(connection, [person(points=cell) for cell in cells])
        assert picked(connection, fixed(Segment(tuple(rules)), now)) == [0, 5]
