"""What can go wrong between the program and Postgres, as problems that a person can act on."""

from __future__ import annotations

from ircopilot.domain.errors import ProblemError


class DatabaseUnreachable(ProblemError):
    """Postgres does not answer, or does not let us in."""

    type = "database-unreachable"
    status = 503
    title = "The database cannot be reached"


class UnsafeRole(ProblemError):
    """The role that the process logs in as could bypass row-level security."""

    type = "unsafe-role"
    title = "The database role could see every organisation"


class SchemaTooNew(ProblemError):
    """The database was migrated by a newer ircopilot."""

    type = "schema-too-new"
    title = "The database belongs to a newer version"


class UnknownIncident(ProblemError):
    """No incident of that id in this organisation."""

    type = "unknown-incident"
    status = 404
    title = "There is no such incident"


class LoadConflict(ProblemError):
    """A load was asked to change in a way that its state does not allow."""

    type = "load-conflict"
    status = 409
    title = "The load is not in the state for that"


class RunInProgress(ProblemError):
    """Another process is working on the same incident."""

    type = "run-in-progress"
    status = 409
    title = "The incident is being investigated already"


class UnknownRun(ProblemError):
    """No run of that id in this organisation."""

    type = "unknown-run"
    status = 404
    title = "There is no such run"


class StaleLease(ProblemError):
    """The job was given to another worker, or is over: nothing of this worker's may become visible."""

    type = "stale-lease"
    status = 409
    title = "The job belongs to another worker now"


class UnknownJob(ProblemError):
    """No job of that id, or not in a state to be driven again."""

    type = "unknown-job"
    status = 404
    title = "There is no such dead job"


class OversizeJob(ProblemError):
    """A job's message is larger than the bus takes."""

    type = "oversize-job"
    status = 413
    title = "The job's message is too large"


class UnknownKey(ProblemError):
    """No valid API key of that id in this organisation."""

    type = "unknown-key"
    status = 404
    title = "There is no such API key"


class LostClaim(ProblemError):
    """A call under an Idempotency-Key was held up for so long that another took its place; it did nothing."""

    type = "lost-claim"
    status = 409
    title = "Another call under that key took over"


class NoSuchMember(ProblemError):
    """No member of that id in this organisation."""

    type = "no-such-member"
    status = 404
    title = "There is no such member"


class UnknownInvitation(ProblemError):
    """No invitation of that id or link that could still be used."""

    type = "unknown-invitation"
    status = 404
    title = "There is no such invitation"


class UnknownFactor(ProblemError):
    """No second factor of that id in this account."""

    type = "unknown-factor"
    status = 404
    title = "There is no such second factor"


class UnknownProvider(ProblemError):
    """No sign-in provider of that id, or not an enabled one."""

    type = "unknown-provider"
    status = 404
    title = "There is no such sign-in provider"


class UnknownExport(ProblemError):
    """The incident has no export of that id."""

    type = "unknown-export"
    status = 404
    title = "There is no such export"
