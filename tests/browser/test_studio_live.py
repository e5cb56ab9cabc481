"""Saves as an open page shows them: at once, in the frame that measures, and then in the one that has no rights."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser.conftest import ISSUE, Open, save, shown, until
from tests.studio import Running, running

pytestmark = pytest.mark.browser
expect.set_options(timeout=30_000)
ARTICLE = f"issues/{ISSUE}/open-source.md"
EVIL = (
    "<script>document.body.textContent = 'TAKEN'; parent.taken = 1;</script>"
    '<img src="x" onerror="document.body.textContent = \'TAKEN\'" alt="Bad words">'
    '<form action="/issues/x/decisions" method="post">First<input name="attributes"></form>'
)


def heard(page: Page) -> None:
    """Wait until the page hears of saves."""
    expect(page.locator("#live")).to_have_text("Live")


def settled(page: Page, words: str) -> None:
    """Wait until the frame without rights has what was saved, and nothing lies over it."""
    expect(page.frame_locator("#frames iframe.shown").locator("body")).to_contain_text(words)
    expect(page.locator("#frames iframe:is(.fresh, .next)")).to_have_count(0)


def test_a_save_is_seen_before_any_frame_has_loaded_it_and_loads_one(open_page: Open, root: Path) -> None:
    page = open_page()
    heard(page)
    asked: list[str] = []
    page.on("request", lambda one: asked.append(one.resource_type) if "/frame?" in one.url else None)
    page.evaluate("""() => {
      window.states = [];
      const [place, kinds] = [document.querySelector('#frames'), {subtree: true, childList: true, attributes: true}];
      const note = () => states.push([...place.querySelectorAll('iframe')].map(one => one.className).join(' + '));
      new MutationObserver(note).observe(place, kinds);
    }""")
    save(root / ARTICLE, "sewing machines", "weaving machines")
    settled(page, "weaving machines")
    heard(page)
    page.wait_for_timeout(800)
    assert asked.count("document") == 1
    # First the twin lies over the old email, then the new frame comes under it; there is never no email to see.
    states = page.evaluate("states")
    fresh = next(at for at, one in enumerate(states) if "fresh" in one)
    assert not any("next" in one for one in states[:fresh])
    assert all("shown" in one or "fresh" in one for one in states)
    assert page.locator("#frames iframe.shown").get_attribute("sandbox") == ""
    height = shown(page).evaluate("document.documentElement.getBoundingClientRect().height")
    assert abs(page.locator("#frames").evaluate("one => one.clientHeight") - height) <= 2


def test_a_script_that_is_saved_while_the_page_is_open_runs_in_no_frame(open_page: Open, root: Path) -> None:
    page = open_page()
    heard(page)
    save(root / "templates/page.html.j2", "</body>", EVIL + "</body>")
    settled(page, "Open source in care")
    until(page, lambda: page.evaluate("document.querySelector('#frames').clientHeight > 1000"))
    expect(page.frame_locator("#frames iframe.shown").locator("form")).to_have_text("First")
    # The twin takes what follows over as well, though the form hides what it is asked for.
    save(root / "templates/page.html.j2", "First<", "Second<")
    settled(page, "Second")
    save(root / ARTICLE, "sewing machines", "weaving machines")
    settled(page, "weaving machines")
    page.wait_for_timeout(800)
    assert page.evaluate("window.taken") is None
    frames = page.frames[1:]
    assert len(frames) == 2
    for frame in frames:
        assert frame.evaluate("self.origin") == "null"
        assert "weaving machines" in frame.inner_text("body") and "TAKEN" not in frame.inner_text("body")


def test_many_saves_in_a_row_end_with_the_last_one_and_with_what_is_said_of_it(open_page: Open, root: Path) -> None:
    page = open_page()
    text = (root / ARTICLE).read_text("utf-8")
    for number in range(12):
        (root / ARTICLE).write_text(text.replace("sewing machines", f"machines of kind {number}"), "utf-8")
        page.wait_for_timeout(60)
    (root / ARTICLE).write_text(text + "\nAnd then [click here](https://example.org/more).\n", "utf-8")
    settled(page, "click here")
    expect(page.locator(".finding", has_text="click here")).to_have_count(1)
    expect(page.get_by_role("alert")).to_have_count(0)


def test_a_frame_that_comes_while_the_next_save_is_measured_leaves_nothing_lying_over_it(
    open_page: Open, root: Path
) -> None:
    page = open_page()
    # What the twin answers a save can be held here.
    page.add_init_script("""
      const listen = addEventListener;
      window.addEventListener = (kind, heard) => listen(kind, (event) => {
        if (window.held && event.data?.round) held.push(() => heard(event));
        else heard(event);
      });
    """)
    page.reload()
    shown(page)
    heard(page)
    frames: list[Route] = []

    def hold_one(route: Route) -> None:
        if route.request.resource_type == "document" and not frames:
            frames.append(route)
        else:
            route.continue_()

    page.route("**/frame?**", hold_one)
    save(root / ARTICLE, "sewing machines", "weaving machines")
    expect(page.locator("#frames iframe.fresh")).to_have_count(1)
    page.evaluate("window.held = []")
    save(root / ARTICLE, "weaving machines", "knitting machines")
    until(page, lambda: page.evaluate("held.length"))
    frames[0].continue_()
    expect(page.locator("#frames iframe:is(.fresh, .next)")).to_have_count(0)
    assert page.evaluate("held.splice(0).map((one) => one()).length") == 1
    page.evaluate("window.held = undefined")
    settled(page, "knitting machines")


def test_a_frame_that_nobody_answers_takes_no_emails_place(open_page: Open, root: Path) -> None:
    page = open_page()
    heard(page)
    refused: list[Route] = []

    def refuse(route: Route) -> None:
        if route.request.resource_type == "document":
            refused.append(route)
            route.abort("connectionrefused")
        else:
            route.continue_()

    page.route("**/frame?**", refuse)
    save(root / ARTICLE, "sewing machines", "weaving machines")
    until(page, lambda: refused)
    page.wait_for_timeout(500)
    expect(page.frame_locator("#frames iframe.shown").locator("body")).to_contain_text("sewing machines")
    page.unroute("**/frame?**")
    save(root / ARTICLE, "weaving machines", "knitting machines")
    settled(page, "knitting machines")


def test_eight_pages_of_a_browser_all_load_and_all_have_a_save_also_when_the_first_is_closed(
    open_page: Open, studio: Running, root: Path
) -> None:
    pages = [open_page()]
    # A browser allows six connections to a server: with a stream of its own for each page the seventh never loads.
    for path in [f"/issues/{ISSUE}?profession=practitioner", *[f"/issues/{ISSUE}"] * 5, f"/issues/{ISSUE}/compose"]:
        pages.append(pages[0].context.new_page())
        pages[-1].goto(f"{studio.home}{path}", timeout=10_000)
    for page in pages:
        shown(page)
        heard(page)
    save(root / ARTICLE, "sewing machines", "weaving machines")
    for page in pages:
        settled(page, "weaving machines")
    pages.pop(0).close()
    save(root / ARTICLE, "weaving machines", "knitting machines")
    for page in pages:
        settled(page, "knitting machines")


def test_a_studio_that_was_started_again_asks_for_its_link_and_the_page_goes_on_once_it_is_opened(
    browser: Browser, root: Path
) -> None:
    context = browser.new_context()
    page, composed, wrong = context.new_page(), context.new_page(), list[str]()
    for one in (page, composed):
        one.on("pageerror", lambda error: wrong.append(str(error)))
    live, pane = page.locator("#live"), page.locator("#pane-text")
    with running(root) as first:
        page.goto(f"{first.home}/issues/{ISSUE}?token={first.token}")
        shown(page)
        expect(live).to_have_text("Live")
        composed.goto(f"{first.home}/issues/{ISSUE}/compose")
        shown(composed)
    expect(live).to_have_text("The studio does not answer")
    with running(root, "--port", str(first.port)) as second:
        words = "The studio was started again: open the link it printed"
        expect(live).to_have_text(words)
        page.get_by_role("tab", name="Plain text").click()
        expect(pane).to_have_text(words)
        composed.locator("#profession").select_option("practitioner")
        expect(composed.locator("#refused-words")).to_have_text(words)
        save(root / ARTICLE, "sewing machines", "weaving machines")
        context.new_page().goto(f"{second.home}/?token={second.token}")
        expect(live).to_have_text("Live")
        expect(pane).to_contain_text("weaving machines")
        page.get_by_role("tab", name="Email").click()
        settled(page, "weaving machines")
        settled(composed, "weaving machines")
        expect(composed.locator("#refused")).to_be_hidden()
    context.close()
    assert not wrong


def test_the_last_good_email_stays_while_the_folder_is_away_or_the_studio_refuses_and_goes_on_after_it(
    open_page: Open, root: Path
) -> None:
    page = open_page()
    heard(page)
    save(root / ARTICLE, "sewing machines", "weaving machines")
    page.wait_for_timeout(80)
    folder = root / f"issues/{ISSUE}"
    folder.rename(root / "issues/elsewhere")
    expect(page.get_by_role("alert")).to_be_visible()
    page.wait_for_timeout(1000)
    expect(page.frame_locator("#frames iframe.shown").locator("body")).to_contain_text(re.compile("ing machines"))
    (root / "issues/elsewhere").rename(folder)
    settled(page, "weaving machines")
    expect(page.get_by_role("alert")).to_have_count(0)
    # Another look, and a key that the studio does not take.
    cookies = page.context.cookies()
    page.context.clear_cookies()
    page.get_by_role("button", name="Dark").click()
    save(root / ARTICLE, "weaving machines", "knitting machines")
    page.wait_for_timeout(1500)
    expect(page.frame_locator("#frames iframe.shown").locator("body")).to_contain_text("weaving machines")
    page.context.add_cookies(cookies)
    save(root / ARTICLE, "knitting machines", "sewing machines")
    settled(page, "sewing machines")
