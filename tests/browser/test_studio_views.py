"""What the studio makes of clients that know less, and of many professions at once."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.bench.workspaces import many_professions
from tests.browser.conftest import Open, picture, shown, until
from tests.conftest import REPOSITORY
from tests.studio import running

pytestmark = pytest.mark.browser
_COMMENTS = """(() => {
  const walk = document.createTreeWalker(document, NodeFilter.SHOW_COMMENT);
  const found = [];
  while (walk.nextNode()) found.push(walk.currentNode.data);
  return found.filter(one => /\\[if|endif\\]/.test(one)).length;
})()"""
_ROUND = "[...document.querySelectorAll('[style]')].filter(one => one.getAttribute('style').includes('radius')).length"


def test_outlook_for_windows_has_its_own_tables_and_none_of_the_css_it_does_not_know(open_page: Open) -> None:
    page = open_page("/issues/every-block")
    sent = shown(page)
    tables = sent.locator("table").count()
    assert sent.evaluate(_COMMENTS) > 0
    assert sent.evaluate(_ROUND) > 0
    assert "@media" in sent.content()
    page.get_by_label("Client").select_option("Outlook for Windows")
    expect(page.locator("#approximation")).to_be_visible()

    def drawn() -> tuple[int, int, bool, int]:
        outlook = shown(page)
        at_media, count = "@media" in outlook.content(), outlook.locator("table").count()
        return outlook.evaluate(_COMMENTS), outlook.evaluate(_ROUND), at_media, count

    # Word draws columns with tables of its own, which every other client takes for a comment.
    until(page, drawn, lambda found: found[:3] == (0, 0, False) and found[3] > tables)
    picture(page, "outlook-1280-light")


def test_fifty_professions_are_drawn_as_they_come_into_sight_and_the_page_goes_on_answering(
    browser: Browser, tmp_path: Path
) -> None:
    root = tmp_path / "workspace"
    many_professions(root, 49, own_articles=False)  # and everybody else
    issue = root / "issues/letter/issue.yaml"
    # One article is tall enough for a tile, and 50 emails of it are soon made.
    blocks = [one for one in issue.read_text("utf-8").splitlines(True) if not re.search("shared(-[123]|.svg)", one)]
    blocks.append("      - {image: 'https://pictures.example/one.png', alt: One, link: 'https://example.org'}\n")
    issue.write_text("".join(blocks), "utf-8")
    (root / "templates").symlink_to(REPOSITORY / "templates")
    in_sight = """[...document.querySelectorAll('.grid iframe')]
      .filter(one => one.getBoundingClientRect().top < innerHeight + 150).length"""
    with running(root) as studio:
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        drawn, fetched = set(), []
        page.on("request", lambda one: drawn.add(one.url) if "/frame?" in one.url else None)
        page.route("https://pictures.example/*", lambda route: (fetched.append(route.request.frame.url), route.abort()))
        page.goto(f"{studio.home}/issues/letter/all?token={studio.token}")
        expect(page.locator(".grid li")).to_have_count(50)
        first = page.evaluate(in_sight)
        assert 3 <= first <= 12
        # Nobody's server is asked for the pictures of an email that is not looked at.
        until(page, lambda: set(fetched), lambda asked: len(asked) == first)
        page.wait_for_timeout(300)
        assert set(fetched) == drawn and len(drawn) == first
        # Whoever goes to the end at once waits for no email that stands between.
        last = page.locator(".grid iframe").last
        page.evaluate("scrollTo({ top: document.documentElement.scrollHeight, behavior: 'instant' })")
        expect(last).to_be_in_viewport()
        expect(last.content_frame.locator("body")).to_contain_text("Hello there")
        assert len(drawn) < 50 / 2
        # While all of them are drawn, the page goes on answering: it scrolls, and a key opens its help.
        page.evaluate("""async () => {
          for (let at = 60; at >= 0; at--) {
            scrollTo(0, (document.documentElement.scrollHeight / 60) * at);
            await new Promise(requestAnimationFrame);
          }
        }""")
        page.keyboard.press("?")
        expect(page.get_by_role("dialog")).to_be_visible()
        page.keyboard.press("Escape")
        picture(page, "fifty-1280-light")
        page.close()
