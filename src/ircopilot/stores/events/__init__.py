"""The event store: the `events` table in ClickHouse, reached over HTTP. All reads go through an `EventScope`."""

from ircopilot.stores.events.scope import EventScope
from ircopilot.stores.events.store import EventStore, EventStoreFailed

__all__ = ["EventScope", "EventStore", "EventStoreFailed"]
