"""Consent, tags and time zones of subscribers; suppressions of domains, within a scope, and after an erasure."""

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
    _renew_suppressions()
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
