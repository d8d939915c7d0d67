"""Routes of what roles may: see it, say it, take it back."""

from __future__ import annotations

from fastapi import APIRouter, Response

from ircopilot.access.errors import RoleFixed
from ircopilot.access.permissions import PERMISSIONS, ROLES, Role
from ircopilot.access.policy import change_role
from ircopilot.domain.errors import PreconditionFailed, UnusableArgument
from ircopilot.gateway.described import problems
from ircopilot.gateway.errors import PreconditionRequired
from ircopilot.gateway.etag import SeenVersion, show_tag
from ircopilot.gateway.gate import WithCaller, WithGate
from ircopilot.gateway.permit import needs
from ircopilot.gateway.roles.shapes import RoleChange, RoleOut, Roles

router = APIRouter(prefix="/v1/roles", tags=["roles"])
_CHANGING = problems(RoleFixed, UnusableArgument, PreconditionFailed, PreconditionRequired)


@router.get("", summary="List roles", response_model=Roles, dependencies=[needs("role:read")], responses=problems())
async def list_roles(gate: WithGate, caller: WithCaller, response: Response) -> Roles:
    """What each role may. The ETag is that of all roles together."""
    policy = await gate.in_lobby(lambda: gate.policies.of(caller.org_id))
    show_tag(response, policy.version)
    return Roles(items=[RoleOut.of(policy, role) for role in ROLES], permissions=list(PERMISSIONS))


@router.put(
    "/{role}",
    summary="Say what a role may",
    response_model=RoleOut,
    dependencies=[needs("role:write")],
    responses=_CHANGING,
)
async def set_role(
    role: Role, asked: RoleChange, seen: SeenVersion, gate: WithGate, caller: WithCaller, response: Response
) -> RoleOut:
    """Say the whole of what a role may. An owner does it, and gives only what they have; effective at once."""
    policy = await gate.in_tx(caller.org_id, change_role, caller, role, asked.permissions, seen)
    show_tag(response, policy.version)
    return RoleOut.of(policy, role)


@router.delete(
    "/{role}",
    summary="Take a role's changes back",
    response_model=RoleOut,
    dependencies=[needs("role:write")],
    responses=_CHANGING,
)
async def reset_role(role: Role, seen: SeenVersion, gate: WithGate, caller: WithCaller, response: Response) -> RoleOut:
    """Let the role do what it may by default."""
    policy = await gate.in_tx(caller.org_id, change_role, caller, role, None, seen)
    show_tag(response, policy.version)
    return RoleOut.of(policy, role)
