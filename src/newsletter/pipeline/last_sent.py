"""What the last issue weighed that was sent to its end, for comparison."""

from __future__ import annotations

from newsletter.campaigns import freezing
from newsletter.checks.change import weight_of
from newsletter.checks.mail import Weight
from newsletter.model import DEFAULT, CampaignStatus
from newsletter.pipeline.workspace import Workspace, has_database, open_store


def last_sent(workspace: Workspace, issue: str, audience: str) -> Weight | None:
    """The variant of the last finished campaign to that audience that most people read; None when there is none."""
    if not has_database(workspace):
        return None
    from newsletter.store import campaigns

    with open_store(workspace) as database, database.connect() as connection:
        every = [campaigns.find_campaign(connection, name) for name in campaigns.campaign_names(connection)]
        others = [
            one
            for one in every
            if one and one.status is CampaignStatus.FINISHED and one.issue != issue and one.audience == audience
        ]
        if not others:
            return None
        last = max(others, key=lambda one: one.created_at)
        variants = freezing.unpack(campaigns.frozen_contents(connection, last.id))
    usual = next((one for one in variants if one.group == DEFAULT), variants[0] if variants else None)
    return weight_of(last.issue, usual.html, usual.text) if usual else None
