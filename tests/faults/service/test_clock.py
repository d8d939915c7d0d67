"""Clocks that jump: leases, retries and order are the database's, so that no other clock can hurry or hold up a job.

In this room the first orchestrator, the collectors and the forensic workers have such clocks in every test.
"""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from faults.service.case import Case, Expected, assert_whole
from faults.service.cluster import JUMPING, Cluster

pytestmark = pytest.mark.timeout(400)


def test_clocks_jump_by_an_hour_to_and_fro(cluster: Cluster, case: Case, expected: Expected) -> None:
    """The job of a dead worker is done again in time; no other lease runs out, and no job is done twice."""
    jumping = [m for m in cluster.members if m.name.startswith(JUMPING)]
    assert len(jumping) == 5
    for member in jumping:
        told = [datetime.fromisoformat(line["timestamp"]) for line in member.said()]
        assert told
        assert all(abs((datetime.now(UTC) - at).total_seconds()) > 1800 for at in told), "its clock is wrong"
    cluster.arm("forensic", "in-stage")
    case.start()
    assert_whole(case, expected)
    assert cluster.armed() == []
    attempts = {j.step: j.attempt for j in case.jobs()}
    assert attempts.pop("forensic/examine") <= 2
    assert set(attempts.values()) == {1}, "no lease ran out before its time"
