"""The audit log, what roles may, and answers kept for Idempotency-Key."""

from __future__ import annotations

from alembic import op

from ircopilot.stores.postgres.migrations.tenant_tables import ID, MAYBE, NOW, ORG, make_tables, no_way_back

revision = "0004"
down_revision = "0003"

# No foreign key: the log of an organisation that was erased stays.
LOGGED = f"org_id {ID}"
TABLES: dict[str, str] = {
    "audit_log": f"""
        {LOGGED}, seq bigint NOT NULL, at timestamptz NOT NULL, actor_kind {ID}, actor_id {ID}, actor_label {ID},
        address {ID}, request_id {ID}, act {ID}, target {ID}, before text, after text, prev_hash {ID}, hash {ID},
        PRIMARY KEY (org_id, seq), CHECK (seq > 0)""",
    "audit_heads": f"""
        {LOGGED}, seq bigint NOT NULL DEFAULT 0, hash {ID} DEFAULT '', signed_seq bigint NOT NULL DEFAULT 0,
        signed_at timestamptz, PRIMARY KEY (org_id)""",
    "audit_checkpoints": f"""
        {LOGGED}, number bigint NOT NULL, seq bigint NOT NULL, hash {ID}, at timestamptz NOT NULL, key_id {ID},
        prev_signature {ID}, signature {ID}, PRIMARY KEY (org_id, number)""",
    "role_policies": f"""
        {ORG}, role {ID}, permissions text[] NOT NULL, updated_at {NOW}, updated_by {ID}, PRIMARY KEY (org_id, role)""",
    "policy_versions": f"""
        {ORG}, version bigint NOT NULL, PRIMARY KEY (org_id)""",
    "idempotency_keys": f"""
        {ORG}, caller {ID}, key {ID}, request {ID}, body_sha256 {MAYBE}, attempt integer NOT NULL,
        lease_until timestamptz NOT NULL, claimed_at {NOW}, done_at timestamptz, status smallint, headers json,
        body bytea, secret boolean NOT NULL DEFAULT false, PRIMARY KEY (org_id, caller, key)""",
}

# Also for the owner's role; ALWAYS: a session that calls itself a replica is refused, too.
REFUSE = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'rows of % are added and read, never changed or removed', TG_TABLE_NAME USING ERRCODE = '42501';
END $$
"""

INDEXES = (
    "CREATE INDEX audit_log_by_time ON audit_log (org_id, at)",
    "CREATE INDEX audit_log_by_actor ON audit_log (org_id, actor_id, seq)",
    "CREATE INDEX audit_log_by_act ON audit_log (org_id, act, seq)",
    "CREATE INDEX audit_log_by_target ON audit_log (org_id, target, seq)",
    "CREATE INDEX idempotency_keys_by_age ON idempotency_keys (claimed_at)",
)

# The lobby sees which organisation's log is to be signed, what a policy's number is, and whose old answers can go.
LOBBY = (
    "CREATE POLICY sweep_reads ON audit_heads FOR SELECT TO ircopilot_lobby USING (true)",
    "GRANT SELECT (org_id, seq, signed_seq, signed_at) ON audit_heads TO ircopilot_lobby",
    "CREATE POLICY lobby_reads ON policy_versions FOR SELECT TO ircopilot_lobby USING (true)",
    "GRANT SELECT ON policy_versions TO ircopilot_lobby",
    "CREATE POLICY sweep_reads ON idempotency_keys FOR SELECT TO ircopilot_lobby "
    "USING (claimed_at < now() - interval '24 hours')",
    "GRANT SELECT (org_id, claimed_at) ON idempotency_keys TO ircopilot_lobby",
)


def upgrade() -> None:
    """Make the tables, then say who may do what."""
    make_tables(TABLES, append_only=("audit_log", "audit_checkpoints"))
    op.execute("REVOKE DELETE ON audit_heads FROM ircopilot_app")
    op.execute(REFUSE)
    for table in ("audit_log", "audit_checkpoints"):
        op.execute(
            f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
        op.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER append_only")
    for statement in (*INDEXES, *LOBBY):
        op.execute(statement)


downgrade = no_way_back
