"""Ingest: from a file to committed events, as a ratio to the floor measured in the same run.

    python -m benchmarks.ingest FILE... [--rounds N]

JSON: the floor is `orjson.loads` on every line. EVTX: the `evtx` crate's records as JSON text. What is measured takes
the bytes in (hash, encryption), estimates the clock, inserts and commits, on a stack of its own in a temporary folder.
`cpu` is the processor time of the process and of the event store: on a busy machine it says more than `wall`.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import orjson
import psutil
from evtx import PyEvtxParser

from ircopilot.domain.evidence import Artifact
from ircopilot.domain.ids import LOCAL_ORG
from ircopilot.embedded import running_stack
from ircopilot.evidence.load import load_artifact
from ircopilot.evidence.sniff import SAMPLE_BYTES, sniff
from ircopilot.stores import StoreSet, open_stores
from ircopilot.stores.postgres import artifacts, incidents


def floor(path: Path, is_evtx: bool) -> int:
    """Read every record the cheapest way; returns how many there are."""
    if is_evtx:
        return sum(1 for _ in PyEvtxParser(str(path)).records_json())
    count = 0
    with path.open("rb") as lines:
        for line in lines:
            orjson.loads(line)
            count += 1
    return count


def ingest(stores: StoreSet, path: Path, key: str) -> int:
    """The whole way of one file, into an incident of its own; returns the number of events."""
    with path.open("rb") as stream:
        head = stream.read(SAMPLE_BYTES)
        stream.seek(0)
        sha, size = stores.vault.put(LOCAL_ORG, stream)
    kind = sniff(head, len(head) == size)
    assert kind.decoder and kind.mapping, kind.unreadable
    with stores.database.tenant(LOCAL_ORG) as tx:
        incidents.ensure_organisation(tx)
        incident = incidents.upsert_incident(tx, key, key)
        artifact = Artifact(sha256=sha, size=size, name=path.name, format=kind.format)
        artifacts.record_artifact(tx, incident.incident_id, artifact)
    return load_artifact(stores, LOCAL_ORG, incident.incident_id, artifact, kind.decoder, kind.mapping).events


def processor_time(folder: str) -> float:
    """Seconds of the event store under `folder`, so far."""
    total = 0.0
    for process in psutil.process_iter(["cmdline", "cwd"]):
        if "eventstore" in " ".join(process.info["cmdline"] or ()) and str(process.info["cwd"]).startswith(folder):
            total += sum(process.cpu_times()[:2])
    return float(total)


def resident_bytes(folder: str) -> int:
    """Memory of the stack's processes: those that work under `folder`, and this one."""
    total = psutil.Process().memory_info().rss
    for process in psutil.process_iter(["cwd", "cmdline"]):
        if folder in str(process.info["cwd"]) + " ".join(process.info["cmdline"] or ()):
            total += process.memory_info().rss
    return int(total)


def timed(work: Callable[[], int], folder: str) -> dict[str, float]:
    """Wall and processor seconds of `work`, and what it counted."""
    # In this order: to look through all processes takes a tenth of what is measured.
    cpu = processor_time(folder)
    mine, begun = time.process_time(), time.perf_counter()
    count = work()
    wall, mine = time.perf_counter() - begun, time.process_time() - mine
    return {"count": count, "wall": wall, "cpu": processor_time(folder) - cpu + mine}


def main() -> None:
    """Measure each file and print one JSON object per round."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, running_stack(Path(folder)) as urls, open_stores(urls) as stores:
        stores.events.ensure_schema()
        for number in range(args.rounds):
            for path in args.files:
                with path.open("rb") as stream:
                    is_evtx = stream.read(8) == b"ElfFile\x00"
                bare = timed(lambda path=path, is_evtx=is_evtx: floor(path, is_evtx), folder)
                whole = timed(
                    lambda path=path, number=number: ingest(stores, path, f"bench-{path.name}-{number}"), folder
                )
                found = {
                    "file": path.name, "bytes": path.stat().st_size, "events": int(whole["count"]),
                    "floor_s": round(bare["wall"], 3), "wall_s": round(whole["wall"], 3),
                    "cpu_s": round(whole["cpu"], 3), "ratio": round(bare["wall"] / whole["wall"], 3),
                    "ratio_cpu_2_cores": round(bare["cpu"] / (whole["cpu"] / 2), 3),
                    "events_per_s": round(whole["count"] / whole["wall"]), "stack_mib": resident_bytes(folder) >> 20,
                }  # fmt: skip
                print(json.dumps(found), flush=True)


if __name__ == "__main__":
    main()
