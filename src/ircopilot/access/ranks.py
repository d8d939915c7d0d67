"""Which role stands above which, and what a caller may give to others: never more than it has."""

from __future__ import annotations

from collections.abc import Iterable

from ircopilot.access.caller import Caller
from ircopilot.access.errors import RoleTooHigh
from ircopilot.access.permissions import DEFAULT_ROLES, Permission, Role

# An auditor reads what leads do not, so it is given by those who read it too.
_RANK: dict[Role, int] = {
    "viewer": 1, "service": 2, "analyst": 2, "lead": 3, "auditor": 4, "admin": 4, "owner": 5,
}  # fmt: skip


def highest_role(roles: Iterable[Role]) -> Role:
    """The highest of them; of two of one rank the one that may more."""
    return max(roles, key=lambda role: (_RANK[role], len(DEFAULT_ROLES[role])))


def roles_within(role: Role) -> tuple[Role, ...]:
    """The roles that are not above that one."""
    return tuple(other for other, rank in _RANK.items() if rank <= _RANK[role])


def check_grant(caller: Caller, role: Role, scopes: Iterable[Permission] | None = None) -> None:
    """Raises `RoleTooHigh` unless the caller may give that role, narrowed to `scopes`, to somebody.

    Not above its own; and who is narrowed gives only what is within that.
    """
    given = set(DEFAULT_ROLES[role] if scopes is None else scopes)
    if _RANK[role] > _RANK[caller.role] or (caller.role == "auditor" and role != "viewer"):
        raise RoleTooHigh(f"{caller.label} is {caller.role} and cannot give {role}", "ask somebody of that role")
    if caller.scopes is not None and not given <= caller.scopes:
        raise RoleTooHigh("the key is narrowed to less than that", "use a key that is not")


def check_above(caller: Caller, role: Role) -> None:
    """Raises `RoleTooHigh` when somebody of that role is not the caller's to change."""
    if _RANK[role] > _RANK[caller.role]:
        raise RoleTooHigh(f"{caller.label} is {caller.role} and cannot change an {role}", "ask somebody of that role")
    if caller.scopes is not None and not set(DEFAULT_ROLES[role]) <= caller.scopes:
        raise RoleTooHigh("the key is narrowed to less than they may", "use a key that is not")
