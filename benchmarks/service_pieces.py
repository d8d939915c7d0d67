"""The service measured: what its processes cost beside its stage functions, its way, its fairness, and how it scales."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.figures import Figure
from benchmarks.make_data import make_lines
from benchmarks.service_curves import as_curves, simulated_pair
from benchmarks.service_stack import Bench, Cost, Files, Tenant, deposit
from ircopilot.domain.incident import OVER, RunParameters
from ircopilot.sample import build_sample, write_sample
from ircopilot.stores.postgres import runs

WAYS = 50
QUEUED_FIRST, QUEUED_AFTER = 150, 50
SMALL_RUNS = 16  # for each of the two rates that are compared
LINES_FILES, LINES_MEGABYTES = 4, 20
FLOW_FILES, FLOWS_EACH = 4, 60_000
PART_EVENTS = 40_000


@dataclass
class Session:
    """What the pieces share: the stack, the evidence, and what was recorded on the way. `curves` is a Markdown table."""

    bench: Bench
    folder: Path
    rounds: int
    way_s: float = 0.03
    small_costs: list[Cost] = field(default_factory=list)
    large_costs: list[Cost] = field(default_factory=list)
    curves: str = ""

    def sample(self) -> Files:
        """The sample incident."""
        folder = self.folder / "sample"
        if not folder.exists():
            write_sample(folder)
        return {str(path.relative_to(folder)): path for path in sorted(folder.rglob("*")) if path.is_file()}

    def small(self) -> Files:
        """Three files: an alert's worth of evidence, 160 records."""
        sample = build_sample()
        names = ("alerts/edr-alerts.json", "slack/incident-response/2026-03-10.json", "windows/fin-ws07.jsonl")
        found = {}
        for name in names:
            data = sample[name]
            if name.startswith("windows"):
                data = b"".join(data.splitlines(keepends=True)[:150])
            found[name] = self._kept("small", name, data)
        return found

    def large(self) -> Files:
        """Some 280,000 events in 8 files, which differ in nothing but their length."""
        lines, conn = self.folder / "lines.jsonl", build_sample()["zeek/conn.log"].splitlines(keepends=True)
        if not lines.exists():
            make_lines(lines, LINES_MEGABYTES)
        head, flows = [x for x in conn if x.startswith(b"#")], [x for x in conn if not x.startswith(b"#")]
        flows = (flows * (FLOWS_EACH // len(flows) + 1))[:FLOWS_EACH]
        data = lines.read_bytes()
        return {
            **{f"host{n}.jsonl": self._kept("large", f"host{n}.jsonl", data + b"\n" * n) for n in range(LINES_FILES)},
            **{
                f"zeek{n}/conn.log": self._kept("large", f"zeek{n}/conn.log", b"".join([*head, *flows[n:]]))
                for n in range(FLOW_FILES)
            },
        }

    def _kept(self, kind: str, name: str, data: bytes) -> Path:
        path = self.folder / kind / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return path


def overhead(session: Session) -> list[Figure]:
    """The sample through the processes, and its stage functions in this process, in turns."""
    bench, files = session.bench, session.sample()
    runs_s: dict[str, list[float]] = {"service": [], "serial": []}
    spent: dict[str, list[float]] = {"service": [], "serial": []}
    for number in range(session.rounds + 1):
        for kind in ("service", "serial") if number % 2 == 0 else ("serial", "service"):
            tenant = bench.tenant(kind)
            incident = deposit(bench.stores, tenant.org_id, files, "S")
            before = bench.processor_of_all()
            if kind == "service":
                took = bench.run_and_wait(tenant, "S")
            else:
                with bench.paused():
                    took = sum(cost.wall for cost in bench.serially(tenant.org_id, incident, RunParameters()))
            runs_s[kind].append(took)
            spent[kind].append(bench.processor_of_all() - before)
    first = runs_s["service"][0]  # caches and connections: told, and not compared
    whole, least = (statistics.median(runs_s[kind][1:]) for kind in ("service", "serial"))
    ratios = [a / b for a, b in zip(runs_s["service"][1:], runs_s["serial"][1:], strict=True)]
    used, needed = (statistics.median(spent[kind][1:]) for kind in ("service", "serial"))
    told = f"POST to `done` {whole:.2f} s, the stage functions alone {least:.2f} s"
    spread = f"{min(ratios):.2f} to {max(ratios):.2f} in {len(ratios)} rounds; "
    return [
        Figure("Run", "of the sample, to the sum of its stage functions", statistics.median(ratios), "×", spread + told, 1.1, False),
        Figure("Run", "the same by processor time", used / needed, "×",
               f"{used:.2f} s and {needed:.2f} s, of this program, the service and all servers", 1.1, False),
        Figure("Run", "the first one, rules not compiled yet", first, "s", told),
    ]  # fmt: skip


def way(session: Session) -> list[Figure]:
    """From POST to the worker that holds the lease; the runs have nothing to do and end at once."""
    bench, tenant = session.bench, session.bench.tenant("way")
    deposit(bench.stores, tenant.org_id, {}, "W")
    posted, answered = {}, []
    for _ in range(WAYS + 1):
        at = time.time()
        run_id = tenant.client.start_run("W")["id"]
        answered.append(time.time() - at)
        posted[run_id] = at
        _wait_idle(bench, tenant, run_id)
    first = next(iter(posted))
    jobs = [job for job in bench.jobs_done() if job.run_id in posted and job.run_id != first]
    ways = sorted((job.leased - posted[job.run_id]) * 1000 for job in jobs)
    assert len(ways) == WAYS, len(ways)
    arrivals = statistics.median((job.arrived - posted[job.run_id]) * 1000 for job in jobs)
    session.way_s = statistics.median(ways) / 1000
    told = f"the message arrives after {arrivals:.0f} ms; the answer to the POST takes {statistics.median(answered) * 1000:.0f} ms"
    return [
        Figure("Way", "POST to a worker that holds the job, median", statistics.median(ways), "ms", told, 50, False),
        Figure("Way", "the same, 95 of 100", ways[int(len(ways) * 0.95)], "ms", f"{len(ways)} runs, workers idle"),
    ]


def _wait_idle(bench: Bench, tenant: Tenant, run_id: str) -> None:
    while True:
        with bench.stores.database.tenant(tenant.org_id) as tx:
            if runs.get_run(tx, run_id).state in OVER:
                break
        time.sleep(0.02)
    time.sleep(0.1)


def many(session: Session) -> list[Figure]:
    """One organisation queues 150 small incidents, then another 50; one worker of each kind."""
    bench = session.bench
    first, second = bench.tenant("first"), bench.tenant("second")
    files = session.small()
    for tenant, count in ((first, QUEUED_FIRST), (second, QUEUED_AFTER)):
        for number in range(count):
            deposit(bench.stores, tenant.org_id, files, f"I{number}")
    begun = time.time()
    asked = {t.org_id: _ask_many(t, n) for t, n in ((first, QUEUED_FIRST), (second, QUEUED_AFTER))}
    asking = time.time() - begun
    over = [*bench.wait_over(first, asked[first.org_id]), *bench.wait_over(second, asked[second.org_id])]
    ends = sorted(over, key=lambda run: (run.finished_at, run.run_id))
    places = [place for place, run in enumerate(ends, 1) if run.org_id == second.org_id]
    took = max(run.finished_at.timestamp() for run in over if run.finished_at) - begun
    half = statistics.median(places)
    fair, late = QUEUED_AFTER, QUEUED_FIRST + (QUEUED_AFTER + 1) / 2
    told = f"turn about would be {fair}, first come first served {late:.0f}; its last is number {places[-1]} of {len(ends)}"
    return [
        Figure("200 incidents", "the second organisation's median place", half, "", told, fair * 1.5, False),
        Figure("200 incidents", "finished a minute", len(ends) / took * 60, "",
               f"all {len(ends)} done in {took:.0f} s, asked for in {asking:.1f} s"),
    ]  # fmt: skip


def _ask_many(tenant: Tenant, count: int, first: int = 0) -> list[str]:
    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(lambda n: str(tenant.client.start_run(f"I{n}")["id"]), range(first, first + count)))


def scale(session: Session) -> list[Figure]:
    """One and two processes of each kind: one large incident, and many small ones. In the order one, two, two, one."""
    bench, large, small = session.bench, session.large(), session.small()
    session.small_costs = _serial(bench, small, RunParameters())
    session.large_costs = _serial(bench, large, RunParameters(part_events=PART_EVENTS))
    large_s: dict[int, list[float]] = {1: [], 2: []}
    small_s: dict[int, list[float]] = {1: [], 2: []}
    for of_a_kind in (1, 2, 2, 1):
        bench.stop_workers()
        bench.start_workers(of_a_kind)
        _warm(bench, small)
        large_s[of_a_kind].append(_large_run(bench, large))
        small_s[of_a_kind].append(_small_runs(bench, small))
    one, two = (statistics.mean(large_s[n]) for n in (1, 2))
    few, more = (SMALL_RUNS / statistics.mean(small_s[n]) for n in (1, 2))
    serial = sum(cost.wall for cost in session.large_costs)
    guess = (
        simulated_pair(session.large_costs, session.way_s),
        simulated_pair(session.small_costs, session.way_s, SMALL_RUNS),
    )
    shared = "all processes of the service, the event store and Postgres on the same cores; the simulation says"
    return [
        Figure("Scale", "one large incident, 2 of each kind to 1", one / two, "×",
               f"{one:.1f} s and {two:.1f} s, stage functions in one process {serial:.1f} s; {shared} {guess[0]:.2f}"),
        Figure("Scale", "small incidents, 2 of each kind to 1", more / few, "×",
               f"{few * 60:.0f} and {more * 60:.0f} a minute; {shared} {guess[1]:.2f}"),
    ]  # fmt: skip


def _serial(bench: Bench, files: Files, parameters: RunParameters) -> list[Cost]:
    tenant = bench.tenant("recorded")
    incident = deposit(bench.stores, tenant.org_id, files, "R")
    with bench.paused():
        return bench.serially(tenant.org_id, incident, parameters)


def _warm(bench: Bench, files: Files) -> None:
    tenant = bench.tenant("warm")
    for number in range(4):
        deposit(bench.stores, tenant.org_id, files, f"I{number}")
    bench.wait_over(tenant, _ask_many(tenant, 4))


def _large_run(bench: Bench, files: Files) -> float:
    tenant = bench.tenant("large")
    incident = deposit(bench.stores, tenant.org_id, files, "L")
    begun = time.time()
    run_id = bench.start_run_of_parts(tenant, incident, RunParameters(part_events=PART_EVENTS))
    (run,) = bench.wait_over(tenant, [run_id])
    assert run.finished_at is not None
    return run.finished_at.timestamp() - begun


def _small_runs(bench: Bench, files: Files) -> float:
    tenant = bench.tenant("small")
    for number in range(SMALL_RUNS):
        deposit(bench.stores, tenant.org_id, files, f"I{number}")
    begun = time.time()
    over = bench.wait_over(tenant, _ask_many(tenant, SMALL_RUNS))
    return max(run.finished_at.timestamp() for run in over if run.finished_at) - begun


def simulated(session: Session) -> list[Figure]:
    """Speed-ups of up to 64 workers of a kind, from the costs that `scale` recorded."""
    if not session.large_costs:
        session.small_costs = _serial(session.bench, session.small(), RunParameters())
        session.large_costs = _serial(session.bench, session.large(), RunParameters(part_events=PART_EVENTS))
    session.curves, figures = as_curves(session.large_costs, session.small_costs, session.way_s)
    return figures


SERVICE_PIECES: dict[str, Callable[[Session], list[Figure]]] = {
    "overhead": overhead, "way": way, "many": many, "scale": scale, "simulated": simulated,
}  # fmt: skip
