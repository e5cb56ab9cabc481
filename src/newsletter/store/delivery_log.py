"""The log of a campaign: every delivery as people export it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, case, func, select

from newsletter.model import CampaignId, State
from newsletter.store.campaigns import experiments
from newsletter.store.ledger import SENDER_GONE, deliveries


@dataclass(frozen=True, slots=True)
class LogEntry:
    """A delivery as its log shows it."""

    address: str
    profession: str
    variant: str
    state: str
    reason: str
    attempts: int
    changed_at: datetime
    delivery_id: str
    provider_id: str
    arm: str
    """The experiment's arm whose mail it is; empty while that is not decided, and where nothing is tried."""
    part: str
    """Of an experiment: `test` for those who were put into the arm, `rest` for those who get the winner."""


def log(connection: Connection, campaign: CampaignId, sender_gone: bool = False) -> Iterator[LogEntry]:
    """Every delivery of the campaign, in the order they were frozen, without holding them all at once.

    With its `sender_gone`, what was claimed is pending, and what was in flight uncertain, as its next run finds it.
    """
    tried = experiments.c.campaign_id.is_not(None)
    computed: dict[str, ColumnElement[str]] = {
        "delivery_id": func.coalesce(deliveries.c.delivery_id, ""),
        "arm": func.coalesce(func.nullif(deliveries.c.arm, ""), experiments.c.winner, ""),
        "part": case((deliveries.c.arm != "", "test"), (tried, "rest"), else_=""),
    }
    if sender_gone:
        state = deliveries.c.state
        left_behind = {State.CLAIMED.value: State.PENDING.value, State.IN_FLIGHT.value: State.UNCERTAIN.value}
        computed["state"] = case(left_behind, value=state, else_=state)
        computed["reason"] = case((state == State.IN_FLIGHT.value, SENDER_GONE), else_=deliveries.c.reason)
    columns = [computed[one.name] if one.name in computed else deliveries.c[one.name] for one in fields(LogEntry)]
    origin = deliveries.outerjoin(experiments, experiments.c.campaign_id == deliveries.c.campaign_id)
    query = select(*columns).select_from(origin).where(deliveries.c.campaign_id == campaign).order_by(deliveries.c.id)
    for row in connection.execution_options(yield_per=1000).execute(query):
        yield LogEntry(*row)
