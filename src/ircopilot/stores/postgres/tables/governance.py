"""Tables of the audit log, of what roles may, and of answers kept for Idempotency-Key.

The audit tables refer to no organisation by foreign key: the log of one that was erased stays.
"""

from __future__ import annotations

from sqlalchemy import (
    ARRAY,
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
)

from ircopilot.stores.postgres.tables.base import (
    Id,
    key_column,
    metadata,
    need,
    now_column,
    org_column,
    time_column,
)

APPEND_ONLY: tuple[str, ...] = ("audit_log", "audit_checkpoints")
# Changed, and never removed by the application.
KEPT: tuple[str, ...] = ("audit_heads",)

audit_log = Table(
    "audit_log",
    metadata,
    key_column("org_id"),
    key_column("seq", BigInteger),
    need("at", DateTime(timezone=True)),
    need("actor_kind"),
    need("actor_id"),
    need("actor_label"),
    need("address"),
    need("request_id"),
    need("act"),
    need("target"),
    Column("before", Text),
    Column("after", Text),
    need("prev_hash"),
    need("hash"),
)

audit_heads = Table(
    "audit_heads",
    metadata,
    key_column("org_id"),
    need("seq", BigInteger, server_default="0"),
    need("hash", server_default=""),
    need("signed_seq", BigInteger, server_default="0"),
    time_column("signed_at"),
)

audit_checkpoints = Table(
    "audit_checkpoints",
    metadata,
    key_column("org_id"),
    key_column("number", BigInteger),
    need("seq", BigInteger),
    need("hash"),
    need("at", DateTime(timezone=True)),
    need("key_id"),
    need("prev_signature"),
    need("signature"),
)

# The whole of what a role may, for an organisation that has changed it.
role_policies = Table(
    "role_policies",
    metadata,
    org_column(),
    key_column("role"),
    need("permissions", ARRAY(Text)),
    now_column("updated_at"),
    need("updated_by"),
)

policy_versions = Table("policy_versions", metadata, org_column(), need("version", BigInteger))

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    org_column(),
    key_column("caller"),
    key_column("key"),
    need("request"),
    Column("body_sha256", Id),
    need("attempt", Integer),
    need("lease_until", DateTime(timezone=True)),
    now_column("claimed_at"),
    time_column("done_at"),
    Column("status", SmallInteger),
    Column("headers", JSON),
    Column("body", LargeBinary),
    need("secret", Boolean, server_default="false"),
)
