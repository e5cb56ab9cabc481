"""`run-due` by a clock that the test sets: what is due is sent once, and nothing else, on both databases."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from newsletter.model import CampaignStatus
from newsletter.pipeline import due, planning, sending, standing, steering
from newsletter.pipeline.due import Ending, Ran, run_due
from newsletter.pipeline.scheduling import new_schedule
from newsletter.pipeline.workspace import Workspace, open_store, open_workspace
from newsletter.store import campaigns

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
TEMPLATES = Path(__file__).parents[2] / "templates"
PEOPLE = 30


class Timed:
    """A workspace whose clock the test sets."""

    def __init__(self, files: Any, url: str) -> None:
        self.files = files
        self.now = NOW
        self._url = url

    def open(self) -> Workspace:
        opened = open_workspace(self.files.root, {"NEWSLETTER_DATABASE_URL": self._url}, TEMPLATES)
        return replace(opened, clock=lambda: self.now)

    def provide(self, words: str) -> None:
        settings = (self.files.root / "newsletter.yaml").read_text().split("provider:")[0]
        self.files.write("newsletter.yaml", f"{settings}provider: {{name: outbox{words}}}\n")

    def schedule(self, words: str, name: str = "letter", local: bool = False) -> None:
        workspace = self.open()
        planned = planning.plan(workspace, "letter", name, fresh=True)
        planning.freeze(workspace, planned, schedule=new_schedule(workspace, name, None, words, local))

    def run(self, late: bool = False, stop: Event | None = None) -> list[tuple[str, Ending]]:
        return [(one.campaign, one.ending) for one in self.ran(late, stop)]

    def ran(self, late: bool = False, stop: Event | None = None) -> tuple[Ran, ...]:
        return run_due(self.open(), stop or Event(), late)

    def state(self, name: str = "letter") -> standing.CampaignState:
        return standing.status(self.open(), name)

    def reached(self, name: str = "letter") -> Counter[str]:
        found: Counter[str] = Counter()
        for path in self.files.outbox():
            content = path.read_bytes()
            if f"X-Campaign: {name}\r\n".encode() in content:
                to = next(line for line in content.split(b"\r\n") if line.startswith(b"To: "))
                found[to.decode().rpartition(" ")[2].strip("<>")] += 1
        return found


def _everybody(count: int = PEOPLE) -> Counter[str]:
    return Counter({f"reader{number}@example.org": 1 for number in range(count)})


def _people(files: Any, zone: Callable[[int], str] = lambda number: "", count: int = PEOPLE) -> None:
    rows = "".join(f"reader{number}@example.org,Name{number},{zone(number)}\n" for number in range(count))
    files.write("audiences/readers.csv", "Email,First name,Time zone\n" + rows)


@pytest.fixture
def timed(letter: Any, store_url: str) -> Timed:
    _people(letter)
    return Timed(letter, store_url)


@pytest.fixture
def quick(letter: Any) -> Timed:
    """On SQLite only, where the database makes no difference."""
    _people(letter)
    return Timed(letter, "sqlite:///var/newsletter.db")


def test_nothing_is_due_where_nothing_was_ever_sent_and_no_database_is_made(quick: Timed) -> None:
    assert quick.run() == []
    assert not (quick.files.root / "var").exists()


def test_a_campaign_is_sent_when_its_time_has_come_and_not_a_second_before(timed: Timed) -> None:
    timed.schedule("2026-11-21 15:00")
    timed.now = NOW + 3 * HOUR - timedelta(seconds=1)
    assert (timed.run(), timed.files.outbox()) == ([], [])
    timed.now = NOW + 3 * HOUR
    assert timed.run() == [("letter", Ending.FINISHED)]
    assert timed.reached() == _everybody()
    assert timed.run() == []


def test_what_was_frozen_is_sent_to_whom_it_was_frozen_for(timed: Timed) -> None:
    timed.schedule("2026-11-21 15:00")
    issue = timed.files.root / "issues/letter/issue.yaml"
    issue.write_text(issue.read_text().replace("text: Hello", "text: Goodbye"))
    _people(timed.files, count=PEOPLE + 5)
    timed.now = NOW + 3 * HOUR
    assert timed.run() == [("letter", Ending.FINISHED)]
    assert timed.reached() == _everybody()
    assert all(b"Hello" in path.read_bytes() for path in timed.files.outbox())


def test_a_schedule_that_is_too_old_is_paused_with_the_reason_and_told_once(timed: Timed) -> None:
    timed.files.write("newsletter.yaml", (timed.files.root / "newsletter.yaml").read_text() + "schedule: {late: 6h}\n")
    timed.schedule("2026-11-21 15:00")
    timed.now = NOW + 9 * HOUR + timedelta(seconds=1)
    (ran,) = timed.ran()
    assert ran.ending is Ending.LATE
    assert "due at 2026-11-21 15:00 UTC, more than 6 hours ago, so it is paused" in ran.message
    campaign = timed.state().campaign
    assert (campaign.status, timed.files.outbox()) == (CampaignStatus.PAUSED, [])
    assert campaign.status_reason == "it was due at 2026-11-21 15:00 UTC, more than 6 hours ago"
    assert timed.run() == [], "told once"
    steering.resume(timed.open(), "letter")
    assert timed.run() == [("letter", Ending.FINISHED)]
    assert timed.reached() == _everybody()


def test_what_was_paused_as_late_is_sent_when_told_and_what_a_person_paused_is_not(quick: Timed) -> None:
    quick.files.write("newsletter.yaml", (quick.files.root / "newsletter.yaml").read_text() + "schedule: {late: 1m}\n")
    for name in ("letter", "second"):
        quick.schedule("2026-11-21 15:00", name)
    steering.pause(quick.open(), "second", "not yet")
    quick.now = NOW + 3 * HOUR + timedelta(seconds=61)
    (ran,) = quick.ran()
    assert (ran.campaign, ran.ending) == ("letter", Ending.LATE)
    assert ran.state and (ran.state.campaign.status, ran.state.counts.pending) == (CampaignStatus.PAUSED, PEOPLE)
    assert "more than a minute ago" in ran.message
    assert quick.run(late=True) == [("letter", Ending.FINISHED)]
    assert (quick.reached(), quick.reached("second")) == (_everybody(), Counter())


@pytest.mark.parametrize("reason", ["", "wait for the boss"])
def test_what_was_paused_as_late_and_then_by_a_person_is_theirs(quick: Timed, reason: str) -> None:
    quick.schedule("2026-11-21 15:00")
    quick.now = NOW + 28 * HOUR
    assert quick.run() == [("letter", Ending.LATE)]
    assert steering.pause(quick.open(), "letter", reason).campaign.status_reason == reason
    assert quick.run(late=True) == []


def test_what_was_cancelled_meanwhile_is_not_called_paused(quick: Timed, monkeypatch: pytest.MonkeyPatch) -> None:
    quick.schedule("2026-11-21 15:00")
    quick.now = NOW + 3 * HOUR
    monkeypatch.setattr(due, "send", lambda *rest: steering.cancel(quick.open(), "letter", "no more"))
    (ran,) = quick.ran()
    assert (ran.ending, ran.message) == (Ending.CANCELLED, "it was cancelled meanwhile")


def test_the_rate_counts_from_the_first_message_within_the_minute(quick: Timed) -> None:
    quick.schedule("2026-11-21 15:00")
    quick.now = NOW + 3 * HOUR
    sending.send(quick.open(), "letter", sending.SendOptions(limit=20), Event())
    began = quick.now
    for seconds, rate in ((0, 20.0), (10, 2.0), (60, 20 / 60), (61, 0.0)):
        quick.now = began + timedelta(seconds=seconds)
        assert quick.state().rate == rate, seconds
    quick.now = began + timedelta(seconds=5)
    assert quick.run() == [("letter", Ending.FINISHED)]
    quick.now = began + timedelta(seconds=30)
    assert quick.state().rate == PEOPLE / 5, "what is finished grows no slower"


def test_a_schedule_as_old_as_is_allowed_is_sent_and_an_older_one_when_told(quick: Timed) -> None:
    quick.schedule("2026-11-21 15:00")
    quick.now = NOW + 27 * HOUR
    assert quick.run() == [("letter", Ending.FINISHED)]
    quick.schedule("2026-11-22 16:00", "second")
    quick.now += timedelta(days=30)
    assert quick.run(late=True) == [("second", Ending.FINISHED)]
    assert quick.reached("second") == _everybody()


def test_quiet_hours_make_nobody_late(quick: Timed) -> None:
    quick.files.write("newsletter.yaml", (quick.files.root / "newsletter.yaml").read_text() + "schedule: {late: 1h}\n")
    quick.provide(', quiet_hours: "14:00-20:00"')
    quick.schedule("2026-11-21 15:00")
    quick.now = NOW + 3 * HOUR
    (ran,) = quick.ran()
    assert (ran.ending, ran.stopped) == (Ending.HELD, False)
    assert "held by a limit (quiet hours) until 2026-11-21 20:00" in ran.message
    quick.now = NOW + 8 * HOUR
    assert quick.run() == [("letter", Ending.FINISHED)]


def test_everybody_gets_it_by_their_own_clock_once_and_nobody_early(timed: Timed) -> None:
    zones = ("Asia/Tokyo", "Europe/Berlin", "", "America/New_York", "Pacific/Auckland")
    _people(timed.files, lambda number: zones[number % 5])
    timed.schedule("2026-11-22 09:00", local=True)
    # Their 09:00 in UTC: Auckland (+13) 20:00 of the day before, Tokyo 00:00, Berlin 08:00, UTC, New York 14:00.
    due = [(8 * HOUR, 4), (12 * HOUR, 0), (20 * HOUR, 1), (21 * HOUR, 2), (26 * HOUR, 3)]
    assert timed.state().campaign.scheduled_at == NOW + 8 * HOUR
    expected: Counter[str] = Counter()
    for after, zone in due:
        timed.now = NOW + after - timedelta(seconds=1)
        assert timed.run() == []
        assert timed.reached() == expected
        timed.now = NOW + after
        last = zone == 3
        assert timed.run() == [("letter", Ending.FINISHED if last else Ending.WAITING)]
        expected.update(f"reader{number}@example.org" for number in range(zone, PEOPLE, 5))
        assert timed.reached() == expected
    assert expected == _everybody()


def test_a_clock_that_is_set_back_doubles_nobody_and_what_was_begun_goes_on(timed: Timed) -> None:
    timed.provide(", hourly: 10")
    timed.schedule("2026-11-21 15:00")
    timed.now = NOW + 3 * HOUR
    assert timed.run() == [("letter", Ending.HELD)]
    assert len(timed.files.outbox()) == 10
    timed.now = NOW - timedelta(days=2)
    assert timed.run() == [("letter", Ending.HELD)], "what was sent in the future counts towards the cap"
    timed.provide("")
    assert timed.run() == [("letter", Ending.FINISHED)]
    assert timed.reached() == _everybody()


def test_what_is_paused_or_cancelled_stays_so(quick: Timed) -> None:
    quick.schedule("2026-11-21 15:00")
    quick.schedule("2026-11-21 15:00", "second")
    steering.pause(quick.open(), "letter", "the boss is reading")
    steering.cancel(quick.open(), "second", "")
    quick.now = NOW + 3 * HOUR
    assert quick.run() == []
    steering.resume(quick.open(), "letter")
    assert quick.run() == [("letter", Ending.FINISHED)]
    assert (quick.reached(), quick.reached("second")) == (_everybody(), Counter())


def test_one_that_is_paused_after_it_was_found_to_be_due_is_no_failure(
    quick: Timed, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick.schedule("2026-11-21 15:00")
    quick.now = NOW + 3 * HOUR
    send = sending.send

    def paused_first(*arguments: Any) -> standing.CampaignState:
        steering.pause(quick.open(), "letter", "")
        return send(*arguments)

    monkeypatch.setattr("newsletter.pipeline.due.send", paused_first)
    (ran,) = quick.ran()
    assert (ran.ending, ran.stopped, ran.message) == (Ending.PAUSED, False, "it was paused meanwhile")
    assert quick.files.outbox() == []


def test_what_is_resumed_before_its_time_waits_for_it(quick: Timed) -> None:
    quick.schedule("2026-11-21 15:00")
    steering.pause(quick.open(), "letter", "")
    assert steering.resume(quick.open(), "letter").campaign.status is CampaignStatus.SCHEDULED
    assert quick.run() == []


def test_one_campaign_that_fails_does_not_stop_the_others(quick: Timed) -> None:
    quick.schedule("2026-11-21 14:00", "broken")
    quick.schedule("2026-11-21 15:00")
    with open_store(quick.open()) as database, database.begin() as connection:
        connection.execute(
            campaigns.campaign_contents.update()
            .values(content=b"no")
            .where(campaigns.campaign_contents.c.campaign_id == 1)
        )
    quick.now = NOW + 3 * HOUR
    broken, letter = quick.ran()
    assert (broken.campaign, broken.ending, broken.stopped) == ("broken", Ending.STOPPED, True)
    assert "an error of the program itself" in broken.message
    assert (letter.campaign, letter.ending) == ("letter", Ending.FINISHED)
    assert quick.reached() == _everybody()


def test_a_campaign_whose_last_run_was_cut_off_before_its_end_was_written_is_finished(quick: Timed) -> None:
    quick.schedule("2026-11-21 15:00")
    quick.now = NOW + 3 * HOUR
    quick.run()
    with open_store(quick.open()) as database, database.begin() as connection:
        connection.execute(campaigns.campaigns.update().values(status="sending"))
    assert quick.run() == [("letter", Ending.FINISHED)]
    assert quick.reached() == _everybody()


def test_told_to_end_it_begins_nothing_more(quick: Timed) -> None:
    quick.schedule("2026-11-21 15:00")
    quick.now = NOW + 3 * HOUR
    stop = Event()
    stop.set()
    assert quick.run(stop=stop) == []
    assert quick.files.outbox() == []


def test_what_nobody_can_decide_but_a_person_is_not_tried_every_minute(quick: Timed) -> None:
    quick.schedule("2026-11-21 15:00")
    with open_store(quick.open()) as database, database.begin() as connection:
        connection.exec_driver_sql("UPDATE deliveries SET state = 'uncertain' WHERE id = 1")
    quick.now = NOW + 3 * HOUR
    (ran,) = quick.ran()
    assert ran.stopped
    assert "--resend-uncertain or --skip-uncertain" in ran.message
    assert quick.run() == []
