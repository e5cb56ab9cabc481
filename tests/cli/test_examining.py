"""`audience count`, `show` and `professions`, as a person or a script runs them."""

from __future__ import annotations

import json
from typing import Any

import pytest

CREW = """\
title: The crew
source: crew.csv
columns:
  {address: Email, first_name: First name, profession: Job title, country: Country, points: Points, status: Status}
segment:
  country: [US, CA]
  where: "points > 9"
exclude: {profession: cook}
"""
PEOPLE = """\
Email,First name,Job title,Country,Points,Status
ada@example.org,Ada,Pilot,US,10,
bo@example.org,Bo,able seaman,US,9,
cy@example.org,Cy,Cook,CA,11,
di@example.org,Di,Sailour,CA,100,
el@example.org,El,Poet,CA,12,unsubscribed
fa@example.org,Fa,Sailour,DE,13,
"""


@pytest.fixture
def crew(workspace: Any) -> Any:
    workspace.write("audiences/crew.yaml", CREW)
    workspace.write("audiences/crew.csv", PEOPLE)
    return workspace


def answer(workspace: Any, *arguments: str) -> dict[str, Any]:
    result = workspace.run(*arguments, "--json")
    assert result.returncode == 0, result.stderr
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def test_a_count_says_who_is_in_who_is_left_out_and_who_is_outside(crew: Any) -> None:
    found = answer(crew, "audience", "count", "crew")
    assert found == {
        "audience": "crew",
        "title": "The crew",
        "recipients": 2,
        "by_profession": {"pilot": 1, "unmatched": 1},
        "by_country": {"US": 1, "CA": 1},
        "by_language": {"unknown": 2},
        "by_status": {"subscribed": 2, "unsubscribed": 1},
        "skipped": {"unsubscribed": 1},
        "outside": {"segment: country": 1, "segment: where": 1, "exclude: profession": 1},
        "findings": [],
    }
    shown = crew.run("audience", "count", "crew").stdout
    assert "The crew: 2 recipients" in shown
    assert "1  segment: where" in shown


def test_a_sample_masks_addresses_unless_asked_for_in_full(crew: Any) -> None:
    masked = answer(crew, "audience", "show", "crew", "--sample", "1")["sample"]
    assert [set(one) for one in masked] == [{"address", "profession", "profession_title", "country", "language"}]
    assert masked[0]["address"] in ("a…@example.org", "d…@example.org")
    full = answer(crew, "audience", "show", "crew", "--full")["sample"]
    assert sorted((one["address"], one["first_name"]) for one in full) == [
        ("ada@example.org", "Ada"),
        ("di@example.org", "Di"),
    ]
    assert "ada@example.org" not in crew.run("audience", "show", "crew").stdout


def test_explain_shows_the_condition_its_values_and_the_plan(crew: Any) -> None:
    shown = crew.run("audience", "show", "crew", "--explain").stdout
    assert "SELECT count(*)" in shown
    assert "'audiences/crew.csv'" in shown
    assert "It looks at every subscriber: no index narrows them down." in shown
    explained = answer(crew, "audience", "count", "crew", "--explain")["explained"]
    assert set(explained) == {"sql", "values", "plan", "indexes", "reads_everybody"}


def test_an_attribute_nobody_has_is_a_warning_at_its_line_and_the_count_goes_on(crew: Any) -> None:
    crew.write("audiences/crew.yaml", CREW.replace("  country: [US, CA]", "  attributes.clinic.size: [small]"))
    result = crew.run("audience", "count", "crew")
    assert (result.returncode, "The crew: 0 recipients" in result.stdout) == (0, True)
    assert "audiences/crew.yaml:6: warning: no subscriber has a value for the attribute 'clinic.size'" in result.stderr
    assert "They have: points. [unknown-attribute]" in result.stderr


def test_sql_that_is_more_than_a_condition_ends_with_its_line(crew: Any) -> None:
    crew.write("audiences/crew.yaml", CREW.replace("points > 9", "points > 9; DROP TABLE subscribers"))
    result = crew.run("audience", "count", "crew")
    assert result.returncode == 2
    assert "audiences/crew.yaml:7: 'segment.where' has a semicolon: `; DROP TABLE subscribers`" in result.stderr


def test_professions_are_a_tree_with_counts(crew: Any) -> None:
    crew.run("audience", "import", "crew")
    shown = crew.run("audience", "professions").stdout.splitlines()
    assert shown == ["  1  Sailor (sailor)", "  1    Pilot (pilot)", "  1  Cook (cook)", "  3  unmatched"]
    found = answer(crew, "audience", "professions", "crew")
    assert [(one["key"], one["people"]) for one in found["professions"]] == [("sailor", 0), ("pilot", 1), ("cook", 0)]
    # Of the audience's own, whether or not they are mailed: ada, di and el.
    assert found["unmatched"] == 2


def test_unmatched_titles_are_listed_and_accepted_ones_take_effect_at_once(crew: Any) -> None:
    crew.run("audience", "import", "crew")
    found = answer(crew, "audience", "professions", "--unmatched")["unmatched"]
    # 'sailour' and 'sailor': 2 × 6 letters of 13 in common.
    close = {"profession": "sailor", "likeness": "sailor", "score": 92}
    assert found[0] == {"title": "Sailour", "people": 2, "suggestions": [close]}
    assert found[1]["title"] == "Poet"
    before = (crew.root / "audiences/professions.yaml").read_text()
    result = crew.run("audience", "professions", "--accept", "Poet=cook")
    assert (result.returncode, "Add --yes" in result.stderr) == (2, True)
    assert (crew.root / "audiences/professions.yaml").read_text() == before
    done = answer(crew, "audience", "professions", "--accept-above", "90", "--accept", "Poet=cook", "--yes")
    assert done == {"accepted": {"Sailour": "sailor", "Poet": "cook"}, "rematched": 3}
    after = (crew.root / "audiences/professions.yaml").read_text()
    assert "aliases: [able seaman, Sailour]" in after
    assert answer(crew, "audience", "professions", "--unmatched") == {"unmatched": []}
    assert answer(crew, "audience", "professions")["unmatched"] == 0


def test_without_a_database_or_a_taxonomy_there_is_nothing_to_count(workspace: Any) -> None:
    assert answer(workspace, "audience", "professions", "--unmatched") == {"unmatched": []}
    assert not (workspace.root / "var").exists()
    (workspace.root / "audiences/professions.yaml").unlink()
    assert answer(workspace, "audience", "professions") == {"professions": [], "unmatched": 0}
    result = workspace.run("audience", "professions", "--accept", "Poet=cook", "--yes")
    assert result.returncode == 2
    assert "unknown profession 'cook'" in result.stderr
