"""Stage collect: bytes into the vault, records into the event store; what was done before is not done again."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ircopilot.cases.keep import evidence_to_keep, lock_evidence, note_kept
from ircopilot.domain.errors import UnusableArgument
from ircopilot.domain.evidence import Artifact, Load
from ircopilot.evidence.clocks import said_clock
from ircopilot.evidence.collect import Collected, collect
from ircopilot.evidence.load import UTC_ASSUMED, Wanted, load_artifacts
from ircopilot.evidence.mappings.base import Mapping
from ircopilot.evidence.mappings.compile import Assumed
from ircopilot.evidence.registry import DECODERS, MAPPINGS
from ircopilot.evidence.sniff import Sniffed
from ircopilot.pipeline.request import Job, Progress, Request
from ircopilot.pipeline.tidy import tidy_incident
from ircopilot.stores import StoreSet
from ircopilot.stores.postgres import artifacts, incidents, loads


class _VaultSink:
    """The vault of one organisation, as the collector wants it; counts bytes for progress."""

    def __init__(self, stores: StoreSet, request: Request, progress: Progress, total: int) -> None:
        self._stores, self._request, self._progress = stores, request, progress
        self._total, self._done = total, 0

    def put(self, pieces: Iterator[bytes]) -> tuple[str, int]:
        """Keep the bytes; returns their SHA-256 and size."""
        return self._stores.vault.put(self._request.org_id, self._counted(pieces))

    def _counted(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        for piece in pieces:
            self._done += len(piece)
            self._progress.stage(
                "collect", self._done, max(self._total, self._done), "bytes", "hashing and locking the evidence"
            )
            yield piece


def gather(stores: StoreSet, request: Request, progress: Progress) -> list[Collected]:
    """Hash, encrypt and keep everything given; needs no incident yet, since the incident may be named by the hashes."""
    total = sum(_sizes(request.evidence))
    with stores.database.tenant(request.org_id) as tx:
        incidents.ensure_organisation(tx)
    return list(collect(request.evidence, _VaultSink(stores, request, progress, total)))


def _sizes(paths: Iterable[Path]) -> Iterator[int]:
    """Sizes of the files below, as far as they can be seen; for the progress bar alone."""
    for path in paths:
        if path.is_dir():
            for folder, _, names in os.walk(path):
                yield from _sizes(Path(folder, name) for name in names)
        else:
            with suppress(OSError):
                status = path.stat(follow_symlinks=False)
                yield status.st_size if stat.S_ISREG(status.st_mode) else 0


def load_evidence(job: Job, gathered: list[Collected]) -> dict[str, Any]:
    """Link artifacts to the incident and load their records.

    Document: {"artifacts", "events", "errors", "unreadable": [[name, reason], …], "not_read": [[name, reason], …]},
    the last of what could not even be kept as an artifact.
    """
    check_clocks(job.request, [(f.artifact, m.name) for f in gathered if f.artifact and (m := _mapping(f))])
    tidy_loads(job)
    unreadable, not_read = record_collected(job, gathered)
    readable = [found for found in gathered if _mapping(found) is not None]
    dated = [found for found in readable if not names_no_year(_mapping(found))]
    said = {source: offset.total_seconds() for source, offset in job.request.clocks.items()}
    loads_now = list(_load_all(job, dated, len(readable), UTC_ASSUMED, said))
    undated, said_before = _without_year(job, readable)
    loads_now += _load_all(job, undated, len(readable), assumed_of(job), said_before | said)
    return {
        "artifacts": sum(found.artifact is not None and not found.duplicate_of for found in gathered),
        "events": sum(load.events for load in loads_now),
        "errors": sum(load.errors for load in loads_now),
        "unreadable": unreadable,
        "not_read": not_read,
    }


def tidy_loads(job: Job) -> None:
    """See `tidy_incident`. The job holds the incident."""
    tidy_incident(job.stores, job.org_id, job.incident.incident_id)


def record_collected(job: Job, gathered: list[Collected]) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Link the artifacts and their errors; (name, reason) of what is unreadable, and of what is no artifact at all."""
    unreadable: list[tuple[str, str]] = []
    not_read: list[tuple[str, str]] = []
    incident_id = job.incident.incident_id
    with job.stores.database.tenant(job.org_id) as tx:
        for found in gathered:
            said = [(found.name, error.reason.removeprefix(f"{found.name}: ")) for error in found.errors]
            unreadable += said
            if found.artifact is None:
                not_read += said
                continue
            artifacts.record_artifact(tx, incident_id, found.artifact)
            artifacts.record_artifact_errors(tx, incident_id, found.artifact.sha256, found.errors)
    _keep(job)
    return unreadable, not_read


def _keep(job: Job) -> None:
    """What comes to an incident that is kept until a day is kept as long as the rest of it."""
    incident_id = job.incident.incident_id
    with job.stores.database.tenant(job.org_id) as tx:
        until, hashes = evidence_to_keep(tx, incident_id)
    if until is not None:
        locked = lock_evidence(job.stores.vault, job.org_id, hashes, until)
        with job.stores.database.tenant(job.org_id) as tx:
            note_kept(tx, incident_id, locked, until, "ircopilot")


def check_clocks(request: Request, known: Sequence[tuple[Artifact, str]]) -> None:
    """Raise `UnusableArgument` for a clock that is nobody's, which would be forgotten in silence.

    `known`: the artifacts that have records, each with the name of its mapping.
    """
    for source in request.clocks:
        if source.startswith("host:"):
            continue
        if known and not any(said_clock(artifact, mapping, {source: 0.0}) for artifact, mapping in known):
            names = ", ".join(sorted({m for _, m in known} | {a.name for a, _ in known})[:12])
            raise UnusableArgument(
                f"--clock {source} names nothing in the evidence",
                f"name a file, a folder, a mapping or host:NAME; there are {names}",
            )


def _without_year(job: Job, readable: list[Collected]) -> tuple[list[Collected], dict[str, float]]:
    """What names no year comes after what does, which tells the year: what is given now, and what was given before.

    With it the clocks that the user said of the latter, in seconds by SHA-256.
    """
    said: dict[str, float] = {}
    given = [found for found in readable if names_no_year(_mapping(found))]
    met = {found.artifact.sha256 for found in readable if found.artifact}
    with job.stores.database.tenant(job.org_id) as tx:
        before = artifacts.list_artifacts(tx, job.incident.incident_id)
        committed = {load.artifact_sha256: load for load in loads.committed_loads(tx, job.incident.incident_id)}
    for artifact in before:
        load = committed.get(artifact.sha256)
        mapping = MAPPINGS.get(load.mapping) if load else None
        decoder = DECODERS.get(artifact.format.partition("/")[0])
        if artifact.sha256 not in met and decoder and mapping and names_no_year(mapping):
            given.append(Collected(artifact.name, artifact, sniffed=Sniffed(artifact.media_type, decoder, mapping)))
            if load and load.clock.method == "said-by-user":
                said[artifact.sha256] = load.clock.offset_s
    return given, said


def names_no_year(mapping: Mapping | None) -> bool:
    """Whether the mapping's times lack the year, which other evidence then tells."""
    return mapping is not None and any(t.format == "rfc3164" for t in mapping.times)


def _mapping(found: Collected) -> Mapping | None:
    return found.sniffed.mapping if found.sniffed else None


def assumed_of(job: Job) -> Assumed:
    """Year and month of the incident's latest event that names its year; now where there is none."""
    with job.stores.database.tenant(job.org_id) as tx:
        committed = loads.committed_loads(tx, job.incident.incident_id)
    dated = (load.last_time for load in committed if load.last_time and load.clock.year_assumed is None)
    last = max(dated, default=datetime.now(UTC))
    return Assumed(year=last.year, month=last.month)


def _load_all(job: Job, readable: list[Collected], of: int, assumed: Assumed, said: dict[str, float]) -> Iterator[Load]:
    """The committed loads of these artifacts, in no order of meaning. `said` as `load_artifacts` takes it."""
    wanted = [Wanted(f.artifact, f.sniffed.decoder, f.sniffed.mapping) for f in readable if f.artifact and f.sniffed
              and f.sniffed.decoder and f.sniffed.mapping]  # fmt: skip
    size = sum(w.artifact.size for w in wanted)
    done = 0

    def tell(consumed: int, events: int) -> None:
        note = f"reading the records, {done} of {of} artifacts done"
        job.progress.stage("collect", min(consumed, size), size, "bytes", note, events)

    for load in load_artifacts(
        job.stores, job.org_id, job.incident.incident_id, wanted, said=said, assumed=assumed, progress=tell
    ):
        done += 1
        yield load
