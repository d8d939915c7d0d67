"""How runs would go with many workers: a simulation with the costs of jobs that were recorded in the same benchmark.

It is deterministic, in continuous time, and made of these parts:

- A run is steps in the real plan's order (`pipeline.plan.STEPS`); a step begins when all parts of the one before are
  done; each part is a job in the queue of its kind of worker, first come, first served. Runs do not wait for each other.
- A worker does one job at a time. Between a job's becoming due and a worker's having it lies a fixed time (`way_s`), the
  measured median from POST to worker, and the orchestrator sends jobs out one after the other (`send_s` each).
- A job that has its machine for itself takes the recorded time by the clock, and needs what was recorded of processor
  time in the worker, the event store and Postgres, spread evenly over it.
- The event store, Postgres and (if they share a machine) the workers have so many cores. Where those who work at a time
  want more than there is, all of them are slowed down, fairly (max-min), those who do not need that resource not.

Assumed, and not measured: that each worker has a core of its own unless told otherwise, that an event store or a
Postgres of more cores or nodes is faster in proportion, that the network costs nothing, that nothing dies.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count

SMALL = 1e-9
UNLIMITED = float("inf")
Cores = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Demand:
    """A job: seconds by the clock when undisturbed, and processor seconds by resource."""

    wall: float
    uses: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Step:
    """The parts of a step, and the kind of worker that does them."""

    kind: str
    parts: tuple[Demand, ...]


Plan = tuple[Step, ...]


@dataclass(slots=True)
class _Running:
    demand: Demand
    run: int
    kind: str
    left: float = 1.0  # of the job
    speed: float = 1.0


@dataclass(slots=True)
class _State:
    plans: Sequence[Plan]
    workers: Mapping[str, int]
    cores: Cores
    way_s: float
    send_s: float
    now: float = 0.0
    sender_free: float = 0.0
    at: list[int] = field(default_factory=list)
    open_parts: list[int] = field(default_factory=list)
    busy: dict[str, int] = field(default_factory=dict)
    queues: dict[str, deque[tuple[int, Demand]]] = field(default_factory=dict)
    coming: list[tuple[float, int, int, str, Demand]] = field(default_factory=list)
    running: list[_Running] = field(default_factory=list)
    ended: list[float] = field(default_factory=list)
    numbers: count[int] = field(default_factory=count)


def simulate(
    plans: Sequence[Plan], workers: Mapping[str, int], cores: Cores, way_s: float = 0.0, send_s: float = 0.0
) -> list[float]:  # fmt: skip
    """When each run ends, in seconds, all of them asked for at once. `workers` by kind; a resource not in `cores` is endless."""
    state = _State(plans, workers, cores, way_s, send_s)
    state.at, state.open_parts, state.ended = [-1] * len(plans), [0] * len(plans), [0.0] * len(plans)
    state.busy, state.queues = dict.fromkeys(workers, 0), {kind: deque() for kind in workers}
    for run in range(len(plans)):
        _next_step(state, run)
    while state.running or state.coming or any(state.queues.values()):
        _take_up(state)
        _pace(state.running, cores)
        _pass_time(state)
    return state.ended


def _next_step(state: _State, run: int) -> None:
    state.at[run] += 1
    if state.at[run] == len(state.plans[run]):
        state.ended[run] = state.now
        return
    step = state.plans[run][state.at[run]]
    state.open_parts[run] = len(step.parts)
    for part in step.parts:
        state.sender_free = max(state.now, state.sender_free) + state.send_s
        due = max(state.now + state.way_s, state.sender_free)
        heapq.heappush(state.coming, (due, next(state.numbers), run, step.kind, part))


def _take_up(state: _State) -> None:
    """Idle workers take what has arrived."""
    while state.coming and state.coming[0][0] <= state.now + SMALL:
        _, _, run, kind, part = heapq.heappop(state.coming)
        state.queues[kind].append((run, part))
    for kind, queue in state.queues.items():
        while queue and state.busy[kind] < state.workers[kind]:
            run, part = queue.popleft()
            state.busy[kind] += 1
            state.running.append(_Running(part, run, kind))


def _pace(running: Sequence[_Running], cores: Cores) -> None:
    """Speeds of the jobs, at most 1 each, raised together until a resource is used up: its users then stay as they are."""
    rates = [
        {r: u / max(j.demand.wall, SMALL) for r, u in j.demand.uses.items() if r in cores and u > 0} for j in running
    ]
    free, rising, level = dict(cores), set(range(len(running))), 0.0
    while rising:
        wanted = {r: sum(rates[n].get(r, 0.0) for n in rising) for r in free}
        room = min((free[r] / w for r, w in wanted.items() if w > SMALL), default=UNLIMITED)
        more = min(room, 1.0 - level)
        level += more
        for n in rising:
            running[n].speed = level
        for r, w in wanted.items():
            free[r] = max(0.0, free[r] - more * w)
        if level >= 1.0 - SMALL:
            return
        full = {r for r, w in wanted.items() if w > SMALL and free[r] <= SMALL * cores[r] + 1e-12}
        rising = {n for n in rising if not full & rates[n].keys()}


def _pass_time(state: _State) -> None:
    """Until the next job ends or arrives."""
    ends = [j.left * j.demand.wall / max(j.speed, SMALL) for j in state.running]
    arrives = [state.coming[0][0] - state.now] if state.coming else []
    passed = max(0.0, min(ends + arrives))
    state.now += passed
    still: list[_Running] = []
    over: list[_Running] = []
    for job, end in zip(state.running, ends, strict=True):
        job.left -= passed * job.speed / max(job.demand.wall, SMALL)
        (over if end <= passed + SMALL else still).append(job)
    state.running = still
    for job in over:
        state.busy[job.kind] -= 1
        state.open_parts[job.run] -= 1
        if state.open_parts[job.run] == 0:
            _next_step(state, job.run)
