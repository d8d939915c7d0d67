"""Alembic's entry: uses the connection (and the lock on it) that `migrate` hands over; there is no offline mode."""

from __future__ import annotations

from alembic import context

from ircopilot.stores.postgres.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
