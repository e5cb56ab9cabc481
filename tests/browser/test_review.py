"""The review file in a real browser: read without JavaScript, used by keyboard, free of barriers, and harmless."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Browser, expect, sync_playwright

from newsletter.reviewing.browser import NAMES, running_browser

pytestmark = pytest.mark.browser
SCREENSHOTS = Path(__file__).parents[2] / "build/screenshots"
_OPTIONS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
_EVIL = "<script>top.document.title = 'reached'; document.title = 'ran'</script>"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    if found is None:
        if os.environ.get("CI"):
            pytest.fail("no Chromium: install the package chromium")
        pytest.skip("no Chromium: install the package chromium")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=found, args=_OPTIONS)
        yield running
        running.close()


@pytest.fixture
def review(workspace: Any) -> str:
    """The address of the small issue's review, approved once and changed since; a template of it holds a script."""
    assert workspace.run("plan", "tides").returncode == 0
    assert workspace.run("approve", "tides", "--by", "Ada", "--comment", "Right.").returncode == 0
    workspace.write("templates/blocks/image.html.j2", f"<tr><td>{_EVIL}<p>Seen.</p></td></tr>")
    workspace.write("issues/tides/tides.md", "---\ntitle: High water\n---\nThe tide *turns* at one.\n")
    done = workspace.run("review", "tides")
    # No send would take the script.
    assert done.returncode == 1 and "1 error in it" in done.stderr, done.stderr
    return (workspace.root / "build/tides/review.html").as_uri()


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nobody_meets_a_barrier(browser: Browser, review: str, width: int, scheme: Any) -> None:
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    said: list[str] = []
    page.on("console", lambda one: said.append(one.text))
    page.goto(review)
    for one in page.locator("details.mail > details > summary").all()[:2]:
        one.click()
    violations = Axe().run(page).response["violations"]
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"review-{width}-{scheme}.png", full_page=True)
    assert [(one["id"], one["impact"]) for one in violations if one["impact"] in ("serious", "critical")] == []
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert not [one for one in said if "review.js" in one]
    page.close()


def test_the_mails_wear_the_width_and_the_colours_that_are_chosen_by_keyboard(browser: Browser, review: str) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(review)
    frame = page.frame_locator("details.mail iframe").first
    page.locator("details.mail iframe").first.scroll_into_view_if_needed()
    expect(frame.locator("body")).to_contain_text("The tide turns at one.")
    light = frame.locator("body").evaluate("() => getComputedStyle(document.body).backgroundColor")
    page.get_by_label("Desktop").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(page.locator("iframe").first).to_have_css("width", "375px")
    page.get_by_label("Dark").check()
    expect(frame.locator("body")).not_to_have_css("background-color", light)
    page.locator("details.mail > summary").nth(1).focus()
    page.keyboard.press("Enter")
    expect(page.locator("details.mail").nth(1)).to_have_attribute("open", "")
    page.close()


def test_everything_can_be_read_without_javascript_and_without_a_network(browser: Browser, review: str) -> None:
    context = browser.new_context(java_script_enabled=False, offline=True)
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda one: asked.append(one.url))
    page.goto(review)
    # The frames come when they are seen, after the page.
    expect(page.frame_locator("details.mail iframe").first.locator("body")).to_contain_text("The tide turns at one.")
    page.locator("details.mail > summary").nth(2).click()
    page.locator("details.mail").nth(2).get_by_text("Plain text").click()
    expect(page.locator("details.mail").nth(2).locator("pre").last).to_be_visible()
    expect(page.locator(".tools")).to_be_hidden()
    assert {one.split(":")[0] for one in asked} <= {"file", "data", "about"}
    context.close()


def test_a_short_mail_has_a_short_frame_that_need_not_be_scrolled(browser: Browser, review: str) -> None:
    context = browser.new_context(java_script_enabled=False, viewport={"width": 1280, "height": 2000})
    page = context.new_page()
    page.goto(review)
    frame = page.locator("details.mail iframe").first
    expect(frame.content_frame.locator("body")).to_contain_text("The tide turns at one.")
    height = frame.bounding_box()["height"]  # type: ignore[index]
    needed = frame.content_frame.locator("html").bounding_box()["height"]  # type: ignore[index]
    assert 100 < needed <= height <= 1.3 * needed
    context.close()


def test_a_script_in_a_mail_reaches_nothing(browser: Browser, review: str) -> None:
    page = browser.new_page()
    page.goto(review)
    frame = page.frame_locator("details.mail iframe").first
    expect(frame.get_by_text("Seen.")).to_have_count(1)
    assert page.title() == "Review: Tides"
    assert all(one.title() != "ran" for one in page.frames)
    page.close()


def test_screenshots_show_the_whole_mail_at_their_width(browser: Browser) -> None:
    dark = "<style>@media (prefers-color-scheme: dark) { body { background: #000 } }</style>"
    html = f"<head>{dark}</head><body style='margin:0'>{_EVIL}<div style='height:2345px'>Hello</div></body>"
    with running_browser() as chromium:
        wide, phone, black = chromium.shot(html, 700), chromium.shot(html, 375), chromium.shot(html, 375, dark=True)
        small = chromium.shot(html, 700, "webp")
    assert Image.open(BytesIO(wide)).size == Image.open(BytesIO(small)).size == (700, 2345)
    assert Image.open(BytesIO(phone)).size == (375, 2345)
    assert Image.open(BytesIO(phone)).convert("RGB").getpixel((370, 2300)) == (255, 255, 255)
    assert Image.open(BytesIO(black)).convert("RGB").getpixel((370, 2300)) == (0, 0, 0)
