"""What the roles of an organisation may, where it has changed that; each change has a number, which every process looks at."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, delete, select, text
from sqlalchemy.dialects.postgresql import insert

from ircopilot.stores.postgres.database import Database, Tx
from ircopilot.stores.postgres.tables.governance import policy_versions, role_policies

_VERSION = select(policy_versions.c.version).where(policy_versions.c.org_id == bindparam("org"))
_NEXT = text(
    "INSERT INTO policy_versions AS v (org_id, version) VALUES (:org, 1) "
    "ON CONFLICT (org_id) DO UPDATE SET version = v.version + 1 RETURNING version"
)


@dataclass(frozen=True, slots=True)
class RolePolicy:
    """The whole of what a role may, since when, and who said so."""

    permissions: frozenset[str]
    updated_at: datetime
    updated_by: str


def policy_version(database: Database, org_id: str) -> int:
    """The number of the organisation's latest change; 0 before the first. Works as the lobby."""
    with database.lobby() as connection:
        return int(connection.execute(_VERSION, {"org": org_id}).scalar() or 0)


def version_of(tx: Tx) -> int:
    """The number of the organisation's latest change; 0 before the first."""
    return int(tx.connection.execute(_VERSION, {"org": tx.org_id}).scalar() or 0)


def read_policies(tx: Tx) -> tuple[int, dict[str, RolePolicy]]:
    """The number, and the roles that were changed, both of one moment."""
    version = int(tx.connection.execute(_VERSION.with_for_update(read=True), {"org": tx.org_id}).scalar() or 0)
    rows = tx.connection.execute(select(role_policies))
    found = {r.role: RolePolicy(frozenset(r.permissions), r.updated_at, r.updated_by) for r in rows}
    return version, found


def next_version(tx: Tx) -> int:
    """Take the number of a change, which also locks the policies until the transaction ends."""
    return int(tx.connection.execute(_NEXT, {"org": tx.org_id}).scalar_one())


def write_policy(tx: Tx, role: str, permissions: Iterable[str], by: str) -> None:
    """Say the whole of what the role may; `next_version` was called before."""
    values = {"org_id": tx.org_id, "role": role, "permissions": sorted(permissions), "updated_by": by}
    said = insert(role_policies).values(values)
    changed = {"permissions": said.excluded.permissions, "updated_by": by, "updated_at": text("now()")}
    tx.connection.execute(said.on_conflict_do_update(index_elements=["org_id", "role"], set_=changed))


def drop_policy(tx: Tx, role: str) -> bool:
    """The role may again what it may by default; False when it did."""
    return tx.connection.execute(delete(role_policies).where(role_policies.c.role == role)).rowcount > 0
