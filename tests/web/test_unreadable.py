"""Files that cannot be read: every page says where, shows the lines, and offers no way back to itself."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.studio import Inside


@pytest.fixture
def inside(workspace: Any) -> Inside:
    return Inside.of(workspace.root)


def test_the_list_shows_where_the_settings_cannot_be_read_and_the_lines_there(workspace: Any, inside: Inside) -> None:
    settings = workspace.root / "newsletter.yaml"
    before = settings.read_text("utf-8")
    line = before.count("\n") + 1
    settings.write_text(before + "time_zone: Nowhere/<b>\n", "utf-8")
    status, page = inside.ask("/")
    assert status == 422
    assert "One problem in the files" in page
    place = re.search(r'<a href="vscode://file/[^"]+newsletter.yaml:(\d+)[^"]*"[^>]*>([^<]+)</a>', page)
    assert place and int(place[1]) == line and place[2] == f"newsletter.yaml:{line}"
    assert f'<span class="here"><i>{line}</i>time_zone: Nowhere/&lt;b&gt;' in page
    assert "<b>" not in page
    # The list's own page has no button that leads to it, and appears by itself when the file is mended.
    assert 'class="button' not in page and "/assets/list.js" in page
    issue = inside.ask("/issues/tides")[1]
    assert 'href="/issues/tides"' not in issue and 'class="button' in issue
    settings.write_text(before, "utf-8")
    assert inside.ask("/")[0] == 200


def test_an_empty_issue_is_one_problem_that_says_what_an_issue_needs(workspace: Any, inside: Inside) -> None:
    (workspace.root / "issues/tides/issue.yaml").write_text("# Not yet\n", "utf-8")
    parts = inside.ask("/issues/tides/parts")[1]
    assert parts.count('<article class="problem">') == 1
    assert "The file is empty. An issue needs <code>title:</code>, <code>subject:</code>" in parts
