"""The spine: incidents, evidence, loads, runs, results, jobs, and who may see which row of them.

Every tenant table has `org_id`, ENABLE and FORCE ROW LEVEL SECURITY, and one policy for the application's role:
rows of the organisation named by `app.org_id`; unset or empty means none. The lobby's role sees the outbox alone.
"""

from __future__ import annotations

from alembic import op

revision = "0001"
down_revision = None

ID = 'text COLLATE "C" NOT NULL'
ORG = f"org_id {ID} REFERENCES organisations ON DELETE CASCADE"
INCIDENT = "FOREIGN KEY (org_id, incident_id) REFERENCES incidents ON DELETE CASCADE"
RUN = "FOREIGN KEY (org_id, run_id) REFERENCES runs ON DELETE CASCADE"
JOB = "FOREIGN KEY (org_id, job_id) REFERENCES jobs ON DELETE CASCADE"
NOW = "timestamptz NOT NULL DEFAULT now()"

TABLES: dict[str, str] = {
    "organisations": f"""
        org_id {ID} PRIMARY KEY, name {ID}, region {ID} DEFAULT 'local', created_at {NOW},
        CHECK (org_id <> '')""",
    "incidents": f"""
        {ORG}, incident_id {ID}, key {ID}, title {ID}, state {ID} DEFAULT 'open', created_at {NOW},
        PRIMARY KEY (org_id, incident_id), UNIQUE (org_id, key),
        CHECK (state IN ('open', 'closed', 'held', 'erased'))""",
    "artifacts": f"""
        {ORG}, sha256 {ID}, size bigint NOT NULL, media_type {ID}, stored_at {NOW},
        PRIMARY KEY (org_id, sha256), CHECK (sha256 ~ '^[0-9a-f]{{64}}$'), CHECK (size >= 0)""",
    "incident_artifacts": f"""
        {ORG}, incident_id {ID}, sha256 {ID}, name {ID}, format {ID}, parent_sha256 text COLLATE "C",
        member text COLLATE "C", received_from {ID}, received_at {NOW},
        PRIMARY KEY (org_id, incident_id, sha256), {INCIDENT},
        FOREIGN KEY (org_id, sha256) REFERENCES artifacts ON DELETE CASCADE""",
    "artifact_errors": f"""
        {ORG}, incident_id {ID}, sha256 {ID}, locator {ID}, reason {ID}, at {NOW},
        PRIMARY KEY (org_id, incident_id, sha256, locator),
        FOREIGN KEY (org_id, incident_id, sha256) REFERENCES incident_artifacts ON DELETE CASCADE""",
    "custody": f"""
        {ORG}, custody_id bigint GENERATED ALWAYS AS IDENTITY, incident_id {ID}, sha256 {ID}, act {ID}, actor {ID},
        detail json NOT NULL, at {NOW}, PRIMARY KEY (org_id, custody_id), {INCIDENT}""",
    "loads": f"""
        {ORG}, load_id {ID}, artifact_sha256 {ID}, mapping {ID}, mapping_version {ID}, clock json NOT NULL, state {ID},
        records bigint NOT NULL, events bigint NOT NULL, skips bigint NOT NULL, errors bigint NOT NULL,
        first_time timestamptz, last_time timestamptz, parse_errors json NOT NULL, replaced_by text COLLATE "C",
        opened_at {NOW}, committed_at timestamptz, PRIMARY KEY (org_id, load_id),
        FOREIGN KEY (org_id, artifact_sha256) REFERENCES artifacts (org_id, sha256) ON DELETE CASCADE,
        CHECK (state IN ('writing', 'committed', 'replaced')),
        CHECK ((state = 'replaced') = (replaced_by IS NOT NULL))""",
    "incident_loads": f"""
        {ORG}, incident_id {ID}, load_id {ID}, PRIMARY KEY (org_id, incident_id, load_id), {INCIDENT},
        FOREIGN KEY (org_id, load_id) REFERENCES loads ON DELETE CASCADE""",
    "runs": f"""
        {ORG}, run_id {ID}, incident_id {ID}, state {ID}, parameters json NOT NULL, error text,
        last_event bigint NOT NULL DEFAULT 0, started_at {NOW}, finished_at timestamptz,
        PRIMARY KEY (org_id, run_id), {INCIDENT},
        CHECK (state IN ('queued', 'running', 'done', 'failed', 'cancelled'))""",
    "run_events": f"""
        {ORG}, run_id {ID}, number bigint NOT NULL, stage {ID}, payload json NOT NULL, at {NOW},
        PRIMARY KEY (org_id, run_id, number), {RUN}""",
    "results": f"""
        {ORG}, incident_id {ID}, stage {ID}, version integer NOT NULL, run_id {ID}, document json NOT NULL, at {NOW},
        PRIMARY KEY (org_id, incident_id, stage, version), {INCIDENT}, {RUN}""",
    "jobs": f"""
        {ORG}, job_id {ID}, incident_id {ID}, run_id {ID}, subject {ID}, payload json NOT NULL,
        traceparent {ID} DEFAULT '', state {ID}, attempt integer NOT NULL, max_attempts integer NOT NULL,
        fence bigint NOT NULL DEFAULT 0, leased_by text COLLATE "C", lease_until timestamptz, last_error text,
        created_at {NOW}, finished_at timestamptz,
        PRIMARY KEY (org_id, job_id), {INCIDENT}, {RUN},
        CHECK (state IN ('queued', 'running', 'done', 'dead'))""",
    "outbox": f"""
        {ORG}, outbox_id bigint GENERATED ALWAYS AS IDENTITY, job_id {ID}, attempt integer NOT NULL, subject {ID},
        body json NOT NULL, traceparent {ID} DEFAULT '', publish_after {NOW}, published_at timestamptz,
        PRIMARY KEY (org_id, outbox_id), UNIQUE (org_id, job_id, attempt), {JOB}""",
    "dead_letters": f"""
        {ORG}, dead_letter_id bigint GENERATED ALWAYS AS IDENTITY, job_id {ID}, attempt integer NOT NULL, reason {ID},
        body json NOT NULL, at {NOW}, redriven_at timestamptz, PRIMARY KEY (org_id, dead_letter_id), {JOB}""",
}

APPEND_ONLY = ("custody", "results", "run_events")

INDEXES = (
    "CREATE INDEX outbox_unpublished ON outbox (publish_after, outbox_id) WHERE published_at IS NULL",
    "CREATE INDEX incident_loads_by_load ON incident_loads (org_id, load_id)",
    "CREATE INDEX loads_by_artifact ON loads (org_id, artifact_sha256)",
    "CREATE INDEX runs_by_incident ON runs (org_id, incident_id, started_at)",
    "CREATE INDEX custody_by_incident ON custody (org_id, incident_id, sha256)",
)


def upgrade() -> None:
    """Make the tables, then say who may do what."""
    for name, columns in TABLES.items():
        op.execute(f"CREATE TABLE {name} ({columns})")
    for index in INDEXES:
        op.execute(index)
    op.execute("REVOKE ALL ON SCHEMA public FROM PUBLIC")
    op.execute("GRANT USAGE ON SCHEMA public TO ircopilot_app, ircopilot_lobby")
    for name in TABLES:
        op.execute(f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {name} FORCE ROW LEVEL SECURITY")
        own = "org_id = nullif(current_setting('app.org_id', true), '')"
        op.execute(f"CREATE POLICY tenant ON {name} TO ircopilot_app USING ({own}) WITH CHECK ({own})")
        acts = "SELECT, INSERT" if name in APPEND_ONLY else "SELECT, INSERT, UPDATE, DELETE"
        op.execute(f"GRANT {acts} ON {name} TO ircopilot_app")
    op.execute("CREATE POLICY relay_reads ON outbox FOR SELECT TO ircopilot_lobby USING (true)")
    op.execute("CREATE POLICY relay_marks ON outbox FOR UPDATE TO ircopilot_lobby USING (true) WITH CHECK (true)")
    op.execute("GRANT SELECT, UPDATE (published_at) ON outbox TO ircopilot_lobby")


def downgrade() -> None:
    """There is no way back from the first schema but a restored backup."""
    raise NotImplementedError("restore a backup instead")
