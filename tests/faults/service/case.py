"""A small incident handed in over HTTP, its run, and all that must be right when the run is over."""

from __future__ import annotations

import hashlib
import io
import json
import time
import uuid
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from faults.service.cluster import Cluster
from faults.service.follower import Follower
from faults.service.members import PATIENCE_S
from ircopilot.access.keys import create_key
from ircopilot.access.organisations import create_organisation
from ircopilot.client import Client
from ircopilot.domain.errors import ProblemError
from ircopilot.domain.incident import OVER, STAGES, Run
from ircopilot.stores.events import EventScope
from ircopilot.stores.postgres import jobs, loads, results, runs, tables
from ircopilot.stores.postgres.passing import is_passing
from ircopilot.stores.postgres.progress import run_events_since


@dataclass(frozen=True)
class Expected:
    """What the run that nothing happened to left: report.json without `run` as text, events, loads by artifact."""

    report: str
    events: int
    loads: int


class Case:
    """One organisation with one incident; what the gateway acknowledged is remembered."""

    def __init__(self, cluster: Cluster, files: dict[str, bytes] | None = None) -> None:
        self.cluster = cluster
        database = cluster.stores.database
        self.org = create_organisation(database, f"Org {uuid.uuid4()}").org_id
        self.key = create_key(database, self.org, "test", role="owner")
        self.client = Client(cluster.url, self.key, timeout_s=10)
        self.acknowledged: dict[str, str] = {}
        self.followers: list[Follower] = []
        self.run_id = ""
        self.incident = str(self.patiently(lambda: self.client.open_incident("Small", "CASE"))["id"])
        for name, data in (files or {}).items():
            self.hand_in(name, data)

    def hand_in(self, name: str, data: bytes) -> None:
        """Upload until it is acknowledged."""
        answer = self.patiently(lambda: self.client.upload("CASE", io.BytesIO(data), name))
        self.acknowledged[name] = answer["deposit"]["sha256"]

    def start(self, follow: bool = True, **asked: Any) -> Case:
        """Start the run, and somebody who watches it. An answer that was lost does not make a second run."""

        def ask() -> str:
            known = self.client.list_runs("CASE")["items"]
            return str((known[0] if known else self.client.start_run("CASE", **asked))["id"])

        self.run_id = self.patiently(ask)
        if follow:
            self.follow()
        return self

    def follow(self) -> None:
        """One more watches the run, from its first event on."""
        self.followers.append(Follower(self.cluster.url, self.key, self.run_id))

    def patiently(self, ask: Callable[[], Any]) -> Any:
        """An answer of the gateway; it may be dead, or wait for others that are: they are started again meanwhile."""
        deadline = time.monotonic() + PATIENCE_S
        with ThreadPoolExecutor(1) as aside:  # who starts processes is the main thread: they die with the one that did
            while True:
                asked = aside.submit(ask)
                while not wait([asked], timeout=0.1).done:
                    self.cluster.revive()
                try:
                    return asked.result()
                except ProblemError as error:
                    if error.status < 500:
                        raise
                    assert time.monotonic() < deadline, error
                self.cluster.revive()
                time.sleep(0.1)

    def run(self) -> Run:
        with self.cluster.stores.database.tenant(self.org) as tx:
            return runs.get_run(tx, self.run_id)

    def jobs(self) -> list[Any]:
        with self.cluster.stores.database.tenant(self.org) as tx:
            return list(tx.connection.execute(select(tables.jobs).where(tables.jobs.c.run_id == self.run_id)))

    def wait_for(self, condition: Callable[[], Any], patience_s: float = PATIENCE_S, revive: bool = True) -> Any:
        """The first true value of a look at the database, which may be away; the dead are started again meanwhile."""
        deadline = time.monotonic() + patience_s
        while True:
            try:
                if found := condition():
                    return found
            except Exception as error:
                if not is_passing(error):
                    raise
            if revive:
                self.cluster.revive()
            assert time.monotonic() < deadline, self.story()
            time.sleep(0.025)

    def wait_running(self, step: str, revive: bool = True) -> Any:
        """Until a worker has a job of the step; the job."""
        at_it = ("running", "done")
        return self.wait_for(lambda: [j for j in self.jobs() if j.step == step and j.state in at_it], revive=revive)[0]

    def wait_over(self, patience_s: float = PATIENCE_S) -> Run:
        self.wait_for(lambda: self.run().state in OVER, patience_s)
        return self.run()

    def story(self) -> str:
        """For a failure: how the run and its jobs stand, and what was last said."""
        rows = [
            (j.step, j.part, j.state, j.attempt, j.leased_by, j.last_error) for j in self.jobs() if j.state != "done"
        ]
        tails = [f"{m.name} (life {m.lives}):\n{m.tail()}" for m in self.cluster.members]
        return "\n".join([repr(self.run()), repr(rows), repr(self.cluster.armed()), *tails])

    def report(self) -> str:
        """report.json without `run`, as text: order counts."""
        with self.cluster.stores.database.tenant(self.org) as tx:
            found = results.result_of_run(tx, self.run_id, "export")
        assert found is not None
        with self.cluster.stores.vault.open(self.org, found.document["outputs"]["report.json"]["sha256"]) as stream:
            return json.dumps({k: v for k, v in json.loads(stream.read()).items() if k != "run"}, indent=1)

    def committed(self) -> tuple[int, int]:
        """(events, loads) that can be seen. Fails when one of them is there twice."""
        with self.cluster.stores.database.tenant(self.org) as tx:
            found = loads.committed_loads(tx, self.incident)
        assert max(Counter((load.artifact_sha256, load.mapping) for load in found).values()) == 1
        scope = EventScope(self.org, tuple(load.load_id for load in found))
        counts = "SELECT count() AS n, uniqExact(event_id) AS u FROM {events}"
        row = self.cluster.stores.events.run_event_query(scope, counts).to_pylist()[0]
        assert row["n"] == row["u"] == sum(load.events for load in found)
        return int(row["n"]), len(found)

    def close(self) -> None:
        for follower in self.followers:
            follower.stop()
        self.client.close()


def assert_whole(case: Case, expected: Expected, redriven: int = 0) -> None:
    """The run is done, its report that of an undisturbed run, nothing lost, nothing doubled, every event heard once."""
    run = case.wait_over()
    assert (run.state, run.error) == ("done", None), case.story()
    assert case.report() == expected.report
    assert case.committed() == (expected.events, expected.loads)
    assert_told(case, redriven)
    with case.cluster.stores.database.tenant(case.org) as tx:
        assert jobs.list_dead_letters(tx) == []
        made = list(
            tx.connection.execute(
                select(tables.results.c.stage).where(tables.results.c.run_id == case.run_id)
            ).scalars()
        )
    assert Counter(made) == dict.fromkeys(STAGES, 1), "one result a stage"
    assert {(j.state, j.leased_by) for j in case.jobs()} == {("done", None)}
    assert_kept(case)


def assert_told(case: Case, redriven: int) -> None:
    """Events are numbered without a gap, each stage begins and ends once, and who watched heard each number once."""
    with case.cluster.stores.database.tenant(case.org) as tx:
        events = run_events_since(tx, case.run_id, 0)
    numbers = [event.number for event in events]
    assert numbers == list(range(1, len(numbers) + 1))
    told = Counter((event.stage, event.payload["state"]) for event in events)
    assert {told[stage, state] for stage in STAGES for state in ("started", "done")} == {1}, told
    assert (told["run", "queued"], told["run", "running"], told["run", "done"]) == (1, 1 + redriven, 1)
    for follower in case.followers:
        assert follower.numbers() == numbers


def assert_kept(case: Case) -> None:
    """Every upload that was acknowledged is listed, and lies in the vault byte for byte."""
    listed = {
        row["name"]: row["sha256"] for row in case.patiently(lambda: case.client.get_incident("CASE"))["evidence"]
    }
    assert {name: listed.get(name) for name in case.acknowledged} == case.acknowledged
    for sha256 in case.acknowledged.values():
        with case.cluster.stores.vault.open(case.org, sha256) as stream:
            assert hashlib.sha256(stream.read()).hexdigest() == sha256
