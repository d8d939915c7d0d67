"""The gate between drafts and what is published: a claim passes only if records, facts or searches bear it out."""

from ircopilot.report.gate.check import DraftSection, check_claim, gate_report, keep_as_word
from ircopilot.report.gate.cited import CitedEvent
from ircopilot.report.gate.faults import Fault, find_faults

__all__ = ["CitedEvent", "DraftSection", "Fault", "check_claim", "find_faults", "gate_report", "keep_as_word"]
