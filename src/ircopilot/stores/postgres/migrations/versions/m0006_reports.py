"""Reports as people edit them: versions, claims, decisions, findings in an analyst's words, exports."""

from __future__ import annotations

from alembic import op

from ircopilot.stores.postgres.migrations.tenant_tables import ID, INCIDENT, MAYBE, NOW, ORG, make_tables, no_way_back

revision = "0006"
down_revision = "0005"

RUN = "FOREIGN KEY (org_id, run_id) REFERENCES runs ON DELETE CASCADE"
VERSION = "version integer NOT NULL DEFAULT 1"
OF_VERSION = "FOREIGN KEY (org_id, incident_id, number) REFERENCES report_versions ON DELETE CASCADE"
DECIDED = f"decided_by text, decided_by_id {MAYBE}, decided_at timestamptz"
SAID = f"why text NOT NULL DEFAULT '', by text NOT NULL, by_id {ID}, at {NOW}, {VERSION}"

TABLES: dict[str, str] = {
    "report_versions": f"""
        {ORG}, incident_id {ID}, number integer NOT NULL, basis integer NOT NULL, run_id {ID}, parent integer,
        origin {ID}, state {ID} DEFAULT 'draft', unfit json NOT NULL, made_at {NOW}, {VERSION},
        PRIMARY KEY (org_id, incident_id, number), {INCIDENT}, {RUN},
        CHECK (origin IN ('run', 'reopened')), CHECK (number > 0),
        CHECK (state IN ('draft', 'in_review', 'approved', 'published'))""",
    "report_claims": f"""
        {ORG}, incident_id {ID}, number integer NOT NULL, claim_id {ID}, section {ID}, position bigint NOT NULL,
        drafted json, claim json NOT NULL, draft json NOT NULL, decision {ID} DEFAULT 'none', reason text, {DECIDED},
        {VERSION}, PRIMARY KEY (org_id, incident_id, number, claim_id), {OF_VERSION},
        CHECK (decision IN ('none', 'accepted', 'rejected', 'edited', 'added', 'deleted'))""",
    "report_acts": f"""
        {ORG}, act_id bigint GENERATED ALWAYS AS IDENTITY, incident_id {ID}, number integer NOT NULL,
        claim_id {MAYBE}, act {ID}, by text NOT NULL, by_id {ID}, detail json NOT NULL, at {NOW},
        PRIMARY KEY (org_id, act_id), {OF_VERSION}""",
    "report_records": f"""
        {ORG}, incident_id {ID}, event_id {ID}, record json NOT NULL, at {NOW},
        PRIMARY KEY (org_id, incident_id, event_id), {INCIDENT}""",
    "report_policies": f"{ORG}, name {ID}, value boolean NOT NULL, {VERSION}, PRIMARY KEY (org_id, name)",
    "entity_words": f"""
        {ORG}, incident_id {ID}, entity_id {ID}, role {ID}, {SAID},
        PRIMARY KEY (org_id, incident_id, entity_id), {INCIDENT},
        CHECK (role IN ('attacker', 'victim', 'suspicious', 'benign', 'unknown'))""",
    "indicator_words": f"""
        {ORG}, incident_id {ID}, indicator_id {ID}, type {ID}, value text NOT NULL, verdict {ID},
        added boolean NOT NULL, evidence json NOT NULL, {SAID},
        PRIMARY KEY (org_id, incident_id, indicator_id), {INCIDENT}, CHECK (verdict IN ('malicious', 'benign'))""",
    "exports": f"""
        {ORG}, export_id {ID}, incident_id {ID}, number integer NOT NULL, format {ID}, options json NOT NULL,
        run_id {ID}, by text NOT NULL, by_id {ID}, at {NOW}, PRIMARY KEY (org_id, export_id), {INCIDENT}, {RUN}""",
    "redactions": f"""
        {ORG}, incident_id {ID}, value {ID}, number integer NOT NULL, PRIMARY KEY (org_id, incident_id, value),
        UNIQUE (org_id, incident_id, number), {INCIDENT}""",
}
APPEND_ONLY = ("report_acts", "report_records", "exports", "redactions")
INDEXES = (
    "CREATE INDEX report_acts_by_version ON report_acts (org_id, incident_id, number, act_id)",
    "CREATE INDEX exports_by_incident ON exports (org_id, incident_id, at)",
)


def upgrade() -> None:
    """Make the tables, then say who may do what."""
    make_tables(TABLES, APPEND_ONLY)
    for statement in INDEXES:
        op.execute(statement)


downgrade = no_way_back
