"""What can go wrong when people work on a report."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from ircopilot.domain.errors import ProblemError
from ircopilot.report.gate import Fault


class UnknownReport(ProblemError):
    """The incident has no report, or none of that version."""

    type = "unknown-report"
    status = 404
    title = "There is no such report"


class UnknownClaim(ProblemError):
    """The report's version has no such claim."""

    type = "unknown-claim"
    status = 404
    title = "There is no such claim"


class UnknownFinding(ProblemError):
    """The report's version has no such entity or indicator."""

    type = "unknown-finding"
    status = 404
    title = "There is no such finding"


class RefusedByGate(ProblemError):
    """The gate does not find in the cited records what the sentence says."""

    type = "refused-by-gate"
    status = 422
    title = "The gate refuses the sentence"

    def __init__(self, faults: tuple[Fault, ...], next_step: str = "") -> None:
        super().__init__("; ".join(dict.fromkeys(fault.reason for fault in faults))[:2000], next_step)
        self.faults = faults

    def members(self) -> dict[str, Any]:
        """`faults`: each with `reason`, `value`, and where it stands in the text (`start`, `end`; null: nowhere)."""
        return {"faults": [asdict(fault) for fault in self.faults]}


class ReportFrozen(ProblemError):
    """An approved or published report is not edited."""

    type = "report-frozen"
    status = 409
    title = "The report is frozen"


class UneditableReport(ProblemError):
    """The report was drafted before what its gate saw was kept."""

    type = "uneditable-report"
    status = 409
    title = "The report cannot be edited"


class WrongReportState(ProblemError):
    """A report goes from draft to review, from there to approved, and then to published."""

    type = "wrong-report-state"
    status = 409
    title = "The report is not in the state for that"


class FourEyes(ProblemError):
    """Who alone edited a report does not approve it, unless the organisation's policy allows it."""

    type = "four-eyes"
    status = 409
    title = "Somebody else must approve the report"
