"""verify: a true report holds, and each kind of falsehood is found and named."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.export.factory import CHAT_RECORDS, CHAT_SHA, HOST_RECORDS, HOST_SHA, E, as_bytes, sha256, small_report

from ircopilot.domain.errors import UnusableArgument
from ircopilot.domain.ids import event_id
from ircopilot.export.manifest import MANIFEST_FILE
from ircopilot.export.registry import write_outputs
from ircopilot.export.report_json import digest_of
from ircopilot.export.verify import Verification, verify_report
from ircopilot.export.verify_values import unsupported_values

EVIDENCE = {HOST_SHA: as_bytes(HOST_RECORDS), CHAT_SHA: as_bytes(CHAT_RECORDS)}
Tamper = Callable[[dict[str, Any]], None]


def reader(blobs: dict[str, bytes]) -> Callable[[dict[str, Any], frozenset[str]], dict[str, Any]]:
    """Reads JSON lines out of blobs, found by their true hash."""
    held = {sha256(data): data.split(b"\n") for data in blobs.values()}

    def read(artifact: dict[str, Any], locators: frozenset[str]) -> dict[str, Any]:
        if artifact["sha256"] not in held:
            raise LookupError("no such artifact")
        lines = held[artifact["sha256"]]
        numbers = {locator: int(locator.removeprefix("line:")) for locator in locators}
        return {k: json.loads(lines[n - 1]) for k, n in numbers.items() if 0 < n <= len(lines) and lines[n - 1]}

    return read


def check(out: Path, blobs: dict[str, bytes] = EVIDENCE) -> Verification:
    return verify_report(out, reader(blobs), frozenset(sha256(data) for data in blobs.values()))


def problems(outcome: Verification) -> list[str]:
    return [f"{c.name}: {problem}" for c in outcome.checks for problem in c.problems]


@pytest.fixture
def out(tmp_path: Path) -> Path:
    write_outputs(small_report(), tmp_path, ("json", "markdown", "csv"))
    return tmp_path


def forge(out: Path, tamper: Tamper, cover_up: bool) -> None:
    """Change report.json; with `cover_up` the manifest is made to agree, as a careful forger would."""
    report = json.loads((out / "report.json").read_text(encoding="utf-8"))
    tamper(report)
    data = json.dumps(report).encode()
    (out / "report.json").write_bytes(data)
    if cover_up:
        manifest = json.loads((out / MANIFEST_FILE).read_bytes())
        entry = next(f for f in manifest["files"] if f["name"] == "report.json")
        entry["sha256"] = sha256(data)
        manifest["report_digest"] = digest_of(report)
        (out / MANIFEST_FILE).write_text(json.dumps(manifest))


def claim(report: dict[str, Any], n: int = 0) -> dict[str, Any]:
    return report["report"]["sections"][0]["claims"][n]


def test_a_true_report_holds(out: Path) -> None:
    outcome = check(out)
    assert problems(outcome) == []
    assert outcome.ok
    assert all(c.looked_at and not c.skipped for c in outcome.checks)


def test_without_evidence_two_checks_are_left_out(out: Path) -> None:
    outcome = verify_report(out)
    assert outcome.ok
    assert [c.skipped for c in outcome.checks if c.skipped] == ["needs --evidence"] * 2


def set_field(report: dict[str, Any]) -> None:
    report["events"][E[1]]["fields"]["DestinationPort"] = "444"


def move_locator(report: dict[str, Any]) -> None:
    report["events"][E[1]]["locator"] = "line:1"


def move_record(report: dict[str, Any]) -> None:
    """A forger who also recomputes the id: the record at the new place is another one."""
    text = json.dumps(report).replace(E[1], event_id(HOST_SHA, "line:99"))
    report.clear()
    report.update(json.loads(text))
    report["events"][event_id(HOST_SHA, "line:99")]["locator"] = "line:99"


def drop_field(report: dict[str, Any]) -> None:
    del report["events"][E[0]]["fields"]["CommandLine"]


def add_field(report: dict[str, Any]) -> None:
    report["events"][E[0]]["fields"]["Verdict"] = "clean"


def number_for_text(report: dict[str, Any]) -> None:
    report["events"][E[0]]["fields"]["EventID"] = 1


TAMPERS: list[tuple[Tamper, str]] = [
    (lambda r: claim(r).update(text=claim(r)["text"].replace("invoice.exe", "invoise.exe")), "says"),
    (lambda r: claim(r).update(text=claim(r)["text"].replace("22:04:27", "22:05:27")), "says 22:05:27"),
    (lambda r: claim(r).update(text=claim(r)["text"].replace("NORTH", "SOUTH")), "says SOUTH"),
    (lambda r: claim(r).update(evidence=["0" * 32]), "not among the events"),
    (lambda r: claim(r).update(evidence=[]), "cites no record"),
    (lambda r: claim(r, 1).update(status="verified"), "called verified"),
    (lambda r: r["report"]["sections"][2]["claims"][0]["basis"].update(searches=[]), "names no search"),
    (lambda r: claim(r)["basis"].update(facts=["no.such"]), "not in the ledger"),
    (lambda r: r["timeline"][1].update(evidence=["1" * 32]), "timeline[1] cites"),
    (lambda r: r["timeline"].reverse(), "earlier than"),
    (lambda r: r["facts"]["window_seconds"].update(evidence=["2" * 32]), "fact window_seconds cites"),
    (lambda r: r["actions"][0].update(evidence=["2" * 32]), "action A1 cites"),
    (lambda r: r["artifacts"][1].update(records=9), "4 records are neither"),
    (lambda r: r["artifacts"].pop(), "not among the artifacts"),
    (lambda r: r["artifacts"][0].update(sha256="a" * 64), "is not in the evidence"),
    (lambda r: r.update(schema="ircopilot/report/v2"), "shape"),
    (lambda r: r.pop("events"), "shape"),
    (lambda r: r["events"][E[0]].update(time="yesterday"), "shape"),
    (lambda r: r["events"][E[0]].update(time="2031-03-04T22:04:27"), "shape"),
    (lambda r: r["events"][E[0]].update(time="2031-03-04T22:04:27+02:00"), "shape"),
    (set_field, "'DestinationPort' is not as in the record"),
    (drop_field, "leaves out the field 'CommandLine'"),
    (add_field, "no field 'Verdict'"),
    (number_for_text, "'EventID' is not as in the record"),
    (move_locator, "is not the id of line:1"),
    (move_record, "there is no such record"),
]


@pytest.mark.parametrize(("tamper", "said"), TAMPERS, ids=range(len(TAMPERS)))
def test_forged_report_is_found_even_when_covered_up(out: Path, tamper: Tamper, said: str) -> None:
    forge(out, tamper, cover_up=True)
    found = problems(check(out))
    assert any(said in problem for problem in found), found


def test_one_changed_word_is_found_by_the_manifest(out: Path) -> None:
    forge(out, lambda r: claim(r, 1).update(text=claim(r, 1)["text"].replace("likely", "surely")), cover_up=False)
    found = problems(check(out))
    assert any("report.json is not as it was written" in problem for problem in found)
    assert any("digest of the findings" in problem for problem in found)


@pytest.mark.parametrize("name", ["report.md", "timeline.csv"])
def test_changed_or_missing_outputs_are_found(out: Path, name: str) -> None:
    (out / name).write_bytes((out / name).read_bytes() + b" ")
    assert any(f"{name} is not as it was written" in p for p in problems(check(out)))
    (out / name).unlink()
    assert any(f"{name} is missing" in p for p in problems(check(out)))


def test_one_changed_byte_of_evidence_is_found(out: Path) -> None:
    changed = EVIDENCE | {HOST_SHA: EVIDENCE[HOST_SHA].replace(b"0x1010", b"0x1011")}
    found = problems(check(out, changed))
    assert any("sysmon.json" in p and "is not in the evidence" in p for p in found)
    assert any("4 records of" in p and "no such artifact" in p for p in found)


def test_a_missing_record_is_found(out: Path) -> None:
    def nothing(artifact: dict[str, Any], locators: frozenset[str]) -> dict[str, Any]:
        return {}

    found = problems(verify_report(out, nothing, frozenset(EVIDENCE)))
    assert sum("there is no such record" in p for p in found) == 5


@pytest.mark.parametrize("data", [b"", b"{", b"[" * 100_000, b"\xff\xfe"])
def test_what_is_no_json_is_said(out: Path, data: bytes) -> None:
    (out / "report.json").write_bytes(data)
    assert "is not JSON" in problems(verify_report(out))[0]


@pytest.mark.parametrize("data", [b"[]", b"1", b"null", b'{"report": 1}', b'{"a": NaN}', b'{"a": 1e999}'])
def test_what_is_no_report_is_said(out: Path, data: bytes) -> None:
    (out / "report.json").write_bytes(data)
    assert not verify_report(out).ok


@pytest.mark.parametrize("data", [b"{", b"[]", b'{"files": [{"name": "../report.json", "sha256": "0"}]}'])
def test_a_broken_manifest_is_said(out: Path, data: bytes) -> None:
    (out / MANIFEST_FILE).write_bytes(data)
    assert not verify_report(out).ok


def test_no_report_is_an_unusable_argument(tmp_path: Path) -> None:
    with pytest.raises(UnusableArgument):
        verify_report(tmp_path)


def test_a_named_fact_holds_its_value_up(out: Path) -> None:
    def name_fact(report: dict[str, Any]) -> None:
        claim(report)["basis"]["facts"] = ["window_seconds"]

    forge(out, name_fact, cover_up=True)
    assert problems(check(out)) == []


def record(**fields: Any) -> dict[str, Any]:
    return {"time": "2031-03-04T22:04:27.25Z", "time_recorded": "2031-03-04T03:04:27.25Z", "fields": fields}


@pytest.mark.parametrize(
    ("text", "fields", "missing"),
    [
        ("It went to 10.0.0.5.", {"ip": "10.0.0.5"}, []),
        ("It went to 10.0.0.5.", {"ip": "10.0.0.50"}, ["10.0.0.5"]),
        ("It ran a.exe.", {"Image": "C:\\x\\a.exe"}, []),
        ("It ran a.exe.", {"Image": "C:\\x\\aa.exe"}, ["a.exe"]),
        ("At 22:04:28 it began.", {}, []),
        ("At 03:04:27 it began.", {}, []),
        ("At 22:04:30 it began.", {}, ["22:04:30"]),
        ("At 10:20:30 it began.", {"t": "2031-01-01 10:20:30"}, []),
        ("At 00:00:01 it began.", {"ts": "1700000000.5"}, ["00:00:01"]),
        ("At 22:13:20 it began.", {"ts": "1700000000.5"}, []),
        ("NORTH\\ada ran it.", {"d": "NORTH", "u": "ada"}, []),
        ("NORTH\\ada ran it.", {"d": "NORTH", "u": "bob"}, ["NORTH\\ada"]),
        ("NORTH\\WS-1$ ran it.", {"d": "NORTH", "u": "WS-1$"}, []),
        ("NORTH\\WS-1$ ran it.", {"d": "NORTH", "u": "WS-1$x"}, ["NORTH\\WS-1$"]),
        ("It fetched evil.ps1.", {"c": "-enc aQBlAHgAIABlAHYAaQBsAC4AcABzADEAIAA7ACAAIAAgACAA"}, []),
        ("It fetched evil.ps1.", {"c": "-enc " + "A" * 25}, ["evil.ps1"]),
        ("It fetched evil.ps1.", {"c": [{"d": None}, "evil.ps1", 3]}, []),
    ],
)  # fmt: skip
def test_values_of_a_claim_are_looked_up(text: str, fields: dict[str, Any], missing: list[str]) -> None:
    assert unsupported_values(text, [record(**fields)], ()) == missing


def test_facts_and_searches_hold_values_up() -> None:
    assert unsupported_values("No record names 10.9.9.9.", [], ["destination_ip = 10.9.9.9"]) == []
