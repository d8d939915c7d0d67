"""Runs over a real orchestrator: started, listed, cancelled, retried, driven again; what they made is fetched."""

from __future__ import annotations

import asyncio
import hashlib
import os
import socket
import threading
import uuid
from collections.abc import Iterator

import httpx
import pytest

from gateway.conftest import LIMITS, SETTINGS, Served, client, new_key, serving
from gateway.test_incidents import problem
from gateway.test_upload import eventually
from ircopilot.domain.incident import RunParameters
from ircopilot.orchestrator.process import running_orchestrator
from ircopilot.settings import ServiceSettings, StackUrls
from ircopilot.stores import StoreSet
from ircopilot.stores.postgres import jobs, results, runs
from ircopilot.telemetry import configure_logs
from ircopilot.tracing import trace_id

TOKEN = "a-token-of-the-tests"


@pytest.fixture(scope="module")
def orchestrated(stores: StoreSet, stack: StackUrls) -> Iterator[Served]:
    """A gateway with an orchestrator behind it, and no workers."""
    ports: list[int] = []
    up, loop, down = threading.Event(), asyncio.new_event_loop(), asyncio.Event()
    settings = ServiceSettings(
        orchestrator_address="127.0.0.1:0", orchestrator_http="127.0.0.1:0", service_token=TOKEN,
        heartbeat_s=SETTINGS.heartbeat_s, grace_s=2,
    )  # fmt: skip

    async def orchestrate() -> None:
        async with running_orchestrator(stack, settings, configure_logs("orchestrator")) as made:
            ports.append(made.rpc_port)
            up.set()
            await down.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(orchestrate()))
    thread.start()
    assert up.wait(30)
    address = f"127.0.0.1:{ports[0]}"
    try:
        with serving(stores, settings.model_copy(update={"orchestrator_address": address, "gateway_address": "127.0.0.1:0"})) as gateway:  # fmt: skip
            yield gateway
    finally:
        loop.call_soon_threadsafe(down.set)
        thread.join(20)
        loop.close()


@pytest.fixture
def api(orchestrated: Served, key: str) -> Iterator[httpx.Client]:
    """Calls with the test's key; an incident INC-1 with one file of evidence is there."""
    with client(orchestrated, key) as http:
        http.post("/v1/incidents", json={"key": "INC-1", "title": "t"})
        assert http.post("/v1/incidents/INC-1/evidence?name=a.log", content=b"a\n").status_code == 201
        yield http


def test_a_run_is_accepted_told_and_listed(api: httpx.Client) -> None:
    asked = {"since": "2026-03-01T00:00:00Z", "clocks": {"host:ws07": 3600.5}, "priority": 7, "deadline_s": 600}
    answer = api.post("/v1/incidents/INC-1/runs", json=asked)
    assert answer.status_code == 202, answer.text
    run = answer.json()
    assert answer.headers["location"] == f"/v1/runs/{run['id']}"
    assert (run["incident"], run["state"], run["step"], run["priority"]) == ("INC-1", "running", "collect/unpack", 7)
    assert run["parameters"]["clocks"] == {"host:ws07": 3600.5}
    assert run["parameters"]["since"] == "2026-03-01T00:00:00Z"
    assert run["deadline"] > run["created_at"]
    found = api.get(f"/v1/runs/{run['id']}").json()
    assert found | {"last_event": 0} == run | {"last_event": 0}
    second = api.post("/v1/incidents/INC-1/runs", json={}).json()
    assert second["state"] == "queued"
    page = api.get("/v1/runs", params={"incident": "INC-1", "limit": 1}).json()
    assert [r["id"] for r in page["items"]] == [second["id"]]
    rest = api.get("/v1/runs", params={"limit": 1, "before": page["next"]}).json()
    assert ([r["id"] for r in rest["items"]], rest["next"]) == ([run["id"]], None)


def test_runs_are_listed_by_kind(api: httpx.Client, stores: StoreSet, org: str) -> None:
    analysis = api.post("/v1/incidents/INC-1/runs", json={}).json()["id"]
    incident, export = api.get("/v1/incidents/INC-1").json()["id"], str(uuid.uuid4())
    with stores.database.tenant(org) as tx:
        runs.ask_run(tx, incident, export, RunParameters(first_stage="export"))
    for kind, expected in (("analysis", [analysis]), ("export", [export])):
        found = api.get("/v1/runs", params={"incident": "INC-1", "kind": kind}).json()["items"]
        assert [run["id"] for run in found] == expected
    problem(api.get("/v1/runs", params={"kind": "other"}), 422, "invalid-request")


def test_a_call_and_the_jobs_of_its_run_are_one_trace(api: httpx.Client, stores: StoreSet, org: str) -> None:
    given = "4bf92f3577b34da6a3ce929d0e0e4736"
    headers = {"traceparent": f"00-{given}-00f067aa0ba902b7-01"}
    told = api.post("/v1/incidents/INC-1/runs", json={}, headers=headers)
    assert told.headers["traceparent"].split("-")[1] == given
    with stores.database.tenant(org) as tx:
        assert trace_id(jobs.trace_of(tx, told.json()["id"])) == given
    # A trace begins with the call when its sender has none.
    other = api.post("/v1/incidents", json={"title": "other", "key": "INC-2"})
    api.post("/v1/incidents/INC-2/evidence?name=b.log", content=b"b\n")
    other = api.post("/v1/incidents/INC-2/runs", json={})
    with stores.database.tenant(org) as tx:
        assert trace_id(jobs.trace_of(tx, other.json()["id"])) == other.headers["traceparent"].split("-")[1]


@pytest.mark.parametrize(
    ("asked", "status", "kind"),
    [
        ({"since": "2026-03-02T00:00:00Z", "until": "2026-03-01T00:00:00Z"}, 400, "unusable-argument"),
        ({"first_stage": "report"}, 400, "unusable-argument"),
        ({"rules": ["0" * 64]}, 422, "unknown-rules"),
        ({"rules": ["x"]}, 422, "invalid-request"),
        ({"since": "2026-03-02"}, 422, "invalid-request"),
        ({"clocks": {"a": 1e300}}, 422, "invalid-request"),
        ({"priority": 10}, 422, "invalid-request"),
        ({"deadline_s": -1}, 422, "invalid-request"),
        ({"first_stage": "nothing"}, 422, "invalid-request"),
        ({"run_id": "mine"}, 422, "invalid-request"),
    ],
)
def test_what_cannot_be_run_is_refused(api: httpx.Client, asked: dict[str, object], status: int, kind: str) -> None:
    problem(api.post("/v1/incidents/INC-1/runs", json=asked), status, kind)
    assert api.get("/v1/runs").json()["items"] == []


def test_many_alerts_at_once_make_one_run_that_waits(api: httpx.Client) -> None:
    first = api.post("/v1/incidents/INC-1/runs", json={}).json()
    found = [
        api.post("/v1/incidents/INC-1/alerts", params={"run": True}, json={"rule": "r", "severity": n}).json()["run"]
        for n in range(5)
    ]
    assert len({run["id"] for run in found}) == 1
    assert found[0]["id"] != first["id"]
    action = {"title": "Isolate", "state": "open"}
    answer = api.post("/v1/incidents/INC-1/actions", params={"run": True}, json=action)
    assert answer.json()["run"]["id"] == found[0]["id"]
    # One that is to do something special does not stand for it.
    api.post(f"/v1/runs/{found[0]['id']}/cancel")
    api.post("/v1/incidents/INC-1/runs", json={"since": "2026-03-01T00:00:00Z"})
    answer = api.post("/v1/incidents/INC-1/evidence?name=b&run=true", content=b"b")
    assert answer.json()["run"]["parameters"]["since"] is None
    assert len(api.get("/v1/runs").json()["items"]) == 4


def test_a_run_is_cancelled_and_watched_to_its_end(api: httpx.Client) -> None:
    run = api.post("/v1/incidents/INC-1/runs", json={}).json()
    answer = api.post(f"/v1/runs/{run['id']}/cancel", json={"reason": "wrong evidence"})
    assert (answer.status_code, answer.json()["state"]) == (202, "cancelled")
    assert api.post(f"/v1/runs/{run['id']}/cancel").json()["state"] == "cancelled"
    with api.stream("GET", f"/v1/runs/{run['id']}/events") as stream:
        text = stream.read().decode()
    assert text.count("event: cancelled\n") == 1
    problem(api.post(f"/v1/runs/{uuid.uuid4()}/cancel"), 404, "unknown-run")


def test_a_retry_is_a_new_run_with_what_was_changed(api: httpx.Client) -> None:
    asked = {"since": "2026-03-01T00:00:00Z", "until": "2026-04-01T00:00:00Z", "clocks": {"a": 1.0}, "priority": 3}
    old = api.post("/v1/incidents/INC-1/runs", json=asked).json()
    api.post(f"/v1/runs/{old['id']}/cancel")
    rules = api.post("/v1/rule-sets", content=b"title: x\n").json()["sha256"]
    answer = api.post(f"/v1/runs/{old['id']}/retry", json={"rules": [rules], "until": None})
    assert answer.status_code == 202, answer.text
    run = answer.json()
    assert run["id"] != old["id"]
    assert run["parameters"] == old["parameters"] | {"rules": [rules], "until": None}
    assert run["priority"] == 3
    problem(api.post(f"/v1/runs/{old['id']}/retry", json={"first_stage": "forensic"}), 400, "unusable-argument")


def test_dead_jobs_are_shown_and_driven_again(
    api: httpx.Client, stores: StoreSet, org: str, orchestrated: Served
) -> None:
    run = api.post("/v1/incidents/INC-1/runs", json={}).json()
    with stores.database.tenant(org) as tx:
        (part,) = jobs.parts_of(tx, run["id"], "collect/unpack")
        jobs.give_up_delivery(tx, part.job_id, 1, "nobody took it")
    (letter,) = api.get("/v1/dead-letters").json()["items"]
    assert (letter["job_id"], letter["run_id"], letter["reason"]) == (part.job_id, run["id"], "nobody took it")
    assert letter["stage"] == "collect/unpack"
    with client(orchestrated, new_key(stores, f"org-{uuid.uuid4()}")) as other:
        assert other.get("/v1/dead-letters").json() == {"items": []}
        problem(other.post(f"/v1/dead-letters/{part.job_id}/redrive"), 404, "unknown-job")
    # The orchestrator's sweep sees that the run cannot go on.
    assert eventually(lambda: api.get(f"/v1/runs/{run['id']}").json()["state"] == "failed", 15)
    answer = api.post(f"/v1/dead-letters/{part.job_id}/redrive")
    assert (answer.status_code, answer.json()["state"]) == (202, "running")
    assert api.get("/v1/dead-letters").json() == {"items": []}
    problem(api.post(f"/v1/dead-letters/{part.job_id}/redrive"), 404, "unknown-job")


@pytest.fixture
def made(api: httpx.Client, stores: StoreSet, org: str) -> tuple[str, bytes]:
    """A run that has made a report."""
    run_id, body = str(uuid.uuid4()), os.urandom(1 << 20)
    sha256, size = stores.vault.put(org, iter([body]))
    incident = api.get("/v1/incidents/INC-1").json()["id"]
    with stores.database.tenant(org) as tx:
        runs.start_run(tx, incident, run_id)
        outputs = {"report.json": {"sha256": sha256, "size": size}, "rapport é.pdf": {"sha256": sha256, "size": size}}
        results.save_result(tx, incident, run_id, "export", {"outputs": outputs})
    return run_id, body


def test_what_a_run_made_is_fetched_whole(api: httpx.Client, made: tuple[str, bytes]) -> None:
    run_id, body = made
    sha256 = hashlib.sha256(body).hexdigest()
    listed = api.get(f"/v1/runs/{run_id}/outputs").json()["items"]
    assert listed[1] == {"name": "report.json", "sha256": sha256, "size": len(body)}
    answer = api.get(f"/v1/runs/{run_id}/outputs/report.json")
    assert answer.content == body
    assert (answer.headers["content-encoding"], answer.headers["etag"]) == ("gzip", f'"{sha256}-gzip"')
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["content-disposition"] == "attachment; filename=\"report.json\"; filename*=UTF-8''report.json"
    again = api.get(f"/v1/runs/{run_id}/outputs/report.json", headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    plain = api.get(f"/v1/runs/{run_id}/outputs/report.json", headers={"Accept-Encoding": "identity"})
    assert (plain.content, plain.headers["etag"]) == (body, f'"{sha256}"')
    odd = api.get(f"/v1/runs/{run_id}/outputs/rapport é.pdf")
    assert odd.headers["content-disposition"].endswith("''rapport%20%C3%A9.pdf")
    for name in ("other.json", "%2e%2e%2freport.json", "report.json/x"):
        assert api.get(f"/v1/runs/{run_id}/outputs/{name}").status_code == 404


def test_who_stops_fetching_is_cut_off(made: tuple[str, bytes], orchestrated: Served, key: str) -> None:
    with socket.socket() as line:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        line.connect(("127.0.0.1", orchestrated.port))
        ask = f"GET /v1/runs/{made[0]}/outputs/report.json HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\n\r\n"
        got = 0
        for _ in range(12):  # each file fits into the kernel's buffers: ask for many
            line.sendall(ask.encode())
        threading.Event().wait(LIMITS.stall_s + 1)
        line.settimeout(10)
        with pytest.raises(ConnectionResetError):
            while chunk := line.recv(1 << 20):
                got += len(chunk)
        assert got < 12 << 20


def test_changed_bytes_are_never_given_out(
    api: httpx.Client, made: tuple[str, bytes], stack: StackUrls, org: str
) -> None:
    sha256 = hashlib.sha256(made[1]).hexdigest()
    path = os.path.join(stack.vault_url.removeprefix("file://"), org, sha256[:2], sha256)  # noqa: PTH118
    os.chmod(path, 0o600)  # noqa: PTH101
    with open(path, "r+b") as file:  # noqa: PTH123
        file.seek(-1000, os.SEEK_END)
        file.write(b"tampered")
    with pytest.raises(httpx.RemoteProtocolError):
        api.get(f"/v1/runs/{made[0]}/outputs/report.json")


def test_without_an_orchestrator_runs_wait_for_better_times(
    http: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ircopilot.gateway.orchestrator.PATIENCE_S", 0.5)
    http.post("/v1/incidents", json={"key": "INC-1", "title": "t"})
    problem(http.post("/v1/incidents/INC-1/runs", json={}), 503, "orchestrator-unreachable")
    # Evidence is taken all the same.
    assert http.post("/v1/incidents/INC-1/evidence?name=a", content=b"x").status_code == 201


def test_a_wrong_service_token_is_told_as_our_own_fault(orchestrated: Served, stores: StoreSet, key: str) -> None:
    settings = orchestrated.gate.settings.model_copy(update={"service_token": "wrong"})
    with serving(stores, settings) as gateway, client(gateway, key) as http:
        http.post("/v1/incidents", json={"key": "INC-1", "title": "t"})
        answer = http.post("/v1/incidents/INC-1/runs", json={})
        # Not 401: the caller's key is as good as it was.
        problem(answer, 503, "orchestrator-unreachable")


def test_who_started_and_cancelled_a_run_is_in_the_audit_log_once(api: httpx.Client) -> None:
    named = {"Idempotency-Key": "start"}
    first = api.post("/v1/incidents/INC-1/runs", json={}, headers=named)
    assert api.post("/v1/incidents/INC-1/runs", json={}, headers=named).content == first.content
    run = first.json()["id"]
    for _ in range(2):
        assert api.post(f"/v1/runs/{run}/cancel", json={"reason": "wrong file"}).status_code == 202
    rules = api.post("/v1/rule-sets", content=b"title: x\n").json()["sha256"]
    entries = {e["act"]: e for e in api.get("/v1/audit").json()["items"]}
    acts = [e["act"] for e in api.get("/v1/audit", params={"target": f"incident/INC-1/run/{run}"}).json()["items"]]
    assert acts == ["run.cancel", "run.start"]
    assert entries["run.cancel"]["after"]["reason"] == "wrong file"
    assert entries["run.start"]["actor"]["kind"] == "key"
    assert entries["run.start"]["request_id"] == first.headers["x-request-id"]
    assert entries["rule-set.hand-in"]["target"] == f"rule-set/{rules}"
