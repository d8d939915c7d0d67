"""What an investigation is asked to do, what its stages share, and how they tell of their progress."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa

from ircopilot.domain.ids import LOCAL_ORG
from ircopilot.domain.incident import Incident, Stage, Window
from ircopilot.stores import StoreSet
from ircopilot.stores.events import EventScope
from ircopilot.stores.postgres import loads


class Progress(Protocol):
    """Hears how far a stage is. `done` and `total` count `unit`; `note` says what is running now."""

    def stage(self, stage: Stage, done: float, total: float, unit: str, note: str, events: int = 0) -> None:
        """Called often; must be quick."""
        ...


class Silent:
    """Progress that nobody hears."""

    def stage(self, stage: Stage, done: float, total: float, unit: str, note: str, events: int = 0) -> None:
        """Nothing."""


@dataclass(frozen=True, slots=True)
class Request:
    """An investigation as asked for. `clocks` maps a source (`windows.sysmon`, a host or a file name) to its offset."""

    evidence: tuple[Path, ...]
    out: Path
    title: str = "Investigation"
    incident: str = ""
    rules: tuple[Path, ...] = ()
    clocks: dict[str, timedelta] = field(default_factory=dict)
    window: Window = field(default_factory=Window)
    rule_cache: Path | None = None
    org_id: str = LOCAL_ORG


@dataclass(slots=True)
class Job:
    """One run of an investigation over open stores. `slice` is the part of the window that this job looks at, if not all."""

    stores: StoreSet
    request: Request
    incident: Incident
    run_id: str
    started: datetime
    progress: Progress = field(default_factory=Silent)
    slice: Window | None = None

    @property
    def org_id(self) -> str:
        """The organisation whose evidence this is."""
        return self.incident.org_id

    def scope(self, windowed: bool = True) -> EventScope:
        """The committed events of the incident, within the slice or the window that was asked for."""
        with self.stores.database.tenant(self.org_id) as tx:
            committed = loads.committed_loads(tx, self.incident.incident_id)
        window = (self.slice or self.request.window) if windowed else Window()
        return EventScope(self.org_id, tuple(sorted(load.load_id for load in committed)), window.since, window.until)

    def note(self, stage: Stage, payload: dict[str, Any]) -> None:
        """A numbered row of progress, fanned out to whoever watches."""
        self.stores.tell_progress(self.org_id, self.run_id, stage, payload)


class EventQuery:
    """The query that analysis is given: bound to one scope, it cannot reach anything else."""

    def __init__(self, stores: StoreSet, scope: EventScope) -> None:
        self._stores, self._scope = stores, scope

    def __call__(self, sql: str, params: Any = None) -> pa.Table:
        """Run SQL over `{events}`."""
        return self._stores.events.run_event_query(self._scope, sql, params)
