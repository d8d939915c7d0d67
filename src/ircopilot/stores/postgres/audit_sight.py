"""Which audit entries tell of restricted incidents: whoever may not know of these sees that something was done, not what."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Table, false, func, select

from ircopilot.domain.audit import AuditEntry
from ircopilot.stores.postgres.cases import Viewer, in_sight
from ircopilot.stores.postgres.database import Tx
from ircopilot.stores.postgres.tables import incidents
from ircopilot.stores.postgres.tables.cases import actions, comments

# Members of `before` and `after` that name another incident than the target's.
_NAMING = ("incident", "into", "from")
# Targets that name a thing of an incident without naming that.
_THINGS: dict[str, tuple[Table, str]] = {"comment": (comments, "comment_id"), "action": (actions, "action_id")}


def hidden_entries(tx: Tx, viewer: Viewer, entries: Sequence[AuditEntry]) -> frozenset[int]:
    """Numbers of the entries that tell of an incident which the viewer may not know of."""
    if viewer.sees_all or not entries:
        return frozenset()
    keys = frozenset(tx.connection.execute(select(incidents.c.key).where(_unseen(viewer))).scalars())
    if not keys:
        return frozenset()
    things = {noun: _hidden_things(tx, viewer, noun, entries) for noun in _THINGS}
    return frozenset(entry.seq for entry in entries if _tells_of(entry, keys, things))


def _hidden_things(tx: Tx, viewer: Viewer, noun: str, entries: Iterable[AuditEntry]) -> frozenset[str]:
    table, name = _THINGS[noun]
    named = {parts[1] for e in entries if (parts := e.did.target.split("/"))[0] == noun and len(parts) > 1}
    of_incident: ColumnElement[bool] = (incidents.c.org_id == table.c.org_id) & (
        incidents.c.incident_id == table.c.incident_id
    )
    query = select(table.c[name]).join(incidents, of_incident).where(table.c[name].in_(named), _unseen(viewer))
    return frozenset(tx.connection.execute(query).scalars())


def _unseen(viewer: Viewer) -> ColumnElement[bool]:
    """Not in sight; where a lead is unknown the condition is neither true nor false."""
    return ~func.coalesce(in_sight(viewer), false())


def _tells_of(entry: AuditEntry, keys: frozenset[str], things: dict[str, frozenset[str]]) -> bool:
    noun, _, rest = entry.did.target.partition("/")
    named = rest.partition("/")[0]
    if noun == "incident" and named in keys:
        return True
    if noun in things and named in things[noun]:
        return True
    return any(_names(text, keys) for text in (entry.did.before, entry.did.after))


def _names(text: str | None, keys: frozenset[str]) -> bool:
    said: Any = orjson.loads(text) if text else None
    return isinstance(said, dict) and any(said.get(name) in keys for name in _NAMING if isinstance(said.get(name), str))
