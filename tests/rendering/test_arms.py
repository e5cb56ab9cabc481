"""What is tried reaches the mails of its own arm, and no other."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from newsletter.errors import SettingsError
from newsletter.model import Where
from newsletter.pipeline import building, previewing
from newsletter.pipeline.approvals import approvals_of
from newsletter.pipeline.inspecting import AS_USUAL
from newsletter.pipeline.workspace import Workspace, open_workspace
from tests.conftest import REPOSITORY

SUBJECTS = """\
title: Tides
preheader: High water at noon
audience: crew
ab:
  share: 50%
  winner: clicks
  subjects:
    - "Tides for {{ profession.plural | lower }}"
    - "{{ recipient.first_name | default('You') }}, the tide turns"
sections:
  - blocks:
      - {article: tides.md}
      - {article: galley.html, for: [cook], show: summary}
"""
BLOCKS = """\
title: Tides
subject: Tides this week
preheader: High water at noon
audience: crew
ab: {share: 50%, winner: by hand}
sections:
  - blocks:
      - {article: tides.md}
      - {text: The long way round, arm: a}
      - columns: [{text: The short way, arm: b}, {text: On the right}]
      - {text: Only pilots read this, for: [pilot], arm: b}
"""


@pytest.fixture
def opened(workspace: Any) -> Workspace:
    return open_workspace(workspace.root, {}, REPOSITORY / "templates")


def test_each_arm_of_subjects_has_its_own_and_the_same_page(workspace: Any, opened: Workspace) -> None:
    workspace.write("issues/tides/issue.yaml", SUBJECTS)
    built = building.build(opened, "tides", fresh=True)
    shown = {one.key: one.subject for one in building.previews(opened, built)}
    assert shown == {
        "sailor.a": "Tides for sailors",
        "sailor.b": "You, the tide turns",
        "pilot.a": "Tides for pilots",
        "pilot.b": "You, the tide turns",
        "cook.a": "Tides for cooks",
        "cook.b": "You, the tide turns",
        "default.a": "Tides for readers",
        "default.b": "You, the tide turns",
    }
    assert built.variant_of == {one: one for one in ("sailor", "pilot", "cook", "default")}
    assert built.arms == ("a", "b")
    greeted = built.variant("cook", "b")
    assert greeted is not None
    assert previewing.show(opened, "tides", greeted, previewing.Reader(values={"first_name": "Ada"})).subject == (
        "Ada, the tide turns"
    )
    assert "Soup again" in greeted.text


def test_a_block_of_an_arm_is_in_its_mails_only_and_groups_are_the_same_in_all_arms(
    workspace: Any, opened: Workspace
) -> None:
    workspace.write("issues/tides/issue.yaml", BLOCKS)
    built = building.build(opened, "tides", fresh=True)
    # Pilots read something of their own in arm b, so they are a group of their own in arm a, too.
    assert [(one.key, one.group, one.professions) for one in built.variants] == [
        ("default.a", "default", ("sailor", "cook", "default")),
        ("default.b", "default", ("sailor", "cook", "default")),
        ("pilot.a", "pilot", ("pilot",)),
        ("pilot.b", "pilot", ("pilot",)),
    ]
    texts = {one.key: one.text for one in built.variants}
    assert [key for key, text in texts.items() if "long way" in text] == ["default.a", "pilot.a"]
    assert [key for key, text in texts.items() if "short way" in text] == ["default.b", "pilot.b"]
    assert [key for key, text in texts.items() if "Only pilots" in text] == ["pilot.b"]
    assert all("On the right" in text and "turns" in text for text in texts.values())


def test_a_second_build_from_what_was_kept_is_the_same(workspace: Any, opened: Workspace) -> None:
    workspace.write("issues/tides/issue.yaml", BLOCKS)
    first = building.build(opened, "tides")
    again = building.build(opened, "tides")
    assert again.variants == first.variants
    assert again.content_hash == first.content_hash


def test_the_content_hash_covers_subjects_shares_and_what_decides(workspace: Any, opened: Workspace) -> None:
    hashes = set()
    for text in (
        SUBJECTS,
        SUBJECTS.replace("the tide turns", "the tide is out"),
        SUBJECTS.replace("50%", "40%"),
        SUBJECTS.replace("clicks", "opens"),
        SUBJECTS.replace("winner: clicks", "winner: clicks\n  wait: 5h"),
    ):
        workspace.write("issues/tides/issue.yaml", text)
        hashes.add(building.build(opened, "tides", fresh=True).content_hash)
    assert len(hashes) == 5


def test_an_approval_names_each_arms_mail(workspace: Any, opened: Workspace) -> None:
    workspace.write("issues/tides/issue.yaml", BLOCKS)
    before = approvals_of(opened, building.build(opened, "tides", fresh=True)).parts
    workspace.write("issues/tides/issue.yaml", BLOCKS.replace("short way", "shorter way"))
    now = approvals_of(opened, building.build(opened, "tides", fresh=True)).parts
    changed = {one for one in before if one.startswith("mail ") and before[one] != now[one]}
    assert changed == {"mail default.b", "mail pilot.b"}


def test_the_checks_read_every_arm_and_find_a_subject_at_its_own_line(workspace: Any, opened: Workspace) -> None:
    long = "An answer to a question that nobody has asked in this harbour for many a long year by now"
    workspace.write(
        "issues/tides/issue.yaml", SUBJECTS.replace("{{ recipient.first_name | default('You') }}, the", long)
    )
    built = building.build(opened, "tides", fresh=True, whole=True, asked=replace(AS_USUAL, fresh=True))
    (found,) = [one for one in built.findings if one.rule == "subject-length"]
    assert found.where == Where("issues/tides/issue.yaml", 9)
    assert found.variant == "sailor.b, pilot.b, cook.b, default.b"


def test_a_finding_in_a_block_of_an_arm_stands_at_its_line(workspace: Any, opened: Workspace) -> None:
    text = BLOCKS.replace("The short way, arm: b", '"See [click here](https://example.org/x)", arm: b')
    workspace.write("issues/tides/issue.yaml", text)
    built = building.build(opened, "tides", fresh=True, whole=True, asked=replace(AS_USUAL, fresh=True))
    (found,) = [one for one in built.findings if "click here" in one.message]
    assert (found.where, found.variant) == (Where("issues/tides/issue.yaml", 10), "default.b, pilot.b")


def test_a_finding_in_what_all_arms_read_is_one_finding_at_its_line(workspace: Any, opened: Workspace) -> None:
    workspace.write("issues/tides/issue.yaml", SUBJECTS + '      - {text: "See [click here](https://example.org/x)"}\n')
    built = building.build(opened, "tides", fresh=True, whole=True, asked=replace(AS_USUAL, fresh=True))
    (found,) = [one for one in built.findings if "click here" in one.message]
    assert found.where == Where("issues/tides/issue.yaml", 14)
    assert len(found.variant.split(", ")) == 8


def test_the_studio_can_show_every_arm_of_every_profession(workspace: Any, opened: Workspace) -> None:
    workspace.write("issues/tides/issue.yaml", BLOCKS)
    built = building.build(opened, "tides", fresh=True)
    known = previewing.choices(built)
    assert known["cook.a"] == "default.a"
    assert (len(known), known["pilot.b"]) == (8, "pilot.b")
    assert "short way" in previewing.variant_of(built, "sailor.b").text
    with pytest.raises(SettingsError, match=r"nobody of 'cook\.c' gets this issue"):
        previewing.variant_of(built, "cook.c")


def test_without_an_experiment_nothing_has_an_arm(opened: Workspace) -> None:
    built = building.build(opened, "tides", fresh=True)
    assert built.arms == ()
    assert {one.arm for one in built.variants} == {""}
    assert {one.group for one in built.variants} == {one.key for one in built.variants}
    assert built.edition.issue.experiment is None


@pytest.mark.parametrize(
    ("provider", "winner", "told"),
    [("smtp", "clicks", 1), ("smtp", "opens", 1), ("smtp", "by hand", 0), ("sendgrid", "clicks", 0)],
)
def test_a_winner_that_nobody_can_measure_is_warned_of(workspace: Any, provider: str, winner: str, told: int) -> None:
    workspace.write("issues/tides/issue.yaml", SUBJECTS.replace("winner: clicks", f"winner: {winner}"))
    settings = (workspace.root / "newsletter.yaml").read_text().replace("outbox", provider)
    workspace.write("newsletter.yaml", settings)
    opened = open_workspace(workspace.root, {}, REPOSITORY / "templates")
    found = [one for one in building.build(opened, "tides").findings if one.rule == "winner-unmeasured"]
    assert [one.where for one in found] == [Where("issues/tides/issue.yaml", 4)] * told
