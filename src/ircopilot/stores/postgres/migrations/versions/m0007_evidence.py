"""Uploads under way."""

from __future__ import annotations

from ircopilot.stores.postgres.migrations.tenant_tables import make_tables, no_way_back

revision = "0007"
down_revision = "0006"

TABLES: dict[str, str] = {}


def upgrade() -> None:
    """Make the tables, then say who may do what."""
    make_tables(TABLES)


downgrade = no_way_back
