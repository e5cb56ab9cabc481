"""What the list says of an issue: draft, ready, approved, changed since approval, scheduled,
sending, paused, sent, or sent and changed since."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from newsletter.model import CampaignStatus, Decision, Finding, Severity, Where
from newsletter.pipeline import previewing
from newsletter.pipeline.approvals import Opinion, approvals_of, approve
from newsletter.pipeline.building import build
from newsletter.pipeline.workspace import Workspace, open_store, open_workspace
from newsletter.store.campaigns import campaigns
from tests.conftest import REPOSITORY


@pytest.fixture
def opened(workspace: Any) -> Workspace:
    return open_workspace(workspace.root, {}, REPOSITORY / "templates")


def status(workspace: Workspace) -> str:
    built = build(workspace, "tides")
    return previewing.status_of(workspace, "tides", built, approvals_of(workspace, built))


def campaign(workspace: Workspace, name: str, status: CampaignStatus, issue: str = "tides") -> None:
    with open_store(workspace) as database, database.begin() as connection:
        connection.execute(
            campaigns.insert().values(
                name=name,
                issue=issue,
                audience="crew",
                status=status.value,
                content_hash=build(workspace, "tides").content_hash,
                secret=b"",
                created_at=workspace.clock(),
            )
        )


def test_an_issue_without_errors_is_ready_and_one_with_an_error_or_none_that_can_be_read_a_draft(
    opened: Workspace,
) -> None:
    assert status(opened) == "ready"
    assert previewing.status_of(opened, "tides", None, None) == "draft"
    approve(opened, "tides", Opinion("Ada"))
    built = build(opened, "tides")
    wrong = replace(
        built, findings=(Finding("links/dead", Severity.ERROR, Where("issues/tides/tides.md", 4), "Dead."),)
    )
    assert previewing.status_of(opened, "tides", wrong, approvals_of(opened, wrong)) == "draft"


def test_it_is_approved_by_whoever_must_and_only_as_long_as_nothing_changes(opened: Workspace) -> None:
    approve(opened, "tides", Opinion("Ada"))
    assert status(opened) == "approved"
    approve(opened, "tides", Opinion("Bo", Decision.CHANGES, "shorter"))
    assert status(opened) == "changes requested"
    approve(opened, "tides", Opinion("Bo"))
    assert status(opened) == "approved"
    article = opened.root / "issues/tides/tides.md"
    article.write_text(article.read_text("utf-8").replace("noon", "dusk"), "utf-8")
    assert status(opened) == "changed since approval"
    # What one reviewer of several has approved as it is now only waits for the others.
    settings = opened.root / "newsletter.yaml"
    settings.write_text(settings.read_text("utf-8") + "approval: {required: 2}\n", "utf-8")
    again = open_workspace(opened.root, {}, REPOSITORY / "templates")
    approve(again, "tides", Opinion("Bo"))
    assert status(again) == "ready"


def test_the_page_on_the_studio_names_every_status() -> None:
    words = " ".join((REPOSITORY / "docs/studio.md").read_text("utf-8").split())
    every = {"draft", "ready", "changes requested", "approved", "changed since approval", previewing.SENT_AND_CHANGED}
    assert {one for one in every | {"scheduled", "sending", "paused", "sent"} if f"*{one}*" not in words} == set()


def test_what_its_newest_campaign_does_is_what_it_is(opened: Workspace) -> None:
    approve(opened, "tides", Opinion("Ada"))
    campaign(opened, "other", CampaignStatus.SENDING, issue="harbour")
    assert status(opened) == "approved"
    for number, (one, told) in enumerate(
        [
            (CampaignStatus.SCHEDULED, "scheduled"),
            (CampaignStatus.SENDING, "sending"),
            (CampaignStatus.PAUSED, "paused"),
            (CampaignStatus.FINISHED, "sent"),
        ]
    ):
        campaign(opened, f"tides-{number}", one)
        assert status(opened) == told
    campaign(opened, "tides-again", CampaignStatus.CANCELLED)
    assert status(opened) == "sent"
    article = opened.root / "issues/tides/tides.md"
    article.write_text(article.read_text("utf-8").replace("noon", "dusk"), "utf-8")
    assert status(opened) == "sent, changed since"
