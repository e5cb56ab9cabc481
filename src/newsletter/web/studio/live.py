"""Saved files → events for the pages that are open (server-sent events, https://html.spec.whatwg.org/#server-sent-events).

`rendered`: the variant looked at is new. `checked`: so are all others, and the findings. `broken`: a file cannot be
read; what was last good stays.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from watchfiles import Change, awatch

from newsletter.web.studio.desk import Desk, State

_QUIET = frozenset({"build", "var", "node_modules", "__pycache__"})
_DEBOUNCE = 40
_STEP = 10
"""Milliseconds: how long a burst of writes is gathered, and how often new ones are looked for."""
_PAUSE = 0.4
"""Seconds between the email that is looked at and all others."""
_HEARTBEAT = 15.0
"""Seconds after which a silent connection says that it is alive."""


@dataclass(eq=False)
class Watcher:
    """One open page: the issue and profession it shows, and the events it has not had yet."""

    issue: str
    profession: str
    events: asyncio.Queue[str] = field(default_factory=asyncio.Queue)


@dataclass
class Live:
    """Tells open pages what saving has changed."""

    desk: Desk
    root: Path
    _watchers: set[Watcher] = field(default_factory=set)
    _stop: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        """Watch the workspace until `stop`."""
        stream = awatch(
            self.root, watch_filter=self._matters, debounce=_DEBOUNCE, step=_STEP, stop_event=self._stop,
            rust_timeout=1000, yield_on_timeout=False,
        )  # fmt: skip
        async for _ in stream:
            await self._saved()

    def stop(self) -> None:
        """End watching and every open connection."""
        self._stop.set()
        for one in self._watchers:
            one.events.put_nowait("")

    async def events(self, issue: str, profession: str) -> AsyncIterator[str]:
        """The events for a page, until it goes or the studio ends."""
        watcher = Watcher(issue, profession)
        self._watchers.add(watcher)
        try:
            yield "retry: 1000\n\n: hello\n\n"
            while not self._stop.is_set():
                try:
                    event = await asyncio.wait_for(watcher.events.get(), _HEARTBEAT)
                except TimeoutError:
                    event = ": still here\n\n"
                if event:
                    yield event
        finally:
            self._watchers.discard(watcher)

    async def _saved(self) -> None:
        await run_in_threadpool(self.desk.forget)
        for issue, profession in {(one.issue, one.profession) for one in self._watchers if one.issue}:
            self._tell(issue, "rendered", await run_in_threadpool(self.desk.glance, issue, profession), profession)
        # The pages fetch the new email first: checking takes as much of the processor as it can get.
        await asyncio.sleep(_PAUSE)
        for issue in {one.issue for one in self._watchers if one.issue}:
            self._tell(issue, "checked", await run_in_threadpool(self.desk.refresh, issue))
        for one in self._watchers:
            if not one.issue:
                one.events.put_nowait(_event("changed", {}))

    def _tell(self, issue: str, kind: str, state: State, profession: str = "") -> None:
        event = _event("broken" if state.problems else kind, {"version": state.version})
        for one in self._watchers:
            if one.issue == issue and profession in ("", one.profession):
                one.events.put_nowait(event)

    def _matters(self, change: Change, path: str) -> bool:
        """Whether it may be something authors write: not what a build makes, not an editor's own files."""
        parts = Path(path).relative_to(self.root).parts
        return bool(parts) and not any(part.startswith(".") or part in _QUIET or part.endswith("~") for part in parts)


def _event(kind: str, content: dict[str, object]) -> str:
    return f"event: {kind}\ndata: {json.dumps(content)}\n\n"
