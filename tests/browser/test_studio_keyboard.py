"""The studio by keyboard alone: what keys there are, where Tab goes, and what Escape closes."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import ISSUE, Open, save

pytestmark = pytest.mark.browser
_HANDLED = """(keys) => {
  const at = document.querySelector("[data-handle]") ?? document.body;
  at.focus();
  return keys.filter((key) => {
    const [name, ctrlKey] = key.startsWith("Ctrl ") ? [key.slice(5).toLowerCase(), true] : [key, false];
    return !at.dispatchEvent(new KeyboardEvent("keydown", { key: name, ctrlKey, bubbles: true, cancelable: true }));
  });
}"""
_LISTED = """[...document.querySelectorAll("#help dt")].flatMap((row) => {
  const keys = [...row.querySelectorAll("kbd")].map((one) => one.textContent);
  return keys[0] === "Ctrl" ? ["Ctrl " + keys[1]] : keys;
})"""
_FOCUSED = """(() => {
  const one = document.activeElement;
  if (one === document.body) return null;
  if (one.localName === "iframe") return [one.className, true];  // the email's own links
  const style = getComputedStyle(one);
  return [one.outerHTML.slice(0, 90), style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2];
})()"""
_REACHABLE = """[...document.querySelectorAll("a[href], button, select, input, [tabindex='0']")]
  .filter((one) => !one.disabled && one.tabIndex >= 0 && one.checkVisibility({ visibilityProperty: true }))
  .map((one) => one.outerHTML.slice(0, 90))"""
# How widgets are worked everywhere, and keys that are held or work on something picked up only.
_USUAL = {"Tab", "Enter", "↑", "↓", "Alt", "Esc"}
_KEYS = [*"abcdefghijklmnopqrstuvwxyz0123456789?/", "Delete", "Backspace", *(f"Ctrl {one}" for one in "ABCFSXYZ")]


def test_the_overlay_lists_exactly_the_keys_that_do_something(open_page: Open) -> None:
    for path in ("", "/compose", "/all", "/compare"):
        page = open_page(f"/issues/{ISSUE}{path}")
        if path == "/compose":
            expect(page.locator("[data-handle]").first).to_be_visible()
        listed = set(page.evaluate(_LISTED)) - _USUAL
        # What a key does is not done: a block stays in its file, and this page does not go to another one.
        page.route("**/*", lambda route: route.abort("aborted"))
        handled = page.evaluate(_HANDLED, _KEYS)
        assert {one.upper() if len(one) == 1 else one for one in handled} == listed, path
        page.close()


def test_tab_reaches_everything_shows_where_it_is_and_leaves_the_page(open_page: Open) -> None:
    for path, there in (("", "#approval .actions"), ("/compose", "[data-handle]"), ("/compare", ".right iframe.shown")):
        page = open_page(f"/issues/{ISSUE}{path}")
        expect(page.locator(there).first).to_be_visible()
        expect(page.locator("iframe.next")).to_have_count(0)
        wanted = set(page.evaluate(_REACHABLE))
        assert len(wanted) > 15
        met, hidden = _tabbed(page, 3 * len(wanted))
        assert (wanted - met, hidden) == (set(), []), path
        page.close()


def _tabbed(page: Page, most: int) -> tuple[set[str], list[str]]:
    """What Tab comes by until it leaves the page, and where it cannot be seen; fails when it never leaves."""
    met: set[str] = set()
    hidden = []
    for _ in range(most):
        page.keyboard.press("Tab")
        found = page.evaluate(_FOCUSED)
        if found is None and met:
            return met, hidden
        if found is not None:
            met.add(found[0])
            hidden += [] if found[1] else [found[0]]
    raise AssertionError("Tab does not leave the page")


def test_escape_closes_what_lies_over_the_page_and_gives_the_focus_back(open_page: Open, root: Path) -> None:
    page = open_page()
    opener = page.get_by_role("button", name="Ask for changes")
    opener.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Your name")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("dialog[open]")).to_have_count(0)
    expect(opener).to_be_focused()
    # A save draws what stands around the email anew; whoever is there stays there, also behind a dialog.
    page.keyboard.press("Enter")
    expect(page.get_by_label("Your name")).to_be_focused()
    save(root / f"issues/{ISSUE}/open-source.md", "sewing machines", "weaving machines")
    expect(page.locator("#decide .told.bad")).to_contain_text("has changed since")
    page.keyboard.press("Escape")
    expect(opener).to_be_focused()
    save(root / f"issues/{ISSUE}/open-source.md", "weaving machines", "[click here](https://example.org/more)")
    expect(page.locator(".finding", has_text="click here")).to_have_count(1)
    expect(opener).to_be_focused()
    save(root / f"issues/{ISSUE}/issue.yaml", "title:", "titel:")
    overlay = page.get_by_role("alert")
    expect(overlay.get_by_role("button", name="Hide")).to_be_visible()
    page.keyboard.press("Escape")
    expect(overlay.get_by_role("button", name="Show")).to_be_visible()
    expect(overlay.locator(".here").first).to_be_hidden()
