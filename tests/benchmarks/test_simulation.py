"""The simulation gives what can be reckoned by hand, and the plan made of recorded costs is the real plan's."""

from __future__ import annotations

import pytest
from benchmarks.service_curves import plan_of, simulated_pair
from benchmarks.service_stack import KINDS, Cost
from benchmarks.simulation import UNLIMITED, Demand, Step, simulate

from ircopilot.pipeline.plan import STEPS
from ircopilot.pipeline.slices import MOST_SLICES

SECOND = Demand(1.0, {"store": 0.5})
COSTS = [Cost(step, 1.0, 0.5, 0.4, 0.1) for step in STEPS if step != "forensic/examine"]


def shared_out(workers: int, store: float = UNLIMITED, parts: int = 64) -> float:
    (end,) = simulate([(Step("a", (SECOND,) * parts),)], {"a": workers}, {"store": store})
    return end


@pytest.mark.parametrize("workers", [1, 2, 4, 8, 64])
def test_parts_are_shared_by_workers(workers: int) -> None:
    assert shared_out(workers) == pytest.approx(64 / workers)


@pytest.mark.parametrize(("workers", "store"), [(4, 1.0), (8, 2.0), (64, 2.0)])
def test_a_shared_resource_bounds_them(workers: int, store: float) -> None:
    assert shared_out(workers, store) == pytest.approx(max(64 / workers, 64 * 0.5 / store))


def test_who_does_not_need_what_is_scarce_is_not_slowed() -> None:
    free = Demand(1.0, {})
    ends = simulate([(Step("a", (SECOND,) * 4),), (Step("b", (free,)),)], {"a": 4, "b": 1}, {"store": 1.0})
    assert ends == pytest.approx([2.0, 1.0])


def test_a_step_waits_for_the_last_part_of_the_one_before_and_for_its_way() -> None:
    plan = (Step("a", (SECOND, Demand(3.0, {}))), Step("b", (SECOND,)))
    assert simulate([plan], {"a": 2, "b": 1}, {}, way_s=0.5) == pytest.approx([5.0])


def test_messages_leave_one_after_the_other() -> None:
    plan = (Step("a", (Demand(0.001, {}),) * 100),)
    assert simulate([plan], {"a": 100}, {}, send_s=0.01) == pytest.approx([1.001])


def test_a_larger_incident_has_more_parts_up_to_the_plans_bound_and_a_longer_story() -> None:
    steps = dict(zip((c.step for c in COSTS), plan_of(COSTS, 100), strict=True))
    assert len(steps["collect/load"].parts) == 100
    assert len(steps["forensic/match"].parts) == MOST_SLICES
    assert sum(part.wall for part in steps["forensic/match"].parts) == pytest.approx(100.0)
    assert [part.wall for part in steps["forensic/story"].parts] == pytest.approx([100.0])
    assert [part.wall for part in steps["report/draft"].parts] == pytest.approx([1.0])
    assert {step.kind for step in steps.values()} == set(KINDS)


def test_two_of_a_kind_are_never_slower_on_one_machine_nor_more_than_twice_as_fast() -> None:
    assert simulated_pair(COSTS, 0.03) == pytest.approx(1.0, abs=0.01)
    assert 1.0 <= simulated_pair(COSTS, 0.03, 20) <= 2.0
