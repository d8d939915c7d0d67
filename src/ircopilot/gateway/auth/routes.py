"""Routes of signing in, with a password or a link, and of signing out. Those of `door.SIGN_IN` need no caller."""

from __future__ import annotations

from typing import cast

from fastapi import APIRouter, Response

from ircopilot.access import joining
from ircopilot.access.audit import record_act
from ircopilot.access.errors import (
    MemberExists,
    OwnerExists,
    SignInRefused,
    TooManyAttempts,
    UnknownOrganisation,
    WeakPassword,
)
from ircopilot.access.joining import Joining
from ircopilot.access.permissions import Role
from ircopilot.access.sessions import csrf_token
from ircopilot.access.sign_in import Attempt, sign_in
from ircopilot.access.switching import switch_organisation
from ircopilot.domain.errors import UnusableArgument
from ircopilot.gateway.auth.cookies import FromWhere, OldSession, WithPerson, drop_cookie, hand_over
from ircopilot.gateway.auth.shapes import First, Join, LinkOut, LinkToken, SignedInOut, SignIn, Switch
from ircopilot.gateway.described import problems
from ircopilot.gateway.gate import WithGate
from ircopilot.gateway.permit import needs
from ircopilot.stores.postgres.errors import UnknownInvitation
from ircopilot.stores.postgres.organisations import find_organisation
from ircopilot.stores.redis_sessions import SessionsUnreachable

router = APIRouter(prefix="/v1/auth", tags=["sign-in"])


@router.post(
    "/sign-in",
    summary="Sign in with a password",
    response_model=SignedInOut,
    responses=problems(SignInRefused, TooManyAttempts, SessionsUnreachable),
)
async def sign_in_with_password(
    asked: SignIn, gate: WithGate, where: FromWhere, old: OldSession, response: Response
) -> SignedInOut:
    """Begin a session. Its id comes as a cookie; a session that the cookie named before ends.

    `next` is `second_factor` when the account has one, `enrol` when the organisation asks for one and it has none.
    """
    attempt = Attempt(asked.email, asked.password, asked.organisation or "")
    begun = await gate.in_hash_thread(lambda: sign_in(gate.stores, attempt, where, gate.later, old))
    return SignedInOut.of(hand_over(response, gate.site, begun))


@router.post(
    "/first",
    summary="Become the first owner",
    status_code=201,
    response_model=SignedInOut,
    responses=problems(
        UnknownInvitation, OwnerExists, MemberExists, WeakPassword, SignInRefused, TooManyAttempts, UnusableArgument
    ),
)
async def join_as_first_owner(
    asked: First, gate: WithGate, where: FromWhere, old: OldSession, response: Response
) -> SignedInOut:
    """Use the link that `ircopilot up` printed: once, within 24 hours, while the organisation has no owner."""
    by = Joining(asked.token, asked.email, asked.name, asked.password)
    begun = await gate.in_hash_thread(lambda: joining.join(gate.stores, by, "first", where, old))
    return SignedInOut.of(hand_over(response, gate.site, begun))


@router.post(
    "/invitation",
    summary="Look at an invitation",
    response_model=LinkOut,
    responses=problems(UnknownInvitation),
)
async def look_at_invitation(asked: LinkToken, gate: WithGate) -> LinkOut:
    """What a link is for, told to whoever holds it. The token goes in the body, so that no log of addresses keeps it."""
    link = await gate.in_lobby(lambda: joining.find_link(gate.stores.database, asked.token))
    organisation = await gate.in_tx(link.org_id, find_organisation)
    found = link.invitation
    return LinkOut(
        kind="first" if found.kind == "first" else "member", organisation=organisation.name if organisation else "",
        email=found.email, role=cast(Role, found.role), expires_at=found.expires_at,
    )  # fmt: skip


@router.post(
    "/join",
    summary="Accept an invitation",
    status_code=201,
    response_model=SignedInOut,
    responses=problems(UnknownInvitation, MemberExists, WeakPassword, SignInRefused, TooManyAttempts, UnusableArgument),
)
async def accept_invitation(
    asked: Join, gate: WithGate, where: FromWhere, old: OldSession, response: Response
) -> SignedInOut:
    """Become a member, with a new account, or with the one of that address and its password."""
    by = Joining(asked.token, asked.email or "", asked.name, asked.password)
    begun = await gate.in_hash_thread(lambda: joining.join(gate.stores, by, "member", where, old))
    return SignedInOut.of(hand_over(response, gate.site, begun))


@router.get(
    "/session",
    summary="How far a session has come",
    response_model=SignedInOut,
    dependencies=[needs("self:read")],
    responses=problems(),
)
async def get_session(caller: WithPerson, secret: OldSession) -> SignedInOut:
    """What was answered when it began: what it is to do next, and its token, for a page that was loaded anew."""
    return SignedInOut(
        session_id=caller.session_id, organisation_id=caller.org_id, member_id=caller.member_id, role=caller.role,
        next=caller.stage, csrf_token=csrf_token(secret),
    )  # fmt: skip


@router.post(
    "/sign-out", summary="Sign out", status_code=204, dependencies=[needs("self:read")], responses=problems()
)  # fmt: skip
async def sign_out(gate: WithGate, caller: WithPerson, old: OldSession, response: Response) -> None:
    """End this session."""
    await gate.in_lobby(lambda: gate.stores.sessions.end(old))
    await gate.in_tx(caller.org_id, record_act, caller, "session.end", f"session/{caller.session_id}")
    drop_cookie(response, gate.site)


@router.post(
    "/organisation",
    summary="Work in another organisation",
    response_model=SignedInOut,
    dependencies=[needs("self:write")],
    responses=problems(UnknownOrganisation, SessionsUnreachable),
)
async def switch_to_organisation(
    asked: Switch, gate: WithGate, caller: WithPerson, where: FromWhere, old: OldSession, response: Response
) -> SignedInOut:
    """Go on in another organisation that one is a member of, in a session of a new id."""
    begun = await gate.in_lobby(lambda: switch_organisation(gate.stores, caller, old, asked.organisation, where))
    return SignedInOut.of(hand_over(response, gate.site, begun))
