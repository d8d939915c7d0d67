"""Whether what a comment speaks of is there: events are asked of the event store, claims and entities of the report."""

from __future__ import annotations

from ircopilot.access.caller import Caller
from ircopilot.cases.errors import UnknownAnchor
from ircopilot.cases.find import open_incident
from ircopilot.domain.work import AnchorType
from ircopilot.gateway.events.asked import Asked
from ircopilot.gateway.findings.seen import see_findings
from ircopilot.gateway.reports.kept import GROUNDS
from ircopilot.report.errors import UnknownReport
from ircopilot.report.versions import list_reports
from ircopilot.stores.events.timeline import UnknownEvent
from ircopilot.stores.postgres import Tx, report_versions


async def check_anchor(ask: Asked, type_: AnchorType, id_: str | None) -> None:
    """Raises `UnknownAnchor` for an event, claim, entity or report that the incident does not have; the rest is looked
    for when the comment is written.
    """
    if id_ is None or type_ not in ("event", "claim", "entity", "report"):
        return
    if type_ == "event":
        there = await _has_event(ask, id_)
    else:
        there = await ask.gate.in_tx(ask.caller.org_id, _is_told, ask.caller, ask.key, type_, id_)
    if not there:
        raise UnknownAnchor(f"{ask.key} has no {type_} {id_[:100]}", "take the id as the API gives it")


async def _has_event(ask: Asked, event_id: str) -> bool:
    if len(event_id) != 32 or not set(event_id) <= set("0123456789abcdef"):
        return False
    try:
        await ask.answer(lambda line: line.find(event_id, None))
    except UnknownEvent:
        return False
    return True


def _is_told(tx: Tx, caller: Caller, key: str, type_: AnchorType, id_: str) -> bool:
    """Of any version of the report: threads outlive the run that drafted what they speak of."""
    incident = open_incident(tx, caller, key)
    versions = list_reports(tx, GROUNDS, incident)
    if type_ == "report":
        return id_ in {str(version.number) for version in versions}
    if type_ == "claim":
        return report_versions.has_claim(tx, incident.incident_id, id_)
    try:
        return any(entity.id == id_ for entity in see_findings(tx, caller, key, None).findings.entities)
    except UnknownReport:
        return False
