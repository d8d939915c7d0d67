"""Invitations as administrators make them: a link that works once, for one address."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ircopilot.access.audit import record_act
from ircopilot.access.caller import Caller
from ircopilot.access.emails import normal_email
from ircopilot.access.errors import MemberExists
from ircopilot.access.permissions import Role
from ircopilot.access.ranks import check_grant
from ircopilot.domain.errors import UnusableArgument
from ircopilot.stores.postgres import Tx, invitations, members
from ircopilot.stores.postgres.errors import UnknownInvitation
from ircopilot.stores.postgres.invitations import Invitation


@dataclass(frozen=True, slots=True)
class Invited:
    """An invitation that was just made, and the token of its link, shown once."""

    invitation: Invitation
    token: str


def invite(tx: Tx, caller: Caller, email: str, role: Role, life: timedelta) -> Invited:
    """Invite somebody. Raises `RoleTooHigh`, `MemberExists`, `UnusableArgument`."""
    if role == "service":
        raise UnusableArgument("no person is of role service", "make a service account: POST /v1/service-accounts")
    check_grant(tx, caller, role)
    address = normal_email(email)
    if members.member_with_email(tx, address) is not None:
        raise MemberExists(f"{address} is a member already", "see GET /v1/members")
    found, token = invitations.make_invitation(tx, role, datetime.now(UTC) + life, caller.label, address)
    record_act(tx, caller, "invitation.create", f"invitation/{found}", after={"email": address, "role": role})
    made = invitations.find_invitation(tx, found)
    assert made is not None
    return Invited(made, token)


def withdraw(tx: Tx, caller: Caller, invitation_id: str) -> None:
    """Make an invitation useless. Raises `UnknownInvitation`."""
    found = invitations.find_invitation(tx, invitation_id)
    if found is None:
        raise UnknownInvitation(f"no invitation {invitation_id[:100]}", "list them: GET /v1/invitations")
    invitations.revoke_invitation(tx, invitation_id)
    before = {"email": found.email, "role": found.role}
    record_act(tx, caller, "invitation.revoke", f"invitation/{invitation_id}", before)
