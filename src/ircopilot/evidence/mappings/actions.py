"""What was done about an incident, as ircopilot itself records it: one JSON object an action opened, done or dropped.

Source: NIST SP 800-61r3, response actions; the gateway's `POST /v1/incidents/{key}/actions` writes these records.
"""

from __future__ import annotations

from ircopilot.evidence.mappings.base import FLAT, Mapping, SourceRow, TimeField, row
from ircopilot.evidence.mappings.signature import Signature

MAPPING = Mapping(
    name="ircopilot_actions",
    about="Actions taken on an incident, recorded by ircopilot",
    layout=FLAT,
    sources=(SourceRow("ircopilot.action"),),
    times=(TimeField("time"),),
    kind="action",
    message=("title",),
    rows=(
        row("event_action", "state"),
        row("user_name", "actor"),
    ),
)

SIGNATURES = (Signature("ircopilot_actions", (("ircopilot_action",), ("title",), ("state",), ("time",)), 4.0),)
