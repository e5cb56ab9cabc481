"""What is done from an issue's page: mail a test, approve or ask for changes, make the review file.

Each does what the command of that name does, and refuses what it refuses.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from threading import Event

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from newsletter.errors import NewsletterError, SettingsError
from newsletter.files import shown
from newsletter.model import Approval, Decision, Result, Standing, group_and_arm
from newsletter.pipeline import approvals, previewing, reviewing, testing
from newsletter.pipeline.approvals import Opinion
from newsletter.pipeline.providers import outbox_folder
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
            to = tuple(texts.get("to", "").replace(",", " ").replace(";", " ").split())
            profession, arm = group_and_arm(texts.get("profession", ""))
            trial = Trial(to, "" if subscriber else profession, subscriber, arm=arm)
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
        """Record what `by` thinks of exactly the `content` that their page showed."""

        def act(texts: Mapping[str, str]) -> Mapping[str, object]:
            decision = _DECISIONS.get(texts.get("decision", ""))
            if decision is None or not texts.get("content"):
                raise SettingsError("the page is not the studio's of today. Load it again.")
            if not texts.get("by", "").strip():
                raise SettingsError("give your name: a decision is somebody's.")
            if decision is Decision.CHANGES and not texts.get("comment", "").strip():
                raise SettingsError("say in the comment what is to be changed.")
            opinion = Opinion(texts["by"], decision, texts.get("comment", ""), texts["content"])
            standing = approvals.approve(self.desk.workspace(), issue, opinion)
            return {"told": approvals.words_of(standing)}

        return await answered(request, act)

    async def review(self, request: Request, issue: str) -> Response:
        """The review file, made now; `save` hands it to the browser as a file."""
        made = await run_in_threadpool(reviewing.review, self.desk.workspace(), issue)
        headers = {"content-security-policy": REVIEW_POLICY}
        if "save" in request.query_params:
            headers["content-disposition"] = f'attachment; filename="review-{made.issue}.html"'
        return HTMLResponse(made.html, headers=headers)


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
    """A decision as the page tells it: it `stands`, is `stale` (naming what changed), or is `over`, by a later one."""

    approval: Approval
    kind: str
    changed: tuple[str, ...] = ()


def decisions(standing: Standing) -> list[Told]:
    """The last decisions, newest first."""
    stale = {id(one.approval): one.changed for one in standing.stale}
    holding = {id(one) for one in (*standing.approvals, *standing.objections)}
    return [
        Told(one, "stands" if id(one) in holding else "stale" if id(one) in stale else "over", stale.get(id(one), ()))
        for one in reversed(standing.every[-_MOST_SHOWN:])
    ]
