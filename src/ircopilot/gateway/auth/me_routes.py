"""Routes of oneself: who calls, name, password, sessions."""

from __future__ import annotations

from typing import cast

from fastapi import APIRouter, Response

from ircopilot.access import oneself
from ircopilot.access.errors import SignInRefused, TooManyAttempts, UnknownSession, WeakPassword
from ircopilot.access.permissions import Role
from ircopilot.access.sessions import csrf_token
from ircopilot.gateway.auth.cookies import FromWhere, OldSession, WithPerson, hand_over
from ircopilot.gateway.auth.shapes import (
    MeChange,
    MeOut,
    OrganisationRef,
    PasswordChange,
    SessionOut,
    Sessions,
    SignedInOut,
)
from ircopilot.gateway.described import problems
from ircopilot.gateway.gate import WithCaller, WithGate
from ircopilot.gateway.permit import needs
from ircopilot.stores.redis_sessions import SessionsUnreachable

router = APIRouter(prefix="/v1/me", tags=["me"])


@router.get(
    "", summary="Who calls", response_model=MeOut, dependencies=[needs("self:read")], responses=problems()
)  # fmt: skip
async def get_me(gate: WithGate, caller: WithCaller, secret: OldSession) -> MeOut:
    """Who calls, what they may, and where else they are a member. `csrf_token` goes into X-CSRF-Token."""
    me = await gate.in_lobby(lambda: oneself.look_at(gate.stores, caller))
    refs = [
        OrganisationRef(
            id=m.org_id, name=m.org_name, role=cast(Role, m.role), state="active" if m.state == "active" else "disabled"
        )
        for m in me.memberships
    ]
    return MeOut(
        kind=caller.kind, principal_id=caller.principal_id, label=caller.label, role=caller.role,
        permissions=sorted(caller.permissions), organisation_id=caller.org_id, organisations=refs,
        next=caller.stage, name=me.name, email=me.email, member_id=caller.member_id or None,
        session_id=caller.session_id or None, csrf_token=csrf_token(secret) if caller.kind == "user" else None,
    )  # fmt: skip


@router.patch(
    "", summary="Change one's name", response_model=MeOut, dependencies=[needs("self:write")], responses=problems()
)  # fmt: skip
async def change_me(asked: MeChange, gate: WithGate, caller: WithPerson, secret: OldSession) -> MeOut:
    """Change how one is called, here and in one's account."""
    await gate.in_lobby(lambda: oneself.rename(gate.stores, caller, asked.name))
    return await get_me(gate, caller, secret)


@router.post(
    "/password",
    summary="Change one's password",
    response_model=SignedInOut,
    dependencies=[needs("self:write")],
    responses=problems(SignInRefused, WeakPassword, TooManyAttempts, SessionsUnreachable),
)
async def change_password(
    asked: PasswordChange, gate: WithGate, caller: WithPerson, where: FromWhere, secret: OldSession, response: Response
) -> SignedInOut:
    """Change it. All other sessions of the account end; this one goes on under a new id."""
    begun = await gate.in_hash_thread(
        lambda: oneself.change_password(gate.stores, caller, secret, asked.old, asked.new, where)
    )
    return SignedInOut.of(hand_over(response, gate.site, begun))


@router.get(
    "/sessions",
    summary="One's sessions",
    response_model=Sessions,
    dependencies=[needs("self:read")],
    responses=problems(SessionsUnreachable),
)
async def list_my_sessions(gate: WithGate, caller: WithPerson) -> Sessions:
    """Where one is signed in, in all one's organisations, newest first."""
    found = await gate.in_lobby(lambda: oneself.own_sessions(gate.stores, caller))
    return Sessions(items=[SessionOut.of(session, caller.session_id) for session in found])


@router.delete(
    "/sessions/{session_id}",
    summary="End one of one's sessions",
    status_code=204,
    dependencies=[needs("self:write")],
    responses=problems(UnknownSession, SessionsUnreachable),
)
async def end_my_session(session_id: str, gate: WithGate, caller: WithPerson) -> None:
    """End one session, its open event streams within a heartbeat."""
    await gate.in_lobby(lambda: oneself.end_own_session(gate.stores, caller, session_id))
