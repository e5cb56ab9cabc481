"""Events of SendGrid's webhook → what became of deliveries that were in doubt.

Every event carries the custom_args of its recipient, so the delivery's id says whose it is; asynchronous bounces have
nothing else. Source: twilio.com/docs/sendgrid/for-developers/tracking-events/event.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from newsletter.delivery.providers.sendgrid_requests import DELIVERY_ARG
from newsletter.model import DeliveryId, Outcome, Result

_TAKEN = frozenset({"processed", "deferred", "delivered", "open", "click", "spamreport", "unsubscribe"})
_TAKEN_FROM_GROUPS = frozenset({"group_unsubscribe", "group_resubscribe"})
_REFUSED = frozenset({"dropped", "bounce"})
_NO_SUCH_ADDRESS = re.compile(r"5\.(1\.(1|2|3|6|10)|2\.1)\b")


def outcomes_of(events: Iterable[Mapping[str, object]]) -> dict[DeliveryId, Outcome]:
    """What the events prove of each delivery they name; others, and events of no mail of ours, are left out.

    A refusal weighs more than the proof that SendGrid took the mail: it comes after it, in whatever order they arrive.
    """
    found: dict[DeliveryId, Outcome] = {}
    for event in events:
        named = event.get(DELIVERY_ARG)
        if not isinstance(named, str) or not named:
            continue
        delivery = DeliveryId(named)
        kind = event.get("event")
        if kind in _REFUSED:
            found[delivery] = _refusal(event)
        elif kind in _TAKEN or kind in _TAKEN_FROM_GROUPS:
            found.setdefault(delivery, Outcome(Result.ACCEPTED, provider_id=str(event.get("sg_message_id") or "")))
    return found


def _refusal(event: Mapping[str, object]) -> Outcome:
    status = str(event.get("status") or "")
    words = " ".join(f"{event.get('event')}: {event.get('reason') or ''} {status}".split())
    blocked = event.get("type") == "blocked"
    return Outcome(Result.REJECTED, words[:300], suppress=not blocked and bool(_NO_SUCH_ADDRESS.search(status)))
