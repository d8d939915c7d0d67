"""A service run, its jobs done one by one in this process, gives the report that `investigate` gives."""

from __future__ import annotations

import io
import json
import uuid
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from faults.evidence import write_evidence
from ircopilot.contracts.messages import JobMessage
from ircopilot.domain.errors import UnusableArgument
from ircopilot.domain.evidence import Clock, Load
from ircopilot.domain.ids import stable_uuid
from ircopilot.domain.incident import Run, RunParameters, Window
from ircopilot.pipeline.advance import advance, cancel_run, redrive, start_run
from ircopilot.pipeline.perform import Busy, perform
from ircopilot.pipeline.request import Request, Silent
from ircopilot.pipeline.run import investigate
from ircopilot.pipeline.slices import time_slices
from ircopilot.stores import StoreSet
from ircopilot.stores.postgres import deposits, incidents, jobs, results, runs, tables
from ircopilot.stores.postgres.errors import RunInProgress, StaleLease
from ircopilot.stores.postgres.progress import run_events_since

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def evidence(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_evidence(tmp_path_factory.mktemp("small") / "evidence")


class Case:
    """An incident of the service, driven by hand."""

    def __init__(self, stores: StoreSet, org: str, scratch: Path, key: str = "CASE") -> None:
        self.stores, self.org, self.scratch, self.count = stores, org, scratch, 0
        with stores.database.tenant(org) as tx:
            self.incident = incidents.upsert_incident(tx, key, "Small").incident_id

    def hand_in(self, root: Path, files: Iterable[Path]) -> None:
        for path in files:
            sha256, size = self.stores.vault.put(self.org, io.BytesIO(path.read_bytes()))
            with self.stores.database.tenant(self.org) as tx:
                name = path.relative_to(root).as_posix()
                deposits.record_deposit(tx, self.incident, sha256, name, size, "")

    def start(self, **parameters: Any) -> str:
        self.count += 1
        run_id = stable_uuid(self.incident, str(self.count))
        with self.stores.database.tenant(self.org) as tx:
            start_run(tx, self.incident, run_id, RunParameters(**parameters))
        return run_id

    def waiting(self, run_id: str) -> list[JobMessage]:
        with self.stores.database.tenant(self.org) as tx:
            mine = (tables.jobs.c.run_id == run_id) & (tables.jobs.c.state == "queued")
            return [jobs._message(row) for row in tx.connection.execute(select(tables.jobs).where(mine))]

    def do(self, message: JobMessage) -> None:
        self.count += 1
        scratch = self.scratch / str(self.count)
        scratch.mkdir()
        with self.stores.database.tenant(self.org) as tx:
            lease = jobs.lease_job(tx, message.job_id, message.attempt, "me")
        assert lease is not None
        fenced = self.stores.fenced(lambda tx: jobs.check_lease(tx, lease))
        made = perform(fenced, message, Silent(), scratch)
        with self.stores.database.tenant(self.org) as tx:
            runs.lock_run(tx, message.run_id)
            jobs.complete_job(tx, lease, made)
            advance(tx, message.run_id)

    def drive(self, run_id: str, until: str = "") -> Run:
        """Do the run's jobs, the last of each step first, until it is over or at a step."""
        while waiting := self.waiting(run_id):
            if until and waiting[0].payload["step"] == until:
                break
            self.do(waiting[-1])
        return self.run(run_id)

    def run(self, run_id: str) -> Run:
        with self.stores.database.tenant(self.org) as tx:
            return runs.get_run(tx, run_id)

    def report(self, run_id: str) -> dict[str, Any]:
        with self.stores.database.tenant(self.org) as tx:
            found = results.result_of_run(tx, run_id, "export")
        assert found is not None
        with self.stores.vault.open(self.org, found.document["outputs"]["report.json"]["sha256"]) as stream:
            return without_run(json.loads(stream.read()))

    def steps(self, run_id: str) -> dict[str, int]:
        with self.stores.database.tenant(self.org) as tx:
            rows = tx.connection.execute(select(tables.jobs.c.step).where(tables.jobs.c.run_id == run_id)).scalars()
            found = list(rows)
        return {step: found.count(step) for step in found}


def without_run(report: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in report.items() if k != "run"}


@pytest.fixture
def case(stores: StoreSet, tmp_path: Path) -> Case:
    return Case(stores, str(uuid.uuid4()), tmp_path)


@pytest.fixture(scope="module")
def reference(stores: StoreSet, evidence: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The report of `investigate` over everything."""
    out = tmp_path_factory.mktemp("out")
    request = Request((evidence,), out, title="Small", incident="CASE", org_id=str(uuid.uuid4()))
    investigate(stores, request, Silent())
    return without_run(json.loads((out / "report.json").read_bytes()))


def files_of(evidence: Path) -> list[Path]:
    return sorted(p for p in evidence.rglob("*") if p.is_file())


def test_in_one_part_a_step(case: Case, evidence: Path, reference: dict[str, Any]) -> None:
    case.hand_in(evidence, files_of(evidence))
    run = case.drive(run_id := case.start())
    assert (run.state, run.error) == ("done", None)
    assert case.report(run_id) == reference
    assert "forensic/match" not in case.steps(run_id)


def test_in_many_parts_in_another_order(case: Case, evidence: Path, reference: dict[str, Any]) -> None:
    case.hand_in(evidence, files_of(evidence))
    run_id = case.start(part_events=100, part_bytes=1)
    assert case.drive(run_id).state == "done"
    steps = case.steps(run_id)
    assert steps["collect/load"] > 2
    assert steps["forensic/match"] > 2
    assert case.report(run_id) == reference


def test_what_comes_later_gives_what_having_it_all_gives(case: Case, evidence: Path, reference: dict[str, Any]) -> None:
    files = files_of(evidence)
    case.hand_in(evidence, files[: len(files) // 2])
    first = case.start()
    case.drive(first, until="forensic/examine")
    case.hand_in(evidence, files[len(files) // 2 :])
    second = case.start()
    assert case.run(second).state == "queued", "one run of an incident at a time"
    assert case.drive(first).state == "done"
    assert case.run(second).state == "running"
    assert case.drive(second).state == "done"
    assert case.report(second) == reference
    assert case.report(first) != case.report(second)


def two_sources() -> dict[str, bytes]:
    """Guessed passwords as a sensor saw them, and as sshd wrote them down in local time, two hours ahead, without a year."""
    begin = datetime(2026, 3, 10, 8, tzinfo=UTC)
    sensor, local = [], []
    for n in range(12):
        at, port = begin + timedelta(minutes=n), 40000 + n
        conn = {"_path": "conn", "ts": at.timestamp(), "uid": f"C{n}", "id.orig_h": "198.51.100.23", "id.orig_p": port}
        sensor.append(json.dumps(conn | {"id.resp_h": "10.0.0.5", "id.resp_p": 22, "proto": "tcp", "conn_state": "SF"}))
        written = at + timedelta(hours=2, seconds=1)
        line = f"sshd[{n}]: Failed password for root from 198.51.100.23 port {port} ssh2"
        local.append(f"{written:%b %d %H:%M:%S} web01 {line}")
    return {"conn.log": "\n".join(sensor).encode(), "auth.log": "\n".join(local).encode()}


def test_a_clock_that_another_source_proves(case: Case, tmp_path: Path) -> None:
    """With both at once, by `investigate` and by the service, and with the one after the other."""
    evidence = write_evidence(tmp_path / "two", two_sources())
    org = str(uuid.uuid4())
    request = Request((evidence,), tmp_path / "out", title="Small", incident="CASE", org_id=org)
    for _ in range(2):
        investigate(case.stores, request, Silent())
        alone = without_run(json.loads((tmp_path / "out" / "report.json").read_bytes()))
        log = next(a for a in alone["artifacts"] if a["name"] == "auth.log")
        clock = log["clock"]
        assert (clock["method"], clock["offset_s"], clock["agreeing"]) == ("seen-by-two-sources", -7200, 12)
        assert (log["first_time"], log["events"]) == ("2026-03-10T08:00:01Z", 12)
    case.hand_in(evidence, [evidence / "auth.log"])
    assert case.drive(first := case.start()).state == "done"
    assert "collect/clocks" not in case.steps(first)
    case.hand_in(evidence, [evidence / "conn.log"])
    assert case.drive(second := case.start()).state == "done"
    assert case.steps(second)["collect/clocks"] == 1
    assert case.report(second) == alone
    said = case.start(clocks={"auth.log": -3600.0})
    assert case.drive(said).state == "done"
    told = next(a["clock"] for a in case.report(said)["artifacts"] if a["name"] == "auth.log")
    assert (told["method"], told["offset_s"]) == ("said-by-user", -3600)


def test_a_stage_again_gives_a_version_beside_the_old(case: Case, evidence: Path) -> None:
    case.hand_in(evidence, files_of(evidence))
    first = case.start()
    case.drive(first)
    again = case.start(first_stage="report")
    assert case.drive(again).state == "done"
    assert set(case.steps(again)) == {"report/draft", "export/make"}
    assert case.report(again) == case.report(first)
    start = case.report(first)["incident"]["start"]
    assert start is not None
    windowed = case.start(first_stage="timeline", window={"until": "2001-01-01T00:00:00Z"})
    assert case.drive(windowed).state == "done"
    assert case.report(windowed)["incident"]["start"] is None
    with case.stores.database.tenant(case.org) as tx:
        latest = results.latest_result(tx, case.incident, "report")
        assert latest is not None
        assert latest.version == 3
        assert results.result_of_run(tx, first, "report") is not None
    assert case.report(first)["incident"]["start"] == start


def test_nothing_to_begin_at(case: Case) -> None:
    with pytest.raises(UnusableArgument, match="no result of collect, timeline"):
        case.start(first_stage="forensic")


def test_nothing_readable_fails_with_the_reason(case: Case, tmp_path: Path) -> None:
    (tmp_path / "e").mkdir()
    (tmp_path / "e" / "a.exe").write_bytes(b"MZ" + bytes(3000))
    case.hand_in(tmp_path / "e", [tmp_path / "e" / "a.exe"])
    run = case.drive(case.start())
    assert run.state == "failed"
    assert "a.exe: it is a Windows program" in str(run.error)


def test_a_clock_that_is_nobodys(case: Case, evidence: Path) -> None:
    case.hand_in(evidence, files_of(evidence))
    run_id = case.start(clocks={"nobody": 60.0})
    with pytest.raises(UnusableArgument, match="nobody names nothing"):
        case.drive(run_id)


def test_cancelled_while_a_worker_has_a_job(case: Case, evidence: Path) -> None:
    case.hand_in(evidence, files_of(evidence))
    run_id = case.start(part_bytes=1)
    case.drive(run_id, until="collect/load")
    held, *others = case.waiting(run_id)
    assert others
    with case.stores.database.tenant(case.org) as tx:
        lease = jobs.lease_job(tx, held.job_id, 1, "me")
    assert lease is not None
    following = case.start()
    with case.stores.database.tenant(case.org) as tx:
        assert cancel_run(tx, run_id).state == "cancelling"
        assert jobs.count_open(tx, run_id) == {"done": len(files_of(evidence)), "running": 1, "cancelled": len(others)}
    assert case.run(following).state == "queued"
    with case.stores.database.tenant(case.org) as tx:
        runs.lock_run(tx, run_id)
        jobs.cancel_job(tx, lease)
        advance(tx, run_id)
    assert case.run(run_id).state == "cancelled"
    assert case.drive(following).state == "done"


def test_past_its_deadline_it_failed(case: Case, evidence: Path) -> None:
    case.hand_in(evidence, files_of(evidence))
    run_id = case.start()
    with case.stores.database.tenant(case.org) as tx:
        run = cancel_run(tx, run_id, "its deadline passed", "failed")
    assert (run.state, run.error) == ("failed", "its deadline passed")
    assert case.waiting(run_id) == []


def test_a_dead_job_fails_its_run_and_is_driven_again(case: Case, evidence: Path, reference: dict[str, Any]) -> None:
    case.hand_in(evidence, files_of(evidence))
    run_id = case.start(part_bytes=1)
    case.drive(run_id, until="collect/load")
    dead, *others = case.waiting(run_id)
    with case.stores.database.tenant(case.org) as tx:
        lease = jobs.lease_job(tx, dead.job_id, 1, "me")
        assert lease is not None
        runs.lock_run(tx, run_id)
        jobs.fail_job(tx, lease, "poison", retry=False)
        advance(tx, run_id)
    run = case.run(run_id)
    assert (run.state, run.error) == ("failed", "poison")
    assert case.waiting(run_id) == []
    with case.stores.database.tenant(case.org) as tx:
        assert [letter.job_id for letter in jobs.list_dead_letters(tx)] == [dead.job_id]
        assert redrive(tx, dead.job_id).state == "running"
        assert jobs.list_dead_letters(tx) == []
    assert len(case.waiting(run_id)) == 1 + len(others)
    assert case.drive(run_id).state == "done"
    assert case.report(run_id) == reference


def test_a_worker_that_lost_its_lease_makes_nothing_visible(case: Case, evidence: Path) -> None:
    case.hand_in(evidence, files_of(evidence))
    run_id = case.start()
    case.drive(run_id, until="collect/load")
    (message,) = case.waiting(run_id)
    with case.stores.database.tenant(case.org) as tx:
        old = jobs.lease_job(tx, message.job_id, 1, "slow", seconds=0)
        new = jobs.lease_job(tx, message.job_id, 1, "quick")
    assert old is not None
    assert new is not None
    fenced = case.stores.fenced(lambda tx: jobs.check_lease(tx, old))
    scratch = case.scratch / "slow"
    scratch.mkdir()
    with pytest.raises(StaleLease):
        perform(fenced, message, Silent(), scratch)
    with case.stores.database.tenant(case.org) as tx:
        assert list(tx.connection.execute(select(tables.loads.c.state))) == []


def test_a_local_investigation_and_the_service_keep_apart(case: Case, evidence: Path, tmp_path: Path) -> None:
    case.hand_in(evidence, files_of(evidence))
    run_id = case.start()
    request = Request((evidence,), tmp_path / "out", title="Small", incident="CASE", org_id=case.org)
    with pytest.raises(RunInProgress, match="CASE"):
        investigate(case.stores, request, Silent())
    with runs.hold_incident(case.stores.database, case.org, case.incident), pytest.raises(Busy):
        case.do(case.waiting(run_id)[0])


def test_what_is_told_of_a_run(case: Case, evidence: Path) -> None:
    case.hand_in(evidence, files_of(evidence))
    run_id = case.start()
    case.drive(run_id)
    with case.stores.database.tenant(case.org) as tx:
        told = run_events_since(tx, run_id, 0)
    assert [e.number for e in told] == list(range(1, len(told) + 1))
    assert [(e.stage, e.payload["state"]) for e in told] == [
        ("run", "queued"), ("run", "running"),
        *((stage, state) for stage in ("collect", "timeline", "forensic", "report", "export") for state in ("started", "done")),
        ("run", "done"),
    ]  # fmt: skip


def test_the_four_kinds_arrive_one_after_the_other(case: Case, evidence: Path) -> None:
    """An alert is one because it was handed in as one, whatever it is made of."""
    case.hand_in(evidence, [evidence / "jump01" / "syslog"])
    assert case.drive(case.start()).state == "done"
    alert = b'{"text":"look at this","when":"2026-03-10T09:00:00Z"}'
    action = (
        b'{"actor":"nadia","ircopilot_action":"1","state":"done","time":"2026-03-10T09:30:00Z","title":"Isolate"}\n'
    )
    for name, data, kind in (("alerts/1.json", alert, "alert"), ("actions/1.jsonl", action, "")):
        sha256, size = case.stores.vault.put(case.org, io.BytesIO(data))
        with case.stores.database.tenant(case.org) as tx:
            deposits.record_deposit(tx, case.incident, sha256, name, size, "webhook", kind)
    case.hand_in(evidence, sorted((evidence / "slack").rglob("*.json")))
    run_id = case.start()
    assert case.drive(run_id).state == "done"
    with case.stores.database.tenant(case.org) as tx:
        found = results.result_of_run(tx, run_id, "timeline")
    assert found is not None
    counts = found.document["counts"]
    assert (counts["kind:alert"], counts["kind:action"]) == (1, 1)
    assert min(counts["kind:log"], counts["kind:comm"]) > 0


def test_slices_of_time_are_fair_and_whole(case: Case) -> None:
    begin = datetime(2031, 1, 1, tzinfo=UTC)
    loads = [
        Load(load_id=str(n), artifact_sha256="a", mapping="m", mapping_version="1", clock=Clock(), events=1000,
             first_time=begin + timedelta(hours=n), last_time=begin + timedelta(hours=n + 1))
        for n in range(4)
    ]  # fmt: skip
    slices = time_slices(loads, Window(), 1000)
    assert (slices[0].since, slices[-1].until, len(slices)) == (None, None, 4)
    assert all(a.until == b.since for a, b in pairwise(slices))
    for n, one in enumerate(slices[:-1], 1):
        assert one.until is not None
        assert abs(one.until - (begin + timedelta(hours=n))) < timedelta(minutes=1)
    inner = time_slices(loads, Window(since=begin + timedelta(hours=2)), 1000)
    assert inner[0].since == begin + timedelta(hours=2)
    assert len(inner) == 2
    assert time_slices([], Window(), 1) == [Window()]
