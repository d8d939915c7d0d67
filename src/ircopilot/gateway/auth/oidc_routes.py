"""Routes of single sign-on: which providers there are, off to one, and back."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field

from ircopilot.access import single_sign_on
from ircopilot.access.errors import ProviderRefused, ProviderUnreachable, SignInRefused, TooManyAttempts
from ircopilot.access.organisations import enabled_providers
from ircopilot.access.single_sign_on import Came
from ircopilot.gateway.auth.cookies import FromWhere, OldSession, set_cookie
from ircopilot.gateway.described import problems
from ircopilot.gateway.door import cookie_value, own_origins
from ircopilot.gateway.gate import WithGate
from ircopilot.gateway.shapes import In, Line, shown
from ircopilot.stores.postgres.errors import UnknownProvider
from ircopilot.stores.redis_sessions import SessionsUnreachable

router = APIRouter(prefix="/v1/auth/oidc", tags=["sign-in"])
CALLBACK = "/v1/auth/oidc/callback"
_ID = "3f6c2a52-6d0b-4f5e-9a51-0c1d2e3f4a5b"
BackTo = Annotated[str, Field(max_length=500, pattern=r"^/([A-Za-z0-9_~!$&'()*+,;=:@%.?#-][!-\[\]-~]*)?$")]
Text = Annotated[str, Query(max_length=4000)]


class ProviderRef(BaseModel):
    """A provider that one may sign in with."""

    model_config = shown({"id": _ID, "name": "Example ID"})

    id: str
    name: str


class ProviderRefs(BaseModel):
    """Providers, by name."""

    model_config = shown({"items": [{"id": _ID, "name": "Example ID"}]})

    items: list[ProviderRef]


class OidcStart(In):
    """With which provider to sign in, and the page of ours to go to afterwards."""

    model_config = shown({"provider_id": _ID, "back_to": "/"})

    provider_id: Annotated[Line, Field(max_length=100)]
    back_to: BackTo = "/"


class OidcStarted(BaseModel):
    """Where the browser goes now."""

    model_config = shown({"url": "https://id.example.org/authorize?client_id=…"})

    url: str


@router.get(
    "/providers",
    summary="Providers of an organisation",
    response_model=ProviderRefs,
    responses=problems(),
)
async def list_sign_in_providers(
    gate: WithGate, organisation: Annotated[str, Query(min_length=1, max_length=120)]
) -> ProviderRefs:  # fmt: skip
    """With what the people of that organisation may sign in; nothing, too, for one that there is not."""
    found = await gate.in_lobby(lambda: enabled_providers(gate.stores.database, organisation))
    return ProviderRefs(items=[ProviderRef(id=p.provider_id, name=p.name) for p in found])


@router.post(
    "/start",
    summary="Go to a provider",
    response_model=OidcStarted,
    responses=problems(UnknownProvider, ProviderUnreachable, TooManyAttempts, SessionsUnreachable),
)
async def start_single_sign_on(
    asked: OidcStart, request: Request, gate: WithGate, where: FromWhere, response: Response
) -> OidcStarted:  # fmt: skip
    """The provider's address for this browser, which is remembered by a cookie for ten minutes."""
    redirect_uri = own_origins(request.headers, gate.site)[0] + CALLBACK
    started = await gate.outside(
        lambda: single_sign_on.start(gate.stores, gate.peer, asked.provider_id, redirect_uri, asked.back_to, where)
    )
    response.set_cookie(
        f"{gate.site.cookie}-oidc", started.cookie, max_age=single_sign_on.LIFE_S, path="/", secure=gate.site.secure,
        httponly=True, samesite="lax",
    )  # fmt: skip
    return OidcStarted(url=started.url)


@router.get(
    "/callback",
    summary="Come back from a provider",
    status_code=303,
    response_class=Response,
    responses=problems(ProviderRefused, ProviderUnreachable, UnknownProvider, SignInRefused, SessionsUnreachable),
)
async def finish_single_sign_on(
    request: Request, gate: WithGate, where: FromWhere, old: OldSession, state: Text = "", code: Text = "",
    error: Text = "", iss: Text = "",
) -> Response:  # fmt: skip
    """The provider's answer: begins a session, as a member who is made when first seen, and goes on to `back_to`.

    What it refuses, a browser is told by `/sign-in?refused=` and the problem's type.
    """
    cookie = cookie_value(request.headers, f"{gate.site.cookie}-oidc")
    came = Came(state, code, error, iss, cookie)
    try:
        begun, back_to = await gate.outside(lambda: single_sign_on.finish(gate.stores, gate.peer, came, where, old))
    except (ProviderRefused, ProviderUnreachable, UnknownProvider, SignInRefused) as refusal:
        # A person stands before this answer: the page that they began at tells them.
        if "text/html" not in request.headers.get("accept", ""):
            raise
        return Response(status_code=303, headers={"Location": f"/sign-in?refused={refusal.type}"})
    response = Response(status_code=303, headers={"Location": back_to})
    response.delete_cookie(
        f"{gate.site.cookie}-oidc", path="/", secure=gate.site.secure, httponly=True, samesite="lax"
    )  # fmt: skip
    set_cookie(response, gate.site, begun.secret)
    return response
