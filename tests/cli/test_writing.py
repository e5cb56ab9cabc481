"""A build leaves in its folder what the issue makes now: no more rewriting than needed, and nothing of before."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest


def _times(folder: Path) -> dict[str, int]:
    return {
        path.relative_to(folder).as_posix(): path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()
    }


def _built(workspace: Any, *arguments: str) -> Path:
    result = workspace.run("build", "tides", *arguments)
    assert result.returncode == 0, result.stderr
    return Path(workspace.root) / "build/tides"


def test_a_build_of_the_same_files_rewrites_nothing(workspace: Any) -> None:
    before = _times(_built(workspace))
    assert _times(_built(workspace)) == before
    assert {"cook.html", "cook.txt", "cook.eml", "manifest.json"} <= set(before)


def test_a_build_rewrites_the_variants_that_changed(workspace: Any) -> None:
    before = _times(_built(workspace))
    galley = workspace.root / "issues/tides/galley.html"
    galley.write_text(galley.read_text("utf-8").replace("Soup again", "Fish at last"), "utf-8")
    after = _times(_built(workspace))
    changed = {name for name, time in after.items() if before.get(name) != time}
    assert changed == {"cook.html", "cook.txt", "cook.eml", "manifest.json", ".written.json"}


def test_a_file_that_somebody_changed_or_removed_is_written_again(workspace: Any) -> None:
    folder = _built(workspace)
    whole = (folder / "cook.html").read_bytes()
    (folder / "cook.html").write_bytes(whole[:100])
    (folder / "pilot.txt").unlink()
    (folder / "sailor.eml").write_bytes(b"")
    _built(workspace)
    assert (folder / "cook.html").read_bytes() == whole
    assert (folder / "pilot.txt").stat().st_size
    assert (folder / "sailor.eml").stat().st_size


def test_another_sender_is_in_the_messages_though_no_variant_changed(workspace: Any) -> None:
    folder = _built(workspace)
    settings = workspace.root / "newsletter.yaml"
    settings.write_text(settings.read_text("utf-8").replace("news@example.org", "post@example.org"), "utf-8")
    _built(workspace)
    assert b"post@example.org" in (folder / "cook.eml").read_bytes()


def test_files_of_a_profession_that_is_gone_are_removed_and_others_files_are_not(workspace: Any) -> None:
    folder = _built(workspace)
    (folder / "notes.txt").write_text("mine")
    professions = workspace.root / "audiences/professions.yaml"
    professions.write_text(professions.read_text("utf-8").replace("cook: {label: Cook}\n", ""), "utf-8")
    issue = workspace.root / "issues/tides/issue.yaml"
    issue.write_text(issue.read_text("utf-8").replace("for: [cook]", "for: [pilot]"), "utf-8")
    _built(workspace)
    assert not list(folder.glob("cook.*"))
    assert (folder / "notes.txt").read_text() == "mine"
    assert (folder / "pilot.html").exists()


def test_a_build_of_one_profession_leaves_the_others_files(workspace: Any) -> None:
    before = _times(_built(workspace))
    _built(workspace, "--profession", "cook")
    assert set(_times(workspace.root / "build/tides")) == set(before)


def test_a_note_that_names_files_elsewhere_removes_none_of_them(workspace: Any) -> None:
    folder = _built(workspace)
    precious = workspace.root / "build/precious.html"
    precious.write_text("keep me")
    note = json.loads((folder / ".written.json").read_text("utf-8"))
    one = next(iter(note.values()))
    note["../precious"] = one
    note["gone"] = one | {"pictures": ["../../precious.html", "..", "../manifest.json", ""]}
    (folder / ".written.json").write_text(json.dumps(note), "utf-8")
    _built(workspace)
    assert precious.read_text() == "keep me"
    assert (folder / "manifest.json").exists()


def test_a_damaged_note_is_written_anew(workspace: Any) -> None:
    folder = _built(workspace)
    for damage in ("", "[]", '{"cook": 1}', '{"cook": {"subject": 1, "files": "x", "pictures": 3}}'):
        (folder / ".written.json").write_text(damage, "utf-8")
        _built(workspace)
        assert "pilot" in json.loads((folder / ".written.json").read_text("utf-8"))


def test_a_pipe_in_the_place_of_a_file_is_refused_and_not_waited_for(workspace: Any) -> None:
    assert workspace.run("build", "tides").returncode == 0
    page = workspace.root / "build/tides/default.html"
    page.unlink()
    os.mkfifo(page)
    result = workspace.run("build", "tides")
    assert result.returncode == 2
    assert "build/tides/default.html: is a pipe, not a file. Take it away." in result.stderr


def test_a_workspace_that_cannot_keep_anything_builds_all_the_same(workspace: Any) -> None:
    (workspace.root / "build").mkdir()
    (workspace.root / "build/.cache").write_text("a file where the cache would be")
    _built(workspace)
    assert (workspace.root / "build/tides/cook.html").exists()


def test_a_build_refuses_to_write_over_what_no_build_has_written(workspace: Any) -> None:
    articles = workspace.root / "issues/tides"
    workspace.write("issues/tides/cook.html", "<p>Mine.</p>")
    before = _times(articles)
    result = workspace.run("build", "tides", "--out", "issues/tides")
    assert result.returncode == 1
    assert "issues/tides: would overwrite cook.html, which no build has written" in result.stderr
    assert _times(articles) == before


def test_somebody_elses_manifest_and_pictures_stand_in_the_way_too(workspace: Any) -> None:
    (picture,) = (_built(workspace) / "images").iterdir()
    workspace.write("site/manifest.json", '{"name": "A web app"}')
    workspace.write(f"site/images/{picture.name}", "not this picture")
    result = workspace.run("build", "tides", "--out", "site")
    assert result.returncode == 1
    assert f"would overwrite manifest.json, images/{picture.name}, which" in result.stderr
    assert sorted(_times(workspace.root / "site")) == [f"images/{picture.name}", "manifest.json"]


def test_what_a_build_that_was_cut_off_left_does_not_stand_in_the_way(workspace: Any) -> None:
    folder = workspace.root / "site"
    folder.mkdir()
    # The first file cannot be written, so the build ends after it has said what it is about to write.
    (folder / "cook.eml").symlink_to(folder / "missing/cook.eml")
    assert workspace.run("build", "tides", "--out", "site").returncode == 2
    assert (folder / "cook.html").exists() and not (folder / "manifest.json").exists()
    (folder / "cook.eml").unlink()
    assert workspace.run("build", "tides", "--out", "site").returncode == 0


def test_a_build_whose_note_is_lost_is_known_by_its_manifest(workspace: Any) -> None:
    folder = _built(workspace)
    (folder / ".written.json").unlink()
    _built(workspace)
    assert (folder / ".written.json").exists()


def test_a_build_with_errors_writes_everything_and_ends_with_1(workspace: Any) -> None:
    workspace.write("issues/tides/tides.md", "---\ntitle: High water\ndraft: true\n---\nThe tide turns.\n")
    result = workspace.run("build", "tides", "--json")
    assert result.returncode == 1
    assert "1 error above" in result.stderr
    assert [one["rule"] for one in json.loads(result.stdout)["findings"]] == ["draft"]
    assert (workspace.root / "build/tides/cook.html").exists()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("arguments", [["--json"], []], ids=["json", "table"])
def test_output_that_cannot_be_written_is_said_in_a_sentence(workspace: Any, arguments: list[str]) -> None:
    command = workspace.command("build", "tides", *arguments)
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(command, cwd=workspace.root, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == "Error: standard output cannot be written to: No space left on device.\n"


def test_a_reader_that_has_seen_enough_is_no_error(workspace: Any) -> None:
    running = subprocess.Popen(
        workspace.command("build", "tides", "--json"),
        cwd=workspace.root,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert running.stdout is not None
    assert running.stderr is not None
    running.stdout.close()
    with running.stderr:
        assert running.stderr.read() == b""
    assert running.wait(60) == 0
