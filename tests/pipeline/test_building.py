"""What a build says of itself."""

from __future__ import annotations

from typing import Any

import pytest

from newsletter.pipeline.building import build
from newsletter.pipeline.workspace import open_workspace
from tests.conftest import REPOSITORY


@pytest.mark.parametrize(
    ("drafts", "said"), [(1, "1 finding stops this send."), (2, "2 findings stop this send.")], ids=["one", "two"]
)
def test_how_many_findings_stop_a_send_is_said_in_a_sentence(workspace: Any, drafts: int, said: str) -> None:
    blocks = "".join(f"      - {{article: draft-{number}.md}}\n" for number in range(drafts))
    text = f"title: T\nsubject: S\naudience: crew\nsections:\n  - blocks:\n{blocks}"
    workspace.write("issues/tides/issue.yaml", text)
    for number in range(drafts):
        workspace.write(f"issues/tides/draft-{number}.md", f"---\ntitle: Draft {number}\ndraft: true\n---\nWords.\n")
    assert build(open_workspace(workspace.root, {}, REPOSITORY / "templates"), "tides").stop == said
