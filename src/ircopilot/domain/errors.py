"""The one error shape of the project (RFC 9457): every package subclasses it beside its own code."""

from __future__ import annotations

import signal


class ProblemError(Exception):
    """An error that a person can act on.

    `type` is a stable kebab-case name (its page lies in `docs/errors/`), `title` says what went wrong in
    general, the message says it of this case, and `next_step` says what to do about it.
    Source: RFC 9457, Problem Details for HTTP APIs.
    """

    type = "internal"
    status = 500
    title = "Something failed inside ircopilot"
    exit_code = 1

    def __init__(self, detail: str, next_step: str = "") -> None:
        super().__init__(detail)
        self.detail = detail
        self.next_step = next_step

    def members(self) -> dict[str, object]:
        """What this kind of problem tells besides, as members of its document (RFC 9457 §3.2). JSON only."""
        return {}


class UnusableArgument(ProblemError):
    """An argument that cannot be used as given."""

    type = "unusable-argument"
    status = 400
    title = "An argument cannot be used"
    exit_code = 2


class NothingReadable(ProblemError):
    """No record could be read from any of the evidence."""

    type = "nothing-readable"
    status = 422
    title = "Nothing could be read from the evidence"
    exit_code = 3


class PreconditionFailed(ProblemError):
    """Somebody changed it in the meantime."""

    type = "precondition-failed"
    status = 412
    title = "It was changed in the meantime"


class Stopped(BaseException):
    """Somebody asked the process to end (Ctrl-C, SIGTERM): no failure, so no `except Exception` may take it for one."""

    def __init__(self, number: int) -> None:
        super().__init__(f"stopped by signal {number}")
        self.number = number


class Withdrawn(Stopped):
    """A job was taken from its worker in mid-stage: the run is cancelled, its time is up, or the lease is lost."""

    def __init__(self, reason: str) -> None:
        super().__init__(int(signal.SIGTERM))
        self.args = (reason,)
        self.reason = reason
