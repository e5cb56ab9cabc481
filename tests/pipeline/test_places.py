"""Where findings are in the source, and which lines of a file are shown beside them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from newsletter.model import Finding, Severity, Where
from newsletter.pipeline import places, previewing
from newsletter.pipeline.building import build
from newsletter.pipeline.readers import Reader
from newsletter.pipeline.workspace import open_workspace
from tests.conftest import REPOSITORY


def test_the_source_is_what_is_mailed_and_the_tag_a_finding_is_about_is_told(workspace: Any) -> None:
    ours = open_workspace(workspace.root, {}, REPOSITORY / "templates")
    built = build(ours, "tides", whole=True)
    variant = previewing.variant_of(built, "pilot")
    reader = Reader("ada@example.org", "pilot", {"first_name": "<Ada> \x02 0 1\x03"})
    found = [
        Finding("x", Severity.WARNING, "The wave.", Where("issues/tides/issue.yaml", 11)),
        Finding("x", Severity.WARNING, "Nowhere.", Where("static/nothing.md", 1)),
    ]
    lines = places.source_lines(ours, built, "pilot", variant, found, reader)
    shown = previewing.show(ours, "tides", variant, reader).html
    assert "\n".join("".join(piece.text for piece in line) for line in lines) == shown
    marked = [piece for line in lines for piece in line if piece.findings]
    assert [one.findings for one in marked] == [(0,)]
    assert marked[0].text.startswith("<") and ("/waves" in marked[0].text or "A wave" in marked[0].text)
    newer = replace(variant, html=variant.html.replace("noon", "dusk"))
    lines = places.source_lines(ours, built, "pilot", newer, found, reader)
    assert not [piece for line in lines for piece in line if piece.findings]


def test_only_lines_of_the_workspace_are_shown(workspace: Any) -> None:
    ours = open_workspace(workspace.root, {}, REPOSITORY / "templates")
    (workspace.root.parent / "secret.md").write_text("a secret\n", "utf-8")
    assert places.excerpt(ours.root, Where("../secret.md", 1)) == []
    assert places.excerpt(ours.root, Where("issues/tides/tides.md", 2), 1) == [
        (1, "---"),
        (2, "title: High water"),
        (3, "---"),
    ]
