"""What administrators do about members: roles, disabling, service accounts, sessions. Nobody acts above their own role."""

from __future__ import annotations

import uuid
from typing import cast

from ircopilot.access.audit import record_act
from ircopilot.access.caller import Caller
from ircopilot.access.errors import LastOwner, UnknownSession
from ircopilot.access.permissions import Role
from ircopilot.access.ranks import check_above, check_grant, roles_within
from ircopilot.domain.errors import UnusableArgument
from ircopilot.stores import StoreSet
from ircopilot.stores.postgres import Tx, api_keys, members
from ircopilot.stores.postgres.members import Member
from ircopilot.stores.redis_sessions import Session


def change_member(
    stores: StoreSet, tx: Tx, caller: Caller, member_id: str, seen: int, name: str | None, role: Role | None
) -> Member | None:  # fmt: skip
    """Change how a member is called, or its role; None when it was changed in the meantime.

    Another role ends the member's sessions, so that none goes on under an id from before, and revokes keys above it.
    Raises `NoSuchMember`, `RoleTooHigh`, `LastOwner`, `UnusableArgument`.
    """
    owners, found = members.active_owners(tx), members.get_member(tx, member_id, lock=True)
    check_above(tx, caller, cast(Role, found.role))
    if found.version != seen:
        return None
    changed = {
        key: value
        for key, value in (("name", name), ("role", role))
        if value is not None and value != getattr(found, key)
    }
    if changed.get("role"):
        _check_role(tx, caller, found, changed["role"], owners)
    if not changed:
        return found
    members.change_member(tx, member_id, **changed)
    before = {key: getattr(found, key) for key in changed}
    if "role" in changed:
        api_keys.revoke_keys_of(tx, member_id, roles_within(cast(Role, changed["role"])))
        stores.sessions.end_of_member(tx.org_id, member_id)
    record_act(tx, caller, "member.change", f"member/{member_id}", before, changed)
    return members.get_member(tx, member_id)


def disable_member(stores: StoreSet, tx: Tx, caller: Caller, member_id: str) -> Member:
    """Keep a member out, from now on and on every process: its sessions end, its keys are suspended.

    Raises `NoSuchMember`, `RoleTooHigh`, `LastOwner`.
    """
    owners, found = members.active_owners(tx), members.get_member(tx, member_id, lock=True)
    check_above(tx, caller, cast(Role, found.role))
    if found.state == "active":
        if owners == [member_id]:
            raise LastOwner("nobody else could govern the organisation", "make somebody else an owner first")
        members.change_member(tx, member_id, state="disabled")
        api_keys.suspend_keys(tx, member_id, True)
        record_act(tx, caller, "member.disable", f"member/{member_id}", {"state": "active"}, {"state": "disabled"})
    stores.sessions.end_of_member(tx.org_id, member_id)
    return members.get_member(tx, member_id)


def enable_member(tx: Tx, caller: Caller, member_id: str) -> Member:
    """Let a member in again, who signs in anew; its keys work again. Raises `NoSuchMember`, `RoleTooHigh`."""
    found = members.get_member(tx, member_id, lock=True)
    check_above(tx, caller, cast(Role, found.role))
    if found.state == "disabled":
        members.change_member(tx, member_id, state="active")
        api_keys.suspend_keys(tx, member_id, False)
        record_act(tx, caller, "member.enable", f"member/{member_id}", {"state": "disabled"}, {"state": "active"})
    return members.get_member(tx, member_id)


def add_service_account(tx: Tx, caller: Caller, name: str) -> Member:
    """A member that is no person and acts by keys. Raises `RoleTooHigh`."""
    check_grant(tx, caller, "service")
    member_id = str(uuid.uuid4())
    members.add_member(tx, member_id, name, "service")
    record_act(tx, caller, "member.create", f"member/{member_id}", after={"name": name, "role": "service"})
    return members.get_member(tx, member_id)


def sessions_of(stores: StoreSet, tx: Tx, member_id: str) -> list[Session]:
    """A member's sessions in this organisation, newest first. Raises `NoSuchMember`."""
    members.get_member(tx, member_id)
    return stores.sessions.sessions_of_member(tx.org_id, member_id)


def end_sessions(stores: StoreSet, tx: Tx, caller: Caller, member_id: str, sid: str | None = None) -> None:
    """End a member's sessions in this organisation, all or one. Raises `NoSuchMember`, `RoleTooHigh`, `UnknownSession`."""
    found = members.get_member(tx, member_id)
    check_above(tx, caller, cast(Role, found.role))
    ended = stores.sessions.end_of_member(tx.org_id, member_id, None if sid is None else [sid])
    if sid is not None and not ended:
        raise UnknownSession(f"no session {sid[:100]}", f"list them: GET /v1/members/{member_id}/sessions")
    for session in ended:
        record_act(tx, caller, "session.revoke", f"session/{session.sid}", before={"member": member_id})


def _check_role(tx: Tx, caller: Caller, found: Member, role: str, owners: list[str]) -> None:
    if (found.kind == "service") != (role == "service"):
        raise UnusableArgument("a service account is of role service, and no person is", "choose another role")
    check_grant(tx, caller, cast(Role, role))
    if owners == [found.member_id]:
        raise LastOwner("nobody else could govern the organisation", "make somebody else an owner first")
