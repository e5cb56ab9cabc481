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


def test_the_first_issue_is_not_compared() -> None:
    assert _messages('<img src="x">' * 50, None) == []


def test_a_weight_counts_letters_pictures_and_links() -> None:
    html = '<a href="x"><img src="y"></a><abbr>a</abbr><img src="z">'
    assert weight_of("i", html) == Weight("i", 56, 2, 1)
