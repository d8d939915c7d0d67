"""An incident's own fields: opened, changed, closed, opened again, restricted, held."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from itertools import pairwise
from typing import Any

from ircopilot.access.audit import record_act
from ircopilot.access.caller import Caller
from ircopilot.cases.errors import IncidentExists, TimesOutOfOrder, WrongState
from ircopilot.cases.find import open_incident, seen_incident
from ircopilot.cases.members import known_member, known_members
from ircopilot.domain.errors import PreconditionFailed
from ircopilot.domain.incident import Case, CloseReason, Status
from ircopilot.stores.postgres import Tx, incidents
from ircopilot.stores.postgres.cases import EVERYTHING, change_case, find_case, granted_to, set_grants
from ircopilot.stores.postgres.errors import UnknownIncident
from ircopilot.stores.postgres.feed import tell_feed

TIMES = ("occurred_at", "detected_at", "contained_at", "recovered_at", "closed_at")


def open_case(tx: Tx, caller: Caller, key: str, title: str, fields: Mapping[str, Any]) -> tuple[Case, bool]:
    """Open an incident; an existing one of that key and title is answered as it is. Returns it, and whether it is new.

    Raises `IncidentExists`, `UnknownMember`, `TimesOutOfOrder`.
    """
    try:
        found = seen_incident(tx, caller, key)
    except UnknownIncident:
        if incidents.is_taken(tx, key):
            raise IncidentExists(f"{key} is taken", "choose another key") from None
    else:
        if found.title != title:
            raise IncidentExists(f"{key} is called {found.title!r}", "choose another key, or the same title")
        return found, False
    incidents.upsert_incident(tx, key, title)
    case = find_case(tx, key, EVERYTHING, lock=True)
    given = _checked(tx, case, dict(fields)) | {"opened_by": caller.principal_id}
    if fields.get("restricted"):
        set_grants(tx, case.incident_id, [caller.principal_id], caller.principal_id)
    case = change_case(tx, case, given)
    _tell(tx, caller, case, "incident.opened", {"severity": case.severity})
    record_act(tx, caller, "incident.open", f"incident/{key}", None, {"title": title} | _plain(fields))
    return case, True


def change_fields(tx: Tx, caller: Caller, key: str, seen: int, changed: Mapping[str, Any]) -> Case:
    """Change fields of the version that the caller has seen. What already is so changes nothing.

    Raises `PreconditionFailed`, `UnknownMember`, `TimesOutOfOrder`, `WrongState` for the status of a closed incident.
    """
    case = locked_version(tx, caller, key, seen)
    if case.status == "closed" and changed.get("status", "closed") != "closed":
        raise WrongState(f"{key} is closed", f"open it again: POST /v1/incidents/{key}/reopen")
    return _change(tx, caller, case, _checked(tx, case, dict(changed)), "incident.changed", "incident.change")


def close_case(tx: Tx, caller: Caller, key: str, reason: CloseReason, note: str, at: datetime) -> Case:
    """Close the incident as of a time. Raises `WrongState` when it is closed, `TimesOutOfOrder`."""
    case = open_incident(tx, caller, key, lock=True)
    if case.status == "closed":
        raise WrongState(f"{key} was closed before", "look at it, or open it again")
    fields = {"status": "closed", "closed_at": at, "close_reason": reason, "close_note": note}
    return _change(tx, caller, case, _checked(tx, case, fields), "incident.closed", "incident.close")


def reopen_case(tx: Tx, caller: Caller, key: str, status: Status, note: str) -> Case:
    """Go on with a closed incident. Raises `WrongState` when it is open, `IncidentMerged` when it goes on as another."""
    case = open_incident(tx, caller, key, lock=True)
    if case.status != "closed":
        raise WrongState(f"{key} is open", "go on with it")
    fields = {"status": status, "closed_at": None, "close_reason": None, "close_note": note}
    return _change(tx, caller, case, fields, "incident.reopened", "incident.reopen")


def restrict_case(tx: Tx, caller: Caller, key: str, seen: int, restricted: bool, granted: Iterable[str]) -> Case:
    """Let only some principals (and the lead, and who may restrict) know of the incident, or everybody again.

    Raises `PreconditionFailed`, `UnknownMember`.
    """
    case = locked_version(tx, caller, key, seen)
    wanted = known_members(tx, granted, "granted")
    before = granted_to(tx, case.incident_id)
    set_grants(tx, case.incident_id, wanted, caller.principal_id)
    after = change_case(tx, case, {"restricted": restricted})
    _tell(tx, caller, after, "incident.changed", {"changed": ["restricted"]})
    record_act(
        tx, caller, "incident.restrict", f"incident/{key}", {"restricted": case.restricted, "granted": before},
        {"restricted": restricted, "granted": sorted(wanted)},
    )  # fmt: skip
    return after


def hold_case(tx: Tx, caller: Caller, key: str, seen: int, legal_hold: bool, retain_until: datetime | None) -> Case:
    """Put a legal hold on the incident or take it off, and say until when it is kept in any case.

    Raises `PreconditionFailed`, and `WrongState` for an earlier date than the one it has.
    """
    case = locked_version(tx, caller, key, seen)
    if case.retain_until and (retain_until is None or retain_until < case.retain_until):
        raise WrongState(f"{key} is kept until {case.retain_until.isoformat()}", "retention is only ever extended")
    fields = {"legal_hold": legal_hold, "retain_until": retain_until}
    return _change(tx, caller, case, fields, "incident.changed", "incident.hold")


def locked_version(tx: Tx, caller: Caller, key: str, seen: int) -> Case:
    """The incident, locked, if it is still as the caller has seen it. Raises `PreconditionFailed`."""
    case = open_incident(tx, caller, key, lock=True)
    check_version(case.version, seen)
    return case


def check_version(version: int, seen: int) -> None:
    """Raises `PreconditionFailed` unless the version is the one that was seen."""
    if version != seen:
        raise PreconditionFailed(f"it is at version {version}, not {seen}", "read it again, then change it")


def _change(tx: Tx, caller: Caller, case: Case, fields: Mapping[str, Any], kind: str, act: str) -> Case:
    changed = {name: value for name, value in fields.items() if getattr(case, name) != value}
    if not changed:
        return case
    before = {name: getattr(case, name) for name in changed}
    after = change_case(tx, case, changed)
    _tell(tx, caller, after, kind, {"changed": sorted(changed)})
    record_act(tx, caller, act, f"incident/{case.key}", _plain(before), _plain(changed))
    return after


def _checked(tx: Tx, case: Case, fields: dict[str, Any]) -> dict[str, Any]:
    """The fields as they are stored: the lead as an id, each tag once, and times in order."""
    if fields.get("lead") is not None:
        fields["lead"] = known_member(tx, fields["lead"], "lead")
    if "tags" in fields:
        fields["tags"] = tuple(sorted(set(fields["tags"])))
    times = [(name, fields[name] if name in fields else getattr(case, name)) for name in TIMES]
    known = [(name, at) for name, at in times if at is not None]
    # Only what is touched is held against the rest: an old contradiction must not forbid an unrelated change.
    if any(name in fields for name in TIMES):
        for (first, begin), (second, end) in pairwise(known):
            if begin > end:
                raise TimesOutOfOrder(
                    f"{second} ({end.isoformat()}) lies before {first} ({begin.isoformat()})",
                    "an incident occurs, is detected, contained, recovered from and closed, in that order",
                )
    return fields


def _tell(tx: Tx, caller: Caller, case: Case, kind: str, more: Mapping[str, Any]) -> None:
    told = {"by": caller.principal_id, "by_name": caller.name, "version": case.version, "status": case.status}
    tell_feed(tx, case.incident_id, kind, told | dict(more))


def _plain(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in fields.items()}
