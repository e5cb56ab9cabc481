"""What `status` and `cancel` say of a campaign, without a process of their own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from click.testing import CliRunner, Result

from newsletter.cli.main import newsletter
from newsletter.errors import Refused
from newsletter.pipeline import sending, steering
from newsletter.pipeline.workspace import Workspace, open_store, open_workspace
from newsletter.store.database import Database
from newsletter.store.locks import campaign_lock

TEMPLATES = Path(__file__).parents[2] / "templates"


@pytest.fixture
def begun(workspace: Any) -> Workspace:
    """A campaign to two, of whom one has the mail."""
    opened = open_workspace(workspace.root, {}, TEMPLATES)
    sending.freeze(opened, sending.plan(opened, "tides"))
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


def test_a_database_that_is_gone_beside_mail_that_was_sent_mails_nobody_again(begun: Workspace) -> None:
    for path in (begun.root / "var").glob("newsletter.db*"):
        path.unlink()
    before = sorted((begun.root / "var/outbox").rglob("*.eml"))
    refused = _run(begun, "send", "tides", "--yes")
    assert "var/outbox/tides holds mail of a campaign 'tides', and the database knows of none" in str(refused.exception)
    assert getattr(refused.exception, "exit_code", 0) == 1
    with pytest.raises(Refused, match="holds mail"):
        sending.freeze(begun, sending.plan(begun, "tides"))
    assert sorted((begun.root / "var/outbox").rglob("*.eml")) == before
    assert _run(begun, "send", "tides", "--yes", "--campaign", "tides-2").exit_code == 0


def test_a_reason_is_one_line(begun: Workspace) -> None:
    steering.pause(begun, "tides", "550 5.7.1 first\r\nsecond")
    assert "is paused: 550 5.7.1 first second\n" in _run(begun, "status", "tides").stdout
