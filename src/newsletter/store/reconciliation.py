"""Uncertain deliveries, settled by what the provider's events prove.

Only rows that are `uncertain` change, whatever the events say of others: who is known to be served stays so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from newsletter.model import CampaignId, DeliveryId, Outcome, Result, State
from newsletter.store.ledger import Settlement, deliveries, settle


@dataclass(frozen=True, slots=True)
class Reconciled:
    """How many uncertain deliveries became what; `pending` were never taken, and `uncertain` still nobody knows."""

    accepted: int = 0
    rejected: int = 0
    pending: int = 0
    uncertain: int = 0


def reconcile(
    connection: Connection,
    campaign: CampaignId,
    proven: Mapping[DeliveryId, Outcome],
    complete_until: datetime | None,
    now: datetime,
) -> Reconciled:
    """Settle the campaign's uncertain deliveries.

    Until `complete_until` the provider has told everything: a delivery that was in doubt by then and that it says
    nothing of was never taken, and is pending again. Without it, silence proves nothing.
    """
    query = select(deliveries.c.id, deliveries.c.delivery_id, deliveries.c.changed_at).where(
        deliveries.c.campaign_id == campaign, deliveries.c.state == State.UNCERTAIN.value
    )
    settled: list[Settlement] = []
    left = 0
    for row in connection.execute(query):
        outcome = proven.get(DeliveryId(row.delivery_id))
        if outcome is None and complete_until is not None and row.changed_at <= complete_until:
            outcome = Outcome(Result.UNSENT)
        if outcome is None:
            left += 1
        else:
            settled.append(Settlement(row.id, outcome))
    settle(connection, settled, now)
    results = [one.outcome.result for one in settled]
    return Reconciled(
        results.count(Result.ACCEPTED), results.count(Result.REJECTED), results.count(Result.UNSENT), left
    )
