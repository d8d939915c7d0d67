"""Saved filters: a query, how its result is shown, and whether colleagues have it too."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from ircopilot.access.audit import record_act
from ircopilot.access.caller import Caller
from ircopilot.access.errors import Forbidden
from ircopilot.cases.errors import FilterExists, UnknownFilter
from ircopilot.cases.fields import check_version
from ircopilot.domain.work import SavedFilter
from ircopilot.stores.postgres import Tx
from ircopilot.stores.postgres import filters as rows


def save_filter(tx: Tx, caller: Caller, fields: Mapping[str, Any]) -> SavedFilter:
    """Save a filter (`name`, `kind`, `query`, `view`, `shared`). Raises `FilterExists`."""
    filter_id = str(uuid.uuid4())
    made = rows.add_filter(tx, {"filter_id": filter_id, "owner": caller.principal_id, **fields})
    if made is None:
        raise FilterExists(f"there is a filter {fields['name']!r}", "choose another name, or change that one")
    told = {name: fields[name] for name in ("name", "kind", "query", "shared")}
    record_act(tx, caller, "filter.save", f"filter/{filter_id}", None, told)
    return made


def seen_filter(tx: Tx, caller: Caller, filter_id: str) -> SavedFilter:
    """A filter of the caller's own, or one that is shared. Raises `UnknownFilter`."""
    return _found(tx, caller, filter_id, lock=False)


def change_filter(tx: Tx, caller: Caller, filter_id: str, seen: int, changed: Mapping[str, Any]) -> SavedFilter:
    """Change the version of one's own filter that one has seen. Raises `Forbidden` for another's, `UnknownFilter`,
    `PreconditionFailed`, `FilterExists`.
    """
    before = _own(tx, caller, filter_id)
    check_version(before.version, seen)
    after = rows.change_filter(tx, filter_id, dict(changed)) if changed else before
    if after is None:
        raise FilterExists(f"there is a filter {changed['name']!r}", "choose another name")
    told = [field for field in changed if field != "view"]
    record_act(
        tx, caller, "filter.change", f"filter/{filter_id}", {field: getattr(before, field) for field in told},
        {field: changed[field] for field in told},
    )  # fmt: skip
    return after


def remove_filter(tx: Tx, caller: Caller, filter_id: str) -> None:
    """Forget one's own filter. Raises `Forbidden` for another's, `UnknownFilter`."""
    before = _own(tx, caller, filter_id)
    rows.remove_filter(tx, filter_id)
    record_act(tx, caller, "filter.remove", f"filter/{filter_id}", {"name": before.name, "kind": before.kind}, None)


def _own(tx: Tx, caller: Caller, filter_id: str) -> SavedFilter:
    found = _found(tx, caller, filter_id, lock=True)
    if found.owner != caller.principal_id:
        raise Forbidden("the filter is shared by somebody else", "save one of your own like it")
    return found


def _found(tx: Tx, caller: Caller, filter_id: str, *, lock: bool) -> SavedFilter:
    found = rows.find_filter(tx, filter_id, caller.principal_id, lock=lock)
    if found is None:
        raise UnknownFilter(f"no filter {filter_id[:100]}", "list them: GET /v1/filters")
    return found
