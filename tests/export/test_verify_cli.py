"""`ircopilot verify`: the command over real files, folders and archives; exit codes."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest
import typer
from tests.export.factory import CHAT_RECORDS, HOST_RECORDS, as_bytes, small_report
from typer.testing import CliRunner

from ircopilot.cli import verify
from ircopilot.domain.errors import UnusableArgument
from ircopilot.export.registry import write_outputs

RUNNER = CliRunner()


@pytest.fixture
def app() -> typer.Typer:
    app = typer.Typer()
    verify.register(app)
    return app


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """A report whose artifacts name the mapping that a load would have named."""
    document = small_report()
    parts = tuple(
        part.model_copy(update={"mapping": "generic", "format": "json_lines/generic"}) for part in document.artifacts
    )
    write_outputs(small_report(artifacts=parts), tmp_path / "out", ("json", "markdown"))
    return tmp_path / "out"


@pytest.fixture
def evidence(tmp_path: Path) -> Path:
    """The evidence: one plain file, the other inside an archive."""
    folder = tmp_path / "evidence"
    folder.mkdir()
    (folder / "renamed.log").write_bytes(as_bytes(CHAT_RECORDS))
    with zipfile.ZipFile(folder / "host.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x/sysmon.json", as_bytes(HOST_RECORDS))
    return folder


def test_a_true_report_exits_0(app: typer.Typer, out: Path, evidence: Path) -> None:
    done = RUNNER.invoke(app, [str(out), "--evidence", str(evidence)])
    assert done.exit_code == 0, done.output
    assert "The report holds." in done.output
    assert "false" not in done.output


def test_a_changed_byte_exits_1_and_is_named(app: typer.Typer, out: Path, evidence: Path) -> None:
    with zipfile.ZipFile(evidence / "host.zip", "w") as archive:
        archive.writestr("x/sysmon.json", as_bytes(HOST_RECORDS).replace(b"0x1010", b"0x1011"))
    done = RUNNER.invoke(app, [str(out), "--evidence", str(evidence), "--json"])
    assert done.exit_code == 1
    outcome = json.loads(done.output)
    assert not outcome["ok"]
    assert any("sysmon.json" in p for c in outcome["checks"] for p in c["problems"])


def test_a_forged_claim_exits_1_without_evidence(app: typer.Typer, out: Path) -> None:
    path = out / "report.json"
    path.write_text(path.read_text(encoding="utf-8").replace("on DESK-07 at 22:04:27", "on DESK-07 at 23:04:27"))
    done = RUNNER.invoke(app, [str(out)])
    assert done.exit_code == 1
    assert "report.json is not as it was written" in done.output
    assert "says 23:04:27" in done.output


def test_terminal_signs_in_a_report_are_shown_not_sent(app: typer.Typer, out: Path) -> None:
    report = json.loads((out / "report.json").read_text(encoding="utf-8"))
    report["artifacts"][0]["\u001b[2J[red]x"] = 1
    (out / "report.json").write_text(json.dumps(report))
    done = RUNNER.invoke(app, [str(out)])
    assert done.exit_code == 1
    assert "\u001b" not in done.output
    assert "[red]x" in done.output


def test_unusable_arguments(app: typer.Typer, out: Path, tmp_path: Path) -> None:
    for arguments in ([str(tmp_path)], [str(out), "--evidence", str(tmp_path / "none")]):
        done = RUNNER.invoke(app, arguments)
        assert isinstance(done.exception, UnusableArgument)
        assert done.exception.exit_code == 2
