"""What a person does about themselves: name, password, sessions."""

from __future__ import annotations

from dataclasses import dataclass

from ircopilot.access import passwords
from ircopilot.access.audit import record_act
from ircopilot.access.caller import Caller
from ircopilot.access.errors import Forbidden, SignInRefused, Unauthenticated, UnknownSession
from ircopilot.access.sessions import Begun, SignedIn, Where, begin_session
from ircopilot.access.throttle import Throttle
from ircopilot.stores import StoreSet
from ircopilot.stores.postgres import Tx, accounts, members
from ircopilot.stores.postgres.accounts import Account, Membership
from ircopilot.stores.postgres.organisations import find_organisation
from ircopilot.stores.redis_sessions import Session


@dataclass(frozen=True, slots=True)
class Oneself:
    """Who calls, and where they are a member."""

    name: str | None
    email: str | None
    memberships: tuple[Membership, ...]


def look_at(stores: StoreSet, caller: Caller) -> Oneself:
    """Of a person, or of a key, which is in one organisation and has neither name nor address."""
    with stores.stores_for(caller.org_id).database.tenant(caller.org_id, caller.account_id) as tx:
        account = accounts.get_account(tx.connection, caller.account_id) if caller.account_id else None
        here = find_organisation(tx)
    if account is None:
        name = here.name if here else ""
        return Oneself(None, None, (Membership(caller.org_id, name, caller.member_id, caller.role, "active"),))
    found = accounts.memberships_of(stores.database, caller.account_id)
    return Oneself(account.name, account.email, tuple(found))


def rename(stores: StoreSet, caller: Caller, name: str) -> None:
    """Change how a person is called, in the account and as a member here."""
    with stores.stores_for(caller.org_id).database.tenant(caller.org_id, caller.account_id) as tx:
        before = members.get_member(tx, caller.member_id, lock=True)
        accounts.rename_account(tx.connection, caller.account_id, name)
        members.change_member(tx, caller.member_id, name=name)
        record_act(tx, caller, "member.rename", f"member/{caller.member_id}", {"name": before.name}, {"name": name})


def change_password(stores: StoreSet, caller: Caller, secret: str, old: str, new: str, where: Where) -> Begun:
    """Replace the password, end all sessions of the account, and go on in a new one.

    Raises `SignInRefused` when `old` is not the password, `WeakPassword`, `TooManyAttempts`, `Forbidden` in a session
    that an organisation's provider began.
    """
    session = current_session(stores, secret)
    _refuse_provider(session)
    throttle = Throttle(stores.failures, "password")
    with stores.database.person(caller.account_id) as connection:
        account = _account(accounts.get_account(connection, caller.account_id))
        hash_ = accounts.password_hash(connection, caller.account_id)
    throttle.check(account.email, where.address)
    if not passwords.verify_password(hash_, old):
        throttle.failed(account.email, where.address)
        raise SignInRefused("that is not the password", "try again")
    passwords.check_strength(new, account.email)
    fresh = passwords.hash_password(new)
    with stores.stores_for(caller.org_id).database.tenant(caller.org_id, caller.account_id) as tx:
        accounts.set_password_hash(tx.connection, caller.account_id, fresh)
        begun = go_on(tx, stores, session, secret, where, factor=session.factor)
        record_act(tx, caller, "member.password", f"member/{caller.member_id}")
    return begun


def go_on(tx: Tx, stores: StoreSet, session: Session, secret: str, where: Where, *, factor: bool) -> Begun:
    """End every session of the account by a new epoch, and go on under a new id; within the transaction of the deed.

    Raises `Unauthenticated`.
    """
    accounts.end_epoch(tx.connection, session.account_id)
    standing = members.standing_of(tx, session.member_id, session.account_id)
    if standing is None:
        raise Unauthenticated("the membership has ended", "sign in: POST /v1/auth/sign-in")
    stores.sessions.end_of_account(session.account_id)
    via = session.via if session.via in ("passkey", "oidc", "link") else "password"
    who = SignedIn(session.account_id, session.org_id, session.member_id, via, factor)  # type: ignore[arg-type]
    return begin_session(stores, who, standing, where, secret)


def current_session(stores: StoreSet, secret: str) -> Session:
    """The session of an id. Raises `Unauthenticated`."""
    session = stores.sessions.find(secret)
    if session is None:
        raise Unauthenticated("the session is not valid", "sign in: POST /v1/auth/sign-in")
    return session


def own_sessions(stores: StoreSet, caller: Caller) -> list[Session]:
    """The person's sessions everywhere; in one that a provider began, those of its organisation."""
    return [s for s in stores.sessions.sessions_of_account(caller.account_id) if s.stage == "full"]


def end_own_session(stores: StoreSet, caller: Caller, sid: str) -> None:
    """End one of the person's sessions. Raises `UnknownSession`."""
    with stores.stores_for(caller.org_id).database.tenant(caller.org_id) as tx:
        if not stores.sessions.end_of_account(caller.account_id, [sid]):
            raise UnknownSession(f"no session {sid[:100]}", "list them: GET /v1/me/sessions")
        record_act(tx, caller, "session.revoke", f"session/{sid}")


def _account(found: Account | None) -> Account:
    if found is None:
        raise Unauthenticated("the account is no more", "sign in: POST /v1/auth/sign-in")
    return found


def _refuse_provider(session: Session) -> None:
    if session.via == "oidc":
        raise Forbidden("this session was begun by an organisation's provider", "change it there")
