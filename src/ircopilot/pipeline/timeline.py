"""Stage timeline: everything on one axis."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ircopilot.analysis.activity import join_layouts, lay_out_part
from ircopilot.pipeline.request import EventQuery, Job


def lay_out_timeline(job: Job) -> dict[str, Any]:
    """What the sources hold, as a document: {"counts", "sources", "samples"}."""
    return join_timeline([lay_out_slice(job)])


def lay_out_slice(job: Job) -> dict[str, Any]:
    """What the sources hold within the job's slice, for `join_timeline`."""
    job.progress.stage("timeline", 0, 1, "step", "laying out the timeline")
    part = lay_out_part(EventQuery(job.stores, job.scope()))
    total = sum(source["n"] for source in part["sources"])
    job.progress.stage("timeline", 1, 1, "step", f"{len(part['sources'])} sources", total)
    return part


def join_timeline(parts: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """The stage's document out of its slices, in the order of time."""
    layout = join_layouts(parts)
    return {"counts": layout.counts, "sources": layout.sources, "samples": list(layout.samples)}
