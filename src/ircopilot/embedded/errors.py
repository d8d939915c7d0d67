"""What can go wrong with the embedded stack, with what to do next."""

from __future__ import annotations

from ircopilot.domain.errors import ProblemError


class StackFailed(ProblemError):
    """The embedded stack did not start."""

    type = "stack-failed"
    status = 503
    title = "The embedded stack did not start"


class StackGone(ProblemError):
    """The embedded stack ended while it was in use."""

    type = "stack-gone"
    status = 503
    title = "The embedded stack ended while it was in use"


class ServicesFailed(ProblemError):
    """The servers run, but a process of the service did not come up."""

    type = "services-failed"
    status = 503
    title = "A part of the service did not start"
