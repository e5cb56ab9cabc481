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


def asked(workspace: Any, address: str) -> str:
    """What the studio answers; it needs a thread without the browser's own loop."""
    with ThreadPoolExecutor(1) as aside:
        _, content = aside.submit(Inside.of(workspace.root).ask, address).result()
    return content


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
    show(page, asked(workspace, address).replace('id="texts" hidden', 'id="texts"'), "compare.css")
    told = {words: page.locator(".diff").get_by_text(words).first for words in ("שלום", "בצהריים", "בערב", "high tide")}
    assert {words: is_right(place) for words, place in told.items()} == {
        "שלום": True, "בצהריים": True, "בערב": True, "high tide": False,
    }  # fmt: skip


def test_a_long_name_of_a_profession_leaves_its_key_whole(page: Page, workspace: Any) -> None:
    file = workspace.root / "audiences/professions.yaml"
    long = "Pilot of ships that are led through narrow waters, and of their boats, by day and by night"
    longest = "navigating-officer-of-the-watch-in-narrow-and-shallow-coastal-waters"
    file.write_text(
        file.read_text("utf-8").replace("label: Pilot", f"label: '{long}'") + f"{longest}: {{label: Officer}}\n",
        "utf-8",
    )
    people = asked(workspace, "/issues/tides/compose/sheet").partition("<template data-people>")[2]
    show(page, f'<dialog open id="targeting"><fieldset class="people">{people}</fieldset></dialog>', "compose.css")
    lines = (
        "one => { const all = document.createRange(); all.selectNodeContents(one); return all.getClientRects().length }"
    )
    keys = page.locator(".person .mono")
    assert keys.filter(has_text=re.compile("^pilot$")).evaluate(lines) == 1
    # A key that takes more than its share has lines of several letters, and leaves the name its own.
    assert keys.filter(has_text=longest).evaluate(lines) <= 4
    assert page.get_by_text("Officer", exact=True).evaluate(lines) == 1
    assert page.locator(".people").evaluate("one => one.scrollWidth <= one.clientWidth")
