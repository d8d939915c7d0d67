"""The event store's client: schema, block inserts, scoped reads, all over ClickHouse's HTTP interface.

Source: ClickHouse HTTP interface (`param_*` query parameters, statement and data in one body, `FORMAT ArrowStream`).
"""
# ruff: noqa: S608 - composed of fixed text and validated UUIDs; all else are parameters

from __future__ import annotations

import io
import re
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

import pyarrow as pa
import urllib3

from ircopilot.domain.errors import ProblemError, UnusableArgument
from ircopilot.domain.event import HOT_COLUMNS, Event
from ircopilot.stores.events.known_loads import KnownAnswers, KnownCounts, KnownLoads, SearchedPages
from ircopilot.stores.events.rollups import ROLLUPS
from ircopilot.stores.events.schema import SAMPLES_TABLE, TEXT_INDEXES, rows_of, table_statements
from ircopilot.stores.events.scope import EventScope
from ircopilot.stores.events.turns import Turns
from ircopilot.tracing import HEADER, current_traceparent

Parameters = Mapping[str, object]
# A statement up to the size of a block is atomic and deduplicated as one; larger ones are written block by block, by two
# threads, into loads that nobody sees yet. Without the parallel views one thread would do all of it.
INSERT_SETTINGS = {
    "max_insert_threads": "2",
    "max_threads": "2",
    "parallel_view_processing": "1",
    "async_insert": "0",
    "min_insert_block_size_rows": "10000000",
    "min_insert_block_size_bytes": "67108864",
    "max_block_size": "65536",
    "max_query_size": "4194304",
    "max_ast_elements": "1000000",
    "max_expanded_ast_elements": "2000000",
    "short_circuit_function_evaluation": "enable",
    # Merges make the text indexes: a third of an insert's time.
    "exclude_materialize_skip_indexes_on_insert": ",".join(TEXT_INDEXES),
    "optimize_and_compare_chain": "0",  # finds nothing in mappings, and takes a quarter of their analysis
}

# An insert is acknowledged when a majority of its shard's replicas has it, and whoever asks afterwards sees it.
CLUSTER_SETTINGS = {
    "distributed_foreground_insert": "1",
    "insert_quorum": "auto",
    "insert_quorum_parallel": "0",
    "select_sequential_consistency": "1",
}

ARROW_SETTINGS = {"output_format_arrow_string_as_string": "1", "output_format_arrow_low_cardinality_as_dictionary": "1"}
# Too many rows, too slow, estimated to be, too much memory, cancelled, too many rows in the answer.
STOPPED = frozenset({"158", "159", "160", "241", "394", "396"})

# What a mapping reads from `input('locator String, seq UInt64, raw String, sha String, load String, shift Int64')`.
_FIELDS: Any = [
    ("locator", pa.string()),
    ("seq", pa.uint64()),
    ("raw", pa.binary()),
    ("sha", pa.string()),
    ("load", pa.string()),
    ("shift", pa.int64()),
]
ROWS = pa.schema(_FIELDS)
# Logs shrink to a tenth; squeezing costs a tenth of what sockets and pipes cost for the plain text.
SQUEEZED = pa.ipc.IpcWriteOptions(compression="lz4", use_threads=False)


class EventStoreFailed(ProblemError):
    """The event store refused a statement or cannot be reached."""

    type = "event-store-failed"
    title = "The event store failed"


class QueryStopped(EventStoreFailed):
    """A query came to its limit of time, rows or memory, or was cancelled."""

    type = "query-stopped"
    status = 422
    title = "The query was stopped"


class EventStore:
    """A pooled, thread-safe client of one ClickHouse database, named by `http://user:password@host:port/database`.

    With `?cluster=NAME` the tables are made on every server of that cluster, replicated and distributed.
    """

    def __init__(self, clickhouse_url: str, connections: int = 8) -> None:
        parts = urlsplit(clickhouse_url)
        self._database = parts.path.strip("/") or "default"
        self._cluster = _cluster_of(parts.query)
        self._headers = {"X-ClickHouse-User": unquote(parts.username or "default")}
        if parts.password:
            self._headers["X-ClickHouse-Key"] = unquote(parts.password)
        port = f":{parts.port}" if parts.port else ""
        self._url = f"{parts.scheme}://{parts.hostname}{port}/"
        self.known_loads, self.known_answers, self.known_pages = KnownLoads(), KnownAnswers(), KnownAnswers(64)
        self.known_counts, self.searched_pages, self.turns = KnownCounts(), SearchedPages(), Turns()
        self._pool = urllib3.PoolManager(maxsize=connections, num_pools=2, retries=False)

    def close(self) -> None:
        """Close the pooled connections."""
        self._pool.clear()

    def ensure_schema(self) -> None:
        """Create the tables that are missing."""
        for statement in table_statements(self._cluster):
            self.execute(statement)

    def execute(self, sql: str, params: Parameters | None = None, settings: Mapping[str, str] | None = None) -> bytes:
        """Run one statement; returns the body. Raises EventStoreFailed."""
        return self._post(sql.encode(), params or {}, settings or {})

    def insert_block(
        self,
        table: str,
        columns: Sequence[str],
        select: str,
        batches: Iterable[pa.RecordBatch],
        params: Parameters,
        token: str,
    ) -> None:
        """`INSERT INTO table (columns) <select … FROM input(…)> FORMAT ArrowStream`, streamed.

        Each batch holds the columns of `ROWS`. Up to the size of a block it is atomic, and the same again under the same
        `token` inserts nothing; of more, a part may stay when it fails: the load is then dropped, and written as another.
        """
        names = ", ".join(f"`{c}`" for c in columns)
        head = f"INSERT INTO {table} ({names}) {select} FORMAT ArrowStream\n".encode()
        settings = {**INSERT_SETTINGS, "insert_deduplication_token": token}
        self._post(_pieces(head, batches), params, settings)

    def drop_load(self, org_id: str, load_id: str) -> None:
        """Delete a load's events and roll-ups: half written, or replaced. Its deduplication tokens stay, so use a new attempt."""
        where = "org_id = toUUID({org:String}) AND load_id = toUUID({load:String})"
        params = {"org": org_id, "load": load_id}
        self.known_loads.forget(org_id, load_id)
        self.known_answers.forget()
        self.known_pages.forget()
        self.known_counts.forget()
        self.searched_pages.forget()
        # Roll-ups first: what is counted without them is counted from the events.
        for table in (*(rollup.table for rollup in ROLLUPS), "events"):
            sql = f"DELETE FROM {rows_of(table, self._cluster)} WHERE {where}"
            self.execute(sql, params, {"lightweight_deletes_sync": "2"})

    def stored_loads(self) -> list[tuple[str, str]]:
        """(organisation, load) of all that there are events of, in whatever state: for tidying up, not for reading."""
        table = self.query_table(
            f"SELECT DISTINCT toString(org_id) AS org, toString(load_id) AS load FROM {ROLLUPS[-1].table} ORDER BY org, load"
        )
        return [(row["org"], row["load"]) for row in table.to_pylist()]

    def count_loads(self, org_id: str, load_ids: Sequence[str]) -> dict[str, tuple[int, datetime, datetime]]:
        """How many events each load holds, its first and last `time`; one without events is missing.

        Sees uncommitted loads; for the loader only.
        """
        table = self.query_table(
            "SELECT toString(load_id) AS load, count() AS n, min(time) AS a, max(time) AS b FROM events WHERE org_id = "
            "toUUID({org:String}) AND load_id IN (SELECT toUUID(arrayJoin({loads:Array(String)}))) GROUP BY load_id",
            {"org": org_id, "loads": list(load_ids)},
        )
        return {r["load"]: (r["n"], r["a"].astimezone(UTC), r["b"].astimezone(UTC)) for r in table.to_pylist()}

    def seqs_of_load(self, org_id: str, load_id: str) -> set[int]:
        """The positions (`seq`) of the records that became events of a load. For the loader only."""
        table = self.query_table(
            "SELECT seq FROM events WHERE org_id = toUUID({org:String}) AND load_id = toUUID({load:String})",
            {"org": org_id, "load": load_id},
        )
        return {int(seq) for seq in table.column("seq").to_numpy()}

    def take_samples(self, org_id: str, scratch_id: str) -> list[dict[str, Any]]:
        """The paired times inserted under an id, by artifact and in its order; they are gone afterwards."""
        table = self.query_table(
            f"SELECT artifact_sha256, event_id, host, code, recorded, reference FROM {SAMPLES_TABLE} "
            "WHERE org_id = toUUID({org:String}) AND load_id = toUUID({load:String}) ORDER BY artifact_sha256, seq",
            {"org": org_id, "load": scratch_id},
        )
        self.execute(f"ALTER TABLE {rows_of(SAMPLES_TABLE, self._cluster)} DROP PARTITION '{uuid.UUID(scratch_id)}'")
        found: list[dict[str, Any]] = table.to_pylist()
        return found

    def query_table(
        self, sql: str, params: Parameters | None = None, settings: Mapping[str, str] | None = None
    ) -> pa.Table:
        """Run a SELECT, as Arrow. Not for analysis: that goes through `run_event_query`."""
        body = self._post(f"{sql} FORMAT ArrowStream".encode(), params or {}, {**ARROW_SETTINGS, **(settings or {})})
        return pa.ipc.open_stream(pa.py_buffer(body)).read_all() if body else pa.table({})

    def run_event_query(
        self,
        scope: EventScope,
        sql: str,
        params: Parameters | None = None,
        settings: Mapping[str, str] | None = None,
    ) -> pa.Table:
        """Run a SELECT that names its events as `{events}`; nothing outside the scope can be reached by that name."""
        return self.query_table(scope.sub_select(sql), {**(params or {}), **scope.parameters()}, settings)

    def cancel(self, query_id: str) -> None:
        """Stop the statements that run under this id, a UUID; does nothing when there are none."""
        on = f" ON CLUSTER `{self._cluster}`" if self._cluster else ""
        self.execute(f"KILL QUERY{on} WHERE query_id = '{uuid.UUID(query_id)}'")

    def fetch_events(self, scope: EventScope, event_ids: Iterable[str]) -> dict[str, Event]:
        """The events of the scope with these ids, by id; ids outside the scope are missing from the answer."""
        wanted = sorted(set(event_ids))
        found: dict[str, Event] = {}
        for at in range(0, len(wanted), 500):
            table = self.run_event_query(
                scope,
                "SELECT * FROM {events} WHERE event_id IN (SELECT arrayJoin({ids:Array(String)}))",
                {"ids": wanted[at : at + 500]},
            )
            found.update({e["event_id"]: event_of(e) for e in table.to_pylist()})
        return found

    def _traced(self) -> dict[str, str]:
        # ClickHouse notes the spans of a trace that it is told of.
        trace = current_traceparent()
        return {**self._headers, HEADER: trace} if trace else self._headers

    def _post(self, body: Any, params: Parameters, settings: Mapping[str, str]) -> bytes:
        fields = {"database": self._database, **(CLUSTER_SETTINGS if self._cluster else {}), **settings}
        fields |= {f"param_{name}": _literal(value) for name, value in params.items()}
        try:
            answer = self._pool.request("POST", f"{self._url}?{urlencode(fields)}", body=body, headers=self._traced())
        except urllib3.exceptions.HTTPError as error:
            raise EventStoreFailed(f"The event store cannot be reached: {error}", "ircopilot status") from error
        if answer.status != 200 or "X-ClickHouse-Exception-Code" in answer.headers:
            text = answer.data.decode("utf-8", "replace")[:2000]
            if answer.headers.get("X-ClickHouse-Exception-Code") in STOPPED:
                raise QueryStopped(text, "ask for a shorter time or for fewer values")
            raise EventStoreFailed(text)
        return bytes(answer.data)


def _cluster_of(query: str) -> str:
    """The cluster's name in the URL's query. Raises UnusableArgument for one that is no plain name."""
    name = parse_qs(query).get("cluster", [""])[-1]
    if name and not re.fullmatch(r"[A-Za-z0-9_.-]{1,64}", name):
        raise UnusableArgument("the cluster in IRCOPILOT_CLICKHOUSE_URL is no plain name", "see docs/operations.md")
    return name


def _pieces(head: bytes, batches: Iterable[pa.RecordBatch]) -> Iterator[bytes]:
    """The body of an insert: the statement, then the batches as one Arrow IPC stream."""
    yield head
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, ROWS, options=SQUEEZED) as writer:
        for batch in batches:
            writer.write_batch(batch)
            yield sink.getvalue()
            sink.seek(0)
            sink.truncate()
    yield sink.getvalue()


def _literal(value: object) -> str:
    """A query parameter in the escaped text form that ClickHouse reads."""
    if isinstance(value, (list, tuple, set, frozenset)):
        return "[" + ",".join(_quoted(v) for v in value) + "]"  # an array's own quoting is its escaping
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
    if isinstance(value, bool):
        return str(int(value))
    return str(value).replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")


def _quoted(value: object) -> str:
    if isinstance(value, (int, float)):
        return str(value)
    return "'" + str(value).replace("\\", "\\\\").replace("'", "\\'") + "'"


def event_of(row: dict[str, Any]) -> Event:
    """A row of `events` as the domain's event, with the columns that were asked for; the map comes as a list of pairs."""
    return Event(
        event_id=row["event_id"],
        artifact_sha256=row["artifact_sha256"],
        locator=row["locator"],
        seq=row["seq"],
        time=row["time"],
        time_recorded=row["time_recorded"],
        time_field=row["time_field"],
        kind=row["kind"],
        source=row["source"],
        message=row["message"],
        ecs={c.name: row[c.name] for c in HOT_COLUMNS if row.get(c.name)},
        fields=dict(row.get("fields", ())),
    )
