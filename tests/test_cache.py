"""A pack gives back what it was given, or nothing: whatever happens to its file."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from newsletter.cache import Pack, tidy, tree_digest


def _kept(path: Path, **contents: bytes) -> None:
    with Pack(path) as pack:
        for key, content in contents.items():
            pack.keep(key, content)


def _read(path: Path, *keys: str) -> list[bytes | None]:
    with Pack(path) as pack:
        return [pack.get(key) for key in keys]


def test_what_is_kept_is_there_in_the_next_run(tmp_path: Path) -> None:
    path = tmp_path / "deep/letter.pack"
    _kept(path, a=b"one", b=b"\0" * 100_000)
    assert _read(path, "a", "b", "c") == [b"one", b"\0" * 100_000, None]
    assert [one.name for one in path.parent.iterdir()] == ["letter.pack"]


def test_any_byte_that_has_changed_costs_an_entry_and_never_gives_another_content(tmp_path: Path) -> None:
    path = tmp_path / "letter.pack"
    _kept(path, a=b"the first", b=b"the second")
    whole = path.read_bytes()
    for position in range(len(whole)):
        path.write_bytes(whole[:position] + bytes([whole[position] ^ 0x20]) + whole[position + 1 :])
        first, second = _read(path, "a", "b")
        assert first in (b"the first", None)
        assert second in (b"the second", None)


def test_a_file_cut_off_anywhere_or_of_another_kind_is_as_good_as_none(tmp_path: Path) -> None:
    path = tmp_path / "letter.pack"
    _kept(path, a=b"the first")
    whole = path.read_bytes()
    for content in [*(whole[:length] for length in range(len(whole))), b"PK\x03\x04" * 100, whole + b"more"]:
        path.write_bytes(content)
        assert _read(path, "a") == [None]
    _kept(path, a=b"anew")
    assert _read(path, "a") == [b"anew"]


def test_a_run_over_everything_lets_go_of_what_it_did_not_use(tmp_path: Path) -> None:
    path = tmp_path / "letter.pack"
    _kept(path, a=b"1", b=b"2")
    with Pack(path) as pack:
        pack.get("a")
        pack.keep("c", b"3")
        pack.close(everything=False)
    assert _read(path, "a", "b", "c") == [b"1", b"2", b"3"]
    with Pack(path) as pack:
        pack.get("a")
        pack.close(everything=True)
    assert _read(path, "a", "b", "c") == [b"1", None, None]


def test_a_run_that_learns_nothing_new_leaves_the_file_alone(tmp_path: Path) -> None:
    path = tmp_path / "letter.pack"
    _kept(path, a=b"1")
    before = path.stat()
    with Pack(path) as pack:
        pack.get("a")
        pack.close(everything=True)
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_what_is_forgotten_is_not_kept(tmp_path: Path) -> None:
    path = tmp_path / "letter.pack"
    with Pack(path) as pack:
        pack.keep("a", b"1")
        pack.forget()
    assert list(tmp_path.iterdir()) == []


def test_two_runs_at_once_leave_a_whole_file_of_the_one_that_ends_last(tmp_path: Path) -> None:
    path = tmp_path / "letter.pack"
    with Pack(path) as one, Pack(path) as other:
        one.keep("a", b"of one")
        other.keep("a", b"of the other")
        one.close(everything=True)
        other.close(everything=True)
    assert _read(path, "a") == [b"of the other"]
    assert len(list(tmp_path.iterdir())) == 1


def test_where_nothing_can_be_written_nothing_is_kept_and_nothing_fails(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    path = tmp_path / "file/letter.pack"
    with Pack(path) as pack:
        pack.keep("a", b"1")
        assert pack.get("a") is None
        pack.close(everything=True)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no device that is always full")
def test_a_full_disk_costs_the_cache_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "letter.pack"
    with Pack(path) as pack:
        pack.keep("a", b"1")
        assert pack._out is not None
        full = os.open("/dev/full", os.O_WRONLY)
        os.dup2(full, pack._out.fileno())
        os.close(full)
        pack.keep("b", os.urandom(1_000_000))
        pack.close(everything=True)
    assert list(tmp_path.iterdir()) == []


def test_packs_of_issues_that_are_gone_and_old_half_written_files_are_removed(tmp_path: Path) -> None:
    for name in ("letter.pack", "gone.pack", "old.x.part", "new.y.part", "notes.txt"):
        (tmp_path / name).write_text("")
    long_ago = time.time() - 7_200
    os.utime(tmp_path / "old.x.part", (long_ago, long_ago))
    tidy(tmp_path, ["letter"])
    assert sorted(one.name for one in tmp_path.iterdir()) == ["letter.pack", "new.y.part", "notes.txt"]


def test_a_tree_of_files_has_another_digest_when_a_name_or_a_byte_differs(tmp_path: Path) -> None:
    (tmp_path / "tree/blocks").mkdir(parents=True)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "tree/linked").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "tree/circle").symlink_to(tmp_path / "tree")
    seen = [tree_digest([tmp_path / "tree"])]
    for name, content in (("tree/a", "1"), ("tree/a", "2"), ("tree/blocks/b", ""), ("elsewhere/c", "1")):
        (tmp_path / name).write_text(content)
        seen.append(tree_digest([tmp_path / "tree"]))
    (tmp_path / "tree/a").rename(tmp_path / "tree/z")
    seen.append(tree_digest([tmp_path / "tree"]))
    assert len(set(seen)) == len(seen)


def test_a_fresh_run_takes_nothing_and_what_it_works_out_takes_the_place_of_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "letter.pack"
    _kept(path, a=b"old", b=b"kept")
    with Pack(path, fresh=True) as pack:
        assert [pack.get("a"), pack.get("b")] == [None, None]
        pack.keep("a", b"new")
    assert _read(path, "a", "b") == [b"new", b"kept"]
    with Pack(path, fresh=True) as pack:
        pack.keep("b", b"alone")
        pack.close(everything=True)
    assert _read(path, "a", "b") == [None, b"alone"]
