"""Dropping events that nobody will ever see: of loads that were replaced, given up, or written by a worker that was given up.

Half-written loads are invisible, so this is about room alone, and may be done late, twice, or beside others.
"""

from __future__ import annotations

from collections import defaultdict
from contextlib import suppress

from ircopilot.stores import StoreSet
from ircopilot.stores.postgres import loads, runs
from ircopilot.stores.postgres.errors import LoadConflict, RunInProgress
from ircopilot.stores.postgres.organisations import find_organisation


def tidy_incident(stores: StoreSet, org_id: str, incident_id: str) -> int:
    """Drop the loads that nobody will finish, and those that newer ones stand for; how many. The caller holds the incident."""
    with stores.database.tenant(org_id) as tx:
        over = loads.abandoned_loads(tx, incident_id) + loads.replaced_loads(tx, incident_id)
    for load in over:
        stores.events.drop_load(org_id, load.load_id)
        with stores.database.tenant(org_id) as tx:
            loads.forget_load(tx, load.load_id)
    return len(over)


def tidy_events(stores: StoreSet) -> int:
    """The same for every incident that nobody works on, and for loads that no incident knows; how many were dropped.

    A load is announced in Postgres before its first event is written, so one that is looked for later and not there was
    forgotten: its events came from a worker that was stopped, and woken after that.
    """
    stored: dict[str, list[str]] = defaultdict(list)
    for org_id, load_id in stores.events.stored_loads():
        stored[org_id].append(load_id)
    return sum(_tidy_organisation(stores, org_id, found) for org_id, found in stored.items())


def _tidy_organisation(stores: StoreSet, org_id: str, stored: list[str]) -> int:
    with stores.database.tenant(org_id) as tx:
        # Whoever connects an event store with the wrong database must not lose what is in it.
        if find_organisation(tx) is None:
            return 0
        unknown = loads.unknown_loads(tx, stored)
        unfinished = loads.incidents_to_tidy(tx)
    for load_id in unknown:
        stores.events.drop_load(org_id, load_id)
    dropped = len(unknown)
    for incident_id in unfinished:
        # Somebody works on it, or another sweep was quicker: the next one will find what is left.
        with suppress(RunInProgress, LoadConflict), runs.hold_incident(stores.database, org_id, incident_id):
            with stores.database.tenant(org_id) as tx:
                busy = runs.open_runs_of(tx, incident_id)
            dropped += 0 if busy else tidy_incident(stores, org_id, incident_id)
    return dropped
