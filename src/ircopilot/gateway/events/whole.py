"""One event with all that is known of it: its load's clock, its artifact, and the record that it was made from."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import orjson

from ircopilot.access.caller import Caller
from ircopilot.cases.find import seen_incident
from ircopilot.domain.errors import ProblemError
from ircopilot.domain.evidence import Artifact, Load
from ircopilot.evidence.reread import read_record
from ircopilot.gateway.events.asked import Asked
from ircopilot.gateway.events.shapes import EventWhole
from ircopilot.stores import StoreSet
from ircopilot.stores.events.timeline import Found, UnknownEvent
from ircopilot.stores.postgres import Tx
from ircopilot.stores.postgres.artifacts import find_artifact
from ircopilot.stores.postgres.loads import find_load

MOST_RECORD = 1 << 20


async def read_whole(ask: Asked, found: Found, with_record: bool) -> EventWhole:
    """The event whole. A record that cannot be read again is missing, and it says why."""
    gate, org_id = ask.gate, ask.caller.org_id
    load, artifact = await gate.in_tx(org_id, _behind, ask.caller, ask.key, found)
    record, missing = None, None if with_record else "it was not asked for"
    if with_record and artifact is None:
        missing = "its artifact is not of this incident"
    elif with_record and artifact is not None:
        stores, locator = gate.stores.stores_for(org_id), found.event.locator
        record, missing = await gate.in_file_thread(lambda: _record(stores, org_id, artifact, locator))
    return EventWhole.whole(found.event, load, artifact, record, missing)


def _behind(tx: Tx, caller: Caller, key: str, found: Found) -> tuple[Load, Artifact | None]:
    incident = seen_incident(tx, caller, key)
    load = find_load(tx, found.load_id)
    if load is None:
        raise UnknownEvent(f"no event {found.event.event_id}", "a newer load has just taken the place of its own")
    return load, find_artifact(tx, incident.incident_id, found.event.artifact_sha256)


def _record(
    stores: StoreSet, org_id: str, artifact: Artifact, locator: str
) -> tuple[dict[str, Any] | None, str | None]:  # fmt: skip
    try:
        with closing(stores.vault.open(org_id, artifact.sha256)) as stream:
            record = read_record(stream, artifact.format, locator)
    except ProblemError as error:
        return None, f"{error.title}: {error.detail}"
    if record is None:
        return None, f"there is no record at {locator}"
    if len(orjson.dumps(record)) > MOST_RECORD:
        return None, f"it is larger than {MOST_RECORD:,} bytes: download the artifact"
    return record, None
