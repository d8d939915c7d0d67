"""Joining an organisation by a link that works once: by invitation, or as its first owner."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal, cast

from ircopilot.access import passwords
from ircopilot.access.audit import record_act
from ircopilot.access.caller import Caller
from ircopilot.access.emails import normal_email
from ircopilot.access.errors import MemberExists, OwnerExists, SignInRefused
from ircopilot.access.keys import machine_caller
from ircopilot.access.organisations import LOCAL_NAME, named_organisation
from ircopilot.access.permissions import ROLES, Role
from ircopilot.access.sessions import Begun, Where
from ircopilot.access.sign_in import enter, verified_account
from ircopilot.access.throttle import Throttle
from ircopilot.domain.errors import UnusableArgument
from ircopilot.stores import StoreSet
from ircopilot.stores.postgres import Database, Tx, accounts, invitations, members
from ircopilot.stores.postgres.errors import UnknownInvitation
from ircopilot.stores.postgres.invitations import Invitation
from ircopilot.stores.postgres.organisations import lock_organisation

FIRST_LIFE = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Joining:
    """Somebody with a link. The password is that of the account, if the address has one already, else a new one."""

    token: str
    email: str
    name: str
    password: str


@dataclass(frozen=True, slots=True)
class Link:
    """A link that was found and can be used now."""

    org_id: str
    invitation: Invitation


def first_link(database: Database, org_id: str, made_by: str) -> str | None:
    """A token for the first owner, None once the organisation has an owner. Earlier ones become useless."""
    with database.tenant(org_id) as tx:
        lock_organisation(tx)
        if members.active_owners(tx):
            return None
        invitations.revoke_first(tx)
        found, token = invitations.make_invitation(tx, "owner", datetime.now(UTC) + FIRST_LIFE, made_by, kind="first")
        record_act(tx, machine_caller(org_id), "invitation.create", f"invitation/{found}", after={"role": "owner"})
        return token


def invite_first_owner(database: Database) -> str | None:
    """The token of a link for the local organisation's first owner, None once it has one."""
    org_id = named_organisation(database, LOCAL_NAME).org_id
    return first_link(database, org_id, machine_caller(org_id).label)


def invite_from_machine(database: Database, org: str, role: str, email: str = "") -> tuple[str, str]:
    """(kind, token) of a link for the organisation named, made by whoever has the machine.

    Its first owner's, if it has none and an owner is asked for. Raises `UnknownOrganisation`, `UnusableArgument`.
    """
    if role not in ROLES or role == "service":
        raise UnusableArgument(f"nobody can be invited as {role!r}", "see `ircopilot admin invite --help`")
    org_id = named_organisation(database, org).org_id
    by = machine_caller(org_id)
    if role == "owner" and not email and (token := first_link(database, org_id, by.label)):
        return "first", token
    address = normal_email(email) if email else None
    with database.tenant(org_id) as tx:
        found, token = invitations.make_invitation(tx, role, datetime.now(UTC) + FIRST_LIFE, by.label, address)
        record_act(tx, by, "invitation.create", f"invitation/{found}", after={"role": role, "email": address})
    return "member", token


def find_link(database: Database, token: str) -> Link:
    """What a token is for. Raises `UnknownInvitation`: unknown, expired, used and revoked are told alike."""
    place = invitations.organisation_of_token(database, token)
    if place is not None:
        with database.tenant(place[0]) as tx:
            found = invitations.find_invitation(tx, place[1])
        if found is not None:
            return Link(place[0], found)
    raise UnknownInvitation("that link cannot be used, or not any more", "ask for another one")


def join(stores: StoreSet, joining: Joining, kind: Literal["member", "first"], where: Where, old: str = "") -> Begun:
    """Become a member and begin a session.

    Raises `UnknownInvitation`, `OwnerExists`, `MemberExists`, `WeakPassword`, `TooManyAttempts`, `UnusableArgument`, and
    `SignInRefused` when the address has an account with another password.
    """
    link = find_link(stores.database, joining.token)
    if link.invitation.kind != kind:
        raise UnknownInvitation("that link is of another kind", "use it as it was given")
    email = normal_email(link.invitation.email or joining.email)
    if link.invitation.email and joining.email and normal_email(joining.email) != email:
        raise UnusableArgument("the invitation is for another address", "leave the address out")
    account_id, new_hash = _account(stores, email, joining, where)
    member_id = str(uuid.uuid4())
    with stores.stores_for(link.org_id).database.tenant(link.org_id, account_id) as tx:
        _become_member(tx, link, account_id, member_id, email, joining.name, new_hash, where)
    return enter(stores, account_id, link.org_id, member_id, "link", where, old)


def _account(stores: StoreSet, email: str, joining: Joining, where: Where) -> tuple[str, str | None]:
    """(account, None) of who has one and knows its password; (an id for a new one, its password's hash) else."""
    if accounts.find_account_id(stores.database, email) is None:
        passwords.check_strength(joining.password, email)
        return str(uuid.uuid4()), passwords.hash_password(joining.password)
    throttle = Throttle(stores.failures, "password")
    throttle.check(email, where.address)
    account_id = verified_account(stores, email, joining.password)
    if account_id is None:
        throttle.failed(email, where.address)
        raise SignInRefused("there is an account of that address, with another password", "use that one's password")
    throttle.succeeded(email)
    return account_id, None


def _become_member(
    tx: Tx, link: Link, account_id: str, member_id: str, email: str, name: str, new_hash: str | None, where: Where
) -> None:  # fmt: skip
    lock_organisation(tx)
    used = invitations.use_invitation(tx, link.invitation.invitation_id)
    if used.kind == "first" and members.active_owners(tx):
        raise OwnerExists("somebody became its owner before", "ask them for an invitation")
    if new_hash is not None:
        if not accounts.make_account(tx.connection, account_id, email, name):
            raise MemberExists("an account of that address was made at this moment", "try again with its password")
        accounts.set_password_hash(tx.connection, account_id, new_hash)
    if not members.add_member(tx, member_id, name, used.role, account_id):
        raise MemberExists("that account is a member already", "sign in: POST /v1/auth/sign-in")
    caller = Caller(
        tx.org_id, "user", member_id, cast(Role, used.role), f"{name} <{email}>", address=where.address,
        request_id=where.request_id, account_id=account_id, member_id=member_id,
    )  # fmt: skip
    after = {"email": email, "role": used.role, "invitation": used.invitation_id}
    record_act(tx, caller, "member.join", f"member/{member_id}", after=after)
