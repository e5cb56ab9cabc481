"""Whom a connection broke for, and whom the server refused for a reason that may be ours.

A server that hangs up does not say for whom, and a refusal by policy (5.7.x) to one recipient may be meant for the
sender. What happens to one message twice, or to others as well, tells; so does a server that has taken nobody yet and
rejects one after the other in the same words. All connections of a provider share this.
"""

from __future__ import annotations

import re
from threading import Lock

from newsletter.delivery.providers.smtp_replies import Reply
from newsletter.model import DeliveryId, Message, Outcome, Result

MOST_IN_A_ROW = 5
"""So many recipients refused by policy, with nobody accepted between them, are a refusal of the sender."""
ALL_ALIKE = 10
"""So many rejected in the same words before anybody was accepted are as well: "relaying denied" has no code for it."""
FEWEST_ALIKE = 5
"""Where there are no more to send to, so many are enough."""

_OF_RECIPIENT = re.compile(r"\b5\.(1\.(?!7\b|8\b)\d+|2\.\d+)\b")
"""The code says that the address or its mailbox is to blame (RFC 3463 §3.2, §3.3; 5.1.7 and 5.1.8 are the sender's)."""
_CODES = re.compile(r"\d{3}( \d\.\d+\.\d+)?")
_VARYING = re.compile(r"\S*[\d@]\S*")


class Suspects:
    """What is remembered of recipients while a provider lives; safe to use from several threads."""

    def __init__(self) -> None:
        self._broke: set[DeliveryId] = set()
        self._refused: set[DeliveryId] = set()
        self._row: dict[str, str] = {}
        self._accepting = False
        self._alike: set[str] = set()
        self._said = self._words = ""
        self._carrying = 0
        self.proven = False
        """Whether the server has taken anybody of the campaign, now or in an earlier run: whom it rejects is to blame
        for it. So is whoever is rejected in other words than those before."""
        self._lock = Lock()

    def accepted(self) -> None:
        """The server took a message: it has nothing against the sender."""
        if not self._accepting:
            with self._lock:
                self._row.clear()
                self._accepting = True
                self.proven = True

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

    def rejected(self, message: Message, reply: Reply) -> str:
        """Why the sender is refused, when so many were rejected in the same words, and nobody accepted; else nothing.
        Temporary failures, and those that the code lays to the recipient, do not count."""
        if self.proven or reply.code < 500 or _OF_RECIPIENT.search(reply.words):
            return ""
        words = _apart_from_address(reply.said, message.rcpt_to)
        with self._lock:
            if self._alike and words != self._words:
                self.proven = True
                return ""
            self._said, self._words = reply.said, words
            self._alike.add(message.rcpt_to)
            return self._everybody() if len(self._alike) >= ALL_ALIKE else ""

    def begin(self) -> None:
        """A connection begins to carry messages."""
        with self._lock:
            self._carrying += 1

    def end(self) -> str:
        """A connection has carried what there was. When it was the last, and fewer than `rejected` waits for were all
        that there are: why the sender is refused."""
        with self._lock:
            self._carrying -= 1
            alike = not self.proven and not self._carrying and len(self._alike) >= FEWEST_ALIKE
            return self._everybody() if alike else ""

    def _everybody(self) -> str:
        return (
            f"{self._said} (in the same words of all {len(self._alike)} recipients so far, and nobody was accepted). "
            "None of them is suppressed: once it is mended and the campaign resumed, `newsletter send` with "
            "--retry-failed mails them"
        )


def _apart_from_address(said: str, address: str) -> str:
    """What does not change from one recipient to the next: neither address nor domain, nor the number of a session."""
    known = _CODES.match(said)
    codes = known[0] if known else ""
    words = said[len(codes) :].lower().replace(address.lower(), "…")
    local, _, domain = address.lower().rpartition("@")
    for part in (domain, local):
        words = re.sub(rf"(?<!\w){re.escape(part)}(?!\w)", "…", words)
    return codes + _VARYING.sub("…", words)
