"""A mail server for the tests that remembers what it took, and fails as it is told to.

It offers PIPELINING, as most do; what it took counts from the moment at which it has the final dot, before it answers.
"""

from __future__ import annotations

import socket
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from threading import Lock, Thread
from typing import BinaryIO

DROP = "drop"
"""In place of an answer: the connection is closed without one."""
LOSE = "lose"
"""In place of the answer to the final dot: the message is taken, and nobody is told."""


class MailServer:
    """Listens on a port of its own from `start` to `stop`, again and again; use as a context manager."""

    def __init__(self) -> None:
        self.taken: Counter[str] = Counter()
        """Address → how many messages for it were taken."""
        self.answer: Callable[[str, str], str] = lambda verb, address: ""
        """Verb and recipient → the answer, `DROP` or `LOSE`; empty for the usual one. `CONNECT` asks for the
        greeting, and `DOT` for what is said of a whole message."""
        self.port = 0
        self._listening: socket.socket | None = None
        self._open: set[socket.socket] = set()
        self._lock = Lock()

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    def __enter__(self) -> MailServer:
        self.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()

    def start(self) -> None:
        """Listen; on the same port as before."""
        listening = socket.socket()
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(("127.0.0.1", self.port))
        listening.listen(100)
        self.port = listening.getsockname()[1]
        self._listening = listening
        Thread(target=self._accept, args=(listening,), daemon=True).start()

    def stop(self) -> None:
        """As if it were killed: every connection ends where it is."""
        listening, self._listening = self._listening, None
        if listening is not None:
            with suppress(OSError):
                listening.shutdown(socket.SHUT_RDWR)
            listening.close()
        with self._lock:
            for one in self._open:
                with suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)

    def _accept(self, listening: socket.socket) -> None:
        with suppress(OSError):
            while True:
                connection, _ = listening.accept()
                # An answer leaves at once, and does not wait for the client's kernel to confirm the one before it.
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, True)
                Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with self._lock:
            self._open.add(connection)
        with suppress(OSError), connection, connection.makefile("rb") as lines:
            if self._listening is not None:
                self._talk(connection, lines)
        with self._lock:
            self._open.discard(connection)

    def _talk(self, connection: socket.socket, lines: BinaryIO) -> None:
        address, verb, usual = "", "CONNECT", "220 ready"
        while True:
            answer = self.answer(verb, address) or usual
            if verb == "DOT" and (answer == LOSE or answer.startswith("250")):
                with self._lock:
                    self.taken[address] += 1
            if answer in (DROP, LOSE):
                return
            connection.sendall(answer.encode() + b"\r\n")
            if answer.startswith("421") or verb == "QUIT":
                return
            if verb == "RCPT" and not answer.startswith("250"):
                address = ""
            if verb == "DATA" and answer.startswith("354"):
                if not _read_message(lines):
                    return
                verb, usual = "DOT", "250 2.0.0 taken"
                continue
            line = lines.readline()
            if not line:
                return
            verb = line.split()[0].decode().upper()
            usual = _USUAL.get(verb, "250 2.0.0 fine")
            if verb == "RCPT":
                address = line.decode().partition("<")[2].partition(">")[0]
            elif verb in ("MAIL", "RSET"):
                address = ""
            elif verb == "DATA" and not address:
                usual = "503 5.5.1 nobody to send it to"


_USUAL = {"EHLO": "250-here\r\n250 PIPELINING", "DATA": "354 go on", "QUIT": "221 bye"}


def _read_message(lines: BinaryIO) -> bool:
    """Whether the final dot came."""
    while line := lines.readline():
        if line == b".\r\n":
            return True
    return False
