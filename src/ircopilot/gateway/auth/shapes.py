"""What goes in and out of signing in, as JSON."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field, StringConstraints

from ircopilot.access.caller import Stage
from ircopilot.access.permissions import Permission, Role
from ircopilot.access.sessions import Begun
from ircopilot.gateway.shapes import In, Line, shown
from ircopilot.stores.redis_sessions import Session

_EMAIL = "ada@example.org"
_ID = "3f6c2a52-6d0b-4f5e-9a51-0c1d2e3f4a5b"
_TIME = "2026-05-04T09:30:00Z"
_TOKEN = "iri_9f86d081884c7d65_" + "A" * 43
_SESSION = {
    "id": "9f86d081884c7d65", "organisation_id": _ID, "begun_at": _TIME, "seen_at": _TIME, "ends_at": _TIME,
    "via": "password", "second_factor": True, "address": "192.0.2.7", "agent": "Mozilla/5.0", "current": True,
}  # fmt: skip
_PASSWORD = "quiet harbour lanterns"  # noqa: S105 - an example
Email = Annotated[
    str, StringConstraints(min_length=1, max_length=254, pattern=r"^[^\x00-\x1f\x7f]+$"), Field(examples=[_EMAIL])
]
Password = Annotated[str, StringConstraints(min_length=1, max_length=256), Field(examples=[_PASSWORD])]
Token = Annotated[
    str, StringConstraints(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9_-]+$"),
    Field(examples=[_TOKEN]),
]  # fmt: skip
Name = Annotated[Line, Field(max_length=120, examples=["Ada Byron"])]


class SignIn(In):
    """Who signs in. `organisation`: name or id of the one to work in, for whoever is in several."""

    model_config = shown({"email": _EMAIL, "password": _PASSWORD})

    email: Email
    password: Password
    organisation: Annotated[Line, Field(examples=["Example Ltd"])] | None = None


class First(In):
    """The first owner, with the link that `ircopilot up` printed."""

    model_config = shown({"token": _TOKEN, "email": _EMAIL, "name": "Ada Byron", "password": _PASSWORD})

    token: Token
    email: Email
    name: Name
    password: Password


class Join(In):
    """Somebody invited. The password is that of the account, if there is one of that address already."""

    model_config = shown({"token": _TOKEN, "name": "Ada Byron", "password": _PASSWORD})

    token: Token
    name: Name
    password: Password
    email: Email | None = None


class LinkToken(In):
    """A link's token."""

    model_config = shown({"token": _TOKEN})

    token: Token


class LinkOut(BaseModel):
    """What a link is for. `email` is null when whoever holds it may use it."""

    model_config = shown(
        {"kind": "member", "organisation": "Example Ltd", "email": _EMAIL, "role": "analyst", "expires_at": _TIME}
    )

    kind: Literal["member", "first"]
    organisation: str
    email: str | None
    role: Role
    expires_at: datetime


class SignedInOut(BaseModel):
    """A session has begun; its id is in the cookie. `next`: what it is to do before it may do anything else."""

    model_config = shown({
        "session_id": "9f86d081884c7d65", "organisation_id": _ID, "member_id": _ID, "role": "analyst", "next": "full",
        "csrf_token": "f2ca1bb6c7e907d06dafe4687e579fce76b37e4e93b7605022da52e6ccc26fd2",
    })  # fmt: skip

    session_id: str
    organisation_id: str
    member_id: str
    role: Role
    next: Stage
    csrf_token: str

    @classmethod
    def of(cls, begun: Begun) -> SignedInOut:
        """Of a session that has just begun."""
        caller = begun.caller
        return cls(
            session_id=caller.session_id, organisation_id=caller.org_id, member_id=caller.member_id, role=caller.role,
            next=caller.stage, csrf_token=begun.csrf,
        )  # fmt: skip


class OrganisationRef(BaseModel):
    """An organisation that one is a member of."""

    model_config = shown({"id": _ID, "name": "Example Ltd", "role": "analyst", "state": "active"})

    id: str
    name: str
    role: Role
    state: Literal["active", "disabled"]


class MeOut(BaseModel):
    """Who calls. A key has no e-mail, factors or session, and one organisation."""

    model_config = shown(
        {
            "kind": "user",
            "principal_id": _ID,
            "label": "Ada Byron <ada@example.org>",
            "role": "analyst",
            "permissions": ["incident:read", "incident:write"],
            "organisation_id": _ID,
            "organisations": [{"id": _ID, "name": "Example Ltd", "role": "analyst", "state": "active"}],
            "next": "full",
            "name": "Ada Byron",
            "email": _EMAIL,
            "member_id": _ID,
            "session_id": "9f86d081884c7d65",
            "csrf_token": "f2ca1b…",
        }
    )

    kind: Literal["user", "key"]
    principal_id: str
    label: str
    role: Role
    permissions: list[Permission]
    organisation_id: str
    organisations: list[OrganisationRef]
    next: Stage = "full"
    name: str | None = None
    email: str | None = None
    member_id: str | None = None
    session_id: str | None = None
    csrf_token: str | None = None


class MeChange(In):
    """How one is called."""

    model_config = shown({"name": "Ada King"})

    name: Name


class PasswordChange(In):
    """The old password, and the one that replaces it."""

    model_config = shown({"old": _PASSWORD, "new": "another quiet harbour"})

    old: Password
    new: Password


class Switch(In):
    """The organisation to work in from now on, by name or id."""

    model_config = shown({"organisation": "Example Ltd"})

    organisation: Annotated[Line, Field(examples=["Example Ltd"])]


class SessionOut(BaseModel):
    """A session, without its id. `address` and `agent` are where it began; `current` is the one that asks."""

    model_config = shown(_SESSION)

    id: str
    organisation_id: str
    begun_at: datetime
    seen_at: datetime
    ends_at: datetime
    via: str
    second_factor: bool
    address: str
    agent: str
    current: bool = False

    @classmethod
    def of(cls, session: Session, current: str = "") -> SessionOut:
        """Of a stored session."""
        return cls(
            id=session.sid, organisation_id=session.org_id, begun_at=_at(session.begun), seen_at=_at(session.seen),
            ends_at=_at(session.until), via=session.via, second_factor=session.factor, address=session.address,
            agent=session.agent, current=session.sid == current,
        )  # fmt: skip


class Sessions(BaseModel):
    """Sessions, newest first."""

    model_config = shown({"items": [_SESSION]})

    items: list[SessionOut]


def _at(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
