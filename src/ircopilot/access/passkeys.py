"""Passkeys (Web Authentication Level 3): enrolled in a session, shown as a second factor or alone.

A passkey is asked to verify its user, so it stands for possession and knowledge at once. Each challenge is kept in Redis
and taken once; the answer must come from our own pages, for our own name, and with a count that grows.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import webauthn
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from ircopilot.access.caller import Caller
from ircopilot.access.errors import FactorRefused, PasskeysUnavailable, SignInRefused, Unauthenticated
from ircopilot.access.oneself import current_session
from ircopilot.access.second_factors import Enrolled, come_in, finish_enrolment, fresh_session, waiting_session
from ircopilot.access.sessions import Begun, Where
from ircopilot.access.sign_in import enter
from ircopilot.access.throttle import Throttle
from ircopilot.stores import StoreSet
from ircopilot.stores.postgres import accounts, factors
from ircopilot.stores.redis_sessions import Session

R = TypeVar("R")

NAME = "ircopilot"
_ID = re.compile(r"[A-Za-z0-9_-]{1,1400}")
LIFE_S = 300
_VERIFY = UserVerificationRequirement.REQUIRED


@dataclass(frozen=True, slots=True)
class Site:
    """Our name as passkeys are bound to it, and how a browser names our pages."""

    rp_id: str
    origins: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ceremony:
    """What the browser is asked to do, and the ticket that its answer must show."""

    ticket: str
    options: dict[str, Any]


def begin_enrolment(stores: StoreSet, caller: Caller, secret: str, site: Site) -> Ceremony:
    """Options for `navigator.credentials.create`. Raises `SignInAgain`, `PasskeysUnavailable`, `Unauthenticated`."""
    session = fresh_session(stores, secret)
    with stores.database.person(session.account_id) as connection:
        account = accounts.get_account(connection, session.account_id)
        known = factors.list_factors(connection, session.account_id, "passkey")
    if account is None:
        raise Unauthenticated("the account is no more", "sign in: POST /v1/auth/sign-in")
    options = webauthn.generate_registration_options(
        rp_id=_name(site), rp_name=NAME, user_id=session.account_id.encode(), user_name=account.email,
        user_display_name=account.name, exclude_credentials=[_descriptor(f.credential_id) for f in known],
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.PREFERRED, user_verification=_VERIFY
        ),
    )  # fmt: skip
    kept = {"challenge": bytes_to_base64url(options.challenge), "sid": session.sid}
    ticket = stores.once.put("passkey-enrol", kept, LIFE_S)
    return Ceremony(ticket, json.loads(webauthn.options_to_json(options)))


def finish_passkey_enrolment(
    stores: StoreSet, caller: Caller, secret: str, ticket: str, answer: dict[str, Any], label: str, site: Site,
    where: Where,
) -> Enrolled:  # fmt: skip
    """Enrol the passkey that the browser made. Raises `FactorRefused`, `SignInAgain`."""
    session = fresh_session(stores, secret)
    kept = _taken(stores, "passkey-enrol", ticket, session)
    made = _checked(
        lambda: webauthn.verify_registration_response(
            credential=answer, expected_challenge=base64url_to_bytes(kept["challenge"]), expected_rp_id=_name(site),
            expected_origin=list(site.origins), require_user_verification=True,
        )
    )  # fmt: skip
    factor_id = str(uuid.uuid4())
    with stores.stores_for(caller.org_id).database.tenant(caller.org_id, session.account_id) as tx:
        added = factors.add_passkey(
            tx.connection, session.account_id, factor_id, label, bytes_to_base64url(made.credential_public_key),
            bytes_to_base64url(made.credential_id), made.sign_count,
        )  # fmt: skip
        if not added:
            raise FactorRefused("that passkey is enrolled already", "use it, or make another one")
        return finish_enrolment(tx, stores, caller, session, secret, where, "passkey", factor_id)


def begin_second_factor(stores: StoreSet, secret: str, site: Site) -> Ceremony:
    """Options for `navigator.credentials.get`, for the passkeys of the session's account. Raises `Unauthenticated`."""
    session = current_session(stores, secret)
    with stores.database.person(session.account_id) as connection:
        known = factors.list_factors(connection, session.account_id, "passkey")
    return _ask(stores, "passkey-factor", {"sid": session.sid}, site, [_descriptor(f.credential_id) for f in known])


def show_passkey(
    stores: StoreSet, secret: str, ticket: str, answer: dict[str, Any], site: Site, where: Where
) -> Begun:  # fmt: skip
    """Come all the way in by a passkey. Raises `FactorRefused`, `TooManyAttempts`."""
    session = waiting_session(stores, secret, where)
    kept = _taken(stores, "passkey-factor", ticket, session)
    return come_in(stores, session, secret, where, _use(stores, session.account_id, answer, kept["challenge"], site))


def begin_alone(stores: StoreSet, site: Site, where: Where) -> Ceremony:
    """Options for a passkey that says by itself whose it is; no account is asked about.

    Raises `PasskeysUnavailable`, `TooManyAttempts`.
    """
    Throttle(stores.failures, "begin").begun(where.address)
    return _ask(stores, "passkey-alone", {}, site, [])


def sign_in_with_passkey(
    stores: StoreSet, ticket: str, answer: dict[str, Any], organisation: str, site: Site, where: Where, old: str = ""
) -> Begun:  # fmt: skip
    """Begin a session by a passkey alone. Raises `SignInRefused`, whatever it is that is not right, `TooManyAttempts`.

    Not for accounts that an organisation's provider made: those sign in there, so that it can keep them out.
    """
    throttle = Throttle(stores.failures, "passkey")
    throttle.check(ticket, where.address)
    refusal = SignInRefused("that passkey does not let anybody in", "sign in otherwise, and see GET /v1/me/factors")
    kept = stores.once.take("passkey-alone", ticket)
    account_id = _user_of(answer)
    right = False
    if kept is not None and account_id:
        with stores.database.person(account_id) as connection:
            account = accounts.get_account(connection, account_id)
        right = account is not None and account.home_org is None
        right = right and _use(stores, account_id, answer, kept["challenge"], site)
    found = accounts.memberships_of(stores.database, account_id) if right else []
    chosen = accounts.named_membership(found, organisation) if organisation else accounts.first_active(found)
    if chosen is None:
        throttle.failed(ticket, where.address)
        raise refusal
    return enter(stores, account_id, chosen.org_id, chosen.member_id, "passkey", where, old, factor=True)


def _ask(
    stores: StoreSet, kind: str, kept: dict[str, str], site: Site, allowed: list[PublicKeyCredentialDescriptor]
) -> Ceremony:  # fmt: skip
    options = webauthn.generate_authentication_options(
        rp_id=_name(site), allow_credentials=allowed, user_verification=_VERIFY
    )
    ticket = stores.once.put(kind, kept | {"challenge": bytes_to_base64url(options.challenge)}, LIFE_S)
    return Ceremony(ticket, json.loads(webauthn.options_to_json(options)))


def _use(stores: StoreSet, account_id: str, answer: dict[str, Any], challenge: str, site: Site) -> bool:
    """Whether the answer holds for one of the account's passkeys; its count is kept."""
    with stores.database.person(account_id) as connection:
        named = str(answer.get("id", ""))
        found = factors.find_credential(connection, account_id, named) if _ID.fullmatch(named) else None
        if found is None:
            return False
        try:
            seen = _checked(
                lambda: webauthn.verify_authentication_response(
                    credential=answer, expected_challenge=base64url_to_bytes(challenge), expected_rp_id=_name(site),
                    expected_origin=list(site.origins), credential_public_key=base64url_to_bytes(found.material),
                    credential_current_sign_count=found.counter, require_user_verification=True,
                )
            )  # fmt: skip
        except FactorRefused:
            return False
        return factors.use_counter(connection, account_id, found.factor_id, seen.new_sign_count, may_stay=True)


def _taken(stores: StoreSet, kind: str, ticket: str, session: Session) -> dict[str, str]:
    """What was kept with the challenge, once, and for that session alone. Raises `FactorRefused`."""
    kept: dict[str, str] | None = stores.once.take(kind, ticket)
    if kept is None or kept.get("sid") != session.sid:
        raise FactorRefused("that challenge was used, has run out, or was another session's", "begin again")
    return kept


def _checked(check: Callable[[], R]) -> R:
    """What the check returns. Bytes of a stranger: whatever the reader stumbles over is a refusal."""
    try:
        return check()
    except Exception as error:
        raise FactorRefused("the passkey's answer does not hold", "begin again") from error


def _user_of(answer: dict[str, Any]) -> str:
    try:
        found = base64url_to_bytes(str(answer["response"]["userHandle"])).decode("ascii")
        return found if _ID.fullmatch(found) else ""
    except (KeyError, TypeError, ValueError):
        return ""


def _descriptor(credential_id: str | None) -> PublicKeyCredentialDescriptor:
    return PublicKeyCredentialDescriptor(id=base64url_to_bytes(credential_id or ""))


def _name(site: Site) -> str:
    if not site.rp_id:
        raise PasskeysUnavailable("the gateway has no name of its own", "set IRCOPILOT_PUBLIC_URL")
    return site.rp_id
