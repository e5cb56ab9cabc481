"""What is on the studio's desk can be looked at, whatever is being made meanwhile."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from newsletter.pipeline.workspace import open_workspace
from newsletter.web.studio import desk as desks
from newsletter.web.studio.desk import Desk
from tests.conftest import REPOSITORY
from tests.studio import Inside


def test_the_newest_email_is_there_while_all_others_are_still_being_made(
    workspace: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk(lambda: open_workspace(workspace.root, {}, REPOSITORY / "templates"))
    desk.state("tides")
    article = workspace.root / "issues/tides/tides.md"
    article.write_text(article.read_text("utf-8").replace("noon", "dusk"), "utf-8")
    desk.glance("tides", "pilot")
    seen = []
    whole = desks.build

    def slow(*arguments: Any, **options: Any) -> Any:
        # In the middle of the build a page asks for what was told to be new.
        with ThreadPoolExecutor(1) as page:
            seen.append(page.submit(desk.state, "tides").result(timeout=60))
        return whole(*arguments, **options)

    monkeypatch.setattr(desks, "build", slow)
    desk.refresh("tides")
    variant = seen[0].variant("pilot")
    assert variant is not None and "dusk" in variant.html


def test_an_issue_with_a_missing_picture_is_shown_but_nobody_can_decide_on_it(workspace: Any) -> None:
    desk = Desk(lambda: open_workspace(workspace.root, {}, REPOSITORY / "templates"))
    assert desk.state("tides").hindrance == ""
    article = workspace.root / "issues/tides/tides.md"
    article.write_text(article.read_text("utf-8") + "\n![A chart](nowhere.png)\n", "utf-8")
    for state in (desk.glance("tides", "pilot"), desk.refresh("tides")):
        variant = state.variant("pilot")
        assert state.problems == () and variant is not None and "A chart" in variant.html
    assert state.built is not None and "image-missing" in {one.rule for one in state.built.findings}
    assert "picture is missing" in state.hindrance
    article.write_text("---\ntitle: [\n---\n", "utf-8")
    assert "cannot be read" in desk.refresh("tides").hindrance


def test_an_open_page_is_answered_the_last_good_email_when_its_folder_is_gone_and_never_an_empty_one(
    workspace: Any,
) -> None:
    studio = Inside.of(workspace.root)
    looks = [f"/issues/tides/{one}?profession=pilot" for one in ("frame", "look/text", "html")]
    before = [studio.ask(one) for one in looks]
    assert all(status == 200 and "noon" in body for status, body in before)
    folder = workspace.root / "issues/tides"
    folder.rename(workspace.root / "issues/ebbs")
    assert [studio.ask(one) for one in looks] == before
    again = Inside.of(workspace.root)
    assert again.ask(looks[0])[0] == 404
    (workspace.root / "issues/ebbs").rename(folder)
    workspace.write("issues/tides/tides.md", "---\ntitle: [\n---\n")
    assert again.ask(looks[0])[0] == 404
