"""Edits of an issue on disk: made whole or not at all, and never over what somebody else has saved."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from newsletter.composing import issue_file
from newsletter.errors import ChangedMeanwhile, FileProblems, Refused
from newsletter.pipeline import composing
from newsletter.pipeline.composing import Insert, Move, Remove, Retarget
from newsletter.pipeline.workspace import Workspace, open_workspace
from tests.conftest import REPOSITORY

ISSUE = """\
title: Spring
subject: Spring
audience: everyone
sections:
  - blocks:
      - {text: one}   # first
      - {text: two}
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A workspace with a small issue."""
    shutil.copytree(REPOSITORY / "audiences", tmp_path / "audiences")
    shutil.copytree(REPOSITORY / "static", tmp_path / "static")
    shutil.copytree(REPOSITORY / "templates/images", tmp_path / "templates/images")
    shutil.copy2(REPOSITORY / "newsletter.yaml", tmp_path)
    folder = tmp_path / "issues/spring"
    shutil.copytree(REPOSITORY / "issues/every-block/images", folder / "images")
    (folder / "words.md").write_text("---\ntitle: Words\n---\n\nSome words.\n", "utf-8")
    (folder / "issue.yaml").write_text(ISSUE, "utf-8")
    return tmp_path


@pytest.fixture
def workspace(root: Path) -> Workspace:
    return open_workspace(root, {}, REPOSITORY / "templates")


@pytest.fixture
def file(root: Path) -> Path:
    return root / "issues/spring/issue.yaml"


def seen(file: Path) -> str:
    return composing.seen_after(file.read_bytes())


def test_an_edit_is_written_whole_and_leaves_nothing_else_behind(workspace: Workspace, file: Path) -> None:
    file.chmod(0o640)
    others = sorted(file.parent.iterdir())
    change = composing.compose(workspace, "spring", seen(file), Move((0, 1), (0, 0)))
    assert file.read_text("utf-8").splitlines()[5:] == ["      - {text: two}", "      - {text: one}   # first"]
    assert change.place == (0, 0)
    assert (change.before, change.after) == (ISSUE.encode(), file.read_bytes())
    assert sorted(file.parent.iterdir()) == others
    assert file.stat().st_mode & 0o777 == 0o640


def test_a_file_that_was_changed_meanwhile_is_left_alone(workspace: Workspace, file: Path) -> None:
    looked_at = seen(file)
    file.write_text(ISSUE.replace("two", "three"), "utf-8")
    with pytest.raises(ChangedMeanwhile, match="changed meanwhile, so nothing was written"):
        composing.compose(workspace, "spring", looked_at, Remove((0, 0)))
    with pytest.raises(ChangedMeanwhile):
        composing.put_back(workspace, "spring", looked_at, ISSUE.encode())
    assert file.read_text("utf-8") == ISSUE.replace("two", "three")


def test_a_change_in_the_very_moment_of_writing_is_seen(
    workspace: Workspace, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = ISSUE.replace("two", "three")
    read = composing.load_issue

    def slow(*arguments: object, **named: object) -> object:
        file.write_text(theirs, "utf-8")
        return read(*arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(composing, "load_issue", slow)
    with pytest.raises(ChangedMeanwhile):
        composing.compose(workspace, "spring", seen(file), Remove((0, 0)))
    assert file.read_text("utf-8") == theirs


def test_a_write_that_fails_leaves_the_file_as_it_was(
    workspace: Workspace, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(issue_file.os, "fsync", full)
    others = sorted(file.parent.iterdir())
    with pytest.raises(FileProblems, match=r"issues/spring/issue\.yaml.*No space left"):
        composing.compose(workspace, "spring", seen(file), Remove((0, 0)))
    assert file.read_text("utf-8") == ISSUE
    assert sorted(file.parent.iterdir()) == others


def test_an_edit_that_would_break_the_issue_is_refused_with_the_sentence_a_build_would_say(
    workspace: Workspace, file: Path
) -> None:
    with pytest.raises(Refused, match=r"issue\.yaml:6: unknown profession 'practitionr'.*Did you mean"):
        composing.compose(workspace, "spring", seen(file), Retarget((0, 0), ("practitionr",)))
    composing.compose(workspace, "spring", seen(file), Remove((0, 0)))
    with pytest.raises(Refused, match="no blocks yet"):
        composing.compose(workspace, "spring", seen(file), Remove((0, 0)))
    assert file.read_text("utf-8") == ISSUE.replace("      - {text: one}   # first\n", "")


def test_an_issue_that_is_broken_already_can_be_mended_but_not_broken_further(workspace: Workspace, file: Path) -> None:
    file.write_text(ISSUE + "      - {article: gone.md}\n", "utf-8")
    with pytest.raises(Refused, match="unknown profession 'nobody'"):
        composing.compose(workspace, "spring", seen(file), Retarget((0, 0), ("nobody",)))
    composing.compose(workspace, "spring", seen(file), Move((0, 2), (0, 0)))
    composing.compose(workspace, "spring", seen(file), Remove((0, 0)))
    assert file.read_text("utf-8") == ISSUE


def test_line_ends_and_the_mark_of_another_editor_stay(workspace: Workspace, file: Path) -> None:
    content = b"\xef\xbb\xbf" + ISSUE.replace("\n", "\r\n").encode()
    file.write_bytes(content)
    composing.compose(workspace, "spring", seen(file), Insert((0, 0), "text: a\nfor: [teacher]"))
    assert file.read_bytes() == content.replace(
        b"      - {text: one}", b"      - text: a\r\n        for: [teacher]\r\n      - {text: one}"
    )


def test_a_link_out_of_the_workspace_is_not_followed(
    workspace: Workspace, file: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = tmp_path_factory.mktemp("elsewhere") / "issue.yaml"
    outside.write_text(ISSUE, "utf-8")
    file.unlink()
    file.symlink_to(outside)
    for act in (
        lambda: composing.sheet(workspace, "spring"),
        lambda: composing.compose(workspace, "spring", seen(outside), Remove((0, 0))),
    ):
        with pytest.raises(Refused, match="leads out of the workspace"):
            act()
    assert outside.read_text("utf-8") == ISSUE


def test_a_new_block_of_every_kind_is_complete(workspace: Workspace, file: Path) -> None:
    kinds = composing.sheet(workspace, "spring").kinds
    assert len(kinds) == 15
    for kind in kinds:
        new = composing.new_block(workspace, "spring", kind)
        composing.compose(workspace, "spring", seen(file), Insert((0, 0), new))
    composing.compose(workspace, "spring", seen(file), Insert((1,), composing.SECTION))
    parts = composing.sheet(workspace, "spring").parts
    assert {one.kind for one in parts[0].entries} == set(kinds)
    assert [one.heading for one in parts] == ["", "New section"]


def test_a_new_block_shows_only_files_of_the_issue(workspace: Workspace, root: Path) -> None:
    assert composing.new_block(workspace, "spring", "article", "words.md") == "{article: words.md, show: summary}"
    with pytest.raises(Refused, match=r"no file '\.\./\.\./newsletter\.yaml'"):
        composing.new_block(workspace, "spring", "image", "../../newsletter.yaml")
    with pytest.raises(Refused, match="no kind of block called 'prose'"):
        composing.new_block(workspace, "spring", "prose")
    (root / "issues/spring/words.md").unlink()
    with pytest.raises(Refused, match="no article in the issue's folder"):
        composing.new_block(workspace, "spring", "article")


def test_a_file_that_cannot_be_read_is_shown_with_its_line(workspace: Workspace, file: Path) -> None:
    file.write_text("title: [\n", "utf-8")
    sheet = composing.sheet(workspace, "spring")
    assert (sheet.parts, sheet.seen) == ((), seen(file))
    assert "issues/spring/issue.yaml:1: broken YAML: `[` is opened here" in sheet.problem
    file.write_bytes(b"title: a\nsections: \xff\n")
    assert "issue.yaml:2: not UTF-8" in composing.sheet(workspace, "spring").problem
