"""Days on which nothing happened accuse nobody; around an incident they neither hide it nor stretch it."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ircopilot.stores import StoreSet

from ..aws_trail import Trail
from ..conftest import Told
from ..hosts import audit_log
from ..making import Day, Scenario
from ..windows.layouts import winlogbeat
from . import aws, linux, mixed, windows

pytestmark = pytest.mark.timeout(300)
Tell = Callable[[Scenario], Told]
LINUX_DAY = Day("2026-01-22")


def _windows(folder: Path) -> None:
    for name, m in windows.firm(mixed.DAY).items():
        (folder / f"{name}.json").write_text(winlogbeat(m), encoding="utf-8")


def _one(name: str) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        (folder / "host.json").write_text(winlogbeat(windows.firm(mixed.DAY)[name]), encoding="utf-8")

    return write


def _aws(folder: Path) -> None:
    trail = Trail()
    aws.account_day(trail)
    trail.write(folder, wrapped=True)


def _audit(folder: Path) -> None:
    (folder / "audit.log").write_text(audit_log(linux.server_day("web-03", LINUX_DAY), node=True))


def _logins(folder: Path) -> None:
    (folder / "auth.log").write_text(linux.auth_log("web-03", LINUX_DAY))


DAYS = {
    "windows": _windows,
    "accounting": _one("accounting"),
    "developer": _one("developer"),
    "server": _one("server"),
    "controller": _one("controller"),
    "aws": _aws,
    "audit": _audit,
    "logins": _logins,
}


@pytest.mark.parametrize("name", sorted(DAYS))
def test_a_day_on_which_nothing_happened(stores: StoreSet, tmp_path: Path, name: str) -> None:
    from ircopilot.pipeline.request import Request, Silent
    from ircopilot.pipeline.run import investigate

    (tmp_path / "evidence").mkdir()
    DAYS[name](tmp_path / "evidence")
    investigate(stores, Request((tmp_path / "evidence",), tmp_path / "out", name, incident=str(uuid.uuid4())), Silent())
    report: dict[str, Any] = json.loads((tmp_path / "out" / "report.json").read_bytes())
    assert report["incident"].get("severity", "") in ("", "low")
    assert [e["value"] for e in report["entities"] if e["role"] in ("attacker", "victim")] == []
    assert len(report["timeline"]) <= 8
    assert report["report"].get("rejections", []) == []
    text = " ".join(c["text"] for s in report["report"]["sections"] for c in s["claims"])
    assert "unknown" in text
    assert "attacker" not in text
    assert "Isolate" not in text


each = pytest.mark.parametrize("scenario", mixed.SCENARIOS, ids=lambda s: s.name)


@each
def test_the_incident_is_told(tell: Tell, scenario: Scenario) -> None:
    score = tell(scenario).score
    assert score.fact_recall >= 0.95, score.facts_missed
    assert score.narrative_recall >= 0.85, score.facts_missed_in_narrative
    assert score.technique_recall >= 0.9, score.techniques_missed
    assert score.technique_precision >= 0.9, score.techniques_unexpected


@each
def test_and_nothing_else(tell: Tell, scenario: Scenario) -> None:
    told = tell(scenario)
    assert (told.score.decoys, told.score.hard_decoys) == ((), ())
    assert told.score.order == 1.0
    assert abs(told.score.start_error_s) <= 60
    assert abs(told.score.end_error_s) <= 60
    assert len(told.report["timeline"]) <= 40
    assert told.report["incident"]["severity"] == "high"
