"""Saved files → events for the pages that are open (server-sent events, https://html.spec.whatwg.org/#server-sent-events).

`hello`: the page is heard, and this is the state it should show. `saving`: something was saved. `rendered`: the variant
looked at is new. `checked`: so are all others, and the findings. `broken`: a file cannot be read; what was last good
stays. A save that comes before the last one is told of to its end takes its place.

All pages of a browser share one stream, so each event says which issue and profession it is about. A browser allows six
connections to a server over HTTP/1.1: with a stream for each page the seventh page would never be answered.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from watchfiles import Change, awatch

from newsletter.web.studio.desk import Desk, Overtaken, State

_QUIET = frozenset({"build", "var", "node_modules", "__pycache__"})
_DEBOUNCE = 30
_STEP = 5
"""Milliseconds: how long a burst of writes is gathered, and how often new ones are looked for."""
_PATIENCE = 0.06
"""Seconds after which a file that cannot be read is told of: it may be half written."""
_PAUSE = 0.4
"""Seconds between the email that is looked at and all others."""
_HEARTBEAT = 15.0
"""Seconds after which a silent connection says that it is alive."""


@dataclass(eq=False)
class Watcher:
    """One stream: the issue and profession of each page that hears it, and the events it has not had yet."""

    looks: frozenset[tuple[str, str]]
    events: asyncio.Queue[str] = field(default_factory=asyncio.Queue)


@dataclass
class Live:
    """Tells open pages what saving has changed."""

    desk: Desk
    root: Path
    rest: Callable[[], None] = lambda: None
    """What is done when everything is told."""
    _watchers: set[Watcher] = field(default_factory=set)
    _due: set[str] = field(default_factory=set)
    """Issues that were looked at when something was saved, until they are checked; also when nobody looks any more."""
    _stop: asyncio.Event = field(default_factory=asyncio.Event)
    _news: asyncio.Event = field(default_factory=asyncio.Event)
    """Set by a save, until telling of it begins."""
    _looks: asyncio.Event = field(default_factory=asyncio.Event)
    """Whether new saves are looked for: while an email is drawn, each look would take the interpreter from it."""

    async def run(self) -> None:
        """Watch the workspace until `stop`."""
        telling = asyncio.create_task(self._tell_saves())
        stream = awatch(
            self.root, watch_filter=self._matters, debounce=_DEBOUNCE, step=_STEP, stop_event=self._stop,
            rust_timeout=1000, yield_on_timeout=False,
        )  # fmt: skip
        async for _ in stream:
            self._looks.clear()
            self._news.set()
            await self._looks.wait()
        self._news.set()
        await telling

    def stop(self) -> None:
        """End watching and every open connection."""
        self._stop.set()
        self._looks.set()
        for one in self._watchers:
            one.events.put_nowait("")

    async def events(self, looks: Iterable[tuple[str, str]]) -> AsyncIterator[str]:
        """The events for pages that look at these issues and professions, until they go or the studio ends.

        No issue: the list of all.
        """
        watcher = Watcher(frozenset(looks))
        self._watchers.add(watcher)
        try:
            for issue in sorted({issue for issue, _ in watcher.looks}):
                yield _event("hello", {"issue": issue, "version": self.desk.version(issue)})
            while not self._stop.is_set():
                try:
                    event = await asyncio.wait_for(watcher.events.get(), _HEARTBEAT)
                except TimeoutError:
                    event = ": still here\n\n"
                if event:
                    yield event
        finally:
            self._watchers.discard(watcher)

    async def _tell_saves(self) -> None:
        while True:
            await self._news.wait()
            if self._stop.is_set():
                return
            self._news.clear()
            await self._saved()

    async def _saved(self) -> None:
        """Tell of the last save; nothing more as soon as another one comes."""
        for one in self._watchers:
            one.events.put_nowait(_event("saving", {}))
        self._due |= {issue for issue, _ in self._looked_at()}
        await run_in_threadpool(self.desk.forget, self._due)
        for issue, profession in self._looked_at():
            state = await run_in_threadpool(self.desk.glance, issue, profession)
            if state.problems:
                self._looks.set()
                if await self._comes(_PATIENCE):
                    return
            self._tell(issue, "rendered", state, profession)
        self._looks.set()
        # The pages fetch the new email first: checking takes as much of the processor as it can get.
        if await self._comes(_PAUSE):
            return
        for issue in sorted(self._due):
            try:
                state = await run_in_threadpool(self.desk.refresh, issue, self._news.is_set)
            except Overtaken:
                return
            self._due.discard(issue)
            self._tell(issue, "checked", state)
        for one in self._watchers:
            if any(not issue for issue, _ in one.looks):
                one.events.put_nowait(_event("changed", {"issue": ""}))
        if not await self._comes(_PAUSE):
            self.rest()

    def _looked_at(self) -> set[tuple[str, str]]:
        """The issues and professions that some page shows."""
        return {look for one in self._watchers for look in one.looks if look[0]}

    async def _comes(self, seconds: float) -> bool:
        """Whether something is saved within that time, or the studio ends."""
        try:
            await asyncio.wait_for(self._news.wait(), seconds)
        except TimeoutError:
            return False
        return True

    def _tell(self, issue: str, kind: str, state: State, profession: str = "") -> None:
        content = {"issue": issue, "profession": profession, "version": state.version}
        event = _event("broken" if state.problems else kind, content)
        for one in self._watchers:
            if any(looked == issue and profession in ("", reader) for looked, reader in one.looks):
                one.events.put_nowait(event)

    def _matters(self, change: Change, path: str) -> bool:
        """Whether it may be something authors write: not what a build makes, not an editor's own files."""
        parts = Path(path).relative_to(self.root).parts
        return bool(parts) and not any(part.startswith(".") or part in _QUIET or part.endswith("~") for part in parts)


def _event(kind: str, content: dict[str, object]) -> str:
    return f"event: {kind}\ndata: {json.dumps(content)}\n\n"
