"""'As this subscriber': an email with a person's own values, for browsers on this computer only.

A page gets a word that stands for the person, so that no address of theirs stands in a URL, in the browser's history
or in a log. Only this process knows whom it stands for.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Lock

from starlette.requests import Request
from starlette.responses import Response

from newsletter.errors import SettingsError
from newsletter.model import group_and_arm
from newsletter.pipeline import previewing, readers
from newsletter.pipeline.building import Built
from newsletter.pipeline.readers import NOBODY, Reader
from newsletter.web.studio.asking import answered, refuse_elsewhere
from newsletter.web.studio.desk import Desk, State

_FRESH = 2.0
"""Seconds: a page asks for its parts at once, and all of them are for the same values."""
_MOST = 200
"""People remembered; the longest ago is forgotten first."""


@dataclass
class Subscribers:
    """Who has been chosen, by the word that pages use for them."""

    desk: Desk
    _addresses: dict[str, str] = field(default_factory=dict)
    _looked: dict[tuple[str, str, str, int], tuple[float, Reader]] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def reader(self, request: Request, issue: str, state: State) -> Reader:
        """Whom the request's `reader` stands for; nobody in particular without one.

        Raises `SettingsError` for a word that stands for nobody, or a browser on another computer.
        """
        word = request.query_params.get("reader", "")
        if not word:
            return NOBODY
        refuse_elsewhere(request)
        if word not in self._addresses or state.built is None:
            raise SettingsError("the studio does not know this subscriber any more. Choose them again.")
        with self._lock:
            arm = _arm(state.built, request.query_params.get("profession", ""))
            key = (issue, word, arm, state.version)
            looked, found = self._looked.get(key, (0.0, NOBODY))
            if time.monotonic() - looked > _FRESH:
                found = readers.subscriber(state.workspace, state.built, self._addresses[word], arm)
                self._looked = {key: (time.monotonic(), found)}
            return found

    def address(self, word: str) -> str:
        """Whose address the word stands for; empty for nobody's."""
        return self._addresses.get(word, "")

    async def look_up(self, request: Request, issue: str) -> Response:
        """A few people whose address holds `part`."""

        def act(texts: Mapping[str, str]) -> Mapping[str, object]:
            refuse_elsewhere(request)
            state = self.desk.state(issue)
            if state.built is None:
                raise SettingsError("the issue's files cannot be read.")
            with self._lock:
                found = readers.look_up(state.workspace, state.built.audience, texts.get("part", ""))
            return {
                "found": [
                    {
                        "address": one.address,
                        "profession": _label(state, one.profession),
                        "told": one.reason or ("" if one.is_picked else "not in this audience"),
                    }
                    for one in found
                ]
            }

        return await answered(request, act)

    async def choose(self, request: Request, issue: str) -> Response:
        """The word that stands for the subscriber of `address` from now on, read in the arm that `profession` names."""

        def act(texts: Mapping[str, str]) -> Mapping[str, object]:
            refuse_elsewhere(request)
            state = self.desk.state(issue)
            if state.built is None:
                raise SettingsError("the issue's files cannot be read.")
            with self._lock:
                arm = _arm(state.built, texts.get("profession", ""))
                found = readers.subscriber(state.workspace, state.built, texts.get("address", ""), arm)
                word = secrets.token_urlsafe(12)
                self._addresses[word] = found.address
                for old in list(self._addresses)[:-_MOST]:
                    del self._addresses[old]
            return {"reader": word, "address": found.address, "profession": _reading(state, found)}

        return await answered(request, act)


def seen_by(state: State, reader: Reader, asked: str) -> str:
    """The profession whose variant is shown: the reader's, or the one asked for."""
    return _reading(state, reader) if reader.variant else state.choice(asked)


def _label(state: State, profession: str) -> str:
    """What people call it; the key of one that the workspace does not know (any more)."""
    known = state.built.edition.professions.by_key if state.built else {}
    return known[profession].label if profession in known else profession


def _arm(built: Built, asked: str) -> str:
    """The arm of what a page looks at; empty for one there is not (any more)."""
    arm = group_and_arm(asked)[1]
    return arm if arm in built.arms else ""


def _reading(state: State, reader: Reader) -> str:
    known = previewing.choices(state.built) if state.built else {}
    return next((one for one, key in known.items() if key == reader.variant), state.choice(""))
