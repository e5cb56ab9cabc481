"""Composing in the studio: by dragging, by keyboard, with undo, while somebody else edits the same file."""

from __future__ import annotations

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.conftest import ISSUE, Open, picture, save, shown
from tests.studio import Running

pytestmark = pytest.mark.browser
expect.set_options(timeout=15_000)


@pytest.fixture
def file(root: Path) -> Path:
    return root / f"issues/{ISSUE}/issue.yaml"


def composing(open_page: Open, width: int = 1280, scheme: str = "light", issue: str = ISSUE) -> Page:
    page = open_page(f"/issues/{issue}", width, scheme)
    page.get_by_role("link", name="Compose").click()
    expect(page.locator("[data-place]").first).to_be_visible()
    expect(page.locator("#live")).to_have_text("Live")
    return page


def block(page: Page, place: str) -> object:
    return page.locator(f'[data-place="{place}"]')


def test_a_block_is_dragged_to_another_section_and_the_email_beside_it_follows(open_page: Open, file: Path) -> None:
    before = file.read_text("utf-8")
    page = composing(open_page)
    source = page.locator('[data-place="1.0"] [data-handle]').bounding_box()
    goal = page.locator('[data-place="0.1"]').bounding_box()
    assert source and goal
    page.mouse.move(source["x"] + 10, source["y"] + 20)
    page.mouse.down()
    page.mouse.move(goal["x"] + 80, goal["y"] + 30, steps=4)
    page.mouse.move(goal["x"] + 80, goal["y"] + 2, steps=2)
    expect(page.locator(".gap-mark")).to_be_visible()
    picture(page, "compose-drag-1280-light")
    page.mouse.up()
    expect(page.locator('[data-place="0.1"]')).to_contain_text("open-source.md")
    expect(page.locator("#told")).to_have_text("Moved: Article open-source.md, 2 of 5 in section 1")
    after = file.read_text("utf-8")
    moved = "      - {article: open-source.md, show: full}\n"
    assert after == before.replace(f"    blocks:\n{moved}", "    blocks: []\n").replace(
        "      - {article: practitioner.html", f"{moved}      - {{article: practitioner.html"
    )
    body = page.frame_locator("#frames iframe.shown").locator("body")
    expect(body).to_contain_text("Open source in care")
    page.wait_for_function("() => document.querySelector('#told').textContent.startsWith('Moved')")


def test_a_block_is_picked_up_moved_and_put_down_by_keyboard_alone(open_page: Open, file: Path) -> None:
    before = file.read_text("utf-8")
    page = composing(open_page)
    page.locator('[data-place="0.0"] [data-handle]').focus()
    page.keyboard.press("Enter")
    expect(page.locator("#told")).to_contain_text("is picked up. Where it was: place 1 of 4 in section 1")
    page.keyboard.press("ArrowDown")
    expect(page.locator("#told")).to_have_text("Place 2 of 4 in section 1")
    page.keyboard.press("Escape")
    assert file.read_text("utf-8") == before
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("#told")).to_contain_text("2 of 4 in section 1")
    expect(page.locator('[data-place="0.1"] [data-handle]')).to_be_focused()
    page.keyboard.press("Alt+ArrowUp")
    expect(page.locator("#told")).to_contain_text("1 of 4 in section 1")
    assert file.read_text("utf-8") == before


def test_blocks_are_added_aimed_removed_and_all_of_it_is_undone_and_done_again(open_page: Open, file: Path) -> None:
    before = file.read_text("utf-8")
    page = composing(open_page)
    page.locator('[data-place="1.0"] [data-handle]').focus()
    page.keyboard.press("a")
    page.get_by_role("radio", name="button").check()
    page.get_by_role("button", name="Add it").click()
    expect(page.locator('[data-place="1.1"] .kind')).to_have_text("button")
    page.keyboard.press("f")
    page.get_by_label("Practitioner practitioner", exact=True).check()
    page.get_by_role("button", name="Save").click()
    expect(page.locator('[data-place="1.1"] .readers')).to_have_text("for Practitioner")
    written = file.read_text("utf-8")
    assert '      - {button: Read more, link: "https://example.org", for: [practitioner]}\n' in written
    page.locator('[data-place="1.1"] [data-handle]').focus()
    page.keyboard.press("Delete")
    expect(page.locator("#told")).to_have_text("Removed")
    assert file.read_text("utf-8") == before
    for _ in range(3):
        told = page.locator("#told").inner_text()
        page.keyboard.press("Control+z")
        expect(page.locator("#told")).not_to_have_text(told)
    assert file.read_text("utf-8") == before
    expect(page.get_by_role("button", name="Undo")).to_be_disabled()
    page.get_by_role("button", name="Redo").click()
    expect(page.locator("#told")).to_have_text("Done again: added")
    page.get_by_role("button", name="Redo").click()
    expect(page.locator('[data-place="1.1"] .readers')).to_have_text("for Practitioner")
    assert file.read_text("utf-8") == written


def test_a_file_that_somebody_else_saves_is_never_overwritten(open_page: Open, file: Path) -> None:
    page = composing(open_page)
    page.locator('[data-place="1.0"] [data-handle]').focus()
    page.keyboard.press("Alt+ArrowUp")
    expect(page.get_by_role("button", name="Undo")).to_be_enabled()
    page.keyboard.press("f")
    save(file, "heading: Two short reads", "heading: Three short reads")
    theirs = file.read_text("utf-8")
    expect(page.locator("#places")).to_contain_text("Three short reads")
    page.get_by_label("Teacher teacher", exact=True).check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("was changed meanwhile, so nothing was written")
    picture(page, "compose-changed-1280-light")
    expect(page.get_by_role("button", name="Undo")).to_be_disabled()
    page.keyboard.press("Control+z")
    expect(page.get_by_role("alert")).to_contain_text("nothing to undo")
    assert file.read_text("utf-8") == theirs


def test_what_cannot_be_done_is_told_and_changes_nothing(open_page: Open, file: Path) -> None:
    before = file.read_text("utf-8")
    page = composing(open_page)
    page.get_by_role("button", name="Article documents-that-last.md, remove").click()
    expect(page.get_by_role("alert")).to_contain_text("A column cannot be empty")
    assert file.read_text("utf-8") == before


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_composing_keeps_nobody_out(open_page: Open, width: int, scheme: str, studio: Running) -> None:
    page = composing(open_page, width, scheme, "every-block")
    states = {"": "", "-add": "[data-add]", "-for": "[data-target]", "-help": "#help-open"}
    for name, opened in states.items():
        if opened:
            page.locator(opened).first.click()
        page.wait_for_timeout(150)
        picture(page, f"compose{name}-{width}-{scheme}")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name
        found = Axe().run(page, context={"exclude": [["iframe"]]}, options={"iframes": False}).response["violations"]
        assert not [(one["id"], one["nodes"][0]["html"]) for one in found if one["impact"] in ("serious", "critical")]
        page.keyboard.press("Escape")
    if width < 500:
        page.get_by_role("button", name="See the email").click()
        shown(page)
        picture(page, f"compose-email-{width}-{scheme}")
