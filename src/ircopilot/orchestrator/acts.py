"""What a call does: one transaction of the organisation, then the news to whoever watches the run."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection

from ircopilot.access.audit import record_act
from ircopilot.access.caller import Caller
from ircopilot.contracts.run_messages import checked_parameters
from ircopilot.domain.errors import ProblemError, UnusableArgument
from ircopilot.domain.incident import OVER, Run, RunParameters
from ircopilot.pipeline import advance
from ircopilot.stores import StoreSet
from ircopilot.stores.postgres import Tx, jobs, runs
from ircopilot.stores.postgres.errors import DatabaseUnreachable, UnknownRun
from ircopilot.stores.postgres.incidents import get_incident
from ircopilot.stores.postgres.jobs import DeadLetter
from ircopilot.stores.postgres.progress import RunEvent, run_events_since

T = TypeVar("T")

PATIENCE_S = 3.0  # a database that restarts is back by then
DATABASE_AWAY = (OperationalError, InterfaceError, NoConnection)
_NEWS = 8  # a call adds a handful of events; saying one again changes nothing
_PAGE = 1000


class Acts:
    """The calls, on threads; those that change a run tell Redis afterwards, without the caller waiting for it."""

    def __init__(self, stores: StoreSet) -> None:
        self._stores = stores
        self._telling: set[asyncio.Task[None]] = set()

    async def start_run(
        self, org_id: str, incident_id: str, run_id: str, parameters: RunParameters, priority: int,
        deadline: datetime | None, actor: Caller | None = None,
    ) -> Run:  # fmt: skip
        """See `pipeline.advance.start_run`. Raises `UnknownIncident`, `UnusableArgument` too."""

        def start(tx: Tx) -> Run:
            known = runs.count_runs(tx, run_id)
            run = _start(tx, incident_id, run_id, parameters, priority, deadline)
            if not known:  # one that was asked for before has its entry
                asked = parameters.model_dump(mode="json", exclude_defaults=True) | {"priority": priority}
                _note(tx, actor, "run.start", run, asked)
            return run

        return await self._change(org_id, start)

    async def retry_run(
        self, org_id: str, incident_id: str, run_id: str, changed: dict[str, Any], priority: int,
        deadline: datetime | None,
    ) -> Run:  # fmt: skip
        """A new run like the incident's latest, but for what `changed` says. Raises `UnknownRun` when there is none."""

        def retry(tx: Tx) -> Run:
            before = [r for r in runs.list_runs(tx, incident_id) if _of_evidence(r) and r.run_id != run_id]
            if not before:
                raise UnknownRun(f"incident {incident_id} has had no run", "start one")
            parameters = checked_parameters(before[0].parameters.model_dump() | changed)
            return _start(tx, incident_id, run_id, parameters, priority, deadline)

        return await self._change(org_id, retry)

    async def get_run(self, org_id: str, run_id: str) -> Run:
        """Raises `UnknownRun`."""
        return await self._read(org_id, lambda tx: runs.get_run(tx, run_id))

    async def cancel_run(self, org_id: str, run_id: str, reason: str, actor: Caller | None = None) -> Run:
        """See `pipeline.advance.cancel_run`."""

        def cancel(tx: Tx) -> Run:
            before = runs.lock_run(tx, run_id)
            run = advance.cancel_run(tx, run_id, reason)
            if run.state != before.state:
                _note(tx, actor, "run.cancel", run, {"state": run.state, "reason": reason}, {"state": before.state})
            return run

        return await self._change(org_id, cancel)

    async def redrive_job(self, org_id: str, job_id: str, actor: Caller | None = None) -> Run:
        """See `pipeline.advance.redrive`."""

        def redrive(tx: Tx) -> Run:
            run = advance.redrive(tx, job_id)
            _note(tx, actor, "job.redrive", run, {"job_id": job_id})
            return run

        return await self._change(org_id, redrive, again=False)

    async def dead_letters(self, org_id: str) -> list[DeadLetter]:
        """Jobs that were given up, oldest first."""
        return await self._read(org_id, jobs.list_dead_letters)

    async def read_news(self, org_id: str, run_id: str, after: int) -> tuple[list[RunEvent], bool]:
        """The run's events after a number, and whether there will be no more. Raises `UnknownRun`."""

        def read(tx: Tx) -> tuple[list[RunEvent], bool]:
            # The run first: once it is over, the events that are read next are all there are.
            run = runs.get_run(tx, run_id)
            events = run_events_since(tx, run_id, after, _PAGE)
            return events, run.state in OVER and run.last_event <= (events[-1].number if events else after)

        return await self._read(org_id, read)

    def tell(self, org_id: str, run_id: str) -> None:
        """Fan the run's newest events out, soon. Watchers who miss it look into the database within a second."""
        task = asyncio.create_task(asyncio.to_thread(self._fan_out, org_id, run_id))
        self._telling.add(task)
        task.add_done_callback(self._told)

    async def _read(self, org_id: str, work: Callable[[Tx], T]) -> T:
        return await asyncio.to_thread(self._in_tx, org_id, work, True)

    async def _change(self, org_id: str, work: Callable[[Tx], Run], *, again: bool = True) -> Run:
        moved: set[str] = set()

        def note(tx: Tx) -> Run:
            run = work(tx)
            # The incident's next run, too: it begins when this one is cancelled.
            moved.update((run.run_id, *tx.told))
            return run

        run = await asyncio.to_thread(self._in_tx, org_id, note, again)
        for run_id in moved:
            self.tell(org_id, run_id)
        return run

    def _in_tx(self, org_id: str, work: Callable[[Tx], T], again: bool) -> T:
        """In one transaction, repeated while the database is away for a moment. Raises `DatabaseUnreachable`."""
        if not org_id:
            raise UnusableArgument("no organisation was named", "set org_id")
        until = time.monotonic() + PATIENCE_S
        while True:
            try:
                with self._stores.stores_for(org_id).database.tenant(org_id) as tx:
                    return work(tx)
            except DATABASE_AWAY as error:
                if not again or time.monotonic() > until:
                    raise DatabaseUnreachable("the database did not answer", "try again in a moment") from error
            time.sleep(0.2)

    def _fan_out(self, org_id: str, run_id: str) -> None:
        stores = self._stores.stores_for(org_id)
        with stores.database.tenant(org_id) as tx:
            last = runs.get_run(tx, run_id).last_event
            news = run_events_since(tx, run_id, max(0, last - _NEWS))
        for event in news:
            if not stores.live.publish_run_event(org_id, event):
                return

    def _told(self, task: asyncio.Task[None]) -> None:
        self._telling.discard(task)
        if not task.cancelled():
            task.exception()  # a hint that was not given is no failure


def _of_evidence(run: Run) -> bool:
    """True for a service run that is more than an export of a report."""
    return run.mode == "service" and not run.parameters.export


def _start(
    tx: Tx, incident_id: str, run_id: str, parameters: RunParameters, priority: int, deadline: datetime | None
) -> Run:
    get_incident(tx, incident_id)
    if not 0 <= priority <= 9:
        raise UnusableArgument(f"priority {priority}", "give one from 0 to 9, higher first")
    run = advance.start_run(tx, incident_id, run_id, parameters, priority, deadline)
    if run.incident_id != incident_id:
        raise UnusableArgument(f"run {run_id} belongs to another incident", "choose another run id")
    return run


def as_problem(error: BaseException) -> ProblemError:
    """The problem that an error is; one that nobody foresaw tells nothing of itself."""
    if isinstance(error, ProblemError):
        return error
    if isinstance(error, DATABASE_AWAY):
        return DatabaseUnreachable("the database did not answer", "try again in a moment")
    return ProblemError("an error of our own, noted in the orchestrator's log", "try again, or tell us")


def _note(
    tx: Tx, actor: Caller | None, act: str, run: Run, after: dict[str, Any], before: dict[str, Any] | None = None
) -> None:  # fmt: skip
    """Write the deed down, if somebody asked for it."""
    if actor is not None:
        record_act(tx, actor, act, f"incident/{get_incident(tx, run.incident_id).key}/run/{run.run_id}", before, after)
