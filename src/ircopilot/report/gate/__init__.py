"""The gate between drafts and what is published: a claim passes only if records, facts or searches bear it out."""

from ircopilot.report.gate.check import DraftSection, check_claim, gate_report
from ircopilot.report.gate.cited import CitedEvent

__all__ = ["CitedEvent", "DraftSection", "check_claim", "gate_report"]
