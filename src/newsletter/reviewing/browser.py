"""HTML → pictures of it, by a Chromium that lies on this machine; nothing is fetched and no script of a mail runs.

The browser is spoken to over two pipes (https://chromedevtools.github.io/devtools-protocol/, `--remote-debugging-pipe`:
JSON texts, each ended by a NUL, to descriptor 3 and from descriptor 4).
"""

from __future__ import annotations

import fcntl
import json
import os
import select
import shutil
import signal
import tempfile
import time
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from newsletter.errors import NewsletterError

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
_OPTIONS = (
    "--headless=new",
    "--remote-debugging-pipe",
    "--disable-gpu",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-extensions",
    "--disable-sync",
    "--hide-scrollbars",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--force-color-profile=srgb",
)
_SECONDS = 60.0
"""As long as one answer may take; a busy machine starts a browser in ten."""
_TALLEST = 12_000


class NoBrowser(NewsletterError):
    """There is no Chromium here, or it does not answer; everything else of a review can be had without it."""


class Chromium:
    """A running browser."""

    def __init__(self, write: int, read: int) -> None:
        self._write, self._read = write, read
        self._number = 0
        self._left = b""
        page = self._ask("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._ask("Target.attachToTarget", targetId=page, flatten=True)["sessionId"]
        self._ask("Emulation.setScriptExecutionDisabled", value=True)
        self._frame = self._ask("Page.getFrameTree")["frameTree"]["frame"]["id"]

    def shot(self, html: str, width: int, kind: str = "png", dark: bool = False) -> bytes:
        """The whole page at that width in CSS pixels, as `png`, `jpeg` or `webp`."""
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self._ask("Emulation.setEmulatedMedia", features=[scheme])
        self._sized(width, 800)
        self._ask("Page.setDocumentContent", frameId=self._frame, html=html)
        size = self._ask("Page.getLayoutMetrics")["cssContentSize"]
        self._sized(width, min(max(int(size["height"]), 1), _TALLEST))
        more = {} if kind == "png" else {"quality": 70}
        return b64decode(self._ask("Page.captureScreenshot", format=kind, **more)["data"])

    def _sized(self, width: int, height: int) -> None:
        self._ask("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def _ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._number += 1
        asked: dict[str, Any] = {"id": self._number, "method": method, "params": parameters}
        if hasattr(self, "_session"):
            asked["sessionId"] = self._session
        data = json.dumps(asked).encode() + b"\0"
        try:
            while data:
                data = data[os.write(self._write, data) :]
            return self._answer(self._number)
        except OSError as error:
            raise NoBrowser(f"the browser went away: {error.strerror}.") from error

    def _answer(self, number: int) -> dict[str, Any]:
        """What it says to that question; what it tells unasked is passed over."""
        end = time.monotonic() + _SECONDS
        while True:
            while b"\0" in self._left:
                message, _, self._left = self._left.partition(b"\0")
                said = json.loads(message)
                if said.get("id") == number:
                    if "error" in said:
                        raise NoBrowser(f"the browser refused: {said['error'].get('message')}.")
                    return dict(said["result"])
            ready, _, _ = select.select([self._read], [], [], max(end - time.monotonic(), 0))
            data = os.read(self._read, 1 << 20) if ready else b""
            if not data:
                raise NoBrowser("the browser does not answer. Run `chromium --version` to see whether it works.")
            self._left += data


def find_browser() -> str:
    """The path of a Chromium or Chrome; raises `NoBrowser` when none is on the PATH."""
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    if found is None:
        raise NoBrowser(
            f"screenshots need Chromium or Chrome, and none is on the PATH ({', '.join(NAMES)}). Install the package "
            "chromium, or leave --screenshots out."
        )
    return found


@contextmanager
def running_browser() -> Iterator[Chromium]:
    """A browser with a profile of its own, which is gone afterwards; raises `NoBrowser`."""
    path = find_browser()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        options = [*_OPTIONS, f"--user-data-dir={profile}"]
        if os.geteuid() == 0:
            options.append("--no-sandbox")  # Chromium refuses to run as root, as in a container, with it
        ours_write, ours_read, process = _started(path, options)
        try:
            yield Chromium(ours_write, ours_read)
        finally:
            for one in (ours_write, ours_read):
                os.close(one)
            _end(process)


def _started(path: str, options: list[str]) -> tuple[int, int, int]:
    """Where to write, where to read, and the process."""
    theirs_read, ours_write = os.pipe()
    ours_read, theirs_write = os.pipe()
    # Above 3 and 4, so that putting one in its place does not overwrite the other.
    source, target = (fcntl.fcntl(one, fcntl.F_DUPFD_CLOEXEC, 10) for one in (theirs_read, theirs_write))
    nowhere = [(os.POSIX_SPAWN_OPEN, number, os.devnull, os.O_RDWR, 0) for number in (0, 1, 2)]
    placed = [(os.POSIX_SPAWN_DUP2, source, 3), (os.POSIX_SPAWN_DUP2, target, 4)]
    try:
        process = os.posix_spawn(path, [path, *options], os.environ, file_actions=[*nowhere, *placed], setpgroup=0)
    except OSError as error:
        os.close(ours_write)
        os.close(ours_read)
        raise NoBrowser(f"{path} cannot be run: {error.strerror}.") from error
    finally:
        for one in (theirs_read, theirs_write, source, target):
            os.close(one)
    return ours_write, ours_read, process


def _end(process: int) -> None:
    """Wait for it to go, which it does when its pipes close; after five seconds it is made to."""
    end = time.monotonic() + 5
    while time.monotonic() < end:
        if os.waitpid(process, os.WNOHANG)[0]:
            return
        time.sleep(0.05)
    with suppress(ProcessLookupError):
        os.killpg(process, signal.SIGKILL)
    os.waitpid(process, 0)
