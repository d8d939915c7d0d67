"""Stage collect, as a service does it: deposits into artifacts, then the artifacts into loads, in parts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, BinaryIO

from ircopilot.domain.evidence import Artifact, Load
from ircopilot.evidence.clocks import said_clock
from ircopilot.evidence.collect import Collected, collect_kept
from ircopilot.evidence.load import UTC_ASSUMED, Wanted, load_artifacts
from ircopilot.evidence.sniff import LONG_SAMPLE_BYTES, SAMPLE_BYTES, Sniffed, sniff
from ircopilot.pipeline.collect import assumed_of, check_clocks, names_no_year, record_collected, tidy_loads
from ircopilot.pipeline.request import Job
from ircopilot.stores.postgres import artifacts, deposits, loads
from ircopilot.stores.postgres.deposits import Deposit


class _VaultSink:
    """The vault of one organisation, as the collector wants it."""

    def __init__(self, job: Job) -> None:
        self._job = job

    def put(self, pieces: Iterator[bytes]) -> tuple[str, int]:
        """Keep the bytes; returns their SHA-256 and size."""
        return self._job.stores.vault.put(self._job.org_id, pieces)


def unpack_deposits(job: Job, deposit_ids: Iterable[str], *, first: bool) -> dict[str, Any]:
    """Describe what was handed in, and keep and describe what is in it. The `first` part of a run tidies up before it.

    Document: {"unreadable": [[name, reason], …], "not_read": [[name, reason], …]}.
    """
    if first:
        tidy_loads(job)
    with job.stores.database.tenant(job.org_id) as tx:
        given = deposits.find_deposits(tx, job.incident.incident_id, deposit_ids)
    unreadable: list[tuple[str, str]] = []
    not_read: list[tuple[str, str]] = []
    for done, deposit in enumerate(given):
        job.progress.stage("collect", done, len(given), "files", f"unpacking {deposit.name}")
        gathered = list(_unpacked(job, deposit))
        more = record_collected(job, gathered)
        unreadable += more[0]
        not_read += more[1]
    with job.stores.database.tenant(job.org_id) as tx:
        deposits.mark_unpacked(tx, [d.deposit_id for d in given])
    if first:
        _check_clocks(job)
    return {"unreadable": unreadable, "not_read": not_read}


def load_part(job: Job, hashes: Iterable[str], *, undated: bool) -> dict[str, Any]:
    """Load these artifacts, as far as it was not done before.

    Records that name no year wait until what names one is loaded: they are told as "undated" and loaded with
    `undated`. Document: {"artifacts", "events", "errors", "undated": [sha256, …]}.
    """
    wanted = wanted_of(job, hashes)
    now = [w for w in wanted if names_no_year(w.mapping) == undated]
    said = _said(job, now)
    size, done = sum(w.artifact.size for w in now), 0

    def tell(consumed: int, events: int) -> None:
        note = f"reading the records, {done} of {len(now)} artifacts done"
        job.progress.stage("collect", min(consumed, size), size, "bytes", note, events)

    committed: list[Load] = []
    assumed = assumed_of(job) if undated else UTC_ASSUMED
    for load in load_artifacts(
        job.stores, job.org_id, job.incident.incident_id, now, said=said, assumed=assumed, progress=tell
    ):
        committed.append(load)
        done += 1
    return {
        "artifacts": len(committed), "events": sum(x.events for x in committed),
        "errors": sum(x.errors for x in committed),
        "undated": sorted(w.artifact.sha256 for w in wanted if names_no_year(w.mapping) and not undated),
    }  # fmt: skip


def wanted_of(job: Job, hashes: Iterable[str]) -> list[Wanted]:
    """These artifacts of the incident, and how they are read; without those that cannot be."""
    with job.stores.database.tenant(job.org_id) as tx:
        kinds = deposits.said_kinds(tx, job.incident.incident_id)
    return [w for a in _known(job, hashes) if (w := _wanted(job, a, kinds.get(a.sha256))) is not None]


def _unpacked(job: Job, deposit: Deposit) -> Iterator[Collected]:
    with job.stores.vault.open(job.org_id, deposit.sha256) as stream:
        yield from collect_kept(
            deposit.name, deposit.sha256, deposit.size, stream, _VaultSink(job), received_from=deposit.received_from
        )


def _known(job: Job, hashes: Iterable[str]) -> list[Artifact]:
    asked = set(hashes)
    with job.stores.database.tenant(job.org_id) as tx:
        return [a for a in artifacts.list_artifacts(tx, job.incident.incident_id) if a.sha256 in asked]


def _wanted(job: Job, artifact: Artifact, kind: str | None) -> Wanted | None:
    """How the artifact is read, told from its first bytes as when it was collected; None when it cannot be.

    `kind` is what it was said to be when it was handed in.
    """
    with job.stores.vault.open(job.org_id, artifact.sha256) as stream:
        found = _sniffed(stream, artifact.size)
    if not found.decoder or not found.mapping:
        return None
    mapping = replace(found.mapping, kind=kind, kinds=()) if kind else found.mapping
    return Wanted(artifact, found.decoder, mapping)


def _sniffed(stream: BinaryIO, size: int) -> Sniffed:
    head = b""
    while len(head) < SAMPLE_BYTES or (len(head) < LONG_SAMPLE_BYTES and b"\n" not in head):
        piece = stream.read(SAMPLE_BYTES)
        if not piece:
            break
        head += piece
    end = max(SAMPLE_BYTES, head.find(b"\n") + 1 or len(head))
    head = head[: min(end, LONG_SAMPLE_BYTES)]
    return sniff(head, whole=size <= len(head))


def _said(job: Job, wanted: Iterable[Wanted]) -> Mapping[str, float]:
    """The clocks that the run was told, and those that an earlier run was told of artifacts this one says nothing of."""
    told = {source: offset.total_seconds() for source, offset in job.request.clocks.items()}
    with job.stores.database.tenant(job.org_id) as tx:
        committed = {load.artifact_sha256: load for load in loads.committed_loads(tx, job.incident.incident_id)}
    kept: dict[str, float] = {}
    for one in wanted:
        load = committed.get(one.artifact.sha256)
        if load and load.clock.method == "said-by-user" and not said_clock(one.artifact, one.mapping.name, told):
            kept[one.artifact.sha256] = load.clock.offset_s
    return kept | told


def _check_clocks(job: Job) -> None:
    with job.stores.database.tenant(job.org_id) as tx:
        known = artifacts.list_artifacts(tx, job.incident.incident_id)
    check_clocks(job.request, [(a, a.format.partition("/")[2]) for a in known if "/" in a.format])
