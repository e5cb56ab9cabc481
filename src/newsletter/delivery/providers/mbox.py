"""The outbox as one file: `var/outbox/<campaign>/messages.mbox`, which mail programs open.

A message counts once its line stands in the index beside the file: delivery id, and where the message ends. The line is
written after the message, so a process that dies in between leaves an end without a line, and the next one cuts it off.
Format: mboxrd (RFC 4155 names the family), LF line ends, `>` before each line that begins with `From `.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from newsletter.delivery.providers.contract import ProviderGone
from newsletter.model import DeliveryId, Message, Outcome, Result

_FROM = re.compile(rb"^(>*From )", re.MULTILINE)


class Mbox:
    """A file that takes messages."""

    substitutes = False
    group = 50
    connections = 1
    """One file has one end."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def connect(self) -> _MboxConnection:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            return _MboxConnection(self._folder)
        except OSError as error:
            raise ProviderGone(f"{self._folder}: the outbox cannot be made: {error.strerror}.") from error

    def already_carried(self, deliveries: Sequence[DeliveryId]) -> set[DeliveryId]:
        carried = {delivery for delivery, _ in _index(self._folder)}
        return {one for one in deliveries if one in carried}


class _MboxConnection:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        known = _index(folder)
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        self._messages = os.open(folder / "messages.mbox", flags, 0o600)
        self._lines = os.open(folder / ".index", flags, 0o600)
        self._end = known[-1][1] if known else 0
        os.ftruncate(self._messages, self._end)
        os.ftruncate(self._lines, sum(len(_line(*one)) for one in known))

    def deliver(self, messages: Sequence[Message], /) -> Iterator[Outcome]:
        for message in messages:
            content = _in_mbox(message)
            try:
                _write_all(self._messages, content)
                _write_all(self._lines, _line(message.delivery_id, self._end + len(content)))
            except OSError as error:
                yield Outcome(Result.UNSENT, f"{error.strerror}")
                raise ProviderGone(f"{self._folder}: the outbox cannot be written to: {error.strerror}.") from error
            self._end += len(content)
            yield Outcome(Result.ACCEPTED)

    def close(self) -> None:
        os.close(self._messages)
        os.close(self._lines)


def _index(folder: Path) -> list[tuple[DeliveryId, int]]:
    """The messages that are whole, with where each ends; a line cut short, or beyond the file's end, counts for
    nothing."""
    try:
        lines = (folder / ".index").read_bytes().split(b"\n")[:-1]
        size = (folder / "messages.mbox").stat().st_size
    except FileNotFoundError:
        return []
    found: list[tuple[DeliveryId, int]] = []
    for line in lines:
        delivery, _, end = line.decode("ascii", "replace").partition(" ")
        if not end.isdecimal() or int(end) > size:
            break
        found.append((DeliveryId(delivery), int(end)))
    return found


def _line(delivery: DeliveryId, end: int) -> bytes:
    return f"{delivery} {end}\n".encode()


def _in_mbox(message: Message) -> bytes:
    text = _FROM.sub(rb">\1", message.content.replace(b"\r\n", b"\n"))
    # The date is no part of the message; asctime's form is what readers look for.
    return b"From %s Thu Jan  1 00:00:00 1970\n%s\n%s" % (
        message.mail_from.encode("ascii", "replace"),
        text,
        b"" if text.endswith(b"\n") else b"\n",
    )


def _write_all(handle: int, content: bytes) -> None:
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(handle, rest) :]
