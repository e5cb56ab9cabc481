"""Both themes in all layouts, in a real browser: light and dark, wide and narrow, and with images switched off."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route

from tests.browser.conftest import SCREENSHOTS, contrast_of
from tests.conftest import Workspace, copy_sample

Look = Callable[..., Page]

THEMES = ("editorial", "modern")
LAYOUTS = ("two-column", "one-column", "plain")
ISSUE = "every-block"
SIDE = {"two-column": 600, "one-column": 560, "plain": 560}
"""The width of each layout's page, in pixels, where there is room for it."""

_SHOWN_TEXT = """(() => {
  const shown = [];
  const walker = document.createTreeWalker(document.querySelector('[role=article]'), NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const words = walker.currentNode.textContent.trim(), element = walker.currentNode.parentElement;
    const style = getComputedStyle(element);
    if (!words || words === '\u00a0' || !element.getClientRects().length || parseFloat(style.fontSize) === 0) continue;
    let ground = element;
    while (ground && getComputedStyle(ground).backgroundColor === 'rgba(0, 0, 0, 0)') ground = ground.parentElement;
    shown.push([words.slice(0, 40), style.color, getComputedStyle(ground || document.body).backgroundColor]);
  }
  return shown; })()"""
"""Every piece of text with the colour it has and the colour it stands on."""

_PICTURES = """[...document.images].map(one => {
  const box = one.getBoundingClientRect();
  return {alt: one.alt, loaded: one.naturalWidth > 0, width: box.width, height: box.height,
          right: box.right, color: getComputedStyle(one).color}; })"""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, str], Path]:
    """The issue with every block, built once in each theme and layout asked for: the file of its HTML."""
    root = tmp_path_factory.mktemp("looks")
    sample = Workspace(root)
    copy_sample(root)
    issue = root / f"issues/{ISSUE}/issue.yaml"
    written = issue.read_text("utf-8")

    def build(theme: str, layout: str) -> Path:
        out = root / f"looks/{theme}-{layout}"
        if not out.exists():
            chosen = re.sub(r"^layout: .*$", f"layout: {layout}\ntheme: {theme}", written, flags=re.MULTILINE)
            issue.write_text(chosen, "utf-8")
            done = sample.run("build", ISSUE, "--profession", "default", "--out", str(out))
            assert done.returncode == 0, done.stderr
        return out / "default.html"

    return build


@pytest.fixture
def look(browser: Browser, built: Callable[[str, str], Path]) -> Iterator[Look]:
    """Opens the issue; `images=False` blocks every picture, `keep` writes a screenshot."""
    pages: list[Page] = []

    def open_page(
        theme: str, layout: str, width: int, scheme: Any = "light", images: bool = True, keep: bool = False
    ) -> Page:
        page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
        pages.append(page)
        if not images:
            page.route(re.compile(r"\.(png|jpe?g|gif|webp)$"), _refused)
        page.goto(built(theme, layout).as_uri())
        if keep:
            SCREENSHOTS.mkdir(parents=True, exist_ok=True)
            name = f"{theme}-{layout}-{width}-{scheme}{'' if images else '-without-images'}.png"
            page.screenshot(path=SCREENSHOTS / name, full_page=True)
        return page

    yield open_page
    for page in pages:
        page.close()


def _refused(route: Route) -> None:
    route.abort()


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("theme", THEMES)
def test_every_theme_in_every_layout_fits_its_window_and_can_be_read(
    look: Look, theme: str, layout: str, scheme: str
) -> None:
    for width in (700, 375):
        page = look(theme, layout, width, scheme, keep=True)
        assert page.evaluate("document.documentElement.scrollWidth") == width
        assert page.evaluate("document.querySelector('.page').getBoundingClientRect().width") == min(
            width, SIDE[layout]
        )
        assert [one for one in page.evaluate(_PICTURES) if not one["loaded"] or one["right"] > width] == []
        faint = [one for one in page.evaluate(_SHOWN_TEXT) if contrast_of(one[1], one[2]) < 4.5]
        assert faint == []


@pytest.mark.browser
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("theme", THEMES)
def test_columns_stand_side_by_side_where_there_is_room_for_two_and_else_below_each_other(
    look: Look, theme: str, layout: str
) -> None:
    boxes = """[...document.querySelectorAll('.templateColumns')].map(row =>
      [...row.querySelectorAll('.templateColumnContainer')].map(one => {
        const box = one.getBoundingClientRect(); return [box.left, box.top, box.width]; }))"""
    rows = look(theme, layout, 700).evaluate(boxes)
    if layout != "two-column":
        assert rows == [], "a narrow page has no room for columns"
        return
    assert rows
    for row in rows:
        assert len({top for _, top, _ in row}) == 1
        assert sum(width for _, _, width in row) == 600
        assert [left for left, _, _ in row] == [50 + sum(width for _, _, width in row[:at]) for at in range(len(row))]
    for row in look(theme, layout, 375).evaluate(boxes):
        assert {(left, width) for left, _, width in row} == {(0, 375)}
        tops = [top for _, top, _ in row]
        assert tops == sorted(set(tops))


@pytest.mark.browser
@pytest.mark.parametrize("width", [700, 375])
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("theme", THEMES)
def test_a_button_is_a_padded_cell_as_large_as_a_thumb_needs(look: Look, theme: str, layout: str, width: int) -> None:
    for scheme in ("light", "dark"):
        page = look(theme, layout, width, scheme)
        buttons = page.evaluate("""[...document.querySelectorAll('td.button')].map(cell => {
          const link = cell.querySelector('a'), style = getComputedStyle(link);
          const box = cell.getBoundingClientRect(), inner = link.getBoundingClientRect();
          return {height: box.height, right: box.right,
                  filled: inner.height >= box.height - 1 && inner.width >= box.width - 1,
                  sides: [style.paddingLeft, style.paddingRight].map(parseFloat), color: style.color,
                  ground: getComputedStyle(cell).backgroundColor}; })""")
        assert buttons
        for button in buttons:
            assert button["height"] >= 44, "https://www.w3.org/TR/WCAG22/#target-size-enhanced"
            assert button["right"] <= width
            assert button["filled"], "the whole button leads somewhere, not only its words"
            assert min(button["sides"]) >= 16
            assert contrast_of(button["color"], button["ground"]) >= 4.5


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("theme", THEMES)
def test_with_images_switched_off_their_words_stand_there_and_nothing_breaks(
    look: Look, theme: str, scheme: str
) -> None:
    for layout, width in ((LAYOUTS[0], 700), (LAYOUTS[0], 375), ("plain", 700)):
        shown = look(theme, layout, width, scheme)
        page = look(theme, layout, width, scheme, images=False, keep=layout == LAYOUTS[0])
        pictures = page.evaluate(_PICTURES)
        assert not any(one["loaded"] for one in pictures)
        assert any(one["alt"] for one in pictures)
        ground = page.evaluate("getComputedStyle(document.querySelector('.page')).backgroundColor")
        for picture in (one for one in pictures if one["alt"]):
            assert picture["height"] >= 18, f"no room for a line of words: {picture}"
            assert picture["width"] >= 60
            assert contrast_of(picture["color"], ground) >= 4.5
        assert page.evaluate("document.documentElement.scrollWidth") == width
        assert page.inner_text("body") == shown.inner_text("body")
        faint = [one for one in page.evaluate(_SHOWN_TEXT) if contrast_of(one[1], one[2]) < 4.5]
        assert faint == []


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_plain_page_is_one_ground_without_a_card_on_it(look: Look, scheme: str) -> None:
    for theme in THEMES:
        page = look(theme, "plain", 700, scheme)
        grounds = {
            page.evaluate(f"getComputedStyle(document.querySelector('{one}')).backgroundColor")
            for one in ("body", ".canvas", ".page")
        }
        assert len(grounds) == 1, grounds
