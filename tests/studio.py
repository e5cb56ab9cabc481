"""The studio, started as a person starts it, by `newsletter preview` in a process of its own; or asked in this one."""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import re
import shutil
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from newsletter.pipeline.workspace import open_workspace
from newsletter.web.studio.serving import Served, studio
from tests import forked


@dataclass(frozen=True)
class Running:
    """A studio that answers: the link a person is given, and where it listens."""

    link: str
    port: int
    token: str

    @property
    def home(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def cookie(self) -> str:
        return f"newsletter-studio-{self.port}={self.token}"

    def post(self, path: str, texts: object, **headers: str) -> tuple[int, str]:
        """The answer to what a page of the studio sends; each header can be another, or empty to be left out."""
        content = texts if isinstance(texts, bytes) else json.dumps(texts).encode()
        given = {"origin": self.home, "content_type": "application/json", "content_length": str(len(content))}
        status, _, body = self.ask(
            path, "POST", content, **{k: v for k, v in (given | headers).items() if v or k == "cookie"}
        )
        return status, body

    def ask(
        self, path: str, method: str = "GET", content: bytes = b"", **headers: str
    ) -> tuple[int, dict[str, str], str]:
        """The answer to a request with these headers (`_` for `-`), and Host and cookie unless they are given."""
        given = {"host": f"127.0.0.1:{self.port}", "cookie": self.cookie}
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        for name, value in given.items():
            connection.putheader(name, value)
        connection.endheaders(content)
        answer = connection.getresponse()
        body = answer.read().decode()
        connection.close()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, body


@contextmanager
def running(root: Path, *arguments: str) -> Iterator[Running]:
    """The studio of that workspace, until the block ends."""
    with forked.start(root, ["preview", "--no-open", *arguments], {**os.environ}) as run:
        yield _link_of(run)
        run.send_signal(signal.SIGTERM)
        run.wait(20)


def linked(said: str) -> Running | None:
    """The studio whose link stands on a whole line of what was said."""
    found = re.search(r"(http://[^:]+:(\d+)\S*token=(\S+))\s", said)
    return Running(found[1], int(found[2]), found[3]) if found else None


def _link_of(run: forked.Run) -> Running:
    """What it prints once it answers."""
    end = time.monotonic() + 60
    while True:
        is_alive = run.alive()
        said = run.output
        if found := linked(said[0]):
            return found
        assert is_alive and time.monotonic() < end, said
        time.sleep(0.01)


@dataclass(frozen=True)
class Inside:
    """A studio in this very process, asked as a browser on this computer asks; its guard is not in the way."""

    app: Any

    @classmethod
    def of(cls, root: Path) -> Inside:
        """The studio of that workspace."""
        templates = Path(__file__).parents[1] / "templates"
        guard = studio(lambda: open_workspace(root, {}, templates), Served("127.0.0.1", 1, "token"))
        return cls(guard.app)

    def ask(self, path: str, texts: Mapping[str, str] | None = None) -> tuple[int, str]:
        """The status and body of the answer; `texts` are posted."""
        return asyncio.run(self._ask(path, texts))

    def done(self, path: str, texts: Mapping[str, str]) -> dict[str, Any]:
        """What is answered to something that is asked to be done; it must not be refused."""
        status, body = self.ask(path, texts)
        assert status == 200, body
        found: dict[str, Any] = json.loads(body)
        return found

    async def _ask(self, path: str, texts: Mapping[str, str] | None) -> tuple[int, str]:
        name, _, query = path.partition("?")
        scope = {
            "type": "http",
            "method": "GET" if texts is None else "POST",
            "path": name,
            "query_string": query.encode(),
            "headers": [(b"content-type", b"application/json")],
            "client": ("127.0.0.1", 1),
        }
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": json.dumps(texts).encode()}

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        await self.app(scope, receive, send)
        return sent[0]["status"], b"".join(one.get("body", b"") for one in sent[1:]).decode()


def chromium() -> str:
    """Where the system's Chromium is; empty when there is none."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return next((path for name in names if (path := shutil.which(name))), "")
