"""What expressions mean, and which are refused."""

from __future__ import annotations

import pytest

from newsletter.errors import FileProblems
from newsletter.model import Context, Expression, MergeField, Where
from newsletter.rendering.merge_fields import fields_named, recipient_values, sort_expressions, variant_value

FIELDS = ("first_name", "points", "items")


def _expression(source: str) -> Expression:
    return Expression("mf00000000000001z", source, Where("issue.yaml", 4))


def _value(source: str, **values: str) -> str:
    return recipient_values([MergeField("t", source, Context.TEXT, Where("issue.yaml", 4))])[source](values)


@pytest.mark.parametrize(
    ("source", "values", "expected"),
    [
        ("recipient.first_name", {"first_name": "Ana"}, "Ana"),
        ("recipient.first_name", {}, ""),
        ("recipient.first_name | default('there')", {}, "there"),
        ("recipient.first_name | default('there')", {"first_name": ""}, "there"),
        ("recipient.first_name | default('there')", {"first_name": "Ana"}, "Ana"),
        ("recipient.first_name | upper", {"first_name": "Ana"}, "ANA"),
        ("recipient.first_name | default('you') | capitalize", {}, "You"),
        ("'Dr. ' ~ recipient.first_name if recipient.first_name else 'Reader'", {}, "Reader"),
        ("'Dr. ' ~ recipient.first_name if recipient.first_name else 'Reader'", {"first_name": "Ana"}, "Dr. Ana"),
        ("recipient.items", {"items": "three"}, "three"),
        ("recipient['first_name']", {"first_name": "Ana"}, "Ana"),
    ],
)
def test_a_recipients_value_or_the_fallback(source: str, values: dict[str, str], expected: str) -> None:
    assert _value(source, **values) == expected


def test_expressions_are_told_apart_by_when_they_get_their_value() -> None:
    person = Expression("a", "recipient.first_name", Where("i", 1))
    variant = Expression("b", "profession.plural | lower", Where("i", 2))
    found = sort_expressions([person, variant], FIELDS)
    assert (list(found.per_recipient), list(found.per_variant)) == (["a"], ["b"])


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (
            "recipient.fist_name",
            r"issue.yaml:4: unknown merge field 'recipient.fist_name'. Did you mean 'first_name'\?",
        ),
        ("recipient.first_name | nofilter", "issue.yaml:4: .*cannot be read"),
        ("recipient.first_name ~ profession.label", "mixes recipient with profession"),
        ("recipient.points | int + recipient.points", "fails for a reader without a value"),
        ("recipient", "names no field"),
    ],
)
def test_what_cannot_work_is_an_error_at_its_line(source: str, message: str) -> None:
    with pytest.raises(FileProblems, match=message):
        sort_expressions([_expression(source)], FIELDS)


def test_an_unknown_name_of_a_profession_is_an_error_at_its_line() -> None:
    with pytest.raises(FileProblems, match=r"issue.yaml:4: .*colour"):
        variant_value(_expression("profession.colour"), {"profession": {"label": "x"}})


@pytest.mark.parametrize("source", ["profession.__class__.__mro__", "profession.label.__class__"])
def test_expressions_reach_nothing_but_values(source: str) -> None:
    with pytest.raises(FileProblems):
        variant_value(_expression(source), {"profession": {"label": "x"}})


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("recipient['fist_name']", r"unknown merge field 'recipient.fist_name'. Did you mean 'first_name'\?"),
        ("recipient.first_name ~ recipient['x']", "unknown merge field 'recipient.x'"),
        ("(recipient.points | default(0)) + 1", "fails for a reader with a value, because values are text"),
        ("recipient.points.__class__.__mro__", "fails for a reader"),
        ("recipient.points / 2", "fails for a reader"),
    ],
)
def test_an_expression_that_would_fail_while_sending_is_refused_before(source: str, message: str) -> None:
    with pytest.raises(FileProblems, match=message):
        sort_expressions([_expression(source)], FIELDS)


@pytest.mark.parametrize(
    "source", ["recipient.points | default(0) | int + 1", "recipient.points[:4]", "recipient.items | length"]
)
def test_what_works_with_and_without_a_value_is_taken(source: str) -> None:
    found = sort_expressions([_expression(source)], FIELDS)
    assert [one.source for one in found.per_recipient.values()] == [source]


def test_all_that_cannot_work_is_told_at_once() -> None:
    wrong = [Expression(str(line), f"recipient.x{line}", Where("issue.yaml", line)) for line in (3, 5)]
    with pytest.raises(FileProblems) as caught:
        sort_expressions([*wrong, _expression("recipient.first_name")], FIELDS)
    assert [one.where.line for one in caught.value.problems] == [3, 5]


def test_the_fields_named_are_all_that_expressions_reach_by_whatever_way() -> None:
    sources = (
        "recipient.first_name | default('x')",
        "recipient['points'] ~ recipient.items",
        "recipient.items | upper",
    )
    found = fields_named(MergeField("t", one, Context.TEXT, Where("issue.yaml", 4)) for one in sources)
    assert found == {"first_name", "points", "items"}
