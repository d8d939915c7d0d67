"""Second factors: one-time codes by time (RFC 6238) and recovery codes; passkeys are in `passkeys.py`."""

from __future__ import annotations

import base64
import hashlib
import io
import secrets
import time
import uuid
from dataclasses import dataclass

import pyotp
import segno

from ircopilot.access.audit import record_act
from ircopilot.access.caller import Caller
from ircopilot.access.errors import FactorRefused, SignInAgain
from ircopilot.access.oneself import current_session, go_on
from ircopilot.access.sealing import PEOPLE, seal, unseal
from ircopilot.access.sessions import Begun, Via, Where, caller_in
from ircopilot.access.sign_in import enter
from ircopilot.access.throttle import Throttle
from ircopilot.stores import StoreSet
from ircopilot.stores.postgres import Tx, accounts, factors
from ircopilot.stores.postgres.factors import Factor
from ircopilot.stores.postgres.members import standing_of
from ircopilot.stores.redis_sessions import Session

ISSUER = "ircopilot"
FRESH_S = 900  # how long after signing in a person may change their factors
_STEP_S = 30
_DRIFT = 1  # steps that a clock may be off, either way
_CODES = 10


@dataclass(frozen=True, slots=True)
class NewTotp:
    """What an authenticator app is told: as text, as a URI and as a picture of it (SVG). Shown once."""

    factor_id: str
    secret: str
    uri: str
    qr_svg: str


@dataclass(frozen=True, slots=True)
class Enrolled:
    """The session that goes on, and recovery codes if these are the account's first; shown once."""

    begun: Begun
    recovery_codes: tuple[str, ...]


def fresh_session(stores: StoreSet, secret: str) -> Session:
    """The session, if its person has signed in lately. Raises `SignInAgain`, `Unauthenticated`.

    Whoever finds an unlocked screen cannot make its session theirs for good.
    """
    session = current_session(stores, secret)
    if time.time() - session.begun > FRESH_S:
        raise SignInAgain(f"you signed in more than {FRESH_S // 60} minutes ago", "sign in again, then repeat it")
    return session


def begin_totp(stores: StoreSet, caller: Caller, secret: str, label: str) -> NewTotp:
    """A new secret for an authenticator app; it counts once `confirm_totp` has seen a code of it."""
    session = fresh_session(stores, secret)
    factor_id, shared = str(uuid.uuid4()), pyotp.random_base32(32)
    sealed = seal(stores, PEOPLE, _place(session.account_id, factor_id), shared)
    with stores.database.person(session.account_id) as connection:
        account = accounts.get_account(connection, session.account_id)
        factors.add_totp(connection, session.account_id, factor_id, label, sealed)
    uri = pyotp.TOTP(shared).provisioning_uri(name=account.email if account else caller.label, issuer_name=ISSUER)
    picture = io.BytesIO()
    segno.make(uri, error="m").save(picture, kind="svg", scale=4, xmldecl=False, nl=False)
    return NewTotp(factor_id, shared, uri, picture.getvalue().decode())


def confirm_totp(stores: StoreSet, caller: Caller, secret: str, factor_id: str, code: str, where: Where) -> Enrolled:
    """Enrol the factor that `begin_totp` made, by a code of it. Raises `FactorRefused`, `UnknownFactor`."""
    session = fresh_session(stores, secret)
    throttle = Throttle(stores.failures, "factor")
    throttle.check(session.account_id, where.address)
    with stores.stores_for(caller.org_id).database.tenant(caller.org_id, session.account_id) as tx:
        found = factors.get_factor(tx.connection, session.account_id, factor_id)
        used = found.kind == "totp" and found.confirmed_at is None and _use_totp(stores, tx, found, code)
        if used:
            factors.confirm_factor(tx.connection, session.account_id, factor_id)
            return finish_enrolment(tx, stores, caller, session, secret, where, found.kind, factor_id)
    throttle.failed(session.account_id, where.address)
    raise FactorRefused("that code is not right, or was used", "see whether the clock of the device is right")


def finish_enrolment(
    tx: Tx, stores: StoreSet, caller: Caller, session: Session, secret: str, where: Where, kind: str, factor_id: str
) -> Enrolled:  # fmt: skip
    """End the account's other sessions, which have shown no such factor, and go on; with codes if there are none."""
    made: tuple[str, ...] = ()
    if not factors.codes_left(tx.connection, session.account_id):
        made = new_codes(tx, session.account_id)
    begun = go_on(tx, stores, session, secret, where, factor=True)
    record_act(tx, caller, "factor.enrol", f"member/{caller.member_id}", after={"kind": kind, "factor": factor_id})
    return Enrolled(begun, made)


def waiting_session(stores: StoreSet, secret: str, where: Where) -> Session:
    """The session that waits for its second factor. Raises `FactorRefused` for another, `TooManyAttempts`."""
    session = current_session(stores, secret)
    if session.stage != "second_factor":
        raise FactorRefused("this session waits for no second factor", "go on")
    Throttle(stores.failures, "factor").check(session.account_id, where.address)
    return session


def show_totp(stores: StoreSet, secret: str, code: str, where: Where) -> Begun:
    """Come all the way in by a one-time code. Raises `FactorRefused`, `TooManyAttempts`, `Unauthenticated`."""
    session = waiting_session(stores, secret, where)
    with stores.stores_for(session.org_id).database.tenant(session.org_id, session.account_id) as tx:
        mine = factors.list_factors(tx.connection, session.account_id, "totp")
        right = any(_use_totp(stores, tx, factor, code) for factor in mine)
    return come_in(stores, session, secret, where, right)


def show_recovery_code(stores: StoreSet, secret: str, code: str, where: Where) -> Begun:
    """Come all the way in by a recovery code, which is used up. Raises as `show_totp`."""
    session = waiting_session(stores, secret, where)
    with stores.stores_for(session.org_id).database.tenant(session.org_id, session.account_id) as tx:
        right = factors.use_code(tx.connection, session.account_id, _code_digest(session.account_id, code))
    return come_in(stores, session, secret, where, right)


def come_in(stores: StoreSet, session: Session, secret: str, where: Where, right: bool) -> Begun:
    """Begin the whole session of one that waits for its second factor. Raises `FactorRefused`."""
    throttle = Throttle(stores.failures, "factor")
    if not right:
        throttle.failed(session.account_id, where.address)
        _audit_refusal(stores, session, where)
        raise FactorRefused("that is not right, or was used before", "try the next code, or a recovery code")
    throttle.succeeded(session.account_id)
    via: Via = "oidc" if session.via == "oidc" else "link" if session.via == "link" else "password"
    return enter(stores, session.account_id, session.org_id, session.member_id, via, where, secret, factor=True)


def _audit_refusal(stores: StoreSet, session: Session, where: Where) -> None:
    with stores.stores_for(session.org_id).database.tenant(session.org_id) as tx:
        standing = standing_of(tx, session.member_id, session.account_id)
        if standing is not None:
            caller = caller_in(session, standing, where)
            record_act(tx, caller, "session.refused", f"member/{session.member_id}", after={"step": "second factor"})


def own_factors(stores: StoreSet, caller: Caller) -> tuple[list[Factor], int]:
    """The person's factors, and how many recovery codes are left."""
    with stores.database.person(caller.account_id) as connection:
        left = factors.codes_left(connection, caller.account_id)
        return factors.list_factors(connection, caller.account_id), left


def remove_factor(stores: StoreSet, caller: Caller, secret: str, factor_id: str) -> None:
    """Remove a factor; with the last one, the recovery codes. Raises `UnknownFactor`, `SignInAgain`."""
    session = fresh_session(stores, secret)
    with stores.stores_for(caller.org_id).database.tenant(caller.org_id, session.account_id) as tx:
        found = factors.get_factor(tx.connection, session.account_id, factor_id)
        factors.remove_factor(tx.connection, session.account_id, factor_id)
        if not factors.list_factors(tx.connection, session.account_id):
            factors.replace_codes(tx.connection, session.account_id, ())
        before = {"kind": found.kind, "label": found.label}
        record_act(tx, caller, "factor.remove", f"member/{caller.member_id}", before)


def renew_codes(stores: StoreSet, caller: Caller, secret: str) -> tuple[str, ...]:
    """Replace the recovery codes, used or not. Raises `FactorRefused` for who has no factor that they could replace."""
    session = fresh_session(stores, secret)
    with stores.stores_for(caller.org_id).database.tenant(caller.org_id, session.account_id) as tx:
        if not factors.list_factors(tx.connection, session.account_id):
            raise FactorRefused("there is no second factor that codes could stand in for", "enrol one first")
        made = new_codes(tx, session.account_id)
        record_act(tx, caller, "factor.codes", f"member/{caller.member_id}")
    return made


def new_codes(tx: Tx, account_id: str) -> tuple[str, ...]:
    """Ten codes of 80 random bits, of which the database keeps the SHA-256."""
    raw = [base64.b32encode(secrets.token_bytes(10)).decode().lower() for _ in range(_CODES)]
    made = tuple("-".join(code[at : at + 4] for at in range(0, 16, 4)) for code in raw)
    factors.replace_codes(tx.connection, account_id, [_code_digest(account_id, code) for code in made])
    return made


def _use_totp(stores: StoreSet, tx: Tx, factor: Factor, code: str) -> bool:
    """Whether the code is one of this minute and a half that was not used; it is from now on."""
    totp = pyotp.TOTP(unseal(stores, PEOPLE, _place(factor.account_id, factor.factor_id), factor.material))
    now = int(time.time()) // _STEP_S
    steps = range(now - _DRIFT, now + _DRIFT + 1)
    right = [step for step in steps if pyotp.utils.strings_equal(totp.at(step * _STEP_S), code.replace(" ", ""))]
    return bool(right) and factors.use_counter(tx.connection, factor.account_id, factor.factor_id, right[-1])


def _code_digest(account_id: str, code: str) -> str:
    plain = "".join(c for c in code.lower() if c.isalnum())
    return hashlib.sha256(f"{account_id}:{plain}".encode()).hexdigest()


def _place(account_id: str, factor_id: str) -> str:
    return f"account/{account_id}/totp/{factor_id}"
