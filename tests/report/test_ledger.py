"""The ledger: figures with their basis, and how a sentence writes them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from ircopilot.domain.claims import Fact
from ircopilot.domain.evidence import Artifact, Load
from ircopilot.domain.findings import Act, Entity, Findings, Indicator
from ircopilot.domain.ids import digest
from ircopilot.report.ledger import build_ledger, count_fact, format_bytes, format_duration, format_fact

T0 = datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)


def act(verb: str, minutes: int, *evidence: str, count: int = 1) -> Act:
    """An act some minutes after T0."""
    return Act(verb=verb, time=T0 + timedelta(minutes=minutes), subject="x", evidence=evidence, count=count)


FINDINGS = Findings(
    start=T0,
    end=T0 + timedelta(minutes=4, seconds=43),
    acts=(act("spawned", 4, "e5", "e6"), act("spawned", 0, "e1", "e2", count=3), act("connected", 2, "e3", "e4", "e2")),
    entities=(Entity(id="h", type="host", value="WS01", role="victim", first_seen=T0, last_seen=T0, events=3),),
    indicators=(Indicator(type="ipv4", value="203.0.113.7", evidence=("e3",)),),
)
ARTIFACTS = [Artifact(sha256="a" * 64, size=700, name="a"), Artifact(sha256="b" * 64, size=300, name="b")]
LOADS = [
    Load(load_id="1", artifact_sha256="a" * 64, mapping="m", mapping_version="1", state="committed", records=11, events=10, errors=1),
    Load(load_id="2", artifact_sha256="b" * 64, mapping="m", mapping_version="1", state="writing", records=5, events=5),
]  # fmt: skip


def test_figures_are_named_and_rest_on_something() -> None:
    facts = build_ledger(
        FINDINGS, ARTIFACTS, LOADS, {"zeek.conn": 7, "kind:alert": 1, "hosts": 2, "users": 3}, ["e1", "e6"]
    )
    shown = {name: format_fact(fact) for name, fact in facts.items()}
    assert shown == {
        "acts.connected.count": "1 act",
        "acts.spawned.count": "4 acts",
        "acts.total": "5 acts",
        "anomalies.total": "0 anomalies",
        "artifacts.bytes": "1,000 bytes",
        "artifacts.read": "1 artifact",
        "artifacts.total": "2 artifacts",
        "detections.total": "0 rules",
        "entities.host.victim": "1 host",
        "events.kind.alert": "1 event",
        "events.source.zeek.conn": "7 events",
        "events.total": "10 events",
        "hosts.total": "2 hosts",
        "indicators.total": "1 indicator",
        "records.total": "11 records",
        "records.unreadable": "1 record",
        "techniques.total": "0 techniques",
        "users.total": "3 users",
        "window.duration": "4 min 43 s",
        "window.end": "2024-01-02 03:08:48 UTC",
        "window.start": "2024-01-02 03:04:05 UTC",
    }
    assert list(facts) == sorted(facts) and all(f.how for f in facts.values())
    assert facts["events.total"].evidence == ("e1", "e6")
    duration = facts["window.duration"]
    assert duration.evidence == ("e1", "e2", "e3", "e4", "e5", "e6") and duration.count == 6
    assert duration.digest == digest("e1", "e2", "e3", "e4", "e5", "e6")


def test_without_a_window_there_are_no_window_figures() -> None:
    facts = build_ledger(Findings(start=None, end=None), [], [], {})
    assert not any(name.startswith(("window.", "acts.")) for name in facts)


def test_a_count_keeps_the_first_and_last_ids() -> None:
    fact = count_fact([*(f"e{n}" for n in range(9)), "e0"], "logons", "counted")
    assert fact.value == fact.count == 9
    assert fact.evidence == ("e0", "e1", "e2", "e6", "e7", "e8")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (0.44, "0.4 s"),
        (12, "12 s"),
        (60, "1 min"),
        (283, "4 min 43 s"),
        (3600, "1 h"),
        (3605, "1 h"),
        (90_000, "1 d 1 h"),
        (86_700, "1 d"),
    ],
)
def test_durations_have_two_units(seconds: float, text: str) -> None:
    assert format_duration(seconds) == text


@pytest.mark.parametrize(
    ("count", "text"),
    [(1, "1 byte"), (7168, "7,168 bytes"), (12_345_678, "12.3 MB (12,345,678 bytes)"), (5_000_000_000, "5.0 GB (5,000,000,000 bytes)"),
     (10**16, "10000.0 TB (10,000,000,000,000,000 bytes)")],
)  # fmt: skip
def test_bytes_are_exact(count: int, text: str) -> None:
    assert format_bytes(count) == text


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [(1, "entities", "1 entity"), (1234, "failed logons", "1,234 failed logons"), (1, "failed logons", "1 failed logon"), (17, "", "17"),
     ("WS01", "", "WS01"), (1, "bytes", "1 byte")],
)  # fmt: skip
def test_facts_are_written_with_their_unit(value: str | int, unit: str, text: str) -> None:
    assert format_fact(Fact(value=value, unit=unit, how="x")) == text
