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
