"""Roles as JSON."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, Field

from ircopilot.access.permissions import DEFAULT_ROLES, PERMISSIONS, Permission, Role
from ircopilot.access.policy import Policy
from ircopilot.gateway.shapes import In, shown

_VIEWER = {
    "role": "viewer", "permissions": ["incident:read", "report:read"], "changed": True, "fixed": False,
    "updated_at": "2026-03-10T10:00:00Z", "updated_by": "mira.solberg@hollowbrook.example",
}  # fmt: skip


class RoleOut(BaseModel):
    """A role. `changed`: it is not as it was by default; `fixed`: it cannot be changed."""

    model_config = shown(_VIEWER)

    role: Role
    permissions: list[Permission]
    changed: bool
    fixed: bool
    updated_at: datetime | None
    updated_by: str | None

    @classmethod
    def of(cls, policy: Policy, role: Role) -> RoleOut:
        """Of a policy."""
        granted, said = policy.granted(role), policy.changed.get(role)
        return cls(
            role=role, permissions=[p for p in PERMISSIONS if p in granted], changed=granted != DEFAULT_ROLES[role],
            fixed=role == "owner", updated_at=said and said.updated_at, updated_by=said and said.updated_by,
        )  # fmt: skip


class Roles(BaseModel):
    """All roles, and all that there is to be permitted."""

    model_config = shown({"items": [_VIEWER], "permissions": ["incident:read", "incident:write", "report:read"]})

    items: list[RoleOut]
    permissions: list[Permission]


class RoleChange(In):
    """The whole of what the role may from now on."""

    model_config = shown({"permissions": ["incident:read", "report:read"]})

    permissions: frozenset[Permission] = Field(max_length=len(PERMISSIONS))
