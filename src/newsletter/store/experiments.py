"""Experiments of campaigns: how their arms do, and the winner, decided once.

The winner is one value of one row. Whoever writes it lets the rest of the campaign go in the same transaction, so
there is no moment at which one is known to have won and the others still wait.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, and_, case, exists, func, select, update

from newsletter.model import ARMS, CampaignId, Criterion, State
from newsletter.store import events
from newsletter.store.campaigns import campaigns, experiments
from newsletter.store.ledger import HAS_ARM, deliveries


@dataclass(frozen=True, slots=True)
class Running:
    """A campaign's experiment as it stands."""

    arms: tuple[str, ...]
    share: float
    """In percent."""
    criterion: Criterion
    wait: timedelta
    tested_at: datetime | None
    """Since when nobody in the arms waits for a message any more."""
    asked_at: datetime | None
    """Since when a person knows that they have to choose."""
    winner: str
    """The arm; empty until it is decided."""
    decided_at: datetime | None
    decided_by: str

    @property
    def due_at(self) -> datetime | None:
        """When the winner can be decided; None as long as the arms are being mailed."""
        return self.tested_at + self.wait if self.tested_at else None


@dataclass(frozen=True, slots=True)
class Score:
    """How an arm does: people, each once, however often they opened or clicked."""

    arm: str
    people: int
    accepted: int
    """How many of them the provider has taken a message for."""
    opened: int
    """Opens by programs are not counted; who clicked has opened."""
    clicked: int


def find(connection: Connection, campaign: CampaignId) -> Running | None:
    """The campaign's experiment, if it has one."""
    row = connection.execute(select(experiments).where(experiments.c.campaign_id == campaign)).one_or_none()
    if row is None:
        return None
    return Running(
        arms=ARMS[: row.arms],
        share=row.share,
        criterion=Criterion(row.criterion),
        wait=timedelta(seconds=row.wait_seconds),
        tested_at=row.tested_at,
        asked_at=row.asked_at,
        winner=row.winner,
        decided_at=row.decided_at,
        decided_by=row.decided_by,
    )


def scores(connection: Connection, campaign: CampaignId) -> tuple[Score, ...]:
    """How each arm does, in their order."""
    mine = select(campaigns.c.id).where(campaigns.c.id == campaign)
    accepted = deliveries.c.state == State.ACCEPTED.value

    def people(where: ColumnElement[bool]) -> ColumnElement[int]:
        return func.count(case((where, 1)))

    query = (
        select(
            deliveries.c.arm,
            func.count(),
            people(accepted),
            people(and_(accepted, deliveries.c.subscriber_id.in_(events.those_who_opened(mine)))),
            people(and_(accepted, deliveries.c.subscriber_id.in_(events.those_who_clicked(mine)))),
        )
        .where(deliveries.c.campaign_id == campaign, HAS_ARM)
        .group_by(deliveries.c.arm)
        .order_by(deliveries.c.arm)
    )
    return tuple(Score(*row) for row in connection.execute(query))


def mark_tested(connection: Connection, campaign: CampaignId, now: datetime) -> None:
    """From now on the arms have been mailed, unless they were before, or somebody in them still waits.

    Those who were deferred are not waited for, as that may take days, but for the first message that is accepted.
    """
    mine = and_(experiments.c.campaign_id == campaign, experiments.c.tested_at.is_(None))
    connection.execute(update(experiments).where(mine, *_tested(campaign)).values(tested_at=now))


def is_tested(connection: Connection, campaign: CampaignId) -> bool:
    """Whether the arms have been mailed, as `mark_tested` sees it."""
    return bool(connection.execute(select(and_(*_tested(campaign)))).scalar_one())


def mark_asked(connection: Connection, campaign: CampaignId, now: datetime) -> None:
    """From now on a person knows that they have to choose."""
    mine = and_(experiments.c.campaign_id == campaign, experiments.c.asked_at.is_(None))
    connection.execute(update(experiments).where(mine).values(asked_at=now))


def decide(connection: Connection, campaign: CampaignId, winner: str, decided_by: str, now: datetime) -> bool:
    """Let that arm win, and the rest of the campaign go, unless an arm has won already; whether this one did.

    In the caller's transaction: both happen or none.
    """
    mine = and_(experiments.c.campaign_id == campaign, experiments.c.winner == "")
    values = {"winner": winner, "decided_by": decided_by, "decided_at": now}
    if not connection.execute(update(experiments).where(mine).values(values)).rowcount:
        return False
    waiting = and_(deliveries.c.campaign_id == campaign, deliveries.c.state == State.UNDECIDED.value)
    connection.execute(update(deliveries).where(waiting).values(state=State.PENDING.value, changed_at=now))
    return True


def _tested(campaign: CampaignId) -> tuple[ColumnElement[bool], ...]:
    still = _of_arms(campaign, State.PENDING, State.CLAIMED, State.IN_FLIGHT)
    nobody_yet = and_(_of_arms(campaign, State.DEFERRED), ~_of_arms(campaign, State.ACCEPTED))
    return ~still, ~nobody_yet


def _of_arms(campaign: CampaignId, *states: State) -> ColumnElement[bool]:
    """Whether anybody in the arms has one of these states."""
    wanted = deliveries.c.state.in_([one.value for one in states])
    return exists().where(deliveries.c.campaign_id == campaign, HAS_ARM, wanted)
