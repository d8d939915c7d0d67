"""Routes of second factors: enrolled, listed, removed; shown by a session that waits for one."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from ircopilot.access import passkeys, second_factors
from ircopilot.access.errors import (
    FactorRefused,
    PasskeysUnavailable,
    SignInAgain,
    SignInRefused,
    TooManyAttempts,
)
from ircopilot.access.passkeys import Ceremony, Site
from ircopilot.gateway.auth.cookies import FromWhere, OldSession, WithPerson, hand_over
from ircopilot.gateway.auth.factor_shapes import (
    CeremonyOut,
    CodeIn,
    CodesOut,
    EnrolledOut,
    FactorOut,
    Factors,
    NewLabel,
    PasskeyNew,
    PasskeyShown,
    PasskeySignIn,
    TotpConfirm,
    TotpOut,
)
from ircopilot.gateway.auth.shapes import SignedInOut
from ircopilot.gateway.described import problems
from ircopilot.gateway.door import own_origins
from ircopilot.gateway.gate import Gate, WithGate
from ircopilot.gateway.permit import needs
from ircopilot.stores.postgres.errors import UnknownFactor
from ircopilot.stores.redis_sessions import SessionsUnreachable

me = APIRouter(prefix="/v1/me", tags=["me"])
auth = APIRouter(prefix="/v1/auth", tags=["sign-in"])
WRITE = [needs("self:write")]


@me.get(
    "/factors",
    summary="One's second factors",
    response_model=Factors,
    dependencies=[needs("self:read")],
    responses=problems(),
)
async def list_my_factors(gate: WithGate, caller: WithPerson) -> Factors:
    """Authenticator apps and passkeys of the account."""
    found, left = await gate.in_lobby(lambda: second_factors.own_factors(gate.stores, caller))
    return Factors(items=[FactorOut.of(f) for f in found], recovery_codes_left=left)


@me.delete(
    "/factors/{factor_id}",
    summary="Remove a second factor",
    status_code=204,
    dependencies=WRITE,
    responses=problems(UnknownFactor, SignInAgain),
)
async def remove_my_factor(factor_id: str, gate: WithGate, caller: WithPerson, secret: OldSession) -> None:
    """Remove one, in a session that began lately; with the last one, the recovery codes."""
    await gate.in_lobby(lambda: second_factors.remove_factor(gate.stores, caller, secret, factor_id))


@me.post(
    "/totp",
    summary="Begin to enrol an authenticator app",
    status_code=201,
    response_model=TotpOut,
    dependencies=WRITE,
    responses=problems(SignInAgain, SessionsUnreachable),
)
async def begin_totp(asked: NewLabel, gate: WithGate, caller: WithPerson, secret: OldSession) -> TotpOut:
    """A secret for an authenticator app, shown once. It counts once a code of it was confirmed."""
    made = await gate.in_lobby(lambda: second_factors.begin_totp(gate.stores, caller, secret, asked.label))
    return TotpOut(id=made.factor_id, secret=made.secret, uri=made.uri, qr_svg=made.qr_svg)


@me.post(
    "/totp/confirm",
    summary="Enrol an authenticator app",
    response_model=EnrolledOut,
    dependencies=WRITE,
    responses=problems(FactorRefused, UnknownFactor, SignInAgain, TooManyAttempts, SessionsUnreachable),
)
async def confirm_totp(
    asked: TotpConfirm, gate: WithGate, caller: WithPerson, secret: OldSession, where: FromWhere, response: Response
) -> EnrolledOut:
    """The app's first code. All other sessions of the account end; this one goes on under a new id."""
    enrolled = await gate.in_lobby(
        lambda: second_factors.confirm_totp(gate.stores, caller, secret, asked.id, asked.code, where)
    )
    hand_over(response, gate.site, enrolled.begun)
    return EnrolledOut.after(enrolled)


@me.post(
    "/passkeys/begin",
    summary="Begin to enrol a passkey",
    response_model=CeremonyOut,
    dependencies=WRITE,
    responses=problems(SignInAgain, PasskeysUnavailable, SessionsUnreachable),
)
async def begin_passkey(request: Request, gate: WithGate, caller: WithPerson, secret: OldSession) -> CeremonyOut:
    """Options for `navigator.credentials.create`; good for five minutes, once, in this session."""
    site = _site(gate, request)
    return _shown(await gate.in_lobby(lambda: passkeys.begin_enrolment(gate.stores, caller, secret, site)))


@me.post(
    "/passkeys",
    summary="Enrol a passkey",
    status_code=201,
    response_model=EnrolledOut,
    dependencies=WRITE,
    responses=problems(FactorRefused, SignInAgain, PasskeysUnavailable, SessionsUnreachable),
)
async def enrol_passkey(
    asked: PasskeyNew, request: Request, gate: WithGate, caller: WithPerson, secret: OldSession, where: FromWhere,
    response: Response,
) -> EnrolledOut:  # fmt: skip
    """The passkey that the browser made. All other sessions of the account end; this one goes on under a new id."""
    site = _site(gate, request)
    enrolled = await gate.in_lobby(
        lambda: passkeys.finish_passkey_enrolment(
            gate.stores, caller, secret, asked.ticket, asked.credential, asked.label, site, where
        )
    )
    hand_over(response, gate.site, enrolled.begun)
    return EnrolledOut.after(enrolled)


@me.post(
    "/recovery-codes",
    summary="Make new recovery codes",
    status_code=201,
    response_model=CodesOut,
    dependencies=WRITE,
    responses=problems(FactorRefused, SignInAgain),
)
async def renew_recovery_codes(gate: WithGate, caller: WithPerson, secret: OldSession) -> CodesOut:
    """Ten new codes, shown once; the ones before end."""
    made = await gate.in_lobby(lambda: second_factors.renew_codes(gate.stores, caller, secret))
    return CodesOut(recovery_codes=list(made))


@auth.post(
    "/factor/totp",
    summary="Show a one-time code",
    response_model=SignedInOut,
    dependencies=WRITE,
    responses=problems(FactorRefused, TooManyAttempts, SessionsUnreachable),
)
async def show_totp(
    asked: CodeIn, gate: WithGate, caller: WithPerson, secret: OldSession, where: FromWhere, response: Response
) -> SignedInOut:
    """The second factor of a session that waits for one. A code works once."""
    begun = await gate.in_lobby(lambda: second_factors.show_totp(gate.stores, secret, asked.code, where))
    return SignedInOut.of(hand_over(response, gate.site, begun))


@auth.post(
    "/factor/recovery",
    summary="Show a recovery code",
    response_model=SignedInOut,
    dependencies=WRITE,
    responses=problems(FactorRefused, TooManyAttempts, SessionsUnreachable),
)
async def show_recovery_code(
    asked: CodeIn, gate: WithGate, caller: WithPerson, secret: OldSession, where: FromWhere, response: Response
) -> SignedInOut:
    """A recovery code in place of the second factor; it is used up."""
    begun = await gate.in_lobby(lambda: second_factors.show_recovery_code(gate.stores, secret, asked.code, where))
    return SignedInOut.of(hand_over(response, gate.site, begun))


@auth.post(
    "/factor/passkey/begin",
    summary="Begin to show a passkey",
    response_model=CeremonyOut,
    dependencies=WRITE,
    responses=problems(PasskeysUnavailable, SessionsUnreachable),
)
async def begin_passkey_factor(
    request: Request, gate: WithGate, caller: WithPerson, secret: OldSession
) -> CeremonyOut:  # fmt: skip
    """Options for `navigator.credentials.get`, for the second factor of a session that waits for one."""
    site = _site(gate, request)
    return _shown(await gate.in_lobby(lambda: passkeys.begin_second_factor(gate.stores, secret, site)))


@auth.post(
    "/factor/passkey",
    summary="Show a passkey",
    response_model=SignedInOut,
    dependencies=WRITE,
    responses=problems(FactorRefused, TooManyAttempts, PasskeysUnavailable, SessionsUnreachable),
)
async def show_passkey(
    asked: PasskeyShown, request: Request, gate: WithGate, caller: WithPerson, secret: OldSession, where: FromWhere,
    response: Response,
) -> SignedInOut:  # fmt: skip
    """The passkey's answer, as the second factor of a session that waits for one."""
    site = _site(gate, request)
    begun = await gate.in_lobby(
        lambda: passkeys.show_passkey(gate.stores, secret, asked.ticket, asked.credential, site, where)
    )
    return SignedInOut.of(hand_over(response, gate.site, begun))


@auth.post(
    "/passkey/begin",
    summary="Begin to sign in with a passkey",
    response_model=CeremonyOut,
    responses=problems(PasskeysUnavailable, TooManyAttempts, SessionsUnreachable),
)
async def begin_passkey_sign_in(request: Request, gate: WithGate, where: FromWhere) -> CeremonyOut:
    """Options for `navigator.credentials.get`, without any account being named."""
    site = _site(gate, request)
    return _shown(await gate.in_lobby(lambda: passkeys.begin_alone(gate.stores, site, where)))


@auth.post(
    "/passkey",
    summary="Sign in with a passkey",
    response_model=SignedInOut,
    responses=problems(SignInRefused, TooManyAttempts, PasskeysUnavailable, SessionsUnreachable),
)
async def sign_in_with_passkey(
    asked: PasskeySignIn, request: Request, gate: WithGate, where: FromWhere, old: OldSession, response: Response
) -> SignedInOut:
    """The passkey's answer in place of a password and a second factor."""
    site = _site(gate, request)
    begun = await gate.in_lobby(
        lambda: passkeys.sign_in_with_passkey(
            gate.stores, asked.ticket, asked.credential, asked.organisation or "", site, where, old
        )
    )
    return SignedInOut.of(hand_over(response, gate.site, begun))


def _site(gate: Gate, request: Request) -> Site:
    return Site(gate.site.rp_id, own_origins(request.headers, gate.site))


def _shown(ceremony: Ceremony) -> CeremonyOut:
    return CeremonyOut(ticket=ceremony.ticket, options=ceremony.options)
