"""What the studio puts beside each other, and what it takes together."""

from __future__ import annotations

from typing import Any

from newsletter.model import Finding, Severity, Where
from newsletter.pipeline.approvals import Opinion, approvals_of, approve
from newsletter.pipeline.versions import versions_of
from newsletter.pipeline.workspace import open_workspace
from newsletter.web.studio.comparisons import professions_of, usual_sides
from newsletter.web.studio.desk import Desk
from newsletter.web.studio.pages import alike
from tests.conftest import REPOSITORY


def test_comparing_opens_on_what_was_approved_once_it_differs_from_what_is_now(workspace: Any) -> None:
    desk = Desk(lambda: open_workspace(workspace.root, {}, REPOSITORY / "templates"))

    def opens() -> tuple[str, str]:
        state = desk.refresh("tides")
        assert state.built is not None
        return usual_sides(state, versions_of(state.workspace, "tides", approvals_of(state.workspace, state.built)))

    variants = {one["key"]: one["variant"] for one in professions_of(desk.state("tides"))}
    left, right = opens()
    assert len(set(variants.values())) == 1 or variants[left] != variants[right]
    approve(desk.workspace(), "tides", Opinion("Ada"))
    article = workspace.root / "issues/tides/tides.md"
    article.write_text(article.read_text("utf-8").replace("noon", "dusk"), "utf-8")
    left, right = opens()
    assert left == f"approved:{right}"


def test_few_findings_are_listed_one_by_one_and_many_by_rule_and_severity() -> None:
    def found(rule: str, severity: Severity) -> Finding:
        return Finding(rule, severity, "words", Where("issue.yaml", 1))

    few = [found("links", Severity.ERROR)] * 5
    assert [len(group) for group in alike(few)] == [1] * 5
    many = [*few, found("dates", Severity.ERROR), found("links", Severity.WARNING)]
    groups = alike(many)
    assert [len(group) for group in groups] == [5, 1, 1]
    # The page and the email call a finding by its number in the whole list.
    assert [number for group in groups for number, _ in group] == list(range(7))
