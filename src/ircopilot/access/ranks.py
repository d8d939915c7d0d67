"""Which role stands above which, and what a caller may give to others: never more than it has."""

from __future__ import annotations

from collections.abc import Iterable

from ircopilot.access.caller import Caller
from ircopilot.access.errors import RoleTooHigh
from ircopilot.access.permissions import DEFAULT_ROLES, PERMISSIONS, Granted, Permission, Role
from ircopilot.stores.postgres import Tx
from ircopilot.stores.postgres.policies import read_policies

# An auditor reads what leads do not, so it is given by those who read it too.
_RANK: dict[Role, int] = {
    "viewer": 1, "service": 2, "analyst": 2, "lead": 3, "auditor": 4, "admin": 4, "owner": 5,
}  # fmt: skip


def granted_by(tx: Tx, role: Role) -> Granted:
    """What the role may in the organisation, as it stands in this transaction."""
    changed = None if role == "owner" else read_policies(tx)[1].get(role)
    return DEFAULT_ROLES[role] if changed is None else frozenset(p for p in PERMISSIONS if p in changed.permissions)


def highest_role(tx: Tx, roles: Iterable[Role]) -> Role:
    """The highest of them; of two of one rank the one that may more."""
    return max(roles, key=lambda role: (_RANK[role], len(granted_by(tx, role))))


def roles_within(role: Role) -> tuple[Role, ...]:
    """The roles that are not above that one."""
    return tuple(other for other, rank in _RANK.items() if rank <= _RANK[role])


def check_grant(tx: Tx, caller: Caller, role: Role, scopes: Iterable[Permission] | None = None) -> None:
    """Raises `RoleTooHigh` unless the caller may give that role, narrowed to `scopes`, to somebody.

    Not above its own, and nothing that it lacks itself, as the organisation has its roles and its key is narrowed.
    """
    if _RANK[role] > _RANK[caller.role] or (caller.role == "auditor" and role != "viewer"):
        raise RoleTooHigh(f"{caller.label} is {caller.role} and cannot give {role}", "ask somebody of that role")
    may = granted_by(tx, role)
    if caller.scopes is not None and not (may if scopes is None else set(scopes)) <= caller.scopes:
        raise RoleTooHigh("the key is narrowed to less than that", "use a key that is not")
    lacking = sorted((may if scopes is None else may & set(scopes)) - caller.permissions)
    if lacking:
        raise RoleTooHigh(f"{caller.label} lacks {', '.join(lacking)}", "ask somebody who may all of that")


def check_above(tx: Tx, caller: Caller, role: Role) -> None:
    """Raises `RoleTooHigh` when somebody of that role is not the caller's to change."""
    if _RANK[role] > _RANK[caller.role]:
        raise RoleTooHigh(f"{caller.label} is {caller.role} and cannot change an {role}", "ask somebody of that role")
    if caller.scopes is not None and not granted_by(tx, role) <= caller.scopes:
        raise RoleTooHigh("the key is narrowed to less than they may", "use a key that is not")
