"""What is done is done whoever reads its words, and whether anybody does."""

from __future__ import annotations

import errno
import os
import signal
import sys
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from newsletter.cli import main
from newsletter.cli.sending import draining
from newsletter.cli.standard_streams import let_nobody_read, may_end_unread, open_closed
from newsletter.pipeline import planning, sending
from newsletter.pipeline.workspace import open_workspace

TEMPLATES = Path(__file__).parents[2] / "templates"


def _run(monkeypatch: pytest.MonkeyPatch, *arguments: str, output: str = "") -> object:
    """The exit code of the whole command; with `output`, standard output is the interpreter's own, of that kind."""
    monkeypatch.setattr(main, "_start_light", lambda: None)
    monkeypatch.setattr(sys, "argv", ["newsletter", *arguments])
    if output == "unread":
        reading, writing = os.pipe()
        os.close(reading)
        stream = os.fdopen(writing, "w", encoding="utf-8")
        monkeypatch.setattr(sys, "stdout", stream)
        monkeypatch.setattr(sys, "__stdout__", stream)
    with pytest.raises(SystemExit) as ended:
        main.run()
    if output == "unread":
        assert os.fstat(writing).st_rdev == Path(os.devnull).stat().st_rdev, "nothing of it was given up"
        stream.close()
    return ended.value.code


def test_a_send_that_nobody_reads_sends(workspace: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    root = str(workspace.root)
    assert _run(monkeypatch, "--workspace", root, "send", "tides", "--yes", output="unread") == 0
    assert len(workspace.outbox()) == 2


def test_a_send_that_nobody_reads_ends_with_its_own_exit_code(workspace: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    root = str(workspace.root)
    assert _run(monkeypatch, "--workspace", root, "send", "tides", "--yes", "--limit", "1", output="unread") == 3
    assert len(workspace.outbox()) == 1


def test_what_only_shows_something_ends_quietly_when_nobody_reads_it(
    workspace: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = open_workspace(workspace.root, {}, TEMPLATES)
    planning.freeze(opened, planning.plan(opened, "tides"))
    sending.send(opened, "tides", sending.SendOptions(), Event())
    assert _run(monkeypatch, "--workspace", str(workspace.root), "status", "tides", output="unread") == 0


def test_code_of_others_that_ends_the_program_does_not_end_it_well(
    workspace: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def ends(*arguments: Any, **named: Any) -> None:
        sys.exit(0)

    monkeypatch.setattr(sending, "open_provider", ends)
    assert _run(monkeypatch, "--workspace", str(workspace.root), "send", "tides", "--yes") == 2
    assert "SystemExit" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "shows"),
    [
        (["status", "--watch"], True),
        (["--workspace", "status", "send", "x"], False),
        (["--workspace=there", "--debug", "plan", "x"], True),
        (["audience", "list", "x"], True),
        (["audience", "import", "list"], False),
        (["run-due"], False),
        (["--help"], False),
    ],
)
def test_whether_a_command_only_shows_something_is_told_by_its_name(arguments: list[str], shows: bool) -> None:
    assert may_end_unread(arguments) is shows


def test_a_stream_that_cannot_take_it_for_another_reason_still_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("this system has no device that is always full")
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        monkeypatch.setattr(sys, "stdout", full)
        monkeypatch.setattr(sys, "__stdout__", full)
        let_nobody_read(["send"])
        sys.stdout.write("sent")
        with pytest.raises(OSError, match="No space") as caught:
            sys.stdout.flush()
        assert caught.value.errno == errno.ENOSPC
        os.dup2(os.open(os.devnull, os.O_WRONLY), full.fileno())
        sys.stdout.close()


def test_streams_that_were_closed_take_what_is_said_and_have_nothing_to_read(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("stdin", "stdout", "stderr"):
        monkeypatch.setattr(sys, name, None)
    open_closed()
    with sys.stdin, sys.stdout, sys.stderr:
        print("nobody hears this", flush=True)
        print("nor this", file=sys.stderr, flush=True)
        assert sys.stdin.read() == ""
        assert [os.get_inheritable(one.fileno()) for one in (sys.stdin, sys.stdout, sys.stderr)] == [True] * 3


def test_without_a_standard_input_there_is_nobody_to_ask(workspace: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    monkeypatch.setattr(main, "let_nobody_read", lambda arguments: None)
    assert _run(monkeypatch, "--workspace", str(workspace.root), "send", "tides") == 2
    sys.stdin.close()
    assert workspace.outbox() == []


def test_help_needs_no_standard_output(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    assert main._width() == 80


def test_a_terminal_that_is_closed_lets_what_was_begun_come_to_its_end() -> None:
    stop = Event()
    with draining(stop) as received:
        for _ in range(4):
            signal.raise_signal(signal.SIGHUP)
    assert stop.is_set()
    assert received == [signal.SIGHUP] * 4


def test_a_terminal_that_is_closed_makes_no_difference_under_nohup() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        stop = Event()
        with draining(stop) as received:
            signal.raise_signal(signal.SIGHUP)
        assert not stop.is_set()
        assert received == []
    finally:
        signal.signal(signal.SIGHUP, before)
