"""An issue that tries something, in the studio: each arm is looked at, tested and compared as it is mailed."""

from __future__ import annotations

import re
from typing import Any

import pytest

from newsletter.pipeline.approvals import Opinion, approve
from newsletter.pipeline.workspace import open_workspace
from tests.conftest import REPOSITORY
from tests.studio import Inside

AB = """\
ab:
  share: 50%
  winner: clicks
  wait: 4h
  subjects:
    - "Tides for {{ profession.plural | lower }}"
    - "{{ recipient.first_name | default('Sailor') }}, look at the water"
sections:
"""


@pytest.fixture
def inside(workspace: Any) -> Inside:
    path = workspace.root / "issues/tides/issue.yaml"
    path.write_text(path.read_text("utf-8").replace("sections:\n", AB), "utf-8")
    return Inside.of(workspace.root)


def subjects(workspace: Any) -> set[str]:
    found = (re.search(rb"Subject: ([^\r]*)", path.read_bytes()) for path in workspace.outbox())
    return {one[1].decode() for one in found if one}


def told_counts(page: str) -> dict[str, list[str]]:
    """Readers of an email → what the card of each of its arms says of how many they are."""
    told: dict[str, list[str]] = {}
    for readers, count in re.findall(r'class="who">([^<]*), arm [ab]: ([^<]*) recipients?<', page):
        told.setdefault(readers, []).append(count)
    return told


def chosen(page: str, name: str) -> dict[str, str]:
    """What can be chosen in the select of that name: value and words."""
    select = page.partition(f'name="{name}"')[2].partition("</select>")[0]
    return dict(re.findall(r'<option value="([^"]*)"[^>]*>([^<]*)', select))


def test_a_test_is_of_the_arm_that_is_looked_at(workspace: Any, inside: Inside) -> None:
    told = inside.done("/issues/tides/tests", {"to": "me@example.org", "profession": "pilot.b"})
    assert (told["failed"], told["told"]) == (0, ["me@example.org: accepted"])
    assert subjects(workspace) == {"[Test] Sailor, look at the water"}


def test_a_subscriber_reads_the_arm_that_is_looked_at(workspace: Any, inside: Inside) -> None:
    for arm, subject in (("a", "Tides for pilots"), ("b", "Ada, look at the water")):
        asked = {"address": "ada@example.org", "profession": f"cook.{arm}"}
        found = inside.done("/issues/tides/subscriber", asked)
        assert found["profession"] == f"pilot.{arm}"
        _, parts = inside.ask(f"/issues/tides/parts?profession=pilot.{arm}&reader={found['reader']}")
        assert f'<span class="subject" dir="auto">{subject}</span>' in parts
        test = {"to": "me@example.org", "profession": f"pilot.{arm}", "reader": found["reader"]}
        assert inside.done("/issues/tides/tests", test)["failed"] == 0
    assert subjects(workspace) == {"[Test] Tides for pilots", "[Test] Ada, look at the water"}
    # An arm that is not tried any more is no reason to refuse.
    assert inside.done("/issues/tides/subscriber", asked | {"profession": "cook.d"})["profession"] == "pilot.a"


def test_each_arm_is_compared_with_what_was_approved(workspace: Any, inside: Inside) -> None:
    approve(open_workspace(workspace.root, {}, REPOSITORY / "templates"), "tides", Opinion("Ada"))
    path = "/issues/tides/compare?left=approved:pilot.b&right=pilot.b"
    _, page = inside.ask(path)
    assert "They are the same" in page
    names = chosen(page, "left")
    assert names["pilot.b"] == "Arm b: Pilot (now)"
    assert names["approved:pilot.b"] == "Arm b: Pilot (approved)"
    # Nothing is tried today: both arms of the approval can still be looked at.
    file = workspace.root / "issues/tides/issue.yaml"
    file.write_text(file.read_text("utf-8").replace(AB, "sections:\n"), "utf-8")
    _, page = Inside.of(workspace.root).ask("/issues/tides/compare?left=approved:pilot.b&right=pilot")
    assert {"approved:pilot.a", "approved:pilot.b", "pilot"} <= set(chosen(page, "left"))
    assert "<del>Sailor, look at the water</del>" in page


def test_the_grid_counts_professions_and_tells_the_arms_apart(inside: Inside) -> None:
    _, page = inside.ask("/issues/tides/all")
    assert ">4 professions, each in 2 arms, 8 different emails<" in page
    assert "Arm a: Pilot" in page and "Arm b: Pilot" in page
    assert "Tides for pilots" in page and "Sailor, look at the water" in page


def test_the_review_says_how_many_each_arm_has(workspace: Any, inside: Inside) -> None:
    rows = "".join(f"crew{number}@example.org,,Pilot\n" for number in range(21))
    workspace.write("audiences/crew.csv", "Email,First name,Job title\n" + rows)
    inside.done("/issues/tides/subscriber", {"address": "crew1@example.org", "profession": ""})
    _, page = inside.ask("/issues/tides/review")
    # Half of 21, rounded to even as the send does.
    assert re.findall(r">Of them, ([^<]*)</th><td>(\d+)", page) == [
        ("with arm a", "5"),
        ("with arm b", "5"),
        ("later with the arm that wins", "11"),
    ]
    # All are pilots, so a pilots' email has its whole arm; nobody reads the others.
    assert told_counts(page) == {
        "Pilots": ["5", "5"],
        "Cooks": ["0", "0"],
        "Sailors": ["0", "0"],
        "Everybody else": ["0", "0"],
    }
    workspace.write("audiences/crew.csv", f"Email,First name,Job title\n{rows}cook@example.org,,Cook\n")
    inside.done("/issues/tides/subscriber", {"address": "cook@example.org", "profession": ""})
    counts = told_counts(inside.ask("/issues/tides/review")[1])
    assert counts["Pilots"] == ["drawn from 21"] * 2 and counts["Cooks"] == ["drawn from 1"] * 2


def test_a_review_without_any_decision_says_so_and_whether_one_is_needed(workspace: Any, inside: Inside) -> None:
    def stands() -> str:
        section = inside.ask("/issues/tides/review")[1].partition('id="standing">')[2].partition("</section>")[0]
        return " ".join(re.sub(r"<[^>]+>", " ", section).split())

    assert stands() == "Where it stands Nobody has decided anything yet; no approval is needed to send it."
    settings = workspace.root / "newsletter.yaml"
    settings.write_text(settings.read_text("utf-8") + "approval: {required: 2}\n", "utf-8")
    assert stands() == "Where it stands Nobody has approved this content yet; 2 approvals are needed."


def test_people_are_found_with_what_their_profession_is_called(inside: Inside) -> None:
    found = inside.done("/issues/tides/subscribers", {"part": "ada@"})["found"]
    assert [(one["address"], one["profession"]) for one in found] == [("ada@example.org", "Pilot")]
