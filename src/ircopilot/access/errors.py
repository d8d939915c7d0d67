"""What can go wrong with organisations, members, sign-in and keys."""

from __future__ import annotations

from ircopilot.domain.errors import ProblemError


class Unauthenticated(ProblemError):
    """The call shows no API key, or one that is not valid."""

    type = "unauthenticated"
    status = 401
    title = "Who calls is not known"


class UnknownOrganisation(ProblemError):
    """No organisation of that name or id."""

    type = "unknown-organisation"
    status = 404
    title = "There is no such organisation"


class OrganisationExists(ProblemError):
    """An organisation of that name was made before."""

    type = "organisation-exists"
    status = 409
    title = "There is an organisation of that name"


class EvidenceHeld(ProblemError):
    """A legal hold lies on evidence that would become unreadable, or it is to be kept until a day to come."""

    type = "evidence-held"
    status = 409
    title = "Evidence is held"


class Forbidden(ProblemError):
    """The caller is known, and may not do that."""

    type = "forbidden"
    status = 403
    title = "That is not permitted to the caller"


class UnusableAuditKey(ProblemError):
    """The key that signs the audit log cannot be used."""

    type = "unusable-audit-key"
    title = "The key of the audit log cannot be used"


class SignInRefused(ProblemError):
    """Address and password are not those of an account that may sign in; which of the two is not told."""

    type = "sign-in-refused"
    status = 401
    title = "Sign-in was refused"


class TooManyAttempts(ProblemError):
    """Too many attempts failed, for this account or from this address."""

    type = "too-many-attempts"
    status = 429
    title = "Too many attempts failed"

    def __init__(self, detail: str, next_step: str = "", retry_after_s: int = 1) -> None:
        super().__init__(detail, next_step)
        self.retry_after_s = retry_after_s


class WeakPassword(ProblemError):
    """The password can be guessed."""

    type = "weak-password"
    status = 422
    title = "The password is too weak"


class ForgedRequest(ProblemError):
    """A call with a session's cookie that another site may have caused."""

    type = "forged-request"
    status = 403
    title = "The call may come from another site"


class SecondFactorRequired(ProblemError):
    """The session has shown a password alone, and its account has a second factor."""

    type = "second-factor-required"
    status = 403
    title = "A second factor is to be shown"


class EnrolmentRequired(ProblemError):
    """The organisation asks for a second factor, and the session has none: it may only enrol one."""

    type = "enrolment-required"
    status = 403
    title = "A second factor is to be enrolled"


class OwnerExists(ProblemError):
    """A link for a first owner, where there is an owner already."""

    type = "owner-exists"
    status = 409
    title = "The organisation has an owner"


class MemberExists(ProblemError):
    """The account is a member already."""

    type = "member-exists"
    status = 409
    title = "That person is a member already"


class LastOwner(ProblemError):
    """Without its last owner nobody could govern the organisation."""

    type = "last-owner"
    status = 409
    title = "The last owner stays"


class UnknownSession(ProblemError):
    """No open session of that id."""

    type = "unknown-session"
    status = 404
    title = "There is no such session"


class FactorRefused(ProblemError):
    """A second factor that is not right, or was used before."""

    type = "factor-refused"
    status = 403
    title = "The second factor was refused"


class SignInAgain(ProblemError):
    """What is to be done needs a session that has begun lately."""

    type = "sign-in-again"
    status = 403
    title = "Sign in again first"


class UnsealedSecret(ProblemError):
    """A sealed secret does not open under its key."""

    type = "unsealed-secret"
    title = "A stored secret cannot be opened"


class PasskeysUnavailable(ProblemError):
    """The gateway is not told by which name people reach it, and passkeys are bound to a name."""

    type = "passkeys-unavailable"
    status = 409
    title = "Passkeys cannot be used here"


class RoleTooHigh(ProblemError):
    """Nobody gives more than they have themselves."""

    type = "role-too-high"
    status = 403
    title = "That is more than the caller may itself"


class ProviderUnreachable(ProblemError):
    """The organisation's sign-in provider does not answer, or not as it should. Not ours to mend: 424 (RFC 4918 §11.4)."""

    type = "provider-unreachable"
    status = 424
    title = "The sign-in provider does not answer"


class ProviderRefused(ProblemError):
    """What the sign-in provider says does not let this person in."""

    type = "provider-refused"
    status = 403
    title = "Single sign-on was refused"


class RoleFixed(ProblemError):
    """What an owner may cannot be changed."""

    type = "role-fixed"
    status = 409
    title = "That role cannot be changed"
