"""Runs as a service: what was handed in, steps and parts of runs, fair sending, API keys, and what a sweep may see.

The lobby's role sees no content: of jobs and runs only which are open, whose they are and until when; of API keys
what is needed to check one.
"""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"

ID = 'text COLLATE "C" NOT NULL'
MAYBE = 'text COLLATE "C"'
ORG = f"org_id {ID} REFERENCES organisations ON DELETE CASCADE"
INCIDENT = "FOREIGN KEY (org_id, incident_id) REFERENCES incidents ON DELETE CASCADE"
NOW = "timestamptz NOT NULL DEFAULT now()"

TABLES: dict[str, str] = {
    "deposits": f"""
        {ORG}, deposit_id {ID}, incident_id {ID}, sha256 {ID}, name {ID}, size bigint NOT NULL, received_from {ID},
        received_at {NOW}, unpacked_at timestamptz, kind {ID} DEFAULT '', PRIMARY KEY (org_id, deposit_id), {INCIDENT},
        CHECK (kind IN ('', 'alert', 'log', 'comm', 'action')),
        CHECK (sha256 ~ '^[0-9a-f]{{64}}$'), CHECK (size >= 0)""",
    "api_keys": f"""
        {ORG}, key_id {ID}, name {ID}, digest {ID}, created_at {NOW}, expires_at timestamptz, revoked_at timestamptz,
        last_used_at timestamptz, PRIMARY KEY (org_id, key_id), UNIQUE (key_id),
        CHECK (digest ~ '^[0-9a-f]{{64}}$')""",
}

COLUMNS = (
    f"ALTER TABLE runs ADD mode {ID} DEFAULT 'local' CHECK (mode IN ('local', 'service'))",
    f"ALTER TABLE runs ADD step {ID} DEFAULT ''",
    "ALTER TABLE runs ADD priority smallint NOT NULL DEFAULT 5 CHECK (priority BETWEEN 0 AND 9)",
    "ALTER TABLE runs ADD deadline timestamptz",
    f"ALTER TABLE runs ADD created_at {NOW}",
    "ALTER TABLE runs DROP CONSTRAINT runs_state_check",
    "ALTER TABLE runs ADD CONSTRAINT runs_state_check "
    "CHECK (state IN ('queued', 'running', 'cancelling', 'done', 'failed', 'cancelled'))",
    f"ALTER TABLE jobs ADD step {ID} DEFAULT ''",
    "ALTER TABLE jobs ADD part integer NOT NULL DEFAULT 0",
    "ALTER TABLE jobs ADD priority smallint NOT NULL DEFAULT 5",
    "ALTER TABLE jobs ADD result json",
    "ALTER TABLE jobs DROP CONSTRAINT jobs_state_check",
    "ALTER TABLE jobs ADD CONSTRAINT jobs_state_check "
    "CHECK (state IN ('queued', 'running', 'done', 'dead', 'cancelled'))",
    "ALTER TABLE outbox ADD priority smallint NOT NULL DEFAULT 5",
    "ALTER TABLE outbox ADD settled_at timestamptz",
)

INDEXES = (
    "CREATE INDEX deposits_by_incident ON deposits (org_id, incident_id, received_at)",
    "CREATE INDEX jobs_by_run ON jobs (org_id, run_id, step, part)",
    "CREATE INDEX jobs_running ON jobs (lease_until) WHERE state = 'running'",
    "CREATE INDEX runs_open ON runs (created_at) WHERE state IN ('queued', 'running', 'cancelling')",
    "CREATE INDEX runs_by_time ON runs (org_id, created_at)",
    "CREATE INDEX outbox_flying ON outbox (subject, org_id) WHERE published_at IS NOT NULL AND settled_at IS NULL",
)

LOBBY = (
    "CREATE POLICY sweep_reads ON jobs FOR SELECT TO ircopilot_lobby USING (state IN ('queued', 'running'))",
    "GRANT SELECT (org_id, job_id, run_id, state, attempt, lease_until) ON jobs TO ircopilot_lobby",
    "CREATE POLICY sweep_reads ON runs FOR SELECT TO ircopilot_lobby "
    "USING (mode = 'service' AND state IN ('queued', 'running', 'cancelling'))",
    "GRANT SELECT (org_id, run_id, state, mode, deadline, created_at) ON runs TO ircopilot_lobby",
    "CREATE POLICY lobby_checks ON api_keys FOR SELECT TO ircopilot_lobby USING (revoked_at IS NULL)",
    "GRANT SELECT (org_id, key_id, name, digest, expires_at, revoked_at) ON api_keys TO ircopilot_lobby",
)


def upgrade() -> None:
    """Add the columns and tables, then say who may do what."""
    for change in COLUMNS:
        op.execute(change)
    for name, columns in TABLES.items():
        op.execute(f"CREATE TABLE {name} ({columns})")
        op.execute(f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {name} FORCE ROW LEVEL SECURITY")
        own = "org_id = nullif(current_setting('app.org_id', true), '')"
        op.execute(f"CREATE POLICY tenant ON {name} TO ircopilot_app USING ({own}) WITH CHECK ({own})")
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {name} TO ircopilot_app")
    for statement in (*INDEXES, *LOBBY):
        op.execute(statement)


def downgrade() -> None:
    """There is no way back but a restored backup."""
    raise NotImplementedError("restore a backup instead")
