"""Uploads under way, and what people note on events."""

from __future__ import annotations

from ircopilot.stores.postgres.migrations.tenant_tables import ID, INCIDENT, MAYBE, NOW, ORG, make_tables, no_way_back

revision = "0007"
down_revision = "0006"

TABLES: dict[str, str] = {
    "uploads": f"""
        {ORG}, upload_id {ID}, incident_id {ID}, name {ID}, kind {ID} DEFAULT '', metadata json NOT NULL,
        length bigint NOT NULL CHECK (length >= 0), received bigint NOT NULL DEFAULT 0,
        wrapped_key {ID}, state {ID} DEFAULT 'open', deposit_id {MAYBE}, sha256 {MAYBE}, and_run boolean NOT NULL,
        made_by {ID}, made_at {NOW}, expires_at timestamptz NOT NULL,
        PRIMARY KEY (org_id, upload_id), {INCIDENT},
        CHECK (received BETWEEN 0 AND length), CHECK (state IN ('open', 'done'))""",
    "upload_parts": f"""
        {ORG}, upload_id {ID}, first_byte bigint NOT NULL, size bigint NOT NULL CHECK (size > 0), file {ID},
        PRIMARY KEY (org_id, upload_id, first_byte),
        FOREIGN KEY (org_id, upload_id) REFERENCES uploads ON DELETE CASCADE""",
    "event_marks": f"""
        {ORG}, incident_id {ID}, event_id {ID}, kind {ID}, label {ID}, load_id {ID}, time timestamptz NOT NULL,
        made_by {ID}, made_at {NOW},
        PRIMARY KEY (org_id, incident_id, event_id, kind, label), {INCIDENT},
        CHECK (kind IN ('pin', 'tag')), CHECK ((kind = 'pin') = (label = ''))""",
    "event_notes": f"""
        {ORG}, note_id {ID}, incident_id {ID}, event_id {ID}, body {ID}, made_by {ID}, made_at {NOW},
        PRIMARY KEY (org_id, note_id), {INCIDENT}""",
}


def upgrade() -> None:
    """Make the tables, then say who may do what."""
    make_tables(TABLES)


downgrade = no_way_back
