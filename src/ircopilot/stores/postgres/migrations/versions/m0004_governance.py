"""The audit log and answers kept for Idempotency-Key."""

from __future__ import annotations

from ircopilot.stores.postgres.migrations.tenant_tables import make_tables, no_way_back

revision = "0004"
down_revision = "0003"

TABLES: dict[str, str] = {}


def upgrade() -> None:
    """Make the tables, then say who may do what."""
    make_tables(TABLES)


downgrade = no_way_back
