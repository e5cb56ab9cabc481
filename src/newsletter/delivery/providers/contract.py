"""What a provider is: it opens connections, and a connection answers every message with an outcome.

A provider keeps no state about campaigns. It answers each message it is given, in order; a message it could not begin
is `unsent`. Only when nothing more can be sent at all (credentials refused, server gone for good) does it raise
`ProviderGone`, after it has answered what it can.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from newsletter.errors import Stopped
from newsletter.model import DeliveryId, Message, Outcome


class ProviderGone(Stopped):
    """The provider takes nothing more; the reason is for a person to look at."""


class ProviderAway(ProviderGone):
    """The provider cannot be reached just now; it may be in a moment."""


class ProviderRefuses(ProviderGone):
    """The provider refuses us, whoever the recipient is: our account, our domain or our policy is not as it wants. The
    campaign is paused until a person has mended it."""


class Connection(Protocol):
    """One line to the provider, used by one thread."""

    def deliver(self, messages: Sequence[Message]) -> Iterator[Outcome]:
        """An outcome per message, in order, each as soon as it is known."""
        ...

    def close(self) -> None: ...


class Provider(Protocol):
    """What carries messages."""

    @property
    def group(self) -> int:
        """How many messages a connection is given at once: so many are in doubt if the process dies."""
        ...

    @property
    def connections(self) -> int: ...

    def connect(self) -> Connection:
        """A new connection; raises `ProviderAway` when the provider cannot be reached, `ProviderRefuses` when it
        refuses us."""
        ...

    def already_carried(self, deliveries: Sequence[DeliveryId]) -> set[DeliveryId] | None:
        """Which of these the provider has for certain taken, all others certainly not; None when it cannot tell."""
        ...
