"""The mail this project makes by itself, in every theme and layout, as mail clients take it."""

from __future__ import annotations

import re

import pytest

from newsletter.checks.clients.harms import Harm
from newsletter.checks.clients.judging import judge_html
from newsletter.checks.clients.mail_clients import IDS
from newsletter.checks.clients.table import load_table
from newsletter.pipeline.building import build
from newsletter.pipeline.workspace import open_workspace
from tests.conftest import REPOSITORY, Workspace

THEMES = sorted(path.stem for path in (REPOSITORY / "templates/themes").glob("*.yaml"))
LAYOUTS = sorted(path.name.split(".")[0] for path in (REPOSITORY / "templates/layouts").glob("*.html.j2"))


def _worries(workspace: Workspace, issue: str) -> list[str]:
    """What any of all clients makes of any variant, but for what only looks plainer."""
    built = build(open_workspace(workspace.root, {}, REPOSITORY / "templates"), issue)
    found = [(one.key, each) for one in built.variants for each in judge_html(one.html, load_table(), IDS)]
    assert found, "some corner is square somewhere"
    return [f"{key}: {each.message} {each.use.excerpt}" for key, each in found if each.harm is not Harm.PLAINER]


def test_no_client_breaks_the_sample_issue_for_any_profession(sample: Workspace) -> None:
    assert _worries(sample, "open-source-in-care") == []


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_no_client_breaks_any_block_in_any_theme_and_layout(sample: Workspace, theme: str, layout: str) -> None:
    path = sample.root / "issues/every-block/issue.yaml"
    text = re.sub(r"^(theme|layout):.*\n", "", path.read_text("utf-8"), flags=re.MULTILINE)
    path.write_text(f"theme: {theme}\nlayout: {layout}\n{text}", "utf-8")
    assert _worries(sample, "every-block") == []
