"""The system's Chromium, pages of a running studio in it, and how well what it draws can be read."""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest
from playwright.sync_api import Browser, Error, Frame, Page, expect, sync_playwright

from tests.conftest import REPOSITORY
from tests.studio import Running, running

ISSUE = "open-source-in-care"
SCREENSHOTS = Path(__file__).parents[2] / "build/screenshots"
PATIENCE = 30.0
"""Seconds for what a test waits for: much more than it takes, for a machine that has much else to do."""
expect.set_options(timeout=PATIENCE * 1000)
T = TypeVar("T")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    found = next(
        (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
    )
    options = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
    with sync_playwright() as playwright:
        executable = found or playwright.chromium.executable_path
        if not Path(executable).exists():
            message = "no Chromium: install the package chromium, or run `.venv/bin/playwright install chromium`"
            if os.environ.get("CI"):
                pytest.fail(message)
            pytest.skip(message)
        running = playwright.chromium.launch(executable_path=executable, args=options)
        yield running
        running.close()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The sample workspace."""
    root = tmp_path / "workspace"
    root.mkdir()
    for name in ("issues", "audiences", "static", "templates"):
        shutil.copytree(REPOSITORY / name, root / name)
    shutil.copy2(REPOSITORY / "newsletter.yaml", root)
    return root


@pytest.fixture
def studio(root: Path) -> Iterator[Running]:
    with running(root) as found:
        yield found


Open = Callable[..., Page]


@pytest.fixture
def open_page(browser: Browser, studio: Running) -> Iterator[Open]:
    """Opens an address of the studio, as the link opens it."""
    contexts: list[Any] = []
    complaints: list[str] = []

    def opened(path: str = f"/issues/{ISSUE}", width: int = 1280, scheme: Any = "light") -> Page:
        height = 900 if width > 500 else 844
        context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(f"{studio.home}{path}{'&' if '?' in path else '?'}token={studio.token}")
        if path.startswith("/issues/") and page.locator("#frames").count():
            shown(page)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert not complaints


def shown(page: Page) -> Frame:
    """The frame of the email that is seen, once it is there; another may take its place at any time."""

    def loaded() -> Frame | None:
        handle = page.wait_for_selector("#frames iframe.shown")
        frame = handle.content_frame() if handle else None
        if frame is not None:
            frame.wait_for_load_state()
        return frame

    frame = until(page, loaded)
    assert frame is not None
    return frame


def until(page: Page, ask: Callable[[], T], is_right: Callable[[T], bool] = bool) -> T:
    """What `ask` tells as soon as it is right; it is asked again until then, also when what it asks was replaced."""
    end = time.monotonic() + PATIENCE
    while True:
        told: T | Error
        try:
            told = ask()
            if is_right(told):
                return told
        except Error as error:
            told = error
        assert time.monotonic() < end, told
        page.wait_for_timeout(50)


def save(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def picture(page: Page, name: str) -> None:
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"studio-{name}.png")


def contrast_of(one: str, other: str) -> float:
    """WCAG 2.2 contrast ratio of two `rgb(…)` colours."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(color: str) -> float:
    parts = [int(part) / 255 for part in re.findall(r"\d+", color)[:3]]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
