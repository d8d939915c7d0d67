"""The pieces that are measured; each takes what was given and returns figures."""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import orjson

from benchmarks.command import run_command
from benchmarks.figures import Figure
from benchmarks.ingest import floor, ingest, timed
from benchmarks.make_data import longer_evtx, longer_lines, make_lines
from benchmarks.sigma_rules import measure_speed
from ircopilot.analysis.sigma import load_rules
from ircopilot.contracts.report import ReportDocument
from ircopilot.embedded import running_stack
from ircopilot.export.pdf import render_pdf
from ircopilot.sample import write_sample
from ircopilot.stores import open_stores

MEGABYTES = 106
MEMORY_MEGABYTES = 120
EVTX_MEGABYTES = 40
HEADER_FILLING = 200
GIB = 1 << 30


@dataclass(frozen=True, slots=True)
class Given:
    """What there is to measure with. `invented` names what was made up for want of something real."""

    folder: Path
    incident: Path
    lines: Path
    evtx: Path | None
    rules: Path | None
    rounds: int
    invented: tuple[str, ...]

    @classmethod
    def of(
        cls, folder: Path, incident: Path | None, lines: Path | None, evtx: Path | None, rules: Path | None, rounds: int
    ) -> Given:
        """What was asked for, completed by invented data in `folder`."""
        invented = []
        if incident is None:
            incident = folder / "incident"
            write_sample(incident)
            make_lines(incident / "sysmon.jsonl", MEGABYTES)
            invented.append("incident")
        if lines is None:
            lines = max((p for p in incident.rglob("*") if p.is_file()), key=lambda p: p.stat().st_size)
        if evtx:
            long = folder / "long.evtx"
            longer_evtx(sorted(evtx.rglob("*.evtx")), long, EVTX_MEGABYTES)
            evtx = long
        return cls(folder, incident, lines, evtx, rules, rounds, tuple(invented))

    def told(self) -> list[str]:
        """The data in words, without its paths."""
        files = [p for p in self.incident.rglob("*") if p.is_file()]
        size = sum(p.stat().st_size for p in files) / 1e6
        kind = "invented: the sample, and Windows events of a real collection's shape" if self.invented else "recorded"
        evtx = (
            f"{self.evtx.stat().st_size / 1e6:.0f} MB, filled chunks of recorded files, repeated"
            if self.evtx
            else "none given: not measured"
        )
        rules = "the starter set and the checkout given" if self.rules else "the starter set alone"
        return [
            f"Incident: {size:,.0f} MB in {len(files)} files, {kind}",
            f"JSON lines: {self.lines.stat().st_size / 1e6:,.0f} MB, the largest file of it",
            f"EVTX: {evtx}",
            f"Sigma rules: {rules}",
        ]

    @property
    def rule_options(self) -> tuple[str, ...]:
        """As `investigate` takes them."""
        return ("--rules", str(self.rules)) if self.rules else ()


def _seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def _ingest(given: Given, path: Path, piece: str, floor_name: str, goal: float) -> list[Figure]:
    """Floor and ingest in turns, on one stack; medians, by the clock and by processor time."""
    is_evtx = piece == "EVTX"
    floors, wholes = [], []
    with (
        tempfile.TemporaryDirectory(dir=given.folder) as data,
        running_stack(Path(data)) as urls,
        open_stores(urls) as stores,
    ):
        stores.events.ensure_schema()
        for number in range(given.rounds):
            floors.append(timed(lambda: floor(path, is_evtx), data))
            copy = _changed(path, given.folder / f"{number}-{path.name}", number, is_evtx)
            wholes.append(timed(lambda copy=copy, number=number: ingest(stores, copy, f"{piece}-{number}"), data))
            copy.unlink()
    least, whole = (statistics.median(run["wall"] for run in runs) for runs in (floors, wholes))
    least_cpu, whole_cpu = (statistics.median(run["cpu"] for run in runs) for runs in (floors, wholes))
    cores, count = os.cpu_count() or 1, wholes[0]["count"]
    idle = least_cpu / (whole_cpu / cores)
    beside = f"{floor_name} {least:.2f} s, file to committed events {whole:.2f} s"
    return [
        Figure(piece, "rate as a share of the floor", least / whole, "×", beside, goal),
        Figure(
            piece,
            "the same by processor time, all cores ours",
            idle,
            "×",
            f"{least_cpu:.2f} s and {whole_cpu:.2f} s of {cores} cores",
            goal,
        ),
        Figure(piece, "events per second", count / whole, "", f"floor {count / least:,.0f}/s, {count:,.0f} events"),
    ]


def _changed(path: Path, copy: Path, number: int, is_evtx: bool) -> Path:
    # Bytes the vault has not seen, so that each round encrypts and writes them: blank lines at the end of a text, a
    # byte of an EVTX header's filling.
    shutil.copyfile(path, copy)
    with copy.open("r+b") as file:
        file.seek(HEADER_FILLING if is_evtx else 0, os.SEEK_SET if is_evtx else os.SEEK_END)
        file.write(bytes([number + 1]) if is_evtx else b"\n" * (number + 1))
    return copy


def json_lines(given: Given) -> list[Figure]:
    """From file to committed events, against `orjson.loads`."""
    return _ingest(given, given.lines, "JSON lines", "bare `orjson.loads`", 0.3)


def evtx(given: Given) -> list[Figure]:
    """From file to committed events, against the `evtx` crate."""
    return _ingest(given, given.evtx, "EVTX", "bare `evtx` records as JSON", 0.2) if given.evtx else []


def sigma(given: Given) -> list[Figure]:
    """Rules that are loaded, over the events of the lines."""
    folders = [given.rules] if given.rules else []
    cache = given.folder / "sigma-cache"
    compiling = _seconds(lambda: load_rules(folders, cache))
    begun = time.perf_counter()
    rules = load_rules(folders, cache)
    loading = time.perf_counter() - begun
    runs = [measure_speed([given.lines], rules) for _ in range(min(given.rounds, 3))]
    found = sorted(runs, key=lambda run: run["events_per_second"])[len(runs) // 2]
    goal = 50_000 if given.rules else None
    cores = os.cpu_count() or 1
    idle = found["events"] * cores / found["processor_seconds"]
    applied = f"{found['rules_evaluated']:,} of {found['rules']:,} rules apply"
    told = f"{applied}, {found['seconds']} s, {found['ratio_to_reading_two_columns']} × reading two columns"
    return [
        Figure("Sigma", "events per second, rules loaded", found["events_per_second"], "", told, goal),
        Figure(
            "Sigma",
            "the same by processor time, all cores ours",
            idle,
            "",
            f"{found['processor_seconds']} s of {cores} cores",
            goal,
        ),
        Figure("Sigma", "loading the compiled rules", loading, "s", f"compiling them once {compiling:.1f} s"),
    ]


@contextmanager
def _data_with_rules(given: Given) -> Iterator[Path]:
    """An empty data directory but for the compiled rules."""
    with tempfile.TemporaryDirectory(dir=given.folder) as data:
        load_rules([given.rules] if given.rules else [], given.folder / "rules-cache")
        shutil.copytree(given.folder / "rules-cache", Path(data, "cache"))
        yield Path(data)


def memory(given: Given) -> list[Figure]:
    """Peak of all processes for a file, and for one three times as long."""
    peaks = []
    for times in (1, 3):
        with tempfile.TemporaryDirectory(dir=given.folder) as folder, _data_with_rules(given) as data:
            long = Path(folder, "long.jsonl")
            longer_lines(given.lines, long, MEMORY_MEGABYTES * times)
            out = str(Path(folder, "out"))
            peaks.append(
                run_command(data, "investigate", str(long), "--out", out, *given.rule_options, "--json", weigh=True)
            )
    one, three = peaks
    told = f"as plain RSS {one.peak_rss_bytes / GIB:.2f} GiB"
    more = f"{three.peak_bytes / GIB:.2f} GiB for {3 * MEMORY_MEGABYTES} MB, {three.seconds:.0f} s"
    return [
        Figure("Memory", f"the whole stack at {MEMORY_MEGABYTES} MB", one.peak_bytes / GIB, "GiB", told, 2.5, False),
        Figure("Memory", "three times the file, ratio", three.peak_bytes / one.peak_bytes, "×", more, 1.25, False),
    ]


def investigate(given: Given) -> list[Figure]:
    """The command, files to PDF."""
    seconds, events = [], ""
    for number in range(min(given.rounds, 3)):
        with _data_with_rules(given) as data:
            out = given.folder / f"report-{number}"
            ran = run_command(
                data, "investigate", str(given.incident), "--out", str(out), *given.rule_options, "--json"
            )
            seconds.append(ran.seconds)
            events = json.loads(ran.said[ran.said.index("{\n") :])["events"]
    bare = _seconds(lambda: _bare_reading(given.incident))
    whole = statistics.median(seconds)
    told = f"{events}; {whole / bare:.0f} × a bare `orjson.loads` of the same files ({bare:.2f} s)"
    return [Figure("Investigate", "files to PDF, stack included", whole, "s", told, 30, False)]


def _bare_reading(folder: Path) -> None:
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb") as lines:
                for line in lines:
                    if line.startswith(b"{"):
                        try:
                            orjson.loads(line)
                        except orjson.JSONDecodeError:
                            break


def stack(given: Given) -> list[Figure]:
    """Start on an empty and on a used data directory."""
    cold, warm = [], []
    bare = statistics.median(_seconds(lambda: run_command(given.folder, "--help")) for _ in range(3))
    for _ in range(min(given.rounds, 3)):
        with tempfile.TemporaryDirectory(dir=given.folder) as data:
            for kept in (cold, warm):
                kept.append(run_command(Path(data), "up").seconds)
                run_command(Path(data), "down")
    told = f"`ircopilot --help` {bare:.2f} s"
    return [
        Figure("Stack", "cold start", statistics.median(cold), "s", told),
        Figure("Stack", "warm start", statistics.median(warm), "s", told),
    ]


def pdf(given: Given) -> list[Figure]:
    """The report's PDF alone."""
    out = given.folder / "report-0"
    if not (out / "report.json").exists():
        with _data_with_rules(given) as data:
            run_command(data, "investigate", str(given.incident), "--out", str(out), *given.rule_options, "--json")
    document = ReportDocument.model_validate_json((out / "report.json").read_bytes())
    whole = statistics.median(_seconds(lambda: render_pdf(document)) for _ in range(3))
    bare = statistics.median(_seconds(_one_line_pdf) for _ in range(3))
    pages = (out / "report.pdf").read_bytes().count(b"/Type /Page\n") or (out / "report.pdf").read_bytes().count(
        b"/StructParents"
    )
    told = f"{whole / bare:.1f} × one line through typst ({bare:.2f} s); {len(document.events):,} cited events, {pages or '?'} pages"
    return [Figure("PDF", "typesetting the report", whole, "s", told)]


def _one_line_pdf() -> None:
    code = "import tempfile, typst, pathlib; f = pathlib.Path(tempfile.mkdtemp(), 'a.typ'); f.write_text('a'); typst.compile(str(f))"
    subprocess.run([sys.executable, "-c", code], check=True)


PIECES: dict[str, Callable[[Given], list[Figure]]] = {
    "json": json_lines, "evtx": evtx, "sigma": sigma, "memory": memory, "investigate": investigate, "stack": stack, "pdf": pdf,
}  # fmt: skip
