"""Runs of `send`, each in a process of its own that costs a fork instead of an interpreter's start.

In: a line on standard input for each run. Out: the process's number, and when it has ended its exit code, a line each.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from threading import Event

from newsletter.delivery.providers import smtp
from newsletter.errors import Stopped
from newsletter.pipeline import sending
from newsletter.pipeline.workspace import open_workspace


def main() -> None:
    """Fork, send, tell; until there are no more lines."""
    assert smtp, "loaded here, so that no run has to"
    for _ in sys.stdin:
        process = os.fork()
        if process == 0:
            os._exit(_send())
        print(process, flush=True)
        _, status = os.waitpid(process, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def _send() -> int:
    workspace = open_workspace(Path.cwd(), os.environ, Path.cwd() / "templates")
    try:
        state = sending.send(workspace, "letter", sending.SendOptions(), Event())
    except Stopped:
        return 3
    return 3 if state.counts.unfinished else 0


if __name__ == "__main__":
    main()
