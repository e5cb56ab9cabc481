"""The built sample in a real browser: columns measured, pictures shown, nothing scrolls sideways."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.conftest import SCREENSHOTS, contrast_of

_BOXES = """[...document.querySelectorAll('.templateColumnContainer')].filter(
  one => !one.closest('.templateColumns').querySelector('.sidebar-logo')).map(one => {
  const box = one.getBoundingClientRect(); return {left: box.left, top: box.top, width: box.width}; })"""

Open = Callable[..., Page]


@pytest.fixture
def page_of(browser: Browser, sample: Any) -> Iterator[Open]:
    """Opens a variant at a width; `styles=False` removes every <style>, as some clients do."""
    built = sample.run("build", "open-source-in-care")
    assert built.returncode == 0, built.stderr
    pages: list[Page] = []

    def open_page(variant: str, width: int, scheme: Any = "light", styles: bool = True) -> Page:
        path = sample.root / f"build/open-source-in-care/{variant}.html"
        if not styles:
            stripped = re.sub(r"<style.*?</style>", "", path.read_text("ascii"), flags=re.DOTALL)
            path = path.with_name(f"{variant}-stripped.html")
            path.write_text(stripped, "ascii")
        page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
        pages.append(page)
        page.goto(path.as_uri())
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        kind = scheme if styles else "without-styles"
        page.screenshot(path=SCREENSHOTS / f"{variant}-{width}-{kind}.png", full_page=True)
        return page

    yield open_page
    for page in pages:
        page.close()


@pytest.mark.browser
@pytest.mark.parametrize("styles", [True, False], ids=["styled", "without styles"])
def test_at_700_pixels_two_columns_of_300_stand_side_by_side(page_of: Open, styles: bool) -> None:
    boxes = page_of("practitioner", 700, styles=styles).evaluate(_BOXES)
    assert len(boxes) == 4
    for left, right in (boxes[:2], boxes[2:]):
        assert (left["width"], right["width"]) == (300, 300)
        assert right["top"] == left["top"]
        assert right["left"] == left["left"] + 300


@pytest.mark.browser
@pytest.mark.parametrize("styles", [True, False], ids=["styled", "without styles"])
@pytest.mark.parametrize("width", [375, 320])
def test_on_a_phone_the_columns_stack_and_nothing_scrolls_sideways(page_of: Open, width: int, styles: bool) -> None:
    for variant in ("practitioner", "physical-therapist", "car-dealership"):
        page = page_of(variant, width, styles=styles)
        assert page.evaluate("document.documentElement.scrollWidth") == width
        boxes = page.evaluate(_BOXES)
        assert boxes
        for left, right in zip(boxes[::2], boxes[1::2], strict=True):
            assert right["top"] > left["top"]
            assert right["left"] == left["left"]
            assert right["width"] == (width if styles else 300)


@pytest.mark.browser
def test_every_picture_is_there_and_says_what_it_shows(page_of: Open) -> None:
    for variant in ("practitioner", "default"):
        page = page_of(variant, 700)
        pictures = page.evaluate("[...document.images].map(one => [one.naturalWidth, one.getAttribute('alt')])")
        assert pictures
        assert all(width > 0 and alt is not None for width, alt in pictures)


@pytest.mark.browser
def test_in_the_dark_text_stands_out_from_its_background(page_of: Open) -> None:
    for scheme in ("light", "dark"):
        page = page_of("practitioner", 700, scheme)
        background = page.evaluate("getComputedStyle(document.querySelector('.page')).backgroundColor")
        for selector in (".prose p", "h1", ".title", ".eyebrow", ".caption", ".byline", ".foot p", ".foot a"):
            color = page.evaluate(f"getComputedStyle(document.querySelector('{selector}')).color")
            assert contrast_of(color, background) >= 4.5, f"{selector} in {scheme}: {color} on {background}"


@pytest.mark.browser
def test_each_profession_reads_its_own_article(page_of: Open) -> None:
    leads = {
        "practitioner": "Who Holds the Key to Your Records?",
        "nurse-practitioner": "Who Holds the Key to Your Records?",
        "car-dealership": "The Handover Folder",
    }
    for variant, lead in leads.items():
        words = page_of(variant, 700).inner_text("body")
        assert lead in words
        assert not [other for other in set(leads.values()) - {lead} if other in words]
