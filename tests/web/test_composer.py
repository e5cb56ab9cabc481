"""Composing, asked as its page asks: what an edit answers when the file is not what the page thinks."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tests.studio import Inside

GONE = "issues/tides/issue.yaml: the file is not there any more: it was removed, or it or its folder was renamed."


@pytest.fixture
def inside(workspace: Any) -> Inside:
    return Inside.of(workspace.root)


def seen(inside: Inside) -> str:
    found = re.search(r'data-seen="(\w+)"', inside.ask("/issues/tides/compose/sheet")[1])
    assert found
    return found[1]


def test_a_file_that_goes_while_it_is_composed_is_missed_in_words(workspace: Any, inside: Inside) -> None:
    inside.ask("/issues/tides/parts")
    before = seen(inside)
    assert inside.done("/issues/tides/edits", {"do": "remove", "source": "0.1", "seen": before})["told"] == "Removed"
    after = seen(inside)
    file = workspace.root / "issues/tides/issue.yaml"
    kept = file.rename(file.with_name("issue.old"))
    for what in ({"do": "remove", "source": "0.0"}, {"do": "undo"}):
        status, body = inside.ask("/issues/tides/edits", {"seen": after, **what})
        assert status == 422
        assert json.loads(body)["problem"].startswith(GONE)
    status, sheet = inside.ask("/issues/tides/compose/sheet")
    assert (status, GONE in sheet) == (200, True)
    assert not file.exists()
    # Put back, the page goes on, and what was done can be taken back.
    kept.rename(file)
    assert inside.done("/issues/tides/edits", {"do": "undo", "seen": seen(inside)})["told"] == "Undone: removed"
    assert seen(inside) == before


def test_a_file_made_read_only_is_left_as_it_is(workspace: Any, inside: Inside) -> None:
    file = workspace.root / "issues/tides/issue.yaml"
    before = file.read_bytes()
    file.chmod(0o444)
    asked = {"do": "remove", "source": "0.1", "seen": seen(inside)}
    status, body = inside.ask("/issues/tides/edits", asked)
    assert status == 422
    assert json.loads(body)["problem"].startswith("issues/tides/issue.yaml is read-only, so nothing was written.")
    assert file.read_bytes() == before and file.stat().st_mode & 0o777 == 0o444
    file.chmod(0o644)
    assert inside.done("/issues/tides/edits", asked)["told"] == "Removed"


def test_the_email_beside_it_says_so_too(workspace: Any, inside: Inside) -> None:
    inside.ask("/issues/tides/parts")
    (workspace.root / "issues/tides").rename(workspace.root / "issues/ebbs")
    # As it is done when saving is noticed.
    inside.app.state.live.desk.refresh("tides")
    status, parts = inside.ask("/issues/tides/parts")
    assert status == 200
    assert "<p>No such issue." in parts and "The email you see is the last good one." in parts
    assert inside.ask("/issues/never/parts")[0] == 404
    assert inside.ask("/issues/never/edits", {"do": "undo"})[0] == 404
