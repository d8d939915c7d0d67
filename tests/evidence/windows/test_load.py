"""Loading: nothing lost, nothing doubled, nothing half visible; and records read again from the bytes."""

from __future__ import annotations

import io
import json
import random
from pathlib import Path
from typing import Any

import pytest
from tests.evidence.windows.conftest import Bench

from ircopilot.domain.ids import event_id
from ircopilot.evidence import intake
from ircopilot.evidence.decoders.evtx import Evtx
from ircopilot.evidence.decoders.json_array import JsonArray
from ircopilot.evidence.decoders.json_lines import JsonLines
from ircopilot.evidence.load import Wanted, load_artifacts
from ircopilot.evidence.registry import DECODERS, MAPPINGS
from ircopilot.evidence.reread import NoDecoder, read_record, read_records
from ircopilot.stores.events import EventScope, EventStoreFailed
from ircopilot.stores.postgres import loads

EVTX_FOLDER = Path(__file__).parents[4] / "shared" / "data" / "evtx"


def plain(n: int) -> dict[str, Any]:
    return {"SourceName": "Microsoft-Windows-Security-Auditing", "Channel": "Security", "EventID": 4688, "Hostname": "WS-7",
            "TimeCreated": f"2031-05-01T10:{n // 60:02d}:{n % 60:02d}Z", "NewProcessName": f"C:\\p{n}.exe"}  # fmt: skip


def test_bad_lines_are_located_and_counted(bench: Bench) -> None:
    lines = [json.dumps(plain(n)).encode() for n in range(30)]
    lines[3] = lines[3][:-9]  # cut short
    lines[7] = b"[1, 2]"
    lines[9] = b""
    lines[11] = lines[11].replace(b"2031-05-01T10:00:11Z", b"yesterday")
    lines[13] = b"not json at all"
    lines[15] = lines[15] + b" trailing"
    lines[17] = lines[17].replace(b"p17", b"p\xff\xfe17")
    lines[19] = b'"just a text"'
    lines[21] = b"{}"
    lines[23] = b"   \t"
    lines[25] = lines[25] + b"\r"
    load = bench.load(b"\n".join(lines) + b"\n")
    assert load.records == 30 == load.events + load.errors + load.skips
    assert load.skips == 2
    errors = {e.locator: e.reason for e in load.parse_errors}
    assert {int(e.partition(":")[2]) - 1 for e in errors} >= {3, 7, 11, 13, 15, 19, 21}
    assert "no time" in errors["line:12"] and "not JSON" in errors["line:14"] and "object" in errors["line:8"]
    events = bench.events(load)
    assert {e.seq for e in events} | {int(e.partition(":")[2]) for e in errors} | {10, 24} == set(range(1, 31))
    for event in events:
        assert event.event_id == event_id(load.artifact_sha256, f"line:{event.seq}")
        assert event.ecs["process_name"] == f"p{event.seq - 1}.exe" or event.seq == 18


def test_loading_again_finds_the_committed_load(bench: Bench) -> None:
    first = bench.load([plain(n) for n in range(5)])
    assert bench.load([plain(n) for n in range(5)]) == first
    assert len(bench.events(first)) == 5


def test_a_load_that_died_half_way_is_invisible_and_redone(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "CHUNK_BYTES", 4000)
    monkeypatch.setattr("ircopilot.evidence.decoders.json_lines.BLOCK_BYTES", 2000)
    monkeypatch.setattr("ircopilot.evidence.decoders.framing.CHUNK", 2000)
    records = [plain(n) for n in range(100)]
    real, calls = type(bench.stores.events).insert_block, []

    def dying(self: Any, *args: Any) -> None:
        calls.append(args)
        if len(calls) == 3:
            raise EventStoreFailed("killed")
        real(self, *args)

    with monkeypatch.context() as patch:
        patch.setattr(type(bench.stores.events), "insert_block", dying)
        with pytest.raises(EventStoreFailed):
            bench.load(records)
    with bench.stores.database.tenant(bench.org) as tx:
        assert loads.committed_loads(tx, bench.incident) == []
        (left,) = loads.abandoned_loads(tx, bench.incident)
    assert bench.stores.events.count_loads(bench.org, [left.load_id])
    load = bench.load(records)
    assert load.load_id != left.load_id, "whoever was writing the first may still be at it"
    assert load.load_id[19:] == left.load_id[19:], "rows lie in the same order each time"
    assert [e.seq for e in bench.events(load)] == list(range(1, 101))


def test_a_load_whose_clock_cannot_be_told_leaves_nothing(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its first statement has been sent by then: it ends without a row, and nobody waits for it."""

    def failing(*_: Any) -> None:
        raise EventStoreFailed("no estimate")

    with monkeypatch.context() as patch:
        patch.setattr(intake, "estimate_clocks", failing)
        with pytest.raises(EventStoreFailed, match="no estimate"):
            bench.load([plain(n) for n in range(5)])
    with bench.stores.database.tenant(bench.org) as tx:
        assert loads.abandoned_loads(tx, bench.incident) == []
    assert not [load for org, load in bench.stores.events.stored_loads() if org == bench.org]
    assert bench.load([plain(n) for n in range(5)]).events == 5


def test_small_artifacts_are_loaded_together(bench: Bench) -> None:
    wanted, names = [], []
    for n in range(7):
        data = "".join(json.dumps(plain(n * 10 + k)) + "\n" for k in range(n)).encode() + b"broken\n"
        artifact = bench.artifact(data, f"log-{n}.json")
        wanted.append(Wanted(artifact, DECODERS["json_lines"], MAPPINGS["windows_flat"]))
        names.append(artifact.sha256)
    done = {load.artifact_sha256: load for load in load_artifacts(bench.stores, bench.org, bench.incident, wanted)}
    for n, sha256 in enumerate(names):
        assert (done[sha256].events, done[sha256].errors, done[sha256].records) == (n, 1, n + 1)
        assert done[sha256].parse_errors[0].locator == f"line:{n + 1}"
        assert [e.artifact_sha256 for e in bench.events(done[sha256])] == [sha256] * n
    again = list(load_artifacts(bench.stores, bench.org, bench.incident, wanted))
    assert sorted(x.load_id for x in again) == sorted(x.load_id for x in done.values())
    scope = EventScope(bench.org, tuple(x.load_id for x in again))
    assert bench.stores.events.run_event_query(scope, "SELECT count() AS n FROM {events}").to_pylist() == [{"n": 21}]


def test_together_or_alone_gives_the_same(bench: Bench) -> None:
    data = "".join(json.dumps(plain(n)) + "\n" for n in range(9)).encode()
    alone = bench.load(data)
    other = bench.artifact(data + b"\n", "other.json")
    wanted = [Wanted(bench.artifact(data), DECODERS["json_lines"], MAPPINGS["windows_flat"]),
              Wanted(other, DECODERS["json_lines"], MAPPINGS["windows_flat"])]  # fmt: skip
    assert next(iter(load_artifacts(bench.stores, bench.org, bench.incident, wanted))) == alone


def test_cited_records_are_read_again_from_the_bytes() -> None:
    records = [plain(n) | {"n": n, "x": None, "deep": {"a": [1, 2.5]}} for n in range(40)]
    lines = "\n".join(json.dumps(r) for r in records).encode()
    found = read_records(io.BytesIO(lines), "json_lines/windows_flat", {"line:1", "line:40", "line:41"})
    assert found == {"line:1": records[0], "line:40": records[39]}
    assert read_record(io.BytesIO(lines), "windows_flat", "line:7") == records[6]
    assert read_record(io.BytesIO(json.dumps(records, indent=1).encode()), "", "record:7") == records[6]
    assert read_record(io.BytesIO(lines), "", "record:7") is None
    with pytest.raises(NoDecoder):
        read_record(io.BytesIO(b"\x7fELF" + bytes(100)), "", "line:1")
    half = b'{"EventID": 1, "Channel": "Security", "TimeCreated": "2031-05-01T10:00:00Z", "a": "\\ud800x"}'
    assert read_record(io.BytesIO(half), "json_lines/windows_flat", "line:1") == json.loads(half) | {"a": "?x"}


def test_lines_are_cut_right_whatever_the_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    chance = random.Random(7)
    monkeypatch.setattr("ircopilot.evidence.decoders.json_lines.MAX_RECORD_BYTES", 60)
    monkeypatch.setattr("ircopilot.evidence.decoders.json_lines.BLOCK_BYTES", 100)
    for _ in range(400):
        monkeypatch.setattr("ircopilot.evidence.decoders.framing.CHUNK", chance.choice([3, 17, 64, 500]))
        lines = [b"x" * chance.choice([0, 0, 1, 5, 20, 60, 61, 100, 300]) for _ in range(chance.randint(0, 12))]
        text = b"\n".join(lines) + (b"\n" if lines and chance.random() < 0.5 else b"")
        blocks = list(JsonLines().decode(io.BytesIO(text)))
        expected = text.split(b"\n")
        if expected[-1] == b"":
            expected.pop()
        got = {s: p for b in blocks for s, p in zip(b.seqs, b.payloads, strict=True)}
        assert got == {n: x for n, x in enumerate(expected, 1) if x and len(x) <= 60}
        assert [loc for b in blocks for loc in b.locators] == [f"line:{s}" for s in got]
        errors = sorted(e.locator for b in blocks for e in b.errors)
        assert errors == sorted(f"line:{n}" for n, x in enumerate(expected, 1) if len(x) > 60)
        assert sum(b.skips for b in blocks) == sum(not x for x in expected)


def test_elements_of_an_array_are_cut_right_whatever_the_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    chance = random.Random(8)
    shapes: list[dict[str, Any]] = [{"a": '],[{\\"', "b": [1, {"c": "}"}]}, {}, {"x": 'é"\\'}, {"k": [[], {}]}]
    for _ in range(200):
        monkeypatch.setattr("ircopilot.evidence.decoders.framing.CHUNK", chance.choice([1, 3, 50]))
        wanted = [chance.choice(shapes) for _ in range(chance.randint(0, 6))]
        text = json.dumps(wanted, indent=chance.choice([None, 1]), ensure_ascii=chance.random() < 0.5).encode()
        blocks = list(JsonArray().decode(io.BytesIO(text)))
        assert [json.loads(p) for b in blocks for p in b.payloads] == wanted
        assert not [e for b in blocks for e in b.errors]


@pytest.mark.skipif(not EVTX_FOLDER.is_dir(), reason="needs the EVTX samples, which are not part of the project")
def test_damaged_event_logs_give_what_is_left(bench: Bench) -> None:
    whole = max(EVTX_FOLDER.rglob("*.evtx"), key=lambda p: p.stat().st_size).read_bytes()
    good = [n for b in Evtx().decode(io.BytesIO(whole)) for n in b.locators]
    hurt = bytearray(whole)
    hurt[4096 + 2 * 65536 : 4096 + 2 * 65536 + 8] = b"XXXXXXXX"
    blocks = list(Evtx().decode(io.BytesIO(bytes(hurt))))
    left = [n for b in blocks for n in b.locators]
    assert 0 < len(left) < len(good) and set(left) < set(good)
    assert [e for b in blocks for e in b.errors]
    cut = list(Evtx().decode(io.BytesIO(whole[:100_000])))
    assert "ends before" in cut[-1].errors[-1].reason
    load = bench.load(whole)
    assert load.events == len(good)
    event = bench.events(load)[0]
    record = read_record(io.BytesIO(whole), "evtx/windows_evtx", event.locator)
    assert record and str(record["Event"]["System"]["EventRecordID"]) == event.fields["EventRecordID"]


def test_an_event_log_without_a_header_is_one_error(bench: Bench) -> None:
    load = bench.load(b"ElfFile\x00" + bytes(100))
    assert (load.records, load.events, load.errors) == (1, 0, 1)
    assert load.parse_errors[0].locator == ""
