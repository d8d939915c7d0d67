"""What a worker counts, for Prometheus. No label tells of an organisation."""

from __future__ import annotations

import time
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_BUCKETS = (0.01, 0.05, 0.1, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0)
STUCK_S = 30.0  # an event loop that has not turned for so long will not


class Meters:
    """One registry per process, and how the process is: its loop's last turn, whether it waits for jobs."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        make: dict[str, Any] = {"namespace": "ircopilot", "subsystem": "worker", "registry": self.registry}
        self.jobs = Counter("jobs", "Deliveries by what became of them", ["outcome"], **make)
        self.job_seconds = Histogram("job_seconds", "How long deliveries took", buckets=_BUCKETS, **make)
        self.busy = Gauge("busy", "Whether a job is being done", **make)
        self._ready = Gauge("ready", "Whether it is connected and takes jobs", **make)
        self._turned = time.monotonic()
        self.ready = False

    def turn(self) -> None:
        """The event loop turns."""
        self._turned = time.monotonic()

    @property
    def alive(self) -> bool:
        """Whether the event loop has turned lately."""
        return time.monotonic() - self._turned < STUCK_S

    def text(self) -> bytes:
        """In the exposition format."""
        self._ready.set(self.ready)
        return generate_latest(self.registry)
