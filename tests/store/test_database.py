"""Opening a database: what is made, what is refused, and in which words."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest

from newsletter.errors import SettingsError, StoreBusy, StoreUnavailable
from newsletter.store.database import SCHEMA, Database, connect_database, open_database, schema_of
from tests.people import put_people
from tests.postgresql import Server

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
URL = "sqlite:///var/people.db"


def _execute(database: Database, *statements: str) -> None:
    with database.begin() as connection:
        for one in statements:
            connection.exec_driver_sql(one)


def test_the_database_is_its_owners_alone(tmp_path: Path) -> None:
    database = open_database(URL, tmp_path)
    with database.begin() as connection:
        put_people(connection, [], "a.csv", NOW)
    modes = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "var").iterdir()}
    database.close()
    assert modes == dict.fromkeys(("people.db", "people.db-wal", "people.db-shm"), 0o600)


def test_a_new_database_is_of_this_version_and_opening_it_again_changes_nothing(store_url: str, tmp_path: Path) -> None:
    for _ in range(2):
        database = open_database(store_url, tmp_path)
        with database.connect() as connection:
            assert schema_of(connection) == SCHEMA
        database.close()


def test_a_database_of_a_newer_version_is_refused_and_left_alone(store_url: str, tmp_path: Path) -> None:
    open_database(store_url, tmp_path).close()
    raw = connect_database(store_url, tmp_path)
    _execute(raw, "UPDATE alembic_version SET version_num='0099'")
    with pytest.raises(StoreUnavailable, match=rf"newer version of newsletter \(schema 0099, this program .* {SCHEMA}"):
        open_database(store_url, tmp_path)
    with raw.connect() as connection:
        assert schema_of(connection) == "0099"
    raw.close()


def test_a_program_that_knows_only_the_first_schema_refuses_this_one(tmp_path: Path) -> None:
    open_database(URL, tmp_path).close()
    with sqlite3.connect(tmp_path / "var/people.db") as raw:
        assert raw.execute("PRAGMA user_version").fetchone() == (int(SCHEMA),)
    raw.close()


def test_a_file_that_is_no_database_is_refused_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "var").mkdir()
    (tmp_path / "var/people.db").write_bytes(b"just some text, long enough to be read as a header" * 50)
    with pytest.raises(StoreUnavailable, match=r"people\.db: the database is not a database of this program\. Move"):
        open_database(URL, tmp_path)


def test_a_database_that_another_program_writes_to_is_waited_for_and_then_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = open_database(URL, tmp_path)
    monkeypatch.setattr("newsletter.store.database._LOCK_PATIENCE", 0.05)
    impatient = open_database(URL, tmp_path)
    with database.begin(), pytest.raises(StoreBusy, match="in use by another program"), impatient.begin():
        pass
    impatient.close()
    database.close()


# ── a server ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_server_that_does_not_answer_is_told_without_user_and_password(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable) as caught:
        open_database("postgresql://ada:s3cret@127.0.0.1:1/news", tmp_path)
    assert str(caught.value).startswith("postgresql://127.0.0.1:1/news: the database cannot be reached. Look whether")
    assert "s3cret" not in str(caught.value) and "ada" not in str(caught.value)


def test_a_server_without_that_database_says_so(postgresql: Server, tmp_path: Path) -> None:
    url = postgresql.new_database()
    postgresql.drop(url)
    with pytest.raises(StoreUnavailable, match=r"the database does not exist on that server\. Make it"):
        open_database(url, tmp_path)


def test_a_server_that_refuses_the_password_says_so_and_never_repeats_it(postgresql: Server, tmp_path: Path) -> None:
    url = postgresql.new_database().replace("//postgres:@", "//nobody:s3cret@")
    with pytest.raises(StoreUnavailable, match="the database refuses this user or password") as caught:
        open_database(url, tmp_path)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    "url", ["postgresql://u:s3cret@host:port/x", "mysql://u:s3cret@host/x", "news.db", "sqlite:/x"]
)
def test_a_url_that_names_no_database_is_refused_without_repeating_it(url: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="the database URL cannot be read") as caught:
        open_database(url, tmp_path)
    assert "s3cret" not in str(caught.value)


def test_a_server_that_ends_a_connection_in_the_middle_is_told_in_words(store_url: str, tmp_path: Path) -> None:
    if store_url.startswith("sqlite"):
        store_url = URL
    database = open_database(store_url, tmp_path)
    if database.path is None:
        with pytest.raises(StoreUnavailable, match=r"was shut down|went away"), database.begin() as connection:
            connection.exec_driver_sql("SELECT pg_terminate_backend(pg_backend_pid())")
    with database.connect() as connection:
        assert schema_of(connection) == SCHEMA, "and the next connection is a new one"
    database.close()
