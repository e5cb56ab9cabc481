"""A campaign is one process's at a time, and free as soon as that process is gone."""

from __future__ import annotations

import fcntl
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Thread, Timer

import pytest

from newsletter.errors import HoldLost, Refused, StoreUnavailable
from newsletter.model import Segment
from newsletter.store import campaigns, freezing
from newsletter.store.database import Database, open_database
from newsletter.store.freezing import FrozenCampaign
from newsletter.store.locks import campaign_lock, is_held

HOLDING = """
import sys, time
from pathlib import Path
from newsletter.store.database import open_database
from newsletter.store.locks import campaign_lock
with campaign_lock(open_database(sys.argv[1], Path(sys.argv[2])), "march"):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def database(store_url: str, tmp_path: Path) -> Iterator[Database]:
    opened = open_database(store_url, tmp_path)
    yield opened
    opened.close()


@contextmanager
def _another_process(url: str, root: Path) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen([sys.executable, "-c", HOLDING, url, str(root)], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None and process.stdout.readline() == "held\n"
        yield process
    finally:
        process.kill()
        process.communicate()


def test_a_sender_that_was_killed_never_blocks_the_next(database: Database, store_url: str, tmp_path: Path) -> None:
    with _another_process(store_url, tmp_path) as process:
        with pytest.raises(Refused, match="'march' is being sent by another process"), campaign_lock(database, "march"):
            pass
        with campaign_lock(database, "april"):
            pass
        process.send_signal(signal.SIGKILL)
        process.wait()
        _until_free(database)


def test_whoever_asks_is_told_who_is_held_and_takes_nothing(database: Database, tmp_path: Path) -> None:
    before = sorted(tmp_path.rglob("*"))
    assert not is_held(database, "march")
    assert sorted(tmp_path.rglob("*")) == before
    for _ in range(2):
        with campaign_lock(database, "march"):
            assert (is_held(database, "march"), is_held(database, "april")) == (True, False)
        assert not is_held(database, "march")


def test_a_sender_that_meets_somebody_who_asks_begins_all_the_same(tmp_path: Path) -> None:
    database = open_database("sqlite:///n.db", tmp_path)
    with campaign_lock(database, "march"):
        pass
    (lock,) = tmp_path.glob("*.lock")
    with lock.open() as asking:
        fcntl.flock(asking, fcntl.LOCK_SH)
        Timer(0.07, fcntl.flock, (asking, fcntl.LOCK_UN)).start()
        with campaign_lock(database, "march"):
            pass
    database.close()


def _until_free(database: Database) -> None:
    """A server notices within moments that a session is gone; a file's lock is free at once."""
    for attempt in range(100):
        try:
            with campaign_lock(database, "march"):
                return
        except Refused:
            if attempt == 99 or database.path is not None:
                raise
            time.sleep(0.05)


def test_a_server_looks_itself_whether_the_senders_machine_is_still_there(database: Database) -> None:
    if database.path is not None:
        return  # the operating system lets go of a file's lock
    asked = "SELECT DISTINCT source FROM pg_settings WHERE name LIKE 'tcp_keepalives_%%'"
    with database.session() as connection:
        assert connection.exec_driver_sql(asked).scalars().all() == ["session"]
    with database.begin() as connection:
        assert connection.exec_driver_sql(asked).scalars().all() == ["session"]


def test_whoever_is_taken_over_marks_nothing_and_what_it_has_begun_to_write_is_waited_for(database: Database) -> None:
    with database.begin() as connection:
        frozen = FrozenCampaign("march", "i", "a", "h", {"x": b""}, {}, Segment(), ())
        freezing.freeze(connection, frozen, datetime(2026, 3, 1, tzinfo=UTC))
        campaign = campaigns.find_campaign(connection, "march")
        assert campaign is not None
        hold = campaigns.take_hold(connection, campaign.id)
    taken = Event()

    def take() -> None:
        with database.begin() as other:
            campaigns.take_hold(other, campaign.id)
        taken.set()

    with database.begin() as connection:
        campaigns.refuse_lost(connection, campaign, hold)
        thread = Thread(target=take)
        thread.start()
        assert not taken.wait(0.2), "the other did not wait for this transaction"
    thread.join(60)
    with pytest.raises(HoldLost), database.begin() as connection:
        campaigns.refuse_lost(connection, campaign, hold)


def test_a_sender_that_lost_its_session_learns_of_it_before_the_next_claim(database: Database) -> None:
    with campaign_lock(database, "march") as verify:
        verify()
        if database.path is None:
            others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
            with database.begin() as connection:
                connection.exec_driver_sql(f"{others} AND datname = current_database()")
            with pytest.raises(StoreUnavailable):
                verify()
    with campaign_lock(database, "march") as verify:
        verify()
