"""The state machine of service runs: pure Postgres, in the caller's transaction, so that nothing lies between states.

queued → running → done | failed | cancelled, by way of `cancelling` while a worker still has a job. Runs of one incident
go one after the other, exports aside. `advance` may be called at any time and any number of times: it only does what is due.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from ircopilot.cases.actions import take_suggestions
from ircopilot.contracts.messages import SUBJECT_OF, JobMessage
from ircopilot.domain.errors import UnusableArgument
from ircopilot.domain.ids import stable_uuid
from ircopilot.domain.incident import OVER, STAGES, Run, RunParameters, RunState
from ircopilot.pipeline.plan import join_stage, parts_for, stage_of, steps_after, steps_from
from ircopilot.stores.postgres import Tx, jobs, loads, results, runs
from ircopilot.stores.postgres.errors import RunInProgress
from ircopilot.stores.postgres.incidents import get_incident
from ircopilot.stores.postgres.progress import add_run_event
from ircopilot.tracing import continued, current_traceparent

NOTHING = "no record could be read: give evidence in a format that is known, see docs/formats.md"


def start_run(
    tx: Tx, incident_id: str, run_id: str, parameters: RunParameters, priority: int = 5,
    deadline: datetime | None = None,
) -> Run:  # fmt: skip
    """Ask for a run; it begins at once unless an older one of the incident is not over. The same id again is the same run.

    Raises `UnusableArgument` when it is to begin at a stage whose forerunners never ended.
    """
    before = STAGES[: STAGES.index(parameters.first_stage)]
    missing = [stage for stage in before if results.latest_result(tx, incident_id, stage) is None]
    if missing:
        raise UnusableArgument(f"there is no result of {', '.join(missing)} yet", "begin at an earlier stage")
    known = runs.count_runs(tx, run_id)
    run = runs.ask_run(tx, incident_id, run_id, parameters, priority=priority, deadline=deadline)
    if not known:
        _tell(tx, run_id, "queued")
    advance(tx, run.run_id)
    return runs.get_run(tx, run_id)


def advance(tx: Tx, run_id: str) -> None:
    """Move the run on if its step is complete. Locks the run's row until the transaction ends."""
    run = runs.lock_run(tx, run_id)
    if run.mode != "service" or run.state in OVER:
        return
    if run.state == "cancelling":
        _end_cancelled(tx, run)
    elif run.state == "queued":
        # An export reads a report that is there: it need not wait for evidence to be read.
        if run.parameters.export or runs.run_ahead(tx, run) is None:
            _tell(tx, run_id, "running")
            _next_step(tx, run)
    else:
        parts = jobs.parts_of(tx, run_id, run.step)
        dead = next((part for part in parts if part.state == "dead"), None)
        if dead is not None:
            jobs.cancel_jobs(tx, run_id, running_too=True)
            _finish(tx, run, "failed", dead.error or "a job was given up")
        elif all(part.state == "done" for part in parts):
            _next_step(tx, run)


def cancel_run(tx: Tx, run_id: str, reason: str = "", state: Literal["cancelled", "failed"] = "cancelled") -> Run:
    """Stop the run: what waits is cancelled, what runs is told so, and the run is over when no worker has a job of it."""
    run = runs.lock_run(tx, run_id)
    if run.state not in OVER and run.mode == "service":
        runs.mark_cancelling(tx, run_id, reason if state == "failed" else None)
        advance(tx, run_id)
    return runs.get_run(tx, run_id)


def redrive(tx: Tx, job_id: str) -> Run:
    """Send a dead job again, and go on with its run. Raises `UnknownJob`, and `RunInProgress` while another run goes on."""
    run = runs.lock_run(tx, jobs.job_run(tx, job_id))
    others = [r.run_id for r in runs.open_runs_of(tx, run.incident_id) if r.run_id != run.run_id]
    if others:
        raise RunInProgress(f"run {others[0]} of the same incident goes on", "wait until it ends, or cancel it")
    jobs.redrive_job(tx, job_id)
    jobs.requeue_cancelled(tx, run.run_id, run.step)
    runs.reopen_run(tx, run.run_id)
    _tell(tx, run.run_id, "running", redriven=job_id)
    return runs.get_run(tx, run.run_id)


def _next_step(tx: Tx, run: Run) -> None:
    """Enter the next step that has parts; end the stage, or the run, that is complete."""
    candidates = steps_after(run.step) if run.step else steps_from(run.parameters.first_stage)
    for step in candidates:
        if run.step and stage_of(step) != stage_of(run.step) and not _end_stage(tx, run):
            return
        parts = parts_for(tx, run, step)
        if parts:
            _enter(tx, run, step, parts)
            return
    if _end_stage(tx, run):
        _finish(tx, run, "done", None)


def _end_stage(tx: Tx, run: Run) -> bool:
    """Keep the document of the stage that is complete, once; False when the run cannot go on and was ended."""
    stage = stage_of(run.step)
    if results.result_of_run(tx, run.run_id, stage) is not None:
        return True
    document = join_stage(tx, run, stage)
    results.save_result(tx, run.incident_id, run.run_id, stage, document)
    if stage == "report":
        take_suggestions(tx, get_incident(tx, run.incident_id), document, run.run_id, "ircopilot")
    add_run_event(tx, run.run_id, stage, {"state": "done"})
    if stage == "collect" and not any(load.events for load in loads.committed_loads(tx, run.incident_id)):
        _finish(tx, run, "failed", _why_nothing(document))
        return False
    return True


def _enter(tx: Tx, run: Run, step: str, parts: list[dict[str, Any]]) -> None:
    stage = stage_of(step)
    if not run.step or stage_of(run.step) != stage:
        add_run_event(tx, run.run_id, stage, {"state": "started"})
    runs.set_step(tx, run.run_id, step)
    # A sweep that moves a run on knows its trace by the jobs that were.
    before = current_traceparent() or jobs.trace_of(tx, run.run_id)
    for number, part in enumerate(parts):
        message = JobMessage(
            job_id=stable_uuid(run.run_id, step, str(number)), org_id=tx.org_id, incident_id=run.incident_id,
            run_id=run.run_id, attempt=1,
            payload={"stage": stage, "step": step, "part": number, "of": len(parts), **part},
        )  # fmt: skip
        trace = continued(before, run.run_id)
        jobs.enqueue(tx, SUBJECT_OF[stage], message, traceparent=trace, step=step, part=number, priority=run.priority)


def _end_cancelled(tx: Tx, run: Run) -> None:
    jobs.cancel_jobs(tx, run.run_id)
    if jobs.count_open(tx, run.run_id).get("running", 0) == 0:
        _finish(tx, run, "failed" if run.error else "cancelled", run.error)


def _finish(tx: Tx, run: Run, state: RunState, error: str | None) -> None:
    """End the run, and let the incident's next one begin."""
    runs.finish_run(tx, run.run_id, state, error)
    _tell(tx, run.run_id, state, **({"error": error} if error else {}))
    for waiting in runs.waiting_runs(tx, run.incident_id)[:1]:
        advance(tx, waiting)


def _tell(tx: Tx, run_id: str, state: str, **more: Any) -> None:
    add_run_event(tx, run_id, "run", {"state": state, **more})


def _why_nothing(document: dict[str, Any]) -> str:
    reasons = [f"{name}: {reason}" for name, reason in document["unreadable"][:5]]
    return NOTHING + (f" ({'; '.join(reasons)})" if reasons else "")
