"""An organisation's own limit of evidence, and from where on its feed is kept.

The lobby's role sees which organisations have feed events and how old these are, and nothing of what they say.
"""

from __future__ import annotations

from alembic import op

from ircopilot.stores.postgres.migrations.tenant_tables import no_way_back

revision = "0009"
down_revision = "0008"

STATEMENTS = (
    "ALTER TABLE organisations ADD max_held bigint NOT NULL DEFAULT 0 CHECK (max_held >= 0)",
    "ALTER TABLE organisations ADD feed_from bigint NOT NULL DEFAULT 0 CHECK (feed_from >= 0)",
    "CREATE INDEX feed_events_by_age ON feed_events (at)",
    "CREATE POLICY sweep_reads ON feed_events FOR SELECT TO ircopilot_lobby USING (at < now() - interval '1 hour')",
    "GRANT SELECT (org_id, at) ON feed_events TO ircopilot_lobby",
)


def upgrade() -> None:
    """Add the columns, and what the sweep needs to find old events."""
    for statement in STATEMENTS:
        op.execute(statement)


downgrade = no_way_back
