"""Who makes a call: a person in a session, a key, or a service account."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ircopilot.access.permissions import DEFAULT_ROLES, Permission, Role

Stage = Literal["full", "second_factor", "enrol"]


@dataclass(frozen=True, slots=True)
class Caller:
    """A principal of one organisation.

    `kind`: `user` in a session, `key` an API key. `principal_id`: the member's or the key's id. `scopes` narrows what
    the role may (None: not narrowed). `label` is how custody, audit and comments name the caller. `address` and
    `request_id` are of this call. `stage` is `full`, or what a session is still to do before it may do anything else.
    `granted` is what the organisation says the role may (None: the default), `policy` the number of what it says, where that
    came with the caller.
    """

    org_id: str
    kind: Literal["user", "key"]
    principal_id: str
    role: Role
    label: str
    scopes: frozenset[Permission] | None = None
    session_id: str = ""
    address: str = ""
    request_id: str = ""
    account_id: str = ""
    member_id: str = ""
    stage: Stage = "full"
    granted: frozenset[Permission] | None = None
    policy: int | None = None

    def may(self, permission: Permission) -> bool:
        """Whether the role, as the organisation has it, and the scopes hold the permission."""
        granted = DEFAULT_ROLES[self.role] if self.granted is None else self.granted
        return permission in granted and (self.scopes is None or permission in self.scopes)

    @property
    def permissions(self) -> frozenset[Permission]:
        """All that the caller may."""
        granted = DEFAULT_ROLES[self.role] if self.granted is None else self.granted
        return granted if self.scopes is None else granted & self.scopes

    @property
    def name(self) -> str:
        """How custody and deposits name the caller."""
        return self.label
