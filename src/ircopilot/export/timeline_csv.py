"""timeline.csv: the timeline for Timesketch and for spreadsheets.

The first three columns are those that Timesketch requires (`message`, `datetime`, `timestamp_desc`), the rest is ours.
Cells that a spreadsheet would take for a formula get a leading apostrophe. Sources: Timesketch, "Create a timeline
from JSON/JSONL/CSV file"; OWASP, "CSV Injection"; RFC 4180.
"""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from pathlib import Path

from ircopilot.contracts.report import ReportDocument
from ircopilot.export.text import spoken_offset, visible

COLUMNS = (
    "message", "datetime", "timestamp_desc", "kind", "entities", "tag", "why", "time_recorded", "clock", "source",
    "artifact", "artifact_sha256", "locator", "event_ids",
)  # fmt: skip
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def render_timeline_csv(document: ReportDocument) -> bytes:
    """The file: a header row, then one row per timeline entry in order of time."""
    names = {part.sha256: part.name for part in document.artifacts}
    values = {entity.id: entity.value for entity in document.entities}
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    # Each row says how it may be passed on, if this copy says so at all: rows travel without their file.
    handling = (document.edition.tlp,) if document.edition and document.edition.tlp else ()
    writer.writerow((*COLUMNS, "handling") if handling else COLUMNS)
    for entry in sorted(document.timeline, key=lambda entry: entry.time):
        event = document.events[entry.evidence[0]]
        row = (
            entry.summary,
            _stamp(entry.time),
            event.time_field or "time",
            entry.kind,
            "; ".join(values.get(entity, entity) for entity in entry.entities),
            " ".join(entry.techniques),
            entry.why,
            _stamp(event.time_recorded),
            spoken_offset(event.time - event.time_recorded),
            event.source,
            names.get(event.artifact, ""),
            event.artifact,
            event.locator,
            " ".join(entry.evidence),
            *handling,
        )
        writer.writerow([safe_cell(value) for value in row])
    return out.getvalue().encode("utf-8", "backslashreplace")


def _stamp(time: datetime) -> str:
    # Fixed width: readers guess the format of the whole column from its first cell.
    return time.astimezone(UTC).isoformat(timespec="microseconds")


def write_csv(document: ReportDocument, path: Path) -> None:
    """Write timeline.csv."""
    path.write_bytes(render_timeline_csv(document))


def safe_cell(value: str) -> str:
    """The value so that no spreadsheet evaluates it: one line, controls visible, no formula sign in front."""
    risky = value.lstrip(" \u00a0").startswith(_FORMULA)
    return ("'" if risky else "") + visible(value)
