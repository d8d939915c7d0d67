"""Every route declares what its caller must be permitted; nothing is done before it is."""

from __future__ import annotations

from typing import Any

from fastapi import Depends, Request

from ircopilot.access.permissions import Permission
from ircopilot.gateway.gate import WithCaller, WithGate
from ircopilot.gateway.query_parameters import check_once


class Needs:
    """The dependency that refuses whoever lacks a permission; `permission` can be read off a route."""

    def __init__(self, permission: Permission) -> None:
        self.permission = permission

    async def __call__(self, gate: WithGate, caller: WithCaller, request: Request) -> None:
        """Raises `Forbidden`, `InvalidRequest` for an address that says something twice."""
        await gate.permit(caller, self.permission)
        check_once(request)


def needs(permission: Permission) -> Any:
    """For a route's `dependencies=[needs("incident:read")]`."""
    return Depends(Needs(permission))
