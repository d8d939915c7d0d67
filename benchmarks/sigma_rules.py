"""Sigma: how fast rules are matched, and which techniques they find on labelled recordings.

    sigma_rules.py speed FILE... [--rules DIR]          seconds per step, and their ratio to one reading of the events
    sigma_rules.py atomic FOLDER [--rules DIR] [--level medium] --out reported.jsonl
                                                  one line a recording (zip or EVTX): the techniques of matched rules

Starts an event store of its own in a temporary folder.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import uuid
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import psutil

from ircopilot.analysis.attack import technique
from ircopilot.analysis.sigma import RuleSet, RunQuery, load_rules, match_rules
from ircopilot.analysis.sigma.fetch import take_census
from ircopilot.analysis.sigma.match import LEVEL_ORDER
from ircopilot.domain.evidence import Clock
from ircopilot.domain.ids import LOCAL_ORG
from ircopilot.evidence.mappings.compile import Assumed, events_columns, select_events
from ircopilot.evidence.sampling import batch_of
from ircopilot.evidence.sniff import SAMPLE_BYTES, sniff
from ircopilot.stores.events import EventStore
from ircopilot.stores.events.scope import EventScope

EVIDENCE_ENDINGS = (".json", ".log", ".evtx", ".jsonl", ".ndjson")


@contextmanager
def event_store() -> Iterator[EventStore]:
    """An event store child in a temporary folder."""
    with tempfile.TemporaryDirectory() as folder:
        ready, write = os.pipe()
        given = {"directory": folder, "port": 0, "password": "bench", "ready_fd": write}
        child = subprocess.Popen(
            [sys.executable, "-m", "ircopilot.embedded.eventstore"], stdin=subprocess.PIPE, pass_fds=[write], text=True
        )
        assert child.stdin is not None
        child.stdin.write(json.dumps(given))
        child.stdin.close()
        os.close(write)
        try:
            with os.fdopen(ready) as port:
                number = int(port.readline())
            store = EventStore(f"http://ircopilot:bench@127.0.0.1:{number}/default")
            store.ensure_schema()
            yield store
        finally:
            child.send_signal(signal.SIGTERM)
            child.wait()


def load_stream(store: EventStore, stream: BinaryIO) -> str | None:
    """Insert one file's events as a load; None when the file is of no known kind."""
    head = stream.read(SAMPLE_BYTES)
    stream.seek(0)
    found = sniff(head)
    if found.decoder is None or found.mapping is None:
        return None
    load = str(uuid.uuid4())
    params, sha256 = {"org": LOCAL_ORG}, hashlib.sha256(head).hexdigest()
    columns, select = events_columns(found.mapping), select_events(found.mapping, Clock(), Assumed())
    for number, block in enumerate(found.decoder.decode(stream)):
        if block.seqs:
            store.insert_block("events", columns, select, [batch_of(block, sha256, load)], params, f"{load}:{number}")
    return load


def query_of(store: EventStore, loads: list[str]) -> RunQuery:
    scope = EventScope(LOCAL_ORG, tuple(loads))
    return lambda sql, params: store.run_event_query(scope, sql, params)


def streams_of(path: Path) -> Iterator[BinaryIO]:
    """The files of a zip, or the file itself."""
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                if name.endswith(EVIDENCE_ENDINGS):
                    yield io.BytesIO(archive.read(name))
    else:
        yield io.BytesIO(path.read_bytes())


def processor_seconds() -> float:
    """Of this process and of the event store, so far."""
    me = psutil.Process()
    return float(sum(sum(p.cpu_times()[:2]) for p in (me, *me.children())))


def measure_speed(paths: list[Path], rules: RuleSet) -> dict[str, Any]:
    with event_store() as store:
        loads = [load for p in paths for s in streams_of(p) if (load := load_stream(store, s))]
        run_query = query_of(store, loads)
        events = sum(s.count for s in take_census(run_query))
        start = time.perf_counter()
        run_query("SELECT sum(length(process_command_line) + length(message)) FROM {events}", {})
        floor = time.perf_counter() - start
        start, cpu = time.perf_counter(), processor_seconds()
        result = match_rules(rules, run_query)
        spent, cpu = time.perf_counter() - start, processor_seconds() - cpu
    return {
        "events": events, "rules": len(rules.rules), "rules_evaluated": len(result.evaluated), "events_read": result.events,
        "detections": len(result.detections), "seconds": round(spent, 2), "events_per_second": round(events / spent),
        "processor_seconds": round(cpu, 2),
        "ratio_to_reading_two_columns": round(spent / floor, 1),
    }  # fmt: skip


def report_recordings(folder: Path, rules: RuleSet, level: str, out: Path) -> None:
    with event_store() as store, out.open("w") as lines:
        for path in sorted(p for p in folder.rglob("*") if p.suffix in (".zip", ".evtx")):
            loads = [load for s in streams_of(path) if (load := load_stream(store, s))]
            result = match_rules(rules, query_of(store, loads))
            wanted = [d for d in result.detections if LEVEL_ORDER[d.level] <= LEVEL_ORDER[level]]
            techniques = sorted({t for d in wanted for t in d.techniques})
            tactics = sorted({x for t in techniques if (info := technique(t)) for x in info.tactics})
            case = path.name.split("__")[0] if path.suffix == ".zip" else path.relative_to(folder).as_posix()
            said = {"case": case, "techniques": techniques, "tactics": tactics, "rules": [d.title for d in wanted]}
            lines.write(json.dumps(said) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["speed", "atomic"])
    parser.add_argument("paths", nargs="+", type=Path)
    parser.add_argument("--rules", type=Path, action="append", default=[])
    parser.add_argument("--no-starter", action="store_true")
    parser.add_argument("--level", default="medium", choices=list(LEVEL_ORDER))
    parser.add_argument("--out", type=Path, default=Path("reported.jsonl"))
    given = parser.parse_args()
    start = time.perf_counter()
    rules = load_rules(given.rules, Path(tempfile.gettempdir()) / "sigma-bench", starter=not given.no_starter)
    loading = time.perf_counter() - start
    if given.what == "speed":
        print(json.dumps({"seconds_loading_rules": round(loading, 2), **measure_speed(given.paths, rules)}, indent=1))
    else:
        report_recordings(given.paths[0], rules, given.level, given.out)


if __name__ == "__main__":
    main()
