"""What goes in and out of API keys and sign-in providers, as JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, Field, StringConstraints

from ircopilot.access.permissions import Permission, Role
from ircopilot.gateway.organisations.shapes import PersonRole
from ircopilot.gateway.shapes import In, Line, shown
from ircopilot.stores.postgres.api_keys import ApiKey
from ircopilot.stores.postgres.oidc_providers import Provider

_ID = "3f6c2a52-6d0b-4f5e-9a51-0c1d2e3f4a5b"
_TIME = "2026-05-04T09:30:00Z"
_KEY = {
    "id": "9f86d081884c7d65", "name": "nightly", "role": "service", "scopes": ["incident:read", "evidence:write"],
    "state": "valid", "member_id": _ID, "created_by": "Bo <bo@example.org>", "created_at": _TIME, "expires_at": _TIME,
    "last_used_at": None,
}  # fmt: skip
_PROVIDER = {
    "id": _ID, "name": "Example ID", "issuer": "https://id.example.org", "client_id": "ircopilot",
    "scopes": "openid email profile groups", "groups_claim": "groups", "group_roles": {"responders": "analyst"},
    "default_role": None, "trust_mfa": False, "enabled": True, "created_at": _TIME, "version": 1,
}  # fmt: skip
_TEXT = "irc_9f86d081884c7d65_" + "A" * 43
KeyName = Annotated[Line, Field(max_length=120)]
Issuer = Annotated[str, StringConstraints(max_length=500, pattern=r"^https?://[A-Za-z0-9.\-\[\]:]+(/[!-~]*)?$")]
Scopes = Annotated[str, StringConstraints(max_length=500, pattern=r"^openid( [!-~]+)*$")]
GroupRoles = Annotated[
    dict[Annotated[str, StringConstraints(min_length=1, max_length=300)], PersonRole], Field(max_length=500)
]


class ApiKeyNew(In):
    """A key. `scopes` narrows what its role may; `service_account` is whose it is, the caller's own if left out."""

    model_config = shown({
        "name": "nightly", "role": "service", "scopes": ["incident:read", "evidence:write"], "service_account": _ID,
        "expires_at": _TIME,
    })  # fmt: skip

    name: KeyName
    role: Role = "service"
    scopes: list[Permission] | None = Field(default=None, max_length=100)
    expires_at: AwareDatetime | None = None
    service_account: Annotated[Line, Field(max_length=100)] | None = None


class ApiKeyOut(BaseModel):
    """A key without its text. `suspended`: its member is disabled."""

    model_config = shown(_KEY)

    id: str
    name: str
    role: Role
    scopes: list[Permission] | None
    state: Literal["valid", "expired", "suspended", "revoked"]
    member_id: str | None
    created_by: str
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None

    @classmethod
    def of(cls, key: ApiKey, now: datetime) -> ApiKeyOut:
        """Of a stored key, as it stands at `now` (aware)."""
        state = "valid"
        if key.revoked_at is not None:
            state = "revoked"
        elif key.suspended_at is not None:
            state = "suspended"
        elif key.expires_at is not None and key.expires_at <= now:
            state = "expired"
        names = ("name", "role", "scopes", "member_id", "created_by", "created_at", "expires_at", "last_used_at")
        return cls.model_validate({name: getattr(key, name) for name in names} | {"id": key.key_id, "state": state})


class ApiKeyMade(BaseModel):
    """A key, and its text, which is shown once and kept nowhere."""

    model_config = shown({"api_key": _KEY, "secret": _TEXT})

    api_key: ApiKeyOut
    secret: str


class ApiKeys(BaseModel):
    """Keys, oldest first."""

    model_config = shown({"items": [_KEY], "next": None})

    items: list[ApiKeyOut]
    next: str | None = None


class ProviderNew(In):
    """An OpenID Connect provider. `group_roles` gives a role by group; who is in none gets `default_role`, or is refused.

    `trust_mfa`: signing in there counts as having shown a second factor. The redirection to register there is
    `/v1/auth/oidc/callback` of this gateway.
    """

    model_config = shown({
        "name": "Example ID", "issuer": "https://id.example.org", "client_id": "ircopilot", "client_secret": "…",
        "group_roles": {"responders": "analyst", "leads": "lead"},
    })  # fmt: skip

    name: KeyName
    issuer: Issuer
    client_id: Annotated[Line, Field(max_length=300)]
    client_secret: str = Field(min_length=1, max_length=2000)
    scopes: Scopes = "openid email profile"
    groups_claim: Annotated[Line, Field(max_length=200)] = "groups"
    group_roles: GroupRoles = Field(default_factory=dict)
    default_role: PersonRole | None = None
    trust_mfa: bool = False
    enabled: bool = True


class IssuerIn(In):
    """A provider that is not set up yet, by its issuer."""

    model_config = shown({"issuer": "https://id.example.org"})

    issuer: Issuer


class DiscoveredOut(BaseModel):
    """What a provider says of itself. `redirect_uri` is to be registered there."""

    model_config = shown({
        "issuer": "https://id.example.org", "authorization_endpoint": "https://id.example.org/authorize",
        "token_endpoint": "https://id.example.org/token", "keys": 2,
        "redirect_uri": "https://ir.example.org/v1/auth/oidc/callback",
    })  # fmt: skip

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    keys: int
    redirect_uri: str


class ProviderChange(In):
    """What is to be otherwise; what is left out stays. `no_default_role` takes the default away."""

    model_config = shown({"group_roles": {"responders": "lead"}, "enabled": True})

    name: KeyName | None = None
    client_id: Annotated[Line, Field(max_length=300)] | None = None
    client_secret: str | None = Field(default=None, min_length=1, max_length=2000)
    scopes: Scopes | None = None
    groups_claim: Annotated[Line, Field(max_length=200)] | None = None
    group_roles: GroupRoles | None = None
    default_role: PersonRole | None = None
    no_default_role: bool = False
    trust_mfa: bool | None = None
    enabled: bool | None = None


class ProviderOut(BaseModel):
    """A provider, without its secret, which is never shown."""

    model_config = shown(_PROVIDER)

    id: str
    name: str
    issuer: str
    client_id: str
    scopes: str
    groups_claim: str
    group_roles: dict[str, Role]
    default_role: Role | None
    trust_mfa: bool
    enabled: bool
    created_at: datetime
    version: int

    @classmethod
    def of(cls, provider: Provider) -> ProviderOut:
        """Of a stored provider."""
        fields = {name: getattr(provider, name) for name in cls.model_fields if name != "id"}
        return cls(id=provider.provider_id, **fields)


class Providers(BaseModel):
    """Providers, by name."""

    model_config = shown({"items": [_PROVIDER]})

    items: list[ProviderOut]
