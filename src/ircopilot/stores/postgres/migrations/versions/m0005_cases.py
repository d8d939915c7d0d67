"""What people write on an incident: its fields, comments, actions, playbooks, saved filters, and the feed of it all."""

from __future__ import annotations

from alembic import op

from ircopilot.stores.postgres.migrations.tenant_tables import ID, INCIDENT, MAYBE, NOW, ORG, make_tables, no_way_back

revision = "0005"
down_revision = "0004"

VERSION = "version integer NOT NULL DEFAULT 1"
PHASES = "'detection-and-analysis', 'containment', 'eradication', 'recovery', 'post-incident'"

INCIDENTS = (
    "ALTER TABLE incidents DROP COLUMN state",
    f"ALTER TABLE incidents ADD summary {ID} DEFAULT ''",
    "ALTER TABLE incidents ADD severity smallint NOT NULL DEFAULT 3 CHECK (severity BETWEEN 1 AND 5)",
    f"ALTER TABLE incidents ADD status {ID} DEFAULT 'detection-and-analysis' CHECK (status IN ({PHASES}, 'closed'))",
    f"ALTER TABLE incidents ADD lead {MAYBE}",
    "ALTER TABLE incidents ADD tags text[] NOT NULL DEFAULT '{}'",
    f"ALTER TABLE incidents ADD tlp {ID} DEFAULT 'amber' "
    "CHECK (tlp IN ('red', 'amber+strict', 'amber', 'green', 'clear'))",
    *(
        f"ALTER TABLE incidents ADD {name} timestamptz"
        for name in ("occurred_at", "detected_at", "contained_at", "recovered_at", "closed_at", "retain_until")
    ),
    f"ALTER TABLE incidents ADD close_reason {MAYBE}",
    f"ALTER TABLE incidents ADD close_note {ID} DEFAULT ''",
    f"ALTER TABLE incidents ADD merged_into {MAYBE}",
    "ALTER TABLE incidents ADD restricted boolean NOT NULL DEFAULT false",
    "ALTER TABLE incidents ADD legal_hold boolean NOT NULL DEFAULT false",
    f"ALTER TABLE incidents ADD opened_by {ID} DEFAULT ''",
    f"ALTER TABLE incidents ADD updated_at {NOW}",
    f"ALTER TABLE incidents ADD {VERSION}",
    "ALTER TABLE incidents ADD FOREIGN KEY (org_id, merged_into) REFERENCES incidents (org_id, incident_id)",
    "ALTER TABLE incidents ADD CHECK ((status = 'closed') = (close_reason IS NOT NULL))",
    "ALTER TABLE incidents ADD CHECK (merged_into IS NULL OR close_reason = 'merged')",
    "ALTER TABLE organisations ADD feed_last bigint NOT NULL DEFAULT 0",
)

TABLES: dict[str, str] = {
    "incident_grants": f"""
        {ORG}, incident_id {ID}, principal {ID}, granted_by {ID}, granted_at {NOW},
        PRIMARY KEY (org_id, incident_id, principal), {INCIDENT}""",
    "comments": f"""
        {ORG}, comment_id {ID}, incident_id {ID}, thread_id {ID}, anchor_type {ID}, anchor_id {ID}, body {ID},
        mentions text[] NOT NULL DEFAULT '{{}}', author {ID}, author_name {ID}, created_at {NOW}, edited_at timestamptz,
        deleted_at timestamptz, resolved_at timestamptz, resolved_by {MAYBE}, {VERSION},
        PRIMARY KEY (org_id, comment_id), {INCIDENT},
        FOREIGN KEY (org_id, thread_id) REFERENCES comments (org_id, comment_id) ON DELETE CASCADE""",
    "actions": f"""
        {ORG}, action_id {ID}, incident_id {ID}, title {ID}, description {ID} DEFAULT '', state {ID}, phase {ID},
        owner {MAYBE}, role {ID} DEFAULT '', due_at timestamptz, rank {ID}, why {ID} DEFAULT '', citations json NOT NULL, source {ID},
        source_ref {MAYBE}, created_by {ID}, created_at {NOW}, updated_at {NOW}, done_at timestamptz, {VERSION},
        PRIMARY KEY (org_id, action_id), {INCIDENT},
        CHECK (state IN ('suggested', 'open', 'in-progress', 'blocked', 'done', 'dismissed')),
        CHECK (phase IN ({PHASES})), CHECK (source IN ('report', 'playbook', 'hand'))""",
    "playbooks": f"""
        {ORG}, playbook_id {ID}, created_at {NOW}, archived_at timestamptz, {VERSION},
        PRIMARY KEY (org_id, playbook_id)""",
    "playbook_versions": f"""
        {ORG}, playbook_id {ID}, version integer NOT NULL, name {ID}, description {ID}, steps json NOT NULL,
        created_by {ID}, created_at {NOW}, PRIMARY KEY (org_id, playbook_id, version),
        FOREIGN KEY (org_id, playbook_id) REFERENCES playbooks ON DELETE CASCADE""",
    "playbook_uses": f"""
        {ORG}, incident_id {ID}, playbook_id {ID}, version integer NOT NULL, name {ID}, applied_by {ID}, applied_at {NOW},
        PRIMARY KEY (org_id, incident_id, playbook_id), {INCIDENT}""",
    "saved_filters": f"""
        {ORG}, filter_id {ID}, owner {ID}, shared boolean NOT NULL DEFAULT false, name {ID}, kind {ID}, query {ID},
        view json NOT NULL, created_at {NOW}, updated_at {NOW}, {VERSION},
        PRIMARY KEY (org_id, filter_id), UNIQUE (org_id, owner, kind, name),
        CHECK (kind IN ('incidents', 'timeline'))""",
    "feed_events": f"""
        {ORG}, feed_id bigint GENERATED ALWAYS AS IDENTITY, incident_id {ID}, number bigint, kind {ID},
        payload json NOT NULL, at {NOW}, PRIMARY KEY (org_id, feed_id), UNIQUE (org_id, number), {INCIDENT}""",
}

INDEXES = (
    *(
        f"CREATE INDEX incidents_by_{name} ON incidents (org_id, {columns}, incident_id)"
        for name, columns in (
            ("time", "created_at"),
            ("severity", "severity, created_at"),
            ("update", "updated_at"),
            ("status", "status, created_at"),
            ("lead", "lead, created_at"),
        )
    ),
    "CREATE INDEX incident_grants_by_principal ON incident_grants (org_id, principal, incident_id)",
    "CREATE INDEX comments_by_anchor ON comments (org_id, incident_id, anchor_type, anchor_id, created_at, comment_id)",
    "CREATE INDEX comments_by_thread ON comments (org_id, thread_id, created_at, comment_id)",
    "CREATE INDEX actions_by_rank ON actions (org_id, incident_id, state, rank, action_id)",
    "CREATE INDEX actions_by_owner ON actions (org_id, owner, due_at) WHERE owner IS NOT NULL",
    "CREATE INDEX feed_events_unnumbered ON feed_events (org_id, feed_id) WHERE number IS NULL",
    "CREATE INDEX feed_events_by_incident ON feed_events (org_id, incident_id)",
)


def upgrade() -> None:
    """Add the columns, make the tables, then say who may do what."""
    for change in INCIDENTS:
        op.execute(change)
    make_tables(TABLES, append_only=("playbook_versions",))
    for index in INDEXES:
        op.execute(index)


downgrade = no_way_back
