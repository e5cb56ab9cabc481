"""A subscriber file comes into the database whole or not at all, every row of it accounted for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.audience.audiences import load_audience
from newsletter.audience.columns import columns_of
from newsletter.audience.imports import import_audience
from newsletter.audience.professions import load_professions
from newsletter.audience.records import Records
from newsletter.audience.rows import RowReader, RowRejected
from newsletter.errors import FileProblems, ImportRefused, StoreBusy
from newsletter.model import Audience, Import, RejectedRow, Segment, Where
from newsletter.store import locks, subscribers, suppressions
from newsletter.store.database import Database, open_database
from newsletter.store.headcounts import headcount

Importer = Callable[..., Import]
HEADER = "Email,First name,Job title\n"


@pytest.fixture
def database(workspace, store_url: str) -> Iterator[Database]:  # type: ignore[no-untyped-def]  # its class lives in conftest
    opened = open_database(store_url, workspace.root)
    yield opened
    opened.close()


@pytest.fixture
def bring(workspace, database: Database, now: datetime) -> Importer:  # type: ignore[no-untyped-def]
    """Import these words as the crew's file."""

    def imported(content: str | bytes, **more: bool) -> Import:
        root: Path = workspace.root
        (root / "audiences/crew.csv").write_bytes(content if isinstance(content, bytes) else content.encode())
        professions = load_professions(root)
        return import_audience(database, load_audience("crew", root, professions), root, professions, now, **more)

    return imported


def people(database: Database, *columns: str) -> list[tuple[object, ...]]:
    table = subscribers.subscribers
    query = subscribers.select(*(table.c[name] for name in columns)).order_by(table.c.address)
    with database.connect() as connection:
        return [tuple(one) for one in connection.execute(query)]


def members(database: Database) -> list[str]:
    """Whom the crew's file brought, by address."""
    query = "SELECT address FROM memberships JOIN subscribers ON id = subscriber_id WHERE source = 'audiences/crew.csv'"
    with database.connect() as connection:
        return sorted(row[0] for row in connection.exec_driver_sql(query))


def test_rows_become_people_with_the_profession_their_title_means(bring: Importer, database: Database) -> None:
    result = bring(
        "Email,First name,Job title\nada@example.org,Ada,PILOT\nbo@example.org,,Able-Seaman\nx@example.org,X,Poet\n"
    )
    assert (result.rows, result.added, result.rejected) == (3, 3, ())
    assert result.unmatched_professions == {"Poet": 1}
    assert people(database, "address", "first_name", "profession", "profession_title") == [
        ("ada@example.org", "Ada", "pilot", "PILOT"),
        ("bo@example.org", "", "sailor", "Able-Seaman"),
        ("x@example.org", "X", "", "Poet"),
    ]


def test_a_file_that_has_not_changed_is_not_read_twice(bring: Importer) -> None:
    rows = "Email,First name,Job title\nada@example.org,Ada,Poet\n"
    assert bring(rows).skipped is False
    again = bring(rows)
    assert (again.skipped, again.rows, again.unmatched_professions) == (True, 0, {"Poet": 1})


def test_a_changed_taxonomy_reads_the_file_again(bring: Importer, workspace, database: Database) -> None:  # type: ignore[no-untyped-def]
    rows = "Email,First name,Job title\nada@example.org,Ada,Poet\n"
    bring(rows)
    workspace.write("audiences/professions.yaml", "poet: {label: Poet}\n")
    assert (bring(rows).skipped, people(database, "profession")) == (False, [("poet",)])


def test_a_file_that_is_not_in_the_encoding_its_audience_names_changes_nothing(
    bring: Importer, workspace, database: Database
) -> None:  # type: ignore[no-untyped-def]
    workspace.write("audiences/crew.yaml", "source: crew.csv\nencoding: utf-8\n")
    bring("Email,First name,Job title\nold@example.org,Old,Cook\n")
    rows = "Email,First name,Job title\nnew@example.org,New,Cook\nrene@example.org,René,Cook\n"
    with pytest.raises(FileProblems) as caught:
        bring(rows.encode("latin-1"))
    assert str(caught.value).startswith("audiences/crew.csv:3: not UTF-8 text (byte 0xe9).")
    assert "say `encoding: windows-1252`" in str(caught.value)
    assert people(database, "address") == [("old@example.org",)]


def test_a_file_in_another_encoding_that_the_audience_names_is_read(
    bring: Importer, workspace, database: Database
) -> None:  # type: ignore[no-untyped-def]
    workspace.write("audiences/crew.yaml", "source: crew.csv\nencoding: windows-1252\n")
    bring("Email;First name\nrene@example.org;René\n".encode("cp1252"))
    assert people(database, "first_name") == [("René",)]


def test_a_file_that_goes_wrong_after_many_rows_changes_nobody_and_lets_nobody_go(
    bring: Importer, database: Database
) -> None:
    bring("Email,First name,Job title\nold@example.org,Old,Cook\n")
    rows = "Email,First name,Job title\n" + "".join(f"r{n}@example.org,R,Cook\n" for n in range(5_000))
    with pytest.raises(FileProblems, match=r"crew\.csv:5002: not readable as CSV"):
        bring(rows + 'last@example.org,"Las')
    assert people(database, "address") == [("old@example.org",)]
    assert members(database) == ["old@example.org"]


@pytest.mark.parametrize("tail", ['"Bo,Cook\ncy@example.org,Cy,Cook\n', '"Bo,Cook\ncy@example.org,"Cy",Cook\n'])
def test_a_quote_that_is_never_closed_swallows_nobody(bring: Importer, database: Database, tail: str) -> None:
    with pytest.raises(FileProblems, match=r"crew\.csv:3: not readable as CSV: .*quote that is never closed"):
        bring("Email,First name,Job title\nada@example.org,Ada,Cook\nbo@example.org," + tail)
    assert people(database, "address") == []


def test_without_an_address_column_the_columns_are_named(bring: Importer, workspace) -> None:  # type: ignore[no-untyped-def]
    workspace.write("audiences/crew.yaml", "source: crew.csv\n")
    with pytest.raises(FileProblems, match=r"crew\.csv:1: no column holds the address\. The file has: Name, Phone\."):
        bring("Name,Phone\nAda,1\n")
    with pytest.raises(FileProblems, match=r"crew\.csv:1: is empty: not even"):
        bring("")


def test_all_columns_that_are_not_there_are_told_at_once_with_the_nearest(bring: Importer) -> None:
    with pytest.raises(FileProblems) as caught:
        bring("E-mails,First name,Job titel\n")
    first, second = (str(one) for one in caught.value.problems)
    assert first.startswith("audiences/crew.csv:1: no column 'Email' (for address). Did you mean 'E-mails'?")
    assert second.startswith("audiences/crew.csv:1: no column 'Job title' (for profession). Did you mean 'Job titel'?")
    assert second.endswith("The file has: E-mails, First name, Job titel. Mend `columns:` in audiences/crew.yaml.")


def test_a_row_that_cannot_be_a_person_is_rejected_with_its_line(bring: Importer, workspace) -> None:  # type: ignore[no-untyped-def]
    workspace.write("audiences/crew.yaml", "source: crew.csv\n")
    result = bring(
        "Email,First name,Status\nada@example.org,Ada,\nnot an address,X,\n\n,Nobody,\n"
        f"long@example.org,{'x' * 501},\nodd@example.org,O,maybe\nmore@example.org,M,active,extra\n"
    )
    assert (result.rows, result.added) == (6, 1)
    assert [one.line for one in result.rejected] == [3, 5, 6, 7, 8]
    assert result.rejected[1:] == (
        RejectedRow(5, "the address is empty"),
        RejectedRow(6, "'first_name' is longer than 500 characters"),
        RejectedRow(7, "unknown status 'maybe'"),
        RejectedRow(8, "more cells than the header has columns"),
    )
    assert not any("not an address" in one.reason for one in result.rejected), "no personal data in reasons"


def test_a_header_smuggled_into_a_name_rejects_the_row(bring: Importer) -> None:
    result = bring(
        'Email,First name,Job title\nada@example.org,"Ada\r\nBcc: all@example.org",\n\nbo@example.org,"Bo\nBo",\n,X,\n'
    )
    assert [(one.line, one.reason) for one in result.rejected] == [
        (2, "'first_name' holds a line break and a mail header after it"),
        (7, "the address is empty"),
    ]
    assert result.added == 1


def test_what_cannot_be_seen_does_not_reach_the_database_and_is_told(bring: Importer, database: Database) -> None:
    result = bring('Email,First name,Job title\nada@example.org,"Ada\nMa\u200bria\x00\u202e",\n')
    assert people(database, "first_name") == [("Ada Maria",)]
    assert result.notes == ("cells with invisible characters, which were removed: 1, the first on line 2",)


def test_whoever_unsubscribed_stays_so_when_the_old_file_comes_again(
    bring: Importer, workspace, database: Database
) -> None:  # type: ignore[no-untyped-def]
    workspace.write("audiences/crew.yaml", "source: crew.csv\n")
    bring("Email,Status\nada@example.org,unsubscribed\n")
    result = bring("Email,Status,First name\nADA@example.org,subscribed,Ada\n")
    assert (result.added, result.updated) == (0, 1)
    assert people(database, "status", "first_name") == [("unsubscribed", "Ada")]


@pytest.mark.parametrize(
    ("written", "status"),
    [
        ("Active", "subscribed"),
        ("opted-out", "unsubscribed"),
        ("CLEANED", "bounced"),
        ("spam", "complained"),
        ("pending", "pending"),
    ],
)
def test_other_programs_words_for_a_status_are_understood(
    bring: Importer,
    workspace,
    database: Database,
    written: str,
    status: str,  # type: ignore[no-untyped-def]
) -> None:
    workspace.write("audiences/crew.yaml", "source: crew.csv\n")
    bring(f"Email,Status\nada@example.org,{written}\n")
    assert people(database, "status") == [(status,)]


@pytest.mark.parametrize("heading", ["Subscribed", "Opt-in", "Unsubscribed", "Email Opt-Out", "Abgemeldet"])
@pytest.mark.parametrize(("yes", "no"), [("TRUE", "FALSE"), ("1", "0"), ("yes", "no"), ("X", "off"), ("ja", "Nein")])
def test_yes_and_no_say_what_the_heading_asks(heading: str, yes: str, no: str) -> None:
    asks = heading in ("Subscribed", "Opt-in")
    statuses = [status_of(heading, written) for written in (yes, no, "")]
    assert statuses == (
        ["subscribed", "unsubscribed", "pending"] if asks else ["unsubscribed", "subscribed", "subscribed"]
    )
    assert status_of(heading, "bounced") == "bounced"


def status_of(heading: str, written: str) -> str:
    audience = Audience("a", Where("audiences/a.yaml"), "A", "audiences/a.csv", "", {}, Segment(), ())
    columns = columns_of(Records(("Email", heading), 1, iter(()), "CSV"), audience)
    now = datetime.fromisoformat("2026-03-02T09:00:00+00:00")
    return RowReader(columns, 2, now, lambda title: "").row(2, ["a@x.org", written]).status


@pytest.mark.parametrize(
    ("heading", "written", "reason"),
    [
        ("Status", "TRUE", "status 'TRUE' says yes or no, but not to what: call the column Subscribed or Unsubscribed"),
        ("Status", "0", "status '0' says yes or no"),
        ("Status", "✗", "unknown status '✗'"),
        ("Subscribed", "2024-01-01", "unknown status '2024-01-01'"),
    ],
)
def test_a_yes_to_no_question_is_no_status(heading: str, written: str, reason: str) -> None:
    with pytest.raises(RowRejected, match=f"^{reason}"):
        status_of(heading, written)


def test_objects_of_a_json_file_become_attributes_with_paths(bring: Importer, workspace, database: Database) -> None:  # type: ignore[no-untyped-def]
    lines = '{"email": "a@x.org", "clinic": {"size": "small", "beds": [1, 2.50]}, "attributes": {"points": 7}}\n'
    workspace.write("audiences/crew.yaml", "source: crew.csv\n")
    guessed = bring(lines)
    assert (guessed.columns["more attributes"], guessed.ignored_columns) == ("attributes", ("clinic",))
    workspace.write("audiences/crew.yaml", "source: crew.csv\ncolumns: {clinic: clinic, attributes: attributes}\n")
    bring(lines + '{"email": "b@x.org", "clinic": "{small"}\n')
    clinic = {"size": "small", "beds": ["1", "2.50"]}
    assert people(database, "attributes") == [({"clinic": clinic, "points": "7"},), ({"clinic": "{small"},)]


def test_columns_nobody_asked_for_are_named_and_left_out(bring: Importer, database: Database) -> None:
    result = bring("Email,Salary,First name,Job title,\nada@example.org,9,Ada,Cook,\n")
    assert result.ignored_columns == ("Salary",)
    assert people(database, "attributes") == [({},)]


def test_a_column_of_any_name_becomes_a_field_of_its_own(bring: Importer, workspace, database: Database) -> None:  # type: ignore[no-untyped-def]
    workspace.write("audiences/crew.yaml", "source: crew.csv\ncolumns: {address: Email, id: Number, joined: Since}\n")
    bring("Email,Number,Since\nada@example.org,C-7,2025\nbo@example.org,,\n")
    assert people(database, "attributes") == [({"id": "C-7", "joined": "2025"},), ({},)]


def test_whoever_was_erased_is_rejected_and_no_new_copy_of_them_is_made(
    bring: Importer, workspace, database: Database, now: datetime
) -> None:  # type: ignore[no-untyped-def]
    with database.begin() as connection:
        suppressions.remember_erased(connection, "ada@example.org", "person", now)
    result = bring("Email,First name,Job title\nADA@example.org,Ada,Cook\nbo@example.org,Bo,Cook\n")
    assert (result.added, result.rejected) == (1, (RejectedRow(2, "erased"),))
    assert people(database, "address") == [("bo@example.org",)]
    assert "ada" not in (workspace.root / result.rejected_file).read_text("utf-8-sig").lower()


def test_every_kind_of_bad_row_is_one_rejection_and_the_others_come_in(bring: Importer, database: Database) -> None:
    bad = [
        f'big@example.org,"{"x" * 10_000_000}",Cook',
        '"x@example.org\r\nBcc: y@example.org",X,Cook',
        'z@example.org,"Z\r\nBcc: y@example.org",Cook',
        f"{'a' * 64}@{'b' * 251}.org,X,Cook",
        "nul\0@example.org,X,Cook",
        "right\u202e@example.org,X,Cook",
        "many@example.org,X,Cook,and,more",
    ]
    good = ["ok@example.org,O\0k\u202e,Cook", 'quotes@example.org,"Quo ""tes""",Cook']
    result = bring("\n".join(["Email,First name,Job title", *bad, *good, ""]))
    assert (result.rows, result.added, result.rejected_rows) == (9, 2, 7)
    assert people(database, "first_name") == [("Ok",), ('Quo "tes"',)]


def test_a_second_reading_of_the_same_file_changes_nobody(bring: Importer, workspace, database: Database) -> None:  # type: ignore[no-untyped-def]
    rows = "Email,First name,Job title\n" + "".join(f"r{n % 40}@example.org,N{n},Cook\n" for n in range(50))
    first = bring(rows)
    before = people(database, "address", "first_name", "changed_at")
    workspace.write("audiences/professions.yaml", "captain: {label: Captain}\ncook: {label: Cook}\n")
    second = bring(rows)
    assert (first.added, first.merged, second.skipped) == (40, 10, False)
    assert (second.added, second.updated, second.unchanged, second.merged) == (0, 0, 40, 10)
    assert people(database, "address", "first_name", "changed_at") == before


# ── files that a person should look at first ────────────────────────────────────────────────────────────────────────


def crew(count: int, status: str = "subscribed", marked: int = 0) -> str:
    """A file of so many people, so many of them with the status, the others subscribed."""
    rows = (f"r{one}@example.org,{status if one < marked else 'subscribed'}\n" for one in range(count))
    return "Email,Status\n" + "".join(rows)


def test_a_delimiter_that_the_audience_names_is_taken_and_another_one_reads_the_file_again(
    bring: Importer, workspace, database: Database
) -> None:  # type: ignore[no-untyped-def]
    workspace.write("audiences/crew.yaml", "source: crew.csv\ndelimiter: '#'\ncolumns: {note: Note}\n")
    text = "Email#Name,Note#Note\na@example.org#A,1#x\n"
    assert bring(text).columns == {"address": "Email", "note": "Note"}
    workspace.write("audiences/crew.yaml", "source: crew.csv\ndelimiter: ','\ncolumns: {note: Note}\n")
    with pytest.raises(FileProblems, match="no column 'Note'"):
        bring(text)


@pytest.fixture
def take(workspace, bring: Importer) -> Importer:  # type: ignore[no-untyped-def]
    """Import these words as a file of the crew whose columns are guessed."""
    workspace.write("audiences/crew.yaml", "source: crew.csv\n")
    return bring


def test_a_file_without_a_row_that_can_be_taken_changes_nobody_however_often_it_comes(
    take: Importer, workspace, database: Database
) -> None:  # type: ignore[no-untyped-def]
    take(crew(3))
    for _ in range(2):
        with pytest.raises(ImportRefused, match="all 2 rows were rejected, the first on line 2"):
            take("Email\nnobody\nno one\n")
        assert len(members(database)) == 3
        assert "nobody" in (workspace.root / "build/import/crew-rejected.csv").read_text("utf-8-sig")


@pytest.mark.parametrize(
    ("before", "after", "refused"), [(30, 14, True), (30, 15, False), (12, 2, False), (12, 1, True), (12, 0, True)]
)
def test_a_file_that_lacks_more_than_half_and_more_than_ten_of_its_people_is_refused_until_somebody_says_so(
    take: Importer, database: Database, before: int, after: int, refused: bool
) -> None:
    take(crew(before))
    if refused:
        with pytest.raises(ImportRefused, match=f"{before - after} of the {before} people.*--allow-leaving") as told:
            take(crew(after))
        assert f"{before - after} are not in the file, 0 are no longer subscribed" in str(told.value)
        assert len(members(database)) == before
    assert take(crew(after), allow_leaving=True).left == before - after
    assert len(members(database)) == after


def test_a_file_in_which_most_have_left_is_refused_before_anybodys_status_changes(
    take: Importer, database: Database
) -> None:
    take(crew(30))
    looked = take(crew(30, "unsubscribed", 16), dry_run=True)
    assert "0 are not in the file, 16 are no longer subscribed in it" in looked.refusal
    with pytest.raises(ImportRefused):
        take(crew(30, "unsubscribed", 16))
    assert set(people(database, "status")) == {("subscribed",)}
    assert take(crew(30, "unsubscribed", 16), allow_leaving=True).updated == 16
    assert take(crew(30, "unsubscribed", 16) + "\n", dry_run=True).refusal == ""


NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters='\r\n"'), max_size=12)
ROWS = st.lists(
    st.tuples(
        st.sampled_from(["a@x.org", "A@X.org", "b@x.org", "c@x.org", "d@ü.org", "nobody", "", "a b@x.org"]),
        NAMES,
        st.sampled_from(["Pilot", "pilots", "Poet", ""]),
    ),
    max_size=20,
)


@settings(max_examples=60, deadline=None)
@given(first=ROWS, second=ROWS)
def test_every_row_is_counted_once_in_a_first_and_in_a_second_import(
    first: list[tuple[str, str, str]], second: list[tuple[str, str, str]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    root = tmp_path_factory.mktemp("people")
    (root / "audiences").mkdir()
    (root / "audiences/crew.yaml").write_text("source: crew.csv\n")
    professions = load_professions(root)
    database = open_database("sqlite:///news.db", root)
    moment = datetime.fromisoformat("2026-03-02T09:00:00+00:00")
    for number, rows in enumerate((first, second)):
        lines = [f'{address},"{name}",{title}' for address, name, title in rows]
        text = "\n".join(["Email,First name,Job title", *lines, ""])
        (root / "audiences/crew.csv").write_bytes(text.encode())
        try:
            result = import_audience(database, load_audience("crew", root, professions), root, professions, moment)
        except ImportRefused as error:
            result = error.result
            assert result.rows == result.rejected_rows
            continue
        with database.connect() as connection:
            inside = headcount(connection, Segment(source="audiences/crew.csv"))
        parts = result.added + result.updated + result.unchanged + result.merged + result.rejected_rows
        assert result.rows == parts
        if not result.skipped:
            assert result.rows == sum(1 for row in rows if any(cell.strip() for cell in row))
            assert sum(one.people for one in inside) == result.added + result.updated + result.unchanged
        assert number or result.updated == result.unchanged == 0
    database.close()


def test_two_first_imports_of_a_file_at_once_go_one_after_the_other(
    workspace,  # type: ignore[no-untyped-def]
    bring: Importer,
    database: Database,
    store_url: str,
    now: datetime,
) -> None:
    root: Path = workspace.root
    (root / "audiences/crew.csv").write_text(HEADER + "".join(f"p{number}@example.org,,\n" for number in range(50)))
    professions = load_professions(root)
    audience = load_audience("crew", root, professions)

    def imported(_number: int) -> Import:
        other = open_database(store_url, root)
        try:
            return import_audience(other, audience, root, professions, now)
        finally:
            other.close()

    with ThreadPoolExecutor(3) as pool:
        results = list(pool.map(imported, range(3)))
    assert sorted((one.added, one.skipped) for one in results) == [(0, True), (0, True), (50, False)]
    assert len(members(database)) == 50


def test_an_import_that_waits_too_long_for_another_says_to_run_it_again(
    bring: Importer, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locks, "_PATIENCE", 0.0)
    with locks.import_lock(database, "audiences/crew.csv"), pytest.raises(StoreBusy, match="imported by another"):
        bring(f"{HEADER}ada@example.org,,\n")
    assert people(database, "address") == []
    assert bring(f"{HEADER}ada@example.org,,\n").added == 1


@pytest.mark.parametrize(
    ("heading", "cell", "status"),
    [
        ("UNSUB_TIME", "2026-01-05 10:00:00", "unsubscribed"),
        ("UNSUB_REASON", "NORMAL", "unsubscribed"),
        ("Unsubscribed at", "2026-01-05", "unsubscribed"),
        ("CLEAN_TIME", "2026-01-05 10:00:00", "bounced"),
        ("UNSUB_TIME", "", "subscribed"),
        ("UNSUB_TIME", "0000-00-00 00:00:00", "subscribed"),
        ("Unsubscribed at", "NULL", "subscribed"),
    ],
)
@pytest.mark.parametrize("columns", ["", "columns: {address: Email Address, first_name: First Name}\n"])
def test_a_time_of_unsubscribing_decides_whatever_columns_were_left_out(
    workspace,  # type: ignore[no-untyped-def]
    bring: Importer,
    database: Database,
    heading: str,
    cell: str,
    status: str,
    columns: str,
) -> None:
    (workspace.root / "audiences/crew.yaml").write_text(f"title: Crew\nsource: crew.csv\n{columns}")
    result = bring(f"Email Address,First Name,{heading}\nada@example.org,Ada,{cell}\n")
    assert people(database, "address", "status") == [("ada@example.org", status)]
    assert heading not in result.ignored_columns
    assert heading in result.columns.values()


def test_who_left_by_a_time_leaves_though_the_rest_of_the_row_cannot_be_taken(
    workspace,  # type: ignore[no-untyped-def]
    bring: Importer,
    database: Database,
) -> None:
    said = "title: Crew\nsource: crew.csv\n"
    (workspace.root / "audiences/crew.yaml").write_text(said)
    rows = f"ada@example.org,{'x' * 600},2026-01-05,\nbo@example.org,Bo,2026-01-05,complained\n"
    bring(f"Email,First name,UNSUB_TIME,Status\n{rows}")
    assert people(database, "address", "status") == [
        ("ada@example.org", "unsubscribed"),
        ("bo@example.org", "complained"),
    ]


def test_a_file_without_a_row_takes_nobody_out_unless_that_is_said(bring: Importer, database: Database) -> None:
    bring(f"{HEADER}ada@example.org,,\n")
    with pytest.raises(ImportRefused, match="no row under its headings; nobody was changed"):
        bring(HEADER)
    assert members(database) == ["ada@example.org"]
    assert bring(HEADER, allow_leaving=True).left == 1
    assert members(database) == []


def test_a_file_with_nothing_in_it_is_one_problem(bring: Importer, database: Database) -> None:
    with pytest.raises(FileProblems) as caught:
        bring("")
    (problem,) = caught.value.problems
    assert "is empty" in problem.message
