"""Tables of reports as people edit them: versions, claims, decisions, findings in an analyst's words, exports.

`number` is a report's version in its incident; `version` is the row's own, for entity tags.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ForeignKeyConstraint,
    Identity,
    Integer,
    Table,
    Text,
    UniqueConstraint,
)

from ircopilot.stores.postgres.tables.base import (
    Id,
    key_column,
    metadata,
    need,
    now_column,
    org_column,
    time_column,
    within,
)

APPEND_ONLY: tuple[str, ...] = ("report_acts", "report_records", "exports", "redactions")


def _of_version() -> ForeignKeyConstraint:
    names = ["org_id", "incident_id", "number"]
    return ForeignKeyConstraint(names, [f"report_versions.{name}" for name in names], ondelete="CASCADE")


report_versions = Table(
    "report_versions",
    metadata,
    org_column(),
    key_column("incident_id"),
    key_column("number", Integer),
    need("basis", Integer),
    need("run_id"),
    Column("parent", Integer),
    need("origin"),
    need("state", server_default="draft"),
    need("unfit", JSON),
    now_column("made_at"),
    need("version", Integer, server_default="1"),
    within("incidents", "incident_id"),
    within("runs", "run_id"),
)

report_claims = Table(
    "report_claims",
    metadata,
    org_column(),
    key_column("incident_id"),
    key_column("number", Integer),
    key_column("claim_id"),
    need("section"),
    need("position", BigInteger),
    # The claim as drafted and gated (null: a person added it), and as it stands now.
    Column("drafted", JSON(none_as_null=True)),
    need("claim", JSON),
    # What the sentence says underneath: a `DraftClaim`, so that an edit can be gated.
    need("draft", JSON),
    need("decision", server_default="none"),
    Column("reason", Text),
    Column("decided_by", Text),
    Column("decided_by_id", Id),
    time_column("decided_at"),
    need("version", Integer, server_default="1"),
    _of_version(),
)

report_acts = Table(
    "report_acts",
    metadata,
    org_column(),
    Column("act_id", BigInteger, Identity(always=True), primary_key=True),
    need("incident_id"),
    need("number", Integer),
    Column("claim_id", Id),
    need("act"),
    need("by", Text),
    need("by_id"),
    need("detail", JSON),
    now_column("at"),
    _of_version(),
)

report_records = Table(
    "report_records",
    metadata,
    org_column(),
    key_column("incident_id"),
    key_column("event_id"),
    need("record", JSON),
    now_column("at"),
    within("incidents", "incident_id"),
)

report_policies = Table(
    "report_policies",
    metadata,
    org_column(),
    key_column("name"),
    need("value", Boolean),
    need("version", Integer, server_default="1"),
)

entity_words = Table(
    "entity_words",
    metadata,
    org_column(),
    key_column("incident_id"),
    key_column("entity_id"),
    need("role"),
    need("why", Text, server_default=""),
    need("by", Text),
    need("by_id"),
    now_column("at"),
    need("version", Integer, server_default="1"),
    within("incidents", "incident_id"),
)

indicator_words = Table(
    "indicator_words",
    metadata,
    org_column(),
    key_column("incident_id"),
    key_column("indicator_id"),
    need("type"),
    need("value", Text),
    need("verdict"),
    need("added", Boolean),
    need("why", Text, server_default=""),
    need("evidence", JSON),
    need("by", Text),
    need("by_id"),
    now_column("at"),
    need("version", Integer, server_default="1"),
    within("incidents", "incident_id"),
)

exports = Table(
    "exports",
    metadata,
    org_column(),
    key_column("export_id"),
    need("incident_id"),
    need("number", Integer),
    need("format"),
    need("options", JSON),
    need("run_id"),
    need("by", Text),
    need("by_id"),
    now_column("at"),
    within("incidents", "incident_id"),
    within("runs", "run_id"),
)

redactions = Table(
    "redactions",
    metadata,
    org_column(),
    key_column("incident_id"),
    key_column("value"),
    need("number", Integer),
    UniqueConstraint("org_id", "incident_id", "number"),
    within("incidents", "incident_id"),
)
