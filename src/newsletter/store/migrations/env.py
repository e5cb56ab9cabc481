"""What Alembic runs the revisions in: the connection, and the transaction, of its caller."""

from __future__ import annotations

from alembic import context

from newsletter.store.columns import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
