"""What would run or move in a mail: in a file a warning, in an issue's own templates an error."""

from __future__ import annotations

import pytest

from newsletter.checks.active import check_mail
from newsletter.checks.file_places import FilePlaces
from newsletter.checks.mail import Mail
from newsletter.checks.page import Page
from newsletter.model import Severity

CASES = [
    ("<script>go()</script>", [Severity.ERROR]),
    ('<script type="application/ld+json">{"@type": "Order"}</script>', []),
    ('<iframe src="https://example.org/"></iframe>', [Severity.ERROR]),
    ('<p onclick="go()">B</p>', [Severity.ERROR]),
    ("<marquee>B</marquee>", [Severity.WARNING]),
    ("<p>B</p>", []),
]


@pytest.mark.parametrize(("written", "expected"), CASES)
def test_what_a_template_holds_that_would_run_is_an_error_at_its_line(written: str, expected: list[Severity]) -> None:
    html = f"<p>A</p>\n{written}"
    mail = Mail("default", html, Page(html), FilePlaces("blocks/tide.html.j2", html))
    found = list(check_mail(mail))
    assert [(one.severity, one.where.line) for one in found] == [(severity, 2) for severity in expected]
