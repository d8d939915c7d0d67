"""The route of citations: a record as found, as understood, where it lies, who cites it, and whether it still matches."""

from __future__ import annotations

import json
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query

from ircopilot.domain.errors import ProblemError
from ircopilot.domain.event import Event
from ircopilot.gateway.described import problems
from ircopilot.gateway.findings.seen import Seen, Version, see_findings
from ircopilot.gateway.findings.shapes import Citation, Verification
from ircopilot.gateway.gate import WithCaller, WithGate
from ircopilot.gateway.permit import needs
from ircopilot.gateway.reports.kept import sendable
from ircopilot.pipeline.cite import Reread, find_events, reread_event
from ircopilot.report.edited import HIDDEN
from ircopilot.report.errors import UnknownReport
from ircopilot.stores.events.store import EventStoreFailed, QueryStopped
from ircopilot.stores.events.timeline import UnknownEvent
from ircopilot.stores.postgres import Tx, artifacts, report_records, report_versions
from ircopilot.stores.postgres.errors import UnknownIncident

router = APIRouter(prefix="/v1/incidents/{key}", tags=["findings"])
MOST_RAW = 256 << 10


@router.get(
    "/citations/{event_id}",
    summary="Look at a cited record",
    response_model=Citation,
    dependencies=[needs("finding:read")],
    responses=problems(UnknownIncident, UnknownReport, UnknownEvent, EventStoreFailed, QueryStopped),
)
async def get_citation(
    key: str, event_id: Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")], gate: WithGate, caller: WithCaller,
    version: Version = None,
    verify: Annotated[bool, Query(description="hash the artifact and hold the record against the report's")] = False,
) -> Citation:  # fmt: skip
    """Any record of the incident, read again from the vault. With `verify` it is said whether bytes and record are still
    what the report rests on.
    """

    def work(tx: Tx) -> tuple[Seen, list[str], dict[str, Any] | None, dict[str, str]]:
        seen = see_findings(tx, caller, key, version)
        rows = report_versions.claims_of(tx, seen.incident.incident_id, seen.version.number)
        citing = [r.claim_id for r in rows if event_id in r.claim["evidence"] and r.decision not in HIDDEN]
        kept = report_records.kept_records(tx, seen.incident.incident_id, [event_id]).get(event_id)
        names = {a.sha256: a.name for a in artifacts.list_artifacts(tx, seen.incident.incident_id)}
        return seen, citing, kept, names

    seen, citing, kept, names = await gate.in_tx(caller.org_id, work)
    stores = gate.stores.stores_for(caller.org_id)
    event = (await gate.in_file_thread(lambda: find_events(stores, seen.incident, [event_id]))).get(event_id)
    if event is None:
        raise UnknownEvent(f"no event {event_id} in {key}", "take ids from claims, or from GET …/events")
    found, reason = None, None
    try:
        found = await gate.in_file_thread(lambda: reread_event(stores, seen.incident, event, hashing=verify))
    except ProblemError as error:
        reason = f"{error.title}: {error.detail}"
    if found is None and reason is None:
        reason = f"there is no record at {event.locator}"
    record = seen.ground.records.get(event_id)
    said = record.fields if record else (kept or {}).get("fields")
    told = _verified(found, said, reason) if verify else None
    return _citation(event, names.get(event.artifact_sha256, ""), found, citing, reason, told)


def _verified(found: Reread | None, said: dict[str, Any] | None, reason: str | None) -> Verification:
    if found is None:
        return Verification(
            matches=False, same_bytes=None, same_record=False, differences=[reason or "it is not there"], bytes_read=0
        )  # fmt: skip
    differences = [] if said is None else _differences(said, found.fields)
    same = None if said is None else not differences
    matches = found.same_bytes is True and same is not False
    return Verification(
        matches=matches, same_bytes=found.same_bytes, same_record=same, differences=sendable(differences),
        bytes_read=found.size,
    )  # fmt: skip


def _differences(said: dict[str, Any], found: dict[str, Any]) -> list[str]:
    """Names of fields that one has and the other has not, or has otherwise."""
    return [
        name for name in sorted(said.keys() | found.keys())
        if name not in said or name not in found
        or json.dumps(said[name], sort_keys=True) != json.dumps(found[name], sort_keys=True)
    ]  # fmt: skip


def _citation(
    event: Event, name: str, found: Reread | None, citing: list[str], reason: str | None, told: Verification | None
) -> Citation:  # fmt: skip
    raw = found.raw if found else None
    whole = raw is not None and len(raw) <= MOST_RAW
    return Citation(
        event_id=event.event_id, artifact=event.artifact_sha256, artifact_name=sendable(name), locator=sendable(event.locator),
        raw=sendable(raw[:MOST_RAW]) if raw is not None else None, raw_cut=raw is not None and not whole,
        record=sendable(found.fields) if found and whole else None, understood=sendable(dict(event.ecs)), time=event.time,
        time_recorded=event.time_recorded, kind=event.kind, source=event.source, message=sendable(event.message),
        cited_by=citing, reason=reason, verification=told,
    )  # fmt: skip
