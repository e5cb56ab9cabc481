"""The family of mail clients that each open was told of."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Add the column; of opens that were told before nothing is known until they are told again."""
    op.add_column("events", sa.Column("client", sa.String, nullable=False, server_default=""))
