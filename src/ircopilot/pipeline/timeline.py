"""Stage timeline: everything on one axis."""

from __future__ import annotations

from typing import Any

from ircopilot.analysis.activity import lay_out
from ircopilot.pipeline.request import EventQuery, Job


def lay_out_timeline(job: Job) -> dict[str, Any]:
    """What the sources hold, as a document: {"counts", "sources", "samples"}."""
    job.progress.stage("timeline", 0, 1, "step", "laying out the timeline")
    layout = lay_out(EventQuery(job.stores, job.scope()))
    total = sum(source["n"] for source in layout.sources)
    job.progress.stage("timeline", 1, 1, "step", f"{len(layout.sources)} sources", total)
    return {"counts": layout.counts, "sources": layout.sources, "samples": list(layout.samples)}
