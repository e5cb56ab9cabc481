"""Every finding has a rule that explains it."""

from __future__ import annotations

import re
from pathlib import Path

from newsletter.checks.registry import all_rules

SOURCE = Path(__file__).parents[2] / "src/newsletter"
SAID = re.compile(r'(?:\bFinding|tell|notice|told)\(\s*(?:state,\s*)?"([a-z]+(?:-[a-z]+)*)"')
OF_INLINE = {"deep-styles", "linked-styles", "not-inlined", "template-styles"}
"""What `newsletter inline` tells of a file that belongs to no issue."""


def test_whatever_is_found_can_be_explained_and_set_under_checks() -> None:
    said = {rule for path in SOURCE.rglob("*.py") for rule in SAID.findall(path.read_text("utf-8"))}
    assert len(said) > 20
    assert said - OF_INLINE <= set(all_rules())
