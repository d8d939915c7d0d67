"""`ircopilot incident` and `upload`: a day's work from the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from gateway.test_client import command  # noqa: F401, a fixture
from gateway.test_runs import orchestrated  # noqa: F401, a fixture
from ircopilot.cli.app import app
from ircopilot.contracts.problems import RemoteProblem
from ircopilot.domain.errors import ProblemError, UnusableArgument


def said(runner: CliRunner, *arguments: str) -> str:
    done = runner.invoke(app, [*arguments])
    assert done.exit_code == 0, (arguments, done.output, done.exception)
    return done.stdout


def told(runner: CliRunner, *arguments: str) -> Any:
    return json.loads(said(runner, *arguments, "--json"))


def refused(runner: CliRunner, *arguments: str) -> ProblemError:
    error = runner.invoke(app, [*arguments]).exception
    assert isinstance(error, ProblemError), (arguments, error)
    return error


def test_an_incident_from_opening_to_closing(command: CliRunner) -> None:  # noqa: F811
    key = said(command, "incident", "open", "Door", "--severity", "high", "--tag", "vpn").strip()
    made = told(command, "incident", "show", key)
    assert (made["title"], made["severity"], made["tags"]) == ("Door", "high", ["vpn"])
    changed = told(command, "incident", "set", key, "--status", "containment", "--tag", "door", "--tlp", "amber")
    assert (changed["status"], changed["tags"], changed["tlp"]) == ("containment", ["door"], "amber")
    assert changed["title"] == "Door", "what is not given stays"
    assert key in said(command, "incident", "list", "--status", "containment")
    assert key not in said(command, "incident", "list", "--status", "recovery")
    assert "closed" in said(command, "incident", "close", key, "--reason", "false-positive", "--note", "a test")
    assert key not in said(command, "incident", "list", "--open")
    assert "closed" not in said(command, "incident", "reopen", key, "--note", "it was none")
    assert "Door" in said(command, "incident", "show", key)


def test_lists_go_on_over_pages(command: CliRunner) -> None:  # noqa: F811
    for number in range(5):
        said(command, "incident", "open", f"n{number}", "--key", f"N-{number}")
    keys = [i["key"] for i in told(command, "incident", "list", "--text", "N-", "--sort", "key", "--limit", "4")]
    assert keys == ["N-0", "N-1", "N-2", "N-3"]


def test_one_incident_goes_on_as_another(command: CliRunner) -> None:  # noqa: F811
    for key in ("M-1", "M-2"):
        said(command, "incident", "open", key, "--key", key)
    assert told(command, "incident", "merge", "M-1", "--into", "M-2")["merged_into"] == "M-2"
    assert refused(command, "incident", "set", "M-1", "--severity", "low").type == "incident-merged"


def test_evidence_is_handed_in_once(command: CliRunner, tmp_path: Path) -> None:  # noqa: F811
    folder = tmp_path / "e"
    (folder / "a").mkdir(parents=True)
    (folder / "a" / "auth.log").write_bytes(b"Mar 10 08:00:00 web01 sshd[9]: x\n")
    (folder / "away").symlink_to("/etc/hostname")
    first = told(command, "upload", "INC-1", str(folder), "--run")
    assert [d["name"] for d in first["deposits"]] == ["a/auth.log"]
    assert first["not_read"] == [["away", "it is a symbolic link that leads out of the evidence"]]
    assert first["run"]["state"] in ("queued", "running")
    assert told(command, "upload", "INC-1", str(folder))["deposits"] == first["deposits"]
    assert "a/auth.log" in said(command, "incident", "show", "INC-1")


def test_what_cannot_be_done_is_told(command: CliRunner, tmp_path: Path) -> None:  # noqa: F811
    assert refused(command, "incident", "show", "INC-404").type == "unknown-incident"
    assert isinstance(refused(command, "incident", "set", "INC-1"), UnusableArgument)
    assert isinstance(refused(command, "upload", "INC-1", str(tmp_path / "absent")), UnusableArgument)
    assert isinstance(refused(command, "upload", "INC-1", str(tmp_path)), UnusableArgument)
    wrong = refused(command, "incident", "set", "INC-1", "--severity", "apocalyptic")
    assert isinstance(wrong, RemoteProblem)
    assert wrong.status == 422


@pytest.mark.parametrize("name", ["list", "open", "show", "set", "close", "reopen", "merge"])
def test_each_command_explains_itself_with_an_example(name: str) -> None:
    assert "Example:" in CliRunner().invoke(app, ["incident", name, "--help"]).stdout
