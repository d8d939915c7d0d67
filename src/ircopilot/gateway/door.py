"""Who calls: a key in the one `Authorization` header, or a session in the one cookie; and whether another site made it."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import Literal

from starlette.datastructures import Headers
from starlette.types import Scope

from ircopilot.access.caller import Caller, Stage
from ircopilot.access.errors import EnrolmentRequired, ForgedRequest, SecondFactorRequired, Unauthenticated
from ircopilot.access.sessions import Where, csrf_token
from ircopilot.domain.errors import UnusableArgument
from ircopilot.settings import ServiceSettings, Site

# All that is answered to whoever asks: health, the API's description, and the ways to sign in. Whatever is added elsewhere needs a caller.
HEALTH = frozenset({"/healthz", "/readyz", "/metrics", "/openapi.json", "/docs"})
SIGN_IN = frozenset({
    "/v1/auth/sign-in", "/v1/auth/first", "/v1/auth/invitation", "/v1/auth/join", "/v1/auth/passkey/begin",
    "/v1/auth/passkey", "/v1/auth/oidc/providers", "/v1/auth/oidc/start", "/v1/auth/oidc/callback",
})  # fmt: skip
PUBLIC = HEALTH | SIGN_IN

# What a session may do that has not come all the way in.
_MEANWHILE: dict[Stage, frozenset[str]] = {
    "second_factor": frozenset({
        "GET /v1/auth/session", "POST /v1/auth/sign-out", "POST /v1/auth/factor/totp", "POST /v1/auth/factor/recovery",
        "POST /v1/auth/factor/passkey/begin", "POST /v1/auth/factor/passkey",
    }),
    "enrol": frozenset({
        "GET /v1/auth/session", "POST /v1/auth/sign-out", "GET /v1/me", "GET /v1/me/factors", "POST /v1/me/totp", "POST /v1/me/totp/confirm",
        "POST /v1/me/passkeys/begin", "POST /v1/me/passkeys",
    }),
}  # fmt: skip
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Shown:
    """What a call shows of who makes it: the text of a key, or the id of a session."""

    kind: Literal["key", "session"]
    text: str


def shown_by(headers: Headers, site: Site) -> Shown:
    """What the call shows; a key goes before a cookie. Raises `Unauthenticated`. Source: RFC 6750 §2.1."""
    shown = headers.getlist("authorization")
    if not shown and (secret := session_cookie(headers, site)):
        return Shown("session", secret)
    scheme, _, key = shown[0].partition(" ") if len(shown) == 1 else ("", "", "")
    if scheme.lower() != "bearer" or not key.strip():
        raise Unauthenticated("no API key was shown, and no session", "send Authorization: Bearer irc_…, or sign in")
    return Shown("key", key.strip())


def session_cookie(headers: Headers, site: Site) -> str:
    """The id in the session's cookie, empty when there is none."""
    return cookie_value(headers, site.cookie)


def cookie_value(headers: Headers, cookie: str) -> str:
    """What is in one of our cookies, empty when there is none. Two of that name are none: one was planted."""
    found = [
        value
        for header in headers.getlist("cookie")
        for name, _, value in (part.strip().partition("=") for part in header.split(";"))
        if name == cookie
    ]
    return found[0] if len(found) == 1 and 20 <= len(found[0]) <= 100 else ""


def check_origin(headers: Headers, method: str, site: Site) -> None:
    """Raises `ForgedRequest` for an unsafe call that a browser says comes from another site.

    What is no browser says neither `Sec-Fetch-Site` nor `Origin`. Source: Fetch Metadata §2; RFC 6454 §7.
    """
    if method in _SAFE:
        return
    fetched, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if fetched not in (None, "same-origin") or (
        origin is not None and origin.lower() not in own_origins(headers, site)
    ):
        raise ForgedRequest("the call comes from another site", "make it from the gateway's own pages")


def check_token(headers: Headers, method: str, secret: str) -> None:
    """Raises `ForgedRequest` for an unsafe call of a session without the session's token."""
    given = headers.getlist("x-csrf-token")
    if method in _SAFE or (len(given) == 1 and hmac.compare_digest(given[0].encode(), csrf_token(secret).encode())):
        return
    raise ForgedRequest(
        "X-CSRF-Token is missing, or not this session's", "send `csrf_token` of GET /v1/me in X-CSRF-Token"
    )


def own_origins(headers: Headers, site: Site) -> tuple[str, ...]:
    """How a browser names our own pages."""
    if site.origin:
        return (site.origin,)
    return (f"{'https' if site.secure else 'http'}://{headers.get('host', '')}".lower(),)


def check_stage(caller: Caller, method: str, path: str) -> None:
    """Raises `SecondFactorRequired`, `EnrolmentRequired` while the session may do less than its member."""
    if caller.stage == "full" or f"{method} {path}" in _MEANWHILE[caller.stage]:
        return
    if caller.stage == "enrol":
        raise EnrolmentRequired(
            "the organisation asks for a second factor, and this session has none", "enrol one: POST /v1/me/totp"
        )
    raise SecondFactorRequired("this session has shown a password alone", "show it: POST /v1/auth/factor/totp")


def check_address(scope: Scope) -> None:
    """Raises `UnusableArgument` for an address with U+0000 in it, which names nothing and which no database takes."""
    if "\0" in scope["path"] or b"%00" in scope["query_string"]:
        raise UnusableArgument("the address holds a U+0000", "leave it out")


def where_of(scope: Scope, headers: Headers, settings: ServiceSettings, request_id: str) -> Where:
    """Where the call comes from. Of `X-Forwarded-For` only what our own proxies have added is believed."""
    address = (scope.get("client") or ("",))[0]
    if settings.proxies:
        said = [part.strip() for line in headers.getlist("x-forwarded-for") for part in line.split(",")]
        address = said[-settings.proxies] if len(said) >= settings.proxies else address
    return Where(address[:100], headers.get("user-agent", "")[:200], request_id)
