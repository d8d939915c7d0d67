"""Stage collect: bytes into the vault, records into the event store; what was done before is not done again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from typing import Any

from ircopilot.domain.evidence import Load
from ircopilot.evidence.collect import Collected, collect
from ircopilot.evidence.load import load_artifact
from ircopilot.evidence.mappings.base import Mapping
from ircopilot.evidence.mappings.compile import Assumed
from ircopilot.pipeline.request import Job, Progress, Request
from ircopilot.stores import StoreSet
from ircopilot.stores.postgres import artifacts, incidents


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
    total = sum(
        f.stat().st_size for p in request.evidence for f in ([p] if p.is_file() else p.rglob("*")) if f.is_file()
    )
    with stores.database.tenant(request.org_id) as tx:
        incidents.ensure_organisation(tx)
    return list(collect(request.evidence, _VaultSink(stores, request, progress, total)))


def load_evidence(job: Job, gathered: list[Collected]) -> dict[str, Any]:
    """Link artifacts to the incident and load their records.

    Document: {"artifacts", "events", "errors", "unreadable": [[name, reason], …]}.
    """
    incident_id = job.incident.incident_id
    unreadable: list[tuple[str, str]] = []
    with job.stores.database.tenant(job.org_id) as tx:
        for found in gathered:
            if found.artifact is None:
                unreadable += [(found.name, e.reason) for e in found.errors]
                continue
            artifacts.record_artifact(tx, incident_id, found.artifact)
            if found.errors:
                artifacts.record_artifact_errors(tx, incident_id, found.artifact.sha256, found.errors)
                unreadable += [(found.name, e.reason) for e in found.errors]
    loads: list[Load] = []
    for number, found in enumerate(_yearless_last(gathered), start=1):
        assumed = _assumed(loads)
        load = _load(job, found, f"{found.name} ({number} of {len(gathered)})", assumed)
        loads += [load] if load else []
    return {
        "artifacts": sum(found.artifact is not None and not found.duplicate_of for found in gathered),
        "events": sum(load.events for load in loads),
        "errors": sum(load.errors for load in loads),
        "unreadable": unreadable,
    }


def _yearless_last(gathered: list[Collected]) -> list[Collected]:
    """Formats whose records name no year come after those that do, which tell the year."""
    return sorted(gathered, key=_names_no_year)


def _names_no_year(found: Collected) -> bool:
    mapping = _mapping(found)
    return mapping is not None and any(t.format == "rfc3164" for t in mapping.times)


def _mapping(found: Collected) -> Mapping | None:
    return found.sniffed.mapping if found.sniffed else None


def _assumed(loads: list[Load]) -> Assumed:
    """Year and month of the latest event that names its year; this year where there is none."""
    last = max((load.last_time for load in loads if load.last_time), default=datetime.now(UTC))
    return Assumed(year=last.year, month=last.month)


def _load(job: Job, found: Collected, name: str, assumed: Assumed) -> Load | None:
    mapping = _mapping(found)
    decoder = found.sniffed.decoder if found.sniffed else None
    if mapping is None or decoder is None or found.artifact is None:
        return None
    said = {source: offset.total_seconds() for source, offset in job.request.clocks.items()}
    return load_artifact(
        job.stores, job.org_id, job.incident.incident_id, found.artifact, decoder, mapping,
        said=said, assumed=assumed, progress=partial(_progress, job, found.artifact.size, name),
    )  # fmt: skip


def _progress(job: Job, size: int, name: str, consumed: int, events: int) -> None:
    job.progress.stage("collect", consumed, max(size, consumed), "bytes", f"reading {name}", events)
