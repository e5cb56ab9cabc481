"""Caps and quiet hours as a scheduled job meets them: the run ends, says until when, and the next goes on."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest


def _limit(workspace: Any, words: str) -> None:
    settings = (workspace.root / "newsletter.yaml").read_text()
    workspace.write("newsletter.yaml", settings.split("provider:")[0] + f"provider: {{name: outbox, {words}}}\n")


def test_a_daily_cap_ends_the_run_and_says_when_to_go_on(letter: Any) -> None:
    _limit(letter, "daily: 700")
    done = letter.run("send", "letter", "--yes", "--json")
    assert done.returncode == 3
    found = json.loads(done.stdout)
    assert (found["counts"]["accepted"], found["counts"]["pending"]) == (700, 2300)
    assert found["held"]["reason"] == "700 a day"
    assert (found["rate"] > 0, found["seconds_left"]) == (True, None), "nobody sends it, so no time is left"
    tomorrow = datetime.now(UTC).date() + timedelta(days=1)
    assert found["held"]["until"] == f"{tomorrow}T00:00:00+00:00"
    assert f"limit under `provider:` (700 a day). Run the same command again after {tomorrow} 00:00 UTC" in done.stderr
    again = letter.run("send", "letter", "--yes", "--json")
    assert (again.returncode, json.loads(again.stdout)["counts"]["accepted"]) == (3, 700)
    _limit(letter, "daily: 2000, warmup: {1: 1000, 5: 2500}")
    assert json.loads(letter.run("send", "letter", "--yes", "--json").stdout)["counts"]["accepted"] == 1000
    _limit(letter, "hourly: 100000")
    done = letter.run("send", "letter", "--yes", "--json")
    assert (done.returncode, json.loads(done.stdout)["counts"]["accepted"]) == (0, 3000)


def test_nothing_is_sent_in_quiet_hours(letter: Any) -> None:
    now = datetime.now(UTC)
    begin, end = now - timedelta(hours=2), now + timedelta(hours=2)
    _limit(letter, f'quiet_hours: "{begin:%H:%M}-{end:%H:%M}"')
    done = letter.run("send", "letter", "--yes", "--json")
    assert done.returncode == 3
    assert json.loads(done.stdout)["counts"]["accepted"] == 0
    assert json.loads(done.stdout)["held"] == {"reason": "quiet hours", "until": f"{end:%Y-%m-%dT%H:%M}:00+00:00"}
    due = letter.run("run-due")
    assert (due.returncode, due.stdout) == (0, ""), "or cron would write a mail each minute"
    (ran,) = json.loads(letter.run("run-due", "--json").stdout)["ran"]
    assert (ran["ending"], ran["counts"]["accepted"]) == ("held", 0)
    _limit(letter, "hourly: 100")
    due = letter.run("run-due")
    assert (due.returncode, due.stdout.startswith("letter: held, 100 of 3,000 accepted")) == (0, True)
    assert letter.run("run-due").stdout == ""


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("quiet_hours: 22-7", "write quiet hours as"),
        ('quiet_hours: "25:00-07:00"', "write quiet hours as"),
        ("hourly: 0", "provider.hourly"),
        ("warmup: {0: 5}", "provider.warmup"),
        ("warmup: {2: 10}", "or nothing ever begins"),
        ("domains: {gmail.com: fast}", "write a rate as"),
    ],
)
def test_a_limit_that_makes_no_sense_is_refused_at_its_line(letter: Any, words: str, said: str) -> None:
    _limit(letter, words)
    done = letter.run("plan", "letter")
    assert done.returncode == 2
    assert "newsletter.yaml:" in done.stderr
    assert said in done.stderr
