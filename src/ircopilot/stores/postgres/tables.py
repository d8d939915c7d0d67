"""The tables, as SQLAlchemy Core sees them. The migrations make them; `tests/stores` compares the two.

Identifiers are text in C collation, so that they sort the same everywhere. Columns that hold text out of evidence
are JSON, not JSONB: JSONB refuses U+0000, which an attacker can put into any record.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Integer,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    func,
)

metadata = MetaData()

Id = Text(collation="C")


def _org() -> Column[str]:
    return Column("org_id", Id, ForeignKey("organisations.org_id", ondelete="CASCADE"), primary_key=True)


def _key(name: str, type_: Any = Id) -> Column[object]:
    return Column(name, type_, primary_key=True, autoincrement=False)


def _need(name: str, type_: Any = Id, **more: Any) -> Column[object]:
    return Column(name, type_, nullable=False, **more)


def _now(name: str) -> Column[object]:
    return Column(name, DateTime(timezone=True), nullable=False, server_default=func.now())


def _time(name: str) -> Column[object]:
    return Column(name, DateTime(timezone=True))


def _of(table: str, *columns: str) -> ForeignKeyConstraint:
    """A reference that carries the organisation, so that no row can point into another tenant."""
    names = ["org_id", *columns]
    return ForeignKeyConstraint(names, [f"{table}.{c}" for c in names], ondelete="CASCADE")


organisations = Table(
    "organisations",
    metadata,
    Column("org_id", Id, primary_key=True),
    _need("name"),
    _need("region", server_default="local"),
    _now("created_at"),
)

incidents = Table(
    "incidents",
    metadata,
    _org(),
    _key("incident_id"),
    _need("key"),
    _need("title"),
    _need("state", server_default="open"),
    _now("created_at"),
    UniqueConstraint("org_id", "key"),
)

artifacts = Table(
    "artifacts",
    metadata,
    _org(),
    _key("sha256"),
    _need("size", BigInteger),
    _need("media_type"),
    _now("stored_at"),
)

incident_artifacts = Table(
    "incident_artifacts",
    metadata,
    _org(),
    _key("incident_id"),
    _key("sha256"),
    _need("name"),
    _need("format"),
    Column("parent_sha256", Id),
    Column("member", Id),
    _need("received_from"),
    _now("received_at"),
    _of("incidents", "incident_id"),
    _of("artifacts", "sha256"),
)

artifact_errors = Table(
    "artifact_errors",
    metadata,
    _org(),
    _key("incident_id"),
    _key("sha256"),
    _key("locator"),
    _need("reason"),
    _now("at"),
    _of("incident_artifacts", "incident_id", "sha256"),
)

custody = Table(
    "custody",
    metadata,
    _org(),
    Column("custody_id", BigInteger, Identity(always=True), primary_key=True),
    _need("incident_id"),
    _need("sha256"),
    _need("act"),
    _need("actor"),
    _need("detail", JSON),
    _now("at"),
    _of("incidents", "incident_id"),
)

loads = Table(
    "loads",
    metadata,
    _org(),
    _key("load_id"),
    _need("artifact_sha256"),
    _need("mapping"),
    _need("mapping_version"),
    _need("clock", JSON),
    _need("state"),
    _need("records", BigInteger),
    _need("events", BigInteger),
    _need("skips", BigInteger),
    _need("errors", BigInteger),
    _time("first_time"),
    _time("last_time"),
    _need("parse_errors", JSON),
    Column("replaced_by", Id),
    _now("opened_at"),
    _time("committed_at"),
    ForeignKeyConstraint(["org_id", "artifact_sha256"], ["artifacts.org_id", "artifacts.sha256"], ondelete="CASCADE"),
)

incident_loads = Table(
    "incident_loads",
    metadata,
    _org(),
    _key("incident_id"),
    _key("load_id"),
    _of("incidents", "incident_id"),
    _of("loads", "load_id"),
)

runs = Table(
    "runs",
    metadata,
    _org(),
    _key("run_id"),
    _need("incident_id"),
    _need("state"),
    _need("parameters", JSON),
    Column("error", Text),
    _need("last_event", BigInteger, server_default="0"),
    _now("started_at"),
    _time("finished_at"),
    _need("mode", server_default="local"),
    _need("step", server_default=""),
    _need("priority", SmallInteger, server_default="5"),
    _time("deadline"),
    _now("created_at"),
    _of("incidents", "incident_id"),
)

run_events = Table(
    "run_events",
    metadata,
    _org(),
    _key("run_id"),
    _key("number", BigInteger),
    _need("stage"),
    _need("payload", JSON),
    _now("at"),
    _of("runs", "run_id"),
)

results = Table(
    "results",
    metadata,
    _org(),
    _key("incident_id"),
    _key("stage"),
    _key("version", Integer),
    _need("run_id"),
    _need("document", JSON),
    _now("at"),
    _of("incidents", "incident_id"),
    _of("runs", "run_id"),
)

jobs = Table(
    "jobs",
    metadata,
    _org(),
    _key("job_id"),
    _need("incident_id"),
    _need("run_id"),
    _need("subject"),
    _need("payload", JSON),
    _need("traceparent", server_default=""),
    _need("state"),
    _need("attempt", Integer),
    _need("max_attempts", Integer),
    _need("fence", BigInteger, server_default="0"),
    Column("leased_by", Id),
    _time("lease_until"),
    Column("last_error", Text),
    _now("created_at"),
    _time("finished_at"),
    _need("step", server_default=""),
    _need("part", Integer, server_default="0"),
    _need("priority", SmallInteger, server_default="5"),
    Column("result", JSON(none_as_null=True)),
    _of("incidents", "incident_id"),
    _of("runs", "run_id"),
)

outbox = Table(
    "outbox",
    metadata,
    _org(),
    Column("outbox_id", BigInteger, Identity(always=True), primary_key=True),
    _need("job_id"),
    _need("attempt", Integer),
    _need("subject"),
    _need("body", JSON),
    _need("traceparent", server_default=""),
    _now("publish_after"),
    _time("published_at"),
    _need("priority", SmallInteger, server_default="5"),
    _time("settled_at"),
    UniqueConstraint("org_id", "job_id", "attempt"),
    _of("jobs", "job_id"),
)

dead_letters = Table(
    "dead_letters",
    metadata,
    _org(),
    Column("dead_letter_id", BigInteger, Identity(always=True), primary_key=True),
    _need("job_id"),
    _need("attempt", Integer),
    _need("reason"),
    _need("body", JSON),
    _now("at"),
    _time("redriven_at"),
    _of("jobs", "job_id"),
)

deposits = Table(
    "deposits",
    metadata,
    _org(),
    _key("deposit_id"),
    _need("incident_id"),
    _need("sha256"),
    _need("name"),
    _need("size", BigInteger),
    _need("received_from"),
    _now("received_at"),
    _time("unpacked_at"),
    _need("kind", server_default=""),
    _of("incidents", "incident_id"),
)

api_keys = Table(
    "api_keys",
    metadata,
    _org(),
    Column("key_id", Id, primary_key=True, unique=True),
    _need("name"),
    _need("digest"),
    _now("created_at"),
    _time("expires_at"),
    _time("revoked_at"),
    _time("last_used_at"),
)

TENANT_TABLES: tuple[str, ...] = tuple(sorted(metadata.tables))
APPEND_ONLY: tuple[str, ...] = ("custody", "results", "run_events")
