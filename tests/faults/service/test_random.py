"""kill -9, SIGSTOP and SIGTERM at random moments, of anything: a seeded round here, a hundred with --soak."""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Callable

import pytest

from faults.service.case import Case, Expected, assert_whole
from faults.service.cluster import SERVERS, Cluster

SEED = 20260311
SOAK_ROUNDS = 100
STRIKES = 6  # in a round


def strike(cluster: Cluster, chance: random.Random) -> str:
    """One blow; what it was."""
    members = [m for m in cluster.members if m.alive and not m.stopped]
    kind = chance.choice(("kill", "kill", "kill", "server", "server", "stop", "term", "lose"))
    member = chance.choice(members)
    if kind == "server":
        cluster.servers.kill(name := chance.choice(SERVERS))
        return f"kill {name}"
    if kind == "lose":
        chance.choice((cluster.servers.empty_redis, cluster.servers.lose_nats))()
        return "lose"
    number = {"kill": signal.SIGKILL, "stop": signal.SIGSTOP, "term": signal.SIGTERM}[kind]
    member.signal(number)
    return f"{number.name} {member.name}"


def a_round(cluster: Cluster, make: Callable[..., Case], expected: Expected, seed: int) -> None:
    """Two incidents at once, some blows while they are worked on; both end as if nothing had been."""
    chance, told = random.Random(seed), []
    cases = [make().start() for _ in range(2)]
    for _ in range(STRIKES):
        until = time.monotonic() + chance.uniform(0.05, 1.2)
        cases[0].wait_for(lambda until=until: time.monotonic() > until)
        told.append(strike(cluster, chance))
    cases[0].wait_for(lambda: [m for m in cluster.members if m.alive])
    until = time.monotonic() + 2.5
    cases[0].wait_for(lambda: time.monotonic() > until)
    for member in cluster.members:
        if member.stopped:
            member.signal(signal.SIGCONT)
    try:
        for case in cases:
            assert_whole(case, expected)
    except AssertionError as error:
        error.add_note(f"seed {seed}: {', '.join(told)}")
        raise


@pytest.mark.timeout(400)
def test_random_moments(cluster: Cluster, hand_in: Callable[..., Case], expected: Expected) -> None:
    a_round(cluster, hand_in, expected, SEED)


@pytest.mark.skipif("not config.getoption('--soak', default=False)", reason="long: make soak")
@pytest.mark.timeout(7200)
def test_soak(cluster: Cluster, hand_in: Callable[..., Case], expected: Expected) -> None:
    for number in range(SOAK_ROUNDS):
        a_round(cluster, hand_in, expected, SEED + 1000 + number)
        cluster.settle()
