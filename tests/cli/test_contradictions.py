"""Options that say two things at once, or half of one, are refused before anything is done."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from newsletter.cli.main import newsletter


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ("--resend-uncertain --skip-uncertain", "--resend-uncertain or --skip-uncertain"),
        ("--skip-uncertain --resend-uncertain", "--resend-uncertain or --skip-uncertain"),
        ("--local-time", "needs --at"),
    ],
)
def test_a_send_that_contradicts_itself_is_refused(arguments: str, told: str) -> None:
    done = CliRunner().invoke(newsletter, ["send", "letter", "--yes", *arguments.split()])
    assert (done.exit_code, told in done.stderr) == (2, True), done.output


def test_a_file_has_no_variants_to_pick_from() -> None:
    done = CliRunner().invoke(newsletter, ["check", "mail.html", "--profession", "cook"])
    assert (done.exit_code, "a file is one mail" in done.stderr) == (2, True), done.output
