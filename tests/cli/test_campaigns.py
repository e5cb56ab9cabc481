"""What `status` and `cancel` say of a campaign, without a process of their own."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from click.testing import CliRunner, Result

from newsletter.cli.main import newsletter
from newsletter.delivery.providers.contract import ProviderRefuses
from newsletter.errors import NotInEnvironment, Refused
from newsletter.model import Outcome
from newsletter.pipeline import planning, sending, steering, testing
from newsletter.pipeline.approvals import Opinion, approve
from newsletter.pipeline.workspace import Workspace, open_store, open_workspace
from newsletter.store.database import Database
from newsletter.store.locks import campaign_lock

TEMPLATES = Path(__file__).parents[2] / "templates"


@pytest.fixture
def begun(workspace: Any) -> Workspace:
    """A campaign to two, of whom one has the mail."""
    opened = open_workspace(workspace.root, {}, TEMPLATES)
    planning.freeze(opened, planning.plan(opened, "tides"))
    sending.send(opened, "tides", sending.SendOptions(limit=1), Event())
    return opened


@pytest.fixture
def database(begun: Workspace) -> Iterator[Database]:
    with open_store(begun) as opened:
        yield opened


def _run(workspace: Workspace, *arguments: str) -> Result:
    return CliRunner().invoke(newsletter, ["--workspace", str(workspace.root), *arguments])


def test_a_campaign_that_a_process_has_is_being_sent_and_one_that_was_cut_off_is_not(
    begun: Workspace, database: Database
) -> None:
    with campaign_lock(database, "tides"):
        assert "Campaign tides is being sent\n" in _run(begun, "status", "tides").stdout
        assert json.loads(_run(begun, "status", "tides", "--json").stdout)["being_sent"] is True
    assert "Campaign tides is not finished\n" in _run(begun, "status", "tides").stdout
    assert json.loads(_run(begun, "status", "tides", "--json").stdout)["being_sent"] is False


def test_a_log_that_cannot_be_written_is_told_in_words(begun: Workspace) -> None:
    for path in ("/nonexistent/x.csv", str(begun.root), ""):
        done = _run(begun, "status", "tides", "--log", path)
        assert "--log" in str(done.exception) + done.stderr, path
        assert getattr(done.exception, "exit_code", done.exit_code) == 2
    assert _run(begun, "status", "tides", "--log", str(begun.root / "x.csv")).exit_code == 0


def test_a_log_is_printed_alone_when_it_is_asked_for_on_standard_output(begun: Workspace) -> None:
    done = _run(begun, "status", "tides", "--log", "-")
    rows = list(csv.DictReader(done.stdout.splitlines()))
    assert sorted(row["state"] for row in rows) == ["accepted", "pending"]
    assert not Path("-").exists()
    for other in ("--json", "--watch"):
        refused = _run(begun, "status", "tides", "--log", "-", other)
        assert (refused.exit_code, refused.stdout) == (2, "")
        assert "--log -" in refused.stderr


def test_a_log_is_its_owners_alone_to_read(begun: Workspace, tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        _run(begun, "status", "tides", "--log", str(tmp_path / "log.csv"))
    finally:
        os.umask(before)
    assert (tmp_path / "log.csv").stat().st_mode & 0o777 == 0o600
    assert len((tmp_path / "log.csv").read_text("utf-8").splitlines()) == 3


def test_a_database_that_is_gone_beside_mail_that_was_sent_mails_nobody_again(begun: Workspace) -> None:
    for path in (begun.root / "var").glob("newsletter.db*"):
        path.unlink()
    before = sorted((begun.root / "var/outbox").rglob("*.eml"))
    refused = _run(begun, "send", "tides", "--yes")
    assert "var/outbox/tides holds mail of a campaign 'tides', and the database knows of none" in str(refused.exception)
    assert getattr(refused.exception, "exit_code", 0) == 1
    with pytest.raises(Refused, match="holds mail"):
        planning.freeze(begun, planning.plan(begun, "tides"))
    assert sorted((begun.root / "var/outbox").rglob("*.eml")) == before
    assert _run(begun, "send", "tides", "--yes", "--campaign", "tides-2").exit_code == 0


def test_who_waits_for_a_winner_is_told_apart_from_who_is_pending(begun: Workspace, database: Database) -> None:
    with database.begin() as connection:
        connection.exec_driver_sql("UPDATE deliveries SET state='undecided' WHERE state='pending'")
    shown = _run(begun, "status", "tides").stdout
    assert "  1  accepted\n  1  undecided\n" in shown
    assert "pending" not in shown


def test_who_cancels_a_running_send_is_told_that_it_is_being_ended(begun: Workspace, database: Database) -> None:
    with campaign_lock(database, "tides"):
        said = _run(begun, "cancel", "tides", "--yes").stdout
    assert "Campaign tides is being ended\n" in said
    assert "lets go of the others: they get nothing" in said
    over = _run(begun, "cancel", "tides", "--yes").stdout
    assert "Campaign tides was cancelled\n  1  accepted\n  1  skipped\n" in over
    assert "lets go" not in over


def test_what_is_over_is_not_asked_about_before_it_cannot_be_cancelled(begun: Workspace) -> None:
    asked = _run(begun, "cancel", "tides")
    assert "Add --yes" in str(asked.exception)
    sending.send(begun, "tides", sending.SendOptions(), Event())
    refused = _run(begun, "cancel", "tides")
    assert "campaign 'tides' is finished" in str(refused.exception)


def test_where_no_approval_is_required_a_plan_tells_of_none_that_is_stale(workspace: Any) -> None:
    opened = open_workspace(workspace.root, {}, TEMPLATES)
    approve(opened, "tides", Opinion("Ada"))
    article = opened.root / "issues/tides/tides.md"
    article.write_text(article.read_text("utf-8") + "\nMore.\n", "utf-8")
    shown = _run(opened, "plan", "tides").stdout
    assert "Nobody has approved this content yet; no approval is needed to send it." in shown
    assert "stale" not in shown
    assert "is stale" in _run(opened, "approvals", "tides").stdout


class _Refusing:
    """A provider that refuses whoever sends."""

    substitutes, group, connections = False, 10, 1

    def connect(self) -> _Refusing:
        return self

    def deliver(self, mails: Sequence[object]) -> Iterator[Outcome]:
        raise ProviderRefuses("550 5.7.1 not from you")
        yield

    def close(self) -> None:
        """Nothing is held open."""


def test_a_test_that_is_not_taken_is_refused_whatever_the_reason(
    workspace: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(testing, "open_provider", lambda *_: _Refusing())
    opened = open_workspace(workspace.root, {}, TEMPLATES)
    with pytest.raises(Refused, match=r"550 5\.7\.1 not from you") as refused:
        testing.send_test(opened, "tides", testing.Trial(("me@example.org",)), Event())
    assert refused.value.exit_code == 1


def test_a_reason_is_one_line(begun: Workspace) -> None:
    steering.pause(begun, "tides", "550 5.7.1 first\r\nsecond")
    assert "is paused: 550 5.7.1 first second\n" in _run(begun, "status", "tides").stdout


def test_only_what_sends_needs_the_secrets_of_the_provider(begun: Workspace) -> None:
    settings = begun.root / "newsletter.yaml"
    carried = "provider:\n  name: sendgrid\n  api_key: ${TOKEN_OF_ANOTHER_TERMINAL}\n"
    settings.write_text(settings.read_text("utf-8").replace("provider: {name: outbox}\n", carried), "utf-8")
    lines = settings.read_text("utf-8").splitlines()
    line = 1 + lines.index("  api_key: ${TOKEN_OF_ANOTHER_TERMINAL}")
    told = f"newsletter.yaml:{line}: ${{TOKEN_OF_ANOTHER_TERMINAL}} is not set in the environment."
    for words in (("send", "tides", "--yes"), ("run-due",), ("test", "tides", "--to", "ada@example.org")):
        refused = _run(begun, *words)
        assert isinstance(refused.exception, NotInEnvironment), words
        assert str(refused.exception) == told
    assert told in _run(begun, "doctor", "--offline", "--json").stdout
    for command in ("pause", "resume", "status", "check", "build"):
        assert _run(begun, command, "tides").exit_code == 0, command
    assert _run(begun, "cancel", "tides", "--yes").exit_code == 0
