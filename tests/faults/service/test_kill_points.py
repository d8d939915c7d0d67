"""kill -9 at each named point around every commit and acknowledgement."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from faults.service.case import Case, Expected, assert_whole
from faults.service.cluster import KINDS, Cluster

pytestmark = pytest.mark.timeout(400)

POINTS = ("after-lease", "in-stage", "before-complete", "after-complete-before-ack", "after-ack")


def test_every_worker_kind_at_every_point(
    cluster: Cluster, hand_in: Callable[..., Case], expected: Expected, request: pytest.FixtureRequest
) -> None:
    """Incidents side by side, and deaths on the way: each kind at three points, each point in three kinds; all with --soak."""
    soak = request.config.getoption("--soak", default=False)
    cases = [hand_in() for _ in range(3 if soak else 2)]
    for number, kind in enumerate(KINDS):
        cluster.arm(kind, *(POINTS if soak else [POINTS[(number + n) % len(POINTS)] for n in range(3)]))
    for case in cases:
        case.start()
    for case in cases:
        assert_whole(case, expected)
    assert cluster.armed() == [], "somebody died at each of them"


@pytest.mark.skipif("not config.getoption('--soak', default=False)", reason="long: make soak")
@pytest.mark.parametrize("shift", range(len(POINTS)))
def test_one_incident_at_a_time(shift: int, cluster: Cluster, case: Case, expected: Expected) -> None:
    """Five runs; in each one process of every kind dies, each kind at another point."""
    for number, kind in enumerate(KINDS):
        cluster.arm(kind, POINTS[(number + shift) % len(POINTS)])
    case.start()
    assert_whole(case, expected)
    assert cluster.armed() == []
