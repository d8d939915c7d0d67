"""`ircopilot report`: read, decide, edit through the gate, see it through to publication by two."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from conftest import SampleCase
from gateway.conftest import Served, new_key
from gateway.copied import Copied, copy_case
from gateway.test_commands import refused, said, told
from ircopilot.stores import StoreSet

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def again(stores: StoreSet, sample_case: SampleCase) -> Copied:
    return copy_case(stores, sample_case)


@pytest.fixture
def runner(
    served: Served, stores: StoreSet, sample_case: SampleCase, monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> CliRunner:
    monkeypatch.setenv("IRCOPILOT_CONFIG_DIR", str(tmp_path))
    monkeypatch.setenv("IRCOPILOT_URL", served.url)
    monkeypatch.setenv("IRCOPILOT_API_KEY", new_key(stores, sample_case.org))
    return CliRunner()


def test_a_report_from_draft_to_published(
    runner: CliRunner, again: Copied, stores: StoreSet, sample_case: SampleCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert [v["version"] for v in told(runner, "report", "list", again.key)] == [1]
    report = told(runner, "report", "show", again.key)
    claim = report["sections"][0]["claims"][0]
    shown = said(runner, "report", "show", again.key)
    assert f"[{claim['id']}]" in shown
    assert "(accepted)" in said(runner, "report", "accept", again.key, claim["id"])
    assert "(accepted)" in said(runner, "report", "show", again.key)
    other = report["sections"][0]["claims"][1]["id"]
    assert told(runner, "report", "reject", again.key, other, "--reason", "ours")["decision"] == "rejected"
    gate = refused(runner, "report", "edit", again.key, claim["id"], "--text", "It began on 192.0.2.254.")
    assert "192.0.2.254" in gate.detail
    own = told(runner, "report", "edit", again.key, claim["id"], "--text", "It began on 192.0.2.254.", "--own-word")
    assert own["status"] == "analyst"
    said(runner, "report", "submit", again.key, "--note", "please look")
    assert refused(runner, "report", "approve", again.key).status in (403, 409)
    monkeypatch.setenv("IRCOPILOT_API_KEY", new_key(stores, sample_case.org))
    assert "is approved" in said(runner, "report", "approve", again.key)
    assert told(runner, "report", "publish", again.key)["state"] == "published"
    assert refused(runner, "report", "accept", again.key, claim["id"]).status == 409


def test_versions_are_compared(runner: CliRunner, again: Copied) -> None:
    again.draft_again()
    assert told(runner, "report", "list", again.key)[0]["version"] == 2
    differs = json.loads(said(runner, "report", "diff", again.key, "--from", "1", "--to", "2"))
    assert (differs["from_version"], differs["to_version"], differs["claims"]) == (1, 2, [])
    assert differs["same"] > 50


def test_without_a_run_there_is_no_report(runner: CliRunner) -> None:
    key = said(runner, "incident", "open", "empty").strip()
    assert "run start" in refused(runner, "report", "show", key).next_step
