"""Which process may write a campaign's deliveries: the last that took hold of it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Add the column; nobody has taken hold of a campaign since."""
    op.add_column("campaigns", sa.Column("hold", sa.Integer, nullable=False, server_default="0"))
