"""When the people of each time zone are due; and an index that finds who is, however many wait."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Add the table, and make the index anew."""
    op.create_table(
        "campaign_zones",
        sa.Column("campaign_id", _NUMBER, sa.ForeignKey("campaigns.id"), primary_key=True),
        sa.Column("time_zone", sa.String, primary_key=True),
        sa.Column("not_before", sa.DateTime, nullable=False),
    )
    op.drop_index("deliveries_by_state", "deliveries")
    op.create_index("deliveries_by_state", "deliveries", ["campaign_id", "state", "not_before", "id"])
