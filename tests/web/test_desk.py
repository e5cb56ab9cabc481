"""What is on the studio's desk can be looked at, whatever is being made meanwhile."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from newsletter.pipeline.workspace import open_workspace
from newsletter.web.studio import desk as desks
from newsletter.web.studio.desk import Desk
from tests.conftest import REPOSITORY


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
            seen.append(page.submit(desk.state, "tides").result(timeout=5))
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
