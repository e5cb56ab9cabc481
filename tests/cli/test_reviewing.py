"""`review` writes one file that says all a reviewer needs."""

from __future__ import annotations

import json
from typing import Any

from click.testing import CliRunner

from newsletter.cli.main import newsletter
from tests.studio import Inside


def _review(workspace: Any, *arguments: str, **environment: str) -> str:
    done = workspace.run("review", "tides", *arguments, **environment)
    assert done.returncode == 0, done.stderr
    text: str = (workspace.root / "build/tides/review.html").read_text()
    return text


def test_a_review_shows_every_mail_who_gets_it_and_how_to_approve(workspace: Any) -> None:
    page = _review(workspace)
    content = json.loads(workspace.run("approvals", "tides", "--json").stdout)["content_hash"]
    assert page.count('<details class="mail"') == 4
    assert "Tides for pilots" in page
    assert "Not counted yet" in page
    assert f'newsletter approve tides --by "YOUR NAME" --content {content[:12]}' in page
    assert workspace.run("plan", "tides").returncode == 0
    assert "Who gets it" in _review(workspace)
    assert workspace.run("approve", "tides", "--by", "Ada", "--content", content[:12]).returncode == 0


def test_a_review_names_what_changed_since_the_last_approval_line_by_line(workspace: Any) -> None:
    assert workspace.run("approve", "tides", "--by", "Ada", "--comment", "Looks right").returncode == 0
    page = _review(workspace)
    assert "Nothing has changed." in page
    assert "Looks right" in page
    workspace.write("issues/tides/tides.md", "---\ntitle: High water\n---\nThe tide *turns* at one.\n")
    page = _review(workspace)
    assert "<li>article tides.md</li>" in page
    assert "<del>- The tide turns at noon.</del>" in page
    assert "<ins>+ The tide turns at one.</ins>" in page


def test_a_review_with_a_missing_picture_shows_it_grey_says_that_it_cannot_be_approved_and_ends_with_1(
    workspace: Any,
) -> None:
    workspace.write("issues/tides/tides.md", "---\ntitle: High water\n---\nThe tide.\n\n![Moon](moon.png)\n")
    done = CliRunner().invoke(newsletter, ["--workspace", str(workspace.root), "review", "tides"])
    assert done.exit_code == 1
    assert "Wrote " in done.stdout and "a picture is missing, so nobody can approve this." in str(done.exception)
    page = (workspace.root / "build/tides/review.html").read_text("utf-8")
    assert "Cannot be approved yet" in page and "a picture is missing, and what stands grey here" in page
    assert "issues/tides/tides.md:6" in page and "image-missing" in page
    assert "newsletter approve" not in page and "--content" not in page
    # The page that the studio opens is the same one.
    assert "Cannot be approved yet" in Inside.of(workspace.root).ask("/issues/tides/review")[1]


def test_a_review_with_an_error_is_written_to_be_looked_at_and_ends_with_1_as_check_does(workspace: Any) -> None:
    workspace.write("issues/tides/tides.md", "---\ntitle: High water\n---\nThe [tide](http://localhost/tide).\n")
    root = ["--workspace", str(workspace.root)]
    done = CliRunner().invoke(newsletter, [*root, "review", "tides", "--json"])
    assert done.exit_code == CliRunner().invoke(newsletter, [*root, "check", "tides"]).exit_code == 1
    assert str(done.exception) == (
        "1 error in it: a send refuses the issue until then. `newsletter check tides` says where."
    )
    assert json.loads(done.stdout)["errors"] == 1
    page = (workspace.root / "build/tides/review.html").read_text("utf-8")
    # What is wrong is no reason to keep a reviewer from looking, and from deciding.
    assert "1 to mend" in page and "link-target" in page and "newsletter approve tides" in page
    workspace.write("issues/tides/tides.md", "---\ntitle: High water\n---\nThe tide.\n")
    done = CliRunner().invoke(newsletter, [*root, "review", "tides", "--json"])
    assert (done.exit_code, json.loads(done.stdout)["errors"]) == (0, 0)


def test_without_a_browser_screenshots_are_refused_in_a_sentence(workspace: Any) -> None:
    done = workspace.run("review", "tides", "--screenshots", "shots", PATH=str(workspace.root))
    assert done.returncode == 2
    assert "screenshots need Chromium or Chrome, and none is on the PATH" in done.stderr
    assert not (workspace.root / "shots").exists()
