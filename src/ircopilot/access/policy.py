"""What each role of an organisation may, decided by Casbin: by default what `permissions` says, else what it changed.

Of the model's four parts, the domain is the organisation. An enforcer is made once per organisation and change, and
remembers what it decided, for a decision of Casbin's takes milliseconds.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

import casbin

from ircopilot.access.audit import record_act
from ircopilot.access.caller import Caller
from ircopilot.access.errors import Forbidden, RoleFixed
from ircopilot.access.permissions import DEFAULT_ROLES, PERMISSIONS, ROLES, Granted, Permission, Role
from ircopilot.domain.errors import PreconditionFailed, UnusableArgument
from ircopilot.stores.postgres import Database, Tx
from ircopilot.stores.postgres import policies as rows

MODEL = """
[request_definition]
r = role, org, permission

[policy_definition]
p = role, org, permission

[policy_effect]
e = some(where (p.eft == allow))

[matchers]
m = r.role == p.role && r.org == p.org && r.permission == p.permission
"""
# Who could give this to others could give themselves everything.
OWNERS_ONLY: Granted = frozenset({"role:write"})
_REMEMBERED = 2000
# Casbin parses its matcher as Python, and CPython 3.11 may raise SystemError when several threads parse at once (gh-106905).
_DECIDING = threading.Lock()
_TRIES = 20


class _Lines(casbin.persist.Adapter):  # type: ignore[misc]
    """Policies from memory; the enforcer writes none."""

    def __init__(self, org_id: str, roles: Mapping[Role, Granted]) -> None:
        self._lines = [f"p, {role}, {org_id}, {p}" for role in roles for p in sorted(roles[role])]

    def load_policy(self, model: Any) -> None:
        """Fill the model."""
        for line in self._lines:
            casbin.persist.load_policy_line(line, model)


class Policy:
    """What the roles of one organisation may, as of one change."""

    def __init__(self, org_id: str, version: int, changed: Mapping[str, rows.RolePolicy]) -> None:
        self.org_id, self.version, self.changed = org_id, version, dict(changed)
        known: dict[Role, Granted] = dict(DEFAULT_ROLES)
        for role in ROLES:
            if role in changed and role != "owner":
                known[role] = frozenset(p for p in PERMISSIONS if p in changed[role].permissions)
        model = casbin.Model()
        model.load_model_from_text(MODEL)
        self._enforcer = casbin.SyncedEnforcer(model, _Lines(org_id, known))
        self._granted: dict[Role, Granted] = {}

    def granted(self, role: Role) -> Granted:
        """All that the role may."""
        if role not in self._granted:
            with _DECIDING:
                self._granted[role] = frozenset(p for p in PERMISSIONS if self._decide(role, p))
        return self._granted[role]

    def _decide(self, role: Role, permission: Permission) -> bool:
        for _ in range(_TRIES):
            try:
                return bool(self._enforcer.enforce(role, self.org_id, permission))
            except SystemError:
                continue
        return bool(self._enforcer.enforce(role, self.org_id, permission))


class Policies:
    """The organisations' policies as this process knows them; each question looks whether it knows the latest."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: OrderedDict[str, Policy] = OrderedDict()
        self._lock = threading.Lock()

    def known(self, org_id: str, version: int) -> Policy | None:
        """The policy of that number, if this process knows it."""
        with self._lock:
            found = self._known.get(org_id)
        return found if found is not None and found.version == version else None

    def of(self, org_id: str) -> Policy:
        """The organisation's policy as it is now."""
        version = rows.policy_version(self._database, org_id)
        with self._lock:
            known = self._known.get(org_id)
            if known is not None:
                self._known.move_to_end(org_id)
        if known is None or known.version != version:
            known = self._load(org_id, version)
        return known

    def _load(self, org_id: str, version: int) -> Policy:
        if version == 0:
            made = Policy(org_id, 0, {})
        else:
            with self._database.tenant(org_id) as tx:
                made = Policy(org_id, *rows.read_policies(tx))
        with self._lock:
            self._known[org_id] = made
            while len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)
        return made


def change_role(tx: Tx, caller: Caller, role: Role, permissions: Granted | None, seen: int) -> Policy:
    """Say the whole of what a role may (None: what it may by default). Effective at once, on every process.

    Raises `Forbidden` unless an owner asks and has all that is given, `RoleFixed` for the owner's role, `UnusableArgument`,
    and `PreconditionFailed` when the policies were changed since they were seen.
    """
    if caller.role != "owner":
        raise Forbidden("only an owner changes what roles may", "ask an owner")
    if role == "owner":
        raise RoleFixed("an owner may everything", "give the person another role")
    if permissions is not None and permissions & OWNERS_ONLY:
        raise UnusableArgument(f"{', '.join(OWNERS_ONLY)} is an owner's", "leave it out")
    lacking = sorted(p for p in (DEFAULT_ROLES[role] if permissions is None else permissions) if not caller.may(p))
    if lacking:
        raise Forbidden(
            f"{caller.label} lacks {', '.join(lacking)} and cannot give it", "use a session, or a wider key"
        )
    version = rows.next_version(tx)
    if version - 1 != seen:
        raise PreconditionFailed("what roles may was changed in the meantime", "read it again")
    before = Policy(tx.org_id, version, rows.read_policies(tx)[1])
    if permissions is None:
        rows.drop_policy(tx, role)
    else:
        rows.write_policy(tx, role, permissions, caller.label)
    after = Policy(tx.org_id, version, rows.read_policies(tx)[1])
    was, is_ = before.granted(role), after.granted(role)
    record_act(tx, caller, "role.change", f"role/{role}", {"removed": sorted(was - is_)}, {"added": sorted(is_ - was)})
    return after
