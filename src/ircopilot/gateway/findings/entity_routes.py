"""Routes of entities and indicators: list, look at, say what they are, add an indicator, where it was seen."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from ircopilot.access.caller import Caller
from ircopilot.cases.errors import IncidentMerged
from ircopilot.cases.find import open_incident
from ircopilot.domain.errors import PreconditionFailed, UnusableArgument
from ircopilot.domain.findings import EntityType, IndicatorType, Role
from ircopilot.domain.incident import Incident
from ircopilot.domain.wording import sentence
from ircopilot.gateway.described import problems
from ircopilot.gateway.errors import InvalidCursor, PreconditionRequired
from ircopilot.gateway.etag import SeenVersion, show_tag
from ircopilot.gateway.findings.seen import (
    Cursor,
    FindingId,
    Limit,
    Seen,
    Text,
    Version,
    entity_out,
    indicator_out,
    page_of,
    see_findings,
    sightings_of,
)
from ircopilot.gateway.findings.shapes import (
    Entities,
    EntityOut,
    EntityWhole,
    IndicatorChange,
    IndicatorOut,
    Indicators,
    NewIndicator,
    RoleChange,
    SightingsOut,
)
from ircopilot.gateway.gate import WithCaller, WithGate
from ircopilot.gateway.permit import needs
from ircopilot.gateway.reports.kept import sendable
from ircopilot.pipeline.cite import find_events
from ircopilot.report.errors import UnknownFinding, UnknownReport
from ircopilot.report.findings import JudgedIndicator, judged_indicators, spellings_of
from ircopilot.report.phases import named_in
from ircopilot.report.say import say_of_entity, say_of_indicator
from ircopilot.stores.events.store import EventStoreFailed, QueryStopped
from ircopilot.stores.postgres import Tx
from ircopilot.stores.postgres.errors import UnknownIncident

router = APIRouter(prefix="/v1/incidents/{key}", tags=["findings"])
_FINDING = (UnknownIncident, UnknownReport, UnknownFinding)
_STORE = (EventStoreFailed, QueryStopped)
_SAYING = (*_FINDING, IncidentMerged, PreconditionFailed, PreconditionRequired)
MOST_ACTS = 200


@router.get(
    "/entities",
    summary="List entities",
    response_model=Entities,
    dependencies=[needs("finding:read")],
    responses=problems(UnknownIncident, UnknownReport, InvalidCursor),
)
async def list_entities(
    key: str, gate: WithGate, caller: WithCaller, type: Annotated[EntityType | None, Query()] = None,  # noqa: A002
    role: Annotated[Role | None, Query()] = None, q: Text = None, version: Version = None, limit: Limit = 50,
    cursor: Cursor = None,
) -> Entities:  # fmt: skip
    """Hosts, accounts, files, addresses … of the incident, with their parts in it. `q` is looked for in every spelling."""
    seen = await gate.in_tx(caller.org_id, see_findings, caller, key, version)
    wanted = [
        e for e in seen.entities()
        if type in (None, e.type) and role in (None, e.role) and _says(q, (e.value, *e.aliases))
    ]  # fmt: skip
    page, after = page_of(wanted, lambda e: (e.type, e.value.lower(), e.id), limit, cursor)
    return Entities(items=[entity_out(e, seen.entity_words.get(e.id)) for e in page], next=after)


@router.get(
    "/entities/{entity_id}",
    summary="Look at an entity",
    response_model=EntityWhole,
    dependencies=[needs("finding:read")],
    responses=problems(*_FINDING, *_STORE),
)
async def get_entity(
    key: str, entity_id: FindingId, gate: WithGate, caller: WithCaller, response: Response, version: Version = None
) -> EntityWhole:
    """An entity, the acts of the story that name it, and where it was seen in all events."""
    seen = await gate.in_tx(caller.org_id, see_findings, caller, key, version)
    entity = next((e for e in seen.entities() if e.id == entity_id), None)
    if entity is None:
        raise UnknownFinding(f"there is no entity {entity_id}", f"list them: GET /v1/incidents/{key}/entities")
    spellings = {v.lower() for v in (entity.value, *entity.aliases)}
    acts = [a for a in seen.findings.acts if spellings & named_in(a)][:MOST_ACTS]
    told: list[Any] = [
        {"time": a.time, "verb": a.verb, "summary": sentence(a), "techniques": list(a.techniques), "evidence": list(a.evidence)}
        for a in acts
    ]  # fmt: skip
    sightings = await sightings_of(gate, caller, seen.incident, entity.type, spellings_of(entity))
    out = entity_out(entity, seen.entity_words.get(entity_id))
    response.headers["ETag"] = out.etag
    return EntityWhole(**out.model_dump(), acts=sendable(told), sightings=sightings)


@router.patch(
    "/entities/{entity_id}",
    summary="Say what an entity is",
    response_model=EntityOut,
    dependencies=[needs("finding:write")],
    responses=problems(*_SAYING),
)
async def set_entity_role(
    key: str, entity_id: FindingId, asked: RoleChange, tag: SeenVersion, gate: WithGate, caller: WithCaller,
    response: Response,
) -> EntityOut:  # fmt: skip
    """Give an entity its role in your own word. It is kept, and the next run draws its conclusions from it."""

    def work(tx: Tx) -> EntityOut:
        seen = see_findings(tx, caller, open_incident(tx, caller, key).key, None)
        entity = next((e for e in seen.findings.entities if e.id == entity_id), None)
        if entity is None:
            raise UnknownFinding(f"there is no entity {entity_id}", f"list them: GET /v1/incidents/{key}/entities")
        say_of_entity(tx, caller, seen.incident, entity, tag, asked.role, asked.why)
        seen = see_findings(tx, caller, key, None)
        entity = next(e for e in seen.entities() if e.id == entity_id)
        return entity_out(entity, seen.entity_words.get(entity_id))

    out = await gate.in_tx(caller.org_id, work)
    response.headers["ETag"] = out.etag
    return out


@router.get(
    "/indicators",
    summary="List indicators",
    response_model=Indicators,
    dependencies=[needs("finding:read")],
    responses=problems(UnknownIncident, UnknownReport, InvalidCursor),
)
async def list_indicators(
    key: str, gate: WithGate, caller: WithCaller, type: Annotated[IndicatorType | None, Query()] = None,  # noqa: A002
    verdict: Annotated[str | None, Query(pattern="^(derived|malicious|benign)$")] = None, q: Text = None,
    version: Version = None, limit: Limit = 50, cursor: Cursor = None,
) -> Indicators:  # fmt: skip
    """Values worth hunting for elsewhere: derived, added by hand, and those that somebody found to be benign."""
    seen = await gate.in_tx(caller.org_id, see_findings, caller, key, version)
    wanted = [
        i for i in _judged(seen)
        if type in (None, i.type) and verdict in (None, i.verdict) and _says(q, (i.value,))
    ]  # fmt: skip
    page, after = page_of(wanted, lambda i: (i.type, i.value, i.id), limit, cursor)
    return Indicators(items=[indicator_out(i) for i in page], next=after)


@router.post(
    "/indicators",
    summary="Add an indicator",
    status_code=201,
    response_model=IndicatorOut,
    dependencies=[needs("finding:write")],
    responses=problems(UnknownIncident, UnknownReport, IncidentMerged, PreconditionFailed, *_STORE)
    | {200: {"model": IndicatorOut, "description": "It was there already, and is confirmed."}},
)
async def add_indicator(
    key: str, asked: NewIndicator, gate: WithGate, caller: WithCaller, response: Response
) -> IndicatorOut:
    """Add a value by hand. One that is there already is confirmed as malicious instead (200)."""
    seen = await gate.in_tx(caller.org_id, _open, caller, key)
    evidence = asked.evidence or await _earliest(gate, caller, seen.incident, asked)
    if asked.evidence:
        await _check_evidence(gate, caller, seen.incident, asked.evidence)

    def work(tx: Tx) -> tuple[JudgedIndicator, bool]:
        now = _open(tx, caller, key)
        return say_of_indicator(
            tx, caller, now.incident, _judged(now), (asked.type, asked.value.strip()), None, "malicious", asked.why or "",
            evidence,
        )  # fmt: skip

    made, new = await gate.in_tx(caller.org_id, work)
    response.status_code = 201 if new else 200
    response.headers["Location"] = f"/v1/incidents/{key}/indicators/{made.id}"
    show_tag(response, made.version)
    return indicator_out(made)


@router.get(
    "/indicators/{indicator_id}",
    summary="Look at an indicator",
    response_model=IndicatorOut,
    dependencies=[needs("finding:read")],
    responses=problems(*_FINDING),
)
async def get_indicator(
    key: str, indicator_id: FindingId, gate: WithGate, caller: WithCaller, response: Response, version: Version = None
) -> IndicatorOut:
    """One indicator."""
    found = _one(await gate.in_tx(caller.org_id, see_findings, caller, key, version), indicator_id)
    show_tag(response, found.version)
    return indicator_out(found)


@router.patch(
    "/indicators/{indicator_id}",
    summary="Say what an indicator is",
    response_model=IndicatorOut,
    dependencies=[needs("finding:write")],
    responses=problems(*_SAYING),
)
async def judge_indicator(
    key: str, indicator_id: FindingId, asked: IndicatorChange, tag: SeenVersion, gate: WithGate, caller: WithCaller,
    response: Response,
) -> IndicatorOut:  # fmt: skip
    """Confirm an indicator, or mark it as benign: it is in no export then, and the next run does not derive it again."""

    def work(tx: Tx) -> JudgedIndicator:
        seen = _open(tx, caller, key)
        found = _one(seen, indicator_id)
        named = (found.type, found.value)
        made, _ = say_of_indicator(
            tx, caller, seen.incident, _judged(seen), named, tag, asked.verdict, asked.why or "", ()
        )
        return made

    made = await gate.in_tx(caller.org_id, work)
    show_tag(response, made.version)
    return indicator_out(made)


@router.get(
    "/indicators/{indicator_id}/sightings",
    summary="Where an indicator was seen",
    response_model=SightingsOut,
    dependencies=[needs("finding:read")],
    responses=problems(*_FINDING, *_STORE),
)
async def list_sightings(
    key: str, indicator_id: FindingId, gate: WithGate, caller: WithCaller, version: Version = None, limit: Limit = 50
) -> SightingsOut:
    """All events of the incident that name the value: how many, on which hosts, first and last, and the earliest."""
    seen = await gate.in_tx(caller.org_id, see_findings, caller, key, version)
    found = _one(seen, indicator_id)
    return await sightings_of(gate, caller, seen.incident, found.type, [found.value], limit)


def _judged(seen: Seen) -> list[JudgedIndicator]:
    return judged_indicators(seen.findings.indicators, seen.indicator_words)


def _one(seen: Seen, indicator_id: str) -> JudgedIndicator:
    found = next((i for i in _judged(seen) if i.id == indicator_id), None)
    if found is None:
        raise UnknownFinding(
            f"there is no indicator {indicator_id}", f"list them: GET /v1/incidents/{seen.incident.key}/indicators"
        )
    return found


def _open(tx: Tx, caller: Caller, key: str) -> Seen:
    return see_findings(tx, caller, open_incident(tx, caller, key).key, None)


async def _earliest(gate: WithGate, caller: Caller, incident: Incident, asked: NewIndicator) -> tuple[str, ...]:
    found = await sightings_of(gate, caller, incident, asked.type, [asked.value], 5)
    return tuple(e.event_id for e in found.earliest)


async def _check_evidence(gate: WithGate, caller: Caller, incident: Incident, evidence: tuple[str, ...]) -> None:
    stores = gate.stores.stores_for(caller.org_id)
    known = await gate.in_file_thread(lambda: find_events(stores, incident, evidence))
    if missing := [i for i in evidence if i not in known]:
        raise UnusableArgument(f"event {missing[0]} is not in this incident", "cite events of the incident")


def _says(wanted: str | None, values: tuple[str, ...]) -> bool:
    return wanted is None or any(wanted.lower() in value.lower() for value in values)
