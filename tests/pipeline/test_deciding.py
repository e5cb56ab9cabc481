"""From `ab:` in an issue to everybody mailed exactly once, the rest with the winner; on both databases."""

from __future__ import annotations

import csv
import email
import email.policy
import json
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier, Thread
from threading import Event as Flag
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import select, update

from newsletter.cli.main import newsletter
from newsletter.errors import NewsletterError, Refused, SettingsError, Stopped
from newsletter.model import CampaignStatus, Event, EventKind
from newsletter.pipeline import deciding, due, planning, sending, standing, steering
from newsletter.pipeline.due import Ending, Ran
from newsletter.pipeline.scheduling import new_schedule
from newsletter.pipeline.sending import SendOptions
from newsletter.pipeline.workspace import Workspace, open_store, open_workspace
from newsletter.store import events, experiments
from newsletter.store.ledger import deliveries

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
TEMPLATES = Path(__file__).parents[2] / "templates"
PEOPLE = 30
ISSUE = """\
title: A letter
audience: readers
ab:
  share: 40%
  winner: clicks
  wait: 4h
  subjects:
    - A plain subject
    - "One for {{ recipient.first_name | default('you') }}"
sections:
  - blocks:
      - text: Hello {{ recipient.first_name }}
"""


class Tried:
    """A letter to thirty people that tries something, and a clock that the test sets."""

    def __init__(self, files: Any, url: str) -> None:
        self.files = files
        self.now = NOW
        self._url = url
        rows = "".join(f"reader{number}@example.org,Name{number}\n" for number in range(PEOPLE))
        files.write("audiences/readers.csv", "Email,First name\n" + rows)
        files.write("issues/letter/issue.yaml", ISSUE)

    def open(self) -> Workspace:
        opened = open_workspace(self.files.root, {"NEWSLETTER_DATABASE_URL": self._url}, TEMPLATES)
        return replace(opened, clock=lambda: self.now)

    def freeze(self, name: str = "letter", when: str = "", local: bool = False) -> None:
        workspace = self.open()
        schedule = new_schedule(workspace, name, None, when, local) if when else None
        planning.freeze(workspace, planning.plan(workspace, "letter", name, fresh=True), schedule=schedule)

    def send(self, limit: int | None = None) -> standing.CampaignState:
        return sending.send(self.open(), "letter", SendOptions(limit, waits=False), Flag())

    def run(self) -> tuple[Ran, ...]:
        return due.run_due(self.open(), Flag())

    def tried(self) -> deciding.Tried:
        found = standing.status(self.open(), "letter").tried
        assert found is not None
        return found

    def subjects(self) -> dict[str, str]:
        """Address → the subject they got; fails when anybody got two mails."""
        found: dict[str, str] = {}
        for path in self.files.outbox():
            message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
            address = message["To"].addresses[0].addr_spec
            assert address not in found
            found[address] = message["Subject"]
        return found

    def click(self, arm: str, people: int, kind: EventKind = EventKind.CLICK, machine: bool = False) -> None:
        """So many of the arm's people click, each three times."""
        query = select(deliveries.c.delivery_id).where(deliveries.c.arm == arm).limit(people)
        with open_store(self.open()) as database, database.begin() as connection:
            each = list(connection.execute(query).scalars())
            assert len(each) == people
            told = [
                Event(one, "letter", kind, self.now, f"{one} {kind} {number}", machine=machine)
                for one in each
                for number in range(3)
            ]
            events.record(connection, told, self.now)


@pytest.fixture
def letter_tried(letter: Any, store_url: str) -> Tried:
    return Tried(letter, store_url)


@pytest.fixture
def quick(letter: Any) -> Tried:
    """On SQLite only, where the database makes no difference."""
    return Tried(letter, "sqlite:///var/newsletter.db")


def _kinds(subjects: dict[str, str]) -> Counter[str]:
    return Counter("a" if one == "A plain subject" else "b" for one in subjects.values())


def test_the_arms_go_first_and_when_the_wait_is_over_everybody_else_gets_the_winner(letter_tried: Tried) -> None:
    letter_tried.freeze()
    assert [one.ending for one in letter_tried.run()] == [Ending.WAITING]
    first = letter_tried.subjects()
    assert _kinds(first) == Counter(a=6, b=6)
    assert all(one == "A plain subject" or one.startswith("One for Name") for one in first.values())
    assert letter_tried.run() == ()
    letter_tried.click("a", 1)
    letter_tried.click("b", 2)
    letter_tried.now += timedelta(hours=3, minutes=59)
    assert letter_tried.run() == ()
    assert letter_tried.send().counts.undecided == PEOPLE - 12
    letter_tried.now += timedelta(minutes=1)
    (ran,) = letter_tried.run()
    assert ran.ending is Ending.FINISHED
    everybody = letter_tried.subjects()
    assert len(everybody) == PEOPLE
    assert _kinds(everybody) == Counter(a=6, b=24)
    assert {address: everybody[address] for address in first} == first
    running = letter_tried.tried().running
    assert (running.winner, running.decided_at) == ("b", letter_tried.now)
    assert running.decided_by == "clicked in it (a: 1 of 6, b: 2 of 6)"
    assert letter_tried.run() == ()


def test_a_tie_goes_to_the_first_arm(quick: Tried) -> None:
    quick.freeze()
    quick.run()
    quick.click("a", 2)
    quick.click("b", 2)
    quick.now += 4 * HOUR
    quick.run()
    assert _kinds(quick.subjects()) == Counter(a=24, b=6)


def test_without_events_nothing_is_guessed_and_a_person_is_told_once(letter_tried: Tried) -> None:
    letter_tried.freeze()
    letter_tried.run()
    letter_tried.now += 4 * HOUR
    (ran,) = letter_tried.run()
    assert ran.stopped
    assert "18 wait for the winner" in ran.message
    assert "nobody is known to have clicked in it. Choose it: `newsletter send letter --winner a`" in ran.message
    assert letter_tried.run() == ()
    with pytest.raises(Stopped, match="--winner"):
        standing.refuse_unfinished(letter_tried.send())
    assert len(letter_tried.subjects()) == 12
    # What is told late still counts.
    letter_tried.click("b", 1)
    assert [one.ending for one in letter_tried.run()] == [Ending.FINISHED]
    assert _kinds(letter_tried.subjects()) == Counter(a=6, b=24)


def test_what_to_run_names_the_campaign_where_the_issue_does_not(quick: Tried) -> None:
    quick.freeze("second")
    quick.run()
    quick.now += 4 * HOUR
    (ran,) = quick.run()
    assert "Choose it: `newsletter send letter --campaign second --winner a`, or another." in ran.message


def test_opens_by_machines_do_not_count(quick: Tried) -> None:
    quick.files.write("issues/letter/issue.yaml", ISSUE.replace("clicks", "opens"))
    quick.freeze()
    quick.run()
    quick.click("a", 6, EventKind.OPEN, machine=True)
    quick.now += 4 * HOUR
    assert quick.run()[0].stopped
    quick.click("b", 1, EventKind.OPEN)
    assert [one.ending for one in quick.run()] == [Ending.FINISHED]
    assert _kinds(quick.subjects()) == Counter(a=6, b=24)


@pytest.mark.parametrize("sent_before", [0, 5])
def test_a_person_decides_at_any_time_and_those_in_an_arm_keep_it(quick: Tried, sent_before: int) -> None:
    quick.freeze()
    if sent_before:
        quick.send(limit=sent_before)
    deciding.choose(quick.open(), "letter", "b")
    state = quick.send()
    assert state.campaign.status is CampaignStatus.FINISHED
    assert _kinds(quick.subjects()) == Counter(a=6, b=24)
    assert quick.tried().running.decided_by == deciding.BY_HAND


def test_a_winner_stays(quick: Tried) -> None:
    quick.freeze()
    deciding.choose(quick.open(), "letter", "b")
    deciding.choose(quick.open(), "letter", "b")
    with pytest.raises(Refused, match="arm b won on 2026-11-21 12:00 UTC"):
        deciding.choose(quick.open(), "letter", "a")
    with pytest.raises(SettingsError, match=r"there is no arm 'c'\. Arms: a, b"):
        deciding.choose(quick.open(), "letter", "c")


def test_by_hand_nothing_is_decided_by_itself(quick: Tried) -> None:
    quick.files.write("issues/letter/issue.yaml", ISSUE.replace("clicks", "by hand"))
    quick.freeze()
    (ran,) = quick.run()
    assert "yours to choose, and you are asked for it after 2026-11-21 16:00 UTC" in ran.message
    assert "by the next `run-due`" not in ran.message
    assert json.loads(_command(quick.files, "status", "letter", "--json")[1])["ab"]["decided_after"] is None
    quick.click("b", 5)
    quick.now += 4 * HOUR
    (ran,) = quick.run()
    assert "it is decided by hand" in ran.message
    assert quick.run() == ()
    assert len(quick.subjects()) == 12


def test_a_paused_or_cancelled_campaign_decides_nothing(quick: Tried) -> None:
    quick.freeze()
    quick.run()
    quick.click("b", 5)
    quick.now += 4 * HOUR
    steering.pause(quick.open(), "letter", "")
    assert quick.run() == ()
    assert quick.tried().running.winner == ""
    state = steering.cancel(quick.open(), "letter", "")
    assert (state.counts.accepted, state.counts.skipped, state.counts.unfinished) == (12, 18, 0)
    with pytest.raises(Refused, match="was cancelled"):
        deciding.choose(quick.open(), "letter", "a")
    assert len(quick.subjects()) == 12


def test_blocks_are_tried_as_subjects_are(quick: Tried) -> None:
    text = ISSUE.partition("  subjects:")[0].replace("audience:", "subject: One\naudience:")
    quick.files.write(
        "issues/letter/issue.yaml",
        f"{text}sections:\n  - blocks:\n      - {{text: Long way, arm: a}}\n      - {{text: Short way, arm: b}}\n",
    )
    quick.freeze()
    quick.send()
    deciding.choose(quick.open(), "letter", "a")
    quick.send()
    texts = [path.read_bytes() for path in quick.files.outbox()]
    assert (sum(b"Long way" in one for one in texts), sum(b"Short way" in one for one in texts)) == (24, 6)


def test_a_schedule_sends_the_arms_at_its_time_and_the_wait_begins_then(quick: Tried) -> None:
    quick.freeze(when="2026-11-22 09:00 UTC")
    assert quick.run() == ()
    quick.now = datetime(2026, 11, 22, 9, tzinfo=UTC)
    assert [one.ending for one in quick.run()] == [Ending.WAITING]
    assert quick.tried().running.due_at == quick.now + 4 * HOUR
    with pytest.raises(Refused, match="nobody can wait for a winner and have it by their own clock"):
        quick.freeze("second", "2026-11-23 09:00", local=True)


def test_with_a_share_of_all_nobody_waits(quick: Tried) -> None:
    quick.files.write("issues/letter/issue.yaml", ISSUE.replace("40%", "100%"))
    quick.freeze()
    assert [one.ending for one in quick.run()] == [Ending.FINISHED]
    assert _kinds(quick.subjects()) == Counter(a=15, b=15)


def test_fewer_people_than_arms_are_refused_before_anything_is_frozen(quick: Tried) -> None:
    quick.files.write("audiences/readers.csv", "Email,First name\nreader0@example.org,Name0\n")
    with pytest.raises(Refused, match=r"issue\.yaml:3: 1 recipient\(s\) cannot be put into 2 arms"):
        quick.freeze()


# ── killed ──────────────────────────────────────────────────────────────────────────────────────────────────────────


class Killed(BaseException):
    """The process ended here: nothing after it ran, and what was not committed is gone."""


@pytest.mark.parametrize("place", ["before it is decided", "before the rest is let go", "before the rest is sent"])
def test_whenever_it_is_killed_around_the_decision_everybody_is_mailed_once(
    letter_tried: Tried, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    letter_tried.freeze()
    letter_tried.run()
    letter_tried.click("b", 3)
    letter_tried.now += 4 * HOUR

    def killed(*arguments: object, **named: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        if place == "before it is decided":
            patch.setattr("newsletter.store.experiments.decide", killed)
        elif place == "before the rest is let go":
            # The winner is written, and the statement that lets the others go never runs.
            patch.setattr(experiments, "update", lambda table: killed() if table is deliveries else update(table))
        else:
            patch.setattr("newsletter.delivery.loop.deliver", killed)
        with pytest.raises(Killed):
            letter_tried.send()
    decided = letter_tried.tried()
    assert (decided.running.winner, decided.waiting) in (("", 18), ("b", 0))
    assert bool(decided.running.winner) == (place == "before the rest is sent")
    assert [one.ending for one in letter_tried.run()] == [Ending.FINISHED]
    assert len(letter_tried.subjects()) == PEOPLE
    assert _kinds(letter_tried.subjects()) == Counter(a=6, b=24)


def test_a_run_that_was_killed_before_it_could_say_that_the_arms_are_mailed_says_so_in_the_next(
    quick: Tried, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick.freeze()

    def killed(*arguments: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr("newsletter.pipeline.sending._close", killed)
        patch.setattr("newsletter.store.experiments.mark_tested", lambda *arguments: None)
        with pytest.raises(Killed):
            quick.send()
    assert quick.tried().running.tested_at is None
    assert [one.ending for one in quick.run()] == [Ending.WAITING]
    assert quick.tried().running.tested_at == quick.now


def test_two_runs_at_once_decide_once_and_double_nobody(letter_tried: Tried) -> None:
    letter_tried.freeze()
    letter_tried.run()
    letter_tried.click("b", 3)
    letter_tried.now += 4 * HOUR
    together = Barrier(2)

    def run() -> None:
        together.wait()
        letter_tried.run()

    threads = [Thread(target=run) for _ in range(2)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    letter_tried.run()
    assert len(letter_tried.subjects()) == PEOPLE
    assert _kinds(letter_tried.subjects()) == Counter(a=6, b=24)


# ── the command ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _command(files: Any, *arguments: str) -> tuple[int, str]:
    """Exit code, and what is printed on standard output."""
    runner = CliRunner()
    done = runner.invoke(newsletter, ["--workspace", str(files.root), *arguments])
    if isinstance(done.exception, NewsletterError):
        return done.exception.exit_code, f"{done.stdout}{done.exception}"
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.stdout


def test_the_command_plans_sends_shows_and_lets_a_person_choose(letter: Any, tmp_path: Path) -> None:
    Tried(letter, "")
    code, said = _command(letter, "plan", "letter", "--json")
    assert (code, json.loads(said)["ab"]) == (
        0,
        {"arms": {"a": 6, "b": 6}, "rest": 18, "winner_by": "clicks", "wait_seconds": 14400},
    )
    code, said = _command(letter, "plan", "letter")
    assert "6  arm a  A plain subject" in said
    assert "6  arm b  One for you" in said
    code, said = _command(letter, "send", "letter", "--winner", "a", "--yes")
    assert (code, "was never begun" in said) == (2, True)
    code, said = _command(letter, "send", "letter", "--yes")
    assert code == 3
    assert "The winner is decided after" in said
    code, said = _command(letter, "status", "letter", "--json")
    told = json.loads(said)
    assert told["counts"]["pending"] == 18
    assert (told["ab"]["waiting"], told["ab"]["winner"], told["ab"]["must_choose"]) == (18, None, False)
    listed = json.loads(_command(letter, "status", "--json")[1])["campaigns"][0]
    assert (listed["counts"]["pending"], listed["undecided"]) == (18, 18)
    assert _command(letter, "status")[1] == "letter  sending  12 of 30  18 wait for the winner\n"
    assert told["ab"]["arms"][1] == {"arm": "b", "people": 6, "accepted": 6, "opened": 0, "clicked": 0}
    code, said = _command(letter, "send", "letter", "--yes", "--winner", "B")
    assert code == 0
    assert "Arm b won" in said
    code, _ = _command(letter, "status", "letter", "--log", str(tmp_path / "log.csv"))
    with (tmp_path / "log.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0])[-2:] == ["arm", "part"]
    assert Counter((one["arm"], one["part"]) for one in rows) == {("a", "test"): 6, ("b", "test"): 6, ("b", "rest"): 18}
