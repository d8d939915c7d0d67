"""What the routes of findings have in common: a version's findings, its overlays, and pages of lists that do not change."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from fastapi import Path, Query

from ircopilot.access.caller import Caller
from ircopilot.analysis.sightings import Sightings, find_sightings
from ircopilot.cases.find import seen_incident
from ircopilot.domain.findings import Entity, Findings
from ircopilot.domain.incident import Incident
from ircopilot.gateway.etag import tag_of
from ircopilot.gateway.findings.shapes import EntityOut, IndicatorOut, SightingsOut
from ircopilot.gateway.gate import Gate
from ircopilot.gateway.pages import cursor_of, read_cursor
from ircopilot.gateway.reports.kept import GROUNDS, sendable
from ircopilot.pipeline.cite import incident_scope
from ircopilot.pipeline.request import EventQuery
from ircopilot.report.findings import JudgedIndicator, said_of_entity
from ircopilot.report.ground import Ground
from ircopilot.report.versions import find_report
from ircopilot.stores.events import EventScope
from ircopilot.stores.postgres import Tx, analyst_words
from ircopilot.stores.postgres.analyst_words import EntityWord, IndicatorWord
from ircopilot.stores.postgres.report_versions import VersionRow

T = TypeVar("T")
Version = Annotated[int | None, Query(ge=1, le=1_000_000, description="of the report; the newest if left out")]
Limit = Annotated[int, Query(ge=1, le=200)]
Cursor = Annotated[str | None, Query(max_length=2000)]
Text = Annotated[str | None, Query(max_length=200)]
FindingId = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]


@dataclass(frozen=True, slots=True)
class Seen:
    """The findings of a version of an incident's report, as the caller may see them."""

    incident: Incident
    version: VersionRow
    ground: Ground
    findings: Findings
    entity_words: dict[str, EntityWord]
    indicator_words: dict[str, IndicatorWord]

    def entities(self) -> list[Entity]:
        """With the roles that analysts gave them."""
        return [said_of_entity(e, self.entity_words.get(e.id)) for e in self.findings.entities]


def see_findings(tx: Tx, caller: Caller, key: str, version: int | None) -> Seen:
    """Raises `UnknownIncident`, `UnknownReport`."""
    incident = seen_incident(tx, caller, key)
    found = find_report(tx, GROUNDS, incident, version)
    return Seen(
        incident, found, GROUNDS.of(tx, incident.incident_id, found.basis),
        GROUNDS.findings(tx, incident.incident_id, found.basis),
        analyst_words.entity_words_of(tx, incident.incident_id), analyst_words.indicator_words_of(tx, incident.incident_id),
    )  # fmt: skip


def page_of(
    items: Sequence[T], key: Callable[[T], tuple[str, ...]], limit: int, cursor: str | None
) -> tuple[list[T], str | None]:
    """The items behind the cursor in order of `key`, which tells each from all others, and the next cursor."""
    ordered = sorted(items, key=key)
    if cursor:
        width = len(key(ordered[0])) if ordered else 2
        after = read_cursor(cursor, *[str] * width)
        ordered = [item for item in ordered if key(item) > after]
    page = ordered[:limit]
    return page, cursor_of(*sendable(key(page[-1]))) if len(ordered) > limit else None


def numbered_page(items: Sequence[T], limit: int, cursor: str | None) -> tuple[list[T], str | None]:
    """The items behind the cursor of a list that never changes, in its own order, and the next cursor."""
    at = max(0, read_cursor(cursor, int)[0]) if cursor else 0
    page = list(items[at : at + limit])
    return page, cursor_of(at + limit) if at + limit < len(items) else None


def entity_out(entity: Entity, word: EntityWord | None) -> EntityOut:
    """An entity as it is told."""
    fields = entity.model_dump() | {"said_by": word.by if word else None}
    return EntityOut(**sendable(fields), etag=tag_of(word.version if word else 0))


def indicator_out(item: JudgedIndicator) -> IndicatorOut:
    """An indicator as it is told."""
    fields = item.model_dump(include=set(IndicatorOut.model_fields)) | {"by": item.by or None}
    return IndicatorOut(**sendable(fields), etag=tag_of(item.version))


async def sightings_of(
    gate: Gate, caller: Caller, incident: Incident, kind: str, values: Sequence[str], most: int = 50
) -> SightingsOut:  # fmt: skip
    """Where a value was seen in the incident's committed events."""
    stores = gate.stores.stores_for(caller.org_id)

    def scope(tx: Tx) -> EventScope:
        return incident_scope(tx, incident.incident_id)

    where = await gate.in_tx(caller.org_id, scope)
    found = await gate.in_file_thread(lambda: find_sightings(EventQuery(stores, where), kind, values, most))
    return _told(found)


def _told(found: Sightings) -> SightingsOut:
    hosts: list[Any] = [{"host": h.host, "events": h.events, "first": h.first, "last": h.last} for h in found.hosts]
    earliest = [
        {"event_id": e.event_id, "time": e.time, "host": e.host, "source": e.source, "message": e.message}
        for e in found.events
    ]
    return SightingsOut(
        events=sum(h.events for h in found.hosts), first=min((h.first for h in found.hosts), default=None),
        last=max((h.last for h in found.hosts), default=None), hosts=sendable(hosts), earliest=sendable(earliest),
    )  # fmt: skip
