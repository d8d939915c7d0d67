"""The spine: incidents, evidence, loads, runs and jobs, and the API keys of the first service."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ForeignKeyConstraint,
    Identity,
    Integer,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import ARRAY

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

organisations = Table(
    "organisations",
    metadata,
    Column("org_id", Id, primary_key=True),
    need("name"),
    need("region", server_default="local"),
    now_column("created_at"),
    need("feed_last", BigInteger, server_default="0"),
    need("feed_from", BigInteger, server_default="0"),
    need("max_held", BigInteger, server_default="0"),
    need("require_mfa", Boolean, server_default="false"),
    need("session_idle_s", Integer, server_default="3600"),
    need("session_absolute_s", Integer, server_default="43200"),
    need("version", Integer, server_default="1"),
)

CASE_TIMES = ("occurred_at", "detected_at", "contained_at", "recovered_at", "closed_at", "retain_until")

incidents = Table(
    "incidents",
    metadata,
    org_column(),
    key_column("incident_id"),
    need("key"),
    need("title"),
    now_column("created_at"),
    need("summary", server_default=""),
    need("severity", SmallInteger, server_default="3"),
    need("status", server_default="detection-and-analysis"),
    Column("lead", Id),
    need("tags", ARRAY(Text), server_default="{}"),
    need("tlp", server_default="amber"),
    *(time_column(name) for name in CASE_TIMES),
    Column("close_reason", Id),
    need("close_note", server_default=""),
    Column("merged_into", Id),
    need("restricted", Boolean, server_default="false"),
    need("legal_hold", Boolean, server_default="false"),
    need("opened_by", server_default=""),
    now_column("updated_at"),
    need("version", Integer, server_default="1"),
    UniqueConstraint("org_id", "key"),
    ForeignKeyConstraint(["org_id", "merged_into"], ["incidents.org_id", "incidents.incident_id"]),
)

artifacts = Table(
    "artifacts",
    metadata,
    org_column(),
    key_column("sha256"),
    need("size", BigInteger),
    need("media_type"),
    now_column("stored_at"),
)

incident_artifacts = Table(
    "incident_artifacts",
    metadata,
    org_column(),
    key_column("incident_id"),
    key_column("sha256"),
    need("name"),
    need("format"),
    Column("parent_sha256", Id),
    Column("member", Id),
    need("received_from"),
    now_column("received_at"),
    within("incidents", "incident_id"),
    within("artifacts", "sha256"),
)

artifact_errors = Table(
    "artifact_errors",
    metadata,
    org_column(),
    key_column("incident_id"),
    key_column("sha256"),
    key_column("locator"),
    need("reason"),
    now_column("at"),
    within("incident_artifacts", "incident_id", "sha256"),
)

custody = Table(
    "custody",
    metadata,
    org_column(),
    Column("custody_id", BigInteger, Identity(always=True), primary_key=True),
    need("incident_id"),
    need("sha256"),
    need("act"),
    need("actor"),
    need("detail", JSON),
    now_column("at"),
    within("incidents", "incident_id"),
)

loads = Table(
    "loads",
    metadata,
    org_column(),
    key_column("load_id"),
    need("artifact_sha256"),
    need("mapping"),
    need("mapping_version"),
    need("clock", JSON),
    need("state"),
    need("records", BigInteger),
    need("events", BigInteger),
    need("skips", BigInteger),
    need("errors", BigInteger),
    time_column("first_time"),
    time_column("last_time"),
    need("parse_errors", JSON),
    Column("replaced_by", Id),
    now_column("opened_at"),
    time_column("committed_at"),
    ForeignKeyConstraint(["org_id", "artifact_sha256"], ["artifacts.org_id", "artifacts.sha256"], ondelete="CASCADE"),
)

incident_loads = Table(
    "incident_loads",
    metadata,
    org_column(),
    key_column("incident_id"),
    key_column("load_id"),
    within("incidents", "incident_id"),
    within("loads", "load_id"),
)

runs = Table(
    "runs",
    metadata,
    org_column(),
    key_column("run_id"),
    need("incident_id"),
    need("state"),
    need("parameters", JSON),
    Column("error", Text),
    need("last_event", BigInteger, server_default="0"),
    now_column("started_at"),
    time_column("finished_at"),
    need("mode", server_default="local"),
    need("step", server_default=""),
    need("priority", SmallInteger, server_default="5"),
    time_column("deadline"),
    now_column("created_at"),
    within("incidents", "incident_id"),
)

run_events = Table(
    "run_events",
    metadata,
    org_column(),
    key_column("run_id"),
    key_column("number", BigInteger),
    need("stage"),
    need("payload", JSON),
    now_column("at"),
    within("runs", "run_id"),
)

results = Table(
    "results",
    metadata,
    org_column(),
    key_column("incident_id"),
    key_column("stage"),
    key_column("version", Integer),
    need("run_id"),
    need("document", JSON),
    now_column("at"),
    within("incidents", "incident_id"),
    within("runs", "run_id"),
)

jobs = Table(
    "jobs",
    metadata,
    org_column(),
    key_column("job_id"),
    need("incident_id"),
    need("run_id"),
    need("subject"),
    need("payload", JSON),
    need("traceparent", server_default=""),
    need("state"),
    need("attempt", Integer),
    need("max_attempts", Integer),
    need("fence", BigInteger, server_default="0"),
    Column("leased_by", Id),
    time_column("lease_until"),
    Column("last_error", Text),
    now_column("created_at"),
    time_column("finished_at"),
    need("step", server_default=""),
    need("part", Integer, server_default="0"),
    need("priority", SmallInteger, server_default="5"),
    Column("result", JSON(none_as_null=True)),
    within("incidents", "incident_id"),
    within("runs", "run_id"),
)

outbox = Table(
    "outbox",
    metadata,
    org_column(),
    Column("outbox_id", BigInteger, Identity(always=True), primary_key=True),
    need("job_id"),
    need("attempt", Integer),
    need("subject"),
    need("body", JSON),
    need("traceparent", server_default=""),
    now_column("publish_after"),
    time_column("published_at"),
    need("priority", SmallInteger, server_default="5"),
    time_column("settled_at"),
    UniqueConstraint("org_id", "job_id", "attempt"),
    within("jobs", "job_id"),
)

dead_letters = Table(
    "dead_letters",
    metadata,
    org_column(),
    Column("dead_letter_id", BigInteger, Identity(always=True), primary_key=True),
    need("job_id"),
    need("attempt", Integer),
    need("reason"),
    need("body", JSON),
    now_column("at"),
    time_column("redriven_at"),
    within("jobs", "job_id"),
)

deposits = Table(
    "deposits",
    metadata,
    org_column(),
    key_column("deposit_id"),
    need("incident_id"),
    need("sha256"),
    need("name"),
    need("size", BigInteger),
    need("received_from"),
    now_column("received_at"),
    time_column("unpacked_at"),
    need("kind", server_default=""),
    within("incidents", "incident_id"),
)

api_keys = Table(
    "api_keys",
    metadata,
    org_column(),
    Column("key_id", Id, primary_key=True, unique=True),
    need("name"),
    need("digest"),
    now_column("created_at"),
    time_column("expires_at"),
    time_column("revoked_at"),
    time_column("last_used_at"),
    need("role"),
    Column("scopes", Id),
    Column("member_id", Id),
    need("created_by", server_default=""),
    time_column("suspended_at"),
    within("members", "member_id"),
)
