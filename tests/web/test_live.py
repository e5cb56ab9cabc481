"""What open pages are told while somebody writes: the last save wins, and what was last good stays."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from newsletter.pipeline.workspace import open_workspace
from newsletter.web.studio.desk import Desk, Overtaken
from newsletter.web.studio.live import Live
from tests.conftest import REPOSITORY

ARTICLE = "issues/tides/tides.md"
PROFESSION = "pilot"


class Page:
    """An open page: what it has been told, in order."""

    def __init__(self, live: Live, desk: Desk, root: Path) -> None:
        self.live, self.desk, self.root = live, desk, root
        self.told: list[str] = []
        self._news = asyncio.Event()

    async def listen(self) -> None:
        async for event in self.live.events([("tides", PROFESSION)]):
            name, _, content = event.partition("event: ")[2].partition("\ndata: ")
            self.told.append(name)
            self.version = json.loads(content).get("version")
            self._news.set()

    async def until(self, name: str, after: int = 0) -> None:
        """Wait until that was told, after so many other events."""
        async with asyncio.timeout(20):
            while name not in self.told[after:]:
                self._news.clear()
                await self._news.wait()

    def save(self, text: str, name: str = ARTICLE) -> None:
        (self.root / name).write_text(text, "utf-8")

    @property
    def html(self) -> str:
        """The email as the studio would show it now."""
        found = self.desk.state("tides").variant(PROFESSION)
        assert found is not None
        return found.html


def written(words: str) -> str:
    return f"---\ntitle: High water\n---\nThe tide {words}.\n"


@pytest.fixture
def desk(workspace: Any) -> Desk:
    return Desk(lambda: open_workspace(workspace.root, {}, REPOSITORY / "templates"))


@pytest.fixture
def watched(workspace: Any, desk: Desk) -> Callable[[Callable[[Page], Awaitable[None]]], None]:
    """Runs a story with a page that is open on the workspace."""

    async def told(story: Callable[[Page], Awaitable[None]]) -> None:
        live = Live(desk, workspace.root.resolve())
        page = Page(live, desk, workspace.root)
        tasks = [asyncio.create_task(live.run()), asyncio.create_task(page.listen())]
        await page.until("hello")
        # The first changes are seen once the watch is set.
        while "saving" not in page.told:
            page.save(written("begins"))
            with suppress(TimeoutError):
                await asyncio.wait_for(page.until("saving"), 0.2)
        await page.until("checked")
        await asyncio.sleep(0.1)
        page.told.clear()
        await story(page)
        live.stop()
        await asyncio.gather(*tasks)

    def run(story: Callable[[Page], Awaitable[None]]) -> None:
        desk.state("tides")
        asyncio.run(told(story))

    return run


def test_of_two_saves_the_last_one_is_shown_and_only_that_one_is_checked(watched: Any) -> None:
    async def story(page: Page) -> None:
        page.save(written("comes"))
        await page.until("rendered")
        page.save(written("goes"))
        await page.until("rendered", after=page.told.index("rendered") + 1)
        assert "The tide goes" in page.html
        await page.until("checked")
        assert page.told.count("checked") == 1
        assert "The tide goes" in page.html and not page.desk.state("tides").is_ahead(PROFESSION)

    watched(story)


def test_a_save_while_an_issue_is_checked_is_shown_before_the_checks_would_have_ended(
    watched: Any, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    began, builds = asyncio.Event(), []
    loop: list[asyncio.AbstractEventLoop] = []
    refresh = desk.refresh

    def slow(issue: str, overtaken: Callable[[], bool]) -> Any:
        def once() -> bool:
            # Checking takes very long, unless somebody saves.
            if not builds:
                loop[0].call_soon_threadsafe(began.set)
                ends = time.monotonic() + 5
                while not overtaken() and time.monotonic() < ends:
                    time.sleep(0.01)
            builds.append(overtaken())
            return builds[-1]

        return refresh(issue, once)

    async def story(page: Page) -> None:
        loop.append(asyncio.get_running_loop())
        monkeypatch.setattr(desk, "refresh", slow)
        page.save(written("comes"))
        await began.wait()
        page.save(written("goes"))
        await page.until("checked")
        assert builds[0] and not builds[-1]
        assert page.told == ["saving", "rendered", "saving", "rendered", "checked"]
        assert "The tide goes" in page.html

    watched(story)


def test_a_file_that_is_half_written_for_a_moment_is_never_told_of(
    watched: Any, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    glance = desk.glance

    def halfway(issue: str, profession: str) -> Any:
        state = glance(issue, profession)
        if state.problems:
            # The editor writes the rest after it was read.
            (state.workspace.root / ARTICLE).write_text(written("comes"), "utf-8")
        return state

    async def story(page: Page) -> None:
        monkeypatch.setattr(desk, "glance", halfway)
        page.save("---\ntitle: [")
        await page.until("checked")
        assert page.told == ["saving", "saving", "rendered", "checked"]
        assert "The tide comes" in page.html

    watched(story)


def test_a_file_that_is_broken_or_gone_is_told_of_until_it_is_back(watched: Any) -> None:
    async def story(page: Page) -> None:
        page.save("---\ntitle: [")
        await page.until("broken")
        assert page.desk.state("tides").problems and "The tide begins" in page.html
        (page.root / ARTICLE).unlink()
        heard = len(page.told)
        await page.until("broken", after=heard)
        assert ARTICLE.rpartition("/")[2] in str(page.desk.state("tides").problems[0])
        heard = len(page.told)
        page.save(written("is back"))
        await page.until("checked", after=heard)
        assert page.told[heard:].count("broken") == 0 and not page.desk.state("tides").problems
        assert "The tide is back" in page.html

    watched(story)


def test_a_page_that_comes_back_is_told_which_state_it_should_show(desk: Desk, workspace: Any) -> None:
    desk.state("tides")
    live = Live(desk, workspace.root)

    async def hello() -> str:
        return await anext(live.events([("tides", PROFESSION)]))

    version = desk.state("tides").version
    assert asyncio.run(hello()) == f'event: hello\ndata: {{"issue": "tides", "version": {version}}}\n\n'
    again = Desk(desk.open_workspace)
    assert again.state("tides").version != desk.state("tides").version


def test_what_is_saved_while_nobody_looks_is_there_for_whoever_comes_next(desk: Desk, workspace: Any) -> None:
    live = Live(desk, workspace.root.resolve())
    before = desk.state("tides").version

    async def hello() -> str:
        return await anext(live.events([("tides", PROFESSION)]))

    async def story() -> str:
        running = asyncio.create_task(live.run())
        async with asyncio.timeout(20):
            # The first changes are seen once the watch is set.
            while desk.version("tides") == before:
                workspace.write(ARTICLE, written("comes"))
                await asyncio.sleep(0.1)
        told = await hello()
        live.stop()
        await running
        return told

    assert '"version": 0' in asyncio.run(story()), "a page that comes back is not told that it shows what is there"
    assert desk.state("tides").version not in (0, before)
    variant = desk.state("tides").variant(PROFESSION)
    assert variant is not None and "The tide comes" in variant.html


def test_an_issue_whose_page_goes_right_after_a_save_is_built_and_checked_to_its_end(watched: Any) -> None:
    async def story(page: Page) -> None:
        page.save(written("comes"))
        await page.until("rendered")
        gone = set(page.live._watchers)
        page.live._watchers.clear()
        async with asyncio.timeout(20):
            while page.desk.state("tides").is_ahead(PROFESSION):
                await asyncio.sleep(0.02)
        page.live._watchers |= gone
        for profession in (PROFESSION, "default"):
            variant = page.desk.state("tides").variant(profession)
            assert variant is not None and "The tide comes" in variant.html

    watched(story)


def test_two_pages_that_look_at_two_professions_both_have_what_was_saved(desk: Desk, workspace: Any) -> None:
    desk.state("tides")
    workspace.write(ARTICLE, written("comes"))
    for profession in ("pilot", "default"):
        desk.glance("tides", profession)
    for profession in ("pilot", "default"):
        variant = desk.state("tides").variant(profession)
        assert variant is not None and "The tide comes" in variant.html


def test_a_build_for_everybody_ends_as_soon_as_it_is_overtaken_and_leaves_what_was_there(
    desk: Desk, workspace: Any
) -> None:
    before = desk.state("tides")
    workspace.write(ARTICLE, written("comes"))
    asked = iter([False, False, True])
    with pytest.raises(Overtaken):
        desk.refresh("tides", lambda: next(asked))
    assert desk.state("tides") is before
    variant = desk.refresh("tides").variant(PROFESSION)
    assert variant is not None and "The tide comes" in variant.html
