"""The studio's addresses: each answers a page, a part of one, or the email itself in a frame of its own."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from newsletter.errors import FileProblems, NewsletterError
from newsletter.model import Finding, Where, group_and_arm
from newsletter.pipeline import approvals, places, previewing
from newsletter.pipeline.building import Built
from newsletter.pipeline.readers import NOBODY, Reader
from newsletter.web.studio.asking import NoSuchIssue, is_local, issue_of
from newsletter.web.studio.comparisons import Comparisons, changed_since_sent, professions_of
from newsletter.web.studio.deeds import Deeds, approved_time, changes_in, decisions, heading_of, standing_of, status_in
from newsletter.web.studio.desk import Desk, State
from newsletter.web.studio.drawing import HERE, drawn
from newsletter.web.studio.framing import frame, refused_frame
from newsletter.web.studio.live import Live
from newsletter.web.studio.subscribers import Subscribers, seen_by

_ORDER = ("error", "warning", "info")
_FEW = 5
"""As many findings are listed one by one."""


@dataclass(frozen=True)
class Pages:
    """Answers every address; `editor` is a link with `{path}` and `{line}` in it."""

    desk: Desk
    live: Live
    subscribers: Subscribers
    deeds: Deeds
    comparisons: Comparisons
    editor: str

    def routes(self) -> list[Route | Mount]:
        """Every address there is."""
        return [
            Route("/", self.index),
            Route("/cards/{issue}", self.card),
            Route("/issues/{issue}", self.issue),
            Route("/issues/{issue}/parts", self.parts),
            Route("/issues/{issue}/frame", self.frame),
            Route("/issues/{issue}/look/{what}", self.look),
            Route("/issues/{issue}/html", self.html),
            Route("/issues/{issue}/all", self.everybody),
            Route("/issues/{issue}/compare", self.compare),
            Route("/issues/{issue}/side", self.side),
            Route("/issues/{issue}/subscribers", self.find_subscribers, methods=["POST"]),
            Route("/issues/{issue}/subscriber", self.choose_subscriber, methods=["POST"]),
            Route("/issues/{issue}/tests", self.test, methods=["POST"]),
            Route("/issues/{issue}/decisions", self.decide, methods=["POST"]),
            Route("/issues/{issue}/review", self.review),
            Route("/events", self.events),
            Mount("/assets", StaticFiles(directory=HERE / "assets")),
        ]

    # ── pages ───────────────────────────────────────────────────────────────────────────────────────────────────────

    async def index(self, request: Request) -> Response:
        """The list of issues."""
        cards = await run_in_threadpool(lambda: previewing.cards(self.desk.workspace()))
        return drawn("index.html.j2", cards=cards, brand=self.desk.workspace().settings.brand.name)

    async def card(self, request: Request) -> Response:
        """What building an issue says of it, for the list."""
        issue = self._issue_of(request)
        state = await run_in_threadpool(self.desk.state, issue)
        standing, _ = await run_in_threadpool(standing_of, state)
        status = await run_in_threadpool(status_in, issue, state, standing)
        since = await run_in_threadpool(changes_in, state, status, standing)
        return drawn("card.html.j2", issue=issue, state=state, status=status, tally=_tally(state), since=since)

    async def issue(self, request: Request) -> Response:
        """An issue's page; what takes a build to know comes with `parts`."""
        issue = self._issue_of(request)
        cards = await run_in_threadpool(lambda: previewing.cards(self.desk.workspace()))
        card = next(one for one in cards if one.id == issue)
        asked = request.query_params.get("profession", "")
        return drawn(
            "issue.html.j2",
            issue=issue,
            card=card,
            profession=asked,
            views=previewing.VIEWS,
            is_local=is_local(request),
        )

    async def parts(self, request: Request) -> Response:
        """The parts of an issue's page that change with every save."""
        issue = self._opened(request)
        state = await run_in_threadpool(self.desk.state, issue)
        return await run_in_threadpool(self._parts, issue, state, request)

    def _parts(self, issue: str, state: State, request: Request) -> Response:
        reader = self.subscribers.reader(request, issue, state)
        profession = seen_by(state, reader, request.query_params.get("profession", ""))
        variant = state.variant(profession)
        shown = previewing.show(state.workspace, issue, variant, reader) if variant else None
        standing, unknown = standing_of(state)
        found = _findings(state, profession)
        return drawn(
            "parts.html.j2",
            issue=issue,
            state=state,
            status=status_in(issue, state, standing),
            standing=standing,
            since=approvals.since_approval(standing) if standing else (),
            since_sent=changed_since_sent(issue, state, standing, profession),
            unknown=unknown,
            decisions=decisions(standing, state.workspace.settings.time_zone) if standing else [],
            approved_time=approved_time(state, standing) if standing else "",
            zone=state.workspace.settings.time_zone,
            provider=state.workspace.settings.provider.name,
            profession=profession,
            professions=professions_of(state),
            shown=shown,
            findings=found,
            groups=alike(found),
            severities=[
                (name, count) for name in _ORDER if (count := sum(one.severity.value == name for one in found))
            ],
            tally=_tally(state),
            clip=previewing.CLIP,
            sender=state.workspace.settings.sender.name,
            link=self._link,
            excerpt=lambda where: places.excerpt(state.workspace.root, where),
        )

    async def everybody(self, request: Request) -> Response:
        """All variants side by side."""
        issue = self._issue_of(request)
        state = await run_in_threadpool(self.desk.state, issue)
        return await run_in_threadpool(self._everybody, issue, state)

    def _everybody(self, issue: str, state: State) -> Response:
        variants = state.built.variants if state.built else ()
        subjects = {one.key: previewing.show(state.workspace, issue, one).subject for one in variants}
        every = professions_of(state)
        people = len({group_and_arm(one["key"])[0] for one in every})
        return drawn(
            "everybody.html.j2",
            issue=issue,
            state=state,
            heading=heading_of(issue, state),
            professions=every,
            people=people,
            subjects=subjects,
        )

    async def compare(self, request: Request) -> Response:
        """Two emails beside each other."""
        return await self.comparisons.page(request, self._issue_of(request))

    async def side(self, request: Request) -> Response:
        """One of them, in a frame."""
        return await self.comparisons.frame(request, self._issue_of(request))

    # ── the email ───────────────────────────────────────────────────────────────────────────────────────────────────

    async def frame(self, request: Request) -> Response:
        """The email itself. It runs no script and is of no origin; `measure` is its twin that says how tall it is.

        `marked`: where its findings are stands in it, as in the twin.
        """
        issue = self._opened(request)
        state = await run_in_threadpool(self.desk.state, issue)
        return await run_in_threadpool(self._framed, issue, state, request)

    def _framed(self, issue: str, state: State, request: Request) -> Response:
        query = request.query_params
        reader = self.subscribers.reader(request, issue, state)
        profession = seen_by(state, reader, query.get("profession", ""))
        variant = state.variant(profession)
        if variant is None:
            return refused_frame()
        html = ""
        measure = "measure" in query
        if (measure or "marked" in query) and not state.is_ahead(profession) and state.built:
            html = places.with_places(state.built, profession, _findings(state, profession))
        html = previewing.show(state.workspace, issue, variant, reader, html).html
        html = previewing.in_view(state.workspace, html, query.get("view", ""))
        html = previewing.in_scheme(html, "dark" if query.get("scheme") == "dark" else "light")
        html = previewing.with_pictures(state.workspace, html, variant, query.get("pictures") != "off")
        return frame(html, measure, is_still=reader is not NOBODY or "still" in query)

    async def html(self, request: Request) -> Response:
        """The HTML exactly as it is mailed, as text to copy."""
        issue = self._opened(request)
        state = await run_in_threadpool(self.desk.state, issue)
        variant = state.variant(state.choice(request.query_params.get("profession", "")))
        shown = previewing.show(state.workspace, issue, variant) if variant else None
        return Response(shown.html if shown else "", media_type="text/plain; charset=utf-8")

    async def look(self, request: Request) -> Response:
        """The variant another way: its plain text, its source, its headers and parts."""
        what = request.path_params["what"]
        if what not in ("text", "source", "message"):
            raise HTTPException(404)
        issue = self._opened(request)
        state = await run_in_threadpool(self.desk.state, issue)
        return await run_in_threadpool(self._looked, what, issue, state, request)

    def _looked(self, what: str, issue: str, state: State, request: Request) -> Response:
        reader = self.subscribers.reader(request, issue, state)
        profession = seen_by(state, reader, request.query_params.get("profession", ""))
        variant = state.variant(profession)
        if variant is None or state.built is None:
            return drawn("look.html.j2", what="nothing", lines=(), anatomy=None)
        if what == "message":
            mail = previewing.message(state.workspace, issue, variant, reader, state.built.audience.id)
            found = previewing.anatomy(mail)
            return drawn("look.html.j2", what=what, lines=(), anatomy=found)
        if what == "text":
            text = previewing.show(state.workspace, issue, variant, reader).text
            return drawn("look.html.j2", what=what, lines=text.splitlines(), anatomy=None)
        return self._source(state, state.built, profession, reader)

    def _source(self, state: State, built: Built, profession: str, reader: Reader) -> Response:
        """The HTML that is mailed with the findings in it; those without a place stand beside the author's lines."""
        found = _findings(state, profession) if not state.is_ahead(profession) else []
        variant = state.variant(profession) or previewing.variant_of(built, profession)
        lines = places.source_lines(state.workspace, built, profession, variant, found, reader)
        placed = {number for line in lines for piece in line for number in piece.findings}
        return drawn(
            "source.html.j2",
            lines=lines,
            findings=found,
            elsewhere=[number for number in range(len(found)) if number not in placed],
            link=self._link,
            excerpt=lambda where: places.excerpt(state.workspace.root, where, 1),
        )

    async def find_subscribers(self, request: Request) -> Response:
        """A few people to choose from."""
        return await self.subscribers.look_up(request, self._issue_of(request))

    async def choose_subscriber(self, request: Request) -> Response:
        """The word that stands for the one chosen."""
        return await self.subscribers.choose(request, self._issue_of(request))

    async def test(self, request: Request) -> Response:
        """A test mailed."""
        return await self.deeds.test(request, self._issue_of(request))

    async def decide(self, request: Request) -> Response:
        """A reviewer's decision recorded."""
        return await self.deeds.decide(request, self._issue_of(request))

    async def review(self, request: Request) -> Response:
        """The review file."""
        return await self.deeds.review(request, self._issue_of(request))

    async def events(self, request: Request) -> Response:
        """What saving changes, as it happens: for each `issue` with the `profession` that stands with it."""
        issues, professions = (request.query_params.getlist(name) for name in ("issue", "profession"))
        stream = self.live.events(zip(issues, professions, strict=False))
        return StreamingResponse(stream, media_type="text/event-stream", headers={"x-accel-buffering": "no"})

    async def failed(self, request: Request, error: Exception) -> Response:
        """A page for what cannot be shown, in words."""
        status = error.status_code if isinstance(error, HTTPException) else 422
        words = str(error) if isinstance(error, NewsletterError) else "There is nothing at this address."
        if isinstance(error, NoSuchIssue):
            words = error.detail
        if request.method == "POST":
            return JSONResponse({"problem": words}, status)
        problems = error.problems if isinstance(error, FileProblems) else ()
        title, issue = ("Not here", "") if status == 404 else ("Not yet", request.path_params.get("issue", ""))
        return drawn(
            "failed.html.j2",
            code=status,
            title=title,
            words=words,
            issue=issue,
            here=request.url.path,
            problems=problems,
            link=self._link,
            excerpt=lambda where: places.excerpt(self.live.root, where),
        )

    # ── what they share ─────────────────────────────────────────────────────────────────────────────────────────────

    def _issue_of(self, request: Request) -> str:
        state = self.desk.known(request.path_params["issue"])
        return issue_of(request, state.workspace if state else self.desk.workspace())

    def _opened(self, request: Request) -> str:
        """The issue of a page that is open: its files may have gone since, and what was last good stays."""
        issue: str = request.path_params["issue"]
        return issue if self.desk.known(issue) is not None else self._issue_of(request)

    def _link(self, where: Where) -> str:
        """The address that opens the place in an editor; empty for a place outside the workspace."""
        root = self.live.root
        path = (root / where.path).resolve()
        if not path.is_relative_to(root.resolve()):
            return ""
        return self.editor.replace("{path}", quote(str(path))).replace("{line}", str(where.line or 1))


def _findings(state: State, profession: str) -> list[Finding]:
    """Those of the variant that the profession reads, and those of all; the worst first."""
    if state.built is None:
        return []
    key = previewing.choices(state.built).get(profession, "")
    own = [one for one in state.built.findings if not one.variant or key in one.variant.split(", ")]
    return sorted(own, key=lambda one: _ORDER.index(one.severity.value))


def alike(findings: list[Finding]) -> list[list[tuple[int, Finding]]]:
    """The numbered findings, those of one rule and severity together where they are many."""
    groups: dict[tuple[str, ...], list[tuple[int, Finding]]] = {}
    many = len(findings) > _FEW
    for number, one in enumerate(findings):
        key = (one.severity.value, one.rule) if many else (str(number),)
        groups.setdefault(key, []).append((number, one))
    return list(groups.values())


def _tally(state: State) -> dict[str, int]:
    found = state.built.findings if state.built else ()
    return {name: sum(1 for one in found if one.severity.value == name) for name in _ORDER}
