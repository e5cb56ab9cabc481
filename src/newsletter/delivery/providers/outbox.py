"""The provider that writes each message to a file: `var/outbox/<campaign>/<two digits>/<delivery id>.eml`.

A file appears whole or not at all (written beside, then renamed), and its name is the delivery, so after a crash the
folder itself tells who has been served: nobody is ever uncertain.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from newsletter.delivery.providers.contract import ProviderGone
from newsletter.model import DeliveryId, Message, Outcome, Result


class Outbox:
    """A folder that takes messages."""

    substitutes = False
    group = 20

    def __init__(self, folder: Path, connections: int) -> None:
        self.folder = folder
        # Writing files is bound by the interpreter, not by waiting: more threads only take turns.
        self.connections = min(connections, 2)

    def connect(self) -> _OutboxConnection:
        try:
            for shard in range(256):
                (self.folder / f"{shard:02x}").mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ProviderGone(f"{self.folder}: the outbox cannot be made: {error.strerror}.") from error
        return _OutboxConnection(self.folder)

    def already_carried(self, deliveries: Sequence[DeliveryId]) -> set[DeliveryId]:
        return {one for one in deliveries if _place(self.folder, one).exists()}


class _OutboxConnection:
    def __init__(self, folder: Path) -> None:
        self._folder = str(folder)

    def deliver(self, messages: Sequence[Message]) -> Iterator[Outcome]:
        for message in messages:
            shard = f"{self._folder}/{message.delivery_id[:2]}"
            path = f"{shard}/{message.delivery_id}.eml"
            unfinished = f"{shard}/.{message.delivery_id}.part"
            try:
                handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
                try:
                    _write_all(handle, message.content)
                finally:
                    os.close(handle)
                os.rename(unfinished, path)  # noqa: PTH104  # a Path per message costs as much as writing it
            except OSError as error:
                yield Outcome(Result.UNSENT, f"{error.strerror}")
                raise ProviderGone(f"{self._folder}: the outbox cannot be written to: {error.strerror}.") from error
            yield Outcome(Result.ACCEPTED)

    def close(self) -> None:
        """Nothing is held open."""


def _write_all(handle: int, content: bytes) -> None:
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(handle, rest) :]


def _place(folder: Path, delivery: DeliveryId) -> Path:
    return folder / delivery[:2] / f"{delivery}.eml"
