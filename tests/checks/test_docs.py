"""docs/checks.md says of every rule what the rule says of itself."""

from __future__ import annotations

import re

from newsletter.pipeline.checking import rule_table
from tests.conftest import REPOSITORY

ROW = re.compile(r"^\| `([a-z-]+)` \| (error|warning|info|off) \| (.*) \|$", re.MULTILINE)


def test_the_tables_hold_every_rule_once_with_its_usual_severity_and_first_sentence() -> None:
    rows = ROW.findall((REPOSITORY / "docs/checks.md").read_text("utf-8"))
    expected = {
        name: (severity, about.split(". ")[0].rstrip(".") + ".") for name, (severity, about) in rule_table().items()
    }
    assert {name: (severity, about.replace("\\|", "|")) for name, severity, about in rows} == expected
    assert len(rows) == len(expected)
