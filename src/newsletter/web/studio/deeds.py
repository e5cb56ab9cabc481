"""What is done from an issue's page: mail a test, approve or ask for changes, make the review file.

Each does what the command of that name does, and refuses what it refuses.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Event
from zoneinfo import ZoneInfo

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from newsletter.errors import ChangedMeanwhile, NewsletterError, SettingsError
from newsletter.files import shown
from newsletter.model import Approval, Decision, Result, Standing, group_and_arm
from newsletter.pipeline import approvals, previewing, reviewing, testing
from newsletter.pipeline.approvals import Opinion
from newsletter.pipeline.providers import outbox_folder
from newsletter.pipeline.scheduling import schedule_of
from newsletter.pipeline.testing import Trial
from newsletter.web.studio.asking import answered, refuse_elsewhere
from newsletter.web.studio.desk import Desk, State
from newsletter.web.studio.subscribers import Subscribers

REVIEW_POLICY = "sandbox allow-scripts allow-popups; frame-ancestors 'none'"
"""The review file has a policy of its own in it; this one takes its origin away as well."""
_MOST_SHOWN = 8
_DECISIONS = {"approve": Decision.APPROVED, "changes": Decision.CHANGES}


@dataclass(frozen=True)
class Deeds:
    """What pages can ask to be done."""

    desk: Desk
    subscribers: Subscribers

    async def test(self, request: Request, issue: str) -> Response:
        """Mail the issue to `to`, as `profession` reads it or as the subscriber that `reader` stands for."""

        def act(texts: Mapping[str, str]) -> Mapping[str, object]:
            word = texts.get("reader", "")
            if word:
                refuse_elsewhere(request)
            subscriber = self.subscribers.address(word)
            if word and not subscriber:
                raise SettingsError("the studio does not know this subscriber any more. Choose them again.")
            profession, arm = group_and_arm(texts.get("profession", ""))
            trial = Trial(tuple(recipients(texts.get("to", ""))), "" if subscriber else profession, subscriber, arm=arm)
            workspace = self.desk.workspace()
            tried = testing.send_test(workspace, issue, trial, Event())
            folder = outbox_folder(workspace, f"{issue}-test")
            return {
                "told": [
                    f"{address}: {'accepted' if one.result is Result.ACCEPTED else f'{one.result.value}: {one.reason}'}"
                    for address, one in tried.outcomes.items()
                ],
                "failed": tried.failed,
                "lies": shown(folder, workspace.root) if folder else "",
            }

        return await answered(request, act)

    async def decide(self, request: Request, issue: str) -> Response:
        """Record what `by` thinks of exactly the `content` that their page showed; an approval may be for one `time`,
        by the clock of the workspace. What has become another issue meanwhile is `changed`, and can be seen then."""

        def act(texts: Mapping[str, str]) -> Mapping[str, object]:
            decision = _DECISIONS.get(texts.get("decision", ""))
            if decision is None or not texts.get("content"):
                raise SettingsError("the page is not the studio's of today. Load it again.")
            if not texts.get("by", "").strip():
                raise SettingsError("give your name: a decision is somebody's.")
            if decision is Decision.CHANGES and not texts.get("comment", "").strip():
                raise SettingsError("say in the comment what is to be changed.")
            when = texts.get("time", "").strip()
            if when and decision is Decision.CHANGES:
                raise SettingsError("changes are asked for whenever it is sent. Leave the time empty.")
            workspace = self.desk.workspace()
            schedule = schedule_of(workspace, when, local=False) if when else None
            opinion = Opinion(texts["by"], decision, texts.get("comment", ""), texts["content"], schedule)
            try:
                standing = approvals.approve(workspace, issue, opinion)
            except ChangedMeanwhile as error:
                # Whoever looks again is to see what is there, also where saving is noticed late or never.
                self.desk.refresh(issue)
                return {"changed": str(error)}
            told = approvals.words_of(standing) + ([schedule.note] if schedule and schedule.note else [])
            return {"told": told, "time": by_clock(schedule.named, workspace.settings.time_zone) if schedule else ""}

        return await answered(request, act)

    async def review(self, request: Request, issue: str) -> Response:
        """The review file, made now; `save` hands it to the browser as a file."""
        made = await run_in_threadpool(reviewing.review, self.desk.workspace(), issue)
        headers = {"content-security-policy": REVIEW_POLICY}
        if "save" in request.query_params:
            headers["content-disposition"] = f'attachment; filename="review-{made.issue}.html"'
        return HTMLResponse(made.html, headers=headers)


def recipients(text: str) -> Iterator[str]:
    """The addresses that were typed: one after each comma, semicolon or line break. Spaces lie between addresses only
    where all that they part has an @; else they belong to what was meant as one, and are refused with it."""
    for piece in re.split(r"[,;\r\n]", text):
        words = piece.split()
        yield from words if all("@" in one for one in words) else [" ".join(words)]


def standing_of(state: State) -> tuple[Standing | None, str]:
    """Where the issue stands as it was last built; or why nobody can tell."""
    if state.built is None:
        return None, ""
    try:
        return approvals.approvals_of(state.workspace, state.built), ""
    except NewsletterError as error:
        return None, str(error)


def status_in(issue: str, state: State, standing: Standing | None) -> str:
    """How the issue stands, in a word or two; what cannot be read now is a draft."""
    return previewing.status_of(state.workspace, issue, None if state.problems else state.built, standing)


def changes_in(state: State, status: str, standing: Standing | None) -> tuple[str, ...]:
    """What changed since what the status names, in words; nothing for one that names nothing, or where nobody knows."""
    if state.built is None or standing is None:
        return ()
    if status == previewing.SENT_AND_CHANGED:
        since = approvals.since_sent(state.workspace, state.built, standing)
        return since.changed if since else ()
    return approvals.since_approval(standing) if status == "changed since approval" else ()


@dataclass(frozen=True, slots=True)
class Heading:
    """What the bar above an issue's pages says of it."""

    title: str
    status: str


def heading_of(issue: str, state: State) -> Heading:
    """The bar of that issue, as its files are now."""
    card = next(one for one in previewing.cards(state.workspace) if one.id == issue)
    return Heading(card.title, status_in(issue, state, standing_of(state)[0]))


@dataclass(frozen=True, slots=True)
class Told:
    """A decision as the page tells it: it `stands`, stands for one `time` alone (`timed`), is `stale` (naming what
    changed), or is `over`, by a later one."""

    approval: Approval
    kind: str
    at: str
    """When it was made, by the clock of the workspace."""
    time: str = ""
    """The one time that it is for, by that clock; empty for any."""
    changed: tuple[str, ...] = ()


def decisions(standing: Standing, zone: str) -> list[Told]:
    """The last decisions, newest first."""
    stale = {id(one.approval): one.changed for one in standing.stale}
    holding = {id(one) for one in (*standing.approvals, *standing.objections)}
    found = []
    for one in reversed(standing.every[-_MOST_SHOWN:]):
        time = approvals.time_of(one.parts)
        changed = approvals.changed_since(one, standing) if time else stale.get(id(one), ())
        kind = "stands" if id(one) in holding else "over"
        if id(one) in stale:
            kind = "timed" if time and not changed else "stale"
        at = by_clock(f"{one.at.astimezone(UTC):%Y-%m-%d %H:%M} UTC", zone)
        found.append(Told(one, kind, at, by_clock(time, zone), changed if kind == "stale" else ()))
    return found


def approved_time(state: State, standing: Standing) -> str:
    """The one time at which the issue may be sent as it is, by the clock of the workspace: the last that enough
    reviewers approved it for. Empty when there is none, or when it may be sent at any time."""
    if state.built is None or standing.is_approved:
        return ""
    only = [one.approval for one in standing.stale if not approvals.changed_since(one.approval, standing)]
    times = dict.fromkeys(approvals.time_of(one.parts) for one in sorted(only, key=lambda one: one.at, reverse=True))
    enough = (one for one in times if one and approvals.approvals_at(state.workspace, state.built, one).is_approved)
    return by_clock(next(enough, ""), state.workspace.settings.time_zone)


def by_clock(time: str, zone: str) -> str:
    """A time as approvals name it, by the clock of that zone; one by everybody's own clock as it is."""
    try:
        moment = datetime.fromisoformat(time.removesuffix(" UTC")).replace(tzinfo=UTC)
    except ValueError:
        return time
    return f"{moment.astimezone(ZoneInfo(zone)):%-d %b %Y, %H:%M} {zone}"
