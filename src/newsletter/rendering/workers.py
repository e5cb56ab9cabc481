"""Variants rendered by several processes at once.

In: an edition and the professions whose variants are wanted. Out: each rendered variant, in whatever order it is done.
Processes are begun anew: a copy of this one (fork) could inherit a lock held by one of its threads. Each has a pipe to
this process and ends with it, however that ends. What a worker cannot render is rendered here, so that errors and
their order are those of a single process.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection, wait
from pickle import PicklingError

from newsletter.model import RenderedVariant
from newsletter.rendering.layout import Templates
from newsletter.rendering.render import Edition, render_one

WORTH_A_WORKER = 40
"""Variants: fewer for each worker are rendered sooner than it has started."""

_COMMAND = (
    "import sys; sys.path[:] = sys.argv[2:]; from newsletter.rendering import workers; workers.work(int(sys.argv[1]))"
)
_CHUNK = 8
_GOODBYE_SECONDS = 5

MakeTemplates = Callable[[], Templates]
"""Makes the templates anew in another process; has to be picklable."""
Rendered = tuple[str, RenderedVariant]


def worker_count(variants: int, cores: int | None = None) -> int:
    """How many processes are worth starting for so many variants; 0: this one does it alone."""
    count = min(cores or _cores(), variants // WORTH_A_WORKER)
    return count if count > 1 else 0


def render_in_processes(
    edition: Edition, make_templates: MakeTemplates, keys: Sequence[str], count: int
) -> Generator[Rendered, None, None]:
    """The variants of `keys` by `count` workers; those that none of them could render are left out."""
    chunks = [tuple(keys[start : start + _CHUNK]) for start in range(0, len(keys), _CHUNK)]
    with _workers(edition, make_templates, count) as connections:
        waiting = iter(chunks)
        busy: list[Connection] = []
        for connection in connections:
            _hand_out(connection, waiting, busy)
        while busy:
            ready = wait(busy)
            for connection in [one for one in busy if one in ready]:
                busy.remove(connection)
                try:
                    done: list[Rendered] | None = connection.recv()
                except (EOFError, OSError):
                    continue
                if done is None:
                    # The first variant that fails ends a build: hand out no more, and let this process come to it.
                    waiting = iter(())
                    continue
                _hand_out(connection, waiting, busy)
                yield from done


def _hand_out(connection: Connection, waiting: Iterator[tuple[str, ...]], busy: list[Connection]) -> None:
    chunk = next(waiting, None)
    if chunk is None:
        return
    try:
        connection.send(chunk)
    except OSError:
        return
    busy.append(connection)


@contextmanager
def _workers(edition: Edition, make_templates: MakeTemplates, count: int) -> Iterator[list[Connection]]:
    """Pipes to so many workers; none is left when the block ends, in whatever way."""
    started: list[tuple[subprocess.Popen[bytes], Connection]] = []
    finished = False
    try:
        for _ in range(count):
            started.append(_started())
        for _, connection in started:
            _give(connection, (edition, make_templates))
        yield [connection for _, connection in started]
        finished = True
    finally:
        for process, connection in started:
            connection.close()
            if not finished:
                process.kill()
        for process, _ in started:
            _ended(process)


def _started() -> tuple[subprocess.Popen[bytes], Connection]:
    ours, theirs = socket.socketpair()
    command = [sys.executable, "-P", "-c", _COMMAND, str(theirs.fileno()), *sys.path]
    try:
        with theirs:
            # In a session of its own, so that the Ctrl-C of a terminal reaches this process alone.
            process = subprocess.Popen(  # noqa: S603  # this very Python, and nothing that a file of the workspace says
                command,
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
    except OSError:
        ours.close()
        raise
    return process, Connection(ours.detach())


def _give(connection: Connection, values: object) -> None:
    """Send the values; a worker that is gone already is found out when its answer is asked for."""
    try:
        connection.send(values)
    except OSError:
        return
    except (TypeError, AttributeError) as error:
        raise PicklingError(str(error)) from error


def _ended(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(_GOODBYE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def work(descriptor: int) -> None:
    """The life of a worker: the edition first, then keys in and their variants out, until the pipe closes."""
    connection = Connection(descriptor)
    try:
        edition, make_templates = connection.recv()
        templates = make_templates()
        while True:
            keys: tuple[str, ...] = connection.recv()
            connection.send(_rendered(edition, templates, keys))
    except (EOFError, OSError):
        return


def _rendered(edition: Edition, templates: Templates, keys: Sequence[str]) -> list[Rendered] | None:
    try:
        return [(key, render_one(edition, templates, key).rendered) for key in keys]
    except Exception:
        return None


def _cores() -> int:
    """The cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
