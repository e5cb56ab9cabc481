"""Pending deliveries → claimed ones, ready to be assembled: what the sending loop asks for again and again.

A batch is read as one JSON text. Row by row each value would wait for its turn among the threads that send, which
costs many times what the database does.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache, lru_cache
from hashlib import sha256
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, bindparam, case, func, select, update

from newsletter.model import CampaignId, CampaignStatus, Delivery, DeliveryId, State, variant_key
from newsletter.store import dialects, suppressions
from newsletter.store.campaigns import campaigns, experiments
from newsletter.store.columns import UtcDateTime
from newsletter.store.ledger import ERASED, deliveries, due, mark_claimed
from newsletter.store.subscribers import skip_reason, subscribers

_BLOCK = 1024


class _Row(NamedTuple):
    """A delivery that may be claimed, as it is read."""

    number: int
    delivery_id: str | None
    subscriber: int
    address: str
    address_key: str
    variant: str
    attempts: int
    arm: str
    recipient: dict[str, str | None]
    skip: str | None


def claim(connection: Connection, campaign: CampaignId, most: int, now: datetime) -> list[Delivery]:
    """Take up to `most` deliveries that are pending or whose wait is over; those suppressed since are skipped.

    Nothing is taken of a campaign that is paused or cancelled.
    """
    known = connection.execute(_known(), {"campaign": campaign}).one()
    if known.status != CampaignStatus.SENDING.value:
        return []
    while True:
        rows: list[_Row] = []
        for query in _queries():
            if len(rows) < most:
                found = {"campaign": campaign, "now": now, "most": most - len(rows)}
                rows += map(_Row._make, json.loads(connection.execute(query, found).scalar_one() or "[]"))
        erased = suppressions.erased(connection, [row.address_key for row in rows]) if known.erasures else ()
        skipped = {row.number: row.skip or ERASED for row in rows if row.skip or row.address_key in erased}
        _skip(connection, skipped, now)
        taken = [row for row in rows if row.number not in skipped] if skipped else rows
        if taken or not rows:
            break
    claimed = [_delivery(row, known.secret, known.winner) for row in taken]
    mark_claimed(connection, [(one.number, one.delivery_id) for one in claimed], now)
    return claimed


def delivery_id(secret: bytes, subscriber: int) -> DeliveryId:
    """The id that a campaign's secret gives the delivery to a subscriber: 24 hexadecimal digits, always the same.

    Two parts of HMAC-SHA256 (RFC 2104): 32 bits of the block of 1,024 subscribers, so that those who are claimed
    together lie together in the index of ids, and 64 bits of the subscriber, which nobody guesses.
    """
    own = hmac.digest(secret, b"%d" % subscriber, sha256)[:8]
    return DeliveryId((_block(secret, subscriber // _BLOCK) + own).hex())


@lru_cache(maxsize=64)
def _block(secret: bytes, number: int) -> bytes:
    return hmac.digest(secret, b"block %d" % number, sha256)[:4]


def _delivery(row: _Row, secret: bytes, winner: str) -> Delivery:
    """Whoever is in an arm gets that; all others the winner's, if anything is tried. One that was claimed before keeps
    its id, also if an earlier version of the program gave it."""
    known_as = DeliveryId(row.delivery_id) if row.delivery_id else delivery_id(secret, row.subscriber)
    recipient: Mapping[str, Any] = row.recipient
    if not all(recipient.values()):
        recipient = {name: value for name, value in recipient.items() if value}
    variant = variant_key(row.variant, row.arm or winner)
    return Delivery(row.number, known_as, row.address, variant, row.attempts, recipient)


def _skip(connection: Connection, skipped: dict[int, str], now: datetime) -> None:
    for number, why in skipped.items():
        values = {"state": State.SKIPPED.value, "reason": why, "changed_at": now}
        connection.execute(update(deliveries).where(deliveries.c.id == number).values(values))


@cache
def _known() -> Select[Any]:
    """A campaign's status, its secret and the winner of its experiment, and whether anybody ever was erased."""
    winner = func.coalesce(experiments.c.winner, "").label("winner")
    origin = campaigns.outerjoin(experiments, experiments.c.campaign_id == campaigns.c.id)
    erasures = suppressions.any_erased().label("erasures")
    found = select(campaigns.c.status, campaigns.c.secret, winner, erasures).select_from(origin)
    return found.where(campaigns.c.id == bindparam("campaign"))


@cache
def _queries() -> Sequence[Select[Any]]:
    """For each kind of those that are due, the query that reads them; made once, because it costs as much to make."""
    now: ColumnElement[datetime] = bindparam("now", type_=UtcDateTime)
    return [_query(wanted) for wanted in due(now)]


def _query(wanted: ColumnElement[bool]) -> Select[Any]:
    """Up to `:most` rows of the `:campaign`, as one JSON list of lists in the order of `_Row`."""
    origin = deliveries.outerjoin(subscribers, subscribers.c.id == deliveries.c.subscriber_id)
    audience = select(campaigns.c.audience).where(campaigns.c.id == bindparam("campaign")).scalar_subquery()
    gone = case((subscribers.c.id.is_(None), ERASED))
    skip = func.coalesce(gone, skip_reason(audience, deliveries.c.address_key)).label("skip")
    plain = ("id", "delivery_id", "subscriber_id", "address", "address_key", "variant", "attempts", "arm")
    columns = [deliveries.c[name] for name in plain]
    found = (
        select(*columns, deliveries.c.recipient, skip)
        .select_from(origin)
        .where(deliveries.c.campaign_id == bindparam("campaign"), wanted)
        .order_by(deliveries.c.not_before, deliveries.c.id)
        .limit(bindparam("most"))
        .with_for_update(of=deliveries, skip_locked=True)
        .subquery("found")
    )
    values = [*(found.c[name] for name in plain), dialects.json_within(found.c.recipient), found.c.skip]
    return select(dialects.json_list_of_lists(values))
