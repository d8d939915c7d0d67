"""What goes in and out of an organisation, its members and invitations, as JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, cast

from pydantic import BaseModel, Field

from ircopilot.access.permissions import Role
from ircopilot.gateway.auth.shapes import Email, Name
from ircopilot.gateway.evidence.room import Room
from ircopilot.gateway.shapes import In, Line, shown
from ircopilot.stores.postgres.invitations import Invitation
from ircopilot.stores.postgres.members import Member
from ircopilot.stores.postgres.organisations import Organisation

_ID = "3f6c2a52-6d0b-4f5e-9a51-0c1d2e3f4a5b"
_TIME = "2026-05-04T09:30:00Z"
_MEMBER = {
    "id": _ID, "kind": "person", "name": "Ada Byron", "email": "ada@example.org", "role": "analyst", "state": "active",
    "created_at": _TIME, "disabled_at": None, "version": 1,
}  # fmt: skip
_INVITATION = {
    "id": "9f86d081884c7d65", "email": "ada@example.org", "role": "analyst", "state": "open", "created_by": "Bo <bo@example.org>",
    "created_at": _TIME, "expires_at": _TIME,
}  # fmt: skip
PersonRole = Literal["owner", "admin", "lead", "analyst", "viewer", "auditor"]


class OrganisationOut(BaseModel):
    """The caller's organisation. Times in seconds: how long a session may be idle, and last at all."""

    model_config = shown({
        "id": _ID, "name": "Example Ltd", "region": "local", "created_at": _TIME, "require_mfa": True,
        "session_idle_s": 3600, "session_absolute_s": 43200, "max_held": 0, "held_limit": None, "held": 1048576,
        "version": 3,
    })  # fmt: skip

    id: str
    name: str
    region: str
    created_at: datetime
    require_mfa: bool
    session_idle_s: int
    session_absolute_s: int
    max_held: int = Field(description="Bytes of evidence that the organisation allows itself; 0: no limit of its own.")
    held_limit: int | None = Field(description="Bytes that it may hold, by its own limit and the installation's.")
    held: int = Field(description="Bytes that it holds, uploads under way included.")
    version: int

    @classmethod
    def of(cls, organisation: Organisation, room: Room) -> OrganisationOut:
        """Of a stored organisation."""
        fields = {n: getattr(organisation, n) for n in cls.model_fields if n not in ("id", "held", "held_limit")}
        return cls(id=organisation.org_id, held=room.held, held_limit=room.limit, **fields)


class OrganisationChange(In):
    """What is to be otherwise; what is left out stays. `require_mfa` holds for sessions that are open, too."""

    model_config = shown({"require_mfa": True, "session_idle_s": 1800})

    name: Annotated[Line, Field(max_length=120)] | None = None
    require_mfa: bool | None = None
    session_idle_s: int | None = Field(default=None, ge=300, le=7 * 86400)
    session_absolute_s: int | None = Field(default=None, ge=300, le=30 * 86400)
    max_held: int | None = Field(default=None, ge=0, le=1 << 60)


class MemberOut(BaseModel):
    """A person or service account of the organisation."""

    model_config = shown(_MEMBER)

    id: str
    kind: Literal["person", "service"]
    name: str
    email: str | None
    role: Role
    state: Literal["active", "disabled"]
    created_at: datetime
    disabled_at: datetime | None
    version: int

    @classmethod
    def of(cls, member: Member) -> MemberOut:
        """Of a stored member."""
        fields = {name: getattr(member, name) for name in cls.model_fields if name != "id"}
        return cls(id=member.member_id, **fields)


class Members(BaseModel):
    """Members, oldest first."""

    model_config = shown({"items": [_MEMBER], "next": None})

    items: list[MemberOut]
    next: str | None = None


class MemberChange(In):
    """Another name or role; what is left out stays."""

    model_config = shown({"role": "lead"})

    name: Name | None = None
    role: PersonRole | None = None


class ServiceAccountNew(In):
    """A member that is no person. It acts by keys that are made for it."""

    model_config = shown({"name": "nightly collector"})

    name: Name


class InvitationNew(In):
    """Who is invited, and as what. The link ends after `hours`."""

    model_config = shown({"email": "ada@example.org", "role": "analyst", "hours": 72})

    email: Email
    role: PersonRole
    hours: int = Field(default=72, ge=1, le=24 * 30)


class InvitationOut(BaseModel):
    """An invitation, without its link. `email` is null when whoever holds the link may use it."""

    model_config = shown(_INVITATION)

    id: str
    email: str | None
    role: Role
    state: Literal["open", "used", "revoked"]
    created_by: str
    created_at: datetime
    expires_at: datetime

    @classmethod
    def of(cls, invitation: Invitation) -> InvitationOut:
        """Of a stored invitation."""
        state = "revoked" if invitation.revoked_at else "used" if invitation.used_at else "open"
        return cls(
            id=invitation.invitation_id, email=invitation.email, role=cast(Role, invitation.role),
            state=cast(Literal["open", "used", "revoked"], state), created_by=invitation.created_by,
            created_at=invitation.created_at, expires_at=invitation.expires_at,
        )  # fmt: skip


class InvitationMade(BaseModel):
    """An invitation, its token, and the page that takes it: shown once, to be handed to the person."""

    model_config = shown({
        "invitation": _INVITATION, "token": "iri_9f86d081884c7d65_" + "A" * 43,
        "link": "https://irc.example.org/sign-in/join?token=iri_9f86d081884c7d65_…",
    })  # fmt: skip

    invitation: InvitationOut
    token: str
    link: str


class Invitations(BaseModel):
    """Invitations, newest first."""

    model_config = shown({"items": [_INVITATION], "next": None})

    items: list[InvitationOut]
    next: str | None = None
