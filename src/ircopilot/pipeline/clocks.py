"""The end of stage collect: clocks that only the whole evidence can tell, by connections that two sources recorded."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from ircopilot.domain.evidence import Clock, Load
from ircopilot.evidence.load import UTC_ASSUMED, Wanted, load_artifacts
from ircopilot.evidence.two_sources import LEAST_S, Source, agree, differences, names_zone
from ircopilot.pipeline.collect import assumed_of, names_no_year
from ircopilot.pipeline.request import Job
from ircopilot.pipeline.unpack import wanted_of
from ircopilot.stores.events import EventScope
from ircopilot.stores.events.connections import shared_connections, times_as_written
from ircopilot.stores.postgres import artifacts, loads


def agree_on_clocks(job: Job) -> dict[str, Any]:
    """Load anew what other sources prove to have a wrong clock. Document: {"corrected": number of artifacts}.

    Asking again changes nothing: times are compared as they stand in the records. What the user said is left alone.
    """
    with job.stores.database.tenant(job.org_id) as tx:
        committed = [load for load in loads.committed_loads(tx, job.incident.incident_id) if load.events]
        names = {a.sha256: a.name for a in artifacts.list_artifacts(tx, job.incident.incident_id)}
    clocks = _clocks(job, committed, names) if len(committed) > 1 else {}
    old = {load.artifact_sha256: load.clock for load in committed}
    new = {sha: c for sha, c in clocks.items() if (old[sha].method, old[sha].offset_s) != (c.method, c.offset_s)}
    groups: dict[bool, list[Wanted]] = defaultdict(list)
    for wanted in wanted_of(job, new):
        groups[names_no_year(wanted.mapping)].append(wanted)
    done = 0
    for yearless, group in groups.items():
        assumed = assumed_of(job) if yearless else UTC_ASSUMED
        incident_id = job.incident.incident_id
        for _ in load_artifacts(job.stores, job.org_id, incident_id, group, proved=new, assumed=assumed):
            done += 1
            job.progress.stage("collect", done, len(new), "files", "setting clocks that other sources prove wrong")
    return {"corrected": done}


def _clocks(job: Job, committed: Sequence[Load], names: dict[str, str]) -> dict[str, Clock]:
    """The proved clocks, by SHA-256 of the artifact."""
    ids = tuple(sorted(load.load_id for load in committed))
    written = [load.load_id for load in committed if load.clock.method == "seen-by-two-sources"]
    found = differences(shared_connections(job.stores.events, EventScope(job.org_id, ids), written))
    if all(abs(difference.seconds) < LEAST_S for difference in found.values()):
        return {}
    met = {load_id for pair in found for load_id in pair}
    sources = [_source(job, load, names) for load in committed if load.load_id in met]
    by_load = {load.load_id: load.artifact_sha256 for load in committed}
    return {by_load[load_id]: clock for load_id, clock in agree(sources, found).items()}


def _source(job: Job, load: Load, names: dict[str, str]) -> Source:
    texts = times_as_written(job.stores.events, EventScope(job.org_id, (load.load_id,)))
    # A field that agrees, or tells by how much to correct, proves as much as a zone does.
    proved = load.clock.method != "seen-by-two-sources" and load.clock.agreeing > 0
    believed = proved or (not load.clock.zone_assumed and bool(texts) and all(map(names_zone, texts)))
    name = names.get(load.artifact_sha256, load.artifact_sha256[:12])
    return Source(load.load_id, name, load.mapping, believed, load.clock.method == "said-by-user")
