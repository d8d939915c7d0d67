"""What goes in and out of second factors, as JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, StringConstraints

from ircopilot.access.second_factors import Enrolled
from ircopilot.gateway.auth.shapes import SignedInOut
from ircopilot.gateway.shapes import In, Line, shown
from ircopilot.stores.postgres.factors import Factor

_ID = "3f6c2a52-6d0b-4f5e-9a51-0c1d2e3f4a5b"
_TIME = "2026-05-04T09:30:00Z"
_SESSION = {
    "session_id": "9f86d081884c7d65", "organisation_id": _ID, "member_id": _ID, "role": "analyst", "next": "full",
    "csrf_token": "f2ca1bb6c7e907d06dafe4687e579fce76b37e4e93b7605022da52e6ccc26fd2",
}  # fmt: skip
_CODES = ["abcd-efgh-ijkl-mnop"]
_ANSWER = {"id": "AAAA", "rawId": "AAAA", "type": "public-key", "response": {"clientDataJSON": "e30"}}
_FACTOR = {
    "id": _ID, "kind": "totp", "label": "Phone", "created_at": _TIME, "last_used_at": _TIME,
}  # fmt: skip
Label = Annotated[Line, Field(max_length=80)]
Code = Annotated[str, StringConstraints(min_length=6, max_length=40, pattern=r"^[0-9A-Za-z -]+$")]
Ticket = Annotated[str, StringConstraints(min_length=20, max_length=100, pattern=r"^[A-Za-z0-9_-]+$")]
# As `PublicKeyCredential.toJSON()` writes it.
Credential = Annotated[dict[str, Any], Field(max_length=20)]


class NewLabel(In):
    """How the person calls the device."""

    model_config = shown({"label": "Phone"})

    label: Label


class TotpOut(BaseModel):
    """Told to an authenticator app, once: by hand, by link, or as a picture (SVG)."""

    model_config = shown({
        "id": _ID, "secret": "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", "uri": "otpauth://totp/ircopilot:ada%40example.org?…",
        "qr_svg": "<svg …></svg>",
    })  # fmt: skip

    id: str
    secret: str
    uri: str
    qr_svg: str


class TotpConfirm(In):
    """A code of the app that has just been told the secret."""

    model_config = shown({"id": _ID, "code": "123456"})

    id: Annotated[Line, Field(max_length=100)]
    code: Code


class CodeIn(In):
    """A one-time code, or a recovery code."""

    model_config = shown({"code": "123456"})

    code: Code


class EnrolledOut(SignedInOut):
    """The session that goes on. `recovery_codes` are shown once, with an account's first second factor."""

    model_config = shown(_SESSION | {"recovery_codes": _CODES})

    recovery_codes: list[str]

    @classmethod
    def after(cls, enrolled: Enrolled) -> EnrolledOut:
        """Of a factor that has just been enrolled."""
        return cls(**SignedInOut.of(enrolled.begun).model_dump(), recovery_codes=list(enrolled.recovery_codes))


class CodesOut(BaseModel):
    """Recovery codes, shown once; each lets in once in place of a second factor."""

    model_config = shown({"recovery_codes": _CODES})

    recovery_codes: list[str]


class FactorOut(BaseModel):
    """A second factor, without its secret."""

    model_config = shown(_FACTOR)

    id: str
    kind: Literal["totp", "passkey"]
    label: str
    created_at: datetime
    last_used_at: datetime | None

    @classmethod
    def of(cls, factor: Factor) -> FactorOut:
        """Of a stored factor."""
        return cls(
            id=factor.factor_id, kind="totp" if factor.kind == "totp" else "passkey", label=factor.label,
            created_at=factor.created_at, last_used_at=factor.last_used_at,
        )  # fmt: skip


class Factors(BaseModel):
    """One's second factors, and how many recovery codes are left."""

    model_config = shown({"items": [_FACTOR], "recovery_codes_left": 10})

    items: list[FactorOut]
    recovery_codes_left: int


class CeremonyOut(BaseModel):
    """`options` go to `PublicKeyCredential.parse…OptionsFromJSON`; `ticket` comes back with the answer, once."""

    model_config = shown({"ticket": "A" * 43, "options": {"challenge": "AAAA", "rpId": "irc.example.org"}})

    ticket: str
    options: dict[str, Any]


class PasskeyNew(In):
    """What `navigator.credentials.create` gave, as JSON."""

    model_config = shown({"ticket": "A" * 43, "credential": _ANSWER, "label": "Laptop"})

    ticket: Ticket
    credential: Credential
    label: Label


class PasskeyShown(In):
    """What `navigator.credentials.get` gave, as JSON."""

    model_config = shown({"ticket": "A" * 43, "credential": _ANSWER})

    ticket: Ticket
    credential: Credential


class PasskeySignIn(PasskeyShown):
    """The same, for a sign-in by a passkey alone. `organisation`: the one to work in, for whoever is in several."""

    model_config = shown({"ticket": "A" * 43, "credential": _ANSWER, "organisation": "Example Ltd"})

    organisation: Line | None = None
