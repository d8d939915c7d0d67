"""Every route declares what its caller must be permitted; nothing is done before it is."""

from __future__ import annotations

from typing import Any

from fastapi import Depends

from ircopilot.access.permissions import Permission
from ircopilot.gateway.gate import WithCaller, WithGate


class Needs:
    """The dependency that refuses whoever lacks a permission; `permission` can be read off a route."""

    def __init__(self, permission: Permission) -> None:
        self.permission = permission

    async def __call__(self, gate: WithGate, caller: WithCaller) -> None:
        """Raises `Forbidden`."""
        await gate.permit(caller, self.permission)


def needs(permission: Permission) -> Any:
    """For a route's `dependencies=[needs("incident:read")]`."""
    return Depends(Needs(permission))
