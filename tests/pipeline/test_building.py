"""What a build says of itself."""

from __future__ import annotations

from typing import Any

import pytest

from newsletter.errors import FileProblems
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


@pytest.mark.parametrize("audience", ["crew", "crow"])
def test_an_unknown_profession_merge_field_and_audience_are_told_in_one_run(workspace: Any, audience: str) -> None:
    workspace.write(
        "issues/tides/issue.yaml",
        f"title: T\nsubject: 'Tides for {{{{ recipient.fist_name }}}}'\naudience: {audience}\nsections:\n  - blocks:\n"
        "      - {article: tides.md, for: [pilott]}\n      - {text: 'Hello {{ recipient.first_name }}'}\n",
    )
    workspace.write("issues/tides/tides.md", "---\ntitle: High water\n---\nFrom {{ recipient.town }}.\n")
    with pytest.raises(FileProblems) as refused:
        build(open_workspace(workspace.root, {}, REPOSITORY / "templates"), "tides")
    told = [(str(one.where), one.message.partition(".")[0]) for one in refused.value.problems]
    profession = ("issues/tides/issue.yaml:6", "unknown profession 'pilott'")
    if audience == "crow":  # without an audience nobody knows its fields
        assert told == [("issues/tides/issue.yaml:3", "no audience 'crow'"), profession]
    else:
        assert told == [
            ("issues/tides/issue.yaml:2", "unknown merge field 'recipient"),
            profession,
            ("issues/tides/tides.md:4", "unknown merge field 'recipient"),
        ]
