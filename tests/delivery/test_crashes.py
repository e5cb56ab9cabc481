"""A sender that is killed, and run again: nobody skipped, nobody mailed twice."""

from __future__ import annotations

import json
import signal
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import pytest

from newsletter.pipeline.feedback import import_events
from newsletter.pipeline.workspace import open_workspace
from newsletter.store.reconciliation import Reconciled
from tests.delivery import sendgrid_server
from tests.delivery.altered import SMALL_REQUEST, ask_in_small_requests, beginning_with
from tests.delivery.kills import random_moments

FULL_REQUEST = 1000


def _addresses(workspace: Any) -> Counter[str]:
    found: Counter[str] = Counter()
    for path in workspace.outbox():
        lines = path.read_bytes().split(b"\r\n")
        to = next(line for line in lines if line.startswith(b"To: "))
        found[to.decode().rpartition(" ")[2].strip("<>")] += 1
    return found


def _until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, f"not in a minute: {what}"
        time.sleep(0.005)


def _wait_for_mail(workspace: Any) -> None:
    """Until the first message is out, however slow the machine."""
    _until(lambda: bool(workspace.outbox()), "a message")


def _provider(workspace: Any, words: str) -> None:
    workspace.write("newsletter.yaml", (workspace.root / "newsletter.yaml").read_text() + f"provider: {{{words}}}\n")


def _people(workspace: Any, count: int) -> Counter[str]:
    """That many readers; each of them once."""
    rows = "".join(f"reader{number}@example.org,Name{number}\n" for number in range(count))
    workspace.write("audiences/readers.csv", "Email,First name\n" + rows)
    return Counter({f"reader{number}@example.org": 1 for number in range(count)})


def _killed(workspace: Any, sends: Callable[[], bool], after: float = 0.0, **environment: str) -> None:
    """Begin a send, and kill it so long after it `sends`; fails when it had ended before."""
    with workspace.start("send", "letter", "--yes", "--as-frozen", **environment) as run:
        _until(lambda: sends() or not run.alive(), "a message")
        time.sleep(after)
        run.kill()
        assert run.wait(timeout=60) == -signal.SIGKILL, "it was over already"


def _more(count: Callable[[], int]) -> Callable[[], bool]:
    before = count()
    return lambda: count() > before


def test_a_killed_send_to_the_outbox_reaches_everybody_exactly_once(letter: Any) -> None:
    settings = (letter.root / "newsletter.yaml").read_text()
    _provider(letter, "name: outbox, rate: 500/s")
    moments = random_moments()
    for _ in range(8):
        _killed(letter, _more(lambda: len(letter.outbox())), moments.uniform(0.0, 0.1))
    letter.write("newsletter.yaml", settings)
    final = letter.run("send", "letter", "--yes", "--json")
    assert final.returncode == 0, final.stderr
    assert json.loads(final.stdout)["counts"] == {
        "accepted": 3000,
        "pending": 0,
        "deferred": 0,
        "rejected": 0,
        "uncertain": 0,
        "skipped": 0,
    }
    assert _addresses(letter) == Counter({f"reader{number}@example.org": 1 for number in range(3000)})


def test_a_killed_send_over_smtp_doubles_nobody_and_holds_the_doubtful(letter: Any, server: str, receiver: Any) -> None:
    _provider(letter, "name: smtp, connections: 3")
    everybody, kills = _people(letter, 600), 4
    for _ in range(kills):
        _killed(letter, _more(lambda: len(receiver.received)), NEWSLETTER_SMTP_URL=server)
    final = letter.run("send", "letter", "--yes", "--json", NEWSLETTER_SMTP_URL=server)
    counts = json.loads(final.stdout)["counts"]
    received = Counter(address for address, _ in receiver.received)
    assert counts["accepted"] + counts["uncertain"] == 600
    assert max(received.values()) == 1, "somebody was mailed twice"
    assert counts["uncertain"] <= 5 * 3 * kills
    assert len(received) >= counts["accepted"]
    assert final.returncode == (3 if counts["uncertain"] else 0)
    decided = letter.run("send", "letter", "--yes", "--resend-uncertain", NEWSLETTER_SMTP_URL=server)
    assert decided.returncode == 0, decided.stderr
    assert {address for address, _ in receiver.received} == set(everybody)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_send_told_to_stop_finishes_what_it_began_and_goes_on_later(letter: Any, number: int) -> None:
    _provider(letter, "name: outbox, rate: 400/s")
    with letter.start("send", "letter", "--yes") as run:
        _wait_for_mail(letter)
        run.send_signal(number)
        code = run.wait(timeout=60)
    assert code == (130 if number == signal.SIGINT else 3)
    state = json.loads(letter.run("status", "letter", "--json").stdout)
    assert 0 < state["counts"]["accepted"] < 3000
    assert state["counts"]["uncertain"] == 0
    assert len(letter.outbox()) == state["counts"]["accepted"]


def test_a_second_sender_of_the_same_campaign_is_refused_while_the_first_lives(letter: Any) -> None:
    _provider(letter, "name: outbox, rate: 300/s")
    with letter.start("send", "letter", "--yes"):
        _wait_for_mail(letter)
        second = letter.run("send", "letter", "--yes")
        assert second.returncode == 1
        assert "being sent by another process" in second.stderr


def test_a_sender_that_loses_its_lock_is_overtaken_and_doubles_nobody(letter: Any, server: str, receiver: Any) -> None:
    _provider(letter, "name: smtp, connections: 3, rate: 300/s")
    _people(letter, 1200)
    with letter.start("send", "letter", "--yes", NEWSLETTER_SMTP_URL=server) as first:
        _until(lambda: bool(receiver.received), "a message")
        for lock in (letter.root / "var").glob("*.lock"):
            lock.unlink()
        second = letter.run("send", "letter", "--yes", "--json", NEWSLETTER_SMTP_URL=server)
        assert first.wait(timeout=60) == 3
    received = Counter(address for address, _ in receiver.received)
    assert max(received.values()) == 1, "somebody was mailed twice"
    counts = json.loads(second.stdout)["counts"]
    assert counts["accepted"] + counts["uncertain"] == 1200
    assert counts["uncertain"] <= 5 * 3
    assert len(received) >= counts["accepted"]


def test_sending_in_portions_reaches_everybody_once(letter: Any) -> None:
    assert letter.run("send", "letter", "--yes", "--limit", "1000").returncode == 3
    assert len(letter.outbox()) == 1000
    assert letter.run("send", "letter", "--yes").returncode == 0
    assert set(_addresses(letter).values()) == {1}
    assert len(letter.outbox()) == 3000


def test_someone_suppressed_between_two_runs_is_skipped(letter: Any) -> None:
    letter.run("send", "letter", "--yes", "--limit", "10")
    assert letter.run("suppress", "add", "Reader2999@Example.org", "--reason", "asked").returncode == 0
    final = json.loads(letter.run("send", "letter", "--yes", "--json").stdout)
    assert final["counts"]["accepted"] == 2999
    assert final["reasons"] == [{"state": "skipped", "reason": "suppressed: asked", "count": 1}]
    assert "reader2999@example.org" not in _addresses(letter)


def test_changed_content_is_not_sent_to_the_rest_unasked(letter: Any) -> None:
    letter.run("send", "letter", "--yes", "--limit", "10")
    path = letter.root / "issues/letter/issue.yaml"
    path.write_text(path.read_text().replace("Hello", "Goodbye"))
    refused = letter.run("send", "letter", "--yes")
    assert refused.returncode == 1
    assert "has changed since campaign 'letter' was frozen" in refused.stderr
    assert len(letter.outbox()) == 10
    assert letter.run("send", "letter", "--yes", "--as-frozen").returncode == 0
    assert all(b"Hello" in path.read_bytes() for path in letter.outbox())


def test_fifty_killed_sends_to_sendgrid_skip_nobody_double_nobody_and_their_events_settle_the_rest(letter: Any) -> None:
    people, connections, kills, told = 15_000, 2, 50, 0
    _provider(letter, f"name: sendgrid, connections: {connections}")
    everybody = _people(letter, people)
    moments, settled, small = random_moments(), Reconciled(), beginning_with(ask_in_small_requests)
    with sendgrid_server.running() as server:
        server.pause = lambda: moments.uniform(0.01, 0.05)
        server.drops = lambda: moments.random() < 0.5
        secrets = {"SENDGRID_API_KEY": sendgrid_server.KEY, "SENDGRID_HOST": server.url}
        workspace = open_workspace(letter.root, secrets, letter.root)
        for number in range(kills):
            # Small ones cost less, so more kills find somebody to mail; some are as large as they come.
            size, how = (SMALL_REQUEST, small) if number % 25 else (FULL_REQUEST, {})
            _killed(letter, _more(lambda: len(server.requests)), moments.uniform(0.0, 0.1), **secrets, **how)
            server.settle()
            first = _reconciled(workspace, server.events()[told:])
            told = len(server.events())
            assert first.accepted + first.uncertain <= size * connections, "at most one request per connection"
            again = _reconciled(workspace, [], datetime.now(UTC))
            assert (again.accepted, again.uncertain) == (0, 0), "silence, once all is told, means never taken"
            settled = Reconciled(settled.accepted + first.accepted, pending=settled.pending + again.pending)
        assert settled.accepted, "no kill came between a request and its answer"
        assert settled.pending, "no kill left a request that was never taken"
        server.pause = lambda: 0.0
        final = letter.run("send", "letter", "--yes", "--json", **secrets)
        assert final.returncode == 0, final.stderr
        assert json.loads(final.stdout)["counts"]["accepted"] == people
        assert server.times() == everybody
    assert sendgrid_server.KEY.encode() not in (letter.root / "var/newsletter.db").read_bytes()


def _reconciled(workspace: Any, events: list[dict[str, object]], until: datetime | None = None) -> Reconciled:
    """What a file of these events settles."""
    file = BytesIO(json.dumps(events).encode())
    return import_events(workspace, [("events.json", file)], until).reconciled.get("letter", Reconciled())
