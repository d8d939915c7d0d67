"""The steps of a service run, and how each is cut into parts that workers can share.

    collect/unpack → collect/load → collect/load-undated → collect/clocks → timeline/lay-out → forensic/match
    → forensic/story → report/draft → export/make

A step without parts is left out: nothing undated, one source alone, or so little evidence that one worker both matches and tells
(forensic/examine). What the parts made is joined when the step is over, into the document of the stage.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from ircopilot.domain.incident import Run, Stage, Window
from ircopilot.pipeline.slices import time_slices
from ircopilot.pipeline.timeline import join_timeline
from ircopilot.stores.postgres import Tx, artifacts, deposits, jobs, loads

MOST_ARTIFACTS = 100  # in one part
Payload = dict[str, Any]

STEPS = (
    "collect/unpack", "collect/load", "collect/load-undated", "collect/clocks", "timeline/lay-out",
    "forensic/match", "forensic/examine", "forensic/story", "report/draft", "export/make",
)  # fmt: skip


def stage_of(step: str) -> Stage:
    """The stage that the step belongs to."""
    return step.partition("/")[0]  # type: ignore[return-value]


def steps_from(stage: Stage) -> Sequence[str]:
    """The steps of the stage and of those after it, in order."""
    return STEPS[next(n for n, step in enumerate(STEPS) if stage_of(step) == stage) :]


def steps_after(step: str) -> Sequence[str]:
    """The steps that may follow, in order."""
    return STEPS[STEPS.index(step) + 1 :]


def parts_for(tx: Tx, run: Run, step: str) -> list[Payload]:
    """What each part of the step is to do; empty: the step is left out."""
    return _PLANS[step](tx, run)


def join_stage(tx: Tx, run: Run, stage: Stage) -> Payload:
    """The document of a stage whose steps are over, out of what their parts made."""
    made = {step: _results(tx, run, step) for step in STEPS if stage_of(step) == stage}
    if stage == "collect":
        return _joined_collect(made)
    if stage == "timeline":
        return join_timeline(made["timeline/lay-out"])
    if stage == "forensic":
        return (made["forensic/story"] or made["forensic/examine"])[0]
    return made["report/draft" if stage == "report" else "export/make"][0]


def _joined_collect(made: dict[str, list[Payload]]) -> Payload:
    loaded = [*made["collect/load"], *made["collect/load-undated"]]
    sums = {name: sum(part[name] for part in loaded) for name in ("artifacts", "events", "errors")}
    told = {name: [x for part in made["collect/unpack"] for x in part[name]] for name in ("unreadable", "not_read")}
    clocks = {"corrected": sum(part["corrected"] for part in made["collect/clocks"])}
    return sums | told | clocks


def _results(tx: Tx, run: Run, step: str) -> list[Payload]:
    return [part.result for part in jobs.parts_of(tx, run.run_id, step) if part.result is not None]


def _unpack(tx: Tx, run: Run) -> list[Payload]:
    fresh = [d for d in deposits.list_deposits(tx, run.incident_id) if d.unpacked_at is None]
    groups = _grouped(((d.deposit_id, d.size) for d in fresh), run.parameters.part_bytes)
    return [{"deposits": group} for group in groups or [[]]]


def _load(tx: Tx, run: Run) -> list[Payload]:
    known = [a for a in artifacts.list_artifacts(tx, run.incident_id) if "/" in a.format]
    return [{"artifacts": g} for g in _grouped(((a.sha256, a.size) for a in known), run.parameters.part_bytes)]


def _load_undated(tx: Tx, run: Run) -> list[Payload]:
    undated = {sha for made in _results(tx, run, "collect/load") for sha in made["undated"]}
    known = [a for a in artifacts.list_artifacts(tx, run.incident_id) if a.sha256 in undated]
    return [{"artifacts": g} for g in _grouped(((a.sha256, a.size) for a in known), run.parameters.part_bytes)]


def _clocks(tx: Tx, run: Run) -> list[Payload]:
    return [{}] if len(loads.committed_load_ids(tx, run.incident_id)) > 1 else []


def _slices(tx: Tx, run: Run) -> list[Window]:
    committed = loads.committed_loads(tx, run.incident_id)
    return time_slices(committed, run.parameters.window, run.parameters.part_events)


def _lay_out(tx: Tx, run: Run) -> list[Payload]:
    return [{"slice": window.model_dump(mode="json")} for window in _slices(tx, run)]


def _match(tx: Tx, run: Run) -> list[Payload]:
    slices = _slices(tx, run)
    return [{"slice": window.model_dump(mode="json")} for window in slices] if len(slices) > 1 else []


def _examine(tx: Tx, run: Run) -> list[Payload]:
    return [] if jobs.parts_of(tx, run.run_id, "forensic/match") else [{}]


def _story(tx: Tx, run: Run) -> list[Payload]:
    return [{}] if jobs.parts_of(tx, run.run_id, "forensic/match") else []


def _whole(tx: Tx, run: Run) -> list[Payload]:
    return [{}]


_PLANS: dict[str, Callable[[Tx, Run], list[Payload]]] = {
    "collect/unpack": _unpack, "collect/load": _load, "collect/load-undated": _load_undated,
    "collect/clocks": _clocks, "timeline/lay-out": _lay_out, "forensic/match": _match, "forensic/examine": _examine, "forensic/story": _story,
    "report/draft": _whole, "export/make": _whole,
}  # fmt: skip


def _grouped(sized: Iterable[tuple[str, int]], most_bytes: int) -> list[list[str]]:
    """Names in groups of at most so many bytes and `MOST_ARTIFACTS`; what is larger stands alone, the largest first."""
    groups: list[list[str]] = []
    room = 0
    for name, size in sorted(sized, key=lambda s: (-s[1], s[0])):
        if size > room or len(groups[-1]) >= MOST_ARTIFACTS:
            groups.append([])
            room = most_bytes
        groups[-1].append(name)
        room -= size
    return groups
