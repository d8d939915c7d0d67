"""Routes of runs: start, list, look at, watch, cancel, retry; and of jobs that were given up."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from ircopilot.access.caller import Caller
from ircopilot.cases.errors import IncidentMerged
from ircopilot.cases.find import open_incident, seen_incident, seen_run, viewer_of
from ircopilot.domain.incident import OVER, Incident, Run, RunKind, RunParameters, Window
from ircopilot.gateway.described import problems
from ircopilot.gateway.errors import OrchestratorUnreachable, TooManyWatchers, UnknownRules
from ircopilot.gateway.event_stream import EventStream, last_seen
from ircopilot.gateway.feed import RunSource
from ircopilot.gateway.gate import WithCaller, WithGate
from ircopilot.gateway.moments import Moment
from ircopilot.gateway.permit import needs
from ircopilot.gateway.run_start import start_run
from ircopilot.gateway.shapes import Cancel, DeadLetterOut, DeadLetters, NewRun, Retry, RunOut, Runs
from ircopilot.stores.postgres import Tx, jobs, runs
from ircopilot.stores.postgres.cases import keys_of
from ircopilot.stores.postgres.errors import UnknownIncident, UnknownJob, UnknownRun

router = APIRouter(prefix="/v1")
MOST_RUNS = 200
EVENTS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Events of the run until it is over, each with its number as `id`.",
        "content": {
            "text/event-stream": {
                "schema": {"type": "string"},
                "example": 'id: 17\nevent: progress\ndata: {"number":17,"stage":"collect","state":"progress"}\n\n',
            }
        },
    },
    204: {"description": "The run is over and there are no more events."},
}


@router.post(
    "/incidents/{key}/runs",
    summary="Start a run",
    tags=["runs"],
    status_code=202,
    response_model=RunOut,
    dependencies=[needs("run:write")],
    responses=problems(UnknownIncident, IncidentMerged, UnknownRules, OrchestratorUnreachable),
)
async def ask_for_run(key: str, asked: NewRun, gate: WithGate, caller: WithCaller, response: Response) -> RunOut:
    """Start a run over all that was handed in to the incident."""
    incident = await gate.in_tx(caller.org_id, open_incident, caller, key)
    parameters = RunParameters(
        first_stage=asked.first_stage, rules=asked.rules, clocks=asked.clocks,
        window=Window(since=asked.since, until=asked.until),
    )  # fmt: skip
    return _accepted(
        await start_run(gate, incident, parameters, asked.priority, asked.deadline_s, caller), key, response
    )


@router.get(
    "/runs",
    summary="List runs",
    tags=["runs"],
    response_model=Runs,
    dependencies=[needs("run:read")],
    responses=problems(UnknownIncident),
)
async def list_runs(
    gate: WithGate, caller: WithCaller, incident: str | None = None,
    kind: Annotated[RunKind | None, Query(description="`analysis` of evidence, or `export` of a report.")] = None,
    limit: Annotated[int, Query(ge=1, le=MOST_RUNS)] = 50, before: Moment | None = None,
) -> Runs:  # fmt: skip
    """Runs, newest first, of one incident or of all. An export is a run, too, which makes no findings."""
    found, more = await gate.in_tx(caller.org_id, _page, caller, (incident, kind), limit, before)
    return Runs(items=[RunOut.of(run, key) for run, key in found], next=found[-1][0].created_at if more else None)


@router.get(
    "/runs/{run_id}",
    summary="Look at a run",
    tags=["runs"],
    response_model=RunOut,
    dependencies=[needs("run:read")],
    responses=problems(UnknownRun),
)
async def get_run(run_id: str, gate: WithGate, caller: WithCaller) -> RunOut:
    """One run."""
    run, incident = await gate.in_tx(caller.org_id, seen_run, caller, run_id)
    return RunOut.of(run, incident.key)


@router.get(
    "/runs/{run_id}/events",
    summary="Watch a run",
    tags=["runs"],
    dependencies=[needs("run:read")],
    status_code=200,
    response_class=EventStream,
    responses=problems(UnknownRun, TooManyWatchers) | EVENTS,
)
async def watch_run(
    run_id: str, request: Request, gate: WithGate, caller: WithCaller, after: Annotated[int, Query(ge=0)] = 0
) -> Response:
    """The run's events as server-sent events; goes on after `Last-Event-ID`. 204 when there are no more to come."""
    run, _ = await gate.in_tx(caller.org_id, seen_run, caller, run_id)
    seen = min(last_seen(request, after), run.last_event)
    if run.state in OVER and seen == run.last_event:
        return Response(status_code=204)
    gate.hub.check_room()
    return EventStream(
        gate, gate.hub.watch(RunSource(caller.org_id, run), seen), request,
        look=lambda: gate.in_tx(caller.org_id, seen_run, caller, run_id),
    )  # fmt: skip


@router.post(
    "/runs/{run_id}/cancel",
    summary="Cancel a run",
    tags=["runs"],
    status_code=202,
    response_model=RunOut,
    dependencies=[needs("run:write")],
    responses=problems(UnknownRun, OrchestratorUnreachable),
)
async def cancel_run(run_id: str, gate: WithGate, caller: WithCaller, asked: Cancel | None = None) -> RunOut:
    """Stop a run: what waits is given up, what works is told. A run that is over stays as it is."""
    _, incident = await gate.in_tx(caller.org_id, seen_run, caller, run_id)
    reason = (asked.reason if asked else None) or f"cancelled by {caller.name}"
    await gate.commit_held(caller.org_id)
    return RunOut.of(await gate.orchestrator.cancel_run(caller.org_id, run_id, reason, caller), incident.key)


@router.post(
    "/runs/{run_id}/retry",
    summary="Run again",
    tags=["runs"],
    status_code=202,
    response_model=RunOut,
    dependencies=[needs("run:write")],
    responses=problems(UnknownRun, UnknownRules, OrchestratorUnreachable),
)
async def retry_run(
    run_id: str, gate: WithGate, caller: WithCaller, response: Response, asked: Retry | None = None
) -> RunOut:
    """A new run like this one, from a stage on, with other rules or another window; its results stand beside the old."""
    run, incident = await gate.in_tx(caller.org_id, seen_run, caller, run_id)
    asked = asked or Retry()
    given = {name: getattr(asked, name) for name in asked.model_fields_set}
    priority = given.pop("priority", None)
    deadline_s = given.pop("deadline_s", None)
    old = run.parameters
    window = Window(since=given.pop("since", old.window.since), until=given.pop("until", old.window.until))
    # From the start unless a stage is named: what went wrong may lie anywhere.
    parameters = old.model_copy(update={"first_stage": "collect", "export": ""} | given | {"window": window})
    started = await start_run(
        gate, incident, parameters, run.priority if priority is None else priority, deadline_s, caller
    )  # fmt: skip
    return _accepted(started, incident.key, response)


@router.get(
    "/dead-letters",
    summary="List jobs that were given up",
    tags=["jobs"],
    response_model=DeadLetters,
    dependencies=[needs("job:read")],
    responses=problems(),
)
async def list_dead_letters(gate: WithGate, caller: WithCaller) -> DeadLetters:
    """Jobs that were given up and not driven again, oldest first."""
    return DeadLetters(items=[DeadLetterOut.of(d) for d in await gate.in_tx(caller.org_id, _dead_letters, caller)])


@router.post(
    "/dead-letters/{job_id}/redrive",
    summary="Drive a job again",
    tags=["jobs"],
    status_code=202,
    response_model=RunOut,
    dependencies=[needs("job:write")],
    responses=problems(UnknownJob, OrchestratorUnreachable),
)
async def redrive_job(job_id: str, gate: WithGate, caller: WithCaller, response: Response) -> RunOut:
    """Send a job that was given up once more, and go on with its run."""
    incident = await gate.in_tx(caller.org_id, _incident_of_job, caller, job_id)
    await gate.commit_held(caller.org_id)
    run = await gate.orchestrator.redrive_job(caller.org_id, job_id, caller)
    return _accepted(run, incident.key, response)


def _incident_of_job(tx: Tx, caller: Caller, job_id: str) -> Incident:
    """The incident of a job, if the caller may know of it. Raises `UnknownJob`."""
    try:
        return seen_run(tx, caller, jobs.job_run(tx, job_id))[1]
    except UnknownRun:
        raise UnknownJob(f"no job {job_id}") from None


def _dead_letters(tx: Tx, caller: Caller) -> list[jobs.DeadLetter]:
    return jobs.list_dead_letters(tx, viewer_of(caller))


def _accepted(run: Run, incident_key: str, response: Response) -> RunOut:
    response.headers["Location"] = f"/v1/runs/{run.run_id}"
    return RunOut.of(run, incident_key)


def _page(
    tx: Tx, caller: Caller, wanted: tuple[str | None, RunKind | None], limit: int, before: datetime | None
) -> tuple[list[tuple[Run, str]], bool]:  # fmt: skip
    incident, kind = wanted
    of_one = None if incident is None else seen_incident(tx, caller, incident).incident_id
    found = runs.list_runs(tx, of_one, limit + 1, before, viewer_of(caller), kind)
    keys = keys_of(tx, {run.incident_id for run in found})
    return [(run, keys[run.incident_id]) for run in found[:limit]], len(found) > limit
