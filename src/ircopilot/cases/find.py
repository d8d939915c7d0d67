"""The incident that a caller speaks of, if the caller may know that there is one. Every route asks here."""

from __future__ import annotations

from ircopilot.access.caller import Caller
from ircopilot.cases.errors import IncidentMerged
from ircopilot.domain.incident import Case, Run
from ircopilot.stores.postgres import Tx, runs
from ircopilot.stores.postgres.cases import Viewer, find_case, find_case_by_id, key_in_sight
from ircopilot.stores.postgres.errors import UnknownIncident, UnknownRun


def viewer_of(caller: Caller) -> Viewer:
    """How the caller sees: who may restrict incidents sees all of them, others a restricted one that they lead or were
    granted. For conditions in SQL: `stores.postgres.cases.in_sight(viewer)`.
    """
    return Viewer(caller.principal_id, sees_all=caller.may("incident:restrict"))


def seen_incident(tx: Tx, caller: Caller, key: str) -> Case:
    """The incident of that key, to be read. Raises `UnknownIncident`: unknown, another organisation's and restricted
    ones are told alike.
    """
    return find_case(tx, key, viewer_of(caller))


def open_incident(tx: Tx, caller: Caller, key: str, *, lock: bool = False) -> Case:
    """The incident of that key, for something to be added to it or changed. `lock`: no other changes its fields until
    the transaction ends. Raises `UnknownIncident`, and `IncidentMerged` when it goes on as another.
    """
    case = find_case(tx, key, viewer_of(caller), lock=lock)
    if case.merged_into is not None:
        into = merged_key(tx, caller, case)
        if into is None:
            raise IncidentMerged(f"{key} was merged into another", "ask its lead to be let in")
        raise IncidentMerged(f"{key} was merged into {into}", f"use /v1/incidents/{into}")
    return case


def merged_key(tx: Tx, caller: Caller, case: Case) -> str | None:
    """The key of the incident that goes on instead, if there is one and the caller may know of it."""
    return None if case.merged_into is None else key_in_sight(tx, case.merged_into, viewer_of(caller))


def seen_incident_by_id(tx: Tx, caller: Caller, incident_id: str) -> Case:
    """The incident of that id. Raises `UnknownIncident`, as `seen_incident` does."""
    return find_case_by_id(tx, incident_id, viewer_of(caller))


def seen_run(tx: Tx, caller: Caller, run_id: str) -> tuple[Run, Case]:
    """A run and its incident. Raises `UnknownRun`, also when the incident is not to be known to the caller."""
    run = runs.get_run(tx, run_id)
    try:
        return run, seen_incident_by_id(tx, caller, run.incident_id)
    except UnknownIncident:
        raise UnknownRun(f"no run {run_id}") from None
