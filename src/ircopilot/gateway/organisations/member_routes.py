"""Routes of members, service accounts and invitations."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from ircopilot.access import inviting, membership
from ircopilot.access.caller import Caller
from ircopilot.access.errors import LastOwner, MemberExists, RoleTooHigh, UnknownSession
from ircopilot.domain.errors import PreconditionFailed, UnusableArgument
from ircopilot.gateway.auth.shapes import SessionOut, Sessions
from ircopilot.gateway.described import problems
from ircopilot.gateway.door import own_origins
from ircopilot.gateway.errors import InvalidCursor, PreconditionRequired
from ircopilot.gateway.etag import SeenVersion, show_tag
from ircopilot.gateway.gate import WithCaller, WithGate
from ircopilot.gateway.kept_answers import holds_secret
from ircopilot.gateway.organisations.shapes import (
    InvitationMade,
    InvitationNew,
    InvitationOut,
    Invitations,
    MemberChange,
    MemberOut,
    Members,
    ServiceAccountNew,
)
from ircopilot.gateway.pages import cursor_of, read_place
from ircopilot.gateway.permit import needs
from ircopilot.stores import StoreSet
from ircopilot.stores.postgres import Tx, invitations, members
from ircopilot.stores.postgres.errors import NoSuchMember, UnknownInvitation
from ircopilot.stores.postgres.members import Member
from ircopilot.stores.redis_sessions import SessionsUnreachable

router = APIRouter(prefix="/v1", tags=["organisations"])
Limit = Annotated[int, Query(ge=1, le=200)]
READ, WRITE = [needs("member:read")], [needs("member:write")]


@router.get(
    "/members", summary="List members", response_model=Members, dependencies=READ, responses=problems(InvalidCursor)
)
async def list_members(
    gate: WithGate, caller: WithCaller, limit: Limit = 50, cursor: str | None = None
) -> Members:  # fmt: skip
    """People and service accounts of the organisation, oldest first."""
    return await _page(gate, caller, limit, cursor, None)


@router.get(
    "/service-accounts",
    summary="List service accounts",
    response_model=Members,
    dependencies=READ,
    responses=problems(InvalidCursor),
)
async def list_service_accounts(
    gate: WithGate, caller: WithCaller, limit: Limit = 50, cursor: str | None = None
) -> Members:  # fmt: skip
    """Members that are no people, oldest first."""
    return await _page(gate, caller, limit, cursor, "service")


@router.post(
    "/service-accounts",
    summary="Make a service account",
    status_code=201,
    response_model=MemberOut,
    dependencies=WRITE,
    responses=problems(RoleTooHigh),
)
async def create_service_account(
    asked: ServiceAccountNew, gate: WithGate, caller: WithCaller, response: Response
) -> MemberOut:
    """A member of role `service`. Make keys for it with `POST /v1/api-keys`; disable it like any member."""
    made = await gate.in_tx(caller.org_id, membership.add_service_account, caller, asked.name)
    response.headers["Location"] = f"/v1/members/{made.member_id}"
    show_tag(response, made.version)
    return MemberOut.of(made)


@router.get(
    "/members/{member_id}",
    summary="One member",
    response_model=MemberOut,
    dependencies=READ,
    responses=problems(NoSuchMember),
)
async def get_member(member_id: str, gate: WithGate, caller: WithCaller, response: Response) -> MemberOut:
    """A person or service account."""
    found = await gate.in_tx(caller.org_id, members.get_member, member_id)
    show_tag(response, found.version)
    return MemberOut.of(found)


@router.patch(
    "/members/{member_id}",
    summary="Change a member's name or role",
    response_model=MemberOut,
    dependencies=WRITE,
    responses=problems(
        NoSuchMember, RoleTooHigh, LastOwner, UnusableArgument, PreconditionRequired, PreconditionFailed,
        SessionsUnreachable,
    ),
)  # fmt: skip
async def change_member(
    member_id: str, asked: MemberChange, seen: SeenVersion, gate: WithGate, caller: WithCaller, response: Response
) -> MemberOut:
    """Nobody gives more than they have, and nobody changes who stands above them. Another role ends the sessions."""
    changed = await gate.in_tx(caller.org_id, _change, gate.stores, caller, member_id, seen, asked)
    show_tag(response, changed.version)
    return MemberOut.of(changed)


@router.post(
    "/members/{member_id}/disable",
    summary="Disable a member",
    response_model=MemberOut,
    dependencies=WRITE,
    responses=problems(NoSuchMember, RoleTooHigh, LastOwner, SessionsUnreachable),
)
async def disable_member(member_id: str, gate: WithGate, caller: WithCaller) -> MemberOut:
    """Keep a member out at once, on every process: sessions end, keys are suspended. What they did stays theirs."""
    return MemberOut.of(
        await gate.in_tx(
            caller.org_id, lambda tx: membership.disable_member(gate.stores, tx, caller, member_id)
        )
    )  # fmt: skip


@router.post(
    "/members/{member_id}/enable",
    summary="Enable a member",
    response_model=MemberOut,
    dependencies=WRITE,
    responses=problems(NoSuchMember, RoleTooHigh),
)
async def enable_member(member_id: str, gate: WithGate, caller: WithCaller) -> MemberOut:
    """Let a disabled member in again. Its keys work again; sessions have to be begun anew."""
    return MemberOut.of(await gate.in_tx(caller.org_id, membership.enable_member, caller, member_id))


@router.get(
    "/members/{member_id}/sessions",
    summary="A member's sessions",
    response_model=Sessions,
    dependencies=WRITE,
    responses=problems(NoSuchMember, SessionsUnreachable),
)
async def list_member_sessions(member_id: str, gate: WithGate, caller: WithCaller) -> Sessions:
    """Where the member is signed in to this organisation, newest first."""
    found = await gate.in_tx(caller.org_id, lambda tx: membership.sessions_of(gate.stores, tx, member_id))
    return Sessions(items=[SessionOut.of(session) for session in found])


@router.delete(
    "/members/{member_id}/sessions",
    summary="End a member's sessions",
    status_code=204,
    dependencies=WRITE,
    responses=problems(NoSuchMember, RoleTooHigh, SessionsUnreachable),
)
async def end_member_sessions(member_id: str, gate: WithGate, caller: WithCaller) -> None:
    """End all that the member has begun in this organisation."""
    await gate.in_tx(caller.org_id, lambda tx: membership.end_sessions(gate.stores, tx, caller, member_id))


@router.delete(
    "/members/{member_id}/sessions/{session_id}",
    summary="End one of a member's sessions",
    status_code=204,
    dependencies=WRITE,
    responses=problems(NoSuchMember, UnknownSession, RoleTooHigh, SessionsUnreachable),
)
async def end_member_session(member_id: str, session_id: str, gate: WithGate, caller: WithCaller) -> None:
    """End one session, its open event streams within a heartbeat."""
    await gate.in_tx(
        caller.org_id, lambda tx: membership.end_sessions(gate.stores, tx, caller, member_id, session_id)
    )  # fmt: skip


@router.get(
    "/invitations",
    summary="List invitations",
    response_model=Invitations,
    dependencies=WRITE,
    responses=problems(InvalidCursor),
)
async def list_invitations(
    gate: WithGate, caller: WithCaller, limit: Limit = 50, cursor: str | None = None
) -> Invitations:  # fmt: skip
    """Who was invited, newest first, without the links."""
    after = None if cursor is None else read_place(cursor)
    found = await gate.in_tx(caller.org_id, invitations.list_invitations, limit + 1, after)
    last = found[limit - 1] if len(found) > limit else None
    return Invitations(
        items=[InvitationOut.of(i) for i in found[:limit]],
        next=cursor_of(last.created_at.isoformat(), last.invitation_id) if last else None,
    )


@router.post(
    "/invitations",
    summary="Invite somebody",
    status_code=201,
    response_model=InvitationMade,
    dependencies=WRITE,
    responses=problems(RoleTooHigh, MemberExists, UnusableArgument),
    openapi_extra=holds_secret("token", "link"),
)
async def invite_member(
    asked: InvitationNew, request: Request, gate: WithGate, caller: WithCaller
) -> InvitationMade:  # fmt: skip
    """Make a link by which that person becomes a member, once. Hand it over yourself: nothing is sent."""
    life = timedelta(hours=asked.hours)
    made = await gate.in_tx(caller.org_id, inviting.invite, caller, asked.email, asked.role, life)
    origin = own_origins(request.headers, gate.site)[0]
    return InvitationMade(
        invitation=InvitationOut.of(made.invitation), token=made.token,
        link=f"{origin}/sign-in/join?token={made.token}",
    )  # fmt: skip


@router.delete(
    "/invitations/{invitation_id}",
    summary="Withdraw an invitation",
    status_code=204,
    dependencies=WRITE,
    responses=problems(UnknownInvitation),
)
async def withdraw_invitation(invitation_id: str, gate: WithGate, caller: WithCaller) -> None:
    """Make its link useless."""
    await gate.in_tx(caller.org_id, inviting.withdraw, caller, invitation_id)


async def _page(gate: WithGate, caller: Caller, limit: int, cursor: str | None, kind: str | None) -> Members:
    after = None if cursor is None else read_place(cursor)
    found = await gate.in_tx(caller.org_id, lambda tx: members.list_members(tx, limit + 1, after, kind=kind))
    last = found[limit - 1] if len(found) > limit else None
    return Members(
        items=[MemberOut.of(m) for m in found[:limit]],
        next=cursor_of(last.created_at.isoformat(), last.member_id) if last else None,
    )


def _change(
    tx: Tx, stores: StoreSet, caller: Caller, member_id: str, seen: int, asked: MemberChange
) -> Member:  # fmt: skip
    changed = membership.change_member(stores, tx, caller, member_id, seen, asked.name, asked.role)
    if changed is None:
        raise PreconditionFailed("the member was changed in the meantime", "read it again and send its ETag")
    return changed
