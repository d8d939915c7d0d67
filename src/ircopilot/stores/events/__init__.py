"""The event store: the `events` table in ClickHouse, reached over HTTP. All reads go through an `EventScope`."""

from ircopilot.stores.events.schema import EVENTS_DDL, SAMPLES_DDL
from ircopilot.stores.events.scope import EventScope
from ircopilot.stores.events.store import EventStore, EventStoreFailed

__all__ = ["EVENTS_DDL", "SAMPLES_DDL", "EventScope", "EventStore", "EventStoreFailed"]
