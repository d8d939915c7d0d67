"""Doing a chore: one step after the other, each written down, so that whoever comes next goes on with what is left."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ircopilot.domain.errors import ProblemError
from ircopilot.stores import StoreSet
from ircopilot.stores.postgres import chores
from ircopilot.stores.postgres.chores import ChoreKind, ChoreLease
from ircopilot.stores.postgres.errors import StaleLease
from ircopilot.stores.vault.protocol import RewrapStep

AGAIN_S = 10.0  # after the first attempt that failed for now; then twice as long each time


def _rewrap(stores: StoreSet, org_id: str) -> Iterator[RewrapStep]:
    yield from stores.vault.keys.rewrap(org_id)


_KINDS: dict[ChoreKind, Callable[[StoreSet, str], Iterator[RewrapStep]]] = {"rewrap": _rewrap}


def do_chore(stores: StoreSet, org_id: str, chore_id: str, worker: str) -> bool:
    """Do the chore unless it is over or another has it; whether it was ours. How it ended is written in its row."""
    here = stores.stores_for(org_id)
    with here.database.tenant(org_id) as tx:
        lease = chores.lease_chore(tx, chore_id, worker)
    if lease is None:
        return False
    error, again_in_s = None, None
    try:
        _work(here, org_id, lease)
    except StaleLease:
        return True  # another goes on with it
    except ProblemError as problem:
        error = f"{problem.title}: {problem.detail}"
        # What a service does not answer now it may answer later; what it refuses it will refuse again.
        again_in_s = AGAIN_S * 2 ** (lease.attempt - 1) if problem.status >= 500 else None
    except Exception as bug:
        error = f"{type(bug).__name__}: {bug}"[:1000]
    with here.database.tenant(org_id) as tx:
        chores.end_chore(tx, lease, error, again_in_s)
    return True


def _work(stores: StoreSet, org_id: str, lease: ChoreLease) -> None:
    for step in _KINDS[lease.kind](stores, org_id):
        with stores.database.tenant(org_id) as tx:
            chores.note_step(tx, lease, step.done, step.total, step.what)
