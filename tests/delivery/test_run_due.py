"""`run-due` as timers call it: overlapping, killed, failing; each exit code."""

from __future__ import annotations

import json
import random
import signal
import sqlite3
import time
from collections import Counter
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from newsletter.pipeline import planning
from newsletter.pipeline.scheduling import new_schedule
from newsletter.pipeline.workspace import open_workspace
from tests import forked

PATIENCE = 60
SQLITE = "sqlite:///var/newsletter.db"
TEMPLATES = Path(__file__).parents[2] / "templates"


def _due(workspace: Any, count: int = 3000, name: str = "letter", url: str = SQLITE) -> None:
    """A campaign that was scheduled an hour ago for a minute ago."""
    rows = "".join(f"reader{number}@example.org,Name{number}\n" for number in range(count))
    workspace.write("audiences/readers.csv", "Email,First name\n" + rows)
    opened = open_workspace(workspace.root, {"NEWSLETTER_DATABASE_URL": url}, TEMPLATES)
    earlier = replace(opened, clock=lambda: datetime.now(UTC) - timedelta(hours=1))
    moment = datetime.now(UTC) - timedelta(minutes=1)
    planned = planning.plan(earlier, "letter", name, fresh=True)
    schedule = new_schedule(earlier, name, None, f"{moment:%Y-%m-%d %H:%M:%S} UTC", local=False)
    planning.freeze(earlier, planned, schedule=schedule)


def _start(workspace: Any, url: str = SQLITE) -> forked.Run:
    run: forked.Run = workspace.start("run-due", NEWSLETTER_DATABASE_URL=url)
    return run


def _reached(workspace: Any, name: str = "letter") -> Counter[str]:
    found: Counter[str] = Counter()
    for path in (workspace.root / "var/outbox" / name).rglob("*.eml"):
        line = next(one for one in path.read_bytes().split(b"\r\n") if one.startswith(b"To: "))
        found[line.decode().rpartition(" ")[2].strip("<>")] += 1
    return found


def _everybody(count: int) -> Counter[str]:
    return Counter({f"reader{number}@example.org": 1 for number in range(count)})


def _until_mail(workspace: Any) -> None:
    deadline = time.monotonic() + PATIENCE
    while not workspace.outbox():
        assert time.monotonic() < deadline, "nothing was sent"
        time.sleep(0.02)


def test_a_run_says_nothing_when_nothing_is_due_and_a_line_for_each_campaign_it_sent(letter: Any) -> None:
    quiet = letter.run("run-due")
    assert (quiet.returncode, quiet.stdout) == (0, "")
    assert quiet.stderr.startswith("There is no database yet"), "a database that is gone must not look like no work"
    _due(letter, 20)
    done = letter.run("run-due")
    assert (done.returncode, done.stdout) == (0, "letter: finished, 20 of 20 accepted\n")
    quiet = letter.run("run-due")
    assert (quiet.returncode, quiet.stdout, quiet.stderr) == (0, "", "")
    again = letter.run("run-due", "--json")
    assert (again.returncode, json.loads(again.stdout)) == (0, {"ran": []})
    assert _reached(letter) == _everybody(20)


def test_two_runs_at_once_share_the_work_and_double_nobody(letter: Any, store_url: str) -> None:
    _due(letter, 600, url=store_url)
    _due(letter, 600, "second", url=store_url)
    runs = [_start(letter, store_url) for _ in range(3)]
    try:
        codes = [run.wait(PATIENCE) for run in runs]
    finally:
        for run in runs:
            run.kill()
            run.wait()
    assert codes == [0, 0, 0]
    assert letter.run("run-due", NEWSLETTER_DATABASE_URL=store_url).returncode == 0
    assert (_reached(letter), _reached(letter, "second")) == (_everybody(600), _everybody(600))


def test_a_run_leaves_a_campaign_to_whoever_is_sending_it_and_sends_the_others(letter: Any) -> None:
    settings = (letter.root / "newsletter.yaml").read_text()
    _due(letter, 2000)
    letter.write("newsletter.yaml", settings + "provider: {name: outbox, rate: 50/s}\n")
    first = _start(letter)
    try:
        _until_mail(letter)
        letter.write("newsletter.yaml", settings)
        _due(letter, 1200, "second")
        done = letter.run("run-due", "--json")
        assert (done.returncode, done.stderr) == (0, "")
        assert [(one["campaign"], one["ending"]) for one in json.loads(done.stdout)["ran"]] == [("second", "finished")]
        assert first.alive()
    finally:
        first.kill()
        first.wait()


def test_runs_that_are_killed_at_any_moment_reach_everybody_exactly_once(letter: Any, store_url: str) -> None:
    _due(letter, url=store_url)
    moments = random.Random(5)
    kills = 0
    for _ in range(12):
        run = _start(letter, store_url)
        time.sleep(moments.uniform(0.1, 0.6))
        run.kill()
        code = run.wait()
        kills += code == -signal.SIGKILL
        if code == 0:
            break
    assert kills >= 1
    done = letter.run("run-due", NEWSLETTER_DATABASE_URL=store_url)
    assert done.returncode == 0, done.stderr
    assert _reached(letter) == _everybody(3000)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 3), (signal.SIGINT, 130)])
def test_a_run_told_to_end_finishes_what_it_began_and_the_next_goes_on(letter: Any, number: int, code: int) -> None:
    _due(letter, 600)
    settings = (letter.root / "newsletter.yaml").read_text()
    letter.write("newsletter.yaml", settings + "provider: {name: outbox, rate: 100/s}\n")
    run = _start(letter)
    _until_mail(letter)
    run.send_signal(number)
    assert run.wait(PATIENCE) == code
    assert 0 < len(letter.outbox()) < 600
    letter.write("newsletter.yaml", settings)
    assert letter.run("run-due").returncode == 0
    assert _reached(letter) == _everybody(600)


def test_a_run_that_cannot_reach_the_server_answers_3_and_says_why(letter: Any) -> None:
    _due(letter, 20)
    settings = (letter.root / "newsletter.yaml").read_text()
    letter.write("newsletter.yaml", settings + "provider: {name: smtp}\n")
    done = letter.run("run-due", "--json", NEWSLETTER_SMTP_URL="smtp://127.0.0.1:9")
    assert done.returncode == 3
    (ran,) = json.loads(done.stdout)["ran"]
    assert (ran["ending"], ran["status"], ran["counts"]["pending"]) == ("stopped", "sending", 20)
    assert "not finished: letter" in done.stderr
    letter.write("newsletter.yaml", settings)
    assert letter.run("run-due").returncode == 0


def test_status_alone_lists_every_campaign_with_its_schedule(letter: Any) -> None:
    assert letter.run("status").stdout == "Nothing has been sent or scheduled from here yet.\n"
    _due(letter, 20)
    sent = letter.run("send", "letter", "--campaign", "second", "--at", "tomorrow 9:00 UTC", "--yes", "--json")
    assert (sent.returncode, json.loads(sent.stdout)["recipients"]) == (0, 20)
    letter.run("run-due")
    listed = json.loads(letter.run("status", "--json").stdout)["campaigns"]
    assert [(one["campaign"], one["status"]) for one in listed] == [("letter", "finished"), ("second", "scheduled")]
    assert listed[1]["scheduled_at"].endswith("T09:00:00+00:00")
    assert listed[0]["counts"] == dict.fromkeys(listed[0]["counts"], 0) | {"accepted": 20}
    assert listed[1]["counts"] == dict.fromkeys(listed[0]["counts"], 0) | {"pending": 20}
    lines = letter.run("status").stdout.splitlines()
    assert [line.split()[:5] for line in lines] == [
        ["letter", "finished", "20", "of", "20"],
        ["second", "scheduled", "0", "of", "20"],
    ]


def test_status_says_how_many_wait_for_their_own_time_and_until_when(letter: Any) -> None:
    _due(letter, 20)
    later = f"{datetime.now(UTC) + timedelta(hours=5):%Y-%m-%d %H:%M}"
    with closing(sqlite3.connect(letter.root / "var/newsletter.db")) as database, database:
        database.execute("UPDATE deliveries SET not_before = ? WHERE id > 15", (f"{later}:00.000000",))
    done = letter.run("run-due", "--json")
    (ran,) = json.loads(done.stdout)["ran"]
    assert (done.returncode, ran["ending"], ran["counts"]["accepted"]) == (0, "waiting", 15)
    assert ran["next_due"] == f"{later.replace(' ', 'T')}:00+00:00"
    assert f"5 wait for their time; the first at {later} UTC" in letter.run("status", "letter").stdout
    by_hand = letter.run("send", "letter", "--yes")
    assert (by_hand.returncode, f"after {later} UTC, or let `run-due` do it" in by_hand.stderr) == (3, True)


def test_a_schedule_that_makes_no_sense_freezes_nothing(letter: Any) -> None:
    for words in (["--at", "yesterday 9:00"], ["--at", "2020-01-01 09:00"], ["--local-time"]):
        refused = letter.run("send", "letter", "--yes", *words)
        assert refused.returncode == 2, words
    assert letter.run("send", "letter", "--at", "tomorrow 9:00", "--limit", "5", "--yes").returncode == 2
    assert "Add --yes" in letter.run("send", "letter", "--at", "tomorrow 9:00").stderr
    assert letter.run("status").stdout == "Nothing has been sent or scheduled from here yet.\n"


def test_how_late_is_too_late_is_a_time(letter: Any) -> None:
    settings = (letter.root / "newsletter.yaml").read_text()
    for words in ("6", "0h", "soon", "-3h", "{}"):
        letter.write("newsletter.yaml", settings + f"schedule: {{late: {words}}}\n")
        refused = letter.run("run-due")
        assert (refused.returncode, "write a time as 90m, 6h or 2d" in refused.stderr) == (2, True), words
