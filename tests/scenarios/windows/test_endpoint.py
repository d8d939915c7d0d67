"""An intrusion that only an endpoint product saw: rules for process starts apply, the story is told, nobody else is blamed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from ..conftest import Told
from ..making import Scenario
from . import disc
from .endpoint import falcon, sentinel_one, table
from .layouts import velociraptor
from .machine import SYSMON, Machine

pytestmark = pytest.mark.timeout(300)
Tell = Callable[[Scenario], Told]
# What the starts on the file server show by themselves, and what connections to the same address join to it.
CONNECTED = (
    f"on MRW-WS14 connected to {disc.C2}:443", f"on MRW-FS02 connected to {disc.C2}:443", f"on MRW-FS02 connected to {disc.CLOUD}:443",
)  # fmt: skip
SERVER = (
    "cmd.exe /c rundll32.exe C:\\ProgramData\\scan.dll,Begin",
    "MiniDump 612",
    "7za.exe a -p[secret]",
    "rclone.exe copy",
    "wevtutil.exe cl Security",
)
JOINED = (
    "E:\\scan_0412.dll,Begin", "net group \"Domain Admins\" /domain", "nltest /domain_trusts", "/v ScanHelper",
    "wmic /node:MRW-FS02 /user:MERROW\\svc-sql /password:[secret]",
)  # fmt: skip


def _scenario(name: str, export: Callable[[Sequence[Machine]], str], suffix: str) -> Scenario:
    def write(folder: Path) -> None:
        (folder / f"endpoints.{suffix}").write_text(export(disc.machines()), encoding="utf-8", newline="")

    return Scenario(f"disc-{name}", write, disc.SCENARIO.truth)


def _write_sysmon(folder: Path) -> None:
    for m in disc.machines():
        m.records = [r for r in m.records if r.channel == SYSMON and r.code == 1]
        (folder / f"{m.name}.json").write_text(velociraptor(m), encoding="utf-8")


def _matches(told: Told) -> set[tuple[str, int]]:
    return {(d["rule_id"], d["count"]) for d in told.report["detections"]}


@pytest.mark.parametrize(
    ("scenario", "shown"),
    [
        (_scenario("falcon", falcon, "jsonl"), SERVER + JOINED + CONNECTED),
        (_scenario("sentinelone", sentinel_one, "csv"), SERVER),
        (_scenario("table", table, "csv"), SERVER),
    ],
    ids=lambda v: getattr(v, "name", ""),
)
def test_a_list_of_processes_is_told_as_an_intrusion(tell: Tell, scenario: Scenario, shown: tuple[str, ...]) -> None:
    told = tell(scenario)
    said = " ".join(e["summary"] for e in told.report["timeline"])
    assert [part for part in shown if part not in said] == []
    assert (told.score.decoys, told.score.hard_decoys) == ((), ())
    assert (told.score.claims_without_evidence, told.score.unknown_citations) == ((), ())
    assert [r["reasons"] for r in told.report["report"]["rejections"]] == []
    assert {"T1003.001", "T1047", "T1560.001"} <= {t["id"] for t in told.report["techniques"]}


@pytest.mark.parametrize(
    "scenario", [_scenario("sentinelone", sentinel_one, "csv"), _scenario("table", table, "csv")], ids=lambda s: s.name
)
def test_rules_match_the_starts_that_they_match_in_sysmons_records(tell: Tell, scenario: Scenario) -> None:
    sysmon = tell(Scenario("disc-starts", _write_sysmon, disc.SCENARIO.truth))
    assert len(_matches(sysmon)) > 10
    assert _matches(tell(scenario)) == _matches(sysmon)
