"""Reading a record of an incident again, for somebody who wants to cite it or to see it."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ircopilot.domain.event import Event
from ircopilot.domain.incident import Incident
from ircopilot.evidence.reread import read_payload, read_records
from ircopilot.report.records import CitedRecord, cited_record
from ircopilot.stores import StoreSet
from ircopilot.stores.events import EventScope
from ircopilot.stores.postgres import Tx, artifacts, loads


def incident_scope(tx: Tx, incident_id: str) -> EventScope:
    """All committed events of the incident."""
    committed = loads.committed_loads(tx, incident_id)
    return EventScope(tx.org_id, tuple(sorted(load.load_id for load in committed)))


def find_events(stores: StoreSet, incident: Incident, event_ids: Iterable[str]) -> dict[str, Event]:
    """Those of these events that the incident has, by id."""
    with stores.database.tenant(incident.org_id) as tx:
        scope = incident_scope(tx, incident.incident_id)
    return stores.events.fetch_events(scope, event_ids)


def cite_events(stores: StoreSet, incident: Incident, event_ids: Iterable[str]) -> dict[str, CitedRecord]:
    """The records of these events, read again from their artifacts; an id that the incident does not have is missing."""
    events = find_events(stores, incident, event_ids)
    formats = formats_of(stores, incident)
    wanted: dict[str, dict[str, Event]] = defaultdict(dict)
    for event in events.values():
        wanted[event.artifact_sha256][event.locator] = event
    found: dict[str, CitedRecord] = {}
    for sha256, by_locator in sorted(wanted.items()):
        with stores.vault.open(incident.org_id, sha256) as stream:
            read = read_records(stream, formats.get(sha256, ""), set(by_locator))
        for locator, fields in read.items():
            event = by_locator[locator]
            found[event.event_id] = cited_record(event, fields)
    return found


def formats_of(stores: StoreSet, incident: Incident) -> dict[str, str]:
    """The format of each artifact of the incident, by SHA-256."""
    with stores.database.tenant(incident.org_id) as tx:
        return {a.sha256: a.format for a in artifacts.list_artifacts(tx, incident.incident_id)}


@dataclass(frozen=True, slots=True)
class Reread:
    """A record read again: its text, its fields, whether the artifact's bytes have its SHA-256, and how many there are."""

    raw: str
    fields: dict[str, Any]
    same_bytes: bool | None
    size: int


def reread_event(stores: StoreSet, incident: Incident, event: Event, *, hashing: bool) -> Reread | None:
    """The event's record out of the vault's bytes; None if there is none at its place. `hashing` reads the artifact to its
    end and hashes it. Raises `MissingObject`, `NoDecoder`.
    """
    format_name = formats_of(stores, incident).get(event.artifact_sha256, "")
    with stores.vault.open(incident.org_id, event.artifact_sha256) as stream:
        found = read_payload(stream, format_name, event.locator)
    same, size = None, 0
    if hashing:
        digest = hashlib.sha256()
        with stores.vault.open(incident.org_id, event.artifact_sha256) as stream:
            while piece := stream.read(1 << 20):
                digest.update(piece)
                size += len(piece)
        same = digest.hexdigest() == event.artifact_sha256
    if found is None:
        return None
    return Reread(found[0].decode("utf-8", "replace"), found[1], same, size)
