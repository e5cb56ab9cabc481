"""What a campaign tries out, and the arm that each of its recipients is in."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Add the table, the column and its index; nothing was tried before."""
    op.create_table(
        "experiments",
        sa.Column("campaign_id", _NUMBER, sa.ForeignKey("campaigns.id"), primary_key=True),
        sa.Column("arms", sa.Integer, nullable=False),
        sa.Column("share", sa.Float, nullable=False),
        sa.Column("criterion", sa.String, nullable=False),
        sa.Column("wait_seconds", sa.Integer, nullable=False),
        sa.Column("tested_at", sa.DateTime),
        sa.Column("asked_at", sa.DateTime),
        sa.Column("winner", sa.String, nullable=False, server_default=""),
        sa.Column("decided_at", sa.DateTime),
        sa.Column("decided_by", sa.String, nullable=False, server_default=""),
    )
    op.add_column("deliveries", sa.Column("arm", sa.String, nullable=False, server_default=""))
    some = sa.text("arm <> ''")
    op.create_index(
        "deliveries_by_arm", "deliveries", ["campaign_id", "arm", "state"], sqlite_where=some, postgresql_where=some
    )
