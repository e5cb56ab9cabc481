"""Generated people, and generated conditions that can be asked of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

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
    OneOf,
    Speaks,
    Tagged,
    Value,
)
from tests.store.reference import Person

WORDS = [
    *("US", "us", "10", "9", "010", "10.0", "-3.5", "+4", ".5", "5.", "1e3", "-", "1-2", "+.", "abc", "Abc", "é", "É"),
    *("a%", "a_c", "a\\c", "O'Neil", "2026-03-01", "2026-03-02 10:00", "2026-3-1", "true", "nurse", "1234567890123456"),
    *(" 7", "7 ", "x" * 20, "ǅ", "ﬁ", "null", "[1]", "{}", "0", "-0", "٣"),
]
DAYS = ["2026-02-28", "2026-03-01", "2026-03-02", "2025-03-02"]
FIELDS = ["country", "first_name", "profession", "time_zone"]
PATHS = [("points",), ("level",), ("clinic", "size"), ("größe",), ("Clinic size",), ("points", "x")]
SIGNS = ["=", "<>", "<", "<=", ">", ">="]
WORD = st.sampled_from(WORDS)
NUMBER = st.sampled_from([0.0, 1.0, -3.5, 9.0, 10.0, 0.5, 2.0, 1000.0])
JSON = st.one_of(
    WORD,
    st.sampled_from(["", 7, 10, -3, 10.5, 0, 0.25, True, False, None, [], ["US"], {"x": "5"}, {}]),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=4),
)
MOMENTS = st.integers(-40, 40).map(lambda hours: datetime(2026, 3, 1, 12, tzinfo=UTC) + timedelta(hours=hours))

people = st.builds(
    Person,
    joined=MOMENTS,
    fields=st.fixed_dictionaries(
        {
            **{name: st.sampled_from(["", *WORDS]) for name in FIELDS},
            "language": st.sampled_from(["", "de", "de-AT", "DE_ch", "den", "en"]),
        }
    ),
    attributes=st.fixed_dictionaries(
        {},
        optional={
            **dict.fromkeys(("points", "level", "größe", "Clinic size", "clinic"), JSON),
            "clinic": st.one_of(JSON, st.fixed_dictionaries({"size": JSON})),
        },
    ),
    tags=st.lists(st.sampled_from(["vip", 'a"b', "é", "10"]), max_size=3),
    consent_at=st.none() | MOMENTS,
)

subjects: st.SearchStrategy[Field | Attribute] = st.sampled_from(FIELDS).map(Field) | st.sampled_from(PATHS).map(
    Attribute
)
_written: st.SearchStrategy[Value] = WORD.map(Literal) | NUMBER.map(Literal)


def _call(name: str, *arguments: Value) -> Value:
    return Call(name, arguments)


texts: st.SearchStrategy[Value] = st.recursive(
    subjects | WORD.map(Literal),
    lambda inner: st.one_of(
        st.builds(_call, st.sampled_from(["lower", "upper"]), inner),
        st.builds(_call, st.just("coalesce"), inner, inner),
    ),
    max_leaves=3,
)
numbers: st.SearchStrategy[Value] = st.recursive(
    NUMBER.map(Literal) | st.builds(_call, st.just("length"), texts),
    lambda inner: st.builds(Arithmetic, inner | texts, st.sampled_from("+-*/"), inner | texts),
    max_leaves=4,
)
days: st.SearchStrategy[Value] = st.sampled_from([Field("joined"), Field("consent_at")]) | st.builds(
    _call, st.just("date"), texts
)
day_texts: st.SearchStrategy[Value] = st.sampled_from(DAYS).map(Literal)
signs = st.sampled_from(SIGNS)
compared: st.SearchStrategy[Condition] = st.one_of(
    st.builds(Compare, texts, signs, texts),
    st.builds(Compare, subjects, signs, _written),
    st.builds(Compare, numbers, signs, texts | numbers),
    st.builds(Compare, texts, signs, numbers),
    st.builds(Compare, days, signs, day_texts | days | subjects),
    st.builds(Like, texts, st.sampled_from(["%", "a%", "_BC", "%\\%", "o'n%", "É%", "", "1_", "%é%"])),
    st.builds(Missing, texts | numbers | days),
)


def _joined(inner: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
    few = st.lists(inner, min_size=1, max_size=3).map(tuple)
    return st.one_of(few.map(All), few.map(AnyOf), inner.map(Not), inner.map(Certain))


asked: st.SearchStrategy[Condition] = st.recursive(
    st.one_of(
        compared,
        st.builds(OneOf, subjects, st.lists(st.sampled_from(["", *WORDS]), min_size=1, max_size=3).map(tuple)),
        st.builds(Speaks, st.lists(st.sampled_from(["de", "de-at", "EN", ""]), min_size=1, max_size=2).map(tuple)),
        st.sampled_from(["vip", 'a"b', "é", "10", "1"]).map(Tagged),
    ),
    _joined,
    max_leaves=5,
)
