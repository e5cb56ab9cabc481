"""Reviewers approve exactly what is sent: by the command, as they and a scheduled job use it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

_REQUIRED = "approval: {required: %d}\n"


@pytest.fixture
def reviewed(workspace: Any) -> Any:
    """The small workspace, where two reviewers are required."""
    settings = (workspace.root / "newsletter.yaml").read_text()
    workspace.write("newsletter.yaml", settings + _REQUIRED % 2)
    return workspace


def _approve(workspace: Any, name: str, *more: str) -> Any:
    done = workspace.run("approve", "tides", "--by", name, *more, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def _standing(workspace: Any) -> Any:
    done = workspace.run("approvals", "tides", "--json")
    assert done.returncode in (0, 1), done.stderr
    return json.loads(done.stdout)


def test_a_send_waits_for_as_many_different_reviewers_as_are_required(reviewed: Any) -> None:
    refused = reviewed.run("send", "tides", "--yes")
    assert refused.returncode == 1
    assert "Nobody has approved this content yet; 2 approvals are needed." in refused.stderr
    _approve(reviewed, "Ada Lovelace")
    _approve(reviewed, "  ada   LOVELACE ")
    refused = reviewed.run("send", "tides", "--yes", "--force", "in a hurry")
    assert refused.returncode == 1, "no reason stands in for a reviewer"
    assert "Approved by ada LOVELACE; 2 approvals are needed, 1 still missing." in refused.stderr
    assert reviewed.outbox() == []
    _approve(reviewed, "Bo")
    sent = reviewed.run("send", "tides", "--yes", "--json")
    assert sent.returncode == 0, sent.stderr
    assert json.loads(sent.stdout)["approved_by"] == ["ada LOVELACE", "Bo"]
    assert len(reviewed.outbox()) == 2


@pytest.mark.parametrize(
    ("name", "before", "after", "told"),
    [
        ("issues/tides/tides.md", "at noon", "at one", "article tides.md"),
        ("issues/tides/issue.yaml", "High water at noon", "Low water", "issue.yaml"),
        ("issues/tides/images/wave.svg", "#0b5fff", "#ff0b5f", "picture images/wave.svg"),
        ("audiences/crew.yaml", "title: The crew", "segment: {profession: [pilot]}", "the audience's segment (new)"),
        ("audiences/professions.yaml", "able seaman", "deckhand", "professions.yaml"),
        ("newsletter.yaml", "name: Harbour News, address", "name: Harbour, address", "the sender's name"),
        ("newsletter.yaml", "{name: outbox}", '{name: outbox, quiet_hours: "22:00-07:00"}', "quiet_hours"),
        ("newsletter.yaml", "2 Quay Street", "3 Quay Street", "newsletter.yaml's brand"),
        ("templates/blocks/image.html.j2", "", "<tr><td>a picture</td></tr>", "templates/blocks/image.html.j2"),
    ],
)
def test_whatever_changes_afterwards_is_named_and_stops_the_send(
    reviewed: Any, name: str, before: str, after: str, told: str
) -> None:
    _approve(reviewed, "Ada")
    _approve(reviewed, "Bo")
    assert _standing(reviewed)["approved"] is True
    text = (reviewed.root / name).read_text() if before else ""
    assert before in text
    reviewed.write(name, text.replace(before, after) if before else after)
    now = _standing(reviewed)
    assert (now["approved"], now["missing"]) == (False, 2)
    assert [told in "; ".join(one["changed"]) for one in now["stale"]] == [True, True]
    refused = reviewed.run("send", "tides", "--yes")
    assert refused.returncode == 1
    assert told in refused.stderr
    planned = reviewed.run("plan", "tides")
    assert planned.returncode == 1
    assert told in planned.stdout
    if before:
        reviewed.write(name, text)
        assert _standing(reviewed)["approved"] is True, "what was approved is approved, whenever it is that again"


def test_what_the_issue_is_not_made_of_may_change(reviewed: Any) -> None:
    first = _approve(reviewed, "Ada")["content_hash"]
    reviewed.write("templates/blocks/sponsor.html.j2", "<tr><td>another sponsor</td></tr>")
    reviewed.write("issues/tides/notes.md", "Not in the issue.\n")
    settings = (reviewed.root / "newsletter.yaml").read_text()
    reviewed.write("newsletter.yaml", settings.replace("required: 2", "required: 1"))
    assert _standing(reviewed)["content_hash"] == first


def test_a_request_for_changes_stops_the_send_until_its_reviewer_is_content(reviewed: Any) -> None:
    for name in ("Ada", "Bo"):
        _approve(reviewed, name)
    _approve(reviewed, "Cy", "--reject", "--comment", "The tide is wrong.")
    refused = reviewed.run("send", "tides", "--yes")
    assert refused.returncode == 1
    assert "Cy asked for changes" in refused.stderr
    assert "The tide is wrong" in refused.stderr
    _approve(reviewed, "cy")
    assert _standing(reviewed)["approved"] is True


def test_only_what_the_reviewer_looked_at_is_approved(reviewed: Any) -> None:
    seen = _standing(reviewed)["content_hash"][:12]
    reviewed.write("issues/tides/tides.md", "---\ntitle: High water\n---\nAnother text.\n")
    refused = reviewed.run("approve", "tides", "--by", "Ada", "--content", seen)
    assert refused.returncode == 1
    assert "not what was looked at" in refused.stderr
    assert not (reviewed.root / "issues/tides/approvals.yaml").exists()
    seen = _standing(reviewed)["content_hash"][:12]
    assert _approve(reviewed, "Ada", "--content", seen)["missing"] == 1


def test_a_decision_needs_a_name_and_a_request_its_words(reviewed: Any) -> None:
    for arguments, words in (
        (("--by", "\u200b"), "name"),
        (("--by", "  "), "--by"),
        (("--by", "Ada", "--reject"), "--comment"),
    ):
        refused = reviewed.run("approve", "tides", *arguments)
        assert refused.returncode == 2
        assert words in refused.stderr


_MORNING = ("--at", "tomorrow 9:00 UTC")


def _scheduled(workspace: Any, *when: str) -> Any:
    return workspace.run("send", "tides", "--yes", *when)


def test_an_approval_for_a_time_holds_for_that_time_alone(reviewed: Any) -> None:
    for name in ("Ada", "Bo"):
        _approve(reviewed, name, *_MORNING)
    for other in ((), ("--at", "tomorrow 10:00 UTC"), ("--at", "tomorrow 9:00", "--local-time")):
        refused = _scheduled(reviewed, *other)
        assert refused.returncode == 1, refused.stdout
        assert "The approval of Ada" in refused.stderr
        assert "09:00 UTC only." in refused.stderr
        assert "newsletter approve ISSUE --by NAME" + (" --at WHEN" if other else "`") in refused.stderr
    assert reviewed.run("status", "tides").returncode == 2, "nothing was frozen"
    assert "approved it for whatever time" not in reviewed.run("plan", "tides").stdout
    tomorrow = datetime.now(UTC).date() + timedelta(days=1)
    sent = _scheduled(reviewed, "--at", f"{tomorrow}T10:00+01:00")
    assert sent.returncode == 0, sent.stderr


def test_an_approval_that_names_no_time_holds_for_any_and_a_later_one_narrows_it(reviewed: Any) -> None:
    for name in ("Ada", "Bo"):
        _approve(reviewed, name)
    _approve(reviewed, "Ada", *_MORNING)
    now = _scheduled(reviewed)
    assert now.returncode == 1
    assert "Approved by Bo; 2 approvals are needed, 1 still missing." in now.stderr
    assert "The approval of Ada" in now.stderr
    planned = _scheduled(reviewed, *_MORNING)
    assert planned.returncode == 0, planned.stderr
    assert "2 approvals are needed and there." in planned.stdout
    assert "09:00 UTC; Bo approved it for whatever time it is sent." in planned.stdout


def test_what_changes_after_an_approval_for_a_time_stops_it_as_well(reviewed: Any) -> None:
    for name in ("Ada", "Bo"):
        _approve(reviewed, name, *_MORNING)
    reviewed.write("issues/tides/tides.md", "---\ntitle: High water\n---\nAnother text.\n")
    refused = _scheduled(reviewed, *_MORNING)
    assert refused.returncode == 1
    assert "Changed since: article tides.md." in refused.stderr


def test_whoever_approves_for_a_time_may_name_the_content_as_it_was_shown(reviewed: Any) -> None:
    seen = _standing(reviewed)["content_hash"][:12]
    assert _approve(reviewed, "Ada", "--content", seen, *_MORNING)["missing"] == 1
    assert reviewed.run("approve", "tides", "--by", "Bo", "--content", "0" * 12, *_MORNING).returncode == 1


def test_a_campaign_that_was_begun_goes_on_without_new_approvals_while_nothing_changed(reviewed: Any) -> None:
    for name in ("Ada", "Bo"):
        _approve(reviewed, name)
    assert reviewed.run("send", "tides", "--yes", "--limit", "1").returncode == 3
    Path(reviewed.root / "issues/tides/approvals.yaml").unlink()
    assert reviewed.run("send", "tides", "--yes").returncode == 0
    assert len(reviewed.outbox()) == 2
