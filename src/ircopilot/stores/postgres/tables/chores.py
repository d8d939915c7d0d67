"""Table of what is done for an organisation beside its incidents."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, DateTime, Integer, Table, func

from ircopilot.stores.postgres.tables.base import Id, key_column, metadata, need, now_column, org_column, time_column

APPEND_ONLY: tuple[str, ...] = ()

chores = Table(
    "chores",
    metadata,
    org_column(),
    key_column("chore_id"),
    need("kind"),
    need("state", server_default="queued"),
    need("done", Integer, server_default="0"),
    need("total", Integer, server_default="0"),
    need("said", server_default=""),
    Column("error", Id),
    need("attempt", Integer, server_default="0"),
    need("fence", BigInteger, server_default="0"),
    Column("leased_by", Id),
    need("free_at", DateTime(timezone=True), server_default=func.now()),
    now_column("asked_at"),
    time_column("finished_at"),
)
