"""An issue that was sent and then changed: the bar, the list and the panel say so, and lead to what differs."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest

from newsletter.pipeline.approvals import Opinion, approve
from newsletter.pipeline.workspace import open_workspace
from tests.conftest import REPOSITORY
from tests.studio import Inside
from tests.web.test_arms import AB


@pytest.mark.parametrize("is_approved", [True, False])
def test_what_was_changed_after_it_was_sent_is_not_only_sent(workspace: Any, is_approved: bool) -> None:
    if is_approved:
        approve(open_workspace(workspace.root, {}, REPOSITORY / "templates"), "tides", Opinion("Ada"))
    else:
        # Nobody approved it: how many read something else is all there is to tell, whatever is tried on them.
        file = workspace.root / "issues/tides/issue.yaml"
        file.write_text(file.read_text("utf-8").replace("sections:\n", AB), "utf-8")
    done = workspace.run("send", "tides", "--yes")
    assert done.returncode == 0, done.stderr
    inside = Inside.of(workspace.root)
    parts = inside.ask("/issues/tides/parts")[1]
    assert '<span class="pill sent">Sent</span>' in parts and "since-sent" not in parts
    # The cooks alone read this article: what pilots read is what was sent.
    galley = workspace.root / "issues/tides/galley.html"
    as_sent = galley.read_text("utf-8")
    galley.write_text(as_sent.replace("description: Soup", "description: Fish"), "utf-8")
    inside.app.state.live.desk.refresh("tides")
    _, parts = inside.ask("/issues/tides/parts?profession=pilot")
    pill = '<span class="pill sent-changed-since">Sent, changed since</span>'
    assert pill in parts and pill in inside.ask("/issues/tides/compare")[1]
    _, card = inside.ask("/cards/tides")
    assert pill in card
    assert ("Changed: article galley.html" in card) is is_approved
    line = parts.partition('id="since-sent"')[2].partition("</p>")[0]
    what = "article galley.html" if is_approved else "what 1 of 4 professions read"
    assert re.search(rf"Changed since it was sent</strong> on \d+ \w+ \d{{4}}, \d\d:\d\d UTC: {what}\.", line)
    cook = "cook" if is_approved else "cook.a"
    link = re.search(r'href="([^"]+)"', line)
    assert link and html.unescape(link[1]) == f"/issues/tides/compare?left=sent:{cook}&right={cook}"
    assert "<ins>Fish again</ins>" in inside.ask(html.unescape(link[1]))[1]
    # Taken back, it is what was sent again.
    galley.write_text(as_sent, "utf-8")
    inside.app.state.live.desk.refresh("tides")
    assert "since-sent" not in inside.ask("/issues/tides/parts")[1]
