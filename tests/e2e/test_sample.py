"""The whole product on the sample incident: from the folder of evidence to a report that tells it truly."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from scoring import Score, score_report

from ircopilot.sample import truth, write_sample

pytestmark = pytest.mark.timeout(600)


def ircopilot(data: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command line in a process of its own, on a data directory of its own."""
    command = [str(Path(sys.executable).with_name("ircopilot")), *arguments]
    environment = {**os.environ, "IRCOPILOT_DATA_DIR": str(data)}
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=500, env=environment)


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the evidence and the outputs of one investigation."""
    folder = tmp_path_factory.mktemp("sample")
    write_sample(folder / "evidence")
    done = ircopilot(
        folder / "data", "investigate", str(folder / "evidence"), "--out", str(folder / "out"), "--title", "Sample"
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return folder


@pytest.fixture(scope="module")
def report(work: Path) -> dict[str, Any]:
    return json.loads((work / "out" / "report.json").read_bytes())


@pytest.fixture(scope="module")
def score(report: dict[str, Any]) -> Score:
    return score_report(truth(), report)


def test_the_outputs_are_there(work: Path) -> None:
    for name in ("report.json", "report.md", "report.pdf", "timeline.csv"):
        assert (work / "out" / name).stat().st_size > 500, name


def test_it_tells_what_happened(score: Score) -> None:
    assert score.fact_recall >= 0.85, score.facts_missed
    assert score.narrative_recall >= 0.7, score.facts_missed_in_narrative


def test_techniques(score: Score) -> None:
    assert score.technique_recall >= 0.8, score.techniques_missed
    assert score.technique_precision >= 0.5, score.techniques_unexpected


def test_in_the_right_order_and_time(score: Score) -> None:
    assert score.order >= 0.8
    assert score.order_found >= 9
    assert abs(score.start_error_s) <= 60
    assert abs(score.end_error_s) <= 60


def test_nobody_is_blamed_who_is_innocent(score: Score) -> None:
    assert (score.decoys, score.hard_decoys) == ((), ())


def test_every_claim_has_evidence_that_exists(score: Score) -> None:
    assert score.claims > 10
    assert (score.claims_without_evidence, score.unknown_citations) == ((), ())


def test_it_stays_readable(report: dict[str, Any]) -> None:
    assert len(report["timeline"]) <= 120
    assert len(report["indicators"]) <= 60


def test_the_wrong_clock_is_found(report: dict[str, Any]) -> None:
    clocks = {artifact["name"].rsplit("/", 1)[-1]: artifact["clock"] for artifact in report["artifacts"]}
    assert abs(clocks["fin-ws07.jsonl"]["offset_s"] + 7200) < 2
    assert abs(clocks["dev-ws12.jsonl"]["offset_s"]) < 2


def test_all_kinds_stand_on_one_timeline(report: dict[str, Any]) -> None:
    assert {entry["kind"] for entry in report["timeline"]} >= {"alert", "log", "comm"}


def test_verify_finds_every_cited_record(work: Path) -> None:
    done = ircopilot(work / "data", "verify", str(work / "out"), "--evidence", str(work / "evidence"))
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
