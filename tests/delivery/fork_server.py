"""Runs of the command, each in a process of its own that costs a fork instead of an interpreter's start.

In: a line of JSON on standard input for each run: folder, arguments, environment, and the files its output goes to.
Out: the process's number, and when it has ended its exit code, a line each.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.conftest import REPOSITORY

_PATIENCE = 90.0


class ForkServer:
    """One run at a time."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.running = 0
        """The process that runs now; 0 when there is none."""
        self._output = (Path(), Path())

    def start(self, folder: Path, *arguments: str, **environment: str) -> None:
        """Begin a run, without waiting for it."""
        self._output = (folder / "said.out", folder / "said.err")
        assert self._process.stdin is not None
        print(
            json.dumps([str(folder), arguments, environment, *map(str, self._output)]),
            file=self._process.stdin,
            flush=True,
        )
        self.running = self._number()

    def send_signal(self, number: int) -> None:
        os.kill(self.running, number)

    def ended(self) -> tuple[int, str, str]:
        """Wait for its end: exit code, standard output, standard error."""
        code = self._number()
        self.running = 0
        out, err = (path.read_text("utf-8") for path in self._output)
        assert "Traceback" not in err, err
        return code, out, err

    def end(self) -> None:
        """Whatever still runs is killed."""
        if self.running:
            self.send_signal(signal.SIGKILL)
            self.ended()

    def _number(self) -> int:
        assert self._process.stdout is not None
        ready, _, _ = select.select([self._process.stdout], [], [], _PATIENCE)
        assert ready, "the run does not end"
        return int(self._process.stdout.readline())


@contextmanager
def forking() -> Iterator[ForkServer]:
    """A server in a process of its own."""
    search = {"PYTHONPATH": os.pathsep.join([str(REPOSITORY / "src"), str(REPOSITORY)])}
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.delivery.fork_server"],
        env={**os.environ, **search},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    server = ForkServer(process)
    try:
        yield server
    finally:
        server.end()
        process.communicate(timeout=60)


def main() -> None:
    """Fork, run, tell; until there are no more lines."""
    from newsletter.cli import main as command
    from newsletter.cli import sending as cli_sending
    from newsletter.delivery.providers import outbox, smtp
    from newsletter.pipeline import sending

    assert cli_sending and outbox and smtp and sending, "loaded here, so that no run has to"
    for line in sys.stdin:
        process = os.fork()
        if process == 0:
            folder, arguments, environment, out, err = json.loads(line)
            os.chdir(folder)
            os.environ.update(environment)
            for path, number in (("/dev/null", 0), (out, 1), (err, 2)):
                os.dup2(os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600), number)
            sys.argv = ["newsletter", *arguments]
            code: object = 0
            try:
                command.run()
            except SystemExit as error:
                code = error.code
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code if isinstance(code, int) else 1 if code else 0)
        print(process, flush=True)
        _, status = os.waitpid(process, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    main()
