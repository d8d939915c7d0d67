"""The Python client and `ircopilot run`, over a line that breaks."""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import os
import socket
import threading
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gateway.conftest import Served
from gateway.test_events import Running
from gateway.test_runs import orchestrated  # noqa: F401, a fixture
from ircopilot.cli.app import app
from ircopilot.client import AsyncClient, Client
from ircopilot.client.errors import CorruptTransfer, GatewayUnreachable
from ircopilot.client.generated.async_operations import AsyncOperations
from ircopilot.client.generated.operations import Operations
from ircopilot.client.watching import read_events
from ircopilot.contracts.problems import RemoteProblem
from ircopilot.domain.errors import ProblemError
from ircopilot.stores import StoreSet
from ircopilot.stores.postgres import results, runs


class BreakingLine:
    """A way to the gateway that is cut after so many bytes of answer, or seconds; `bend` changes what passes."""

    def __init__(self, port: int, after_bytes: int = 1 << 40, after_s: float = 1e9) -> None:
        self._to, self._bytes, self._s = port, after_bytes, after_s
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port, self.cuts = self._listener.getsockname()[1], 0
        self.bend = lambda data: data
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._pass, args=(near,), daemon=True).start()

    def _pass(self, near: socket.socket) -> None:
        passed, until = 0, time.monotonic() + self._s
        with near, socket.create_connection(("127.0.0.1", self._to)) as far:
            threading.Thread(target=self._upwards, args=(near, far), daemon=True).start()
            far.settimeout(0.02)
            while passed < self._bytes and time.monotonic() < until:
                try:
                    data = far.recv(512)
                except TimeoutError:
                    continue
                except OSError:
                    return
                if not data:
                    return
                near.sendall(self.bend(data))
                passed += len(data)
            self.cuts += 1
            near.shutdown(socket.SHUT_RDWR)

    @staticmethod
    def _upwards(near: socket.socket, far: socket.socket) -> None:
        try:
            while data := near.recv(65536):
                far.sendall(data)
        except OSError:
            pass

    def close(self) -> None:
        """Take no more connections."""
        self._listener.close()


@pytest.fixture
def ours(served: Served, key: str) -> Iterator[Client]:
    with Client(served.url, key) as made:
        made.open_incident("A laptop", "INC-1")
        yield made


@pytest.mark.parametrize("cut", [{"after_bytes": 700}, {"after_s": 0.3}])
def test_a_watch_goes_on_over_a_line_that_breaks(
    served: Served, stores: StoreSet, org: str, key: str, cut: dict[str, float]
) -> None:
    running = Running(stores, org)

    def tell() -> None:
        for _ in range(20):
            running.tell(note="é" * 20)
            time.sleep(0.06)
        running.end()

    line = BreakingLine(served.port, **cut)  # type: ignore[arg-type]
    telling = threading.Thread(target=tell)
    telling.start()
    with Client(f"http://127.0.0.1:{line.port}", key) as client:
        events = list(client.watch(running.id))
    telling.join()
    line.close()
    assert [e.number for e in events] == list(range(1, 22))
    assert events[-1].state == "done"
    assert line.cuts >= 2


def test_a_watch_gives_up_when_nothing_answers_and_does_not_try_what_will_not_mend(served: Served, key: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        port = nobody.getsockname()[1]
    with Client(f"http://127.0.0.1:{port}", key) as client, pytest.raises(GatewayUnreachable):
        list(client.watch("x", patience_s=0.5))
    with Client(served.url, key) as client, pytest.raises(RemoteProblem) as unknown:
        list(client.watch("x"))
    assert (unknown.value.type, unknown.value.status) == ("unknown-run", 404)


def test_half_an_event_is_none() -> None:
    whole = b'retry: 5\n\n: \n\nid: 1\nevent: x\ndata: {"number":1,"stage":"run","at":"2026-03-01T00:00:00Z","state":"x"}\n\n'
    for cut in range(len(whole)):
        assert list(read_events([whole[:cut]])) == []
    for cut in range(len(whole)):
        assert [e.number for e in read_events([whole[:cut], whole[cut:]])] == [1]


def test_evidence_goes_up_and_reports_come_down(
    ours: Client, stores: StoreSet, org: str, tmp_path: Path
) -> None:  # fmt: skip
    body = os.urandom(700_000)
    (tmp_path / "auth.log").write_bytes(body)
    deposit = ours.upload("INC-1", tmp_path / "auth.log")["deposit"]
    assert (deposit["name"], deposit["sha256"]) == ("auth.log", hashlib.sha256(body).hexdigest())
    assert ours.get_incident("INC-1")["evidence"] == [deposit]
    running = Running(stores, org)
    with stores.database.tenant(org) as tx:
        incident = runs.get_run(tx, running.id).incident_id
        file = {"sha256": deposit["sha256"], "size": len(body)}
        results.save_result(tx, incident, running.id, "export", {"outputs": {"report.json": file}})
    assert ours.list_outputs(running.id) == [{"name": "report.json", **file}]
    assert ours.download(running.id, "report.json", tmp_path / "r.json") == deposit["sha256"]
    assert (tmp_path / "r.json").read_bytes() == body
    with pytest.raises(RemoteProblem, match="made no"):
        ours.download(running.id, "none.json", tmp_path / "none.json")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["auth.log", "r.json"]


@pytest.mark.parametrize("harm", ["cut", "changed"])
def test_a_download_that_is_harmed_leaves_no_file(
    served: Served, ours: Client, key: str, stores: StoreSet, org: str, tmp_path: Path, harm: str
) -> None:  # fmt: skip
    running = Running(stores, org)
    sha256, size = stores.vault.put(org, iter([b"report " * 10_000]))
    with stores.database.tenant(org) as tx:
        incident = runs.get_run(tx, running.id).incident_id
        results.save_result(tx, incident, running.id, "export", {"outputs": {"a": {"sha256": sha256, "size": size}}})
    line = BreakingLine(served.port, after_bytes=5000 if harm == "cut" else 1 << 40)
    if harm == "changed":
        line.bend = lambda data: data.replace(b"report report", b"report repart")
    with Client(f"http://127.0.0.1:{line.port}", key) as client, pytest.raises(ProblemError) as told:
        client.download(running.id, "a", tmp_path / "a")
    line.close()
    assert isinstance(told.value, GatewayUnreachable if harm == "cut" else CorruptTransfer)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_of_rules_is_one_archive_and_the_same_again(
    ours: Client, tmp_path: Path, stores: StoreSet, org: str
) -> None:
    (tmp_path / "win").mkdir()
    (tmp_path / "win" / "a.yml").write_text("title: a")
    (tmp_path / "readme.md").write_text("no rule")
    sha256 = ours.upload_rules(tmp_path)
    os.utime(tmp_path / "win" / "a.yml", (1, 1))
    assert ours.upload_rules(tmp_path) == sha256
    with stores.vault.open(org, sha256) as kept, zipfile.ZipFile(io.BytesIO(kept.read())) as archive:
        assert archive.namelist() == ["win/a.yml"]


def test_alerts_and_actions_are_handed_in(ours: Client) -> None:
    assert ours.send_alerts("INC-1", {"rule": "x", "severity": 1})["deposit"]["name"].startswith("alerts/")
    assert ours.note_action("INC-1", "Isolate", "open")["deposit"]["name"].startswith("actions/")
    with pytest.raises(RemoteProblem) as told:
        ours.note_action("INC-1", "Isolate", "half")
    assert told.value.type == "invalid-request"
    assert [i["key"] for i in ours.list_incidents()] == ["INC-1"]


@pytest.fixture
def command(orchestrated: Served, key: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> CliRunner:  # noqa: F811
    monkeypatch.setenv("IRCOPILOT_CONFIG_DIR", str(tmp_path / "config"))
    monkeypatch.setenv("IRCOPILOT_URL", orchestrated.url)
    monkeypatch.setenv("IRCOPILOT_API_KEY", key)
    with Client(orchestrated.url, key) as client:
        client.open_incident("t", "INC-1")
        client.send_alerts("INC-1", {"rule": "x", "severity": 1})
    return CliRunner()


def test_runs_are_worked_from_the_command_line(command: CliRunner, tmp_path: Path) -> None:
    (tmp_path / "r.yml").write_text("title: a")
    started = command.invoke(
        app,
        ["run", "start", "INC-1", "--rules", str(tmp_path), "--since", "2026-03-01", "--clock", "host:a=-1h", "--json"],
    )
    assert started.exit_code == 0, started.output
    run = json.loads(started.stdout)
    assert (run["parameters"]["since"], run["parameters"]["clocks"]) == ("2026-03-01T00:00:00Z", {"host:a": -3600.0})
    assert len(run["parameters"]["rules"]) == 1
    listed = json.loads(command.invoke(app, ["run", "list", "INC-1", "--json"]).stdout)
    assert [r["id"] for r in listed] == [run["id"]]
    assert run["id"] in command.invoke(app, ["run", "list"]).stdout
    assert "INC-1" in command.invoke(app, ["run", "show", "INC-1"]).stdout
    cancelled = command.invoke(app, ["run", "cancel", "INC-1"])
    assert "is cancelled" in cancelled.stdout
    watched = command.invoke(app, ["run", "watch", run["id"], "--json"])
    assert watched.exit_code == 1
    assert json.loads(watched.stdout.splitlines()[-1])["state"] == "cancelled"
    assert "run cancelled" in command.invoke(app, ["run", "watch", "INC-1"]).stderr
    retried = json.loads(command.invoke(app, ["run", "retry", "INC-1", "--json"]).stdout)
    assert retried["parameters"] == run["parameters"]
    assert command.invoke(app, ["run", "dead-letters", "--json"]).stdout.strip() == "[]"


def test_what_cannot_be_done_says_what_to_do(command: CliRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    for arguments, kind in (
        (["run", "show", "INC-9"], "unknown-incident"),
        (["run", "redrive", "x"], "unknown-job"),
        (["run", "retry", "INC-1", "--from", "forensic"], "unusable-argument"),
        (["run", "start", "INC-1", "--from", "lunch"], "invalid-request"),
        (["run", "start", "INC-1", "--rules", "/nowhere"], "unusable-argument"),
    ):
        error = command.invoke(app, arguments).exception
        assert isinstance(error, ProblemError), (arguments, error)
        assert error.type == kind
    monkeypatch.delenv("IRCOPILOT_API_KEY")
    error = command.invoke(app, ["run", "list"]).exception
    assert isinstance(error, ProblemError)
    assert "IRCOPILOT_API_KEY" in error.next_step


def test_every_operation_is_a_typed_call_that_goes_where_the_document_says(orchestrated: Served, key: str) -> None:  # noqa: F811
    document = json.loads((Path(__file__).parents[2] / "docs" / "openapi.json").read_bytes())
    told = {
        operation["operationId"]
        for item in document["paths"].values()
        for method, operation in item.items()
        if method in ("get", "post", "put", "patch", "delete")
    }
    assert told - set(dir(Operations)) == {
        operation["operationId"]
        for item in document["paths"].values()
        for operation in item.values()
        if isinstance(operation, dict)
        and any("text/event-stream" in answer.get("content", {}) for answer in operation.get("responses", {}).values())
    }
    assert {name for name in dir(AsyncOperations) if name[0] != "_"} == {n for n in dir(Operations) if n[0] != "_"}
    with Client(orchestrated.url, key) as client:
        made = client.api.open_incident({"title": "typed", "key": "INC-5"})
        assert made["key"] == "INC-5"
        assert client.api.get_incident("INC-5")["title"] == "typed"


def test_the_awaiting_client_does_the_same(orchestrated: Served, key: str, tmp_path: Path) -> None:  # noqa: F811
    (tmp_path / "a.log").write_bytes(b"Mar 10 08:00:00 web01 sshd[9]: Accepted password for root from 203.0.113.9\n")

    async def story() -> None:
        async with AsyncClient(orchestrated.url, key) as client:
            await client.api.open_incident({"title": "async", "key": "INC-6"})
            handed = await client.upload("INC-6", tmp_path / "a.log")
            assert handed["deposit"]["name"] == "a.log"
            run = await client.api.ask_for_run("INC-6", {})
            seen: list[int] = []
            async for event in client.watch(run["id"]):
                seen.append(event.number)
                if len(seen) == 2:
                    break
            assert seen == [1, 2]
            with pytest.raises(RemoteProblem) as error:
                await client.download(run["id"], "report.pdf", tmp_path / "r.pdf")
            assert error.value.type == "unknown-output"
            await client.api.cancel_run(run["id"], {})

    asyncio.run(story())
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.log"], "what was not fetched leaves nothing"
