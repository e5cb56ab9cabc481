"""A workspace → the studio, served until it is interrupted."""

from __future__ import annotations

import asyncio
import gc
import secrets
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from urllib.parse import quote

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException

from newsletter.errors import NewsletterError, SettingsError
from newsletter.pipeline.workspace import Workspace
from newsletter.web.studio.comparisons import Comparisons
from newsletter.web.studio.composer import Composer
from newsletter.web.studio.deeds import Deeds
from newsletter.web.studio.desk import Desk
from newsletter.web.studio.guarding import Guard
from newsletter.web.studio.live import Live
from newsletter.web.studio.pages import Pages
from newsletter.web.studio.subscribers import Subscribers

VSCODE = "vscode://file{path}:{line}"
"""Opens a place in Visual Studio Code."""


@dataclass(frozen=True, slots=True)
class Served:
    """Where the studio listens, and the link that opens it."""

    host: str
    port: int
    token: str

    def link(self, issue: str = "") -> str:
        """The address to open; the token in it is taken out of sight at once."""
        name = "127.0.0.1" if self.host in ("0.0.0.0", "::") else self.host  # noqa: S104  compared with
        shown = f"[{name}]" if ":" in name else name
        path = f"/issues/{quote(issue)}" if issue else "/"
        return f"http://{shown}:{self.port}{path}?token={self.token}"


def studio(
    open_workspace: Callable[[], Workspace],
    served: Served,
    editor: str = VSCODE,
    rest: Callable[[], None] = lambda: None,
) -> Guard:
    """The studio as an app, guarded; `rest` is called whenever all that was saved is told."""
    desk = Desk(open_workspace)
    live = Live(desk, open_workspace().root.resolve(), rest)
    subscribers = Subscribers(desk)
    pages = Pages(desk, live, subscribers, Deeds(desk, subscribers), Comparisons(desk), editor)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        watching = asyncio.create_task(live.run())
        yield
        live.stop()
        await watching

    app = Starlette(
        routes=[*Composer(desk, editor).routes(), *pages.routes()],
        lifespan=lifespan,
        exception_handlers={HTTPException: pages.failed, NewsletterError: pages.failed},
    )
    app.state.live = live
    return Guard(app, served.token, served.host, served.port)


def serve(
    open_workspace: Callable[[], Workspace],
    host: str,
    port: int,
    ready: Callable[[Served], None],
    editor: str = VSCODE,
) -> None:
    """Serve until interrupted; `ready` is told where. Port 0 takes any that is free.

    Raises `SettingsError` when nobody can listen there.
    """
    try:
        listening = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        raise SettingsError(
            f"the studio cannot listen on {host}:{port}: {error.strerror or error}. Choose another with --port."
        ) from error
    served = Served(host, listening.getsockname()[1], secrets.token_urlsafe(24))
    guard = studio(open_workspace, served, editor, cache(_keep_for_good))
    server = _Server(
        uvicorn.Config(guard, log_config=None, access_log=False, timeout_graceful_shutdown=1, lifespan="on"),
        lambda: ready(served),
        lambda: guard.app.state.live.stop(),  # type: ignore[attr-defined]
    )
    with listening:
        server.run(sockets=[listening])


def _keep_for_good() -> None:
    """Let the collector of cycles pass over what is there: a search through all modules takes as long as a save.

    https://docs.python.org/3/library/gc.html#gc.freeze
    """
    gc.collect()
    gc.freeze()


class _Server(uvicorn.Server):
    """Says when it answers, and ends the event streams before it waits for connections to close."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None], ending: Callable[[], object]) -> None:
        super().__init__(config)
        self._ready, self._ending = ready, ending

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._ending()
        await super().shutdown(sockets)
