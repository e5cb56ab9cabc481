"""What the studio's style sheets do to words of people: lines of either direction, names of any length."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page

from newsletter.pipeline.approvals import Opinion, approve
from newsletter.pipeline.workspace import open_workspace
from newsletter.web.studio.drawing import HERE
from tests.conftest import REPOSITORY
from tests.studio import Inside

pytestmark = pytest.mark.browser
_ENDS = """place => {
  const words = document.createRange();
  words.selectNodeContents(place);
  const [inner, outer] = [words.getBoundingClientRect(), place.closest("td").getBoundingClientRect()];
  return [inner.left - outer.left, outer.right - inner.right];
}"""


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    yield context.new_page()
    context.close()


def show(page: Page, content: str, *sheets: str) -> None:
    """The page of the studio with its style sheets and without its scripts."""
    style = "".join((HERE / "assets" / name).read_text("utf-8") for name in ("studio.css", *sheets))
    page.set_content(f"<style>{style}</style>" + re.sub(r"<(script|link)\b[^>]*>", "", content))


def is_right(place: Locator) -> bool:
    """Whether the words stand at the right end of their cell."""
    left, right = place.evaluate(_ENDS)
    return bool(right < left)


def test_compared_lines_run_as_their_own_words_do(page: Page, workspace: Any) -> None:
    workspace.write("issues/tides/tides.md", "---\ntitle: High water\n---\nשלום עולם\n\nמים בצהריים\n")
    approve(open_workspace(workspace.root, {}, REPOSITORY / "templates"), "tides", Opinion("Ada"))
    workspace.write("issues/tides/tides.md", "---\ntitle: High tide\n---\nשלום עולם\n\nמים בערב\n")
    address = "/issues/tides/compare?left=approved:pilot&right=pilot"
    with ThreadPoolExecutor(1) as aside:
        content = aside.submit(Inside.of(workspace.root).ask, address).result()[1]
    show(page, content.replace('id="texts" hidden', 'id="texts"'), "compare.css")
    told = {words: page.locator(".diff").get_by_text(words).first for words in ("שלום", "בצהריים", "בערב", "high tide")}
    assert {words: is_right(place) for words, place in told.items()} == {
        "שלום": True, "בצהריים": True, "בערב": True, "high tide": False,
    }  # fmt: skip
