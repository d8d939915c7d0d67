"""Invented events for tests of the timeline, put into the store as they are."""

from __future__ import annotations

import hashlib
import json
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from ircopilot.stores import StoreSet

START = datetime(2031, 5, 1, 10, 0, 0, tzinfo=UTC)


def event(seconds: float, **columns: Any) -> dict[str, Any]:
    """An event so many seconds after START."""
    when = (START + timedelta(seconds=seconds)).strftime("%Y-%m-%d %H:%M:%S.%f")
    return {
        "time": when, "time_recorded": when, "kind": "log", "source": "windows.sysmon", "message": "", "fields": {},
        **columns,
    }  # fmt: skip


def insert_events(
    stores: StoreSet, org: str, events: list[dict[str, Any]], load: str | None = None, token: str = ""
) -> str:
    """Insert events as one load, or as part of one; returns its id. Their ids follow from load and position."""
    load = load or str(uuid.uuid4())
    lines = [
        {"org_id": org, "load_id": load, "seq": n, "locator": f"line:{n}", "artifact_sha256": "5a" * 32}
        | {"event_id": hashlib.sha256(f"{load}{token}{n}".encode()).hexdigest()[:32]}
        | one
        for n, one in enumerate(events)
    ]
    columns = ", ".join(sorted({name for line in lines for name in line}))
    sql = f"INSERT INTO events ({columns}) FORMAT JSONEachRow\n" + "\n".join(json.dumps(line) for line in lines)
    settings = {"input_format_defaults_for_omitted_fields": "1"}
    if token:
        settings["insert_deduplication_token"] = f"{load}:{token}"
    stores.events.execute(sql, None, settings)
    return load
