"""How a stage's thread says how far it is, and hears that it is to stop. Writing it down is the heartbeat's work."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ircopilot.contracts.messages import JobMessage
from ircopilot.domain.errors import Withdrawn
from ircopilot.domain.incident import Stage
from ircopilot.faults import pass_point


@dataclass(slots=True)
class _Counter:
    """What one stage said last; `since` and `first` are when and where its count of that unit began."""

    done: float
    total: float
    unit: str
    note: str
    events: int
    since: float
    first: float
    told: bool = False


class JobProgress:
    """`pipeline.request.Progress` of one job: keeps the newest state, and raises `Withdrawn` once the job is taken away."""

    def __init__(self, message: JobMessage, clock: Callable[[], float] = time.monotonic) -> None:
        given = message.payload
        self._fixed: dict[str, Any] = {name: given[name] for name in ("step", "part", "of") if name in given}
        self._clock = clock
        self._lock = threading.Lock()
        self._counters: dict[Stage, _Counter] = {}
        self._withdrawn = ""

    def stage(self, stage: Stage, done: float, total: float, unit: str, note: str, events: int = 0) -> None:
        """Called by the stage, often. Raises `Withdrawn`."""
        pass_point("in-stage")
        with self._lock:
            if self._withdrawn:
                raise Withdrawn(self._withdrawn)
            now, known = self._clock(), self._counters.get(stage)
            goes_on = known is not None and known.unit == unit and known.first <= done
            since, first = (known.since, known.first) if known is not None and goes_on else (now, done)
            self._counters[stage] = _Counter(done, total, unit, note, events, since, first)

    def withdraw(self, reason: str) -> None:
        """The stage is to stop at its next word. The first reason stays."""
        with self._lock:
            self._withdrawn = self._withdrawn or reason

    @property
    def withdrawn(self) -> str:
        """Why the job was taken away, empty while it was not."""
        return self._withdrawn

    def untold(self) -> list[tuple[Stage, dict[str, Any]]]:
        """(stage, payload of a numbered row) of what changed since the last call; `rate` is in units a second."""
        with self._lock:
            news = [(stage, c) for stage, c in self._counters.items() if not c.told]
            for _, counter in news:
                counter.told = True
            return [(stage, self._payload(counter)) for stage, counter in news]

    def _payload(self, counter: _Counter) -> dict[str, Any]:
        took = self._clock() - counter.since
        rate = (counter.done - counter.first) / took if took > 0 else 0.0
        return {
            "state": "progress", **self._fixed, "done": counter.done, "total": counter.total, "unit": counter.unit,
            "note": counter.note, "events": counter.events, "rate": round(rate, 2),
        }  # fmt: skip
