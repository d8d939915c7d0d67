"""Sign-in by e-mail and password. Who has no account costs as much work, and is told the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from ircopilot.access import passwords
from ircopilot.access.audit import record_act
from ircopilot.access.caller import Caller
from ircopilot.access.emails import normal_email
from ircopilot.access.errors import SignInRefused
from ircopilot.access.permissions import Role
from ircopilot.access.sessions import Begun, SignedIn, Via, Where, begin_session
from ircopilot.access.throttle import Throttle
from ircopilot.domain.errors import UnusableArgument
from ircopilot.stores import StoreSet
from ircopilot.stores.postgres import accounts
from ircopilot.stores.postgres.accounts import Membership
from ircopilot.stores.postgres.json_text import storable
from ircopilot.stores.postgres.members import has_second_factor, standing_of

_NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Attempt:
    """What somebody typed. `organisation`: name or id of the one to work in, if it was said."""

    email: str
    password: str
    organisation: str = ""


def sign_in(
    stores: StoreSet, attempt: Attempt, where: Where, later: Callable[[Callable[[], None]], None], old: str = ""
) -> Begun:  # fmt: skip
    """Begin a session, at the stage `second_factor` if the account has one; `old` is the id that it follows.

    Raises `SignInRefused`, `TooManyAttempts`. A failure is audited by `later`, after the answer, so that it takes no
    longer where there is an account.
    """
    email = _email(attempt.email)
    throttle = Throttle(stores.failures, "password")
    throttle.check(email, where.address)
    account_id = verified_account(stores, email, attempt.password)
    chosen = None if account_id is None else _choose(accounts.memberships_of(stores.database, account_id), attempt)
    if account_id is None or chosen is None:
        throttle.failed(email, where.address)
        later(lambda: _audit_failure(stores, email, where))
        raise SignInRefused("address or password is wrong", "try again, or ask an administrator of the organisation")
    throttle.succeeded(email)
    return enter(stores, account_id, chosen.org_id, chosen.member_id, "password", where, old)


def verified_account(stores: StoreSet, email: str, password: str) -> str | None:
    """The account of that address, if the password is its; the same questions and the same work if there is none."""
    account_id = accounts.find_account_id(stores.database, email)
    with stores.database.person(account_id or _NOBODY) as connection:
        hash_ = accounts.password_hash(connection, account_id or _NOBODY)
    if not passwords.verify_password(hash_, password) or account_id is None or hash_ is None:
        return None
    if passwords.is_outdated(hash_):
        with stores.database.person(account_id) as connection:
            accounts.set_password_hash(connection, account_id, passwords.hash_password(password))
    return account_id


def enter(
    stores: StoreSet, account_id: str, org_id: str, member_id: str, via: Via, where: Where, old: str = "",
    factor: bool = False,
) -> Begun:  # fmt: skip
    """Begin the session of a member who has shown who they are; without `factor` it waits for one, if there is one."""
    with stores.stores_for(org_id).database.tenant(org_id, account_id) as tx:
        standing = standing_of(tx, member_id, account_id)
        if standing is None or standing.state != "active":
            raise SignInRefused("that membership has ended", "ask an administrator of the organisation")
        waits = not factor and has_second_factor(tx, account_id)
        who = SignedIn(account_id, org_id, member_id, via, factor, "second_factor" if waits else "full")
        # Before the transaction ends: no session without its entry can reach anybody, for its id is told afterwards.
        begun = begin_session(stores, who, standing, where, old)
        act = "session.password" if waits else "session.begin"
        record_act(tx, begun.caller, act, f"session/{begun.session.sid}", after={"via": via, "factor": factor})
    return begun


def _email(text: str) -> str:
    try:
        return normal_email(text)
    except UnusableArgument:
        # Told like a wrong password, and counted like one.
        return storable(text.strip().casefold()[:254]) or "-"


def _choose(found: list[Membership], attempt: Attempt) -> Membership | None:
    """The membership to work in: that of the organisation named, else the first that is active."""
    if attempt.organisation:
        return accounts.named_membership(found, attempt.organisation)
    return accounts.first_active(found)


def _audit_failure(stores: StoreSet, email: str, where: Where) -> None:
    """Write it down in each organisation of the account, if there is one."""
    account_id = accounts.find_account_id(stores.database, email)
    for found in accounts.memberships_of(stores.database, account_id) if account_id else ():
        caller = Caller(
            found.org_id, "user", found.member_id, cast(Role, found.role), f"somebody as {email}", address=where.address,
            request_id=where.request_id,
        )  # fmt: skip
        with stores.stores_for(found.org_id).database.tenant(found.org_id) as tx:
            record_act(tx, caller, "session.refused", f"member/{found.member_id}")
