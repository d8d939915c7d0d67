"""The event store: the `events` table in ClickHouse, reached over HTTP. All reads go through an `EventScope`."""

from ircopilot.stores.events.condition import EVERYTHING, Condition
from ircopilot.stores.events.scope import EventScope
from ircopilot.stores.events.store import EventStore, EventStoreFailed, QueryStopped
from ircopilot.stores.events.timeline import Timeline

__all__ = ["EVERYTHING", "Condition", "EventScope", "EventStore", "EventStoreFailed", "QueryStopped", "Timeline"]
