"""The event store: scope, deduplication, atomic inserts, parameters, and the SQL twin of the event id."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest

from ircopilot.domain.errors import UnusableArgument
from ircopilot.domain.event import HOT_COLUMNS, KEY_COLUMNS
from ircopilot.domain.evidence import Clock
from ircopilot.domain.ids import EVENT_ID_SQL, event_id
from ircopilot.evidence.mappings.compile import Assumed, events_columns, select_events
from ircopilot.evidence.mappings.windows import WINDOWS_FLAT
from ircopilot.evidence.records import Block
from ircopilot.evidence.sampling import batch_of
from ircopilot.stores import StoreSet
from ircopilot.stores.events import EventScope, EventStoreFailed

VECTORS = json.loads((Path(__file__).parents[2] / "domain" / "vectors.json").read_text())
SHA = "5a" * 32


@pytest.fixture
def org() -> str:
    return str(uuid.uuid4())


def lines(*times: str) -> Block:
    payloads = [json.dumps({"EventID": 1, "Hostname": "PC-1", "TimeCreated": t, "N": "x"}).encode() for t in times]
    numbers = list(range(1, len(times) + 1))
    return Block([f"line:{n}" for n in numbers], numbers, payloads, [], 0, 0)


def insert(stores: StoreSet, org: str, load: str, block: Block, token: str) -> None:
    select, columns = select_events(WINDOWS_FLAT, Clock(), Assumed()), events_columns(WINDOWS_FLAT)
    stores.events.insert_block("events", columns, select, [batch_of(block, SHA, load)], {"org": org}, token)


def seen(stores: StoreSet, scope: EventScope) -> list[str]:
    table = stores.events.run_event_query(scope, "SELECT locator FROM {events} ORDER BY time, seq")
    return [str(x) for x in table.column("locator").to_pylist()]


def test_the_table_has_the_domains_columns(stores: StoreSet) -> None:
    table = stores.events.query_table(
        "SELECT name FROM system.columns WHERE table = 'events' AND database = currentDatabase()"
    )
    assert {str(n) for n in table.column("name").to_pylist()} == {*KEY_COLUMNS, *(c.name for c in HOT_COLUMNS)}


@pytest.mark.parametrize("vector", VECTORS, ids=lambda v: v["locator"])
def test_sql_gives_the_pinned_ids(stores: StoreSet, vector: dict[str, str]) -> None:
    sql = "SELECT " + EVENT_ID_SQL.format(sha="{sha:String}", locator="{locator:String}") + " AS id"
    table = stores.events.query_table(sql, {"sha": vector["artifact_sha256"], "locator": vector["locator"]})
    assert table.to_pylist() == [{"id": vector["event_id"]}]


def test_a_repeated_block_inserts_nothing(stores: StoreSet, org: str) -> None:
    load = str(uuid.uuid4())
    block = lines("2031-05-01T10:00:00Z", "2031-05-01T10:00:01Z")
    insert(stores, org, load, block, f"{load}:0")
    insert(stores, org, load, block, f"{load}:0")
    assert seen(stores, EventScope(org, (load,))) == ["line:1", "line:2"]


def test_a_dropped_load_can_be_written_again_under_another_token(stores: StoreSet, org: str) -> None:
    load = str(uuid.uuid4())
    insert(stores, org, load, lines("2031-05-01T10:00:00Z"), f"{load}:a:0")
    stores.events.drop_load(org, load)
    assert seen(stores, EventScope(org, (load,))) == []
    insert(stores, org, load, lines("2031-05-01T10:00:00Z"), f"{load}:b:0")
    assert seen(stores, EventScope(org, (load,))) == ["line:1"]


def test_a_scope_shows_its_organisation_its_loads_and_its_window_only(stores: StoreSet, org: str) -> None:
    mine, other = str(uuid.uuid4()), str(uuid.uuid4())
    insert(stores, org, mine, lines("2031-05-01T10:00:00Z", "2031-05-01T11:00:00Z", "2031-05-01T12:00:00Z"), mine)
    insert(stores, org, other, lines("2031-05-01T10:30:00Z"), other)
    assert len(seen(stores, EventScope(org, (mine, other)))) == 4
    assert seen(stores, EventScope(str(uuid.uuid4()), (mine,))) == []
    assert seen(stores, EventScope(org, ())) == []
    eleven, twelve = datetime(2031, 5, 1, 11, tzinfo=UTC), datetime(2031, 5, 1, 12, tzinfo=UTC)
    assert seen(stores, EventScope(org, (mine,), since=eleven)) == ["line:2", "line:3"]
    assert seen(stores, EventScope(org, (mine,), until=twelve)) == ["line:1", "line:2"]
    with pytest.raises(UnusableArgument):
        stores.events.run_event_query(EventScope(org, (mine,)), "SELECT count() FROM events")
    with pytest.raises(ValueError, match="badly formed"):
        stores.events.run_event_query(EventScope(org, ("x') OR 1 --",)), "SELECT 1 FROM {events}")


def test_events_come_back_as_the_domain_has_them(stores: StoreSet, org: str) -> None:
    load = str(uuid.uuid4())
    insert(stores, org, load, lines("2031-05-01T10:00:00.123456Z"), load)
    wanted = event_id(SHA, "line:1")
    found = stores.events.fetch_events(EventScope(org, (load,)), [wanted, "0" * 32])
    event = found.pop(wanted)
    assert not found
    assert event.time == event.time_recorded == datetime(2031, 5, 1, 10, 0, 0, 123456, tzinfo=UTC)
    assert (event.time_field, event.locator, event.seq, event.kind) == ("TimeCreated", "line:1", 1, "log")
    assert event.ecs == {"event_code": "1", "host_name": "PC-1"}
    assert event.fields == {"EventID": "1", "Hostname": "PC-1", "TimeCreated": "2031-05-01T10:00:00.123456Z", "N": "x"}


def test_parameters_arrive_as_they_are(stores: StoreSet) -> None:
    awkward = 'it\'s\\n a \\ "tab"\t{x} é\r\nend'
    table = stores.events.query_table(
        "SELECT {a:String} AS a, {b:Array(String)} AS b, {c:UInt8} AS c", {"a": awkward, "b": [awkward, "x"], "c": True}
    )
    assert table.to_pylist() == [{"a": awkward, "b": [awkward, "x"], "c": 1}]


def test_a_refused_statement_raises(stores: StoreSet) -> None:
    with pytest.raises(EventStoreFailed, match="no_such_column"):
        stores.events.query_table("SELECT no_such_column FROM events")


def test_a_broken_stream_of_rows_leaves_nothing(stores: StoreSet, org: str) -> None:
    load = str(uuid.uuid4())
    good = batch_of(lines("2031-05-01T10:00:00Z"), SHA, load)

    def rows() -> object:
        yield good
        raise RuntimeError("the reader died")

    select, columns = select_events(WINDOWS_FLAT, Clock(), Assumed()), events_columns(WINDOWS_FLAT)
    with pytest.raises(RuntimeError, match="the reader died"):
        stores.events.insert_block("events", columns, select, rows(), {"org": org}, load)  # type: ignore[arg-type]
    assert isinstance(good, pa.RecordBatch)
    assert seen(stores, EventScope(org, (load,))) == []
