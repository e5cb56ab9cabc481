"""Whom a test from the studio goes to: what was typed into one field, taken apart."""

from __future__ import annotations

import json
from typing import Any

import pytest

from newsletter.web.studio.deeds import recipients
from tests.studio import Inside


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("a@b.org, c@d.org;e@f.org\ng@h.org", "a@b.org|c@d.org|e@f.org|g@h.org"),
        ("a@example.org  b@example.org,", "a@example.org|b@example.org"),
        (" not an  address ", "not an address"),
        ("a@example.org or b@example.org; c@example.org", "a@example.org or b@example.org|c@example.org"),
        (" , ;\r\n", ""),
    ],
)  # fmt: skip
def test_spaces_part_addresses_only(typed: str, meant: str) -> None:
    assert list(recipients(typed)) == (meant.split("|") if meant else [])


def test_what_is_no_address_is_refused_as_it_was_typed(workspace: Any) -> None:
    asked = {"to": "not an address", "profession": "pilot"}
    status, body = Inside.of(workspace.root).ask("/issues/tides/tests", asked)
    assert status == 422
    assert json.loads(body)["problem"].startswith("'not an address': an email address must have an @-sign")
