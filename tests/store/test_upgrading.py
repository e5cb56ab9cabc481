"""Upgrades: nothing lost, all or nothing, and the revisions lead to the tables of the code."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from newsletter.errors import StoreUnavailable
from newsletter.store import upgrading
from newsletter.store.columns import metadata
from newsletter.store.database import (
    SCHEMA,
    Database,
    connect_database,
    mark_schema,
    open_database,
    register_tables,
    schema_of,
)

# The tables as version 0.1 made them in SQLite, with one person, one suppression and one delivery.
FIRST_SCHEMA = """
CREATE TABLE subscribers (id INTEGER NOT NULL, address VARCHAR NOT NULL, address_key VARCHAR NOT NULL,
  first_name VARCHAR NOT NULL, last_name VARCHAR NOT NULL, profession_title VARCHAR NOT NULL,
  profession VARCHAR NOT NULL, country VARCHAR NOT NULL, language VARCHAR NOT NULL, status VARCHAR NOT NULL,
  attributes JSON NOT NULL, created_at DATETIME NOT NULL, changed_at DATETIME NOT NULL,
  PRIMARY KEY (id), UNIQUE (address_key));
CREATE INDEX subscribers_by_profession ON subscribers (profession);
CREATE TABLE sources (source VARCHAR NOT NULL, fingerprint VARCHAR NOT NULL, import_number INTEGER NOT NULL,
  imported_at DATETIME NOT NULL, PRIMARY KEY (source));
CREATE TABLE memberships (source VARCHAR NOT NULL, subscriber_id INTEGER NOT NULL, import_number INTEGER NOT NULL,
  PRIMARY KEY (source, subscriber_id), FOREIGN KEY(subscriber_id) REFERENCES subscribers (id)) WITHOUT ROWID;
CREATE TABLE suppressions (address_key VARCHAR NOT NULL, reason VARCHAR NOT NULL, source VARCHAR NOT NULL,
  created_at DATETIME NOT NULL, PRIMARY KEY (address_key));
CREATE TABLE campaigns (id INTEGER NOT NULL, name VARCHAR NOT NULL, issue VARCHAR NOT NULL, audience VARCHAR NOT NULL,
  status VARCHAR NOT NULL, content_hash VARCHAR NOT NULL, secret BLOB NOT NULL, created_at DATETIME NOT NULL,
  finished_at DATETIME, PRIMARY KEY (id), UNIQUE (name));
CREATE TABLE campaign_contents (campaign_id INTEGER NOT NULL, name VARCHAR NOT NULL, content BLOB NOT NULL,
  PRIMARY KEY (campaign_id, name), FOREIGN KEY(campaign_id) REFERENCES campaigns (id));
CREATE TABLE campaign_professions (campaign_id INTEGER NOT NULL, profession VARCHAR NOT NULL, variant VARCHAR NOT NULL,
  PRIMARY KEY (campaign_id, profession), FOREIGN KEY(campaign_id) REFERENCES campaigns (id));
CREATE TABLE deliveries (id INTEGER NOT NULL, campaign_id INTEGER NOT NULL, subscriber_id INTEGER NOT NULL,
  delivery_id VARCHAR NOT NULL, address VARCHAR NOT NULL, address_key VARCHAR NOT NULL, profession VARCHAR NOT NULL,
  variant VARCHAR NOT NULL, recipient JSON NOT NULL, state VARCHAR NOT NULL, reason VARCHAR NOT NULL,
  provider_id VARCHAR NOT NULL, attempts INTEGER NOT NULL, not_before DATETIME, changed_at DATETIME NOT NULL,
  PRIMARY KEY (id), UNIQUE (campaign_id, subscriber_id), UNIQUE (campaign_id, address_key),
  UNIQUE (delivery_id), FOREIGN KEY(campaign_id) REFERENCES campaigns (id));
CREATE INDEX deliveries_by_state ON deliveries (campaign_id, state, id);
INSERT INTO subscribers VALUES (1, 'Ada@x.org', 'ada@x.org', 'Ada', '', 'Nurse', 'nurse', 'GB', 'en', 'subscribed',
  '{"points": "3"}', '2026-01-02 03:04:05.000000', '2026-01-02 03:04:05.000000');
INSERT INTO sources VALUES ('audiences/a.csv', 'print', 4, '2026-01-02 03:04:05.000000');
INSERT INTO memberships VALUES ('audiences/a.csv', 1, 4);
INSERT INTO suppressions VALUES ('bo@x.org', 'asked', 'person', '2026-01-02 03:04:05.000000');
INSERT INTO campaigns VALUES (1, 'march', 'i', 'a', 'sending', 'h', x'00', '2026-01-02 03:04:05.000000', NULL);
INSERT INTO deliveries VALUES (1, 1, 1, 'd1', 'Ada@x.org', 'ada@x.org', 'nurse', 'nurse', '{}', 'pending', '', '', 0,
  NULL, '2026-01-02 03:04:05.000000');
PRAGMA user_version=1;
"""
URL = "sqlite:///var/people.db"


@pytest.fixture
def older(tmp_path: Path) -> Path:
    path = tmp_path / "var/people.db"
    path.parent.mkdir()
    path.touch(0o600)
    with sqlite3.connect(path) as raw:
        raw.executescript(FIRST_SCHEMA)
    raw.close()
    return path


@pytest.fixture
def empty(store_url: str, tmp_path: Path) -> Iterator[Database]:
    database = connect_database(store_url, tmp_path)
    yield database
    database.close()


def _rows(database: Database, query: str) -> list[tuple[object, ...]]:
    with database.connect() as connection:
        return [tuple(row) for row in connection.exec_driver_sql(query)]


def test_the_revisions_lead_to_the_tables_of_the_code(empty: Database) -> None:
    register_tables()
    upgrading.upgrade(empty)
    with empty.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_the_tables_that_a_new_database_is_made_with_are_those_of_the_code(empty: Database) -> None:
    register_tables()
    with empty.begin() as connection:
        metadata.create_all(connection)
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_the_program_needs_the_latest_revision() -> None:
    config = Config()
    config.set_main_option("script_location", str(upgrading.MIGRATIONS))
    scripts = ScriptDirectory.from_config(config)
    assert scripts.get_heads() == [SCHEMA]
    assert [one.revision for one in scripts.walk_revisions()] == [
        "0008",
        "0007",
        "0006",
        "0005",
        "0004",
        "0003",
        "0002",
        "0001",
    ]


def test_a_file_of_the_first_version_is_brought_up_to_date_when_it_is_opened_and_keeps_everything(older: Path) -> None:
    database = open_database(URL, older.parents[1])
    query = "SELECT address, first_name, attributes, tags, time_zone, consent_at FROM subscribers"
    assert _rows(database, query) == [("Ada@x.org", "Ada", '{"points": "3"}', "[]", "", None)]
    assert _rows(database, "SELECT kind, value, scope, reason, source FROM suppressions") == [
        ("address", "bo@x.org", "", "asked", "person")
    ]
    assert _rows(database, "SELECT delivery_id, state FROM deliveries") == [("d1", "pending")]
    assert _rows(database, "SELECT source, fingerprint, import_number FROM sources") == [("audiences/a.csv", "", 4)], (
        "every file is read again, for the columns that were not taken before"
    )
    with database.connect() as connection:
        assert schema_of(connection) == SCHEMA
    database.close()


def test_an_upgraded_file_has_the_tables_of_the_code(older: Path) -> None:
    database = open_database(URL, older.parents[1])
    with database.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
    database.close()


def test_a_copy_of_the_file_as_it_was_is_kept_for_its_owner_alone(older: Path) -> None:
    open_database(URL, older.parents[1]).close()
    (copy,) = upgrading.copies(older)
    assert (copy.name, copy.stat().st_mode & 0o777) == (f"people.db.before-{SCHEMA}", 0o600)
    with sqlite3.connect(copy) as raw:
        assert raw.execute("PRAGMA user_version").fetchone() == (1,)
        assert raw.execute("SELECT address_key FROM suppressions").fetchall() == [("bo@x.org",)]
    raw.close()


def test_an_upgrade_that_fails_leaves_the_file_as_it_was(older: Path) -> None:
    with sqlite3.connect(older) as raw:
        raw.execute("CREATE TABLE secret_keys (x)")
        before = list(raw.iterdump())
    raw.close()
    with pytest.raises(StoreUnavailable, match="the database failed: table secret_keys already exists"):
        open_database(URL, older.parents[1])
    with sqlite3.connect(older) as raw:
        assert list(raw.iterdump()) == before
        assert raw.execute("PRAGMA user_version").fetchone() == (1,)
    raw.close()


def _make_first_schema(database: Database) -> None:
    with database.begin() as connection:
        config = Config()
        config.set_main_option("script_location", str(upgrading.MIGRATIONS))
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        mark_schema(connection, "0001")


def test_an_older_server_is_upgraded_only_when_somebody_says_so(
    empty: Database, store_url: str, tmp_path: Path
) -> None:
    _make_first_schema(empty)
    if empty.path is None:
        with pytest.raises(StoreUnavailable, match=r"older version of newsletter \(schema 0001.*newsletter db upgrade"):
            open_database(store_url, tmp_path)
        assert upgrading.upgrade(empty) is None
    opened = open_database(store_url, tmp_path)
    with opened.connect() as connection:
        assert schema_of(connection) == SCHEMA
    opened.close()


def test_a_failed_upgrade_leaves_a_server_as_it_was(empty: Database) -> None:
    _make_first_schema(empty)
    with empty.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE secret_keys (x INTEGER)")
    with pytest.raises(StoreUnavailable):
        upgrading.upgrade(empty)
    with empty.connect() as connection:
        assert schema_of(connection) == "0001"
        assert connection.exec_driver_sql("SELECT address_key FROM suppressions").all() == []


def test_upgrading_what_is_up_to_date_does_nothing_and_copies_nothing(older: Path) -> None:
    database = open_database(URL, older.parents[1])
    before = upgrading.copies(older)[0].stat().st_mtime_ns
    assert upgrading.upgrade(database) is None
    assert upgrading.copies(older)[0].stat().st_mtime_ns == before
    database.close()


def test_upgrading_refuses_a_newer_database(empty: Database) -> None:
    with empty.begin() as connection:
        mark_schema(connection, "0099")
    with pytest.raises(StoreUnavailable, match="newer version of newsletter"):
        upgrading.upgrade(empty)
