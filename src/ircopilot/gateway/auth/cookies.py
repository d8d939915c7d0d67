"""The session's cookie, and what a route of sign-in has at hand."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request, Response

from ircopilot.access.caller import Caller
from ircopilot.access.errors import Forbidden
from ircopilot.access.sessions import Begun, Where
from ircopilot.gateway.door import session_cookie, where_of
from ircopilot.gateway.gate import WithCaller, WithGate
from ircopilot.settings import Site


def set_cookie(response: Response, site: Site, secret: str) -> None:
    """Give the browser its session. It ends with the browser, if it has not ended before."""
    response.set_cookie(site.cookie, secret, path="/", secure=site.secure, httponly=True, samesite="lax")


def drop_cookie(response: Response, site: Site) -> None:
    """Take it back."""
    response.delete_cookie(site.cookie, path="/", secure=site.secure, httponly=True, samesite="lax")


def hand_over(response: Response, site: Site, begun: Begun) -> Begun:
    """The cookie of a session that has just begun; the session, for the answer's body."""
    set_cookie(response, site, begun.secret)
    return begun


async def _where(request: Request, gate: WithGate) -> Where:
    return where_of(request.scope, request.headers, gate.settings, request.state.request_id)


async def _old_session(request: Request, gate: WithGate) -> str:
    return session_cookie(request.headers, gate.site)


async def _person(caller: WithCaller) -> Caller:
    """Raises `Forbidden` for a key: what a person is asked for, a key cannot give."""
    if caller.kind != "user":
        raise Forbidden("that is for people in a session", "sign in: POST /v1/auth/sign-in")
    return caller


# Where the call comes from; the id in its cookie, which may be none's; the person who makes it.
FromWhere = Annotated[Where, Depends(_where)]
OldSession = Annotated[str, Depends(_old_session)]
WithPerson = Annotated[Caller, Depends(_person)]
