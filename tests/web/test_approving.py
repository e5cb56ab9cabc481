"""Approving in the studio for one time: it is told by the workspace's clock, and refused when it cannot be."""

from __future__ import annotations

import html
import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from newsletter.pipeline.approvals import approvals_at, approvals_of
from newsletter.web.studio.deeds import by_clock
from tests.studio import Inside

DECISIONS = "/issues/tides/decisions"


@pytest.fixture
def inside(workspace: Any) -> Inside:
    settings = workspace.root / "newsletter.yaml"
    settings.write_text(settings.read_text("utf-8") + "time_zone: Asia/Tokyo\napproval: {required: 1}\n", "utf-8")
    return Inside.of(workspace.root)


def panel(inside: Inside) -> str:
    """The words of the approval's panel, as they are read."""
    inside.app.state.live.desk.refresh("tides")
    _, parts = inside.ask("/issues/tides/parts")
    section = parts.partition('id="approval"')[2].partition("</section>")[0].partition(">")[2]
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", section)).split()).replace(" ,", ",")


def content(inside: Inside) -> str:
    found = re.search(r'data-content="(\w+)"', inside.ask("/issues/tides/parts")[1])
    assert found
    return found[1]


def test_an_approval_for_one_time_is_told_by_the_clock_of_the_workspace(workspace: Any, inside: Inside) -> None:
    assert 'data-zone="Asia/Tokyo"' in inside.ask("/issues/tides/parts")[1]
    assert "Waiting for 1 approval" in panel(inside)
    # Tokyo is nine hours ahead of UTC the whole year round: its 09:00 is midnight in UTC.
    day = datetime.now(UTC).date() + timedelta(days=40)
    texts = {"decision": "approve", "by": "Ada", "content": content(inside), "time": f"{day}T09:00"}
    told = inside.done(DECISIONS, texts)
    shown = f"{day:%-d %b %Y}, 09:00 Asia/Tokyo"
    assert told["time"] == shown
    state = inside.app.state.live.desk.refresh("tides")
    assert approvals_at(state.workspace, state.built, f"{day} 00:00 UTC").is_approved
    assert not approvals_of(state.workspace, state.built).is_approved
    words = panel(inside)
    assert f"It may be sent at {shown}, and at no other time." in words
    assert f"Only for {shown}" in words
    assert "Stale" not in words and "Waiting" not in words
    # The review file tells it by UTC, in its list of decisions too.
    assert f"UTC</time>, only for {day} 00:00 UTC" in inside.ask("/issues/tides/review")[1]
    # A change makes it stale like any other, and the time is not what changed.
    workspace.write("issues/tides/tides.md", "# Tides\n\nThe water is back.\n")
    words = panel(inside)
    assert words.startswith("Approval Changed since approval Waiting for 1 approval")
    card = inside.ask("/cards/tides")[1]
    assert ">Changed since approval</span>" in card and "Changed: article tides.md" in card
    assert "Waiting for 1 approval" in words and "Stale. Changed since: article tides.md" in words
    assert "schedule" not in words and "It may be sent at" not in words


def test_an_approval_that_names_no_time_holds_for_any(inside: Inside) -> None:
    told = inside.done(DECISIONS, {"decision": "approve", "by": "Ada", "content": content(inside), "time": " "})
    assert told["time"] == ""
    assert panel(inside).startswith("Approval Approved Content")
    assert "Only for" not in panel(inside)


@pytest.mark.parametrize(
    ("texts", "problem"),
    [
        ({"decision": "approve", "time": "2020-01-01T09:00"}, "2020-01-01 09:00 is past; it is "),
        ({"decision": "approve", "time": "soon"}, "'soon' cannot be read. Write it as '2026-12-01 09:00'"),
        ({"decision": "approve", "time": "2099-01-01T09:00"}, "2099-01-01 09:00 lies more than a year ahead."),
        (
            {"decision": "changes", "comment": "Shorter", "time": "2099-01-01T09:00"},
            "changes are asked for whenever it is sent. Leave the time empty.",
        ),
    ],
)
def test_a_time_that_cannot_be_is_refused_in_words_and_nothing_is_recorded(
    workspace: Any, inside: Inside, texts: dict[str, str], problem: str
) -> None:
    status, body = inside.ask(DECISIONS, {"by": "Ada", "content": content(inside), **texts})
    assert status == 422
    assert json.loads(body)["problem"].startswith(problem)
    assert not (workspace.root / "issues/tides/approvals.yaml").exists()


def test_what_was_changed_meanwhile_is_not_approved_but_what_is_shown_then_can_be(
    workspace: Any, inside: Inside
) -> None:
    seen = content(inside)
    workspace.write("issues/tides/tides.md", "# Tides\n\nThe water is back.\n")
    told = inside.done(DECISIONS, {"decision": "approve", "by": "Ada", "content": seen})
    assert "is not what was looked at any more" in told["changed"]
    assert not (workspace.root / "issues/tides/approvals.yaml").exists()
    # Nobody noticed the save here: being refused is enough for the page to show what is there now.
    now = content(inside)
    assert now != seen
    inside.done(DECISIONS, {"decision": "approve", "by": "Ada", "content": now})
    assert panel(inside).startswith("Approval Approved Content")


def test_a_time_by_everybodys_own_clock_is_told_as_it_is() -> None:
    named = "2026-12-01 09:00 by everybody's own clock, or that of Asia/Tokyo"
    assert by_clock(named, "Asia/Tokyo") == named
    assert by_clock("2026-12-01 09:00 UTC", "Asia/Tokyo") == "1 Dec 2026, 18:00 Asia/Tokyo"
    assert by_clock("", "Asia/Tokyo") == ""
