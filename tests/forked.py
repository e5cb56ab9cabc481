"""Runs of the command, each in a process of its own that costs a fork instead of an interpreter's start.

One server for each process of the tests has everything imported that the command may need; it forks for every run.
A run is what it is elsewhere: its own process number, folder, environment, streams, exit code, and it can be killed.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import itertools
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from functools import cache
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]
BEGINS_WITH = "NEWSLETTER_TEST_BEGINS_WITH"
"""In a run's environment, `module:function`: what a test changes in the run's own process before the command begins."""
_PATIENCE = 120.0
_numbers = itertools.count()


class Run:
    """A run of the command that was begun. Closing it, or leaving a `with`, kills what still runs."""

    def __init__(self, connection: socket.socket, arguments: list[str], said: tuple[Path, Path]) -> None:
        self._answers = connection.makefile("r", encoding="ascii")
        connection.close()
        self.args = arguments
        self._said = said
        self._code: int | None = None
        self.pid = int(self._answers.readline())

    def send_signal(self, number: int) -> None:
        """Nothing happens when it has ended."""
        if self._code is None:
            try:
                os.kill(self.pid, number)
            except ProcessLookupError:
                return

    def alive(self) -> bool:
        """Whether it still runs."""
        if self._code is None:
            try:
                os.kill(self.pid, 0)
            except ProcessLookupError:
                return False
        return self._code is None

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def wait(self, timeout: float = _PATIENCE) -> int:
        """Its exit code, once it has ended; minus the signal's number when one ended it."""
        if self._code is None:
            killer = threading.Timer(timeout, self.kill)
            began = time.monotonic()
            killer.start()
            self._code = int(self._answers.readline())
            killer.cancel()
            self._answers.close()
            if time.monotonic() - began >= timeout:
                raise subprocess.TimeoutExpired(self.args, timeout)
        return self._code

    @property
    def output(self) -> tuple[str, str]:
        """What it has said so far on standard output and standard error."""
        out, err = (path.read_text("utf-8") if path.exists() else "" for path in self._said)
        return out, err

    def ended(self) -> tuple[int, str, str]:
        """Wait for its end: exit code, standard output, standard error."""
        code = self.wait()
        out, err = self.output
        assert "Traceback" not in err, err
        return code, out, err

    def close(self) -> None:
        self.kill()
        self.wait()

    def __enter__(self) -> Run:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def start(folder: Path, arguments: list[str], environment: dict[str, str]) -> Run:
    """Begin a run of the command in the folder, with exactly this environment, without waiting for it."""
    server = _server()
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(str(server / "socket"))
    number = next(_numbers)
    said = (server / f"{number}.out", server / f"{number}.err")
    connection.sendall(json.dumps([str(folder), arguments, environment, *map(str, said)]).encode() + b"\n")
    return Run(connection, arguments, said)


def run(folder: Path, arguments: list[str], environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """A run, from its beginning to its end."""
    with start(folder, arguments, environment) as begun:
        code = begun.wait()
        out, err = begun.output
    return subprocess.CompletedProcess(["newsletter", *arguments], code, out, err)


@cache
def _server() -> Path:
    """The folder of a server that lives as long as this process: its socket, and what its runs have said."""
    folder = tempfile.TemporaryDirectory()
    path = str(Path(folder.name) / "socket")
    search = {"PYTHONPATH": os.pathsep.join([str(REPOSITORY / "src"), str(REPOSITORY)])}
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.forked", path], env={**os.environ, **search}, stdout=subprocess.PIPE, text=True
    )

    def end() -> None:
        process.kill()
        process.communicate()
        folder.cleanup()

    atexit.register(end)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n", "the server of runs does not start"
    return Path(folder.name)


def main(path: str) -> None:
    """Listen; for every connection fork a process that forks the run, and tells its number and its exit code."""
    _load()
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(path)
    listening.listen(16)
    gc.collect()
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    print("ready", flush=True)
    while True:
        connection, _ = listening.accept()
        if os.fork() == 0:
            listening.close()
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            _watch(connection)
            os._exit(0)
        connection.close()


def _load() -> None:
    """Import what runs need, so that none of them has to."""
    import pkgutil

    import newsletter

    for one in pkgutil.walk_packages(newsletter.__path__, "newsletter."):
        if ".migrations." not in one.name and not one.name.endswith("__main__"):
            importlib.import_module(one.name)


def _watch(connection: socket.socket) -> None:
    asked = connection.makefile("r", encoding="utf-8").readline()
    process = os.fork()
    if process == 0:
        connection.close()
        _become(*json.loads(asked))
    connection.sendall(b"%d\n" % process)
    _, status = os.waitpid(process, 0)
    connection.sendall(b"%d\n" % os.waitstatus_to_exitcode(status))


def _become(folder: str, arguments: list[str], environment: dict[str, str], out: str, err: str) -> None:
    """The run itself; this process ends with it as an interpreter does."""
    from newsletter.cli import main as command

    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    for path, number in (("/dev/null", 0), (out, 1), (err, 2)):
        opened = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(opened, number)
        os.close(opened)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - it ends with the process
    sys.argv = ["newsletter", *arguments]
    code: object = 0
    try:
        if first := environment.get(BEGINS_WITH):
            module, _, function = first.partition(":")
            getattr(importlib.import_module(module), function)()
        command.run()
    except SystemExit as error:
        code = error.code
        if isinstance(code, str):
            print(code, file=sys.stderr)
    except BaseException:
        traceback.print_exc()
        code = 1
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code if isinstance(code, int) else 1 if code else 0)


if __name__ == "__main__":
    main(sys.argv[1])
