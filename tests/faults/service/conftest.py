"""One service for all cases, since its start is what takes long; after each case all of it runs and waits again."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from faults.evidence import MARKS, small_evidence
from faults.service.case import Case, Expected
from faults.service.cluster import Cluster, running_cluster

EVERY = 4


@pytest.fixture(scope="package")
def stood_up() -> Iterator[Cluster]:
    with running_cluster() as cluster:
        yield cluster


@pytest.fixture
def cluster(stood_up: Cluster) -> Iterator[Cluster]:
    """The service, all of it running."""
    stood_up.settle()
    yield stood_up
    stood_up.settle()


@pytest.fixture(scope="package")
def files() -> dict[str, bytes]:
    """A few hundred records of three kinds, and one computer's attack."""
    found = {n: d for n, d in small_evidence().items() if n.startswith(("slack/", "alerts/", "jump01/", "windows/fin"))}
    for name in ("jump01/syslog", "windows/fin-ws07.jsonl"):
        lines = found[name].splitlines(keepends=True)
        found[name] = b"".join(x for n, x in enumerate(lines) if n % EVERY == 0 or any(m in x for m in MARKS))
    return found


@pytest.fixture(scope="package")
def expected(stood_up: Cluster, files: dict[str, bytes]) -> Expected:
    """What an undisturbed run of this service makes of it."""
    case = Case(stood_up, files)
    try:
        assert case.start().wait_over().state == "done", case.story()
        return Expected(case.report(), *case.committed())
    finally:
        case.close()


@pytest.fixture
def hand_in(cluster: Cluster, expected: Expected, files: dict[str, bytes]) -> Iterator[Callable[..., Case]]:
    """Makes an incident with the small evidence."""
    made: list[Case] = []

    def make(given: dict[str, bytes] | None = None) -> Case:
        made.append(Case(cluster, files if given is None else given))
        return made[-1]

    yield make
    for case in made:
        case.close()


@pytest.fixture
def case(hand_in: Callable[..., Case]) -> Case:
    """One incident."""
    return hand_in()
