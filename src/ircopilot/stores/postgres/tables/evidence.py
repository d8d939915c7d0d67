"""Tables of uploads under way, and of what people note on events."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Boolean, Column, DateTime, Table

from ircopilot.stores.postgres.tables.base import (
    Id,
    key_column,
    metadata,
    need,
    now_column,
    org_column,
    within,
)

APPEND_ONLY: tuple[str, ...] = ()

uploads = Table(
    "uploads",
    metadata,
    org_column(),
    key_column("upload_id"),
    need("incident_id"),
    need("name"),
    need("kind", server_default=""),
    need("metadata", JSON),
    need("length", BigInteger),
    need("received", BigInteger, server_default="0"),
    need("wrapped_key"),
    need("state", server_default="open"),
    Column("deposit_id", Id),
    Column("sha256", Id),
    need("and_run", Boolean),
    need("made_by"),
    now_column("made_at"),
    need("expires_at", DateTime(timezone=True)),
    within("incidents", "incident_id"),
)

upload_parts = Table(
    "upload_parts",
    metadata,
    org_column(),
    key_column("upload_id"),
    key_column("first_byte", BigInteger),
    need("size", BigInteger),
    need("file"),
    within("uploads", "upload_id"),
)

event_marks = Table(
    "event_marks",
    metadata,
    org_column(),
    key_column("incident_id"),
    key_column("event_id"),
    key_column("kind"),
    key_column("label"),
    need("load_id"),
    need("time", DateTime(timezone=True)),
    need("made_by"),
    now_column("made_at"),
    within("incidents", "incident_id"),
)

event_notes = Table(
    "event_notes",
    metadata,
    org_column(),
    key_column("note_id"),
    need("incident_id"),
    need("event_id"),
    need("body"),
    need("made_by"),
    now_column("made_at"),
    within("incidents", "incident_id"),
)
