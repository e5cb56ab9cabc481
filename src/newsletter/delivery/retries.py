"""A provider's outcome → what the ledger records: a deferred message waits, each time longer, and is given up in the
end."""

from __future__ import annotations

from datetime import datetime, timedelta

from newsletter.model import Delivery, Outcome, Result
from newsletter.store.ledger import Settlement

_FIRST_WAIT = timedelta(minutes=5)
_LONGEST_WAIT = timedelta(hours=4)
_MOST_ATTEMPTS = 12


def settlement(delivery: Delivery, outcome: Outcome, now: datetime) -> Settlement:
    """The outcome with its wait; a message deferred too often is rejected."""
    if outcome.result is not Result.DEFERRED:
        return Settlement(delivery.number, outcome)
    if delivery.attempts + 1 >= _MOST_ATTEMPTS:
        given_up = Outcome(Result.REJECTED, f"given up after {_MOST_ATTEMPTS} attempts: {outcome.reason}")
        return Settlement(delivery.number, given_up)
    wait = min(_FIRST_WAIT * 2**delivery.attempts, _LONGEST_WAIT)
    spread = (delivery.number * 2654435761 % 1000) / 1000
    return Settlement(delivery.number, outcome, now + wait * (1 + 0.2 * spread))
