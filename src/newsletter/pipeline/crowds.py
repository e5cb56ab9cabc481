"""The people of an audience, counted for the checks."""

from __future__ import annotations

from dataclasses import replace

from newsletter.checks.crowd import Crowd
from newsletter.model import Audience, Field, Missing, Rule
from newsletter.pipeline.people import as_of
from newsletter.pipeline.workspace import Workspace, has_database, open_store


def unread(workspace: Workspace, audience: Audience) -> str:
    """What nobody looked at, and why: the people of an audience whose file was never imported. Else nothing."""
    if not audience.source:
        return ""
    if has_database(workspace):
        from newsletter.store.subscribers import last_imported

        with open_store(workspace) as database, database.connect() as connection:
            if last_imported(connection, audience.source):
                return ""
    return f"its people were not looked at: run `newsletter audience import {audience.id}` first"


def crowd_of(workspace: Workspace, audience: Audience) -> Crowd | None:
    """Who the audience's segment would mail now; None while there is no database."""
    if not has_database(workspace):
        return None
    from newsletter.store import campaigns, ledger, suppressions
    from newsletter.store.headcounts import headcount

    segment = as_of(audience, workspace.clock()).segment
    bare = replace(segment, include=(*segment.include, Rule(Missing(Field("consent_at")), "consent_at")))
    with open_store(workspace) as database, database.connect() as connection:
        people, without = (
            sum(one.people for one in headcount(connection, asked, audience.id) if not one.reason)
            for asked in (segment, bare)
        )
        carried = sum(ledger.counts(connection, one.id).accepted for one in campaigns.all_campaigns(connection))
        return Crowd(audience.where, people, without, carried, suppressions.how_many(connection))
