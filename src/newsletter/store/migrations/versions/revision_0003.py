"""When a campaign is due, and why it is paused or cancelled."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the columns; campaigns there are have neither."""
    op.add_column("campaigns", sa.Column("status_reason", sa.String, nullable=False, server_default=""))
    op.add_column("campaigns", sa.Column("scheduled_at", sa.DateTime))
