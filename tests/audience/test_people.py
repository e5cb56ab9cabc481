"""Addresses, job titles, audiences and imports."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from newsletter.audience.addresses import InvalidAddress, parse_address
from newsletter.audience.audiences import load_audience
from newsletter.audience.imports import import_audience
from newsletter.audience.professions import load_professions, normalised, titles_of
from newsletter.errors import FileProblems
from newsletter.model import Import, Rule
from newsletter.store.database import Database, open_database
from newsletter.store.subscribers import headcount

NOW = datetime(2026, 3, 1, tzinfo=UTC)
TAXONOMY = """
care: {label: Care worker}
nurse: {label: Nurse, parent: care, aliases: [Staff nurse, "Dr. Nurse"]}
dealer: {label: Dealer}
"""


@pytest.mark.parametrize(
    ("text", "mailed", "key"),
    [
        (" Ana.Perez@Example.ORG ", "Ana.Perez@example.org", "ana.perez@example.org"),
        ("a+b@example.org", "a+b@example.org", "a+b@example.org"),
        ("ana@bücher.example", "ana@xn--bcher-kva.example", "ana@xn--bcher-kva.example"),
    ],
)
def test_an_address_is_kept_as_mailed_and_compared_in_lower_case(text: str, mailed: str, key: str) -> None:
    assert (parse_address(text).mailed, parse_address(text).key) == (mailed, key)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ana",
        "ana@",
        "@example.org",
        "a b@example.org",
        "a@example",
        "a@@example.org",
        "a@example.org\r\nBcc: b@x.org",
        "a@-example.org",
        "a..b@example.org",
        "a" * 65 + "@example.org",
        "a@" + "b" * 250 + ".org",
        "ä@example.org",
    ],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(InvalidAddress):
        parse_address(text)


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
    with database.begin() as connection:
        return import_audience(connection, load_audience("a", root, professions), root, professions, NOW)


@pytest.mark.parametrize("title", ["Nurse", "  NURSE ", "nurses", "staff-nurse", "STAFF  NURSE", "dr nurse", "Nürse"])
def test_a_title_matches_whatever_its_case_spaces_accents_and_punctuation(root: Path, title: str) -> None:
    assert titles_of(load_professions(root)).get(normalised(title)) == "nurse"


@pytest.mark.parametrize("title", ["Nurs", "Nurse manager", "", "N"])
def test_a_near_miss_is_not_guessed(root: Path, title: str) -> None:
    assert titles_of(load_professions(root)).get(normalised(title)) is None


@pytest.mark.parametrize(
    ("yaml", "message"),
    [
        ("a: {label: A, parent: b}\nb: {label: B, parent: a}\n", "its own parent"),
        ("a: {label: A, aliases: [x]}\nb: {label: B, aliases: [X]}\n", "professions.yaml:2: 'X' already means 'a'"),
        ("a: {label: A, parnt: b}\n", "professions.yaml:1: unknown key 'parnt'. Did you mean 'parent'"),
        ("A b: {label: A}\n", "cannot be a key"),
        ("default: {label: A}\n", "cannot be a key"),
    ],
)
def test_a_taxonomy_that_contradicts_itself_is_refused(root: Path, yaml: str, message: str) -> None:
    (root / "audiences/professions.yaml").write_text(yaml)
    with pytest.raises(FileProblems, match=message):
        load_professions(root)


def test_a_segment_takes_in_narrower_professions_and_leaves_out_the_excluded(root: Path) -> None:
    (root / "audiences/a.yaml").write_text(
        "source: a.csv\nsegment: {profession: [care, unmatched], country: US}\nexclude: {profession: [nurse]}\n"
    )
    audience = load_audience("a", root, load_professions(root))
    assert audience.segment.include == (
        Rule("profession", ("care", "nurse", "unmatched")),
        Rule("country", ("US",)),
    )
    assert audience.professions == ("care",)


@pytest.mark.parametrize(
    ("yaml", "message"),
    [
        ("source: a.csv\nsegment: {job: [x]}\n", r"a.yaml:2: unknown field 'job'"),
        ("source: a.csv\nsegmnt: {}\n", r"a.yaml:2: unknown key 'segmnt'. Did you mean 'segment'\?"),
        ("source: b.csv\n", r"a.yaml:1: no file 'audiences/b.csv'. Did you mean 'a.csv'\?"),
        ("source: ../../secret.csv\n", "outside the workspace"),
        ("source: a.csv\nencoding: klingon\n", "unknown encoding"),
    ],
)
def test_a_mistake_in_an_audience_is_named_with_its_line(root: Path, yaml: str, message: str) -> None:
    (root.parent / "secret.csv").write_text("Email\n")
    (root / "audiences/a.yaml").write_text(yaml)
    with pytest.raises(FileProblems, match=message):
        load_audience("a", root, load_professions(root))


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


def test_control_characters_in_a_name_do_not_reach_the_database(root: Path, database: Database) -> None:
    _import(root, database, 'Email,First name\na@x.org,"Ana\r\nBcc: all@x.org\x00\u202e"\n')
    with database.connect() as connection:
        assert connection.exec_driver_sql("SELECT first_name FROM subscribers").scalar_one() == "Ana Bcc: all@x.org"


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
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
        counted = result.added + result.updated + result.unchanged + result.merged + len(result.rejected)
        assert result.rows == counted == sum(1 for row in rows if any(cell.strip() for cell in row))
        with database.connect() as connection:
            audience = load_audience("a", root, load_professions(root))
            people = sum(one.people for one in headcount(connection, audience.segment))
        assert people == result.added + result.updated + result.unchanged
