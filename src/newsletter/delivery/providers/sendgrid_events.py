"""Events of SendGrid's webhook → ours.

Every event carries the custom_args of its recipient, so the delivery's id says whose it is; asynchronous bounces have
nothing else. Which refusals mean that an address must not be mailed again is the ledger's table (RFC 3463: 5.1.x, where
the address does not exist). Source: twilio.com/docs/sendgrid/for-developers/tracking-events/event.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256

from newsletter.delivery.client_families import clicked_in, family_of
from newsletter.delivery.providers.sendgrid_requests import CAMPAIGN_ARG, DELIVERY_ARG
from newsletter.model import ClientFamily, DeliveryId, Event, EventKind, SubscriberStatus

OTHER_MAIL = "of mail that was not sent from here"
NO_KIND = "of a kind that is not known"
NO_TIME = "without a time"
FUTURE = "with a time that has not come"
BROKEN = "not as SendGrid writes them"

_CODE = re.compile(r"\b[245]\.\d{1,3}\.\d{1,3}\b")
_NO_SUCH_ADDRESS = re.compile(r"5\.(1\.(1|2|3|6|10)|2\.1)")
_KINDS = {kind.value: kind for kind in EventKind if kind is not EventKind.BLOCKED}
_MEANS = {
    EventKind.SPAMREPORT: SubscriberStatus.COMPLAINED,
    EventKind.UNSUBSCRIBE: SubscriberStatus.UNSUBSCRIBED,
    EventKind.GROUP_UNSUBSCRIBE: SubscriberStatus.UNSUBSCRIBED,
}
_DROPPED_BECAUSE = {
    "bounced address": SubscriberStatus.BOUNCED,
    "invalid": SubscriberStatus.BOUNCED,
    "spam reporting address": SubscriberStatus.COMPLAINED,
    "unsubscribed address": SubscriberStatus.UNSUBSCRIBED,
}
_LONGEST_ID = 200
_LONGEST_WORDS = 300
_LONGEST_URL = 4_000


def event_of(told: Mapping[str, object], latest: datetime) -> Event | str:
    """What SendGrid tells, or why it is not taken. No event has happened after `latest`."""
    delivery, campaign = told.get(DELIVERY_ARG), told.get(CAMPAIGN_ARG, "")
    if delivery is None:
        return OTHER_MAIL
    if not _is_id(delivery) or not isinstance(campaign, str):
        return BROKEN
    kind = _kind(told)
    if kind is None:
        return NO_KIND
    at = _time(told.get("timestamp"))
    if at is None:
        return NO_TIME
    if at > latest:
        return FUTURE
    words = _words(told, kind)
    machine = kind is EventKind.OPEN and told.get("sg_machine_open") in (True, "true", "True")
    return Event(
        DeliveryId(str(delivery)),
        _clean(campaign, _LONGEST_URL),
        kind,
        at,
        _event_id(told),
        url=_clean(told.get("url"), _LONGEST_URL) if kind is EventKind.CLICK else "",
        machine=machine,
        words=words,
        means=_meaning(told, kind, words),
        client=_client(told, kind, machine),
    )


def _client(told: Mapping[str, object], kind: EventKind, machine: bool) -> ClientFamily | None:
    """`sg_machine_open` is set where Apple Mail Privacy Protection opened it, as SendGrid says of the field."""
    agent = told.get("useragent")
    words = agent if isinstance(agent, str) else ""
    if kind is EventKind.OPEN and (words.strip() or machine):
        return family_of(words, machine)
    return clicked_in(words) if kind is EventKind.CLICK else None


def _kind(told: Mapping[str, object]) -> EventKind | None:
    name = told.get("event")
    if name == "bounce" and told.get("type") == "blocked":
        return EventKind.BLOCKED
    return _KINDS.get(name) if isinstance(name, str) else None


def _time(written: object) -> datetime | None:
    """Seconds since 1970, as a number or in digits."""
    if isinstance(written, str) and written.isascii() and written.isdigit() and len(written) < 20:
        written = int(written)
    if isinstance(written, bool) or not isinstance(written, int | float) or written <= 0:
        return None
    try:
        return datetime.fromtimestamp(int(written), UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _words(told: Mapping[str, object], kind: EventKind) -> str:
    if kind not in (EventKind.BOUNCE, EventKind.BLOCKED, EventKind.DROPPED, EventKind.DEFERRED):
        return ""
    reason = _clean(told.get("reason") or told.get("response"), _LONGEST_WORDS)
    status = _clean(told.get("status"), 20)
    return (reason if status in reason else f"{reason} {status}").strip()


def _meaning(told: Mapping[str, object], kind: EventKind, words: str) -> SubscriberStatus | None:
    if kind is EventKind.DROPPED:
        return _DROPPED_BECAUSE.get(_clean(told.get("reason"), _LONGEST_WORDS).lower())
    if kind is EventKind.BOUNCE:
        code = _CODE.search(_clean(told.get("status"), 20)) or _CODE.search(words)
        # Without a code, that SendGrid calls it a bounce and not a block is all there is.
        no_such_address = code is None or _NO_SUCH_ADDRESS.fullmatch(code[0]) is not None
        return SubscriberStatus.BOUNCED if no_such_address else None
    return _MEANS.get(kind)


def _event_id(told: Mapping[str, object]) -> str:
    given = told.get("sg_event_id")
    if _is_id(given):
        return str(given)
    return "sha256:" + sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:40]


def _is_id(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= _LONGEST_ID and value.isprintable()


def _clean(value: object, most: int) -> str:
    """The text without what no database takes: NUL, other control characters, halves of characters."""
    if not isinstance(value, str):
        return ""
    text = " ".join(value[: 2 * most].split())
    return (text if text.isprintable() else "".join(one for one in text if one.isprintable()))[:most]
