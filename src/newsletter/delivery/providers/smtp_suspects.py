"""Whom a connection broke for, and whom the server refused for a reason that may be ours.

A server that hangs up does not say for whom, and a refusal by policy (5.7.x) to one recipient may be meant for the
sender. What happens to one message twice, or to others as well, tells. All connections of a provider share this.
"""

from __future__ import annotations

from threading import Lock

from newsletter.delivery.providers.smtp_replies import Reply
from newsletter.model import DeliveryId, Message, Outcome, Result

MOST_IN_A_ROW = 5
"""So many recipients refused by policy, with nobody accepted between them, are a refusal of the sender."""


class Suspects:
    """What is remembered of recipients while a provider lives; safe to use from several threads."""

    def __init__(self) -> None:
        self._broke: set[DeliveryId] = set()
        self._refused: set[DeliveryId] = set()
        self._row: dict[str, str] = {}
        self._accepting = False
        self._lock = Lock()

    def accepted(self) -> None:
        """The server took a message: it has nothing against the sender."""
        if not self._accepting:
            with self._lock:
                self._row.clear()
                self._accepting = True

    def broke(self, message: Message, why: str) -> Outcome:
        """The connection ended before the message was begun: it goes again, and is deferred when it happens again."""
        with self._lock:
            again = message.delivery_id in self._broke
            self._broke.add(message.delivery_id)
        return Outcome(Result.DEFERRED, f"twice {why}"[:300]) if again else Outcome(Result.UNSENT, why)

    def refused(self, message: Message, reply: Reply) -> tuple[Outcome, str]:
        """The outcome for a recipient who was refused by policy, and why the sender is refused, if that is clear.

        While the server takes others, or when it happens again, the recipient is rejected. Otherwise it is too early
        to tell, and the message goes again.
        """
        with self._lock:
            theirs = self._accepting or message.delivery_id in self._refused
            self._refused.add(message.delivery_id)
            self._accepting = False
            self._row.setdefault(message.rcpt_to, reply.said)
            if len(self._row) >= MOST_IN_A_ROW:
                address, said = next(iter(self._row.items()))
                return Outcome(Result.UNSENT, reply.said), f"{said} (first said of {address}, then of others in a row)"
        return Outcome(Result.REJECTED if theirs else Result.UNSENT, reply.said), ""
