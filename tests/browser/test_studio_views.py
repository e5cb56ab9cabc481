"""What the studio makes of clients that know less, and of many professions at once."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.bench.workspaces import many_professions
from tests.browser.conftest import Open, picture, shown
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
    page.wait_for_selector("#frames iframe.next", state="detached")
    outlook = shown(page)
    assert outlook.evaluate(_COMMENTS) == 0
    assert outlook.evaluate(_ROUND) == 0
    assert "@media" not in outlook.content()
    # Word draws columns with tables of its own, which every other client takes for a comment.
    assert outlook.locator("table").count() > tables
    page.wait_for_timeout(200)
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
    with running(root) as studio:
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        drawn, fetched = set(), []
        page.on("request", lambda one: drawn.add(one.url) if "/frame?" in one.url else None)
        page.route("https://pictures.example/*", lambda route: (fetched.append(route.request.frame.url), route.abort()))
        page.goto(f"{studio.home}/issues/letter/all?token={studio.token}")
        expect(page.locator(".grid li")).to_have_count(50)
        page.wait_for_timeout(500)
        in_sight = page.evaluate(
            "[...document.querySelectorAll('.grid iframe')]"
            ".filter(one => one.getBoundingClientRect().top < innerHeight + 150).length"
        )
        assert 3 <= in_sight <= 12
        # Nobody's server is asked for the pictures of an email that is not looked at.
        assert len(drawn) == in_sight
        assert set(fetched) == drawn
        gaps = page.evaluate("""async () => {
          const gaps = [];
          let before = performance.now();
          const step = document.documentElement.scrollHeight / 60;
          for (let at = 0; at < 60; at++) {
            scrollBy(0, step);
            const now = await new Promise(requestAnimationFrame);
            gaps.push(now - before);
            before = now;
          }
          return gaps.sort((a, b) => a - b);
        }""")
        # Half of the pictures of a long scroll come within a tenth of a second each, however much is drawn meanwhile.
        assert gaps[len(gaps) // 2] < 100, gaps
        last = page.locator(".grid iframe").last
        expect(last.content_frame.locator("body")).to_contain_text("Hello there")
        print(f"{len(drawn)} frames; between two pictures: p50 {gaps[30]:.0f} ms, p95 {gaps[57]:.0f} ms")
        picture(page, "fifty-1280-light")
        page.close()
