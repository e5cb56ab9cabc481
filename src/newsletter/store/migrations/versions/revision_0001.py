"""The tables of version 0.1, which SQLite files marked with `user_version=1`."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_JSON = sa.JSON().with_variant(postgresql.JSONB, "postgresql")


def upgrade() -> None:
    """Make the tables."""
    _make_people()
    _make_campaigns()
    _make_deliveries()


def _make_people() -> None:
    texts = ("first_name", "last_name", "profession_title", "profession", "country", "language", "status")
    op.create_table(
        "subscribers",
        sa.Column("id", _NUMBER, primary_key=True),
        sa.Column("address", sa.String, nullable=False),
        sa.Column("address_key", sa.String, nullable=False, unique=True),
        *(sa.Column(name, sa.String, nullable=False) for name in texts),
        sa.Column("attributes", _JSON, nullable=False),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.Column("changed_at", sa.DateTime, nullable=False),
    )
    op.create_index("subscribers_by_profession", "subscribers", ["profession"])
    op.create_table(
        "memberships",
        sa.Column("source", sa.String, primary_key=True),
        sa.Column("subscriber_id", _NUMBER, sa.ForeignKey("subscribers.id"), primary_key=True),
        sa.Column("import_number", sa.Integer, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "sources",
        sa.Column("source", sa.String, primary_key=True),
        sa.Column("fingerprint", sa.String, nullable=False),
        sa.Column("import_number", sa.Integer, nullable=False),
        sa.Column("imported_at", sa.DateTime, nullable=False),
    )
    op.create_table(
        "suppressions",
        sa.Column("address_key", sa.String, primary_key=True),
        sa.Column("reason", sa.String, nullable=False),
        sa.Column("source", sa.String, nullable=False),
        sa.Column("created_at", sa.DateTime, nullable=False),
    )


def _make_campaigns() -> None:
    op.create_table(
        "campaigns",
        sa.Column("id", _NUMBER, primary_key=True),
        sa.Column("name", sa.String, nullable=False, unique=True),
        *(sa.Column(name, sa.String, nullable=False) for name in ("issue", "audience", "status", "content_hash")),
        sa.Column("secret", sa.LargeBinary, nullable=False),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.Column("finished_at", sa.DateTime),
    )
    op.create_table(
        "campaign_contents",
        sa.Column("campaign_id", _NUMBER, sa.ForeignKey("campaigns.id"), primary_key=True),
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("content", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "campaign_professions",
        sa.Column("campaign_id", _NUMBER, sa.ForeignKey("campaigns.id"), primary_key=True),
        sa.Column("profession", sa.String, primary_key=True),
        sa.Column("variant", sa.String, nullable=False),
    )


def _make_deliveries() -> None:
    op.create_table(
        "deliveries",
        sa.Column("id", _NUMBER, primary_key=True),
        sa.Column("campaign_id", _NUMBER, sa.ForeignKey("campaigns.id"), nullable=False),
        sa.Column("subscriber_id", _NUMBER, nullable=False),
        sa.Column("delivery_id", sa.String, nullable=False, unique=True),
        *(sa.Column(name, sa.String, nullable=False) for name in ("address", "address_key", "profession", "variant")),
        sa.Column("recipient", _JSON, nullable=False),
        *(sa.Column(name, sa.String, nullable=False) for name in ("state", "reason", "provider_id")),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("not_before", sa.DateTime),
        sa.Column("changed_at", sa.DateTime, nullable=False),
        sa.UniqueConstraint("campaign_id", "subscriber_id"),
        sa.UniqueConstraint("campaign_id", "address_key"),
    )
    op.create_index("deliveries_by_state", "deliveries", ["campaign_id", "state", "id"])
