"""Artifacts and loads: what the incident sees, when, and what a dead run leaves behind."""

from __future__ import annotations

import subprocess
import sys
import time
from datetime import UTC, datetime

import pytest

from ircopilot.domain.evidence import Artifact, Clock, Load, ParseError
from ircopilot.settings import StackUrls
from ircopilot.stores import StoreSet
from ircopilot.stores.postgres import Database, artifacts, loads, runs
from ircopilot.stores.postgres.errors import LoadConflict, RunInProgress, UnknownIncident
from ircopilot.stores.postgres.incidents import get_incident, list_incidents, upsert_incident

SHA = "a" * 64


@pytest.fixture
def database(stores: StoreSet) -> Database:
    return stores.database


@pytest.fixture
def incident(database: Database, org: str) -> str:
    with database.tenant(org) as tx:
        made = upsert_incident(tx, "INC-1", "first")
        artifacts.record_artifact(tx, made.incident_id, Artifact(sha256=SHA, size=3, name="b.log"))
    return made.incident_id


def load(load_id: str, **more: object) -> Load:
    return Load(load_id=load_id, artifact_sha256=SHA, mapping="windows", mapping_version="1").model_copy(update=more)


def ids(found: list[Load]) -> list[str]:
    return [one.load_id for one in found]


def test_an_incident_keeps_its_id_and_takes_the_newest_title(database: Database, org: str, incident: str) -> None:
    with database.tenant(org) as tx:
        assert upsert_incident(tx, "INC-1", "second").incident_id == incident
        assert [i.title for i in list_incidents(tx)] == ["second"] == [get_incident(tx, incident).title]
    with database.tenant(org + "-other") as tx, pytest.raises(UnknownIncident):
        get_incident(tx, incident)


def test_the_same_bytes_are_one_artifact_whatever_the_order(database: Database, org: str, incident: str) -> None:
    member = Artifact(sha256=SHA, size=3, name="a.zip/b.log", parent_sha256="b" * 64, member="b.log", format="evtx")
    with database.tenant(org) as tx:
        assert artifacts.record_artifact(tx, incident, member) is False
        assert artifacts.record_artifact(tx, incident, Artifact(sha256=SHA, size=3, name="b.log")) is False
        assert artifacts.list_artifacts(tx, incident) == [member]
        assert artifacts.find_artifact(tx, incident, SHA) == member
        assert artifacts.find_artifact(tx, incident, "c" * 64) is None


def test_names_that_postgres_cannot_hold_are_kept_legible(database: Database, org: str, incident: str) -> None:
    odd = Artifact(sha256="c" * 64, size=0, name="x\0y\udcff", received_from="\ud800")
    error = ParseError(locator="line:1\0", reason="not \udcff UTF-8")
    with database.tenant(org) as tx:
        artifacts.record_artifact(tx, incident, odd)
        artifacts.record_artifact_errors(tx, incident, odd.sha256, [error, error])
        artifacts.record_artifact_errors(tx, incident, odd.sha256, [error.model_copy(update={"reason": "better"})])
        artifacts.record_artifact_errors(tx, incident, odd.sha256, [])
        assert artifacts.find_artifact(tx, incident, odd.sha256).name == "x\u2400y\\udcff"
        kept = artifacts.artifact_errors_of(tx, incident)
    assert kept == {odd.sha256: [ParseError(locator="line:1\u2400", reason="better")]}


def test_a_load_counts_once_committed_and_comes_back_whole(database: Database, org: str, incident: str) -> None:
    seen = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
    done = load(
        "l1", state="committed", records=9, events=7, skips=1, errors=1, first_time=seen, last_time=seen,
        clock=Clock(offset_s=3600.5, method="said-by-user", evidence=("e1",)),
        parse_errors=(ParseError(locator="line:2", reason="bad"),),
    )  # fmt: skip
    with database.tenant(org) as tx:
        loads.open_load(tx, incident, load("l1"))
    with database.tenant(org) as tx:
        assert loads.committed_loads(tx, incident) == []
        assert ids(loads.abandoned_loads(tx, incident)) == ["l1"]
    with database.tenant(org) as tx:
        loads.commit_load(tx, incident, done)
    with database.tenant(org) as tx:
        assert loads.committed_loads(tx, incident) == [done]
        assert loads.abandoned_loads(tx, incident) == []
        assert loads.find_load(tx, "l1") == done == loads.find_committed_load(tx, SHA, "windows", "1")
        assert loads.find_committed_load(tx, SHA, "windows", "2") is None


def test_a_commit_that_is_rolled_back_shows_nothing(database: Database, org: str, incident: str) -> None:
    with database.tenant(org) as tx:
        loads.open_load(tx, incident, load("l1"))
    with pytest.raises(KeyboardInterrupt), database.tenant(org) as tx:
        loads.commit_load(tx, incident, load("l1"))
        raise KeyboardInterrupt
    with database.tenant(org) as tx:
        assert loads.committed_loads(tx, incident) == []


def test_a_replacement_is_seen_by_every_incident_in_one_step(database: Database, org: str, incident: str) -> None:
    with database.tenant(org) as tx:
        second = upsert_incident(tx, "INC-2", "second").incident_id
        loads.open_load(tx, incident, load("old"))
        loads.commit_load(tx, incident, load("old"))
        loads.link_load(tx, second, "old")
        loads.open_load(tx, incident, load("new"))
    with database.tenant(org) as tx, database.tenant(org) as reader:
        loads.commit_load(tx, incident, load("new"), replaces="old")
        assert ids(loads.committed_loads(tx, incident)) == ["new"]
        assert ids(loads.committed_loads(reader, incident)) == ["old"]
    with database.tenant(org) as tx:
        assert ids(loads.committed_loads(tx, second)) == ["new"]
        assert ids(loads.replaced_loads(tx, incident)) == ["old"]
        loads.forget_load(tx, "old")
        assert loads.replaced_loads(tx, incident) == []


def test_loads_change_only_along_their_way(database: Database, org: str, incident: str) -> None:
    with database.tenant(org) as tx:
        loads.open_load(tx, incident, load("l1", events=1))
        loads.open_load(tx, incident, load("l1", events=2))
        loads.commit_load(tx, incident, load("l1"))
        for forbidden in (
            lambda: loads.open_load(tx, incident, load("l1")),
            lambda: loads.commit_load(tx, incident, load("l1")),
            lambda: loads.commit_load(tx, incident, load("unopened")),
            lambda: loads.forget_load(tx, "l1"),
        ):
            with pytest.raises(LoadConflict):
                forbidden()
        loads.open_load(tx, incident, load("l2"))
        with pytest.raises(LoadConflict):
            loads.commit_load(tx, incident, load("l2"), replaces="nothing")


def test_abandoned_loads_are_forgotten_and_written_again(database: Database, org: str, incident: str) -> None:
    with database.tenant(org) as tx:
        runs.start_run(tx, incident, "r1")
        loads.open_load(tx, incident, load("l1"))
    with runs.hold_incident(database, org, incident), database.tenant(org) as tx:
        assert runs.close_dead_runs(tx, incident) == 1
        assert runs.run_state(tx, "r1") == "failed"
        for left in loads.abandoned_loads(tx, incident):
            loads.forget_load(tx, left.load_id)
        loads.open_load(tx, incident, load("l1"))
        loads.commit_load(tx, incident, load("l1"))
        assert ids(loads.committed_loads(tx, incident)) == ["l1"]


def test_one_process_holds_an_incident(database: Database, org: str, incident: str) -> None:
    with runs.hold_incident(database, org, incident):
        with pytest.raises(RunInProgress), runs.hold_incident(database, org, incident):
            pass
        with runs.hold_incident(database, org + "x", incident):
            pass
    with runs.hold_incident(database, org, incident):
        pass


HOLDER = """
import sys, time
from ircopilot.settings import StackUrls
from ircopilot.stores.postgres import Database
from ircopilot.stores.postgres.runs import hold_incident
with hold_incident(Database(StackUrls.model_validate_json(sys.stdin.readline())), *sys.argv[1:]):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_hold_ends_with_its_process(stack: StackUrls, database: Database, org: str, incident: str) -> None:
    command = [sys.executable, "-c", HOLDER, org, incident]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdin is not None
        assert holder.stdout is not None
        print(stack.model_dump_json(), file=holder.stdin, flush=True)
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(RunInProgress), runs.hold_incident(database, org, incident):
            pass
        holder.kill()
    deadline = time.monotonic() + 10
    while True:
        try:
            with runs.hold_incident(database, org, incident):
                return
        except RunInProgress:
            assert time.monotonic() < deadline, "the hold of a dead process stayed"
            time.sleep(0.02)
