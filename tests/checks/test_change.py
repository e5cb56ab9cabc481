"""An issue that is far from the one sent last is mentioned, once; one that merely differs is not."""

from __future__ import annotations

import pytest

from newsletter.checks.change import check_change, weight_of
from newsletter.checks.mail import Weight
from newsletter.model import Where

WHERE = Where("issue.yaml", 3)


def _messages(last: Weight, *weights: Weight) -> list[str]:
    found = check_change({f"v{at}": one for at, one in enumerate(weights)}, last, WHERE)
    return list(dict.fromkeys(one.message for one in found))


@pytest.mark.parametrize(
    ("links", "before", "told"),
    [(30, 10, True), (10, 30, True), (29, 10, False), (11, 30, False), (8, 2, False), (0, 9, True)],
)
def test_three_times_as_much_or_as_little_as_last_time_is_told(links: int, before: int, told: bool) -> None:
    expected = [f"{links} links; 'before', sent last, had {before}."] if told else []
    assert _messages(Weight("before", 900, 0, before), Weight("", 900, 0, links)) == expected


@pytest.mark.parametrize(
    ("letters", "before", "told"),
    [(600, 7_600, True), (2_000, 6_000, True), (2_001, 6_000, False), (6_000, 2_000, True), (100, 1_999, False)],
)
def test_text_that_is_lost_is_told_also_when_the_layout_around_it_weighs_as_much(
    letters: int, before: int, told: bool
) -> None:
    expected = f"{letters:,} characters of text; 'long', sent last, had {before:,}."
    assert _messages(Weight("long", 29_999, 0, 0, before), Weight("", 30_000, 0, 0, letters)) == [expected] * told


def test_an_issue_without_plain_text_on_either_side_is_not_compared_by_it() -> None:
    assert _messages(Weight("long", 3, 0, 0, 0), Weight("", 3, 0, 0, 9_000)) == []


def test_all_that_is_unlike_in_all_variants_is_one_fact_with_the_range_of_its_figures() -> None:
    last = Weight("long", 30_000, 12, 30, 9_000)
    short = [Weight("", size, 1, links, 600) for size, links in ((6_971, 4), (6_979, 2), (7_004, 3))]
    usual = Weight("", 29_000, 11, 28, 8_000)
    found = list(check_change({"a": short[0], "b": usual, "c": short[1], "d": short[2]}, last, WHERE))
    assert [one.variant for one in found] == ["a", "c", "d"]
    assert {(one.message, one.where) for one in found} == {
        (
            "600 characters of text, 6,971 to 7,004 bytes of HTML, 1 picture and 2 to 4 links; 'long', sent last, had "
            "9,000, 30,000, 12 and 30.",
            WHERE,
        )
    }


def test_a_weight_counts_letters_pictures_and_links() -> None:
    html = '<a href="x"><img src="y"></a><abbr>a</abbr><img src="z">'
    assert weight_of("i", html) == Weight("i", 56, 2, 1)
    assert weight_of("i", "", "Read on:\nhttps://example.org/1 today\n").text == len("Read on: today")
