"""What the orchestrator counts, for Prometheus. No label tells of an organisation."""

from __future__ import annotations

from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from ircopilot.stores.postgres.sweep import OpenWork

_BUCKETS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0)
_RUN_STATES = ("queued", "running", "cancelling")
_JOB_STATES = ("queued", "running")


class Meters:
    """One registry per process. Gauges tell of all organisations together, as the latest sweep found them."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        make: dict[str, Any] = {"namespace": "ircopilot", "subsystem": "orchestrator", "registry": self.registry}
        self.calls = Counter("calls", "gRPC calls answered", ["method", "status"], **make)
        self.call_seconds = Histogram("call_seconds", "How long gRPC calls took", ["method"], buckets=_BUCKETS, **make)
        self.watchers = Gauge("watchers", "WatchRun streams open", **make)
        self.sent = Counter("relayed_messages", "Messages given to the bus", ["subject"], **make)
        self.relay_seconds = Histogram(
            "relay_seconds", "From when a message was due until the bus had it", buckets=_BUCKETS, **make
        )
        self.swept = Counter("sweep_actions", "What the sweep mended", ["action"], **make)
        self._runs = Gauge("open_runs", "Runs that are not over", ["state"], **make)
        self._jobs = Gauge("open_jobs", "Jobs that wait or run", ["state"], **make)
        self._unsent = Gauge("outbox_depth", "Messages that the bus does not have yet", **make)
        self._oldest = Gauge("outbox_oldest_seconds", "For how long the oldest of them was due", **make)

    def show(self, work: OpenWork) -> None:
        """Set the gauges."""
        for state in _RUN_STATES:
            self._runs.labels(state).set(work.runs.get(state, 0))
        for state in _JOB_STATES:
            self._jobs.labels(state).set(work.jobs.get(state, 0))
        self._unsent.set(work.unsent)
        self._oldest.set(work.oldest_s)

    def text(self) -> bytes:
        """In the exposition format."""
        return generate_latest(self.registry)
