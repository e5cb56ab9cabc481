"""The keys under `segment:` and `exclude:`: what each asks, which professions it leaves, and what is refused."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.audience.segments import Known, fixed, possible_professions, read_rules
from newsletter.files import parse_yaml
from newsletter.model import (
    All,
    AnyOf,
    Attribute,
    Call,
    Certain,
    Compare,
    Condition,
    Field,
    Literal,
    Missing,
    Not,
    OneOf,
    Profession,
    Professions,
    Reacted,
    Reaction,
    Received,
    Rule,
    Segment,
    Speaks,
    Tagged,
)

PROFESSIONS = Professions(
    {
        "sailor": Profession("sailor", "Sailor", "Sailors"),
        "pilot": Profession("pilot", "Pilot", "Pilots", "sailor"),
        "cook": Profession("cook", "Cook", "Cooks"),
    }
)
KNOWN = Known(PROFESSIONS, ("points", "renewed"), ("spring", "summer"))
POINTS, RENEWED = Attribute(("points",)), Attribute(("renewed",))
PROFESSION = Field("profession")


def asked(text: str) -> tuple[Condition, ...]:
    """The conditions of a segment that has nothing wrong with it."""
    rules, problems = read_rules(parse_yaml(text, "a.yaml"), "segment", KNOWN)
    assert problems == []
    return tuple(rule.condition for rule in rules)


def one(text: str) -> Condition:
    (found,) = asked(text)
    return found


def said(text: str) -> list[str]:
    _, problems = read_rules(parse_yaml(text, "a.yaml"), "segment", KNOWN)
    return [str(problem) for problem in problems]


def test_several_keys_are_a_rule_each_under_its_name() -> None:
    rules, _ = read_rules(parse_yaml("segment: {country: [US, CA], points: '5'}", "a.yaml"), "segment", KNOWN)
    assert rules == (
        Rule(OneOf(Field("country"), ("US", "CA")), "country"),
        Rule(OneOf(POINTS, ("5",)), "points"),
    )


def test_no_segment_asks_nothing() -> None:
    assert asked("title: x") == asked("segment:") == asked("segment: {}") == ()


def test_a_profession_takes_its_narrower_ones_along_and_unmatched_is_an_empty_one() -> None:
    assert one("segment: {profession: [sailor, unmatched]}") == OneOf(PROFESSION, ("sailor", "pilot", ""))


def test_an_attribute_is_named_by_its_column_or_by_its_path() -> None:
    assert one("segment: {points: '5'}") == one("segment: {attributes.points: '5'}") == OneOf(POINTS, ("5",))
    assert one("segment: {attributes.clinic.size: small}") == OneOf(Attribute(("clinic", "size")), ("small",))


def test_a_number_of_an_attribute_is_asked_for_as_a_number_and_a_text_letter_by_letter() -> None:
    ten, five = (Compare(POINTS, "=", Literal(number)) for number in (10.0, 5.0))
    assert one("segment: {points: 10}") == one("segment: {points: 10.0}") == one("segment: {where: points = 10}")
    assert one("segment: {points: 10}") == Certain(ten)
    assert one("segment: {points: [10, 5]}") == Certain(AnyOf((ten, five)))
    assert one("segment: {points: [10, ten, '']}") == AnyOf((OneOf(POINTS, ("ten", "")), Certain(ten)))
    assert one("segment: {points: 01234}") == OneOf(POINTS, ("01234",))
    assert one("segment: {points: 123456789012345}") == OneOf(POINTS, ("123456789012345",))
    assert one("segment: {country: 10}") == OneOf(Field("country"), ("10",))


def test_a_bare_day_of_an_attribute_is_asked_for_as_a_day_and_a_quoted_one_letter_by_letter() -> None:
    day = Compare(Call("date", (POINTS,)), "=", Literal("2026-11-21"))
    assert one("segment: {points: 2026-11-21}") == Certain(day)
    assert one("segment: {points: [2026-11-21, never]}") == AnyOf((OneOf(POINTS, ("never",)), Certain(day)))
    assert one('segment: {points: "2026-11-21"}') == OneOf(POINTS, ("2026-11-21",))


def test_joined_is_a_column_of_the_file_where_it_has_one() -> None:
    own = Known(PROFESSIONS, ("joined",), ())
    document = parse_yaml("segment: {joined: {from: 2026-01-01}}", "a.yaml")
    (theirs,), _ = read_rules(document, "segment", own)
    assert theirs.condition == All((Compare(Call("date", (Attribute(("joined",)),)), ">=", Literal("2026-01-01")),))
    assert one("segment: {joined: {from: 2026-01-01}}") == All((Compare(Field("joined"), ">=", Literal("2026-01-01")),))


@pytest.mark.parametrize(
    ("written", "signs"),
    [("from", ">="), ("min", ">="), ("to", "<="), ("max", "<="), ("after", ">"), ("before", "<")],
)
def test_a_bound_is_a_number_or_a_day(written: str, signs: str) -> None:
    assert one(f"segment: {{points: {{{written}: 2.5}}}}") == All((Compare(POINTS, signs, Literal(2.5)),))
    day = Call("date", (RENEWED,))
    for value in ("2026-02-28", "'2026-02-28'"):
        found = one(f"segment: {{renewed: {{{written}: {value}}}}}")
        assert found == All((Compare(day, signs, Literal("2026-02-28")),))


@pytest.mark.parametrize(
    ("now", "span", "first"),
    [
        ("2026-03-02T09:00:00+00:00", "90d", "2025-12-02"),
        ("2026-03-02T09:00:00+00:00", "2 weeks", "2026-02-16"),
        ("2026-03-31T09:00:00+00:00", "1m", "2026-02-28"),
        ("2024-02-29T09:00:00+00:00", "1y", "2023-02-28"),
        ("2026-03-02T01:00:00+02:00", "1d", "2026-02-28"),
    ],
)
def test_a_span_is_counted_back_from_the_day_in_utc_at_which_it_is_fixed(now: str, span: str, first: str) -> None:
    moment = datetime.fromisoformat(now)
    (within,) = asked(f"segment: {{joined: {{within: {span}}}}}")
    (older,) = asked(f"segment: {{not: {{joined: {{older: {span}}}}}}}")
    segment = fixed(Segment((Rule(within),), (Rule(older),)), moment)
    joined, today = Field("joined"), moment.astimezone(UTC).date().isoformat()
    since = Compare(joined, ">=", Literal(first))
    assert segment.include == (Rule(All((All((since, Compare(joined, "<=", Literal(today)))),))),)
    assert segment.exclude == (Rule(Not(Certain(All((All((Compare(joined, "<", Literal(first)),)),))))),)


def test_tags_are_any_all_or_none() -> None:
    a, b = Tagged("a"), Tagged("b")
    assert one("segment: {tags: [a, b]}") == AnyOf((a, b))
    assert one("segment: {tags: a}") == AnyOf((a,))
    assert one("segment: {tags: {all: [a, b], none: b, any: a}}") == All((All((a, b)), Not(AnyOf((b,))), AnyOf((a,))))


def test_languages_issues_and_status() -> None:
    assert one("segment: {language: [de, en-GB]}") == Speaks(("de", "en-GB"))
    assert one("segment: {received: [spring, summer]}") == Received(("spring", "summer"))


def test_what_people_did_is_asked_by_issue_and_a_click_by_link_too() -> None:
    opened, clicked, not_opened = Reaction.OPENED, Reaction.CLICKED, Reaction.NOT_OPENED
    assert one("segment: {opened: spring}") == Reacted(opened, "spring")
    assert one("segment: {clicked: {issue: spring, link: 'https://x.org/a'}}") == Reacted(
        clicked, "spring", "https://x.org/a"
    )
    assert one("segment: {clicked: [spring, {issue: summer}]}") == AnyOf(
        (Reacted(clicked, "spring"), Reacted(clicked, "summer"))
    )
    assert one("segment: {any: [{not_opened: [spring, summer]}, {not: {opened: spring}}]}") == AnyOf(
        (
            All((AnyOf((Reacted(not_opened, "spring"), Reacted(not_opened, "summer"))),)),
            All((Not(Certain(All((Reacted(opened, "spring"),)))),)),
        )
    )


def test_what_people_did_knows_its_line() -> None:
    rules, _ = read_rules(
        parse_yaml("segment:\n  country: US\n  any:\n    - opened: spring\n", "a.yaml"), "segment", KNOWN
    )
    match rules[1].condition:
        case AnyOf((All((Reacted(where=where),)),)):
            assert str(where) == "a.yaml:4"
        case other:
            raise AssertionError(other)
    assert one("segment: {status: subscribed}") == All(())


def test_any_all_and_not_hold_mappings() -> None:
    us, five = OneOf(Field("country"), ("US",)), Certain(Compare(POINTS, "=", Literal(5.0)))
    assert one("segment: {any: {country: US, points: 5}}") == AnyOf((us, five))
    assert one("segment: {any: [{country: US, points: 5}, {points: 5}]}") == AnyOf((All((us, five)), All((five,))))
    assert one("segment: {all: [{points: 5}, {country: US}]}") == All((All((five,)), All((us,))))
    assert one("segment: {not: {country: US, points: 5}}") == Not(Certain(All((us, five))))
    assert one("segment: {not: [{country: US}, {points: 5}]}") == Not(Certain(AnyOf((All((us,)), All((five,))))))


def test_where_stands_beside_other_keys_and_inside_groups() -> None:
    found = one('segment: {any: [{where: "points > 10"}, {country: US}]}')
    assert found == AnyOf(
        (All((Certain(Compare(POINTS, ">", Literal(10.0))),)), All((OneOf(Field("country"), ("US",)),)))
    )


def test_every_mistake_has_its_line_and_what_to_do() -> None:
    text = """\
segment:
  contry: US
  profession: [pilott]
  language: "deutsch!"
  opened: sprung
  status: [subscribed, pending]
  tags: {al: [x]}
  received: sprin
  points: {mni: 5}
  renewed: {within: 90}
  country: {min: 5}
  joined: {min: 5}
  where: "points > "
  any:
    - country: NO
    - not: {}
"""
    found = said(text)
    assert [one.split(": ")[0] for one in found] == [f"a.yaml:{line}" for line in (*range(2, 14), 15, 16)]
    beginnings = [
        "unknown field 'contry' in segment. Did you mean 'country'? Known: address,",
        "unknown profession 'pilott'. Did you mean 'pilot'? Known: sailor, pilot, cook, unmatched.",
        "'segment.language' holds 'deutsch!', which is no language.",
        "'segment.opened' names the unknown issue 'sprung'. Did you mean 'spring'?",
        "'segment.status' can only be subscribed: nobody else is ever mailed.",
        "'segment.tags.al' is unknown. Did you mean 'all'? Known: any, all, none.",
        "'segment.received' names the unknown issue 'sprin'. Did you mean 'spring'?",
        "'segment.points.mni' is unknown. Did you mean 'min'? Known: from, min,",
        "'segment.renewed.within' must be a span such as 90d, 12w, 6m or 2y",
        "'segment.country' is a text and has no range.",
        "'segment.joined.min' must be a day such as 2026-03-02.",
        "'segment.where' is no SQL condition",
        "'segment.any.country' holds false: YAML reads a bare yes, no, on or off so.",
        "'segment.any.not' is empty.",
    ]
    for line, beginning in zip(found, beginnings, strict=True):
        assert line.split(": ", 1)[1].startswith(beginning)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("{country: }", 'has no value. Write "" to mean people of whom it is not known.'),
        ("{country: []}", "is an empty list"),
        ("{country: [[US]]}", "must be a text or a list of texts here."),
        ('{country: "a\\0b"}', "holds a character that no subscriber's value can have."),
        ("{points: {from: 5, to: 3}}", "ends before it begins"),
        ("{points: {from: 5, to: 2026-01-01}}", "mixes numbers and days"),
        ("{points: {from: .inf}}", "must be a number of 15 digits at most"),
        ("{points: {from: .nan}}", "must be a number of 15 digits at most"),
        ("{points: .inf}", "must be a number that is written out"),
        ("{country: [US, de]}", "holds 'de'. Codes of countries are in capital letters: write DE."),
        ("{where: country = 'us'}", "Codes of countries are in capital letters: write US."),
        ("{points: {from: true}}", "must be a day such as 2026-03-02 or a number."),
        ("{points: {from: 2026-01-01 10:00:00}}", "must be a day such as"),
        ("{points: {}}", "is empty."),
        ("{joined: 2026-01-01}", "is a day. Ask for"),
        ("{joined: {within: 101y}}", "must be a span"),
        ("{any: }", "must be `key: value` lines"),
        ("{any: [US]}", "must be `key: value` lines"),
        ("{tags: {}}", "is empty"),
        ("{where: [x]}", "must be a SQL condition in quotes"),
        ("{clicked: x}", "unknown issue 'x'"),
        ("{clicked: {issue: x, link: 'https://x.org'}}", "unknown issue 'x'"),
        ("{clicked: {issue: spring, link: here}}", "'segment.clicked.link' must be the address of a link"),
        ("{clicked: {issue: spring, lnk: 'https://x.org'}}", "Did you mean 'link'?"),
        ("{clicked: {link: 'https://x.org'}}", "'segment.clicked' has no value"),
        ("{opened: {issue: spring}}", "must be a text or a list of texts here"),
        ("{not_opened: []}", "is an empty list"),
        ("{not_opened: [spring, x]}", "unknown issue 'x'"),
        ("[country]", "'segment' must be `key: value` lines"),
        ("x", "'segment' must be `key: value` lines"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_words(value: str, message: str) -> None:
    (found,) = said(f"segment: {value}")
    assert found.startswith("a.yaml:1: 'segment")
    assert message in found


def test_nesting_and_numbers_of_conditions_have_bounds() -> None:
    deep = "segment: " + "{not: " * 30 + "{country: US}" + "}" * 30
    assert any("is nested too deeply" in one for one in said(deep))
    many = "segment: {any: [" + ", ".join(["{country: US}"] * 400) + "]}"
    assert any("300 are allowed" in one for one in said(many))
    long = "segment: {country: [" + ", ".join(f"c{number}" for number in range(10_001)) + "]}"
    assert any("10,000 are allowed" in one for one in said(long))


# ── which professions a segment leaves ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("{}", "sailor pilot cook"),
        ("segment: {profession: sailor}", "sailor pilot"),
        ("segment: {profession: sailor}\nexclude: {profession: pilot}", "sailor"),
        ("segment: {profession: unmatched}", ""),
        ("segment: {country: US}", "sailor pilot cook"),
        ("exclude: {country: US}", "sailor pilot cook"),
        ("segment: {any: [{profession: cook}, {profession: pilot, country: US}]}", "pilot cook"),
        ("segment: {not: {profession: cook}}", "sailor pilot"),
        ("segment: {not: {profession: cook, country: US}}", "sailor pilot cook"),
        ("exclude: {any: {profession: cook, country: US}}", "sailor pilot"),
        ("exclude: {all: {profession: cook, country: US}}", "sailor pilot cook"),
        ("segment: {where: \"profession = 'cook' OR points > 5\"}", "sailor pilot cook"),
        ("segment: {where: \"profession IN ('cook', 'pilot') AND points > 5\"}", "pilot cook"),
        ("segment: {where: \"profession <> 'cook'\"}", "sailor pilot"),
        ("segment: {where: \"NOT profession = 'cook'\"}", "sailor pilot"),
        ('segment: {where: "profession IS NULL"}', ""),
        ('segment: {where: "profession IS NOT NULL"}', "sailor pilot cook"),
        ("segment: {where: \"profession LIKE 'c%'\"}", "sailor pilot cook"),
        ("segment: {where: \"lower(profession) = 'cook'\"}", "sailor pilot cook"),
    ],
)
def test_a_profession_is_listed_unless_the_rules_exclude_it_for_certain(text: str, left: str) -> None:
    document = parse_yaml(text, "a.yaml")
    include, wrong = read_rules(document, "segment", KNOWN)
    exclude, more_wrong = read_rules(document, "exclude", KNOWN)
    assert (wrong, more_wrong) == ([], [])
    assert possible_professions(include, exclude, PROFESSIONS) == tuple(left.split())


def _trees() -> st.SearchStrategy[Condition]:
    keys = st.sampled_from(("sailor", "pilot", "cook", ""))
    leaves: st.SearchStrategy[Condition] = st.one_of(
        st.lists(keys, max_size=3).map(lambda found: OneOf(PROFESSION, tuple(found))),
        st.builds(lambda sign, key: Compare(PROFESSION, sign, Literal(key)), st.sampled_from(("=", "<>")), keys),
        st.just(Missing(PROFESSION)),
        st.sampled_from((Tagged("a"), Tagged("b"))),
    )
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.lists(inner, max_size=3).map(lambda found: All(tuple(found))),
            st.lists(inner, max_size=3).map(lambda found: AnyOf(tuple(found))),
            inner.map(Not),
            inner.map(Certain),
        ),
        max_leaves=8,
    )


def _meets(tree: Condition, profession: str, tags: frozenset[str]) -> bool:
    match tree:
        case All(parts):
            return all(_meets(part, profession, tags) for part in parts)
        case AnyOf(parts):
            return any(_meets(part, profession, tags) for part in parts)
        case Not(part):
            return not _meets(part, profession, tags)
        case Certain(part):
            return _meets(part, profession, tags)
        case OneOf(_, values):
            return profession in values
        case Compare(_, sign, Literal(written)):
            return (profession == written) is (sign == "=")
        case Tagged(tag):
            return tag in tags
    return not profession


@given(_trees(), _trees())
def test_nobody_who_can_be_picked_has_a_profession_that_is_not_listed(include: Condition, exclude: Condition) -> None:
    listed = possible_professions((Rule(include),), (Rule(exclude),), PROFESSIONS)
    for key in PROFESSIONS.by_key:
        for tags in (frozenset(), frozenset("a"), frozenset("b"), frozenset("ab")):
            if _meets(include, key, tags) and not _meets(exclude, key, tags):
                assert key in listed
