"""How a route asks the timeline: the incident's committed loads, a search, a place in a queue, and nothing for nobody.

Who hangs up is noticed while the query runs, and the query is stopped in the event store.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Literal, TypeVar

from fastapi import Depends, Path, Query, Request

from ircopilot.access.caller import Caller
from ircopilot.analysis.search import Marks, compile_search
from ircopilot.analysis.search.marks import Place
from ircopilot.analysis.search.times import FIRST, LAST
from ircopilot.cases.find import seen_incident
from ircopilot.domain.errors import UnusableArgument
from ircopilot.gateway.gate import Gate, WithCaller, WithGate
from ircopilot.gateway.moments import Moment
from ircopilot.gateway.until_gone import unless_gone
from ircopilot.stores.events import Condition, EventScope, Timeline
from ircopilot.stores.events.asking import micros
from ircopilot.stores.postgres import Tx
from ircopilot.stores.postgres.loads import committed_load_ids
from ircopilot.stores.postgres.marks import PIN, TAG, Mark, list_marks, move_marks

Answer = TypeVar("Answer")

Since = Annotated[Moment | None, Query(description="Events of that time and later.", examples=["2031-05-01T10:00:00Z"])]
Until = Annotated[Moment | None, Query(description="Events before that time.", examples=["2031-05-02T00:00:00Z"])]
Search = Annotated[
    str, Query(max_length=20_000, description="A search, see docs/search.md.", examples=["host:it01 NOT user:SYSTEM"])
]
EventId = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$", examples=["9f86d081884c7d659a2feaa0c55ad015"])]
Lane = Literal["page", "scan"]


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asks about which incident, and of which time."""

    request: Request
    gate: Gate
    caller: Caller
    key: str
    since: datetime | None = None
    until: datetime | None = None

    async def answer(self, work: Callable[[Timeline], Answer], lane: Lane = "page") -> Answer:
        """What `work` finds in the incident's timeline. Raises `UnknownIncident`, `QueryStopped`, what `work` raises."""
        scope = await self.gate.in_tx(self.caller.org_id, _scope, self.caller, self.key, self.since, self.until)
        timeline = Timeline(self.gate.stores.stores_for(self.caller.org_id).events, scope, self.gate.limits.query())
        limiter = self.gate.lanes[lane]
        return await unless_gone(self.request, lambda: work(timeline), timeline.cancel, limiter)

    async def condition(self, sought: Sought) -> Condition:
        """What the search asks of events; where it names pins or tags, of these as they are now."""
        return compile_search(sought.text, await self.marks()) if sought.condition.marked else sought.condition

    async def marks(self) -> Marks:
        """What is pinned and tagged in the incident. Marks of events that lie elsewhere now are told the new place."""
        org_id = self.caller.org_id
        found, loads = await self.gate.in_tx(org_id, _marks, self.caller, self.key)
        if moved := {mark.event_id for mark in found if mark.load_id not in loads}:
            places = await self.everything().answer(lambda line: line.places(moved))
            if places:
                found, _ = await self.gate.in_tx(org_id, _moved, self.caller, self.key, places)
        tagged: dict[str, list[Place]] = {}
        for mark in found:
            if mark.kind == TAG:
                tagged.setdefault(mark.label, []).append((mark.event_id, micros(mark.time)))
        pinned = tuple((mark.event_id, micros(mark.time)) for mark in found if mark.kind == PIN)
        return Marks(pinned, {tag: tuple(places) for tag, places in tagged.items()})

    def everything(self) -> Asked:
        """The same without a window of time."""
        return replace(self, since=None, until=None)


@dataclass(frozen=True, slots=True)
class Sought:
    """A search as written, and its condition as if nothing were marked."""

    text: str
    condition: Condition


async def asked(
    key: str, request: Request, gate: WithGate, caller: WithCaller, since: Since = None, until: Until = None
) -> Asked:
    """For a route over a window of time. Raises `UnusableArgument` for a time that no event can have."""
    for bound in (since, until):
        if bound is not None and not FIRST <= bound <= LAST:
            raise UnusableArgument("events lie between the years 1900 and 2299", "ask for a time within them")
    return Asked(request, gate, caller, key, since, until)


async def asked_of_all(key: str, request: Request, gate: WithGate, caller: WithCaller) -> Asked:
    """For a route over all of the incident's events."""
    return Asked(request, gate, caller, key)


async def searched(q: Search = "") -> Sought:
    """The search. Raises `InvalidSearch`, which points at the character."""
    return Sought(q, compile_search(q))


Window = Annotated[Asked, Depends(asked)]
Everything = Annotated[Asked, Depends(asked_of_all)]
Where = Annotated[Sought, Depends(searched)]


def _scope(tx: Tx, caller: Caller, key: str, since: datetime | None, until: datetime | None) -> EventScope:
    incident = seen_incident(tx, caller, key)
    return EventScope(tx.org_id, committed_load_ids(tx, incident.incident_id), since, until)


def _marks(tx: Tx, caller: Caller, key: str) -> tuple[list[Mark], frozenset[str]]:
    incident_id = seen_incident(tx, caller, key).incident_id
    return list_marks(tx, incident_id), frozenset(committed_load_ids(tx, incident_id))


def _moved(
    tx: Tx, caller: Caller, key: str, places: dict[str, tuple[str, datetime]]
) -> tuple[list[Mark], frozenset[str]]:  # fmt: skip
    move_marks(tx, seen_incident(tx, caller, key).incident_id, places)
    return _marks(tx, caller, key)
