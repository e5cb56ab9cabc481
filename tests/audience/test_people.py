"""Imports, seen from the file and from the database."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from newsletter.audience.audiences import load_audience
from newsletter.audience.imports import import_audience
from newsletter.audience.professions import load_professions
from newsletter.model import Import
from newsletter.store.database import Database, open_database
from newsletter.store.headcounts import headcount

NOW = datetime(2026, 3, 1, tzinfo=UTC)
TAXONOMY = """
care: {label: Care worker}
nurse: {label: Nurse, parent: care, aliases: [Staff nurse, "Dr. Nurse"]}
dealer: {label: Dealer}
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "audiences").mkdir()
    (tmp_path / "audiences/professions.yaml").write_text(TAXONOMY)
    (tmp_path / "audiences/a.yaml").write_text("source: a.csv\n")
    (tmp_path / "audiences/a.csv").write_text("Email\n")
    return tmp_path


@pytest.fixture
def database(root: Path) -> Iterator[Database]:
    opened = open_database("sqlite:///var/n.db", root)
    yield opened
    opened.close()


def _import(root: Path, database: Database, csv: str | bytes) -> Import:
    content = csv.encode() if isinstance(csv, str) else csv
    (root / "audiences/a.csv").write_bytes(content)
    professions = load_professions(root)
    return import_audience(database, load_audience("a", root, professions), root, professions, NOW)


def test_two_rows_of_one_address_are_merged_and_the_later_value_wins(root: Path, database: Database) -> None:
    rows = "Email,First name,Job title\na@x.org,Ana,Nurse\nA@X.ORG,,Dealer\n a@x.org ,Anna,\n"
    result = _import(root, database, rows)
    assert (result.rows, result.added, result.merged) == (3, 1, 2)
    with database.connect() as connection:
        row = connection.exec_driver_sql("SELECT first_name, profession, profession_title FROM subscribers").one()
    assert tuple(row) == ("Anna", "dealer", "Dealer")


def test_an_empty_cell_never_erases_what_is_known(root: Path, database: Database) -> None:
    _import(root, database, "Email,First name,Country\na@x.org,Ana,US\n")
    result = _import(root, database, "Email,First name,Country\na@x.org,,CA\n")
    assert (result.updated, result.unchanged) == (1, 0)
    with database.connect() as connection:
        assert tuple(connection.exec_driver_sql("SELECT first_name, country FROM subscribers").one()) == ("Ana", "CA")


def test_rejected_rows_name_their_line_even_after_cells_of_several_lines(root: Path, database: Database) -> None:
    result = _import(root, database, 'Email,First name\na@x.org,"Ana\nMaria"\n\nnobody,X\nb@x.org,B,extra\n')
    assert [(one.line, one.reason.split()[0]) for one in result.rejected] == [(5, "an"), (6, "more")]
    assert result.added == 1


def test_a_header_smuggled_into_a_name_rejects_the_row(root: Path, database: Database) -> None:
    result = _import(root, database, 'Email,First name\na@x.org,"Ana\r\nBcc: all@x.org"\nb@x.org,Bo\n')
    assert [(one.line, one.reason) for one in result.rejected] == [
        (2, "'first_name' holds a line break and a mail header after it")
    ]
    assert result.added == 1


def test_what_cannot_be_seen_does_not_reach_the_database_and_is_told(root: Path, database: Database) -> None:
    result = _import(root, database, 'Email,First name\na@x.org,"Ana\nMa\u200bria\x00\u202e"\n')
    with database.connect() as connection:
        assert connection.exec_driver_sql("SELECT first_name FROM subscribers").scalar_one() == "Ana Maria"
    assert result.notes == ("cells with invisible characters, which were removed: 1, the first on line 2",)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_usual_delimiters_and_a_byte_order_mark_are_understood(root: Path, database: Database, delimiter: str) -> None:
    rows = "\ufeffE-Mail,Given name,Occupation\r\na@x.org,Ana,Nurse\r\n".replace(",", delimiter)
    assert _import(root, database, rows).added == 1


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["a@x.org", "A@x.org", "b@x.org", "c@x.org", "bad", "", "ü@x.org"]),
            st.text(max_size=20),
            st.sampled_from(["", "Nurse", "Dealer", "Wizard"]),
            st.sampled_from(["", "subscribed", "Unsubscribed", "maybe"]),
        ),
        max_size=25,
    )
)
def test_every_row_is_counted_exactly_once(
    root: Path, database: Database, rows: list[tuple[str, str, str, str]]
) -> None:
    import csv
    from io import StringIO

    out = StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL)
    writer.writerows([("Email", "First name", "Job title", "Status"), *rows])
    result = _import(root, database, out.getvalue().encode("utf-8", "replace"))
    if not result.skipped:
        counted = result.added + result.updated + result.unchanged + result.merged + result.rejected_rows
        assert result.rows == counted == sum(1 for row in rows if any(cell.strip() for cell in row))
        with database.connect() as connection:
            audience = load_audience("a", root, load_professions(root))
            people = sum(one.people for one in headcount(connection, audience.segment))
        assert people == result.added + result.updated + result.unchanged
