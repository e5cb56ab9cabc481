"""`suppress`, `audience export`, `audience forget` and `db`, as a person runs them."""

from __future__ import annotations

import json
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing

import pytest
from click.testing import CliRunner, Result

from newsletter.cli.main import newsletter
from newsletter.store.database import SCHEMA
from tests.conftest import Workspace
from tests.postgresql import Server
from tests.store.test_upgrading import FIRST_SCHEMA


def _ok(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout


def _json(done: subprocess.CompletedProcess[str]) -> dict[str, object]:
    found: dict[str, object] = json.loads(_ok(done))
    return found


@pytest.fixture(params=["sqlite", "postgresql"])
def environment(request: pytest.FixtureRequest) -> Iterator[dict[str, str]]:
    if request.param == "sqlite":
        yield {}
        return
    server: Server = request.getfixturevalue("postgresql")
    url = server.new_database()
    yield {"NEWSLETTER_DATABASE_URL": url}
    server.drop(url)


def test_a_whole_campaign_goes_out_but_to_those_kept_out(workspace: Workspace, environment: dict[str, str]) -> None:
    people = "".join(f"p{number}@{'blocked' if number % 2 else 'example'}.org,P{number},Cook\n" for number in range(6))
    workspace.write("audiences/crew.csv", "Email,First name,Job title\n" + people)
    added = _json(workspace.run("suppress", "add", "blocked.org", "P0@example.org", "--json", **environment))
    assert added == {"added": 2, "already": 0}
    _ok(workspace.run("suppress", "add", "p2@example.org", "--audience", "crew", "--reason", "asked", **environment))
    planned = _json(workspace.run("plan", "tides", "--json", **environment))
    assert planned["recipients"] == 1
    assert planned["skipped"] == {"suppressed: by hand": 4, "suppressed: asked": 1}
    sent = _json(workspace.run("send", "tides", "--yes", "--json", **environment))
    assert (sent["status"], sent["counts"]) == (
        "finished",
        {"accepted": 1, "pending": 0, "deferred": 0, "rejected": 0, "uncertain": 0, "skipped": 5},
    )
    (mail,) = workspace.outbox()
    assert "To: P4 <p4@example.org>" in mail.read_text("utf-8")
    assert "finished" in _ok(workspace.run("status", "tides", **environment))


def test_lists_are_added_to_shown_and_lifted(workspace: Workspace, environment: dict[str, str]) -> None:
    workspace.write("bounces.csv", "status,reason,email,created\n5.1.1,no,Ada@x.org,1772442000\n5.1.1,no,,1\n")
    imported = _json(workspace.run("suppress", "import", "bounces.csv", "--json", **environment))
    assert imported == {
        "rows": 2,
        "added": 1,
        "already": 0,
        "rejected": [{"line": 3, "reason": "the address is empty"}],
    }
    listed = _json(workspace.run("suppress", "list", "--json", **environment))
    assert listed == {
        "suppressions": [
            {
                "kind": "address",
                "address": "ada@x.org",
                "reason": "bounced",
                "scope": "",
                "source": "bounces.csv",
                "created_at": "2026-03-02T09:00:00+00:00",
            }
        ]
    }
    assert "already" in _ok(workspace.run("suppress", "import", "bounces.csv", **environment))
    removed = _json(workspace.run("suppress", "remove", "ADA@x.org", "bo@x.org", "--json", **environment))
    assert removed == {"removed": 1, "unknown": 1}
    assert _ok(workspace.run("suppress", "list", **environment)) == "No address is suppressed.\n"


def test_a_person_is_told_what_is_held_then_forgotten_and_no_file_brings_them_back(
    workspace: Workspace, environment: dict[str, str]
) -> None:
    _ok(workspace.run("send", "tides", "--yes", **environment))
    held = _json(workspace.run("audience", "export", "ADA@example.org", **environment))
    assert held["subscriber"]["first_name"] == "Ada"  # type: ignore[index]
    assert held["consent"] == {"at": None, "method": "", "source": "", "version": ""}
    assert [one["campaign"] for one in held["deliveries"]] == ["tides"]  # type: ignore[index, attr-defined]
    assert [one["source"] for one in held["files"]] == ["audiences/crew.csv"]  # type: ignore[index, attr-defined]
    refused = workspace.run("audience", "forget", "ada@example.org", **environment)
    assert refused.returncode == 2 and "--yes" in refused.stderr
    done = _json(workspace.run("audience", "forget", "ada@example.org", "--yes", "--json", **environment))
    assert (done["subscriber"], done["deliveries"], done["files"]) == (True, 1, 1)
    named = [str(path).removeprefix(f"{workspace.root}/") for path in done["not_reached"]]  # type: ignore[attr-defined]
    assert named[0] == "audiences/crew.csv" and named[1].startswith("var/outbox/tides/") and len(named) == 2
    workspace.write(
        "audiences/crew.csv", "Email,First name,Job title\nAda@example.org,Ada,Pilot\nbo@example.org,,Cook\n"
    )
    counted = _json(workspace.run("audience", "count", "crew", "--json", **environment))
    assert counted["recipients"] == 1
    after = _json(workspace.run("audience", "export", "ada@example.org", **environment))
    assert (after["subscriber"], after["deliveries"], after["erased_before"]) == (None, [], True)
    assert "(somebody who was erased)" in _ok(workspace.run("suppress", "list", **environment))


def test_an_erasure_stands_until_it_is_lifted_by_name_and_then_the_same_file_is_read_again(
    workspace: Workspace, environment: dict[str, str]
) -> None:
    _ok(workspace.run("audience", "import", "crew", **environment))
    _ok(workspace.run("audience", "forget", "ada@example.org", "--yes", **environment))
    _ok(workspace.run("suppress", "add", "ada@example.org", **environment))
    _ok(workspace.run("suppress", "remove", "ada@example.org", **environment))
    _ok(workspace.run("audience", "import", "crew", **environment))
    assert _json(workspace.run("audience", "export", "ada@example.org", **environment))["subscriber"] is None
    _ok(workspace.run("suppress", "remove", "ada@example.org", "--erased", **environment))
    _ok(workspace.run("audience", "import", "crew", **environment))
    assert _json(workspace.run("audience", "export", "ada@example.org", **environment))["subscriber"] is not None


def test_whoever_left_has_left_though_the_rest_of_their_row_cannot_be_taken(workspace: Workspace) -> None:
    workspace.write("audiences/club.yaml", "source: club.csv\n")
    people = "Email,Job title,Status\nann@x.org,Poet,subscribed\ncy@x.org,Poet,subscribed\nbo@x.org,Poet,subscribed\n"
    workspace.write("audiences/club.csv", people)
    assert _json(workspace.run("audience", "count", "club", "--json"))["recipients"] == 3
    left = f"Email,Job title,Status\nann@x.org,{'x' * 600},unsubscribed\ncy@x.org,Poet,unsubscribed,more\n"
    workspace.write("audiences/club.csv", f"{left}bo@x.org,{'x' * 600},subscribed\nno address,,unsubscribed\n")
    result = _json(workspace.run("audience", "import", "club", "--json"))
    assert (result["rows"], result["updated"], result["rejected_rows"]) == (4, 2, 2)
    for address, status in (("ann@x.org", "unsubscribed"), ("cy@x.org", "unsubscribed"), ("bo@x.org", "subscribed")):
        held = _json(workspace.run("audience", "export", address))
        assert held["subscriber"]["status"] == status  # type: ignore[index]
    assert "their person left: 2, the first on line 2" in _ok(workspace.run("audience", "import", "club", "--dry-run"))


def test_a_file_is_named_only_for_the_whole_address(workspace: Workspace) -> None:
    workspace.write("audiences/others.csv", "Email\nxada@example.org\nada@example.org.uk\n")
    workspace.write("audiences/hers.csv", "Email\n<ADA@Example.org>\n")
    named = _json(workspace.run("audience", "export", "ada@example.org"))["also_in"]
    assert [str(path).rpartition("/")[2] for path in named] == ["crew.csv", "hers.csv"]  # type: ignore[attr-defined]


@pytest.mark.parametrize("entry", ["nowhere", "a b.org", "@", "x@", "a@b@c.org"])
def test_what_is_neither_an_address_nor_a_domain_is_refused(workspace: Workspace, entry: str) -> None:
    refused = workspace.run("suppress", "add", entry)
    assert refused.returncode == 2 and "Traceback" not in refused.stderr
    assert _ok(workspace.run("suppress", "list")) == "No address is suppressed.\n"


def test_a_scope_that_is_no_audience_is_refused_with_the_nearest(workspace: Workspace) -> None:
    refused = workspace.run("suppress", "add", "a@x.org", "--audience", "crews")
    assert refused.returncode == 2 and "no audience 'crews'. Did you mean 'crew'?" in refused.stderr


def test_an_older_file_is_upgraded_by_the_command_or_on_the_way(workspace: Workspace) -> None:
    path = workspace.root / "var/newsletter.db"
    path.parent.mkdir()
    for command in (("db", "upgrade"), ("suppress", "list")):
        path.unlink(missing_ok=True)
        path.touch(0o600)
        with sqlite3.connect(path) as raw:
            raw.executescript(FIRST_SCHEMA)
        raw.close()
        assert "Run `newsletter db upgrade`" in _ok(workspace.run("db", "status"))
        assert _json(workspace.run("db", "status", "--json"))["schema"] == "0001"
        _ok(workspace.run(*command))
        assert f"up to date (schema {SCHEMA})" in _ok(workspace.run("db", "status"))
        assert "bo@x.org" in _ok(workspace.run("suppress", "list"))


def test_looking_at_a_database_that_is_not_there_does_not_make_it(
    workspace: Workspace, environment: dict[str, str]
) -> None:
    assert "not made yet" in _ok(workspace.run("db", "status", **environment))
    assert "not made yet" in _ok(workspace.run("db", "status", **environment))
    assert not (workspace.root / "var").exists()
    assert f"schema none → {SCHEMA}" in _ok(workspace.run("db", "upgrade", **environment))
    assert "up to date already" in _ok(workspace.run("db", "upgrade", **environment))


def test_a_server_that_is_away_is_told_in_words_and_no_password_is_shown(workspace: Workspace) -> None:
    url = "postgresql://ada:s3cret@127.0.0.1:1/news"
    for command in (("status", "tides"), ("suppress", "list"), ("db", "status"), ("send", "tides", "--yes")):
        done = workspace.run(*command, NEWSLETTER_DATABASE_URL=url)
        assert done.returncode == 2
        assert "cannot be reached" in done.stderr and "s3cret" not in done.stdout + done.stderr


def test_forgetting_reaches_rejected_rows_and_an_export_shows_the_address_as_it_is_held(workspace: Workspace) -> None:
    workspace.write("audiences/club.yaml", "source: club.csv\n")
    people = f"Email,Job title\nAnn@x.org,Poet\nbo@x.org,{'x' * 600}\nann@X.org,{'x' * 600}\n"
    workspace.write("audiences/club.csv", people)
    assert _run(workspace, "audience", "import", "club").exception is None
    assert json.loads(_run(workspace, "audience", "export", "ANN@X.ORG").stdout)["address"] == "Ann@x.org"
    done = json.loads(_run(workspace, "audience", "forget", "ann@x.org", "--yes", "--json").stdout)
    assert (done["rejected_rows"], done["not_reached"]) == (1, [str(workspace.root / "audiences/club.csv")])
    left = (workspace.root / "build/import/club-rejected.csv").read_text("utf-8-sig")
    assert "bo@x.org" in left and "ann@" not in left.lower()


def _run(workspace: Workspace, *arguments: str) -> Result:
    """The command in this process."""
    return CliRunner().invoke(newsletter, ["--workspace", str(workspace.root), *arguments], standalone_mode=False)


def test_what_still_keeps_somebody_out_is_told_with_how_to_lift_it(workspace: Workspace) -> None:
    _run(workspace, "suppress", "add", "eve@x.org", "--audience", "crew")
    _run(workspace, "audience", "forget", "bo@x.org", "--yes")
    scoped = _run(workspace, "suppress", "remove", "eve@x.org")
    assert "0 no longer suppressed, 1 were not suppressed for everything." in scoped.output
    assert "`newsletter suppress remove eve@x.org --audience crew`" in scoped.output
    assert "bo@x.org asked to be forgotten; add --erased" in _run(workspace, "suppress", "remove", "bo@x.org").output
    assert (
        _run(workspace, "suppress", "remove", "eve@x.org", "--audience", "crew").output == "1 no longer suppressed.\n"
    )
    assert "@x.org is a domain: nobody there is mailed." in _run(workspace, "suppress", "add", "@x.org").output
    document = json.loads(_run(workspace, "suppress", "remove", "eve@x.org", "--json").stdout)
    assert (document["removed"], document["unknown"]) == (0, 1)
    assert "everybody at x.org is still suppressed for everything" in document["still"][0]


def test_forgetting_says_how_it_is_undone_and_doubts_an_address_nothing_was_held_on(workspace: Workspace) -> None:
    said = _run(workspace, "audience", "forget", "nobody@x.org", "--yes").stdout
    assert "look whether it is written right" in said
    assert "`newsletter suppress remove ADDRESS --erased`" in said


def test_professions_bring_the_file_in_as_counting_does(workspace: Workspace) -> None:
    empty = _run(workspace, "audience", "professions", "--unmatched")
    assert "Nobody is in the database yet." in empty.stdout
    workspace.write("audiences/crew.csv", "Email,First name,Job title\nada@x.org,Ada,Astronaut\n")
    told = _run(workspace, "audience", "professions", "crew", "--unmatched")
    assert "Imported audiences/crew.csv: 1 row, 1 added" in told.stderr
    assert "1  Astronaut" in told.stdout


def test_the_state_of_a_database_that_is_newer_damaged_or_open_to_others_is_told(workspace: Workspace) -> None:
    path = workspace.root / "var/newsletter.db"
    _run(workspace, "suppress", "add", *(f"p{number}@x.org" for number in range(300)))
    assert _run(workspace, "db", "status").stderr == ""
    path.chmod(0o644)
    assert "Others may read it (mode 644)" in _run(workspace, "db", "status").stderr
    with closing(sqlite3.connect(path)) as raw, raw:
        raw.execute("UPDATE alembic_version SET version_num = '0099'")
    newer = _run(workspace, "db", "status")
    assert "schema 0099, newer than this program" in newer.stdout
    assert getattr(newer.exception, "exit_code", None) == 1
    with closing(sqlite3.connect(path)) as raw:
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (root,) = raw.execute("SELECT rootpage FROM sqlite_master WHERE name = 'suppressions'").fetchone()
        (size,) = raw.execute("PRAGMA page_size").fetchone()
    with path.open("r+b") as file:
        file.seek((root - 1) * size + 8)
        file.write(b"\xff" * 100)
    damaged = _run(workspace, "db", "status").exception
    assert "is damaged. Restore it from a backup" in str(damaged)
    assert getattr(damaged, "exit_code", None) == 2
