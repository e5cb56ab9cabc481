"""What providers tell of deliveries after they took them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Add the table and its indexes; nothing is known of what was sent before."""
    op.create_table(
        "events",
        sa.Column("id", _NUMBER, primary_key=True),
        sa.Column("campaign_id", _NUMBER, sa.ForeignKey("campaigns.id"), nullable=False),
        sa.Column("subscriber_id", _NUMBER, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.Column("url", sa.String, nullable=False),
        sa.Column("machine", sa.Boolean, nullable=False),
        sa.Column("words", sa.String, nullable=False),
        sa.Column("event_id", sa.String, nullable=False, unique=True),
    )
    op.create_index("events_by_kind", "events", ["campaign_id", "kind", "machine", "subscriber_id"])
    op.create_index("events_by_subscriber", "events", ["subscriber_id", "campaign_id"])
