"""Routes of detections, anomalies, techniques, the story, its graph, and the processes of a host."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import AwareDatetime

from ircopilot.analysis.process_tree import process_tree
from ircopilot.domain.errors import UnusableArgument
from ircopilot.domain.findings import Kind, Level
from ircopilot.gateway.described import problems
from ircopilot.gateway.errors import InvalidCursor
from ircopilot.gateway.findings.seen import Cursor, Limit, Text, Version, numbered_page, see_findings
from ircopilot.gateway.findings.shapes import (
    Anomalies,
    Detections,
    EdgeOut,
    Graph,
    NodeOut,
    Processes,
    ProcessOut,
    Story,
    Techniques,
)
from ircopilot.gateway.gate import WithCaller, WithGate
from ircopilot.gateway.permit import needs
from ircopilot.gateway.reports.kept import sendable
from ircopilot.pipeline.cite import incident_scope
from ircopilot.pipeline.request import EventQuery
from ircopilot.report.errors import UnknownReport
from ircopilot.report.graph import MOST_NODES, build_graph
from ircopilot.stores.events import EventScope
from ircopilot.stores.events.store import EventStoreFailed, QueryStopped
from ircopilot.stores.postgres import Tx
from ircopilot.stores.postgres.errors import UnknownIncident

router = APIRouter(prefix="/v1/incidents/{key}", tags=["findings"])
_LISTED = (UnknownIncident, UnknownReport, InvalidCursor)


@router.get(
    "/detections",
    summary="List detections",
    response_model=Detections,
    dependencies=[needs("finding:read")],
    responses=problems(*_LISTED),
)
async def list_detections(
    key: str, gate: WithGate, caller: WithCaller, level: Annotated[Level | None, Query()] = None,
    technique: Annotated[str | None, Query(max_length=20)] = None, q: Text = None, version: Version = None,
    limit: Limit = 50, cursor: Cursor = None,
) -> Detections:  # fmt: skip
    """Rules that matched: those that the story rests on first, then by level."""
    seen = await gate.in_tx(caller.org_id, see_findings, caller, key, version)
    wanted = [
        d for d in seen.findings.detections
        if level in (None, d.level) and (technique is None or technique in d.techniques)
        and (q is None or q.lower() in d.title.lower())
    ]  # fmt: skip
    page, after = numbered_page(wanted, limit, cursor)
    return Detections(items=_plain(page), next=after)


@router.get(
    "/anomalies",
    summary="List anomalies",
    response_model=Anomalies,
    dependencies=[needs("finding:read")],
    responses=problems(*_LISTED),
)
async def list_anomalies(
    key: str, gate: WithGate, caller: WithCaller, kind: Annotated[str | None, Query(max_length=100)] = None,
    version: Version = None, limit: Limit = 50, cursor: Cursor = None,
) -> Anomalies:  # fmt: skip
    """What is rare in this evidence, the rarest first."""
    seen = await gate.in_tx(caller.org_id, see_findings, caller, key, version)
    wanted = sorted(
        (a for a in seen.findings.anomalies if kind in (None, a.kind)), key=lambda a: (-a.score, a.kind, a.summary)
    )  # fmt: skip
    page, after = numbered_page(wanted, limit, cursor)
    return Anomalies(items=_plain(page), next=after)


@router.get(
    "/techniques",
    summary="List ATT&CK techniques",
    response_model=Techniques,
    dependencies=[needs("finding:read")],
    responses=problems(*_LISTED),
)
async def list_techniques(
    key: str, gate: WithGate, caller: WithCaller, tactic: Annotated[str | None, Query(max_length=50)] = None,
    version: Version = None, limit: Limit = 50, cursor: Cursor = None,
) -> Techniques:  # fmt: skip
    """Techniques that acts of the story show, with tactics, confidence (0 to 1) and records: for an ATT&CK matrix."""
    seen = await gate.in_tx(caller.org_id, see_findings, caller, key, version)
    wanted = [t for t in seen.findings.techniques if tactic is None or tactic in t.tactics]
    page, after = numbered_page(wanted, limit, cursor)
    return Techniques(items=_plain(page), next=after)


@router.get(
    "/story",
    summary="The timeline of what matters",
    response_model=Story,
    dependencies=[needs("finding:read")],
    responses=problems(*_LISTED),
)
async def list_story(
    key: str, gate: WithGate, caller: WithCaller, kind: Annotated[Kind | None, Query()] = None,
    entity: Annotated[str | None, Query(max_length=64)] = None,
    technique: Annotated[str | None, Query(max_length=20)] = None, version: Version = None, limit: Limit = 50,
    cursor: Cursor = None,
) -> Story:  # fmt: skip
    """The acts most worth reading, by time, each with the reason why it is here and its records."""
    seen = await gate.in_tx(caller.org_id, see_findings, caller, key, version)
    wanted = [
        e for e in sorted(seen.findings.timeline, key=lambda e: e.time)
        if kind in (None, e.kind) and (entity is None or entity in e.entities)
        and (technique is None or technique in e.techniques)
    ]  # fmt: skip
    page, after = numbered_page(wanted, limit, cursor)
    return Story(items=_plain(page), next=after)


@router.get(
    "/graph",
    summary="The incident as a graph",
    response_model=Graph,
    dependencies=[needs("finding:read")],
    responses=problems(UnknownIncident, UnknownReport),
)
async def get_graph(
    key: str, gate: WithGate, caller: WithCaller, version: Version = None,
    most: Annotated[int, Query(ge=20, le=500, description="nodes; beyond, entities stand in groups")] = MOST_NODES,
) -> Graph:  # fmt: skip
    """Entities, and what one did to another: when, with which technique, shown by which records."""
    seen = await gate.in_tx(caller.org_id, see_findings, caller, key, version)
    nodes, edges = build_graph(seen.entities(), seen.findings.acts, most)
    return Graph(
        nodes=[NodeOut(**sendable(asdict(n))) for n in nodes],
        edges=[
            EdgeOut(**sendable(asdict(e) | {"techniques": list(e.techniques), "evidence": list(e.evidence)})) for e in edges
        ],
        entities=len(seen.findings.entities),
        together=any(n.members > 1 for n in nodes),
    )  # fmt: skip


@router.get(
    "/processes",
    summary="The processes of a host",
    response_model=Processes,
    dependencies=[needs("finding:read")],
    responses=problems(UnknownIncident, UnknownReport, UnusableArgument, EventStoreFailed, QueryStopped),
)
async def list_processes(
    key: str, gate: WithGate, caller: WithCaller, host: Annotated[str, Query(min_length=1, max_length=255)],
    since: AwareDatetime | None = None, until: AwareDatetime | None = None, version: Version = None,
    limit: Annotated[int, Query(ge=1, le=5000)] = 2000,
) -> Processes:  # fmt: skip
    """Processes as a tree (`parent` names another one), with the acts of the story that their records show."""

    def work(tx: Tx) -> tuple[Any, EventScope]:
        seen = see_findings(tx, caller, key, version)
        return seen, incident_scope(tx, seen.incident.incident_id)

    seen, whole = await gate.in_tx(caller.org_id, work)
    scope = EventScope(whole.org_id, whole.load_ids, since, until)
    query = EventQuery(gate.stores.stores_for(caller.org_id), scope)
    found, total = await gate.in_file_thread(lambda: process_tree(query, host, seen.findings.acts, limit))
    return Processes(host=host, items=[ProcessOut(**sendable(asdict(p))) for p in found], total=total)


def _plain(items: list[Any]) -> Any:
    return sendable([item.model_dump() for item in items])
