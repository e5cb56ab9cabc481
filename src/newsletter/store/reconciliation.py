"""Uncertain deliveries, settled by the events that are known of them.

The end is the same whatever order events come in: a refusal weighs more than the proof that the provider took the mail,
also when the proof came first and had settled the delivery. Who was settled by the provider's own answer stays so,
whatever events say later: that it bounced is then among the campaign's figures.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, select, update

from newsletter.model import CampaignId, CampaignStatus, EventKind, State
from newsletter.store.campaigns import campaigns
from newsletter.store.events import events
from newsletter.store.ledger import CANCELLED, deliveries

SETTLED = "taken, as the provider's events tell"
"""The reason of deliveries that are accepted because of events."""

_REFUSALS = (EventKind.BOUNCE, EventKind.BLOCKED, EventKind.DROPPED)
_CHUNK = 500


@dataclass(frozen=True, slots=True)
class Reconciled:
    """How many deliveries in doubt became what; `pending` were never taken, and `uncertain` still nobody knows.

    `skipped` were never taken either, and of a cancelled campaign.
    """

    accepted: int = 0
    rejected: int = 0
    pending: int = 0
    uncertain: int = 0
    since: datetime | None = None
    """When the last of the uncertain came into doubt."""
    skipped: int = 0


def reconcile(
    connection: Connection, campaign: CampaignId, complete_until: datetime | None, now: datetime
) -> Reconciled:
    """Settle the campaign's uncertain deliveries.

    Until `complete_until` the provider has told everything: a delivery that was in doubt by then and that nothing was
    told of was never taken, and is pending again, or skipped if the campaign was cancelled. Without it, silence proves
    nothing.
    """
    # Until this transaction ends nobody cancels it: who is pending by then is skipped by that.
    status = select(campaigns.c.status).where(campaigns.c.id == campaign).with_for_update()
    cancelled = connection.execute(status).scalar_one() == CampaignStatus.CANCELLED
    never_taken = (State.SKIPPED, CANCELLED) if cancelled else (State.PENDING, "")
    doubtful = select(deliveries.c.id, deliveries.c.subscriber_id, deliveries.c.changed_at).where(
        deliveries.c.campaign_id == campaign, deliveries.c.state == State.UNCERTAIN.value
    )
    rows = connection.execute(doubtful.with_for_update()).all()
    told = _told_of(connection, campaign, [row.subscriber_id for row in rows])
    changes: list[tuple[int, State, str]] = _overruled(connection, campaign)
    left: list[datetime] = []
    for row in rows:
        if row.subscriber_id in told:
            refusal = told[row.subscriber_id]
            changes.append((row.id, State.REJECTED if refusal else State.ACCEPTED, refusal or SETTLED))
        elif complete_until is not None and row.changed_at <= complete_until:
            changes.append((row.id, *never_taken))
        else:
            left.append(row.changed_at)
    _write(connection, changes, now)
    states = [state for _, state, _ in changes]
    return Reconciled(
        states.count(State.ACCEPTED),
        states.count(State.REJECTED),
        states.count(State.PENDING),
        len(left),
        max(left, default=None),
        states.count(State.SKIPPED),
    )


def _told_of(connection: Connection, campaign: CampaignId, people: Sequence[int]) -> dict[int, str]:
    """Of whom any event is known: why they were refused, or an empty text."""
    found: dict[int, str] = {}
    query = select(events.c.subscriber_id, events.c.kind, events.c.words).where(events.c.campaign_id == campaign)
    query = query.order_by(events.c.at, events.c.event_id)
    for start in range(0, len(people), _CHUNK):
        chosen = events.c.subscriber_id.in_(people[start : start + _CHUNK])
        for row in connection.execute(query.where(chosen)):
            refusal = _refusal(row.kind, row.words) if row.kind in _REFUSALS else ""
            found[row.subscriber_id] = found.get(row.subscriber_id) or refusal
    return found


def _overruled(connection: Connection, campaign: CampaignId) -> list[tuple[int, State, str]]:
    """Deliveries that events had shown to be taken, and that were refused all the same."""
    same = (deliveries.c.campaign_id == events.c.campaign_id) & (deliveries.c.subscriber_id == events.c.subscriber_id)
    query = (
        select(deliveries.c.id, events.c.kind, events.c.words)
        .join(events, same)
        .where(
            events.c.campaign_id == campaign,
            events.c.kind.in_([kind.value for kind in _REFUSALS]),
            deliveries.c.state == State.ACCEPTED.value,
            deliveries.c.reason == SETTLED,
        )
        .order_by(events.c.at.desc(), events.c.event_id.desc())
    )
    # The earliest refusal is written last, and holds.
    refused = {row.id: _refusal(row.kind, row.words) for row in connection.execute(query)}
    return [(number, State.REJECTED, words) for number, words in refused.items()]


def _refusal(kind: str, words: str) -> str:
    return f"{kind}: {words}".strip(" :")


def _write(connection: Connection, changes: Iterable[tuple[int, State, str]], now: datetime) -> None:
    rows = [{"row": number, "new_state": state.value, "new_reason": reason} for number, state, reason in changes]
    if rows:
        statement = update(deliveries).where(deliveries.c.id == bindparam("row"))
        values = {"state": bindparam("new_state"), "reason": bindparam("new_reason"), "changed_at": now}
        connection.execute(statement.values(**values, not_before=None), rows)
