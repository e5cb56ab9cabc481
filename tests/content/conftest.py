"""Load the small workspace's issue with blocks of the test's own."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from newsletter.audience.professions import load_professions
from newsletter.content.issues import load_issue
from newsletter.errors import FileProblems
from newsletter.model import Issue
from newsletter.settings_reading import load_settings

ISSUE = "issues/tides/issue.yaml"
HEAD = "title: T\nsubject: S\naudience: crew\nsections:\n  - blocks:\n"


@pytest.fixture
def load(workspace, templates) -> Callable[..., Issue]:  # type: ignore[no-untyped-def]  # the fixtures' classes live in conftest
    """Load the issue, its blocks given as YAML (or the whole file, when it has a title)."""

    def loaded(text: str = "") -> Issue:
        if text:
            workspace.write(ISSUE, text if text.startswith("title:") else f"{HEAD}{text}\n")
        root = workspace.root
        return load_issue("tides", load_settings(root, {}), load_professions(root), templates.names())

    return loaded


@pytest.fixture
def problems(workspace, load) -> Callable[[str], list[str]]:  # type: ignore[no-untyped-def]
    def told(text: str) -> list[str]:
        workspace.write("../beside.md", "---\ntitle: Beside the workspace\n---\nx\n")
        with pytest.raises(FileProblems) as caught:
            load(text)
        return [str(one).removeprefix("issues/tides/") for one in caught.value.problems]

    return told
