"""Clocks: estimated from fields that disagree by a constant, in every way in which real exporters were seen to be wrong."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.evidence.windows.conftest import Bench

from ircopilot.domain.errors import UnusableArgument
from ircopilot.domain.evidence import Artifact
from ircopilot.evidence.clocks import ClockSample, estimate_clock, parse_offset, said_clock

NOON = datetime(2031, 5, 1, 12, 0, tzinfo=UTC)
CODES = ("1", "5", "7", "10", "11", "13")


def sample(n: int, offset: timedelta, code: str = "", host: str = "ws-7", at: datetime | None = None) -> ClockSample:
    """Event `n`, at true time `at`, recorded wrong by `offset`, its recorder 40 ms late."""
    true = at or NOON + timedelta(seconds=n)
    recorded = true - offset + timedelta(milliseconds=40)
    return ClockSample(f"{n:032x}", host, code or CODES[n % len(CODES)], recorded, true)


@pytest.mark.parametrize("hours", [19, -8, 5.75, 0.25, -12])
def test_a_constant_disagreement_is_the_offset(hours: float) -> None:
    clock = estimate_clock([sample(n, timedelta(hours=hours)) for n in range(60)])
    assert (clock.offset_s, clock.method, clock.steps) == (hours * 3600, "field-disagreement", ())
    assert (clock.agreeing, clock.compared, len(clock.evidence)) == (60, 60, 5)
    assert f"{hours:+g} h" in clock.note


def test_agreement_changes_nothing() -> None:
    clock = estimate_clock([sample(n, timedelta(seconds=n % 3)) for n in range(60)])
    assert (clock.offset_s, clock.method, clock.note) == (0, "as-recorded", "")


def test_network_and_dns_events_that_are_days_off_have_no_say() -> None:
    off, days = timedelta(hours=7), timedelta(days=-4, hours=-19, minutes=-14)
    right = [sample(n, off) for n in range(20)]
    wrong = [sample(n, days, code="3" if n % 2 else "22") for n in range(20, 200)]
    assert estimate_clock(right + wrong).offset_s == 7 * 3600
    near = [sample(n, timedelta(hours=3), code="3") for n in range(20, 200)]
    assert estimate_clock(right + near).offset_s == 7 * 3600


def test_one_talkative_code_does_not_outvote_the_others() -> None:
    quiet = [sample(n, timedelta(hours=2), code=c) for n, c in enumerate(("1", "5", "7", "11") * 25)]
    loud = [sample(n, timedelta(hours=9), code="255") for n in range(100, 140)]
    assert estimate_clock(quiet + loud).offset_s == 2 * 3600


def test_no_majority_means_no_change() -> None:
    scattered = [sample(n, timedelta(minutes=15 * n)) for n in range(60)]
    clock = estimate_clock(scattered)
    assert (clock.offset_s, clock.method, clock.compared) == (0, "as-recorded", 60)
    assert estimate_clock([]).method == "as-recorded"
    far = [sample(n, timedelta(days=40)) for n in range(60)]
    assert estimate_clock(far).method == "as-recorded"


def test_a_twelve_hour_dial_becomes_steps() -> None:
    """Zone -7 h; 11:30 in the morning is written 11:30, 1:30 in the afternoon 01:30."""
    begin = datetime(2031, 5, 1, 18, 30, tzinfo=UTC)  # 11:30 local
    samples = []
    for n in range(300):
        true = begin + timedelta(seconds=24 * n)
        local = true - timedelta(hours=7)
        dial = local.replace(hour=(local.hour - 1) % 12 + 1)
        samples.append(ClockSample(f"{n:032x}", "ws-7", CODES[n % 6], dial + timedelta(milliseconds=30), true))
    clock = estimate_clock(samples)
    assert clock.method == "field-disagreement"
    assert "12-hour" in clock.note
    for s in samples:
        steps = [step for step in clock.steps if step.since <= s.recorded]
        offset = max(steps, key=lambda step: step.since).offset_s if steps else clock.offset_s
        assert abs((s.recorded + timedelta(seconds=offset) - s.reference).total_seconds()) < 1


def test_hosts_have_clocks_of_their_own() -> None:
    one = [sample(n, timedelta(hours=4), host="ws-7") for n in range(50)]
    two = [sample(n, timedelta(), host="dc-1") for n in range(20)]
    clock = estimate_clock(one + two)
    assert clock.offset_s == 4 * 3600
    assert [(s.host, s.offset_s) for s in clock.steps] == [("dc-1", 0.0)]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("+19h", 68400),
        ("-5h30m", -19800),
        ("+05:30", 19800),
        ("-42.5s", -42.5),
        ("90", 90),
        ("1d2h", 93600),
        ("250ms", 0.25),
    ],
)
def test_offsets_as_people_write_them(text: str, seconds: float) -> None:
    assert parse_offset(text) == seconds


@pytest.mark.parametrize("text", ["", "soon", "5x", "+", "h5", "1h nonsense"])
def test_offsets_that_are_none(text: str) -> None:
    with pytest.raises(UnusableArgument):
        parse_offset(text)


def test_the_users_clock_is_found_by_file_folder_mapping_or_hash() -> None:
    artifact = Artifact(sha256="ab" * 32, size=1, name="case/host/events.json")
    for source in ("events.json", "case/host/events.json", "case/host", "host", "windows_flat", "ab" * 32):
        clock = said_clock(artifact, "windows_flat", {source: 60.0, "elsewhere": 5.0})
        assert clock and (clock.offset_s, clock.method, clock.source) == (60.0, "said-by-user", source)
    assert said_clock(artifact, "windows_flat", {"elsewhere": 5.0}) is None
    host = said_clock(artifact, "windows_flat", {"host:WS-7": 5.0})
    assert host and [(s.host, s.offset_s) for s in host.steps] == [("ws-7", 5.0)]


def sysmon(n: int, code: int, offset: timedelta, host: str = "WS-7") -> dict[str, Any]:
    true = NOON + timedelta(seconds=n, milliseconds=n % 10)
    recorded = true - offset + timedelta(milliseconds=20)
    return {"SourceName": "Microsoft-Windows-Sysmon", "Channel": "Microsoft-Windows-Sysmon/Operational", "EventID": code,
            "Hostname": host, "TimeCreated": recorded.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z",
            "UtcTime": true.strftime("%Y-%m-%d %H:%M:%S.%f")[:-3], "Image": "C:\\a.exe"}  # fmt: skip


def security(n: int, offset: timedelta) -> dict[str, Any]:
    return {k: v for k, v in sysmon(n, 4688, offset).items() if k != "UtcTime"} | {
        "SourceName": "Microsoft-Windows-Security-Auditing", "Channel": "Security"}  # fmt: skip


def test_events_without_a_second_time_are_corrected_with_the_others(bench: Bench) -> None:
    off = timedelta(hours=19)
    wrong = [
        sysmon(n, 3, timedelta(days=-4)) | {"TimeCreated": sysmon(n, 1, off)["TimeCreated"]} for n in range(100, 130)
    ]
    load = bench.load(
        [security(n, off) for n in range(40)] + [sysmon(n, int(CODES[n % 6]), off) for n in range(60)] + wrong
    )
    assert (load.clock.offset_s, load.clock.method) == (68400, "field-disagreement")
    assert (load.clock.agreeing, load.clock.compared) == (60, 90)
    events = bench.events(load)
    assert {e.event_id for e in events} >= set(load.clock.evidence)
    for n, event in enumerate(events[:40]):
        assert event.time == NOON + timedelta(seconds=n, milliseconds=n % 10 + 20)
        assert event.time - event.time_recorded == off
    assert events[-1].time == NOON + timedelta(seconds=129, milliseconds=9 + 20)
    assert (load.first_time, load.last_time) == (events[0].time, events[-1].time)


def test_the_clock_is_right_even_when_the_first_records_mislead(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Inserting begins under a first estimate; when all records tell another time, it is done again."""
    monkeypatch.setattr("ircopilot.evidence.sampling.ENOUGH", 10)
    monkeypatch.setattr("ircopilot.evidence.decoders.json_lines.BLOCK_BYTES", 4000)
    monkeypatch.setattr("ircopilot.evidence.decoders.framing.CHUNK", 4000)
    load = bench.load(
        [sysmon(n, 1, timedelta()) for n in range(20)] + [sysmon(n, n % 2 + 10, timedelta(hours=2)) for n in range(300)]
    )
    assert load.clock.offset_s == 7200
    assert len(bench.events(load)) == load.events == 320
    assert bench.stores.events.count_loads(bench.org, [load.load_id])[load.load_id][0] == 320


def test_local_times_beside_the_pipelines_utc(bench: Bench) -> None:
    """NXLog's EventTime is local; Logstash's @timestamp, when it was received, is UTC."""
    records = [
        {"SourceName": "Microsoft-Windows-Security-Auditing", "Channel": "Security", "EventID": code, "Hostname": "DC-1",
         "EventTime": f"2031-05-01 08:00:{n:02d}", "@timestamp": f"2031-05-01T12:01:{n:02d}.500Z"}
        for n, code in enumerate([4624, 4688, 4672, 5156] * 10)
    ]  # fmt: skip
    load = bench.load(records)
    assert load.clock.offset_s == 4 * 3600
    assert bench.events(load)[0].time == NOON
    assert bench.events(load)[0].time_field == "EventTime"


def test_what_the_user_says_stands_above_the_estimate(bench: Bench) -> None:
    records = [sysmon(n, int(CODES[n % 6]), timedelta(hours=19)) for n in range(30)]
    estimated = bench.load(records)
    said = bench.load(records, said={"made-up.json": -90.0})
    assert (said.clock.method, said.clock.offset_s) == ("said-by-user", -90.0)
    assert said.load_id != estimated.load_id
    assert bench.load(records, said={"made-up.json": -90.0}) == said
    again = bench.load(records)
    assert again.clock == estimated.clock
    assert len(bench.events(again)) == 30


def test_a_dial_in_the_store(bench: Bench) -> None:
    """Times written on a 12-hour dial across one o'clock: every event gets its own half of the day."""
    records = []
    for n in range(120):
        true = datetime(2031, 5, 1, 19, 30, tzinfo=UTC) + timedelta(minutes=n)  # 12:30 local
        local = true - timedelta(hours=7)
        dial = local.replace(hour=(local.hour - 1) % 12 + 1)
        records.append(sysmon(0, int(CODES[n % 6]), timedelta()) | {
            "UtcTime": true.strftime("%Y-%m-%d %H:%M:%S.000"), "TimeCreated": dial.strftime("%Y-%m-%dT%H:%M:%S.015Z")})  # fmt: skip
    load = bench.load(records)
    assert len({s.offset_s for s in load.clock.steps}) == 2
    for n, event in enumerate(bench.events(load)):
        assert event.time == datetime(2031, 5, 1, 19, 30, 0, 15000, tzinfo=UTC) + timedelta(minutes=n)
