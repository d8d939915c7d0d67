"""Plans for the simulation out of recorded costs, and the speed-ups that it gives for 1 to 64 workers of a kind."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.figures import Figure
from benchmarks.service_stack import KINDS, Cost
from benchmarks.simulation import UNLIMITED, Demand, Plan, Step, simulate
from ircopilot.domain.incident import STAGES
from ircopilot.pipeline.plan import STEPS, stage_of
from ircopilot.pipeline.slices import MOST_SLICES

WORKERS = (1, 2, 4, 8, 16, 32, 64)
SEND_S = 0.004  # the orchestrator's, for one message; assumed, from a profile: 2 ms in Postgres, 2 ms in NATS
LARGER = 16  # times the recorded incident
SMALL_RUNS = 1000
SLICED = ("timeline/lay-out", "forensic/match")
GROWING = ("forensic/examine", "forensic/story")  # one job over all events
MACHINE = "machine"


def plan_of(costs: Sequence[Cost], times: int = 1, one_machine: bool = False) -> Plan:
    """The recorded run, or one of an incident so many times as large.

    Such a one has so many times as many artifacts, and slices of time up to the most that the plan makes, which then
    hold more; what looks at the whole incident takes so many times as long (the worst case: it is the joining of what
    the slices found); drafting and writing take as long as recorded, since a report does not grow with its evidence.
    """
    steps = []
    for step in STEPS:
        recorded = [_demand(cost, one_machine) for cost in costs if cost.step == step]
        if not recorded:
            continue
        parts, longer = recorded, 1.0
        if step in SLICED:
            count = min(len(recorded) * times, max(MOST_SLICES, len(recorded)))
            parts, longer = [recorded[n % len(recorded)] for n in range(count)], len(recorded) * times / count
        elif step.startswith("collect/"):
            parts = recorded * times
        elif step in GROWING:
            longer = float(times)
        steps.append(Step(KINDS[STAGES.index(stage_of(step))], tuple(_longer(part, longer) for part in parts)))
    return tuple(steps)


def simulated_pair(costs: Sequence[Cost], way_s: float, count: int = 1) -> float:
    """Throughput of two workers of a kind to that of one when everything shares two cores: to be held against what was measured."""
    plans = [plan_of(costs, one_machine=True)] * count
    one, two = (max(simulate(plans, dict.fromkeys(KINDS, n), {MACHINE: 2.0}, way_s, SEND_S)) for n in (1, 2))
    return one / two


def as_curves(large: Sequence[Cost], small: Sequence[Cost], way_s: float) -> tuple[str, list[Figure]]:
    """A Markdown table of speed-ups against one worker of each kind, and the figures of 64."""
    incident, runs = [plan_of(large, LARGER)], [plan_of(small)] * SMALL_RUNS
    columns = {
        "one large incident, event store of 2 cores": (incident, 2.0, 0.0, 2.0),
        "one large incident, event store of 16 cores": (incident, 16.0, 0.0, 8.0),
        "one large incident, event store of 2 cores a worker": (incident, 0.0, 2.0, 8.0),
        f"{SMALL_RUNS:,} small incidents, event store and Postgres of 2 cores": (runs, 2.0, 0.0, 2.0),
        f"{SMALL_RUNS:,} small incidents, 16 and 8 cores": (runs, 16.0, 0.0, 8.0),
        f"{SMALL_RUNS:,} small incidents, no limit": (runs, UNLIMITED, 0.0, UNLIMITED),
    }
    curves = {}
    for name, (plans, fixed, each, postgres) in columns.items():
        took = [
            max(simulate(plans, dict.fromkeys(KINDS, n), {"events": fixed + each * n, "postgres": postgres}, way_s, SEND_S))
            for n in WORKERS
        ]  # fmt: skip
        curves[name] = [took[0] / t for t in took]
    rows = [f"| workers of each kind | {' | '.join(curves)} |", f"|---{'|---' * len(curves)}|"]
    rows += [f"| {n} | {' | '.join(f'{c[i]:.1f}' for c in curves.values())} |" for i, n in enumerate(WORKERS)]
    most = WORKERS[-1]
    figures = [
        Figure(
            "Simulated",
            f"{most} of each kind to 1: {name}",
            curve[-1],
            "×",
            f"{WORKERS[2]} of each kind: {curve[2]:.1f}",
        )
        for name, curve in list(curves.items())[1::3]
    ]
    return "\n".join(rows), figures


def _demand(cost: Cost, one_machine: bool) -> Demand:
    if one_machine:
        return Demand(cost.wall, {MACHINE: cost.worker + cost.events + cost.postgres})
    return Demand(cost.wall, {"events": cost.events, "postgres": cost.postgres})


def _longer(demand: Demand, times: float) -> Demand:
    return Demand(demand.wall * times, {name: used * times for name, used in demand.uses.items()})
