"""What is known of a person and what a row says of them → what is known then: the one rule of an import.

The same for two rows of a file and for a row that meets a known person, whichever database holds them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from newsletter.model import SubscriberStatus
from newsletter.store.subscribers import COLUMNS, CONSENT, STRENGTH

TEXTS = tuple(name for name in COLUMNS if name != "profession")
"""Texts that a filled-in value replaces. The profession goes with its title."""
CHANGING = (*TEXTS, "profession", "status", "tags", "attributes", *CONSENT)
"""All that an import can change."""


def combined(current: Mapping[str, Any], row: Mapping[str, Any], since: datetime | None = None) -> dict[str, Any]:
    """A person as known (or as an earlier row of the file has them), and what a row adds.

    A filled-in value replaces the one before, an empty one never does; attributes do so one by one, tags are added.
    The four parts of a consent go together: the later consent wins. Of two statuses the one that mails less wins;
    `pending` becomes subscribed only by a consent after the one on record, or after `since`, when the person came.
    """
    result = dict(current)
    result |= {name: row[name] for name in TEXTS if row[name]}
    if row["profession_title"]:
        result["profession"] = row["profession"]
    result["tags"] = sorted({*current["tags"], *row["tags"]})
    result["attributes"] = {**current["attributes"], **row["attributes"]}
    result["status"] = _status(current, row, since)
    if row["consent_at"] and (not current["consent_at"] or row["consent_at"] > current["consent_at"]):
        result |= {name: row[name] for name in CONSENT}
    elif not current["consent_at"] and not row["consent_at"]:
        result |= {name: row[name] for name in CONSENT[1:] if row[name]}
    return result


def _status(current: Mapping[str, Any], row: Mapping[str, Any], since: datetime | None) -> str:
    known, given = SubscriberStatus(current["status"]), SubscriberStatus(row["status"])
    subscribed, pending = SubscriberStatus.SUBSCRIBED, SubscriberStatus.PENDING
    if (known, given) == (pending, subscribed):
        asked = current["consent_at"] or since
        consented = row["consent_at"] and (not asked or row["consent_at"] > asked)
        return (subscribed if consented else pending).value
    if (known, given) == (subscribed, pending):
        consented = current["consent_at"] and (not row["consent_at"] or current["consent_at"] > row["consent_at"])
        return (subscribed if consented else pending).value
    return max(known, given, key=STRENGTH.__getitem__).value
