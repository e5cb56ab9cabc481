"""Composing in the browser: the page, what stands in issue.yaml now, and the edits a person makes there.

Every edit names the file as the browser saw it; one that was changed meanwhile is shown anew and never overwritten.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Lock
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from newsletter.errors import ChangedMeanwhile, SettingsError
from newsletter.pipeline import composing, previewing
from newsletter.pipeline.composing import Change, Insert, Move, Place, Remove, Retarget
from newsletter.web.studio.asking import answered, issue_of
from newsletter.web.studio.desk import Desk
from newsletter.web.studio.drawing import drawn

_PLACE = re.compile(r"[0-9]{1,4}(\.[0-9]{1,4}){0,9}")
_MOST_STEPS = 100
_TOLD = {
    "move": "Moved",
    "add": "Added",
    "add-section": "Section added",
    "remove": "Removed",
    "target": "Readers changed",
}
KINDS = {
    "article": "A file of words, in full, summed up or as a card",
    "articles": "Several articles as a grid of cards",
    "text": "A few words of your own",
    "button": "A button with a link",
    "image": "A picture",
    "figure": "A picture with a caption",
    "columns": "Two columns side by side",
    "heading": "A heading between blocks",
    "quote": "What somebody said",
    "links": "A list of links",
    "divider": "A line across",
    "spacer": "Empty space",
    "sponsor": "A labelled message of a sponsor",
    "social": "Links to your social networks",
    "html": "Your own HTML",
}
"""What each kind of block is for."""


@dataclass
class History:
    """What was edited here, so that it can be taken back while the file is what the edit left."""

    done: list[tuple[str, Change]] = field(default_factory=list)
    undone: list[tuple[str, Change]] = field(default_factory=list)

    def note(self, what: str, change: Change) -> None:
        """Remember an edit; what was undone before it cannot come back."""
        if change.before != change.after:
            self.done = [*self.done[1 - _MOST_STEPS :], (what, change)]
            self.undone = []

    def can_undo(self, seen: str) -> bool:
        return bool(self.done) and composing.seen_after(self.done[-1][1].after) == seen

    def can_redo(self, seen: str) -> bool:
        return bool(self.undone) and composing.seen_after(self.undone[-1][1].before) == seen


@dataclass(frozen=True)
class Composer:
    """Answers what composing asks for; `editor` is a link with `{path}` and `{line}` in it."""

    desk: Desk
    editor: str
    histories: dict[str, History] = field(default_factory=dict)
    editing: Lock = field(default_factory=Lock)

    def routes(self) -> list[Route]:
        """Every address there is."""
        return [
            Route("/issues/{issue}/compose", self.page),
            Route("/issues/{issue}/compose/sheet", self.sheet),
            Route("/issues/{issue}/edits", self.edit, methods=["POST"]),
        ]

    async def page(self, request: Request) -> Response:
        """The page; what stands in the file comes with `sheet`."""
        card = await run_in_threadpool(self._card, request)
        profession = request.query_params.get("profession", "")
        return drawn("compose.html.j2", issue=card.id, card=card, profession=profession)

    async def sheet(self, request: Request) -> Response:
        """What stands in the file now, and what can be put there."""
        issue = await run_in_threadpool(self._issue, request)
        return await run_in_threadpool(self._sheet, issue)

    async def edit(self, request: Request) -> Response:
        """Make an edit, or take one back; answers the place it left, or why nothing was written."""
        issue = await run_in_threadpool(self._issue, request)

        def act(texts: Mapping[str, str]) -> Mapping[str, object]:
            with self.editing:
                try:
                    return self._edited(issue, texts)
                except ChangedMeanwhile as error:
                    return {"changed": str(error)}

        return await answered(request, act)

    def _issue(self, request: Request) -> str:
        """The issue's id; also of one whose file went while its page was open, so that the page can be told."""
        name: str = request.path_params["issue"]
        return name if self.desk.known(name) is not None else self._card(request).id

    def _card(self, request: Request) -> previewing.Card:
        workspace = self.desk.workspace()
        name = issue_of(request, workspace)
        return next(one for one in previewing.cards(workspace) if one.id == name)

    def _sheet(self, issue: str) -> Response:
        workspace = self.desk.workspace()
        sheet = composing.sheet(workspace, issue)
        history = self.histories.get(issue, History())
        path = (workspace.root / "issues" / issue / "issue.yaml").resolve()
        labels = dict(sheet.professions)

        def link(line: int) -> str:
            return self.editor.replace("{path}", quote(str(path))).replace("{line}", str(line))

        return drawn(
            "sheet.html.j2",
            issue=issue,
            sheet=sheet,
            undo=history.can_undo(sheet.seen),
            redo=history.can_redo(sheet.seen),
            kinds=KINDS,
            labels=labels,
            link=link,
            dotted=lambda place: ".".join(map(str, place)),
        )

    def _edited(self, issue: str, texts: Mapping[str, str]) -> Mapping[str, object]:
        what, seen = texts.get("do", ""), texts.get("seen", "")
        if what in ("undo", "redo"):
            return self._taken_back(issue, what, seen)
        workspace = self.desk.workspace()
        change = composing.compose(workspace, issue, seen, self._asked(issue, what, texts))
        self.histories.setdefault(issue, History()).note(what, change)
        return {
            "seen": composing.seen_after(change.after),
            "place": ".".join(map(str, change.place)),
            "told": _TOLD[what] if change.before != change.after else "Nothing to change",
        }

    def _asked(self, issue: str, what: str, texts: Mapping[str, str]) -> composing.Edit:
        if what == "move":
            return Move(_place(texts, "source"), _place(texts, "gap"))
        if what == "add":
            kind, file = texts.get("kind", ""), texts.get("file", "")
            return Insert(_place(texts, "gap"), composing.new_block(self.desk.workspace(), issue, kind, file))
        if what == "add-section":
            return Insert(_place(texts, "gap"), composing.SECTION)
        if what == "remove":
            return Remove(_place(texts, "source"))
        if what == "target":
            return Retarget(_place(texts, "source"), tuple(texts.get("for", "").split()))
        raise SettingsError(f"the studio knows no edit called '{what[:40]}'.")

    def _taken_back(self, issue: str, what: str, seen: str) -> Mapping[str, object]:
        history = self.histories.setdefault(issue, History())
        steps, others = (history.done, history.undone) if what == "undo" else (history.undone, history.done)
        if not steps:
            raise SettingsError(f"There is nothing to {what}.")
        name, change = steps[-1]
        content, left = (change.before, change.after) if what == "undo" else (change.after, change.before)
        if composing.seen_after(left) != seen:
            raise ChangedMeanwhile(
                f"issue.yaml was changed by somebody else since, so there is nothing to {what}: that would undo their "
                "work. This is how it stands now."
            )
        composing.put_back(self.desk.workspace(), issue, seen, content)
        others.append(steps.pop())
        words = _TOLD[name].lower()
        return {
            "seen": composing.seen_after(content),
            "place": "",
            "told": f"Undone: {words}" if what == "undo" else f"Done again: {words}",
        }


def _place(texts: Mapping[str, str], name: str) -> Place:
    written = texts.get(name, "")
    if not _PLACE.fullmatch(written):
        raise SettingsError(f"'{written[:40]}' is no place in an issue.")
    return tuple(int(number) for number in written.split("."))
