"""Slack workspace exports: a JSON array of messages per channel and day; what people said and did about the incident.

Source: Slack help, "How to read Slack data exports"; Slack API, message event (`ts` is epoch seconds as text).
"""

from __future__ import annotations

from ircopilot.evidence.mappings.base import Mapping, SourceRow, TimeField, flattened, row
from ircopilot.evidence.mappings.signature import Record, Signature, value_at

MAPPING = Mapping(
    name="slack",
    about="Messages of a Slack export",
    layout=flattened(1),
    sources=(SourceRow("slack.message"),),
    times=(TimeField("ts", "epoch"),),
    kind="comm",
    message=("text",),
    rows=(
        row("event_action", "subtype", "type"),
        row(
            "user_name", "user_profile.name", "user_profile.display_name", "user_profile.real_name", "username", "user"
        ),
        row("user_id", "user", "bot_id"),
    ),
)


def _is_message(record: Record) -> bool:
    return record.get("type") == "message" and isinstance(value_at(record, "ts"), str)


SIGNATURES = (Signature("slack", (("ts",), ("text",), ("type",)), 3.0, _is_message),)
