"""What goes wrong in people's files and databases: one clear message, the right exit code, nothing changed."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from newsletter.cli.main import newsletter
from newsletter.errors import StoreBusy

ISSUE = "issues/open-source-in-care/issue.yaml"


def _line_of(workspace: Any, name: str, words: str) -> int:
    text = (workspace.root / name).read_text("utf-8")
    return text[: text.index(words)].count("\n") + 1


def _replace(workspace: Any, name: str, old: str, new: str) -> None:
    path = workspace.root / name
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")


def _dump(workspace: Any) -> list[str]:
    path = workspace.root / "var/newsletter.db"
    if not path.exists():
        return []
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as connection:
        found = list(connection.iterdump())
    connection.close()
    return found


def _refused(workspace: Any, command: list[str], code: int, *words: str) -> str:
    before = _dump(workspace)
    result = workspace.run(*command)
    assert result.returncode == code, result.stdout + result.stderr
    assert "Traceback" not in result.stderr
    for one in words:
        assert one in result.stderr
    assert _dump(workspace) == before
    assert workspace.outbox() == []
    return str(result.stderr)


BUILD = ["build", "open-source-in-care"]
SEND = ["send", "open-source-in-care", "--yes"]


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        (ISSUE, "open-source.md", "open-sorce.md", "no article 'open-sorce.md'. Did you mean 'open-source.md'?"),
        (ISSUE, "audience: care", "audience: cares", "no audience 'cares'. Did you mean 'care'?"),
        (ISSUE, "preheader:", "prehader:", "unknown key 'prehader'. Did you mean 'preheader'?"),
        (ISSUE, "for: [practitioner]", "for: [practicioner]", "unknown profession 'practicioner'. Did you mean"),
        (ISSUE, "layout: two-column", "layout: two-columns", "unknown layout 'two-columns'"),
        (ISSUE, "show: card}", "shwo: card}", "unknown key 'shwo' in block 'article'. Did you mean 'show'?"),
        (
            ISSUE,
            "recipient.first_name | default('there')",
            "recipient.fist_name",
            "unknown merge field 'recipient.fist_name'",
        ),
        ("newsletter.yaml", "sender:", "sendr:", "unknown key 'sendr'. Did you mean 'sender'?"),
        ("audiences/care.yaml", "healthcare, car", "heathcare, car", "unknown profession 'heathcare'"),
        ("audiences/professions.yaml", "parent: automotive", "parent: automotiv", "unknown parent 'automotiv'"),
    ],
)
def test_a_mistake_is_named_with_its_file_and_line(sample: Any, name: str, old: str, new: str, message: str) -> None:
    _replace(sample, name, old, new)
    said = _refused(sample, SEND, 2, message)
    at = next(line for line in said.splitlines() if message in line)
    place = at.removeprefix("Error: ").split(": ")[0]
    file, _, line = place.rpartition(":")
    expected = _line_of(sample, name, new)
    assert file == name
    assert abs(int(line) - expected) <= 1


def test_a_missing_picture_names_the_article_and_the_line(sample: Any) -> None:
    (sample.root / "static/uploads/showroom.svg").unlink()
    name = "issues/open-source-in-care/practitioner.html"
    _refused(sample, BUILD, 2, f"{name}:{_line_of(sample, name, 'showroom.svg')}: no picture '/uploads/showroom.svg'")


def test_broken_yaml_is_named_with_its_line(sample: Any) -> None:
    _replace(sample, ISSUE, "preheader: Who", "preheader: Who: ")
    _refused(sample, BUILD, 2, f"{ISSUE}:3: broken YAML", "needs quotes")


def test_all_mistakes_of_a_file_are_reported_at_once(sample: Any) -> None:
    _replace(sample, ISSUE, "open-source.md", "nowhere.md")
    _replace(sample, ISSUE, "practitioner.html", "nobody.html")
    said = _refused(sample, BUILD, 2, "'nowhere.md'", "'nobody.html'")
    assert said.count("Error: ") == 2


def test_an_issue_that_does_not_exist_is_suggested(sample: Any) -> None:
    _refused(sample, ["build", "open-source-in-car"], 2, "no such issue. Did you mean 'open-source-in-care'?")


def test_a_draft_stops_the_send_at_its_line(sample: Any) -> None:
    name = "issues/open-source-in-care/open-source.md"
    _replace(sample, name, "draft: false", "draft: true")
    place = f"{name}:{_line_of(sample, name, 'draft: true')}"
    result = sample.run(*SEND)
    assert result.returncode == 1
    assert place in result.stderr
    assert "is a draft" in result.stderr
    assert sample.outbox() == []
    assert sample.run("status", "open-source-in-care").returncode == 2, "nothing was frozen"
    assert sample.run(*BUILD).returncode == 1, "a draft can be looked at, and is not ready"
    assert (sample.root / "build/open-source-in-care/default.html").exists()


def test_an_audience_without_recipients_is_refused(sample: Any) -> None:
    _replace(sample, "audiences/care.yaml", "segment:", "segment:\n  country: [ZZ]")
    result = sample.run(*SEND)
    assert result.returncode == 1
    assert "audiences/care.yaml:1: the audience has no recipients" in result.stderr
    assert sample.outbox() == []


def test_a_file_without_an_address_column_leaves_the_database_as_it_was(sample: Any) -> None:
    sample.run("audience", "import", "care")
    _replace(sample, "audiences/readers.csv", "Email,", "Mail to,")
    _refused(sample, ["audience", "import", "care"], 2, "audiences/readers.csv:1: no column 'Email'", "columns:")


def test_a_latin_1_line_in_a_utf_8_file_is_named_and_changes_nothing(sample: Any) -> None:
    sample.run("audience", "import", "care")
    path = sample.root / "audiences/readers.csv"
    path.write_bytes(path.read_bytes() + "zoe@example.org,Zoë,,,,,,\n".encode("latin-1"))
    line = len(path.read_bytes().splitlines())
    _refused(sample, ["audience", "import", "care"], 2, f"audiences/readers.csv:{line}: not UTF-8", "Mend the line")


def test_a_latin_1_file_is_read_when_the_audience_says_so(letter: Any) -> None:
    letter.write("audiences/readers.yaml", "source: readers.csv\nencoding: windows-1252\n")
    (letter.root / "audiences/readers.csv").write_bytes("Email,First name\nzoe@example.org,Zoë\n".encode("cp1252"))
    assert letter.run("send", "letter", "--yes").returncode == 0
    assert "Zo=C3=AB" in letter.outbox()[0].read_text("ascii")


def test_an_unclosed_quote_in_a_csv_is_an_error_not_a_subscriber(letter: Any) -> None:
    letter.run("audience", "import", "readers")
    letter.write("audiences/readers.csv", 'Email,First name\na@example.org,"Ana\n' + "b@example.org,Bo\n" * 20_000)
    _refused(letter, ["audience", "import", "readers"], 2, "audiences/readers.csv:2: not readable as CSV")


def test_a_database_that_stays_locked_stops_the_send_and_it_can_be_repeated(
    sample: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("newsletter.store.database._LOCK_PATIENCE", 0.1)
    sample.run("audience", "import", "care")
    connection = sqlite3.connect(sample.root / "var/newsletter.db", isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    try:
        command = ["--workspace", str(sample.root), *SEND]
        stopped = CliRunner().invoke(newsletter, command, standalone_mode=False).exception
    finally:
        connection.rollback()
        connection.close()
    assert isinstance(stopped, StoreBusy) and stopped.exit_code == 3
    assert "newsletter.db: the database is in use by another program" in str(stopped)
    assert sample.run(*SEND).returncode == 0


def test_a_read_only_database_is_named(sample: Any) -> None:
    sample.run("audience", "import", "care")
    _replace(sample, "audiences/readers.csv", "Amara", "Amarah")
    for path in (sample.root / "var").glob("newsletter.db*"):
        path.chmod(0o444)
    (sample.root / "var").chmod(0o555)
    try:
        result = _as_ordinary_user(sample, ["audience", "import", "care"])
    finally:
        (sample.root / "var").chmod(0o755)
    assert result.returncode == 2, result.stderr
    assert "the database is read-only" in result.stderr
    assert "Traceback" not in result.stderr


def _as_ordinary_user(workspace: Any, command: list[str]) -> subprocess.CompletedProcess[str]:
    """Run as a user whom file rights bind: the superuser writes everywhere."""
    if os.geteuid() != 0:
        result: subprocess.CompletedProcess[str] = workspace.run(*command)
        return result
    for folder in (workspace.root, *workspace.root.parents):
        if str(folder).startswith("/tmp/"):
            folder.chmod(0o755)
    code = (
        "import os, encodings.utf_8_sig, encodings.idna\n"
        "from newsletter.cli.main import run\n"
        "import newsletter.cli.people\n"
        "import sqlalchemy.dialects.sqlite, pydantic, email_validator, newsletter.store.ledger\n"
        f"os.chdir({str(workspace.root)!r}); os.setuid(65534)\nrun()"
    )
    arguments = workspace.command(*command)
    return subprocess.run([arguments[0], "-c", code, *command], capture_output=True, text=True, timeout=60, check=False)


def test_a_file_that_is_no_database_is_left_alone(sample: Any) -> None:
    sample.write("var/newsletter.db", "my diary " * 200)
    result = sample.run(*SEND)
    assert result.returncode == 2
    assert "is not a database of this program" in result.stderr
    assert (sample.root / "var/newsletter.db").read_text() == "my diary " * 200


def test_a_database_of_a_newer_program_is_refused(sample: Any) -> None:
    sample.run("audience", "import", "care")
    with sqlite3.connect(sample.root / "var/newsletter.db") as connection:
        connection.execute("PRAGMA user_version=99")
    connection.close()
    _refused(sample, SEND, 2, "made by a newer version of newsletter")


def test_outside_a_workspace_the_way_to_one_is_said(tmp_path: Path, letter: Any) -> None:
    shutil.rmtree(letter.root / "issues")
    (letter.root / "newsletter.yaml").unlink()
    result = letter.run("build", "letter")
    assert result.returncode == 2
    assert "newsletter init" in result.stderr


def test_nobody_to_ask_means_no_mail(sample: Any) -> None:
    result = sample.run("send", "open-source-in-care")
    assert result.returncode == 2
    assert "Add --yes" in result.stderr
    assert sample.outbox() == []


def test_init_never_writes_over_a_workspace(sample: Any) -> None:
    before = (sample.root / "newsletter.yaml").read_text()
    result = sample.run("init", ".")
    assert result.returncode == 1
    assert "nothing was changed" in result.stderr
    assert (sample.root / "newsletter.yaml").read_text() == before


def test_a_secret_in_the_smtp_address_is_never_printed(letter: Any) -> None:
    letter.write(
        "newsletter.yaml",
        (letter.root / "newsletter.yaml").read_text() + "provider: {name: smtp}\n",
    )
    url = "smtp://anna:hunter2@127.0.0.1:1"
    result = letter.run("send", "letter", "--yes", "--json", NEWSLETTER_SMTP_URL=url)
    assert result.returncode == 3
    assert "127.0.0.1:1 cannot be reached" in result.stderr
    assert "hunter2" not in result.stderr + result.stdout
