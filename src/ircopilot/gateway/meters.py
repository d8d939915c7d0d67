"""What the gateway counts, for Prometheus. No label tells of an organisation."""

from __future__ import annotations

from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_BUCKETS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0)


class Meters:
    """One registry per process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        make: dict[str, Any] = {"namespace": "ircopilot", "subsystem": "gateway", "registry": self.registry}
        self.requests = Counter("requests", "Calls answered", ["method", "route", "status"], **make)
        self.seconds = Histogram("request_seconds", "How long calls took", ["route"], buckets=_BUCKETS, **make)
        self.received = Counter("received_bytes", "Bytes of evidence kept", **make)
        self.broken = Counter("broken_uploads", "Uploads that left nothing", ["reason"], **make)
        self.watchers = Gauge("watchers", "Event streams open", **make)
        self.feeds = Gauge("feeds", "Runs that are watched, one reader each", **make)
        self.feed_reads = Counter("feed_reads", "Times that a run's events were read for all who watch it", **make)
        self.dropped = Counter("dropped_watchers", "Event streams cut because nobody read them", **make)

    def text(self) -> bytes:
        """In the exposition format."""
        return generate_latest(self.registry)
