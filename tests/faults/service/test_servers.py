"""Postgres, event store, NATS and Redis: killed in mid-run, emptied, their directories lost."""

from __future__ import annotations

import time

import pytest

from faults.service.case import Case, Expected, assert_whole
from faults.service.cluster import SERVERS, Cluster

pytestmark = pytest.mark.timeout(400)

STEPS = ("collect/unpack", "collect/load", "timeline/lay-out", "forensic/examine", "report/draft", "export/make")


def test_each_server_dies_in_one_run(cluster: Cluster, case: Case, expected: Expected) -> None:
    before = {m.name: m.lives for m in cluster.members}
    case.start()
    for server, step in zip(("eventstore", "nats", "redis", "postgres"), STEPS[1:], strict=False):
        case.wait_running(step, revive=False)
        cluster.servers.kill(server)
    case.wait_for(lambda: case.run().finished_at, revive=False)
    assert_whole(case, expected)
    assert before == {m.name: m.lives for m in cluster.members}, "no process dies of it"


def test_what_nats_and_redis_held_is_lost(cluster: Cluster, case: Case, expected: Expected) -> None:
    """All they hold can be made again: NATS's messages from the outbox, Redis's from the numbered rows."""
    case.start()
    case.wait_running("collect/unpack")
    cluster.servers.empty_redis()
    cluster.servers.lose_nats()
    case.wait_running("forensic/examine")
    cluster.servers.lose_nats()
    cluster.servers.empty_redis()
    assert_whole(case, expected)


@pytest.mark.skipif("not config.getoption('--soak', default=False)", reason="long: make soak")
@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("server", SERVERS)
def test_a_server_is_away_for_longer_than_a_lease(
    server: str, step: str, cluster: Cluster, case: Case, expected: Expected
) -> None:
    case.start()
    case.wait_running(step)
    with cluster.servers.down(server):
        time.sleep(3)
    assert_whole(case, expected)
