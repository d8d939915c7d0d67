"""Which events a reader may see: one organisation, committed loads, a window of time."""
# ruff: noqa: S608 - composed of fixed text and validated UUIDs; all else are parameters

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime

from ircopilot.domain.errors import UnusableArgument


@dataclass(frozen=True, slots=True)
class EventScope:
    """The loads (as UUID text) of one organisation that count, and the window `since <= time < until` (UTC)."""

    org_id: str
    load_ids: tuple[str, ...]
    since: datetime | None = None
    until: datetime | None = None

    def sub_select(self, sql: str) -> str:
        """`sql` with `{events}` replaced by the scoped sub-select. Raises UnusableArgument when it names no events."""
        if "{events}" not in sql:
            raise UnusableArgument("An event query reads its events from {events}, and this one does not.")
        tests = [self.loads_test()]
        if self.since:
            tests.append("time >= parseDateTime64BestEffort({scope_since:String}, 6, 'UTC')")
        if self.until:
            tests.append("time < parseDateTime64BestEffort({scope_until:String}, 6, 'UTC')")
        return sql.replace("{events}", f"(SELECT * FROM events WHERE {' AND '.join(tests)})")

    def loads_test(self) -> str:
        """The condition on `org_id` and `load_id`, for the events and their roll-ups alike."""
        # Validated by `uuid.UUID`: thousands of ids would not fit the address line as parameters.
        loads = ", ".join(f"toUUID('{uuid.UUID(load)}')" for load in self.load_ids)
        return f"org_id = toUUID({{scope_org:String}}) AND {f'load_id IN ({loads})' if loads else '0'}"

    def parameters(self) -> dict[str, object]:
        """The query parameters that the sub-select reads."""
        given: dict[str, object] = {"scope_org": self.org_id}
        for name, bound in (("scope_since", self.since), ("scope_until", self.until)):
            if bound:
                given[name] = bound.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
        return given
