"""Composing in the studio: by dragging, by keyboard, with undo, while somebody else edits the same file."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import APIResponse, Page, Route, expect

from tests.browser.conftest import Open, picture, save, until
from tests.conftest import REPOSITORY
from tests.studio import Running, running

pytestmark = pytest.mark.browser
TEXT = """\
title: Spring
subject: Spring
audience: everyone
sections:
  # Everybody is greeted.
  - blocks:
      - {text: Hello}
      - {text: Second}   # for a few
  - heading: For everyone
    blocks:
      - {text: Third}
  - heading: Two short reads
    blocks:
      - columns:
          - {text: left}
          - {text: right}
"""
_NUMBERS = count(1)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace whose issues are quickly built."""
    root = tmp_path_factory.mktemp("composing")
    for name in ("audiences", "templates", "static", "issues/every-block", "issues/open-source-in-care"):
        shutil.copytree(REPOSITORY / name, root / name)
    shutil.copy2(REPOSITORY / "newsletter.yaml", root)
    return root


@pytest.fixture(scope="module")
def studio(root: Path) -> Iterator[Running]:
    with running(root) as found:
        yield found


@pytest.fixture
def file(root: Path) -> Path:
    """An issue of the test's own: what was edited in another one cannot be undone in it."""
    path = root / f"issues/spring-{next(_NUMBERS)}/issue.yaml"
    path.parent.mkdir()
    path.write_text(TEXT, "utf-8")
    return path


def composing(open_page: Open, file: Path, width: int = 1280, scheme: str = "light") -> Page:
    issue = f"/issues/{file.parent.name}"
    page = open_page(issue if width < 500 else f"{issue}/compose", width, scheme)
    if width < 500:
        page.get_by_role("link", name="Compose").click()
    expect(page.locator("[data-place]").first).to_be_visible()
    expect(page.locator("#live")).to_have_text("Live")
    return page


def drag(page: Page, place: str, goal: str, below: float) -> None:
    """Drag a block to so many pixels below the upper edge of another, and hold it there."""
    source = page.locator(f'[data-place="{place}"] [data-handle]').first.bounding_box()
    target = page.locator(f'[data-place="{goal}"]').bounding_box()
    assert source and target
    page.mouse.move(source["x"] + 10, source["y"] + 20)
    page.mouse.down()
    page.mouse.move(target["x"] + 60, target["y"] + 30, steps=3)
    page.mouse.move(target["x"] + 60, target["y"] + below, steps=2)
    expect(page.locator(".gap-mark")).to_be_visible()


def test_a_block_is_dragged_to_another_section_and_the_email_beside_it_follows(open_page: Open, file: Path) -> None:
    page = composing(open_page, file)
    drag(page, "1.0", "0.1", 2)
    picture(page, "compose-drag-1280-light")
    page.mouse.up()
    expect(page.locator("#told")).to_have_text("Moved: Text Third, 2 of 3 in section 1")
    assert file.read_text("utf-8") == TEXT.replace("    blocks:\n      - {text: Third}\n", "    blocks: []\n").replace(
        "      - {text: Second}", "      - {text: Third}\n      - {text: Second}"
    )
    email = page.frame_locator("#frames iframe.shown").locator("body")
    expect(email).not_to_contain_text("For everyone", ignore_case=True)
    drag(page, "0.1", "2.0.1.0", 60)
    page.mouse.up()
    expect(page.locator("#told")).to_have_text("Moved: Text Third, 2 of 2 in right column")
    assert "          - - {text: right}\n            - {text: Third}\n" in file.read_text("utf-8")


def test_a_drag_that_is_broken_off_and_one_that_cannot_be_done_change_nothing(open_page: Open, file: Path) -> None:
    page = composing(open_page, file)
    drag(page, "1.0", "0.1", 2)
    page.keyboard.press("Escape")
    page.mouse.up()
    expect(page.locator("#told")).to_have_text("Text Third stays where it was")
    expect(page.locator(".gap-mark")).to_have_count(0)
    drag(page, "2.0.0.0", "0.1", 2)
    page.mouse.up()
    expect(page.get_by_role("alert")).to_contain_text("A column cannot be empty")
    assert file.read_text("utf-8") == TEXT


def test_a_block_is_picked_up_moved_and_put_down_by_keyboard_alone(open_page: Open, file: Path) -> None:
    page = composing(open_page, file)
    told = page.locator("#told")
    page.locator('[data-place="0.0"] [data-handle]').focus()
    page.keyboard.press("Enter")
    expect(told).to_have_text("Text Hello is picked up. Where it was: place 1 of 2 in section 1")
    page.keyboard.press("ArrowDown")
    expect(told).to_have_text("Place 2 of 2 in section 1")
    page.keyboard.press("Escape")
    assert file.read_text("utf-8") == TEXT
    page.keyboard.press("Space")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Space")
    expect(told).to_have_text("Moved: Text Hello, 2 of 2 in section 1")
    expect(page.locator('[data-place="0.1"] [data-handle]')).to_be_focused()
    assert "- {text: Second}   # for a few\n      - {text: Hello}\n" in file.read_text("utf-8")
    page.keyboard.press("Alt+ArrowDown")
    page.keyboard.press("Alt+ArrowUp")
    page.keyboard.press("Alt+ArrowUp")
    expect(told).to_have_text("Moved: Text Hello, 1 of 2 in section 1")
    assert file.read_text("utf-8") == TEXT


def test_a_button_that_is_pressed_again_and_again_moves_its_block_each_time(open_page: Open, file: Path) -> None:
    more = "".join(f"      - {{text: Block {number}}}\n" for number in range(8))
    file.write_text(TEXT.replace("      - {text: Hello}\n", f"{more}      - {{text: Hello}}\n"), "utf-8")
    page = composing(open_page, file)
    told = page.locator("#told")
    asked: list[Route] = []

    def hold_one(route: Route) -> None:
        asked.append(route)
        if len(asked) > 1:
            route.continue_()

    page.route("**/edits", hold_one)
    down = page.locator('[data-place="0.0"] [data-step="1"]')
    down.click()
    until(page, lambda: asked)
    for _ in range(3):
        down.click()
    page.get_by_role("button", name="Swap").click()
    expect(told).to_have_text("The edit before is still being saved. Press again in a moment")
    asked[0].continue_()
    expect(told).to_have_text("Moved: Text Block 0, 5 of 10 in section 1")
    page.get_by_role("button", name="Undo").click(click_count=4)
    expect(told).to_have_text("Undone: moved")
    expect(page.get_by_role("button", name="Undo")).to_be_disabled()
    assert "sections:\n  # Everybody is greeted.\n  - blocks:\n      - {text: Block 0}\n" in file.read_text("utf-8")


def test_a_block_is_added_aimed_undone_done_again_and_removed(open_page: Open, file: Path) -> None:
    page = composing(open_page, file)
    told = page.locator("#told")
    page.locator('[data-place="1.0"] [data-handle]').focus()
    page.keyboard.press("a")
    page.get_by_role("radio", name="button").check()
    page.keyboard.press("Enter")
    expect(told).to_have_text("Added: Button Read more, 2 of 2 in section 2, For everyone")
    page.keyboard.press("f")
    page.get_by_label("Practitioner practitioner", exact=True).check()
    page.get_by_role("button", name="Save").click()
    expect(page.locator('[data-place="1.1"] .readers')).to_have_text("for Practitioner")
    written = TEXT.replace(
        "{text: Third}\n",
        '{text: Third}\n      - {button: Read more, link: "https://example.org", for: [practitioner]}\n',
    )
    assert file.read_text("utf-8") == written
    page.keyboard.press("Control+z")
    expect(told).to_have_text("Undone: readers changed")
    expect(page.get_by_role("alert")).to_be_hidden()
    assert file.read_text("utf-8") == written.replace(", for: [practitioner]", "")
    page.get_by_role("button", name="Redo").click()
    expect(told).to_have_text("Done again: readers changed")
    expect(page.get_by_role("alert")).to_be_hidden()
    assert file.read_text("utf-8") == written
    expect(page.get_by_role("button", name="Redo")).to_be_disabled()
    page.locator('[data-place="1.1"] [data-handle]').focus()
    page.keyboard.press("Delete")
    expect(told).to_have_text("Removed")
    expect(page.locator('[data-place="1.0"] [data-handle]')).to_be_focused()
    assert file.read_text("utf-8") == TEXT


def test_a_file_that_somebody_else_saves_is_shown_and_never_overwritten(open_page: Open, file: Path) -> None:
    page = composing(open_page, file)
    page.locator('[data-place="0.1"] [data-handle]').focus()
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
    expect(page.get_by_role("alert")).to_contain_text("that would undo their work")
    assert file.read_text("utf-8") == theirs


def test_what_was_read_before_an_edit_is_not_taken_for_a_change_of_somebody_else(open_page: Open, file: Path) -> None:
    page = composing(open_page, file)
    told, late = page.locator("#told"), list[tuple[Route, APIResponse]]()

    def held(route: Route) -> None:
        if late:
            route.continue_()
        else:
            late.append((route, route.fetch()))

    page.route("**/compose/sheet", held)
    (file.parent / "notes.md").write_text("What comes next.\n", "utf-8")
    until(page, lambda: late)
    page.locator('[data-place="0.0"] [data-handle]').focus()
    page.keyboard.press("Alt+ArrowDown")
    expect(told).to_have_text("Moved: Text Hello, 2 of 2 in section 1")
    route, answer = late[0]
    route.fulfill(response=answer)
    # Longer than the page needs to take an answer in.
    page.wait_for_timeout(200)
    expect(told).to_have_text("Moved: Text Hello, 2 of 2 in section 1")
    expect(page.locator('[data-place="0.1"]')).to_have_attribute("data-name", "Text Hello")


def violations(page: Page) -> list[Any]:
    found = Axe().run(page, context={"exclude": [["iframe"]]}, options={"iframes": False}).response["violations"]
    return [(one["id"], one["nodes"][0]["html"]) for one in found if one["impact"] in ("serious", "critical")]


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_composing_keeps_nobody_out(open_page: Open, root: Path, width: int, scheme: str) -> None:
    page = composing(open_page, root / "issues/every-block/issue.yaml", width, scheme)
    for name, opens in {"": "", "-add": "[data-add]", "-for": "[data-target]", "-help": "#help-open"}.items():
        if opens:
            if width < 500 and name != "-add":
                continue
            page.locator(opens).first.click()
        picture(page, f"compose{name}-{width}-{scheme}")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name
        if name != "-help" and (width > 500 or not name):
            assert not violations(page)
        page.keyboard.press("Escape")
    if width < 500:
        page.get_by_role("button", name="See the email").click()
        expect(page.frame_locator("#frames iframe.shown").locator("body")).to_contain_text("Every block, once")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
