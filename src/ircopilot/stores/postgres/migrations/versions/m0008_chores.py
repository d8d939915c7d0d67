"""Chores of an organisation that belong to no incident; one of a kind at a time.

The lobby's role sees which are open and whose, and nothing of what they say.
"""

from __future__ import annotations

from alembic import op

from ircopilot.stores.postgres.migrations.tenant_tables import ID, MAYBE, NOW, ORG, make_tables, no_way_back

revision = "0008"
down_revision = "0007"

TABLES: dict[str, str] = {
    "chores": f"""
        {ORG}, chore_id {ID}, kind {ID}, state {ID} DEFAULT 'queued', done integer NOT NULL DEFAULT 0,
        total integer NOT NULL DEFAULT 0, said {ID} DEFAULT '', error {MAYBE}, attempt integer NOT NULL DEFAULT 0,
        fence bigint NOT NULL DEFAULT 0, leased_by {MAYBE}, free_at timestamptz NOT NULL DEFAULT now(),
        asked_at {NOW}, finished_at timestamptz,
        PRIMARY KEY (org_id, chore_id), CHECK (state IN ('queued', 'running', 'done', 'failed'))""",
}
STATEMENTS = (
    "CREATE UNIQUE INDEX chores_open ON chores (org_id, kind) WHERE state IN ('queued', 'running')",
    "CREATE POLICY sweep_reads ON chores FOR SELECT TO ircopilot_lobby USING (state IN ('queued', 'running'))",
    "GRANT SELECT (org_id, chore_id, state, free_at) ON chores TO ircopilot_lobby",
)


def upgrade() -> None:
    """Make the table, then say who may do what."""
    make_tables(TABLES)
    for statement in STATEMENTS:
        op.execute(statement)


downgrade = no_way_back
