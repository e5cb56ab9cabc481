"""Who writes much into a SQLite file keeps nobody out for long; who was kept out may simply try again."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread

import pytest

from newsletter.cli.main import _explain
from newsletter.errors import StoreBusy
from newsletter.model import Suppression
from newsletter.store import suppressions, turns
from newsletter.store.database import Database, open_database
from newsletter.store.turns import Turns

URL = "sqlite:///people.db"
ENTRY = Suppression("eve@example.org", "asked", "test", datetime(2026, 3, 2, tzinfo=UTC))


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = open_database(URL, tmp_path)
    yield opened
    opened.close()


def _long_transactions(database: Database, count: int) -> None:
    with database.connect() as connection:
        mine = Turns(connection)
        for _ in range(count):
            with mine.writing():
                time.sleep(0.3)


def test_a_sender_gets_its_turn_between_the_transactions_of_an_import(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "_TURN_AFTER", 0.5)
    importing = Thread(target=_long_transactions, args=(database, 8))
    importing.start()
    time.sleep(0.1)
    sender = open_database(URL, tmp_path)
    began = time.monotonic()
    with sender.hold() as begin, begin() as connection:
        assert suppressions.add(connection, [ENTRY]) == 1
    waited = time.monotonic() - began
    assert importing.is_alive()
    assert waited < 1.5
    importing.join()
    sender.close()


def test_a_suppression_waits_longer_for_a_lock_than_one_attempt(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("newsletter.store.database._ATTEMPT", 0.1)
    writing = Thread(target=_long_transactions, args=(database, 1))
    writing.start()
    time.sleep(0.05)
    other = open_database(URL, tmp_path)
    with other.begin() as connection:
        assert suppressions.add(connection, [ENTRY]) == 1
    writing.join()
    other.close()


def test_a_lock_that_lasts_is_no_fault_of_the_command_but_a_reason_to_run_it_again(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("newsletter.store.database._LOCK_PATIENCE", 0.05)
    other = open_database(URL, tmp_path)
    with database.begin(), pytest.raises(StoreBusy) as caught, other.begin():
        pass
    other.close()
    assert _explain(caught.value, ["suppress", "add", "--json"]) == 3
    assert '"exit_code": 3' in capsys.readouterr().out


def test_transactions_that_take_long_become_small_and_short_ones_large(database: Database) -> None:
    with database.connect() as connection:
        mine = Turns(connection)
        with mine.writing():
            pass
        assert mine.people == 2 * turns.FIRST
        with mine.writing():
            time.sleep(1)
        assert turns.FEWEST <= mine.people <= turns.FIRST
