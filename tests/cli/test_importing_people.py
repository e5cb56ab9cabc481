"""`audience import`: what was understood is shown, nothing is lost without a word, and looking changes nothing."""

from __future__ import annotations

import csv
import json
from typing import Any

from click.testing import CliRunner, Result

from newsletter.cli.main import newsletter

MESSY = (
    "Vorname;E-Mail-Adresse;Beruf;Gehalt\n"
    "Zoë;zoe@x.org;Sailor;-5\n"
    "Ben;ben@x.org;Astronaut;\n"
    "Ben;BEN@x.org;;\n"
    '=HYPERLINK("http://x");no address;@SUM(A1);-5\n'
)


def _messy(workspace: Any) -> Any:
    workspace.write("audiences/crew.yaml", "source: crew.csv\n")
    (workspace.root / "audiences/crew.csv").write_bytes(MESSY.encode("cp1252"))
    return workspace


def test_a_dry_run_shows_columns_counts_and_rejections_and_makes_nothing(workspace: Any) -> None:
    before = sorted(path for path in _messy(workspace).root.rglob("*"))
    result = workspace.run("audience", "import", "crew", "--dry-run")
    assert result.returncode == 0, result.stderr
    assert "audiences/crew.csv is CSV with semicolons. Columns guessed from the headings:" in result.stdout
    assert "  address     ← E-Mail-Adresse\n" in result.stdout
    assert "Columns not taken: Gehalt." in result.stdout
    assert "Note: read as Windows-1252, because line 2 is not UTF-8" in result.stdout
    assert (
        "Would import audiences/crew.csv: 4 rows, 2 added, 0 updated, 0 unchanged, 1 merged, 1 rejected."
        in result.stderr
    )
    assert sorted(path for path in workspace.root.rglob("*")) == before


def test_every_rejected_row_is_in_a_csv_that_no_spreadsheet_computes(workspace: Any) -> None:
    document = json.loads(_messy(workspace).run("audience", "import", "crew", "--json").stdout)
    assert (document["rejected_rows"], document["rejected_file"]) == (1, "build/import/crew-rejected.csv")
    assert document["rejected"] == [{"line": 5, "reason": "an email address must have an @-sign"}]
    path = workspace.root / "build/import/crew-rejected.csv"
    assert path.stat().st_mode & 0o777 == 0o600
    with path.open(encoding="utf-8-sig", newline="") as file:
        assert list(csv.reader(file)) == [
            ["line", "reason", "Vorname", "E-Mail-Adresse", "Beruf", "Gehalt"],
            ["5", "an email address must have an @-sign", '\'=HYPERLINK("http://x")', "no address", "'@SUM(A1)", "-5"],
        ]
    workspace.write("audiences/crew.csv", "Email\nzoe@x.org\n")
    again = json.loads(workspace.run("audience", "import", "crew", "--json").stdout)
    assert (again["rejected_file"], again["left"], path.exists()) == ("", 1, False)


def test_a_dry_run_over_a_known_file_tells_what_would_change_and_changes_nothing(workspace: Any) -> None:
    _messy(workspace).run("audience", "import", "crew")
    workspace.write("audiences/crew.csv", "Email,First name\nzoe@x.org,Zoe\nnew@x.org,New\n")
    told = json.loads(workspace.run("audience", "import", "crew", "--dry-run", "--json").stdout)
    done = json.loads(workspace.run("audience", "import", "crew", "--json").stdout)
    keys = ("rows", "added", "updated", "unchanged", "merged", "joined", "left", "columns")
    assert [told[key] for key in keys] == [done[key] for key in keys]
    assert [done[key] for key in keys[:7]] == [2, 1, 1, 0, 0, 1, 1]
    assert (told["dry_run"], done["dry_run"]) == (True, False)


def test_a_file_that_would_empty_the_audience_ends_with_1_and_says_how_to_go_on(workspace: Any) -> None:
    workspace.write("audiences/crew.yaml", "source: crew.csv\n")
    workspace.write("audiences/crew.csv", "Email\n" + "".join(f"r{one}@x.org\n" for one in range(12)))
    assert _run(workspace, "crew").exception is None
    workspace.write("audiences/crew.csv", "Email\nr1@x.org\n")
    looked = _run(workspace, "crew", "--dry-run", "--json")
    document = json.loads(looked.stdout)
    assert (document["left"], "11 of the 12 people" in document["refusal"]) == (11, True)
    stopped = _run(workspace, "crew")
    assert [one.exception.exit_code for one in (looked, stopped)] == [1, 1]
    assert "newsletter audience import crew --allow-leaving" in str(stopped.exception)
    assert json.loads(_run(workspace, "crew", "--allow-leaving", "--json").stdout)["left"] == 11


def _run(workspace: Any, *arguments: str) -> Result:
    """The command in this process."""
    command = ["--workspace", str(workspace.root), "audience", "import", *arguments]
    return CliRunner().invoke(newsletter, command, standalone_mode=False)
