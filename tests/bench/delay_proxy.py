"""A proxy to a port of this machine that lets every byte arrive half a round trip later, in each direction."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Condition, Thread

REPOSITORY = Path(__file__).parents[2]
_CHUNK = 262_144


@contextmanager
def delayed(port: int, round_trip: float) -> Iterator[int]:
    """The port of a proxy to `port`, in a process of its own."""
    command = [sys.executable, "-m", "tests.bench.delay_proxy", str(port), str(round_trip / 2)]
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield int(process.stdout.readline())
        finally:
            process.kill()


def main() -> None:
    """Serve until killed."""
    port, delay = int(sys.argv[1]), float(sys.argv[2])
    listening = socket.create_server(("127.0.0.1", 0), backlog=200)
    print(listening.getsockname()[1], flush=True)
    while True:
        near, _ = listening.accept()
        far = socket.create_connection(("127.0.0.1", port))
        for one in (near, far):
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for source, target in ((near, far), (far, near)):
            _pass_on(source, target, delay)


def _pass_on(source: socket.socket, target: socket.socket, delay: float) -> None:
    waiting: deque[tuple[float, bytes]] = deque()
    arrived = Condition()

    def read() -> None:
        content = b"x"
        while content:
            try:
                content = source.recv(_CHUNK)
            except OSError:
                content = b""
            with arrived:
                waiting.append((time.monotonic() + delay, content))
                arrived.notify()

    def write() -> None:
        while True:
            with arrived:
                while not waiting:
                    arrived.wait()
                due, content = waiting.popleft()
            time.sleep(max(0.0, due - time.monotonic()))
            with suppress(OSError):
                if not content:
                    target.shutdown(socket.SHUT_WR)
                    return
                target.sendall(content)

    for work in (read, write):
        Thread(target=work, daemon=True).start()


if __name__ == "__main__":
    main()
