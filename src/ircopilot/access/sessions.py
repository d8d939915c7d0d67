"""Sessions: begun at sign-in with an id of its own, looked at anew with every call, ended at once."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from dataclasses import dataclass, replace
from typing import Literal, cast

from ircopilot.access.caller import Caller, Stage
from ircopilot.access.errors import Unauthenticated
from ircopilot.access.permissions import Role
from ircopilot.stores import StoreSet
from ircopilot.stores.postgres.members import Standing, standing_of
from ircopilot.stores.postgres.policies import version_of
from ircopilot.stores.redis_sessions import Session

Via = Literal["password", "passkey", "oidc", "link"]
PENDING_S = 600  # how long the second factor may be waited for
_TOUCH_EVERY_S = 60.0
_MOST_AGENT = 200


@dataclass(frozen=True, slots=True)
class Where:
    """Where a call comes from: address, what the browser calls itself, and the call's number."""

    address: str
    agent: str = ""
    request_id: str = ""


@dataclass(frozen=True, slots=True)
class Begun:
    """A session that has just begun: its id, to be kept by the browser alone, and who it is."""

    secret: str
    session: Session
    caller: Caller

    @property
    def csrf(self) -> str:
        """What the web application sends back as `X-CSRF-Token`."""
        return csrf_token(self.secret)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Whose session is to begin, and how it was won."""

    account_id: str
    org_id: str
    member_id: str
    via: Via
    factor: bool = False
    stage: Literal["full", "second_factor"] = "full"


def csrf_token(secret: str) -> str:
    """Follows from the session's id, which no other site knows; a new id has a new one."""
    return hmac.new(secret.encode(), b"ircopilot csrf v1", hashlib.sha256).hexdigest()


def begin_session(stores: StoreSet, who: SignedIn, standing: Standing, where: Where, old: str = "") -> Begun:
    """Begin a session under a fresh id, and end the one it follows. Raises `SessionsUnreachable`."""
    now = time.time()
    life = PENDING_S if who.stage == "second_factor" else standing.session_absolute_s
    session = Session(
        sid=secrets.token_hex(8), account_id=who.account_id, org_id=who.org_id, member_id=who.member_id,
        epoch=standing.epoch, stage=who.stage, factor=who.factor, via=who.via, begun=now, seen=now, until=now + life,
        idle_s=standing.session_idle_s, address=where.address, agent=where.agent[:_MOST_AGENT],
    )  # fmt: skip
    secret = stores.sessions.begin(session)
    if old:
        stores.sessions.end(old)
    return Begun(secret, session, caller_in(session, standing, where))


def caller_in(session: Session, standing: Standing, where: Where) -> Caller:
    """Who a session's call is by, as its member stands now."""
    stage = cast(Stage, session.stage)
    if stage == "full" and standing.require_mfa and not session.factor:
        stage = "enrol"
    return Caller(
        session.org_id, "user", session.member_id, cast(Role, standing.role), f"{standing.name} <{standing.email}>",
        session_id=session.sid, address=where.address, request_id=where.request_id, account_id=session.account_id,
        member_id=session.member_id, stage=stage,
    )  # fmt: skip


def admit_session(stores: StoreSet, secret: str, where: Where, *, watching: bool = False) -> Caller:
    """Who calls in that session. Raises `Unauthenticated`: unknown, expired and ended are told alike.

    Every call asks the database how the member stands, so that a role, a disabled member and a changed password hold
    at once on every process. A call that only watches leaves the session as idle as it is.
    """
    session = stores.sessions.find(secret)
    if session is None:
        raise _no_session()
    with stores.stores_for(session.org_id).database.tenant(session.org_id) as tx:
        standing = standing_of(tx, session.member_id, session.account_id)
        policy = version_of(tx)
    now = time.time()
    if standing is None or not _holds(session, standing, now):
        stores.sessions.end(secret)
        raise _no_session()
    if not watching and now - session.seen >= min(_TOUCH_EVERY_S, standing.session_idle_s / 10):
        stores.sessions.touch(secret, replace(session, idle_s=standing.session_idle_s))
    return replace(caller_in(session, standing, where), policy=policy)


def _holds(session: Session, standing: Standing, now: float) -> bool:
    return (
        standing.state == "active"
        and standing.epoch == session.epoch
        and (standing.home_org is None or standing.home_org == session.org_id)
        and now - session.seen < standing.session_idle_s
        and now - session.begun < standing.session_absolute_s
    )


def _no_session() -> Unauthenticated:
    return Unauthenticated("the session is not valid", "sign in: POST /v1/auth/sign-in")
