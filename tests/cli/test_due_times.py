"""What `send --at … --local-time` tells before it asks."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from newsletter.cli.scheduling import print_due
from newsletter.pipeline import planning, scheduling
from newsletter.pipeline.workspace import open_workspace

TEMPLATES = Path(__file__).parents[2] / "templates"
NOW = datetime(2027, 3, 1, tzinfo=UTC)


def test_who_lives_where_the_clocks_skip_the_time_is_counted_and_who_has_no_known_zone(
    workspace: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    workspace.write(
        "audiences/crew.yaml", "title: The crew\nsource: crew.csv\ncolumns: {address: Email, time_zone: Zone}\n"
    )
    zones = ["Europe/Berlin", "Europe/Paris", "Europe/Berlin", "Asia/Tokyo", "", "Nowhere/Land", "Nowhere/Land"]
    rows = [f"r{number}@example.org,{zone}\n" for number, zone in enumerate(zones)]
    workspace.write("audiences/crew.csv", "Email,Zone\n" + "".join(rows))
    opened = replace(open_workspace(workspace.root, {}, TEMPLATES), clock=lambda: NOW)
    audience = planning.plan(opened, "tides").built.audience
    print_due(opened, audience, scheduling.schedule_of(opened, "2027-03-28 02:30", local=True))
    assert capsys.readouterr().err.splitlines()[1:] == [
        "3 have no time zone, or one that is no name such as Europe/Berlin (the import counts those apart): they get "
        "it by the clock of UTC.",
        "Where 3 live the clocks skip 02:30: they get it at 03:30 in Europe/Berlin, 03:30 in Europe/Paris.",
    ]
