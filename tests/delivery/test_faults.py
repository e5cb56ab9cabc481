"""Sending over SMTP while everything around it fails: nobody is skipped, nobody is mailed twice, doubts are bounded."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from newsletter.store.claiming import delivery_id
from tests import forked
from tests.delivery.altered import be_impatient, beginning_with, end_soon, have_a_quota, have_little_room
from tests.delivery.kills import random_moments
from tests.delivery.smtp_server import LOSE, MailServer
from tests.postgresql import running_server

CONNECTIONS = 4
Run = Callable[..., forked.Run]
GROUP = 5
"""Messages whose in-flight marks a connection writes at once."""


@pytest.fixture
def mail() -> Iterator[MailServer]:
    with MailServer() as server:
        yield server


def _people(letter: Any, count: int, rate: str, more: str = "") -> None:
    provider = f"provider: {{name: smtp, connections: {CONNECTIONS}{f', rate: {rate}' if rate else ''}}}\n"
    letter.write("newsletter.yaml", (letter.root / "newsletter.yaml").read_text() + provider + more)
    rows = "".join(f"reader{number}@example.org,Name{number}\n" for number in range(count))
    letter.write("audiences/readers.csv", "Email,First name\n" + rows)


def _everybody(count: int) -> Counter[str]:
    return Counter({f"reader{number}@example.org": 1 for number in range(count)})


def _ledger(letter: Any) -> Counter[str]:
    with closing(sqlite3.connect(letter.root / "var/newsletter.db")) as connection:
        return Counter(dict(connection.execute("SELECT state, count(*) FROM deliveries GROUP BY state").fetchall()))


def _until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, f"not in a minute: {what}"
        time.sleep(0.002)


@pytest.fixture
def run(letter: Any, mail: MailServer) -> Iterator[Run]:
    """Begins a send of the letter; what still runs after the test is killed."""
    with ExitStack() as begun:

        def begin(*arguments: str, **environment: str) -> forked.Run:
            sending = letter.start("send", "letter", "--yes", *arguments, NEWSLETTER_SMTP_URL=mail.url, **environment)
            return begun.enter_context(sending)

        yield begin


def _rest(run: Run, mail: MailServer, people: int, doubts: int, **environment: str) -> None:
    """Run it once more: everybody is served or in doubt, nobody twice, and no more are in doubt than may be."""
    code, out, _ = run("--as-frozen", "--json", **environment).ended()
    counts = json.loads(out)["counts"]
    assert max(mail.taken.values()) == 1, "somebody was mailed twice"
    assert counts["accepted"] + counts["uncertain"] == people, counts
    assert counts["uncertain"] <= doubts
    assert counts["accepted"] <= len(mail.taken) <= people
    assert code == (3 if counts["uncertain"] else 0)


def test_fifty_kills_skip_nobody_double_nobody_and_leave_few_in_doubt(letter: Any, mail: MailServer, run: Run) -> None:
    people, kills = 4000, 50
    _people(letter, people, "800/s")
    assert run("--limit", "1").ended()[0] == 3
    moments = random_moments()
    for _ in range(kills):
        enough = mail.taken.total() + moments.randint(1, 50)
        process = run("--as-frozen")
        _until(lambda enough=enough: mail.taken.total() >= enough, "its messages")
        time.sleep(moments.uniform(0.0, 0.02))
        process.send_signal(signal.SIGKILL)
        assert process.ended()[0] == -signal.SIGKILL, "all were mailed already"
        assert _ledger(letter)["in_flight"] <= GROUP * CONNECTIONS
        assert max(mail.taken.values()) == 1
    _rest(run, mail, people, GROUP * CONNECTIONS * kills)
    assert not _everybody(people) - mail.taken - Counter(_doubtful(letter)), "who was not mailed is named as in doubt"


def _doubtful(letter: Any) -> list[str]:
    with closing(sqlite3.connect(letter.root / "var/newsletter.db")) as connection:
        return [row[0] for row in connection.execute("SELECT address FROM deliveries WHERE state = 'uncertain'")]


def test_a_server_that_dies_and_comes_back_is_waited_for_in_the_same_run(
    letter: Any, mail: MailServer, run: Run
) -> None:
    _people(letter, 800, "800/s")
    process = run()
    for taken in (100, 300):
        _until(lambda taken=taken: mail.taken.total() >= taken, f"{taken} messages")
        mail.stop()
        time.sleep(0.7)
        mail.start()
    code, _, said = process.ended()
    counts = _ledger(letter)
    assert counts["accepted"] + counts["uncertain"] == 800, f"one run was enough: {said}"
    assert code == (3 if counts["uncertain"] else 0)
    _rest(run, mail, 800, 2 * GROUP * CONNECTIONS)


def test_a_reply_that_is_lost_leaves_that_message_in_doubt_and_no_other(
    letter: Any, mail: MailServer, run: Run
) -> None:
    _people(letter, 200, "")
    mail.answer = lambda verb, address: LOSE if verb == "DOT" and address in ("reader7@example.org",) else ""
    process = run()
    assert process.ended()[0] == 3
    assert _doubtful(letter) == ["reader7@example.org"]
    _rest(run, mail, 200, 1)
    assert mail.taken == _everybody(200)


def test_a_send_told_to_stop_waits_for_the_answers_it_is_owed(letter: Any, mail: MailServer, run: Run) -> None:
    _people(letter, 1500, "500/s")
    process = run()
    _until(lambda: mail.taken.total() >= 50, "50 messages")
    process.send_signal(signal.SIGTERM)
    assert process.ended()[0] == 3
    counts = _ledger(letter)
    assert counts["accepted"] == mail.taken.total() < 1500
    assert counts["uncertain"] == counts["in_flight"] == counts["claimed"] == 0


def test_a_lock_that_another_program_holds_while_it_freezes_is_waited_for(
    letter: Any, mail: MailServer, run: Run
) -> None:
    _people(letter, 600, "600/s")
    process = run()
    _until(lambda: mail.taken.total() >= 100, "100 messages")
    with _locked(letter):
        time.sleep(6)  # longer than one attempt
    assert process.ended()[0] == 0
    assert mail.taken == _everybody(600)


def test_a_lock_that_is_held_for_long_stops_the_send_and_the_next_goes_on(
    letter: Any, mail: MailServer, run: Run
) -> None:
    _people(letter, 600, "600/s")
    process = run(**beginning_with(be_impatient))
    _until(lambda: mail.taken.total() >= 100, "100 messages")
    with _locked(letter):
        code, _, said = process.ended()
    assert code == 3
    assert "in use by another program" in said
    _rest(run, mail, 600, GROUP * CONNECTIONS)


@pytest.mark.parametrize(("number", "exit_code"), [(signal.SIGTERM, 3), (signal.SIGINT, 130)])
def test_a_send_that_waits_for_a_lock_ends_soon_when_it_is_told_to(
    letter: Any, mail: MailServer, run: Run, number: int, exit_code: int
) -> None:
    _people(letter, 600, "600/s")
    process = run(**beginning_with(end_soon))
    _until(lambda: mail.taken.total() >= 100, "100 messages")
    with _locked(letter):
        time.sleep(2)
        assert process.alive(), "nobody told it to end"
        process.send_signal(number)
        code = process.wait(timeout=45)  # sooner than a minute, on a busy machine too
    assert code == exit_code, process.output
    _rest(run, mail, 600, GROUP * CONNECTIONS)


@contextmanager
def _locked(letter: Any) -> Iterator[None]:
    """Another program writes, and does not end."""
    with closing(sqlite3.connect(letter.root / "var/newsletter.db", isolation_level=None, timeout=30)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")


def test_a_database_server_that_goes_away_stops_the_send_and_the_next_goes_on(
    letter: Any, mail: MailServer, run: Run
) -> None:
    _people(letter, 600, "600/s")
    with running_server(durable=True) as postgresql:
        where = {"NEWSLETTER_DATABASE_URL": postgresql.new_database()}
        process = run(**where)
        _until(lambda: mail.taken.total() >= 100, "100 messages")
        postgresql.stop()
        code, _, said = process.ended()
        assert code in (2, 3), said
        assert "the database " in said
        assert mail.taken.total() < 600
        postgresql.start()
        _rest(run, mail, 600, GROUP * CONNECTIONS, **where)


@pytest.mark.parametrize(
    ("lack", "words"),
    [(have_little_room, "the disk is full"), (have_a_quota, "or a quota is used up")],
)
def test_a_database_that_cannot_grow_stops_the_send_in_words_and_the_next_goes_on(
    letter: Any, mail: MailServer, run: Run, lack: Callable[[], None], words: str
) -> None:
    _people(letter, 2000, "")
    assert run("--limit", "1").ended()[0] == 3
    code, _, said = run(**beginning_with(lack)).ended()
    assert (code, words in said) == (3, True), said
    assert 1 < mail.taken.total() < 2000
    _rest(run, mail, 2000, GROUP * CONNECTIONS)


def test_an_outbox_without_room_for_a_message_stops_the_send_in_words_and_nobody_is_lost(letter: Any, run: Run) -> None:
    rows = "".join(f"reader{number}@example.org,Name{number}\n" for number in range(400))
    letter.write("audiences/readers.csv", "Email,First name\n" + rows)
    assert run("--limit", "1").ended()[0] == 3
    with closing(sqlite3.connect(letter.root / "var/newsletter.db")) as connection:
        (secret,) = connection.execute("SELECT secret FROM campaigns").fetchone()
        (person,) = connection.execute("SELECT subscriber_id FROM deliveries WHERE id = 200").fetchone()
    known_as = delivery_id(secret, person)
    unfinished = letter.root / f"var/outbox/letter/{known_as[:2]}/.{known_as}.part"
    unfinished.symlink_to("/dev/full")  # whatever is written to it, the system says that the disk is full
    code, _, said = run().ended()
    assert code == 3, said
    assert "cannot be written to: No space left on device" in said
    assert 1 < len(letter.outbox()) < 400
    unfinished.unlink()
    assert run().ended()[0] == 0
    _assert_whole_and_once(letter, 400)


@contextmanager
def _small_disk(folder: Path, size: str) -> Iterator[Callable[[str], None]]:
    """A disk of that size at the folder; lends what makes it larger."""
    folder.mkdir(parents=True, exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    if os.geteuid() or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("a small disk can be mounted by root alone")
    try:
        yield lambda larger: subprocess.run(["mount", "-o", f"remount,size={larger}", str(folder)], check=True) and None
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk_under_the_database_stops_the_send_in_words_and_the_next_goes_on(
    letter: Any, mail: MailServer, run: Run
) -> None:
    _people(letter, 1000, "700/s")
    with _small_disk(letter.root / "var", "20m") as enlarge:
        process = run()
        _until(lambda: mail.taken.total() >= 50, "50 messages")
        filler = letter.root / "var/filler"
        with filler.open("wb", buffering=0) as file, pytest.raises(OSError, match="No space left"):
            while True:
                file.write(bytes(4096))
        code, _, said = process.ended()
        assert (code, "the disk is full" in said) == (3, True), said
        assert mail.taken.total() < 1000
        enlarge("40m")
        _rest(run, mail, 1000, GROUP * CONNECTIONS)


def test_a_full_disk_under_the_outbox_stops_the_send_in_words_and_nobody_is_lost(letter: Any, run: Run) -> None:
    rows = "".join(f"reader{number}@example.org,Name{number}\n" for number in range(400))
    letter.write("audiences/readers.csv", "Email,First name\n" + rows)
    with _small_disk(letter.root / "var/outbox", "1m") as enlarge:
        code, _, said = run().ended()
        assert code == 3, said
        assert "cannot be written to: No space left on device" in said
        assert 0 < len(letter.outbox()) < 400
        enlarge("20m")
        assert run().ended()[0] == 0
        _assert_whole_and_once(letter, 400)


def _assert_whole_and_once(letter: Any, people: int) -> None:
    mails = [path.read_bytes() for path in letter.outbox()]
    named = Counter(line for mail in mails for line in mail.split(b"\r\n")[:6] if b"To: " in line)
    assert len(named) == named.total() == people
    assert all(mail.endswith(b"--\r\n") for mail in mails), "each file is whole"
