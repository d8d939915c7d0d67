"""`investigate --server`: the report of a gateway's workers is that of one's own machine; where the key is kept."""

from __future__ import annotations

import json
import socket
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from faults.program import data_directory, report_of, run
from ircopilot.cli.connection import Login, forget_login, keep_login, known_login, login_file
from ircopilot.domain.errors import UnusableArgument

LINES = [
    f"Mar 10 08:{n:02d}:00 web01 sshd[9]: Failed password for root from 203.0.113.9 port 5{n:03d} ssh2"
    for n in range(50)
]
ADDRESSES = ("IRCOPILOT_GATEWAY_ADDRESS", "IRCOPILOT_ORCHESTRATOR_ADDRESS", "IRCOPILOT_ORCHESTRATOR_HTTP")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True)
class Served:
    """A data directory on which the whole service runs, and what points a command to it."""

    data: Path
    environ: dict[str, str]

    @property
    def url(self) -> str:
        return f"http://{self.environ[ADDRESSES[0]]}"


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    environ = {name: f"127.0.0.1:{free_port()}" for name in ADDRESSES}
    environ["IRCOPILOT_CONFIG_DIR"] = str(tmp_path / "config")
    with data_directory() as data:
        up = run(data, "up", more=environ)
        assert up.returncode == 0, up.stderr
        yield Served(data, environ)


def test_a_server_gives_the_report_that_ones_own_machine_gives(served: Served, tmp_path: Path) -> None:
    evidence = tmp_path / "evidence"
    (evidence / "web01").mkdir(parents=True)
    (evidence / "web01" / "auth.log").write_text("\n".join(LINES) + "\n")
    (evidence / "away").symlink_to("/etc/hostname")
    key = run(served.data, "admin", "key", "create", "--org", "local", "--name", "test", more=served.environ)
    environ = served.environ | {"IRCOPILOT_API_KEY": key.stdout.strip()}
    common = ("investigate", evidence, "--title", "Doors", "--json", "--out")
    far = run(served.data, *common, tmp_path / "far", "--server", served.url, more=environ)
    assert far.returncode == 0, far.stderr[-2000:]
    with data_directory() as other:
        near = run(other, *common, tmp_path / "near")
    assert near.returncode == 0, near.stderr[-2000:]
    told = [json.loads(done.stdout) for done in (far, near)]
    for name in ("incident", "not_read", "first_malicious", "claims"):
        assert told[0][name] == told[1][name]
    assert told[0]["not_read"]
    assert set(told[0]["outputs"]) == set(told[1]["outputs"])
    ours, theirs = report_of(tmp_path / "near"), report_of(tmp_path / "far")
    assert json.dumps(without_receipt(ours)) == json.dumps(without_receipt(theirs))
    checked = run(served.data, "verify", tmp_path / "far", "--evidence", evidence)
    assert checked.returncode == 0, checked.stdout
    # What was investigated on the machine itself is there for the server's people, too.
    run(served.data, *common, tmp_path / "here", "--incident", "HERE")
    latest = json.loads(
        run(served.data, "run", "show", "HERE", "--json", more=environ | {"IRCOPILOT_URL": served.url}).stdout
    )
    assert {o["name"] for o in latest["outputs"]} == {path.name for path in (tmp_path / "here").iterdir()}
    again = run(served.data, *common, tmp_path / "far", "--server", served.url, more=environ)
    assert json.loads(again.stdout)["incident"] == told[0]["incident"]


def without_receipt(report: dict[str, Any]) -> dict[str, Any]:
    """Who handed an artifact in, and when, differs by where it is done."""
    for artifact in report["artifacts"]:
        for name in ("received_from", "received_at"):
            artifact.pop(name, None)
    return report


@pytest.fixture
def config(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("IRCOPILOT_CONFIG_DIR", str(tmp_path / "config"))
    for name in ("IRCOPILOT_URL", "IRCOPILOT_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path / "config"


def test_a_kept_key_is_its_owners_alone_and_shown_to_its_own_gateway_only(config: Path) -> None:
    keep_login(Login("https://a.example", "irc_1"))
    keep_login(Login("https://b.example", "irc_2"))
    assert known_login() == Login("https://b.example", "irc_2")
    assert known_login("https://b.example/") == Login("https://b.example", "irc_2")
    assert stat.S_IMODE(login_file().stat().st_mode) == 0o600
    assert [path.name for path in config.iterdir()] == ["login.json"]
    assert "irc_2" not in repr(known_login())
    with pytest.raises(UnusableArgument, match=r"no key for https://a\.example"):
        known_login("https://a.example")
    assert forget_login()
    assert not forget_login()
    with pytest.raises(UnusableArgument, match="no gateway"):
        known_login()


def test_the_environment_wins(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keep_login(Login("https://a.example", "irc_1"))
    monkeypatch.setenv("IRCOPILOT_URL", "https://c.example")
    with pytest.raises(UnusableArgument, match=r"no key for https://c\.example"):
        known_login()
    monkeypatch.setenv("IRCOPILOT_API_KEY", "irc_3")
    assert known_login() == Login("https://c.example", "irc_3")
    assert known_login("http://d.example") == Login("http://d.example", "irc_3")
    for bad in ("ftp://x", "c.example", "file:///etc"):
        with pytest.raises(UnusableArgument, match="no address"):
            known_login(bad)


def test_a_file_that_is_no_login_is_told(config: Path) -> None:
    config.mkdir()
    for text in ("", "[]", '{"url": 1}'):
        login_file().write_text(text)
        with pytest.raises(UnusableArgument, match="cannot be read"):
            known_login()
