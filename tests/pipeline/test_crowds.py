"""What `check` says of the people an issue is for: their consent, and whether those who left are known."""

from __future__ import annotations

from pathlib import Path

import pytest

from newsletter.checks.crowd import Crowd, check_crowd
from newsletter.cli.check_formats import summary
from newsletter.model import Finding, Where
from newsletter.pipeline.checking import asked_for, check_issue
from newsletter.pipeline.crowds import crowd_of
from newsletter.pipeline.people import import_audience, load_audience
from newsletter.pipeline.workspace import open_workspace
from tests.conftest import REPOSITORY, Workspace

AUDIENCE = """\
title: The crew
source: crew.csv
columns: {address: Email, first_name: First name, profession: Job title, consent_at: Consent}
"""


def _found(root: Path, notes: bool = False) -> list[Finding]:
    opened = open_workspace(root, {}, REPOSITORY / "templates")
    asked = asked_for((), notes, False, False)
    found = check_issue(opened, "tides", asked=asked).findings
    return [one for one in found if one.rule in ("consent", "suppression-source")]


def _import(root: Path, *consents: str) -> None:
    rows = "".join(f"r{number}@example.org,Ada,Pilot,{one}\n" for number, one in enumerate(consents))
    (root / "audiences/crew.csv").write_text("Email,First name,Job title,Consent\n" + rows)
    import_audience(open_workspace(root, {}, REPOSITORY / "templates"), "crew")


def test_people_without_a_consent_on_record_are_counted_at_the_audience(workspace: Workspace) -> None:
    workspace.write("audiences/crew.yaml", AUDIENCE)
    assert _found(workspace.root) == []
    assert not (workspace.root / "var").exists()
    _import(workspace.root, "2026-01-02", "", "")
    (finding,) = _found(workspace.root)
    assert (finding.rule, finding.severity, str(finding.where)) == ("consent", "warning", "audiences/crew.yaml:1")
    assert finding.message == "2 of the 3 people have no consent on record."
    # What the finding advises is what makes it go away.
    workspace.write("audiences/crew.yaml", AUDIENCE + "exclude: {where: consent_at is null}\n")
    assert _found(workspace.root) == []
    workspace.write("audiences/crew.yaml", "# newsletter: ignore consent because they signed on paper\n" + AUDIENCE)
    assert _found(workspace.root) == []


def test_an_audience_that_records_no_consent_at_all_is_a_note(workspace: Workspace) -> None:
    workspace.write("audiences/crew.yaml", AUDIENCE)
    _import(workspace.root, "", "")
    assert _found(workspace.root) == []
    (note,) = _found(workspace.root, notes=True)
    assert (note.severity, note.message) == ("info", "no consent is on record of anybody in the audience.")
    opened = open_workspace(workspace.root, {}, REPOSITORY / "templates")
    audience, _ = load_audience(opened, "crew")
    assert crowd_of(opened, audience) == Crowd(audience.where, 2, 2, 0, 0)


@pytest.mark.parametrize(("carried", "suppressed", "told"), [(1_000, 0, True), (999, 0, False), (5_000, 1, False)])
def test_nobody_suppressed_after_a_thousand_mails_is_told(carried: int, suppressed: int, told: bool) -> None:
    found = list(check_crowd(Crowd(Where("audiences/a.yaml", 1), 10, 0, carried, suppressed)))
    assert [one.rule for one in found] == ["suppression-source"] * told


def test_a_check_says_that_nobody_looked_at_people_who_were_never_imported(workspace: Workspace) -> None:
    workspace.write("audiences/crew.yaml", AUDIENCE)
    opened = open_workspace(workspace.root, {}, REPOSITORY / "templates")
    assert summary(check_issue(opened, "tides")).endswith(
        " (its people were not looked at: run `newsletter audience import crew` first)"
    )
    _import(workspace.root, "2026-01-02")
    assert "import" not in summary(check_issue(opened, "tides"))
    # A database that holds other people is none of these.
    text = AUDIENCE.replace("crew.csv", "other.csv")
    workspace.write("audiences/other.csv", "Email\nada@example.org\n")
    workspace.write("audiences/crew.yaml", text)
    assert "import crew" in summary(check_issue(opened, "tides"))
    workspace.write("audiences/crew.yaml", text.replace("source: other.csv\n", ""))
    assert "import" not in summary(check_issue(opened, "tides"))
