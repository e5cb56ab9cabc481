"""What a mail server answers, and what that means for a message.

The enhanced status code (RFC 3463) decides where there is one, the basic code (RFC 5321 §4.2) otherwise. A refusal for
our own configuration (5.7.x: authentication, policy; 5.3.x: their system, ours to ask about) is no fault of the
recipient: every other message would fare the same.
"""

from __future__ import annotations

import re
import socket
import ssl
import struct
from collections import deque
from dataclasses import dataclass

from newsletter.model import Outcome, Result

_NO_SUCH_ADDRESS = re.compile(r"5\.(1\.(1|2|3|6|10)|2\.1)\b")
_OUR_FAULT = re.compile(r"5\.7\.\d+|5\.3\.\d+")
_CHUNK = 65_536
_LONGEST = 1_000_000
_MOST_KNOWN = 20
"""Replies to remember: a server says nearly always the same few."""


class Lost(Exception):
    """The connection broke, or the server no longer speaks SMTP."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply: its code and its words on one line."""

    code: int
    words: str

    @property
    def ours(self) -> bool:
        """Whether it refuses for a reason that lies with us, not with the recipient."""
        return self.code >= 500 and bool(_OUR_FAULT.search(self.words))

    @property
    def said(self) -> str:
        """The reply as people read it, not too long."""
        return f"{self.code} {self.words}".strip()[:300]

    def refusal(self) -> Outcome:
        """The outcome of a message that was refused with it."""
        if self.code < 500:
            return Outcome(Result.DEFERRED, self.said)
        if self.ours:
            return Outcome(Result.UNSENT, self.said)
        return Outcome(Result.REJECTED, self.said, suppress=bool(_NO_SUCH_ADDRESS.search(self.words)))


class Replies:
    """The replies a server sends over a socket, in order; several may arrive at once."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self._unread = b""
        self._lines: deque[bytes] = deque()
        self._known: dict[bytes, Reply] = {}

    def next(self) -> Reply:
        """The next reply, all its lines; raises `Lost` when the connection ends or makes no sense."""
        line = self._lines.popleft() if self._lines else self._line()
        return self._known.get(line) or self._read(line)

    def _read(self, line: bytes) -> Reply:
        words = []
        first = line
        while True:
            line = line.rstrip(b"\r")
            code, more = line[:3], line[3:4]
            if not code.isdigit() or more not in (b" ", b"-", b""):
                raise Lost(f"the server does not speak SMTP: {line[:60]!r}")
            words.append(line[4:])
            if more != b"-":
                break
            line = self._line()
        reply = Reply(int(code), " ".join(b" ".join(words).replace(b"\0", b" ").decode("utf-8", "replace").split()))
        if len(words) == 1 and len(self._known) < _MOST_KNOWN:
            self._known[first] = reply
        return reply

    def _line(self) -> bytes:
        while not self._lines:
            if len(self._unread) > _LONGEST:
                raise Lost("the server's reply never ends")
            try:
                received = self._socket.recv(_CHUNK)
            except OSError as error:
                raise Lost(said(error)) from error
            if not received:
                raise Lost("the server closed the connection")
            *lines, self._unread = (self._unread + received).split(b"\n")
            self._lines.extend(lines)
        return self._lines.popleft()


def wait_up_to(sock: socket.socket, seconds: float) -> None:
    """How long each read and write may take. The system's own limit spares a call that asks before each of them; an
    encrypted socket needs Python's."""
    if isinstance(sock, ssl.SSLSocket):
        sock.settimeout(seconds)
        return
    sock.settimeout(None)
    limit = struct.pack("ll", int(seconds), 0)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, limit)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, limit)


def said(error: Exception) -> str:
    """What an error says of itself, or its name."""
    return str(error).strip() or type(error).__name__
