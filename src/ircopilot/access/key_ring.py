"""API keys as they are made over the API: never more than their maker may, and their secret shown once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import cast

from ircopilot.access.audit import record_act
from ircopilot.access.caller import Caller
from ircopilot.access.permissions import Permission, Role
from ircopilot.access.ranks import check_above, check_grant
from ircopilot.domain.errors import UnusableArgument
from ircopilot.stores.postgres import Tx, api_keys, members
from ircopilot.stores.postgres.api_keys import ApiKey
from ircopilot.stores.postgres.errors import UnknownKey


@dataclass(frozen=True, slots=True)
class KeyWanted:
    """A key to be made. `scopes` narrows what the role may; `member_id` is the service account that is to own it."""

    name: str
    role: Role
    scopes: Sequence[Permission] | None = None
    expires_at: datetime | None = None
    member_id: str | None = None


@dataclass(frozen=True, slots=True)
class KeyMade:
    """A key and its text, which is shown once."""

    key: ApiKey
    text: str


def make_key(tx: Tx, caller: Caller, wanted: KeyWanted) -> KeyMade:
    """Make a key for oneself, or for a service account. Raises `RoleTooHigh`, `NoSuchMember`, `UnusableArgument`."""
    check_grant(tx, caller, wanted.role, wanted.scopes)
    if wanted.expires_at is not None and wanted.expires_at <= datetime.now(UTC):
        raise UnusableArgument("the key would have expired already", "let it expire later, or leave it out")
    owner = caller.member_id or _owner_of(tx, caller)
    if wanted.member_id is not None:
        found = members.get_member(tx, wanted.member_id, lock=True)
        if found.kind != "service" or found.state != "active":
            raise UnusableArgument("a key is made for oneself or for an active service account", "see GET /v1/members")
        owner = found.member_id
    if wanted.scopes is not None and not wanted.scopes:
        raise UnusableArgument("a key without any permission is of no use", "name some, or leave scopes out")
    text = api_keys.make_key(
        tx, wanted.name, wanted.expires_at, role=wanted.role, scopes=wanted.scopes, member_id=owner,
        created_by=caller.label,
    )  # fmt: skip
    key = api_keys.get_key(tx, api_keys.key_id_of(text))
    record_act(tx, caller, "key.create", f"api-key/{key.key_id}", after=_told(key))
    return KeyMade(key, text)


def rotate_key(tx: Tx, caller: Caller, key_id: str) -> KeyMade:
    """A key like it in its place; the old one is useless at once. Raises `UnknownKey`, `RoleTooHigh`."""
    old = _mine_to_change(tx, caller, key_id)
    check_grant(tx, caller, cast(Role, old.role), cast(Sequence[Permission] | None, old.scopes))
    api_keys.revoke_key(tx, key_id)
    text = api_keys.make_key(
        tx, old.name, old.expires_at, role=old.role, scopes=old.scopes, member_id=old.member_id,
        created_by=caller.label,
    )  # fmt: skip
    key = api_keys.get_key(tx, api_keys.key_id_of(text))
    record_act(tx, caller, "key.rotate", f"api-key/{key_id}", after={"key_id": key.key_id})
    return KeyMade(key, text)


def revoke_key(tx: Tx, caller: Caller, key_id: str) -> None:
    """Make a key useless from now on. Raises `UnknownKey`, `RoleTooHigh`."""
    old = _mine_to_change(tx, caller, key_id)
    api_keys.revoke_key(tx, key_id)
    record_act(tx, caller, "key.revoke", f"api-key/{key_id}", before=_told(old))


def revoke_own_key(tx: Tx, caller: Caller, key_id: str) -> None:
    """Make a key of the caller's own, or the calling key itself, useless from now on. Raises `UnknownKey`."""
    old = api_keys.get_key(tx, key_id)
    own = old.member_id is not None and old.member_id == (caller.member_id or _owner_of(tx, caller))
    if old.revoked_at is not None or not (own or key_id == caller.principal_id):
        raise UnknownKey(f"no valid key {key_id[:100]} of yours", "ask whoever may revoke the keys of others")
    api_keys.revoke_key(tx, key_id)
    record_act(tx, caller, "key.revoke", f"api-key/{key_id}", before=_told(old))


def _mine_to_change(tx: Tx, caller: Caller, key_id: str) -> ApiKey:
    found = api_keys.get_key(tx, key_id)
    if found.revoked_at is not None:
        raise UnknownKey(f"no valid key {key_id[:100]}", "list them: GET /v1/api-keys")
    if key_id != caller.principal_id:
        check_above(tx, caller, cast(Role, found.role))
    return found


def _owner_of(tx: Tx, caller: Caller) -> str | None:
    """Whose the key is that calls: what it makes ends with its owner, too."""
    return api_keys.get_key(tx, caller.principal_id).member_id if caller.kind == "key" else None


def _told(key: ApiKey) -> dict[str, object]:
    return {
        "name": key.name, "role": key.role, "scopes": list(key.scopes) if key.scopes is not None else None,
        "expires_at": key.expires_at, "member": key.member_id,
    }  # fmt: skip
