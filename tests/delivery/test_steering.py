"""Pausing, resuming and cancelling a campaign while another process sends it."""

from __future__ import annotations

import csv
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests import forked

PATIENCE = 60


@pytest.fixture
def few(letter: Any) -> Any:
    """The letter to 600 people: enough to be caught in the middle."""
    rows = "".join(f"reader{number}@example.org,Name{number}\n" for number in range(600))
    letter.write("audiences/readers.csv", "Email,First name\n" + rows)
    return letter


@contextmanager
def _running(workspace: Any, rate: str = "100/s") -> Iterator[forked.Run]:
    """A send in a process of its own, slow enough to be caught, once its first messages are out."""
    settings = (workspace.root / "newsletter.yaml").read_text()
    workspace.write("newsletter.yaml", settings + f"provider: {{name: outbox, rate: {rate}}}\n")
    with workspace.start("send", "letter", "--yes") as run:
        _until(lambda: bool(workspace.outbox()))
        yield run


def _until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.05)


def _state(workspace: Any, *command: str) -> dict[str, Any]:
    done = workspace.run(*command, "--json")
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _settled(workspace: Any) -> int:
    """How many are out once nothing more comes."""
    count = -1
    while count != (count := len(workspace.outbox())):
        time.sleep(0.7)
    return count


def test_a_running_send_waits_while_it_is_paused_and_goes_on_when_resumed(few: Any) -> None:
    with _running(few) as run:
        paused = _state(few, "pause", "letter", "--reason", "a wrong link")
        assert (paused["status"], paused["status_reason"]) == ("paused", "a wrong link")
        assert paused["being_sent"], "the sender waits, and has it still"
        count = _settled(few)
        assert count < 600
        assert run.alive()
        resumed = _state(few, "resume", "letter")
        assert (resumed["status"], resumed["being_sent"]) == ("sending", True)
        _until(lambda: len(few.outbox()) > count)
        assert run.wait(PATIENCE) == 0
        assert "'letter' is paused. Waiting for `newsletter resume letter`" in run.output[1]
    assert len(few.outbox()) == 600


def test_a_paused_campaign_is_not_sent_by_anybody_else(few: Any) -> None:
    few.run("send", "letter", "--yes", "--limit", "10")
    few.run("pause", "letter", "--reason", "the boss is reading")
    refused = few.run("send", "letter", "--yes")
    assert refused.returncode == 1
    assert "is paused: the boss is reading. Go on with `newsletter resume letter` first." in refused.stderr
    assert few.run("resume", "letter").returncode == 0
    assert few.run("send", "letter", "--yes").returncode == 0
    assert len(few.outbox()) == 600


def test_a_running_send_that_is_cancelled_ends_and_nobody_else_gets_it(few: Any) -> None:
    with _running(few) as run:
        assert _state(few, "cancel", "letter", "--yes")["status"] == "cancelled"
        assert run.wait(PATIENCE) == 1
        assert "was cancelled" in run.output[1]
    state = _state(few, "status", "letter")
    assert f"letter  cancelled  {len(few.outbox())} of 600" in few.run("status").stdout
    assert state["counts"]["accepted"] == len(few.outbox()) < 600
    assert state["counts"]["accepted"] + state["counts"]["skipped"] == 600
    assert {"state": "skipped", "reason": "cancelled", "count": state["counts"]["skipped"]} in state["reasons"]
    assert few.run("send", "letter", "--yes").returncode == 1
    assert len(few.outbox()) == state["counts"]["accepted"]


def test_what_is_over_can_be_neither_paused_nor_cancelled(few: Any) -> None:
    few.run("send", "letter", "--yes")
    for command in (["pause", "letter"], ["resume", "letter"], ["cancel", "letter", "--yes"]):
        refused = few.run(*command)
        assert refused.returncode == 1
        assert "campaign 'letter' is finished. Only" in refused.stderr


def test_nobody_cancels_by_mistake(few: Any) -> None:
    few.run("send", "letter", "--yes", "--limit", "10")
    refused = few.run("cancel", "letter")
    assert (refused.returncode, "Add --yes" in refused.stderr) == (2, True)
    assert "Did you mean 'letter'?" in few.run("pause", "leter").stderr


def test_a_refusal_of_the_sender_pauses_the_campaign_and_suppresses_nobody(
    few: Any, server: str, receiver: Any
) -> None:
    settings = (few.root / "newsletter.yaml").read_text()
    few.write("newsletter.yaml", settings + "provider: {name: smtp, connections: 2}\n")
    words = "550 5.7.26 Unauthenticated email is not accepted"
    receiver.refuse |= {f"reader{number}@example.org": words for number in range(600)}
    done = few.run("send", "letter", "--yes", NEWSLETTER_SMTP_URL=server)
    assert done.returncode == 3
    state = _state(few, "status", "letter")
    assert state["status"] == "paused"
    assert "5.7.26 Unauthenticated" in state["status_reason"]
    assert "said of reader" in state["status_reason"]
    assert state["counts"]["rejected"] == 0
    assert "No address is suppressed" in few.run("suppress", "list").stdout
    assert few.run("send", "letter", "--yes", NEWSLETTER_SMTP_URL=server).returncode == 1
    receiver.refuse.clear()
    few.run("resume", "letter")
    assert few.run("send", "letter", "--yes", NEWSLETTER_SMTP_URL=server).returncode == 0
    assert sorted(address for address, _ in receiver.received) == sorted(f"reader{n}@example.org" for n in range(600))


def test_the_rejected_can_be_tried_once_more(few: Any, server: str, receiver: Any) -> None:
    settings = (few.root / "newsletter.yaml").read_text()
    few.write("newsletter.yaml", settings + "provider: {name: smtp, connections: 2}\n")
    receiver.refuse["reader5@example.org"] = "552 5.2.2 mailbox full"
    receiver.refuse["reader6@example.org"] = "550 5.1.1 no such user"
    assert few.run("send", "letter", "--yes", NEWSLETTER_SMTP_URL=server).returncode == 0
    receiver.refuse.clear()
    done = few.run("send", "letter", "--yes", "--retry-failed", "--json", NEWSLETTER_SMTP_URL=server)
    counts = json.loads(done.stdout)["counts"]
    assert (counts["accepted"], counts["rejected"], counts["skipped"]) == (599, 0, 1)


def test_the_log_names_every_delivery_and_no_spreadsheet_computes_it(few: Any) -> None:
    rows = "=cmd|calc@example.org,A\n" + "".join(f"reader{number}@example.org,N\n" for number in range(20))
    few.write("audiences/readers.csv", "Email,First name\n" + rows)
    few.run("send", "letter", "--yes", "--limit", "15")
    assert few.run("status", "letter", "--log", "log.csv").returncode == 0
    with (few.root / "log.csv").open() as file:
        found = list(csv.DictReader(file))
    assert len(found) == 21
    assert found[0]["address"] == "'=cmd|calc@example.org"
    assert sum(row["state"] == "accepted" for row in found) == 15
    assert {"profession", "variant", "reason", "attempts", "changed_at", "delivery_id"} <= set(found[0])


def test_a_watched_send_is_followed_to_its_end(few: Any) -> None:
    with _running(few, "300/s") as run:
        watched = few.run("status", "letter", "--watch", "--json")
        assert run.wait(PATIENCE) == 0
    lines = [json.loads(line) for line in watched.stdout.splitlines()]
    assert lines[-1]["status"] == "finished"
    assert lines[-1]["counts"]["accepted"] == 600
    accepted = [line["counts"]["accepted"] for line in lines]
    assert accepted == sorted(accepted)
    assert any(line["seconds_left"] for line in lines if line["being_sent"])
    assert not any(line["seconds_left"] for line in lines if not line["being_sent"])
