"""What can go wrong with organisations and keys."""

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
    """A legal hold lies on evidence that would become unreadable."""

    type = "evidence-held"
    status = 409
    title = "Evidence is under a legal hold"


class Forbidden(ProblemError):
    """The caller is known, and may not do that."""

    type = "forbidden"
    status = 403
    title = "That is not permitted to the caller"


class UnusableAuditKey(ProblemError):
    """The key that signs the audit log cannot be used."""

    type = "unusable-audit-key"
    title = "The key of the audit log cannot be used"
