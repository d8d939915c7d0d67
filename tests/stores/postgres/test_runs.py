"""Runs, numbered progress and versioned results, also when several write at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from ircopilot.stores import StoreSet
from ircopilot.stores.postgres import Database, progress, results, runs
from ircopilot.stores.postgres.errors import UnknownRun
from ircopilot.stores.postgres.incidents import upsert_incident


@pytest.fixture
def database(stores: StoreSet) -> Database:
    return stores.database


@pytest.fixture
def incident(database: Database, org: str) -> str:
    with database.tenant(org) as tx:
        made = upsert_incident(tx, "INC-1", "t").incident_id
        runs.start_run(tx, made, "r1", {"title": "t"})
    return made


def test_events_are_numbered_without_gaps_by_many_writers(database: Database, org: str, incident: str) -> None:
    def write(writer: int) -> list[int]:
        numbers = []
        for n in range(12):
            try:
                with database.tenant(org) as tx:
                    number = progress.add_run_event(tx, "r1", "collect", {"writer": writer, "n": n})
                    if n % 4 == 3:
                        raise InterruptedError
                    numbers.append(number)
            except InterruptedError:
                pass
        return numbers

    with ThreadPoolExecutor(6) as pool:
        given = [n for numbers in pool.map(write, range(6)) for n in numbers]
    with database.tenant(org) as tx:
        seen = progress.run_events_since(tx, "r1", 0)
        assert [e.number for e in seen] == sorted(given) == list(range(1, 6 * 9 + 1))
        for writer in range(6):
            order = [e.payload["n"] for e in seen if e.payload["writer"] == writer]
            assert order == sorted(order)
        assert [e.number for e in progress.run_events_since(tx, "r1", 50)] == [51, 52, 53, 54]
        assert [e.number for e in progress.run_events_since(tx, "r1", 0, limit=2)] == [1, 2]


def test_unknown_runs_are_said_to_be_unknown(database: Database, org: str, incident: str) -> None:
    with database.tenant(org) as tx:
        for act in (
            lambda: progress.add_run_event(tx, "r9", "collect", {}),
            lambda: runs.finish_run(tx, "r9"),
            lambda: runs.run_state(tx, "r9"),
        ):
            with pytest.raises(UnknownRun):
                act()


def test_a_run_ends_and_goes_on(database: Database, org: str, incident: str) -> None:
    with database.tenant(org) as tx:
        runs.finish_run(tx, "r1", "cancelled", "Ctrl-C \0")
        assert runs.run_state(tx, "r1") == "cancelled"
        runs.start_run(tx, incident, "r1")
        assert runs.run_state(tx, "r1") == "running"
        runs.finish_run(tx, "r1")
        assert runs.run_state(tx, "r1") == "done"
        assert runs.close_dead_runs(tx, incident) == 0


def test_results_are_versions_and_hold_any_text(database: Database, org: str, incident: str) -> None:
    document = {"zuletzt": 1, "a": ["\0", "\ud800", "\u202e", 1.5, None, {"deep": True}]}
    with database.tenant(org) as tx:
        assert results.latest_result(tx, incident, "report") is None
        assert results.save_result(tx, incident, "r1", "report", {"old": True}) == 1
    with ThreadPoolExecutor(4) as pool:
        versions = list(pool.map(lambda _: _save(database, org, incident, document), range(4)))
    with database.tenant(org) as tx:
        latest = results.latest_result(tx, incident, "report")
    assert sorted(versions) == [2, 3, 4, 5]
    assert latest == results.Result(stage="report", version=5, run_id="r1", document=document)
    assert list(latest.document) == ["zuletzt", "a"]


def _save(database: Database, org: str, incident: str, document: dict[str, object]) -> int:
    with database.tenant(org) as tx:
        return results.save_result(tx, incident, "r1", "report", document)
