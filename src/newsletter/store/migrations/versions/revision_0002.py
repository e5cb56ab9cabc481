"""Consent, tags and time zones of subscribers; suppressions of domains, within a scope, and after an erasure.

Deliveries get their id when they are claimed.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"

_JSON = sa.JSON().with_variant(postgresql.JSONB, "postgresql")


def upgrade() -> None:
    """Add the columns, and make suppressions anew with those there are."""
    for name in ("time_zone", "consent_method", "consent_source", "consent_version"):
        op.add_column("subscribers", sa.Column(name, sa.String, nullable=False, server_default=""))
    op.add_column("subscribers", sa.Column("tags", _JSON, nullable=False, server_default="[]"))
    op.add_column("subscribers", sa.Column("consent_at", sa.DateTime))
    op.drop_index("subscribers_by_profession", "subscribers")
    op.create_index("subscribers_by_profession", "subscribers", ["profession", "country", "status"])
    _renew_suppressions()
    _free_delivery_ids()
    op.create_table(
        "secret_keys",
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("content", sa.LargeBinary, nullable=False),
    )
    # Columns of a file that were attributes until now may be fields: the next import reads every file again.
    op.execute("UPDATE sources SET fingerprint = ''")


def _renew_suppressions() -> None:
    op.rename_table("suppressions", "suppressions_0001")
    if op.get_bind().dialect.name == "postgresql":
        # Renaming a table leaves its primary key the name that the new table's will have.
        op.execute("ALTER INDEX suppressions_pkey RENAME TO suppressions_0001_pkey")
    op.create_table(
        "suppressions",
        sa.Column("kind", sa.String, primary_key=True),
        sa.Column("value", sa.String, primary_key=True),
        sa.Column("scope", sa.String, primary_key=True),
        sa.Column("reason", sa.String, nullable=False),
        sa.Column("source", sa.String, nullable=False),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sqlite_with_rowid=False,
    )
    op.execute(
        "INSERT INTO suppressions (kind, value, scope, reason, source, created_at) "
        "SELECT 'address', address_key, '', reason, source, created_at FROM suppressions_0001"
    )
    op.drop_table("suppressions_0001")


def _free_delivery_ids() -> None:
    """No id is needed before the first claim; addresses are unique already where they are subscribers'."""
    if op.get_bind().dialect.name == "postgresql":
        op.alter_column("deliveries", "delivery_id", nullable=True)
        op.drop_constraint("deliveries_delivery_id_key", "deliveries")
        op.drop_constraint("deliveries_campaign_id_address_key_key", "deliveries")
    else:
        _renew_deliveries()
    there = sa.text("delivery_id IS NOT NULL")
    name, columns = "deliveries_by_delivery_id", ["delivery_id"]
    op.create_index(name, "deliveries", columns, unique=True, sqlite_where=there, postgresql_where=there)


def _renew_deliveries() -> None:
    # SQLite changes a constraint only by making the table anew.
    op.drop_index("deliveries_by_state")
    op.rename_table("deliveries", "deliveries_0001")
    required = ("address", "address_key", "profession", "variant")
    answered = ("state", "reason", "provider_id")
    op.create_table(
        "deliveries",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("campaign_id", sa.Integer, sa.ForeignKey("campaigns.id"), nullable=False),
        sa.Column("subscriber_id", sa.Integer, nullable=False),
        sa.Column("delivery_id", sa.String),
        *(sa.Column(name, sa.String, nullable=False) for name in required),
        sa.Column("recipient", _JSON, nullable=False),
        *(sa.Column(name, sa.String, nullable=False) for name in answered),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("not_before", sa.DateTime),
        sa.Column("changed_at", sa.DateTime, nullable=False),
        sa.UniqueConstraint("campaign_id", "subscriber_id"),
    )
    order = (
        "id, campaign_id, subscriber_id, delivery_id, address, address_key, profession, variant, recipient, state, "
        "reason, provider_id, attempts, not_before, changed_at"
    )
    op.execute(f"INSERT INTO deliveries ({order}) SELECT {order} FROM deliveries_0001")  # noqa: S608 - names of ours
    op.drop_table("deliveries_0001")
    op.create_index("deliveries_by_state", "deliveries", ["campaign_id", "state", "id"])
