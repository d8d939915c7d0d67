"""Tables of what people write on an incident: comments, actions, playbooks, saved filters, and the feed of it all."""

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

APPEND_ONLY: tuple[str, ...] = ("playbook_versions",)


def _version() -> Column[object]:
    return need("version", Integer, server_default="1")


incident_grants = Table(
    "incident_grants",
    metadata,
    org_column(),
    key_column("incident_id"),
    key_column("principal"),
    need("granted_by"),
    now_column("granted_at"),
    within("incidents", "incident_id"),
)

comments = Table(
    "comments",
    metadata,
    org_column(),
    key_column("comment_id"),
    need("incident_id"),
    need("thread_id"),
    need("anchor_type"),
    need("anchor_id"),
    need("body"),
    need("mentions", ARRAY(Text), server_default="{}"),
    need("author"),
    need("author_name"),
    now_column("created_at"),
    time_column("edited_at"),
    time_column("deleted_at"),
    time_column("resolved_at"),
    Column("resolved_by", Id),
    _version(),
    within("incidents", "incident_id"),
    ForeignKeyConstraint(["org_id", "thread_id"], ["comments.org_id", "comments.comment_id"], ondelete="CASCADE"),
)

mention_reads = Table(
    "mention_reads",
    metadata,
    org_column(),
    key_column("principal"),
    key_column("comment_id"),
    now_column("read_at"),
    within("comments", "comment_id"),
)

actions = Table(
    "actions",
    metadata,
    org_column(),
    key_column("action_id"),
    need("incident_id"),
    need("title"),
    need("description", server_default=""),
    need("state"),
    need("phase"),
    Column("owner", Id),
    need("role", server_default=""),
    time_column("due_at"),
    need("rank"),
    need("why", server_default=""),
    need("citations", JSON),
    need("source"),
    Column("source_ref", Id),
    need("created_by"),
    now_column("created_at"),
    now_column("updated_at"),
    time_column("done_at"),
    _version(),
    within("incidents", "incident_id"),
)

playbooks = Table(
    "playbooks",
    metadata,
    org_column(),
    key_column("playbook_id"),
    now_column("created_at"),
    time_column("archived_at"),
    _version(),
)

playbook_versions = Table(
    "playbook_versions",
    metadata,
    org_column(),
    key_column("playbook_id"),
    key_column("version", Integer),
    need("name"),
    need("description"),
    need("steps", JSON),
    need("created_by"),
    now_column("created_at"),
    within("playbooks", "playbook_id"),
)

playbook_uses = Table(
    "playbook_uses",
    metadata,
    org_column(),
    key_column("incident_id"),
    key_column("playbook_id"),
    need("version", Integer),
    need("name"),
    need("applied_by"),
    now_column("applied_at"),
    within("incidents", "incident_id"),
)

saved_filters = Table(
    "saved_filters",
    metadata,
    org_column(),
    key_column("filter_id"),
    need("owner"),
    need("shared", Boolean, server_default="false"),
    need("name"),
    need("kind"),
    need("query"),
    need("view", JSON),
    now_column("created_at"),
    now_column("updated_at"),
    _version(),
    UniqueConstraint("org_id", "owner", "kind", "name"),
)

feed_events = Table(
    "feed_events",
    metadata,
    org_column(),
    Column("feed_id", BigInteger, Identity(always=True), primary_key=True),
    need("incident_id"),
    Column("number", BigInteger),
    need("kind"),
    need("payload", JSON),
    now_column("at"),
    UniqueConstraint("org_id", "number"),
    within("incidents", "incident_id"),
)
