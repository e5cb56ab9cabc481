"""A build that takes what has not changed from an earlier one is the build that takes nothing."""

from __future__ import annotations

import gc
import os
import shutil
import signal
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from newsletter import cache
from newsletter.errors import FileProblems
from newsletter.model import Image, Picture
from newsletter.pipeline import building
from newsletter.pipeline.building import Built
from newsletter.pipeline.workspace import Workspace, open_workspace
from newsletter.rendering import pictures, press, workers
from tests.bench.workspaces import many_professions

REPOSITORY = Path(__file__).parents[2]


def _open(root: Path) -> Workspace:
    return open_workspace(root, {}, REPOSITORY / "templates")


def _build(root: Path, issue: str = "tides", fresh: bool = False) -> Built:
    return building.build(_open(root), issue, fresh=fresh)


def _rendered_anew(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The professions whose variants are rendered from now on."""
    keys: list[str] = []
    render = press.render_variant

    def noting(edition: Any, templates: Any, key: str, *given: Any) -> Any:
        keys.append(key)
        return render(edition, templates, key, *given)

    monkeypatch.setattr(press, "render_variant", noting)
    return keys


def test_the_second_build_renders_nothing_and_is_the_same(workspace: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    fresh = _build(workspace.root, fresh=True)
    first = _build(workspace.root)
    anew = _rendered_anew(monkeypatch)
    again = _build(workspace.root)
    assert anew == []
    assert again == first == fresh


def test_what_is_said_of_a_picture_is_said_again_by_the_second_build(workspace: Any) -> None:
    workspace.write(
        "issues/tides/images/wave.svg",
        '<svg xmlns="http://www.w3.org/2000/svg" width="200" height="100"><image href="https://example.org/a.png"/>'
        '<text y="50" font-family="No Such Font">Waves</text></svg>',
    )
    first, again = _build(workspace.root), _build(workspace.root)
    assert {one.rule for one in first.findings} >= {"svg-lost", "svg-font"}
    assert again.findings == first.findings


def test_what_is_said_of_two_drawings_that_come_out_alike_is_said_of_both(workspace: Any) -> None:
    drawing = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><image href="{}.png"/></svg>'
    for name in ("wave", "sail"):
        workspace.write(f"issues/tides/images/{name}.svg", drawing.format(name))
    _edit("issues/tides/issue.yaml", "      - {text:", "      - {image: images/sail.svg, alt: A}\n      - {text:")(
        workspace
    )
    for built in (_build(workspace.root), _build(workspace.root)):
        said = [one.message for one in built.findings if one.rule == "svg-lost"]
        assert ["wave" in one for one in said] == [True, False]


def _drawn_anew(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The pictures made from now on, as in a new process."""
    paths: list[str] = []
    make = pictures._make

    def noting(image: Image, *given: Any) -> Picture:
        paths.append(image.path)
        return make(image, *given)

    monkeypatch.setattr(pictures, "_make", noting)
    monkeypatch.setattr(pictures, "_made", pictures._Made(64_000_000))
    return paths


def test_an_edit_of_a_text_draws_no_picture_anew(workspace: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = _drawn_anew(monkeypatch)
    _build(workspace.root)
    assert drawn
    # A build without a change in between lets go of nothing that the next one needs.
    _build(workspace.root)
    _edit("issues/tides/tides.md", "tide", "flood")(workspace)
    drawn = _drawn_anew(monkeypatch)
    edited = _build(workspace.root)
    assert drawn == []
    assert edited == _build(workspace.root, fresh=True)


@pytest.mark.parametrize("passing", [False, True])
def test_the_first_look_at_an_issue_takes_its_pictures_from_an_earlier_build(
    workspace: Any, monkeypatch: pytest.MonkeyPatch, passing: bool
) -> None:
    _build(workspace.root)
    pack = workspace.root / "build/.cache/tides.pack"
    kept = pack.read_bytes()
    drawn = _drawn_anew(monkeypatch)
    building.build(_open(workspace.root), "tides", ["cook"], passing=passing)
    assert drawn == []
    assert pack.read_bytes() == kept


def test_a_picture_saved_anew_is_drawn_anew(workspace: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    _build(workspace.root)
    _edit("issues/tides/images/wave.svg", "<svg ", "<svg id='other' ")(workspace)
    drawn = _drawn_anew(monkeypatch)
    _build(workspace.root)
    assert [Path(one).name for one in drawn] == ["wave.svg"]


@pytest.mark.parametrize("damage", [b"", b"x", b"{}\nPNG", b'["a"]\nPNG', b"\xff\n"])
def test_a_kept_picture_that_cannot_be_read_is_drawn_anew(
    workspace: Any, monkeypatch: pytest.MonkeyPatch, damage: bytes
) -> None:
    keep = cache.Pack.keep

    def damaging(self: cache.Pack, key: str, content: bytes) -> None:
        keep(self, key, damage if key.startswith("picture/") else content)

    with monkeypatch.context() as patched:
        patched.setattr(cache.Pack, "keep", damaging)
        _build(workspace.root)
    drawn = _drawn_anew(monkeypatch)
    built = _build(workspace.root)
    assert drawn
    assert built == _build(workspace.root, fresh=True)


def test_an_unchanged_build_holds_the_texts_of_many_variants_packed(tmp_path: Path) -> None:
    many_professions(tmp_path, 60, own_articles=True)
    texts = sum(len(one.html) + len(one.text) for one in _build(tmp_path, "letter").variants)
    tracemalloc.start()
    try:
        variants = _build(tmp_path, "letter").variants
        count = len(variants)
        gc.collect()
        before = tracemalloc.get_traced_memory()[0]
        del variants
        gc.collect()
        held = before - tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert count == 61
    assert held < texts / 2


def _edit(name: str, old: str, new: str) -> Callable[[Any], None]:
    def change(workspace: Any) -> None:
        text = (workspace.root / name).read_text("utf-8")
        assert old in text
        workspace.write(name, text.replace(old, new))

    return change


def _own_template(workspace: Any) -> None:
    text = (REPOSITORY / "templates/blocks/text.html.j2").read_text("utf-8")
    workspace.write("templates/blocks/text.html.j2", text + "<!-- mine --><tr><td>Mine</td></tr>")


CHANGES: dict[str, Callable[[Any], None]] = {
    "a byte of an article": _edit("issues/tides/tides.md", "noon", "nine"),
    "a front matter field": _edit("issues/tides/galley.html", "Soup again\n", "Soup at last\n"),
    "a byte of a picture": _edit("issues/tides/images/wave.svg", "#0b5fff", "#0b5ffe"),
    "the issue's subject": _edit("issues/tides/issue.yaml", "Tides for", "Waves for"),
    "who a block is for": _edit("issues/tides/issue.yaml", "for: [cook]", "for: [pilot]"),
    "a setting": _edit("newsletter.yaml", "2 Quay Street", "3 Quay Street"),
    "the site": _edit("newsletter.yaml", "https://example.org", "https://example.net"),
    "a profession's label": _edit("audiences/professions.yaml", "label: Sailor", "label: Mariner"),
    "an article found elsewhere": lambda workspace: (
        workspace.write("site/tides.md", "---\ntitle: Elsewhere\n---\nNews.\n"),
        (workspace.root / "issues/tides/tides.md").unlink(),
    )[0],
    "a template": _own_template,
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_any_input_that_changes_gives_the_content_of_a_build_that_keeps_nothing(
    workspace: Any, change: Callable[[Any], None]
) -> None:
    before = _build(workspace.root)
    change(workspace)
    after = _build(workspace.root)
    assert after == _build(workspace.root, fresh=True)
    assert after.content_hash != before.content_hash
    assert _build(workspace.root) == after


def test_a_picture_that_goes_missing_is_an_error_as_it_is_without_a_cache(workspace: Any) -> None:
    text = "---\ntitle: High water\nimage: images/wave.svg\n---\nHigh.\n"
    workspace.write("issues/tides/tides.md", text)
    _build(workspace.root)
    (workspace.root / "issues/tides/images/wave.svg").unlink()
    with pytest.raises(FileProblems) as kept:
        _build(workspace.root)
    with pytest.raises(FileProblems) as fresh:
        _build(workspace.root, fresh=True)
    assert kept.value.problems == fresh.value.problems


def test_a_field_the_audience_no_longer_has_is_an_error_though_the_variant_is_kept(workspace: Any) -> None:
    crew = (workspace.root / "audiences/crew.yaml").read_text("utf-8")
    workspace.write("audiences/crew.yaml", crew.replace("profession: Job", "ship: Ship, profession: Job"))
    workspace.write("issues/tides/tides.md", "---\ntitle: Tides\n---\nOn {{ recipient.ship | default('land') }}.\n")
    _build(workspace.root)
    workspace.write("audiences/crew.yaml", crew)
    with pytest.raises(FileProblems, match=r"tides\.md:4: unknown merge field 'recipient\.ship'"):
        _build(workspace.root)


def test_a_merge_field_is_at_the_line_its_author_has_it_on_now(workspace: Any) -> None:
    _build(workspace.root)
    issue = (workspace.root / "issues/tides/issue.yaml").read_text("utf-8")
    workspace.write("issues/tides/issue.yaml", issue.replace("title: Tides", "# moved\ntitle: Tides"))
    assert _build(workspace.root) == _build(workspace.root, fresh=True)


def test_another_version_of_the_program_renders_anew(workspace: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    _build(workspace.root)
    anew = _rendered_anew(monkeypatch)
    cache.program_digest.cache_clear()
    monkeypatch.setattr("newsletter.__version__", "999")
    try:
        _build(workspace.root)
    finally:
        cache.program_digest.cache_clear()
    assert anew == ["sailor", "pilot", "cook", "default"]


def test_one_profession_s_article_renders_that_profession_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    many_professions(tmp_path / "many", 5, own_articles=True)
    root = tmp_path / "many"
    _build(root, "letter")
    path = root / "site/trade-3/open-source.md"
    path.write_text(path.read_text("utf-8") + "\nOne more line.\n", "utf-8")
    anew = _rendered_anew(monkeypatch)
    built = _build(root, "letter")
    assert anew == ["trade-3"]
    assert built == _build(root, "letter", fresh=True)


def test_a_build_of_one_profession_keeps_what_the_others_had(workspace: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    _build(workspace.root)
    workspace.write("issues/tides/tides.md", "---\ntitle: High water\n---\nLow water.\n")
    building.build(_open(workspace.root), "tides", ["cook"])
    workspace.write("issues/tides/tides.md", "---\ntitle: High water\n---\nThe tide *turns* at noon.\n")
    anew = _rendered_anew(monkeypatch)
    _build(workspace.root)
    assert anew == []


def test_a_template_saved_while_a_build_runs_is_not_mistaken_for_the_one_before(
    workspace: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    _own_template(workspace)
    mine = workspace.root / "templates/blocks/text.html.j2"
    old = mine.read_text("utf-8")
    made = building.KeptVariants

    def saved_meanwhile(*given: Any) -> Any:
        mine.write_text(old.replace("Mine", "Other"), "utf-8")
        return made(*given)

    monkeypatch.setattr(building, "KeptVariants", saved_meanwhile)
    assert any("Other" in one.html for one in _build(workspace.root).variants)
    monkeypatch.undo()
    mine.write_text(old, "utf-8")
    assert _build(workspace.root) == _build(workspace.root, fresh=True)


def test_a_damaged_cache_is_rebuilt_in_silence(workspace: Any) -> None:
    first = _build(workspace.root)
    pack = workspace.root / "build/.cache/tides.pack"
    pack.write_bytes(pack.read_bytes()[:-20] + b"x" * 20)
    assert _build(workspace.root) == first


def test_a_send_takes_nothing_from_the_cache(workspace: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(REPOSITORY / "templates", workspace.root / "templates", dirs_exist_ok=True)
    assert workspace.run("build", "tides").returncode == 0
    root = workspace.root
    original = cache.Pack.keep

    def planting(self: cache.Pack, key: str, content: bytes) -> None:
        original(self, key, content.replace(b"turns", b"PLANT") if key.startswith("variant/") else content)

    shutil.rmtree(root / "build")
    monkeypatch.setattr(cache.Pack, "keep", planting)
    _build(root)
    monkeypatch.undo()
    assert any("PLANT" in one.html for one in _build(root).variants)
    sent = workspace.run("send", "tides", "--yes")
    assert sent.returncode == 0, sent.stderr
    mails = [path.read_bytes() for path in workspace.outbox()]
    assert len(mails) == 2
    assert not any(b"PLANT" in mail for mail in mails)


# ── several processes ───────────────────────────────────────────────────────────────────────────────────────────────


def test_processes_are_started_when_there_is_enough_to_do_and_more_than_one_core() -> None:
    assert [workers.worker_count(500, cores) for cores in (1, 2, 8)] == [0, 2, 8]
    assert [workers.worker_count(count, 4) for count in (0, 1, 79, 80, 120)] == [0, 0, 0, 2, 3]


@pytest.fixture
def trades(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An issue for twenty professions, and two processes to render it."""
    many_professions(tmp_path / "trades", 20, own_articles=True)
    monkeypatch.setattr(press, "worker_count", lambda count: 2 if count > 1 else 0)
    return tmp_path / "trades"


def test_two_processes_make_what_one_makes(trades: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    anew = _rendered_anew(monkeypatch)
    told: list[tuple[int, int | None]] = []
    together = building.build(_open(trades), "letter", progress=lambda done, total: told.append((done, total)))
    assert anew == []
    assert told == [(number, 21) for number in range(1, 22)]
    monkeypatch.setattr(press, "worker_count", lambda count: 0)
    alone = _build(trades, "letter", fresh=True)
    assert len(anew) == 21
    assert together == alone == _build(trades, "letter")


def test_a_picture_shown_to_all_is_in_memory_once(trades: Path) -> None:
    for fresh in (True, False, False):
        variants = _build(trades, "letter", fresh=fresh).variants
        copies: dict[str, set[int]] = {}
        for one in variants:
            for picture in one.pictures:
                copies.setdefault(picture.name, set()).add(id(picture.content))
        assert {len(ids) for ids in copies.values()} == {1}


def test_an_error_in_another_process_names_the_line_and_the_first_profession(trades: Path) -> None:
    mine = trades / "templates/blocks/text.html.j2"
    mine.parent.mkdir(parents=True)
    mine.write_text(
        "<tr><td>{{ block.html }}\n{{ 1 / (profession.key.split('-') | last | int - 13) }}</td></tr>", "utf-8"
    )
    with pytest.raises(FileProblems, match=r"^templates/blocks/text\.html\.j2:2: division by zero"):
        _build(trades, "letter")


def test_where_no_process_can_be_started_this_one_does_the_work(trades: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*arguments: object, **options: object) -> None:
        raise OSError("no more processes")

    monkeypatch.setattr(subprocess, "Popen", refused)
    assert len(_build(trades, "letter").variants) == 21


def test_workers_that_die_cost_time_and_no_variant(trades: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "_COMMAND", "raise SystemExit(1)")
    assert len(_build(trades, "letter", fresh=True).variants) == 21


@pytest.mark.parametrize("blow", [signal.SIGINT, signal.SIGKILL])
def test_no_worker_outlives_a_build_that_is_interrupted_or_killed(trades: Path, blow: signal.Signals) -> None:
    code = (
        # A shell lets what it runs in the background ignore interrupts, and that is inherited.
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "import sys; from newsletter.rendering import press, workers\n"
        "press.worker_count = lambda count: 2\n"
        "started = workers._started\n"
        "def noting():\n    process, pipe = started()\n    print(process.pid, flush=True)\n    return process, pipe\n"
        "workers._started = noting\n"
        "from newsletter.cli.main import run; sys.argv = ['newsletter', 'build', 'letter']; run()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code], cwd=trades, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    pids = [int(process.stdout.readline()) for _ in range(2)]
    process.send_signal(blow)
    _, said = process.communicate(timeout=60)
    assert process.returncode == (130 if blow is signal.SIGINT else -9)
    assert "Traceback" not in said
    deadline = time.monotonic() + 30
    while any(_runs(pid) for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(_runs(pid) for pid in pids)


def _runs(pid: int) -> bool:
    """Whether the process is there and more than a name in the table (a container may have nobody to reap it)."""
    try:
        os.kill(pid, 0)
        state = Path(f"/proc/{pid}/stat")
        return not (state.exists() and state.read_text().rpartition(")")[2].split()[0] == "Z")
    except (ProcessLookupError, FileNotFoundError):
        return False


def test_two_builds_at_once_do_not_harm_each_other(workspace: Any) -> None:
    running = [
        subprocess.Popen(workspace.command("build", "tides"), cwd=workspace.root, stdout=subprocess.DEVNULL)
        for _ in range(3)
    ]
    assert [one.wait(60) for one in running] == [0, 0, 0]
    assert _build(workspace.root) == _build(workspace.root, fresh=True)
