"""What a provider is: it opens connections, and a connection answers every mail with an outcome.

A provider takes one of two things. Most take a `Message`, complete to the last byte. One that `substitutes` fills
values in by itself: it takes `Personalization`s, and what it is given at once shares one template. It keeps no state
about campaigns. It answers each mail it is given, in order; one it could not begin is `unsent`. Only when nothing more
can be sent at all (credentials refused, server gone for good) does it raise `ProviderGone`, after it has answered what
it can.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol, TypeVar

from newsletter.errors import Stopped
from newsletter.model import DeliveryId, Message, Outcome, Personalization

Mail = TypeVar("Mail", Message, Personalization, contravariant=True)
"""What a provider takes."""


class ProviderGone(Stopped):
    """The provider takes nothing more; the reason is for a person to look at."""


class ProviderAway(ProviderGone):
    """The provider cannot be reached just now; it may be in a moment."""


class ProviderBusy(ProviderAway):
    """The provider answers, and takes no connection just now: it is worth waiting, even for the first one."""


class ProviderRefuses(ProviderGone):
    """The provider refuses us, whoever the recipient is: our account, our domain or our policy is not as it wants. The
    campaign is paused until a person has mended it."""


class ProviderFailed(ProviderRefuses):
    """The provider's own code failed. What it was given is uncertain, and each further try would put more in doubt."""

    @classmethod
    def of(cls, name: str, what: str) -> ProviderFailed:
        """The provider that people call `name` did `what`."""
        return cls(
            f"provider {name} failed: {what}. What it was given and did not answer is uncertain. Mend or update the "
            "provider, then resume the campaign."
        )


class Connection(Protocol[Mail]):
    """One line to the provider, used by one thread.

    It may have an attribute `lost`, with why nothing more can be sent over it; then another is opened.
    """

    def deliver(self, mails: Sequence[Mail], /) -> Iterator[Outcome]:
        """An outcome per mail, in order, each as soon as it is known."""
        ...

    def close(self) -> None: ...


class Mails(Protocol):
    """Messages, one after the other."""

    def next(self) -> Message | None:
        """The next one, waited for; None after the last. From here on it may be sent, and must be answered."""
        ...

    def peek(self) -> Message | None:
        """The one that `next` would give at once; None when it would wait. It may be announced, and not be sent."""
        ...


class StreamingConnection(Connection[Message], Protocol):
    """A connection that takes message after message instead of groups: of a provider with `streams = True`."""

    lost: str
    """Why nothing more can be sent over it; empty while that is not so."""

    def deliver_stream(self, mails: Mails, /) -> Iterator[Outcome]:
        """An outcome for each message taken, in order, until there are none or the connection is lost."""
        ...


class Provider(Protocol[Mail]):
    """What carries mail."""

    @property
    def substitutes(self) -> bool:
        """Whether it takes `Personalization`s of one template at a time instead of `Message`s."""
        ...

    @property
    def group(self) -> int:
        """How many mails a connection is given at once: so many are in doubt if the process dies."""
        ...

    @property
    def connections(self) -> int: ...

    def connect(self) -> Connection[Mail]:
        """A new connection; raises `ProviderAway` when the provider cannot be reached, `ProviderRefuses` when it
        refuses us."""
        ...

    def already_carried(self, deliveries: Sequence[DeliveryId]) -> set[DeliveryId] | None:
        """Which of these the provider has for certain taken, all others certainly not; None when it cannot tell.

        Asked once before a campaign goes on, of those that were in flight when its last process ended."""
        ...
