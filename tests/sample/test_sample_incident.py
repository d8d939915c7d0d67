"""The sample incident: the same each time, consistent across its sources, and told truly by its truth."""

from __future__ import annotations

import gzip
import json
import re
from collections import Counter
from datetime import datetime
from pathlib import Path

import pytest
import typer
import yaml
from typer.testing import CliRunner

from ircopilot.cli.sample import register
from ircopilot.sample import build_sample, truth, write_sample
from ircopilot.sample.world import SENSOR_DRIFT_S, VICTIM_CLOCK_S, World, at, iso

VICTIM = "windows/fin-ws07.jsonl"


@pytest.fixture(scope="module")
def world() -> World:
    return World()


@pytest.fixture(scope="module")
def files(world: World) -> dict[str, bytes]:
    return build_sample(world)


def rows(content: bytes) -> list[dict]:
    return [json.loads(line) for line in content.splitlines()]


def text_of(name: str, content: bytes) -> str:
    return (gzip.decompress(content) if name.endswith(".gz") else content).decode()


def test_two_runs_write_the_same_bytes(files: dict[str, bytes], tmp_path: Path) -> None:
    write_sample(tmp_path)
    written = {str(p.relative_to(tmp_path)): p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
    assert written == files


def test_size_and_mixture(files: dict[str, bytes], world: World) -> None:
    assert sum(map(len, files.values())) < 40e6
    assert 18_000 < world.benign < 24_000
    assert 80 <= world.malicious <= 160


def test_every_named_windows_event_is_there(files: dict[str, bytes]) -> None:
    ids = {row["EventID"] for name in files if name.endswith(".jsonl") for row in rows(files[name])}
    ids |= {int(row["winlog"]["event_id"]) for row in rows(files["windows/ops-ws03.ndjson"])}
    assert ids >= {1, 3, 5, 7, 8, 10, 11, 12, 13, 15, 22, 23, 4624, 4625, 4648, 4672, 4688, 4689, 5156, 4104, 7045}


def test_the_victims_exporter_is_two_hours_ahead_of_the_records_own_time(files: dict[str, bytes]) -> None:
    for name, offset in ((VICTIM, VICTIM_CLOCK_S), ("windows/dev-ws12.jsonl", 0.0)):
        pairs = [(r["TimeCreated"], r["UtcTime"]) for r in rows(files[name]) if "UtcTime" in r]
        lags = [(datetime.fromisoformat(a) - datetime.fromisoformat(b + "Z")).total_seconds() for a, b in pairs]
        assert all(offset <= lag <= offset + 0.2 for lag in lags)


def zeek(content: bytes) -> list[dict[str, str]]:
    lines = content.decode().splitlines()
    names = next(line for line in lines if line.startswith("#fields")).split("\t")[1:]
    return [dict(zip(names, line.split("\t"), strict=True)) for line in lines if not line.startswith("#")]


@pytest.mark.parametrize("log", ["conn", "dns", "http", "files", "ssl", "x509"])
def test_zeek_rows_have_a_cell_for_each_field_and_type(files: dict[str, bytes], log: str) -> None:
    content = files[f"zeek/{log}.log"]
    lines = content.decode().splitlines()
    assert len(zeek(content)) > 5
    assert len({line.count("\t") for line in lines if line.startswith(("#fields", "#types"))}) == 1


def test_connections_are_seen_by_host_and_sensor_with_the_sensors_drift(files: dict[str, bytes]) -> None:
    five = ("id.orig_h", "id.orig_p", "id.resp_h", "id.resp_p")
    seen = {tuple(row[name] for name in five): float(row["ts"]) for row in zeek(files["zeek/conn.log"])}
    joined = 0
    for row in rows(files[VICTIM]):
        if row["EventID"] == 3:
            key = tuple(row[name] for name in ("SourceIp", "SourcePort", "DestinationIp", "DestinationPort"))
            drift = seen[key] - datetime.fromisoformat(row["UtcTime"] + "Z").timestamp()
            assert SENSOR_DRIFT_S - 0.01 <= drift <= SENSOR_DRIFT_S + 0.05
            joined += 1
    assert joined > 50


def test_every_process_that_acts_was_started_or_ran_before(files: dict[str, bytes]) -> None:
    """One GUID is one process: no image has two GUIDs' worth of contradictions."""
    images: dict[str, set[str]] = {}
    for row in rows(files[VICTIM]):
        if "ProcessGuid" in row:
            images.setdefault(row["ProcessGuid"], set()).add(row["Image"])
    assert {len(names) for names in images.values()} == {1}


def test_public_addresses_are_for_documentation_only(files: dict[str, bytes]) -> None:
    for name, content in files.items():
        found = set(re.findall(r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.])", text_of(name, content)))
        plain = {a for a in found if all(int(part) < 256 for part in a.split("."))}
        invented = ("10.", "192.0.2.", "198.51.100.", "203.0.113.", "127.0.0.1")
        versions = ("10.0.", "1.2.", "4.18.", "2.15.", "122.0.")
        assert {a for a in plain if not a.startswith(invented + versions)} == set(), name


def test_the_evidence_of_every_fact_is_in_its_file(files: dict[str, bytes]) -> None:
    known = truth()
    for fact in known["facts"]:
        name, string = fact["evidence"]["file"], fact["evidence"]["string"]
        assert string in text_of(name, files[name]), fact["id"]
    names = {fact["id"] for fact in known["facts"]}
    assert set(known["order"]) <= names
    times = {fact["id"]: fact["time"] for fact in known["facts"] if "time" in fact}
    assert [times[name] for name in known["order"]] == sorted(times[name] for name in known["order"])


def test_the_window_spans_the_attackers_records(files: dict[str, bytes]) -> None:
    trail = json.loads(gzip.decompress(files[next(name for name in files if name.endswith(".gz"))]))["Records"]
    stolen = [r for r in trail if r["sourceIPAddress"] == "203.0.113.77"]
    assert Counter(r["eventName"] for r in stolen)["GetObject"] == 12
    window = truth()["attack_window"]
    assert all(window["start"] <= r["eventTime"] <= window["end"] for r in stolen)
    assert window["start"] == iso(at("08:41:12"), 0)


def test_no_attacker_value_on_the_decoys_hosts(files: dict[str, bytes]) -> None:
    for name in ("windows/ops-ws03.ndjson", "windows/dev-ws12.jsonl"):
        content = files[name].decode()
        assert not [v for v in ("203.0.113.45", "203.0.113.77", "HBdiag", "Invoice_88213") if v in content]


def test_the_command_writes_evidence_and_truth_apart(tmp_path: Path) -> None:
    app = typer.Typer()
    app.callback()(lambda: None)
    register(app)
    done = CliRunner().invoke(app, ["sample", str(tmp_path / "ev"), "--truth", str(tmp_path / "truth.yaml")])
    assert done.exit_code == 0, done.output
    assert yaml.safe_load((tmp_path / "truth.yaml").read_text(encoding="utf-8")) == truth()
    assert not list((tmp_path / "ev").rglob("truth*"))
    inside = CliRunner().invoke(app, ["sample", str(tmp_path / "ev"), "--truth", str(tmp_path / "ev" / "t.yaml")])
    assert inside.exit_code != 0
    assert not (tmp_path / "ev" / "t.yaml").exists()
