"""Redacted values are gone in whatever way a record writes them, and what proves a citation stays."""

from __future__ import annotations

import base64
import json

import pytest

from export.factory import small_report
from ircopilot.contracts.report import ReportDocument
from ircopilot.export.redact import redact_document


def with_field(document: ReportDocument, value: object) -> tuple[ReportDocument, str]:
    """The document with a value in a record's field, and the record's id."""
    event_id, event = next(iter(document.events.items()))
    changed = event.model_copy(update={"fields": {**event.fields, "X": value}})
    return document.model_copy(update={"events": {**document.events, event_id: changed}}), event_id


@pytest.mark.parametrize(
    ("written", "left"),
    [
        ("NORTH\\ada", "REDACTED-1"),
        ("north\\\\ADA logged on", "REDACTED-1 logged on"),
        ("NORTH\\adam", "NORTH\\adam"),
        (base64.b64encode("net use /user:NORTH\\ada".encode("utf-16-le")).decode(), "REDACTED-1"),
        ("user=NORTH%5Cada", "REDACTED-1"),
        ("10.0.0.1:80", "REDACTED-2:80"),
        ("10.0.0.12", "10.0.0.12"),
        ("110.0.0.1", "110.0.0.1"),
        ("10.0.0.1.5", "10.0.0.1.5"),
        ({"NORTH\\ada": ["10.0.0.1"]}, {"REDACTED-1": ["REDACTED-2"]}),
    ],
)
def test_a_value_is_gone_and_others_stay(written: object, left: object) -> None:
    document, event_id = with_field(small_report(), written)
    redacted = redact_document(document, {"NORTH\\ada": "REDACTED-1", "10.0.0.1": "REDACTED-2"})
    assert redacted.events[event_id].fields["X"] == left


def test_what_proves_a_citation_stays() -> None:
    document = small_report()
    sha = document.artifacts[0].sha256
    redacted = redact_document(document, {sha: "REDACTED-1", "NORTH\\ada": "REDACTED-2"})
    assert redacted.events.keys() == document.events.keys()
    assert [a.sha256 for a in redacted.artifacts] == [a.sha256 for a in document.artifacts]
    assert "NORTH\\\\ada" not in json.dumps(redacted.model_dump(mode="json"))
    assert redact_document(document, {}) is document
