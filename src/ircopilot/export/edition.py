"""The edition in words: how far a report has come, who stands for it, and how it may be passed on."""

from __future__ import annotations

from ircopilot.contracts.report import Decided, Edition
from ircopilot.export.text import spoken_count, spoken_time


def spoken_edition(edition: Edition | None) -> list[tuple[str, str]]:
    """(name, value) lines for the head of a document; none for a report that nobody edited."""
    if edition is None:
        return []
    lines: list[tuple[str, str]] = [("Handling", edition.tlp)] if edition.tlp else []
    lines += _spoken_decided(edition.decided) if edition.decided else []
    lines.append(("Version", f"{edition.version}, {edition.state.replace('_', ' ')}"))
    counts = [
        (edition.accepted, "accepted"),
        (edition.edited, "edited"),
        (edition.added, "added"),
        (edition.rejected, "rejected"),
    ]
    done = ", ".join(f"{count:,} {what}" for count, what in counts if count)
    if done:
        lines.append(("Claims", done + (f", by {', '.join(edition.editors)}" if edition.editors else "")))
    if edition.approved_by and edition.approved_at:
        lines.append(("Approved", f"{edition.approved_by}, {spoken_time(edition.approved_at)}"))
    if edition.redacted:
        lines.append(("Redacted", f"{spoken_count(edition.redacted, 'value')}, each replaced by a placeholder"))
    if edition.sections:
        lines.append(("Sections", "in part: " + ", ".join(edition.sections)))
    return lines


def _spoken_decided(decided: Decided) -> list[tuple[str, str]]:
    lines = [("Status", decided.status.replace("-", " ") + (f", led by {decided.lead}" if decided.lead else ""))]
    if decided.proposed_severity:
        told = f"severity {decided.proposed_severity}; the responders have set {decided.severity}"
        lines.append(("The analysis proposed", told))
    return lines
