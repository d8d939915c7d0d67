"""What there is to be permitted, and the roles of an organisation.

A permission is `noun:verb`. Every route declares one (`gateway.permit.needs`); `self:*` is everybody's who is signed in.
"""

from __future__ import annotations

from typing import Literal, get_args

Permission = Literal[
    "self:read", "self:write",
    "org:read", "org:write", "member:read", "member:write", "key:read", "key:write", "role:read", "role:write",
    "audit:read",
    "incident:read", "incident:write", "incident:close", "incident:restrict",
    "evidence:read", "evidence:write", "event:read", "event:write", "finding:read", "finding:write",
    "report:read", "report:write", "report:approve", "export:read", "export:write",
    "comment:read", "comment:write", "action:read", "action:write", "playbook:read", "playbook:write",
    "filter:read", "filter:write", "run:read", "run:write", "rule:read", "rule:write", "job:read", "job:write",
]  # fmt: skip
Role = Literal["owner", "admin", "lead", "analyst", "viewer", "auditor", "service"]

PERMISSIONS: tuple[Permission, ...] = get_args(Permission)
ROLES: tuple[Role, ...] = get_args(Role)

Granted = frozenset[Permission]

_READS: Granted = frozenset(p for p in PERMISSIONS if p.endswith(":read"))
_GOVERN: Granted = frozenset({"audit:read", "key:read", "role:read"})
_SELF: Granted = frozenset({"self:write"})
_WORK: Granted = frozenset({
    "incident:write", "evidence:write", "event:write", "finding:write", "report:write", "export:write", "comment:write",
    "action:write", "filter:write", "run:write",
})  # fmt: skip
_DECIDE: Granted = frozenset({
    "incident:close", "incident:restrict", "report:approve", "playbook:write", "rule:write", "job:write",
})  # fmt: skip
_MANAGE: Granted = frozenset({"member:write", "key:write"})
_VIEW = (_READS - _GOVERN) | _SELF

# What each role may at first; an organisation's own policies are in the database.
DEFAULT_ROLES: dict[Role, Granted] = {
    "owner": frozenset(PERMISSIONS),
    "admin": _VIEW | _WORK | _DECIDE | _GOVERN | _MANAGE,
    "lead": _VIEW | _WORK | _DECIDE,
    "analyst": _VIEW | _WORK,
    "viewer": _VIEW,
    "auditor": _READS | _SELF,
    "service": (_READS - _GOVERN) | _WORK,
}
