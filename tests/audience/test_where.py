"""`where:`: what an expression means, and that everything else is refused with the piece quoted."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.audience.where import LONGEST, Names, parse_where
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
    Like,
    Literal,
    Missing,
    Not,
)

NAMES = Names(("points", "joined_on", "level"), ("nurse", "cook"))
POINTS = Attribute(("points",))
TEN = Literal(10.0)


def meaning(text: str) -> Condition:
    found, problems = parse_where(text, NAMES)
    assert problems == []
    assert isinstance(found, Certain)
    return found.part


def problems(text: str) -> list[str]:
    return parse_where(text, NAMES)[1]


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ("points > 10", Compare(POINTS, ">", TEN)),
        ("10 < points", Compare(POINTS, ">", TEN)),
        ("points == 10", Compare(POINTS, "=", TEN)),
        ("points != 10", Compare(POINTS, "<>", TEN)),
        ("points = -2.5", Compare(POINTS, "=", Literal(-2.5))),
        ("country = 'O''Land'", Compare(Field("country"), "=", Literal("O'Land"))),
        ("level = true", Compare(Attribute(("level",)), "=", Literal("true"))),
        ("attributes.clinic.size >= 3", Compare(Attribute(("clinic", "size")), ">=", Literal(3.0))),
        ("attributes.\"Clinic size\" = 'x'", Compare(Attribute(("Clinic size",)), "=", Literal("x"))),
        ("attributes.a.b.c.d.e = 'x'", Compare(Attribute(("a", "b", "c", "d", "e")), "=", Literal("x"))),
        ("joined >= '2026-01-01'", Compare(Field("joined"), ">=", Literal("2026-01-01"))),
        (
            "date(joined_on) < '2026-01-01'",
            Compare(Call("date", (Attribute(("joined_on",)),)), "<", Literal("2026-01-01")),
        ),
        ("country IS NULL", Missing(Field("country"))),
        ("country IS NOT NULL", Not(Missing(Field("country")))),
        ("level LIKE 'g%'", Like(Attribute(("level",)), "g%")),
        ("level NOT ILIKE 'g%'", Not(Like(Attribute(("level",)), "g%"))),
        ("points BETWEEN 1 AND 10", All((Compare(POINTS, ">=", Literal(1.0)), Compare(POINTS, "<=", TEN)))),
        ("points NOT IN (10, '7')", Not(AnyOf((Compare(POINTS, "=", TEN), Compare(POINTS, "=", Literal("7")))))),
        ("points + 1 > 10", Compare(Arithmetic(POINTS, "+", Literal(1.0)), ">", TEN)),
        ("-points > 10", Compare(Arithmetic(Literal(0.0), "-", POINTS), ">", TEN)),
        ("upper(level) = 'G'", Compare(Call("upper", (Attribute(("level",)),)), "=", Literal("G"))),
        (
            "length(coalesce(level, '')) > 10",
            Compare(Call("length", (Call("coalesce", (Attribute(("level",)), Literal(""))),)), ">", TEN),
        ),
    ],
)
def test_an_expression_becomes_a_tree(text: str, condition: Condition) -> None:
    assert meaning(text) == condition


def test_and_binds_closer_than_or_and_brackets_closer_still() -> None:
    a, b, c = (Compare(POINTS, "=", Literal(float(number))) for number in (1, 2, 3))
    assert meaning("points = 1 OR points = 2 AND points = 3") == AnyOf((a, All((b, c))))
    assert meaning("(points = 1 OR points = 2) AND points = 3") == All((AnyOf((a, b)), c))
    assert meaning("NOT points = 1 AND points = 2") == All((Not(a), b))


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ("points IN (SELECT id FROM subscribers)", "SELECT id FROM subscribers"),
        ("EXISTS (SELECT 1)", "EXISTS(SELECT 1)"),
        ("points = (SELECT 1)", "(SELECT 1)"),
        ("points = 1; DROP TABLE subscribers", "; DROP TABLE subscribers"),
        ("points = 1 -- all of them", "all of them"),
        ("points = 1 /* all */", "all"),
        ("points = 1 UNION SELECT address FROM subscribers", "UNION"),
        ("ATTACH DATABASE 'x' AS y", "DATABASE"),
        ("pg_sleep(10) = 1", "PG_SLEEP(10)"),
        ("load_extension('x') = 1", "LOAD_EXTENSION('x')"),
        ("CAST(points AS xml) = 'x'", "CAST(points AS xml)"),
        ("points::int = 1", "CAST(points AS INT)"),
        ("row_number() OVER () = 1", "ROW_NUMBER() OVER ()"),
        ("points = :limit", ":limit"),
        ("points = ?", "?"),
        ("level || 'x' = 'y'", "level || 'x'"),
        ("CASE WHEN points = 1 THEN 1 END = 1", "CASE WHEN points = 1 THEN 1 END"),
        ("level SIMILAR TO 'x'", "level SIMILAR TO 'x'"),
        ("level ~ 'x'", "x"),
        ("level LIKE 'x' ESCAPE '!'", "level LIKE 'x' ESCAPE '!'"),
        ("level LIKE level", "level LIKE level"),
        ("points % 2 = 1", "points % 2"),
        ("points IS TRUE", "points IS TRUE"),
        ("level COLLATE nocase = 'x'", "level COLLATE nocase"),
        ("(points, level) = (1, 2)", "(points, level)"),
        ("points IN (level)", "level"),
        ("points IN ()", "points IN ()"),
        ("points > ALL(1)", "ALL(1)"),
        ("date(joined_on, 'now') = '2026-01-01'", "DATE(joined_on, 'now')"),
        ("lower(level, 'x') = 'y'", "lower(level, 'x'"),
        ("joined > now()", "NOW()"),
        ("current_timestamp > joined", "CURRENT_TIMESTAMP()"),
        ("points = 1e999", "1e999"),
        ("points = 1234567890123456", "1234567890123456"),
        ("points", "points"),
        ("'x'", "'x'"),
        ("true", "TRUE"),
        ("points = ", "points ="),
        ("points = 1 )", ")"),
        ("'never closed", "never"),
        ("subscribers.address = 'x'", "subscribers.address"),
        ('address = "x@example.org"', "'x@example.org'"),
        ("status = 'unsubscribed'", "'status'"),
        ("tags = 'vip'", "'tags'"),
        ("pionts > 1", "'pionts'. Did you mean 'points'?"),
        ("profession = 'nurs'", "'nurs'. Did you mean 'nurse'?"),
        ("joined > 'yesterday'", "yesterday"),
        ("joined > 5", "5"),
        ("joined + 1 > 5", "joined + 1"),
        ("coalesce(level, 5) = 5", "COALESCE(level, 5)"),
        ("country = ''", "''"),
        ("level = NULL", "NULL"),
        ("attributes.\"a'b\" = 'x'", "a'b"),
        ("level LIKE '" + "%a" * 60 + "'", "%a%a"),
        ("points" + " + points" * 12 + " > 5", "points + points"),
    ],
)
def test_everything_else_is_refused_with_the_piece_quoted(text: str, quoted: str) -> None:
    found = problems(text)
    assert found
    assert quoted in " ".join(found)


def test_all_that_is_wrong_is_told_at_once() -> None:
    assert len(problems("pionts > 1 AND contry = 'US' OR NOT pg_sleep(1) = 1")) == 3


@pytest.mark.parametrize(
    "text",
    [
        "(" * 10_000 + "points = 1" + ")" * 10_000,
        "(" * 1_000 + "points = 1" + ")" * 1_000,
        "NOT " * 900 + "points = 1",
        "points = " + "-" * 3_000 + "1",
        "points = " + "- " * 1_900 + "1",
        "points = 1" + " AND points = 1" * 260,
        "points = 1" + " + 1" * 900,
        "points = '" + "x" * 1_000_000 + "'",
        "lower(" * 600 + "level" + ")" * 600 + " = 'x'",
        "[" * 1_500,
        "{" * 1_500,
        "CASE " * 700,
        "a." * 1_900 + "a = 1",
        "x" * LONGEST,
        "points\0 = 1",
        "",
        "  \n ",
    ],
    ids=range(17),
)
def test_what_is_too_much_is_refused_at_once(text: str) -> None:
    began = time.process_time()
    (found, *more) = problems(text)
    assert time.process_time() - began < 3
    assert all(len(one) < 600 for one in (found, *more))


@given(st.text(max_size=60))
def test_any_text_is_a_condition_or_refused_in_words(text: str) -> None:
    _, found = parse_where(text, NAMES)
    assert all(isinstance(one, str) and one.isprintable() for one in found)


PIECES = st.sampled_from(
    "points level country ( ) , = < > <> AND OR NOT IN LIKE BETWEEN IS NULL 'x' 1 2.5 + - * / lower( coalesce( date( "
    "SELECT FROM CASE WHEN END :: || ; -- /* */ \" ' [ ] { } @ # $ % ^ & attributes . profession joined 'nurse'".split()
)


@given(st.lists(PIECES, max_size=14))
def test_any_words_of_sql_are_a_condition_or_refused_in_words(pieces: list[str]) -> None:
    _, found = parse_where(" ".join(pieces), NAMES)
    assert all(isinstance(one, str) and one.isprintable() for one in found)


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ("joined >= '2025-02-30'", "2025-02-30"),
        ("joined > date('2025-02-30')", "DATE('2025-02-30')"),
        ("date(level) = date('soon')", "DATE('soon')"),
        ("joined BETWEEN '2025-01-01' AND '2025-13-01'", "2025-13-01"),
        ("joined IN ('2025-01-01', '2025-06-31')", "2025-06-31"),
        ("level = '2025-02-29'", "2025-02-29"),
        ("'2025-02-29' < lower(level)", "2025-02-29"),
        ("level > '31.12.2024'", "31.12.2024"),
        ("level <= '12/31/2024'", "12/31/2024"),
        ("level BETWEEN '2024/1/1' AND '2024-12-31'", "2024/1/1"),
        ("level > '2024-1-31'", "2024-1-31"),
    ],
)
def test_a_day_that_no_calendar_has_or_no_database_can_order_is_refused(text: str, quoted: str) -> None:
    (message,) = problems(text)
    assert f"`{quoted}`" in message and "Write days as '2026-03-02'" in message


@pytest.mark.parametrize(
    "text", ["level = '31.12.2024'", "level > '1.2'", "level > '10'", "level = '2024-02-29'", "level LIKE '2025-02-3%'"]
)
def test_what_only_looks_a_bit_like_a_day_is_a_text(text: str) -> None:
    assert problems(text) == []
