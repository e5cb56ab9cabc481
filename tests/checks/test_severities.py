"""How serious a finding is, where newsletter.yaml says otherwise than the rule."""

from __future__ import annotations

import pytest

from newsletter.checks.registry import all_rules
from newsletter.checks.run import as_chosen
from newsletter.model import NOWHERE, Finding, Severity

BY_DEFAULT = {"image-source": "error", "double-word": "warning", "link-http": "info", "spelling": None}
"""A rule of each severity that rules have."""


def _as_chosen(finding: Finding, **chosen: str) -> list[str]:
    names = {name.replace("_", "-"): value for name, value in chosen.items()}
    return [one.severity.value for one in as_chosen([finding], names)]


def test_the_rules_named_here_are_of_each_severity_there_is() -> None:
    assert {name: all_rules()[name].severity for name in BY_DEFAULT} == BY_DEFAULT
    assert set(BY_DEFAULT.values()) == {*(rule.severity for rule in all_rules().values())}


@pytest.mark.parametrize("chosen", ["error", "warning", "info"])
@pytest.mark.parametrize("name", BY_DEFAULT)
def test_whatever_a_rule_says_by_default_the_settings_say_how_serious_it_is(name: str, chosen: str) -> None:
    finding = all_rules()[name].finding("something", NOWHERE)
    (found,) = as_chosen([finding], {name: chosen})
    assert found.severity == chosen
    assert as_chosen([found], {name: chosen}) == (found,), "chosen once more, it stays"
    assert as_chosen([finding], {name: "off"}) == ()


def test_what_a_rule_that_warns_only_notes_stays_a_note_however_serious_the_rule_is_made() -> None:
    finding = Finding("client-support", Severity.INFO, "square corners", NOWHERE)
    assert _as_chosen(finding, client_support="error") == ["info"]
    assert _as_chosen(finding, client_support="off") == []
