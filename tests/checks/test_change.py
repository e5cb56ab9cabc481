"""An issue that is far from the one sent last is mentioned; one that merely differs is not."""

from __future__ import annotations

import pytest

from newsletter.checks.change import check_mail, weight_of
from newsletter.checks.mail import Mail, Weight
from newsletter.checks.page import Page
from newsletter.checks.places import FilePlaces


def _messages(html: str, last: Weight | None) -> list[str]:
    mail = Mail("m", html, Page(html), FilePlaces("m", html), last=last)
    return [one.message for one in check_mail(mail)]


@pytest.mark.parametrize(
    ("links", "before", "told"),
    [(30, 10, True), (10, 30, True), (29, 10, False), (11, 30, False), (8, 2, False), (0, 9, True)],
)
def test_three_times_as_much_or_as_little_as_last_time_is_told(links: int, before: int, told: bool) -> None:
    html = '<a href="#">x</a>' * links
    last = Weight("before", len(html), 0, before)
    expected = [f"{links} links; 'before', sent last, had {before}."] if told else []
    assert _messages(html, last) == expected


@pytest.mark.parametrize(
    ("letters", "before", "told"),
    [(600, 7_600, True), (2_000, 6_000, True), (2_001, 6_000, False), (6_000, 2_000, True), (100, 1_999, False)],
)
def test_text_that_is_lost_is_told_also_when_the_layout_around_it_weighs_as_much(
    letters: int, before: int, told: bool
) -> None:
    html = "<table></table>" * 2_000
    mail = Mail(
        "m", html, Page(html), FilePlaces("m", html), text="t" * letters, last=Weight("long", 29_999, 0, 0, before)
    )
    expected = f"{letters:,} characters of text; 'long', sent last, had {before:,}."
    assert [one.message for one in check_mail(mail)] == [expected] * told


def test_an_issue_without_plain_text_on_either_side_is_not_compared_by_it() -> None:
    mail = Mail("m", "<p>", Page("<p>"), FilePlaces("m", "<p>"), text="t" * 9_000, last=Weight("long", 3, 0, 0, 0))
    assert list(check_mail(mail)) == []


def test_the_first_issue_is_not_compared() -> None:
    assert _messages('<img src="x">' * 50, None) == []


def test_a_weight_counts_letters_pictures_and_links() -> None:
    html = '<a href="x"><img src="y"></a><abbr>a</abbr><img src="z">'
    assert weight_of("i", html) == Weight("i", 56, 2, 1)
    assert weight_of("i", "", "Read on:\nhttps://example.org/1 today\n").text == len("Read on: today")
