"""Which of two clocks is wrong, and by how much, from the connections that both recorded."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from ircopilot.evidence.two_sources import Source, agree, differences, names_zone
from ircopilot.stores.events.connections import Seen

AT = datetime(2026, 3, 10, 8, tzinfo=UTC)
SENSOR = Source("z", "conn.log", "zeek", believed=True)
LOCAL = Source("a", "auth.log", "syslog", believed=False)
FLOWS = Source("f", "flow.log", "vpc_flow", believed=True)
HOST = Source("w", "host.jsonl", "windows", believed=True)


def met(offsets: dict[str, float], count: int = 5, peers: dict[str, str] | None = None) -> list[list[Seen]]:
    """`count` connections that each of these loads recorded, so many seconds off."""
    peers = peers or {}
    return [
        [
            Seen(load, AT + timedelta(minutes=n, seconds=off), f"{load}{n}", peers.get(load, ""))
            for load, off in offsets.items()
        ]
        for n in range(count)
    ]


def offsets(sources: list[Source], connections: list[list[Seen]]) -> dict[str, float]:
    return {load: clock.offset_s for load, clock in agree(sources, differences(connections)).items()}


def test_a_local_log_follows_the_sensor_by_the_zone() -> None:
    clocks = agree([SENSOR, LOCAL], differences(met({"z": 0, "a": 7201})))
    assert set(clocks) == {"a"}
    clock = clocks["a"]
    assert (clock.offset_s, clock.method, clock.agreeing, clock.compared) == (-7200, "seen-by-two-sources", 5, 5)
    assert clock.evidence == ("a0", "a1", "a2", "a3", "a4")
    assert clock.note.startswith("5 of 5 connections that conn.log recorded too")


@pytest.mark.parametrize(
    ("sources", "connections"),
    [
        ([SENSOR, LOCAL], met({"z": 0, "a": 300})),  # no zone is five minutes off
        ([SENSOR, LOCAL], met({"z": 0, "a": 7200}, count=1)),  # one connection proves nothing
        ([SENSOR, LOCAL], met({"z": 0, "a": 4321}, count=2)),  # nor do two of what is no zone
        ([SENSOR, LOCAL], met({"z": 0, "a": 7200}, count=2) + met({"z": 0, "a": 77}, count=2)),  # they disagree
        ([SENSOR, LOCAL], met({"z": 0, "a": 7200}, peers={"z": "10.0.0.5", "a": "10.0.0.6"})),  # another connection
        ([SENSOR, HOST], met({"z": 0, "w": 7200})),  # both are believed: nobody can tell who is wrong
        ([LOCAL, Source("b", "b.log", "syslog", believed=False)], met({"a": 0, "b": 7200})),  # neither is
    ],
)
def test_what_proves_nothing_changes_nothing(sources: list[Source], connections: list[list[Seen]]) -> None:
    assert offsets(sources, connections) == {}


def test_two_connections_prove_a_zone_and_three_a_clock_that_was_set_wrong() -> None:
    assert offsets([SENSOR, LOCAL], met({"z": 0, "a": -19800}, count=2)) == {"a": 19800}
    assert offsets([SENSOR, LOCAL], met({"z": 0, "a": 4321}, count=3)) == {"a": -4321}


def test_of_believed_clocks_two_kinds_outvote_one() -> None:
    assert offsets([SENSOR, FLOWS, HOST], met({"z": 0, "f": 4, "w": 86400})) == {"w": -86400}
    again = Source("y", "http.log", "zeek", believed=True)
    assert offsets([SENSOR, again, HOST], met({"z": 0, "y": 1, "w": 86400})) == {}, "one sensor has one vote"


def test_what_the_user_said_stays_and_others_follow_it() -> None:
    said = Source("a", "auth.log", "syslog", believed=False, fixed=True)
    other = Source("b", "secure", "syslog", believed=False)
    assert offsets([said, other], met({"a": 0, "b": 3600})) == {"b": -3600}


def test_a_clock_is_handed_on() -> None:
    """The proxy's log met the sensor never, but the local log that was corrected by it."""
    proxy = Source("p", "access.log", "proxy", believed=False)
    connections = met({"z": 0, "a": 7200}) + met({"a": 7200, "p": -3600})
    assert offsets([SENSOR, LOCAL, proxy], connections) == {"a": -7200, "p": 3600}


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("2026-03-10T08:00:00Z", True), ("2026-03-10T08:00:00.123+02:00", True), ("2026-03-10 08:00:00 +0000", True),
        ("1773129600.25", True), ("/Date(1773129600000)/", True), ("2026-03-10 08:00:00 UTC", True),
        ("2026-03-10 08:00:00", False), ("Mar 10 08:00:00", False), ("08:00:00 10-03-2026", False), ("2026-03-10", False),
    ],
)  # fmt: skip
def test_whether_a_time_names_its_zone(text: str, named: bool) -> None:
    assert names_zone(text) is named
