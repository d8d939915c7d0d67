"""One job of a service run: the message says which part of which step, the stage functions do it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from ircopilot.analysis.sigma.rulesets import add_rules
from ircopilot.contracts.messages import JobMessage
from ircopilot.contracts.report import ReportDocument
from ircopilot.domain.errors import UnusableArgument
from ircopilot.domain.incident import Run, Stage, Window
from ircopilot.export.registry import write_outputs
from ircopilot.pipeline.clocks import agree_on_clocks
from ircopilot.pipeline.collect import tidy_loads
from ircopilot.pipeline.export import export_asked_for, kept_outputs
from ircopilot.pipeline.forensic import examine, findings_of, match_slice, tell_story
from ircopilot.pipeline.report import report_result, write_up
from ircopilot.pipeline.request import Job, Progress, Request
from ircopilot.pipeline.timeline import lay_out_slice
from ircopilot.pipeline.unpack import load_part, unpack_deposits
from ircopilot.stores import StoreSet
from ircopilot.stores.postgres import incidents, jobs, results, runs
from ircopilot.stores.postgres.errors import RunInProgress

Document = dict[str, Any]


class Busy(Exception):
    """Something else holds the incident for now: the job is to be tried again later."""


def perform(
    stores: StoreSet, message: JobMessage, progress: Progress, scratch: Path, rule_cache: Path | None = None
) -> Document:  # fmt: skip
    """Do what the message asks for; returns the job's result.

    `scratch` is an empty folder of the job's own, `rule_cache` one that jobs of this machine share, if any. Raises
    `ProblemError` for what another attempt would not mend, `Busy` while a local investigation holds the incident.
    """
    with stores.database.tenant(message.org_id) as tx:
        run = runs.get_run(tx, message.run_id)
        incident = incidents.get_incident(tx, message.incident_id)
    request = Request(
        evidence=(), out=scratch / "out", title=incident.title, incident=incident.key,
        clocks={source: timedelta(seconds=s) for source, s in run.parameters.clocks.items()},
        window=run.parameters.window, rule_cache=rule_cache, org_id=message.org_id,
    )  # fmt: skip
    given = message.payload
    part = Window.model_validate(given["slice"]) if "slice" in given else None
    job = Job(stores, request, incident, run.run_id, run.started_at, progress, part)
    with _beside_others(job):
        return _STEPS[given["step"]](_Errand(job, run, given, scratch))


class _Errand:
    """One job with all that the functions below need of it."""

    def __init__(self, job: Job, run: Run, given: Document, scratch: Path) -> None:
        self.job, self.run, self.given, self.scratch = job, run, given, scratch

    def document(self, stage: Stage) -> Document:
        """What the stage made in this run, else in the newest one that did it."""
        with self.job.stores.database.tenant(self.job.org_id) as tx:
            found = results.result_of_run(tx, self.run.run_id, stage)
            found = found or results.latest_result(tx, self.run.incident_id, stage)
        if found is None:
            raise UnusableArgument(f"there is no result of {stage} yet", "begin at an earlier stage")
        return found.document

    def parts(self, step: str) -> list[Document]:
        """What the parts of a step made, in order."""
        with self.job.stores.database.tenant(self.job.org_id) as tx:
            return [p.result for p in jobs.parts_of(tx, self.run.run_id, step) if p.result is not None]

    def with_rules(self) -> Job:
        """The job, its rule sets copied from the vault to where rules are read."""
        self.job.request = replace(self.job.request, rules=tuple(self._rule_folders()))
        return self.job

    def _rule_folders(self) -> Iterator[Path]:
        for sha256 in self.run.parameters.rules:
            given = self.scratch / f"{sha256}.rules"
            with self.job.stores.vault.open(self.job.org_id, sha256) as stream, given.open("wb") as copy:
                while piece := stream.read(1 << 20):
                    copy.write(piece)
            with given.open("rb") as copied:
                ending = ".zip" if copied.read(2) == b"PK" else ".yml"
            yield add_rules(given.rename(given.with_suffix(ending)), self.scratch).folder


@contextmanager
def _beside_others(job: Job) -> Iterator[None]:
    """Jobs of service runs share the incident; a local investigation wants it alone."""
    try:
        with runs.hold_incident(job.stores.database, job.org_id, job.incident.incident_id, shared=True):
            yield
    except RunInProgress as error:
        raise Busy(error.detail) from None


def _unpack(errand: _Errand) -> Document:
    return unpack_deposits(errand.job, errand.given["deposits"], first=errand.given["part"] == 0)


def _load(errand: _Errand) -> Document:
    return load_part(errand.job, errand.given["artifacts"], undated=False)


def _load_undated(errand: _Errand) -> Document:
    return load_part(errand.job, errand.given["artifacts"], undated=True)


def _clocks(errand: _Errand) -> Document:
    return agree_on_clocks(errand.job)


def _lay_out(errand: _Errand) -> Document:
    if errand.given["part"] == 0:
        tidy_loads(errand.job)  # what a worker that died while loading left behind
    return lay_out_slice(errand.job)


def _match(errand: _Errand) -> Document:
    return match_slice(errand.with_rules())


def _examine(errand: _Errand) -> Document:
    return examine(errand.with_rules())


def _story(errand: _Errand) -> Document:
    return tell_story(errand.job, errand.parts("forensic/match"))


def _draft(errand: _Errand) -> Document:
    return report_result(write_up(errand.job, findings_of(errand.document("forensic")), errand.document("timeline")))


def _make(errand: _Errand) -> Document:
    errand.job.progress.stage("export", 0, 1, "step", "writing the outputs")
    if errand.run.parameters.export:
        document, names = export_asked_for(errand.job, errand.run.parameters.export)
    else:
        document, names = ReportDocument.model_validate(errand.document("report")["document"]), ()
    made = kept_outputs(errand.job, write_outputs(document, errand.job.request.out, names))
    errand.job.progress.stage("export", 1, 1, "step", f"{len(made['outputs'])} files")
    return made


_STEPS: dict[str, Callable[[_Errand], Document]] = {
    "collect/unpack": _unpack, "collect/load": _load, "collect/load-undated": _load_undated,
    "collect/clocks": _clocks,
    "timeline/lay-out": _lay_out, "forensic/match": _match, "forensic/examine": _examine, "forensic/story": _story,
    "report/draft": _draft, "export/make": _make,
}  # fmt: skip
