"""A stand-in for SendGrid's `POST /v3/mail/send`: its documented limits, and faults on demand.

What it delivers it remembers by delivery id, with tags replaced by values as SendGrid does. Also a program of its own,
`python -m tests.delivery.sendgrid_server`, which prints its port and answers every request cheaply: for benchmarks.
"""

from __future__ import annotations

import json
import re
import socket
import struct
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

KEY = "SG.made-up-key"
FORBIDDEN = {
    "x-sg-id",
    "x-sg-eid",
    "received",
    "dkim-signature",
    "content-type",
    "content-transfer-encoding",
    "to",
    "from",
    "subject",
    "reply-to",
    "cc",
    "bcc",
}
Fault = Callable[["Exchange"], bool]
"""Deals with a request in the server's place; False when it left it to the server."""


@dataclass
class Delivered:
    """A mail as its recipient would get it."""

    address: str
    name: str
    subject: str
    html: str
    text: str
    headers: dict[str, str]
    attachments: list[dict[str, str]]


@dataclass
class Server:
    """What it was asked and what it delivered."""

    faults: deque[Fault] = field(default_factory=deque)
    """One for each of the next requests."""
    invalid: set[str] = field(default_factory=set)
    """Addresses it refuses."""
    names_fields: bool = True
    """Whether a refusal says which personalization it is about."""
    most_recipients: int = 1000
    most_bytes: int = 30_000_000
    delivered: dict[str, list[Delivered]] = field(default_factory=dict)
    requests: list[dict[str, Any]] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    pause: Callable[[], float] = lambda: 0.0
    """Seconds to think before a request is taken, and again before it is answered."""
    drops: Callable[[], bool] = lambda: False
    """Whether a request that was read whole is let fall when its sender is gone before it is taken."""
    busy: int = 0
    """Requests under way."""
    lock: threading.Lock = field(default_factory=threading.Lock)
    url: str = ""

    def events(self) -> list[dict[str, object]]:
        """What its webhook would tell, in the order it happened: everything it took was processed."""
        with self.lock:
            return [
                {
                    "event": "processed",
                    "timestamp": 1_700_000_000,
                    "email": mails[0].address,
                    "sg_event_id": f"processed-{one}",
                    "sg_message_id": "m.1",
                    "newsletter_delivery": one,
                }
                for one, mails in self.delivered.items()
            ]

    def settle(self) -> None:
        """Wait until everything that was ever sent to it is dealt with, also what it had not yet accepted."""
        host, _, port = self.url.removeprefix("http://").partition(":")
        # Connections are accepted in the order they came: this one is closed after all before it were counted.
        with socket.create_connection((host, int(port)), timeout=60) as last:
            last.shutdown(socket.SHUT_WR)
            assert last.recv(1) == b""
        deadline = time.monotonic() + 60
        while self.busy:
            assert time.monotonic() < deadline, "requests that never end"
            time.sleep(0.005)

    def times(self) -> Counter[str]:
        """How often each address was mailed."""
        with self.lock:
            return Counter(mail.address for mails in self.delivered.values() for mail in mails)

    def refusals(self, body: bytes, mail: dict[str, Any]) -> list[dict[str, str | None]]:
        """What SendGrid would say is wrong, as far as its documentation tells."""
        found: list[dict[str, str | None]] = []

        def wrong(field: str | None, message: str) -> None:
            found.append({"field": field, "message": message, "help": None})

        people = mail.get("personalizations", [])
        if not 1 <= len(people) <= self.most_recipients:
            wrong("personalizations", f"The personalization block is limited to {self.most_recipients}.")
        addresses = Counter(to["email"].lower() for one in people for to in one["to"])
        if sum(addresses.values()) > 1000:
            wrong("personalizations", "There is a limit of 1000 total recipients.")
        if addresses and addresses.most_common(1)[0][1] > 1:
            wrong("personalizations", "Each unique email address should only be included once.")
        for number, one in enumerate(people):
            where = f"personalizations.{number}." if self.names_fields else None
            for to in one["to"]:
                if to["email"] in self.invalid or not to["email"].isascii():
                    wrong(where and where + "to", "Does not contain a valid address.")
                if re.search("[;,]", to.get("name", "")):
                    wrong(where and where + "to", "The name holds a semicolon or a comma.")
            values = one.get("substitutions", {})
            size = sum(len(f"{tag}{value}".encode()) for tag, value in values.items())
            if size > 10_000 or not all(isinstance(value, str) for value in values.values()):
                wrong(where and where + "substitutions", "Substitutions are limited to 10000 bytes of strings.")
            headers = {**mail.get("headers", {}), **one.get("headers", {})}
            if FORBIDDEN & {name.lower() for name in headers} or not all(isinstance(v, str) for v in headers.values()):
                wrong(where and where + "headers", "This header cannot be set.")
            arguments = {**mail.get("custom_args", {}), **one.get("custom_args", {})}
            if len(json.dumps(arguments)) >= 10_000 or not all(isinstance(v, str) for v in arguments.values()):
                wrong(where and where + "custom_args", "custom_args are limited to 10000 bytes of strings.")
        if [part["type"] for part in mail.get("content", [])] != ["text/plain", "text/html"]:
            wrong("content", "If present, text/plain must be first, followed by text/html.")
        if not mail.get("from", {}).get("email"):
            wrong("from.email", "The from object must be provided.")
        if len(mail.get("categories", [])) > 10:
            wrong("categories", "There is a limit of 10 categories.")
        return found

    def take(self, mail: dict[str, Any]) -> None:
        """Deliver to everybody, unless it is the sandbox."""
        if mail.get("mail_settings", {}).get("sandbox_mode", {}).get("enable"):
            return
        parts = [mail["subject"], *(part["value"] for part in reversed(mail["content"]))]
        with self.lock:
            for one in mail["personalizations"]:
                filled = list(parts)
                for tag, value in one.get("substitutions", {}).items():
                    filled = [part.replace(tag, value) for part in filled]
                headers = {**mail.get("headers", {}), **one.get("headers", {})}
                to = one["to"][0]
                made = Delivered(to["email"], to.get("name", ""), *filled, headers, mail.get("attachments", []))
                self.delivered.setdefault(one["custom_args"]["newsletter_delivery"], []).append(made)


class Exchange:
    """One request on its own connection, read as far as the fault wants it read."""

    def __init__(self, server: Server, peer: socket.socket) -> None:
        self.server = server
        self.peer = peer
        self._file = peer.makefile("rb")
        self.headers: dict[str, str] = {}
        self.body = b""

    def read_head(self) -> bool:
        """The request line and the headers; False when nobody asks."""
        if not self._file.readline():
            return False
        while (line := self._file.readline().strip()) and b":" in line:
            name, _, value = line.decode("latin-1").partition(":")
            self.headers[name.lower()] = value.strip()
        return True

    def read_body(self) -> dict[str, Any]:
        """The mail."""
        self.body = self._file.read(int(self.headers.get("content-length", "0")))
        mail: dict[str, Any] = json.loads(self.body)
        return mail

    def answer(self, status: int, body: Any = None, **headers: str) -> None:
        """The answer, after which the connection closes."""
        content = json.dumps(body).encode() if body is not None else b""
        lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(content)}", "Connection: close"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        with self.server.lock:
            self.server.answers.append(status)
        self.peer.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + content)

    def sender_is_gone(self) -> bool:
        """Whether the other end was closed; a client keeps it open until it has its answer."""
        try:
            return self.peer.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
        except BlockingIOError:
            return False
        except OSError:
            return True

    def reset(self) -> None:
        """End the connection the hard way."""
        self.peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def close(self) -> None:
        self._file.close()
        self.peer.close()

    def serve(self) -> None:
        """As the real one does, without faults."""
        server = self.server
        mail = self.read_body()
        with server.lock:
            server.requests.append(mail)
        if self.headers.get("authorization") != f"Bearer {KEY}":
            return self.answer(401, {"errors": [{"message": "The provided authorization grant is invalid."}]})
        if len(self.body) > server.most_bytes:
            return self.answer(413, {"errors": [{"message": "Payload too large."}]})
        if refusals := server.refusals(self.body, mail):
            return self.answer(400, {"errors": refusals})
        time.sleep(server.pause())
        if self.sender_is_gone() and server.drops():
            return None
        server.take(mail)
        time.sleep(server.pause())
        sandbox = mail.get("mail_settings", {}).get("sandbox_mode", {}).get("enable")
        return self.answer(200 if sandbox else 202, X_Message_Id=f"message{len(server.requests)}")


def _exchange(server: Server, peer: socket.socket) -> None:
    exchange = Exchange(server, peer)
    try:
        with server.lock:
            fault = server.faults.popleft() if server.faults else None
        if fault is None or not fault(exchange):
            if not exchange.headers and not exchange.read_head():
                return
            exchange.serve()
    except (OSError, ValueError):
        return  # who asked is gone, or was killed in the middle of asking
    except Exception as error:
        server.problems.append(repr(error))
    finally:
        exchange.close()
        with server.lock:
            server.busy -= 1


@contextmanager
def running(server: Server | None = None) -> Iterator[Server]:
    """The server, listening on loopback at its `url`."""
    server = server or Server()
    listener = socket.create_server(("127.0.0.1", 0), backlog=128)
    server.url = f"http://127.0.0.1:{listener.getsockname()[1]}"

    def accept() -> None:
        while True:
            try:
                peer, _ = listener.accept()
            except OSError:
                return
            with server.lock:
                server.busy += 1
            threading.Thread(target=_exchange, args=(server, peer), daemon=True).start()

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)
    assert not server.problems, server.problems


# ── faults ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def says(status: int, *errors: dict[str, str | None], **headers: str) -> Fault:
    """An answer of that status to whatever is asked; nothing is delivered."""

    def fault(exchange: Exchange) -> bool:
        exchange.read_head()
        exchange.read_body()
        exchange.answer(status, {"errors": list(errors) or [{"message": f"made up {status}"}]}, **headers)
        return True

    return fault


def resets_at_once(exchange: Exchange) -> bool:
    """The connection breaks before anything is read."""
    exchange.reset()
    return True


def resets_after_the_head(exchange: Exchange) -> bool:
    """The connection breaks with the body unread."""
    exchange.read_head()
    exchange.reset()
    return True


def resets_after_the_body(exchange: Exchange) -> bool:
    """The whole mail was read, nothing is delivered, and nobody is told."""
    exchange.read_head()
    exchange.read_body()
    exchange.reset()
    return True


def loses_the_answer(exchange: Exchange) -> bool:
    """Everybody is mailed, and the answer never comes."""
    exchange.read_head()
    exchange.server.take(exchange.read_body())
    exchange.reset()
    return True


def answers_late(seconds: float) -> Fault:
    """Everybody is mailed, and the answer comes after so long."""

    def fault(exchange: Exchange) -> bool:
        exchange.read_head()
        exchange.server.take(exchange.read_body())
        time.sleep(seconds)
        exchange.answer(202, X_Message_Id="late")
        return True

    return fault


def breaks_off_in_the_answer(exchange: Exchange) -> bool:
    """Everybody is mailed, and the answer ends before its body does."""
    exchange.read_head()
    exchange.server.take(exchange.read_body())
    exchange.peer.sendall(b"HTTP/1.1 202 Accepted\r\nContent-Length: 100\r\n\r\nhalf")
    return True


def _cheaply(peer: socket.socket) -> None:
    """Read one request, answer 202."""
    with peer, peer.makefile("rb") as lines:
        length = 0
        while (line := lines.readline().strip()) != b"":
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        lines.read(length)
        peer.sendall(b"HTTP/1.1 202 Accepted\r\nX-Message-Id: m\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")


def main() -> None:
    """Print the port, and answer."""
    with socket.create_server(("127.0.0.1", 0), backlog=128) as listener:
        print(listener.getsockname()[1], flush=True)
        while True:
            _cheaply(listener.accept()[0])


if __name__ == "__main__":
    main()
