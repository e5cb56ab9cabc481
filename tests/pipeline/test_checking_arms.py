"""What `check` says of an issue that tries something: for each arm at the line that its own author wrote."""

from __future__ import annotations

import pytest

from newsletter.pipeline.checking import check_issue
from newsletter.pipeline.workspace import open_workspace
from tests.conftest import REPOSITORY, Workspace

HEAD = "title: Tides\npreheader: High water at noon\naudience: crew\n"
BLOCKS = """\
subject: Tides this week
ab: {share: 50%, winner: by hand}
sections:
  - blocks:
      - {article: tides.md}
      - {text: "Read [here](https://example.org/tables).", arm: a}
      - {text: "Read [here](https://example.org/tables).", arm: b}
      - {text: "Read [here](https://example.org/tables).", arm: b, for: [pilot]}
"""
SUBJECTS = """\
ab: {share: 50%, winner: by hand, subjects: ["High water", "Low water"]}
sections:
  - blocks:
      - {article: tides.md}
      - {text: "Read [here](https://example.org/tables)."}
      - {text: "Read [here](https://example.org/tables).", for: [pilot]}
"""


@pytest.mark.parametrize(
    ("tried", "found"),
    [
        (
            BLOCKS,
            {9: {"default.a", "pilot.a"}, 10: {"default.b", "pilot.b"}, 11: {"pilot.b"}},
        ),
        (
            SUBJECTS,
            {8: {"default.a", "default.b", "pilot.a", "pilot.b"}, 9: {"pilot.a", "pilot.b"}},
        ),
    ],
    ids=["blocks", "subjects"],
)
def test_words_that_several_blocks_hold_are_told_at_the_line_of_the_block_that_the_arm_shows(
    workspace: Workspace, tried: str, found: dict[int, set[str]]
) -> None:
    workspace.write("issues/tides/issue.yaml", HEAD + tried)
    opened = open_workspace(workspace.root, {}, REPOSITORY / "templates")
    told = [one for one in check_issue(opened, "tides").findings if one.rule == "link-text"]
    assert {one.where.line: set(one.variant.split(", ")) for one in told} == found
