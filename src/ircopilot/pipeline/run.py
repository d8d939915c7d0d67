"""The order of the stages: one call investigates, and calling again continues or repeats the same incident."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ircopilot.contracts.report import ReportDocument
from ircopilot.domain.errors import NothingReadable, Stopped, UnusableArgument
from ircopilot.domain.ids import incident_key
from ircopilot.domain.incident import Stage
from ircopilot.pipeline.clocks import agree_on_clocks
from ircopilot.pipeline.collect import gather, load_evidence
from ircopilot.pipeline.export import export_report, kept_outputs
from ircopilot.pipeline.forensic import examine, findings_of
from ircopilot.pipeline.report import report_result, write_up
from ircopilot.pipeline.request import Job, Progress, Request
from ircopilot.pipeline.timeline import lay_out_timeline
from ircopilot.stores import StoreSet
from ircopilot.stores.postgres import incidents, results, runs
from ircopilot.stores.postgres.errors import RunInProgress


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an investigation made: the report, where its files lie, and (name, reason) of what could not even be kept."""

    document: ReportDocument
    outputs: dict[str, Path]
    rules: dict[str, int]
    not_read: tuple[tuple[str, str], ...] = ()


def investigate(stores: StoreSet, request: Request, progress: Progress) -> Outcome:
    """Collect, lay out, examine, report, export.

    Raises `UnusableArgument` for paths that do not exist, `NothingReadable` when no record could be read, and
    `RunInProgress` when another process holds the incident.
    """
    check_paths(request)
    gathered = gather(stores, request, progress)
    if not gathered:
        raise NothingReadable("there is no file in the evidence given", "give at least one file of evidence")
    key = request.incident or incident_key(request.title, [a.artifact.sha256 for a in gathered if a.artifact])
    with stores.database.tenant(request.org_id) as tx:
        incidents.ensure_organisation(tx)
        incident = incidents.upsert_incident(tx, key, request.title)
    try:
        with runs.hold_incident(stores.database, request.org_id, incident.incident_id):
            return _run(Job(stores, request, incident, str(uuid.uuid4()), datetime.now(UTC), progress), gathered)
    except RunInProgress as error:
        raise RunInProgress(f"another process is working on incident {incident.key}", error.next_step) from None


def check_paths(request: Request) -> None:
    """Whether the evidence can be looked at, which is known before any store is. Raises `UnusableArgument`."""
    for path in request.evidence:
        check_path(path)


def check_path(path: Path) -> None:
    """Whether a path can be looked at. Raises `UnusableArgument`."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        raise UnusableArgument(f"{path} does not exist", "give files or folders that exist") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UnusableArgument(f"{str(path)[:200]} cannot be reached: {reason}", "give files or folders that you may read") from None  # fmt: skip


def _run(job: Job, gathered: list[Any]) -> Outcome:
    with job.stores.database.tenant(job.org_id) as tx:
        if others := runs.open_runs_of(tx, job.incident.incident_id):
            raise RunInProgress(f"run {others[0].run_id} of the service goes on", "wait until it ends, or cancel it")
        runs.close_dead_runs(tx, job.incident.incident_id)
        runs.start_run(tx, job.incident.incident_id, job.run_id)
    try:
        outcome = _stages(job, gathered)
    except BaseException as error:
        with job.stores.database.tenant(job.org_id) as tx:
            stopped = isinstance(error, (Stopped, KeyboardInterrupt))
            runs.finish_run(tx, job.run_id, "cancelled" if stopped else "failed", repr(error)[:500])
        raise
    with job.stores.database.tenant(job.org_id) as tx:
        runs.finish_run(tx, job.run_id)
    return outcome


def _stages(job: Job, gathered: list[Any]) -> Outcome:
    loaded = _stage(job, "collect", lambda: _collect(job, gathered))
    if not loaded["events"]:
        raise NothingReadable(_why_nothing(loaded), "give evidence in a format that is known, see docs/formats.md")
    layout = _stage(job, "timeline", lambda: lay_out_timeline(job))
    examined = _stage(job, "forensic", lambda: examine(job))
    written = write_up(job, findings_of(examined), layout)
    _stage(job, "report", lambda: report_result(written))
    document = written.document
    outputs = export_report(job, document)
    _stage(job, "export", lambda: kept_outputs(job, outputs.values()))
    return Outcome(document, outputs, examined["rules"], tuple(loaded["not_read"]))


def _collect(job: Job, gathered: list[Any]) -> dict[str, Any]:
    loaded = load_evidence(job, gathered)
    return loaded | agree_on_clocks(job)


def _stage(job: Job, stage: Stage, work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Do the work of a stage and make its result visible, with a numbered row before and after."""
    job.note(stage, {"state": "started"})
    document = work()
    with job.stores.database.tenant(job.org_id) as tx:
        results.save_result(tx, job.incident.incident_id, job.run_id, stage, document)
    job.note(stage, {"state": "done"})
    return document


def _why_nothing(loaded: dict[str, Any]) -> str:
    reasons = [f"{name}: {reason}" for name, reason in loaded["unreadable"][:5]]
    return "no record could be read" + (f" ({'; '.join(reasons)})" if reasons else "")
