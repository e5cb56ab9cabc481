"""Campaigns: one issue sent to one audience, once; its frozen content, and whether it may be sent now."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Float,
    ForeignKey,
    Integer,
    LargeBinary,
    Row,
    String,
    Table,
    select,
    update,
)

from newsletter.errors import HoldLost
from newsletter.model import Campaign, CampaignId, CampaignStatus
from newsletter.store.columns import Number, UtcDateTime, metadata

campaigns = Table(
    "campaigns",
    metadata,
    Column("id", Number, primary_key=True),
    Column("name", String, nullable=False, unique=True),
    Column("issue", String, nullable=False),
    Column("audience", String, nullable=False),
    Column("status", String, nullable=False),
    # Why it is paused or cancelled, in words for a person.
    Column("status_reason", String, nullable=False, server_default=""),
    Column("scheduled_at", UtcDateTime),
    Column("content_hash", String, nullable=False),
    Column("secret", LargeBinary, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("finished_at", UtcDateTime),
    # How often it was taken hold of: only the last process that did may claim and mark its deliveries.
    Column("hold", Integer, nullable=False, server_default="0"),
)

# The frozen content: what `campaigns.freezing` packs, so that a resumed send needs no file of the issue.
campaign_contents = Table(
    "campaign_contents",
    metadata,
    Column("campaign_id", ForeignKey("campaigns.id"), primary_key=True),
    Column("name", String, primary_key=True),
    Column("content", LargeBinary, nullable=False),
)

campaign_professions = Table(
    "campaign_professions",
    metadata,
    Column("campaign_id", ForeignKey("campaigns.id"), primary_key=True),
    Column("profession", String, primary_key=True),
    Column("variant", String, nullable=False),
)

# With `send --local-time`: when the people of each time zone are due; everybody else is at `scheduled_at`'s clock.
campaign_zones = Table(
    "campaign_zones",
    metadata,
    Column("campaign_id", ForeignKey("campaigns.id"), primary_key=True),
    Column("time_zone", String, primary_key=True),
    Column("not_before", UtcDateTime, nullable=False),
)

# With `ab:`: what is tried, and which arm won; empty until that is decided.
experiments = Table(
    "experiments",
    metadata,
    Column("campaign_id", ForeignKey("campaigns.id"), primary_key=True),
    Column("arms", Integer, nullable=False),
    Column("share", Float, nullable=False),
    Column("criterion", String, nullable=False),
    Column("wait_seconds", Integer, nullable=False),
    # Since when nobody of the arms waits for a message any more.
    Column("tested_at", UtcDateTime),
    # Since when a person knows that they have to choose.
    Column("asked_at", UtcDateTime),
    Column("winner", String, nullable=False, server_default=""),
    Column("decided_at", UtcDateTime),
    # By whom or what, in words for a person.
    Column("decided_by", String, nullable=False, server_default=""),
)


def find_campaign(connection: Connection, name: str) -> Campaign | None:
    """The campaign of that name."""
    row = connection.execute(select(campaigns).where(campaigns.c.name == name)).one_or_none()
    return None if row is None else _campaign(row)


def unfinished_campaigns(connection: Connection) -> list[Campaign]:
    """Those that are scheduled, being sent or paused, oldest first."""
    open_ones = (CampaignStatus.SCHEDULED, CampaignStatus.SENDING, CampaignStatus.PAUSED)
    query = select(campaigns).where(campaigns.c.status.in_([one.value for one in open_ones]))
    return [_campaign(row) for row in connection.execute(query.order_by(campaigns.c.id))]


def status_of(connection: Connection, campaign: CampaignId) -> tuple[CampaignStatus, str]:
    """The campaign's status now, and the reason for it."""
    query = select(campaigns.c.status, campaigns.c.status_reason).where(campaigns.c.id == campaign)
    status, reason = connection.execute(query).one()
    return CampaignStatus(status), reason


def set_status(
    connection: Connection,
    campaign: CampaignId,
    status: CampaignStatus,
    reason: str,
    now: datetime,
    only_from: Sequence[CampaignStatus] = tuple(CampaignStatus),
) -> bool:
    """Give the campaign that status if it has one of `only_from`; whether it did. The reason is kept on one line."""
    values: dict[str, object] = {"status": status.value, "status_reason": " ".join(reason.split())}
    if status is CampaignStatus.FINISHED:
        values["finished_at"] = now
    where = (campaigns.c.id == campaign) & campaigns.c.status.in_([one.value for one in only_from])
    return bool(connection.execute(update(campaigns).where(where).values(values)).rowcount)


def take_hold(connection: Connection, campaign: CampaignId) -> int:
    """From this transaction's commit on, whoever had hold of the campaign has lost it; the number of the new hold."""
    taken = update(campaigns).where(campaigns.c.id == campaign).values(hold=campaigns.c.hold + 1)
    hold: int = connection.execute(taken.returning(campaigns.c.hold)).scalar_one()
    return hold


def refuse_lost(connection: Connection, campaign: Campaign, hold: int) -> None:
    """Raise `HoldLost` unless that hold is the campaign's last; until the transaction ends nobody takes another.

    To be asked first in a transaction, so that all wait for one another in the same order; in the driver's own terms,
    because it is asked for every commit.
    """
    sqlite = connection.dialect.name == "sqlite"
    asked = f"SELECT hold FROM campaigns WHERE id = {'?' if sqlite else '%s'}{'' if sqlite else ' FOR SHARE'}"  # noqa: S608
    driver = connection.connection.driver_connection
    assert driver is not None
    if driver.execute(asked, (campaign.id,)).fetchone() != (hold,):
        raise HoldLost(
            f"campaign '{campaign.name}' was taken over by another process, which goes on with it, because the lock of "
            "this one was lost."
        )


def all_campaigns(connection: Connection) -> list[Campaign]:
    """Every campaign, oldest first."""
    return [_campaign(row) for row in connection.execute(select(campaigns).order_by(campaigns.c.id))]


def campaign_names(connection: Connection) -> list[str]:
    """All campaigns, oldest first."""
    return list(connection.execute(select(campaigns.c.name).order_by(campaigns.c.id)).scalars())


def frozen_contents(connection: Connection, campaign: CampaignId, names: Sequence[str] = ()) -> dict[str, bytes]:
    """The frozen variants and pictures, by name; only those of `names` when there are any."""
    query = select(campaign_contents.c.name, campaign_contents.c.content)
    query = query.where(campaign_contents.c.campaign_id == campaign)
    rows = connection.execute(query.where(campaign_contents.c.name.in_(names)) if names else query)
    return {row.name: row.content for row in rows}


def _campaign(row: Row[Any]) -> Campaign:
    return Campaign(
        id=CampaignId(row.id),
        name=row.name,
        issue=row.issue,
        audience=row.audience,
        status=CampaignStatus(row.status),
        content_hash=row.content_hash,
        secret=row.secret,
        created_at=row.created_at,
        status_reason=row.status_reason,
        scheduled_at=row.scheduled_at,
    )
