"""What can go wrong with the work on an incident."""

from __future__ import annotations

from ircopilot.domain.errors import ProblemError


class IncidentMerged(ProblemError):
    """The incident goes on as another one."""

    type = "incident-merged"
    status = 409
    title = "The incident was merged into another"
