"""The event store as clickhouse-connect sees it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import clickhouse_connect
import pyarrow as pa
import pytest
import zstandard
from clickhouse_connect.driver.exceptions import DatabaseError

from ircopilot.embedded.eventstore.engine import EventStoreInUse, _take_lock
from ircopilot.embedded.eventstore.serve import MERGE_NICE, MERGE_THREADS
from ircopilot.settings import StackUrls

LINES = 300_000
NEVER_ENDING = "SELECT count() FROM numbers(1000000000000000) WHERE sipHash64(number) = 1"


@pytest.fixture
def client(stack: StackUrls) -> Iterator[Any]:
    with clickhouse_connect.get_client(dsn=stack.clickhouse_url) as client:
        yield client


@pytest.fixture
def table(client: Any) -> Iterator[str]:
    name = f"test_{time.time_ns()}"
    client.command(
        f"CREATE TABLE {name} (n UInt64, line String) ENGINE = MergeTree ORDER BY n "
        "SETTINGS non_replicated_deduplication_window = 100"
    )
    yield name
    client.command(f"DROP TABLE {name}")


def post(stack: StackUrls, query: str, body: Any, encoding: str | None = None, **params: str) -> Any:
    with clickhouse_connect.get_client(dsn=stack.clickhouse_url) as client:
        sent = {"query": query, "database": "ircopilot"} | params
        return client._raw_request(body, sent, headers={"Content-Encoding": encoding} if encoding else None)


def test_values_come_back_as_they_went(client: Any) -> None:
    text = "it's\\b\n\tä\0"
    when = datetime(2024, 2, 29, 12, 0, 0, 123000, tzinfo=UTC)
    query = "SELECT {s:String}, {a:Array(String)}, {t:DateTime64(3, 'UTC')}, map('k', {s:String})"
    row = client.query(query, parameters={"s": text, "a": [text, ""], "t": when}).result_rows[0]
    assert row == (text, [text, ""], when.replace(tzinfo=None), {"k": text})


def test_long_parameters_go_as_a_form(client: Any) -> None:
    text = "x\\'" * 30_000
    assert client.query("SELECT {s:String}", parameters={"s": text}).result_rows == [(text,)]


def test_columns_of_an_empty_result(client: Any) -> None:
    assert client.query("SELECT 1 AS a, 'x' AS b LIMIT 0").column_names == ("a", "b")


@pytest.mark.parametrize("compress", [False, "lz4", "zstd", "gzip"])
def test_inserted_rows_are_there(stack: StackUrls, table: str, compress: str | bool) -> None:
    with clickhouse_connect.get_client(dsn=stack.clickhouse_url, compress=compress) as client:
        client.insert(table, [[n, f"row {n}"] for n in range(1000)], column_names=["n", "line"])
        client.insert_arrow(table, pa.table({"n": pa.array([5000], pa.uint64()), "line": ["arrow"]}))
        client.raw_insert(table, ["n", "line"], b"6000,raw\n", fmt="CSV")
        found = client.query_arrow(f"SELECT n, line FROM {table} ORDER BY n")
    assert found.num_rows == 1002
    assert found.column("line")[-1].as_py() in ("raw", b"raw")


def encoded(encoding: str | None) -> Iterator[bytes]:
    packer: Any = None
    if encoding == "gzip":
        packer = zlib.compressobj(1, wbits=31)
    elif encoding == "zstd":
        packer = zstandard.ZstdCompressor().compressobj()
    for begin in range(0, LINES, 10_000):
        # Every seventh line is blank, every eleventh is no JSON: neither may move the numbers of the others.
        lines = (
            b"" if n % 7 == 0 else b"broken" if n % 11 == 0 else b'{"n":%d}' % n
            for n in range(begin + 1, begin + 10_001)
        )
        data = b"\n".join(lines) + b"\n"
        yield packer.compress(data) if packer else data
    if packer:
        yield packer.flush()


@pytest.mark.parametrize("encoding", [None, "gzip", "zstd"])
def test_line_numbers_through_input_are_exact(stack: StackUrls, client: Any, table: str, encoding: str | None) -> None:
    query = f"INSERT INTO {table} SELECT {{first:UInt64}} + rowNumberInAllBlocks(), line FROM input('line String') FORMAT LineAsString"
    answer = post(stack, query, encoded(encoding), encoding, param_first="1")
    assert f'"written_rows": "{LINES}"' in answer.headers["X-ClickHouse-Summary"]
    wrong = f"SELECT count(), countIf(JSONExtractUInt(line, 'n') NOT IN (0, n)), countIf(line = '') FROM {table}"
    assert client.query(wrong).result_rows == [(LINES, 0, LINES // 7)]


def test_input_with_the_statement_in_the_body(stack: StackUrls, client: Any, table: str) -> None:
    head = f"INSERT INTO {table} SELECT length(line), line FROM input('line String') FORMAT LineAsString\n"
    client.command(head + "a'b\n\nlast")
    assert client.query(f"SELECT * FROM {table} ORDER BY n").result_rows == [(0, ""), (3, "a'b"), (4, "last")]


def test_a_column_that_nobody_reads_may_lie_anywhere(stack: StackUrls, client: Any, table: str) -> None:
    query = f"INSERT INTO {table} SELECT length(line), line FROM input('line String, n UInt64') FORMAT ArrowStream"
    sizes = range(65_536 - 900, 65_536, 16)  # one read of a pipe, less the stream's head: n lies across two reads
    for size in sizes:
        batch = pa.record_batch({"line": pa.array(["\x01" * size]), "n": pa.array([size], pa.uint64())})
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, batch.schema) as writer:
            writer.write_batch(batch)
        post(stack, query, sink.getvalue().to_pybytes())
    assert client.command(f"SELECT uniqExact(n) FROM {table}") == len(sizes)


def test_statements_that_wait_for_their_data_leave_room_for_others(stack: StackUrls, client: Any, table: str) -> None:
    head = f"INSERT INTO {table} SELECT 1, line FROM input('line String') FORMAT LineAsString\n".encode()
    count, go = 20, threading.Event()  # more than there are slots

    def body(number: int) -> Iterator[bytes]:
        yield head
        assert go.wait(30)
        yield b"line %d\n" % number

    senders = [threading.Thread(target=post, args=(stack, "", body(n))) for n in range(count)]
    for sender in senders:
        sender.start()
    time.sleep(1)
    try:
        assert client.command(f"SELECT count() FROM {table}") == 0
    finally:
        go.set()
    for sender in senders:
        sender.join(30)
    assert client.command(f"SELECT uniqExact(line) FROM {table}") == count


def test_a_statement_that_is_refused_in_the_middle_of_its_data_says_why(stack: StackUrls, table: str) -> None:
    query = f"INSERT INTO {table} SELECT 1, line FROM input('line String') FORMAT LineAsString"
    with pytest.raises(DatabaseError, match="no_such_setting"):
        post(stack, query, b"line\n", no_such_setting="1")


def test_a_repeated_chunk_is_inserted_once(stack: StackUrls, client: Any, table: str) -> None:
    query = f"INSERT INTO {table} SELECT 1, line FROM input('line String') FORMAT LineAsString"
    for _ in range(2):
        post(stack, query, b"same\n", insert_deduplication_token="load:1")
    assert client.command(f"SELECT count() FROM {table}") == 1


def test_a_body_that_breaks_off_inserts_nothing(stack: StackUrls, client: Any, table: str) -> None:
    address = urlsplit(stack.clickhouse_url)
    for query in (
        f"INSERT INTO {table} SELECT 1, line FROM input('line String') FORMAT LineAsString",
        f"INSERT INTO {table} (n, line) FORMAT CSV",
    ):
        with socket.create_connection((address.hostname or "", address.port or 0)) as wire:
            wire.sendall(
                f"POST /?query={query.replace(' ', '%20')} HTTP/1.1\r\nHost: x\r\nX-ClickHouse-User: {address.username}\r\n"
                f"X-ClickHouse-Key: {address.password}\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n1,a\n\r\n".encode()
            )
            time.sleep(0.3)
    time.sleep(0.5)
    assert client.command(f"SELECT count() FROM {table}") == 0


@pytest.mark.parametrize(
    ("sql", "code"),
    [
        ("SELECT nope", 47),
        ("SELECT * FROM nix", 60),
        ("SELEC 1", 497),
        ("SELECT FROM WHERE", 62),
        ("SELECT * FROM file('/etc/passwd')", 497),
        ("SELECT * FROM `/etc/passwd`", 60),
        ("SELECT * FROM default.`/etc/passwd`", 60),
        ("SELECT throwIf(number = 5) FROM numbers(10)", 395),
        ("SELECT {missing:String}", 456),
    ],
)
def test_errors_carry_their_code(client: Any, sql: str, code: int) -> None:
    with pytest.raises(DatabaseError) as caught:
        client.query(sql)
    assert caught.value.code == code


def test_an_identifier_parameter_reaches_no_file(client: Any) -> None:
    with pytest.raises(DatabaseError) as caught:
        client.query("SELECT * FROM {t:Identifier}", parameters={"t": "/etc/passwd"})
    assert caught.value.code == 60


def test_values_are_not_evaluated(stack: StackUrls, client: Any, table: str) -> None:
    with pytest.raises(DatabaseError):
        post(stack, f"INSERT INTO {table} VALUES", b"(1, file('/etc/hostname'))")
    post(stack, f"INSERT INTO {table} VALUES", b"(1, 'plain')")
    assert client.query(f"SELECT line FROM {table}").result_rows == [("plain",)]


@pytest.mark.parametrize("login", ["ircopilot:wrong", "other:{password}", "ircopilot:", ":"])
def test_a_wrong_login_is_refused(stack: StackUrls, login: str) -> None:
    url = urlsplit(stack.clickhouse_url)
    dsn = f"http://{login.format(password=url.password)}@127.0.0.1:{url.port}/ircopilot"
    with pytest.raises(DatabaseError) as caught:
        clickhouse_connect.get_client(dsn=dsn)
    assert caught.value.code == 516


def test_settings_do_not_stay(client: Any) -> None:
    before = client.command("SELECT getSetting('max_threads')")
    assert client.command("SELECT getSetting('max_threads')", settings={"max_threads": 7}) == 7
    assert client.command("SELECT getSetting('max_threads')") == before


def test_an_error_in_the_middle_of_a_stream_is_an_error(client: Any) -> None:
    sql = "SELECT throwIf(number = 6000000), number FROM numbers(10000000)"
    with pytest.raises(DatabaseError), client.query_row_block_stream(sql) as blocks:
        for _ in blocks:
            pass


class Background:
    """A query in a thread of its own: how long it took and with which error it ended."""

    def __init__(self, stack: StackUrls, sql: str, **settings: str) -> None:
        self.code: int | None = None
        self._client = clickhouse_connect.get_client(dsn=stack.clickhouse_url)
        self._thread = threading.Thread(target=self._run, args=(sql, settings))
        self._thread.start()
        time.sleep(0.4)

    def _run(self, sql: str, settings: dict[str, str]) -> None:
        try:
            self._client.query(sql, settings=settings)
        except DatabaseError as error:
            self.code = error.code

    def ended(self, patience: float) -> bool:
        self._thread.join(patience)
        self._client.close()
        return not self._thread.is_alive()


def test_others_work_while_a_long_query_runs_and_it_can_be_killed(stack: StackUrls, client: Any) -> None:
    long = Background(stack, NEVER_ENDING, query_id="long-one")
    begin = time.monotonic()
    assert client.command("SELECT 1") == 1
    quick = time.monotonic() - begin
    client.command("KILL QUERY WHERE query_id = 'long-one'")
    assert long.ended(5)
    assert long.code == 394
    assert quick < 1


def test_a_client_that_goes_away_cancels_its_query(stack: StackUrls, client: Any) -> None:
    address = urlsplit(stack.clickhouse_url)
    marker = f"gone_{time.time_ns()}"
    running = f"SELECT count() FROM system.processes WHERE query LIKE '%{marker}%' AND query NOT LIKE '%processes%'"
    with socket.create_connection((address.hostname or "", address.port or 0)) as wire:
        body = f"SELECT count() AS {marker} FROM numbers(1000000000000000) WHERE sipHash64(number) = 1".encode()
        wire.sendall(
            f"POST / HTTP/1.1\r\nHost: x\r\nX-ClickHouse-User: {address.username}\r\n"
            f"X-ClickHouse-Key: {address.password}\r\nContent-Length: {len(body)}\r\n\r\n".encode()
            + body
        )
        time.sleep(0.5)
        assert client.command(running) == 1
    deadline = time.monotonic() + 30
    while client.command(running) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert client.command(running) == 0


def test_a_second_opener_is_told_why(tmp_path: Path) -> None:
    _take_lock(tmp_path)
    with pytest.raises(EventStoreInUse, match="open in another process"):
        _take_lock(tmp_path)


@contextmanager
def event_store(directory: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """One of its own: the process and its URL."""
    command = [sys.executable, "-m", "ircopilot.embedded.eventstore"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(f'{{"directory": "{directory}", "port": 0, "password": "p", "ready_fd": -1}}')
        process.stdin.close()
        port = int(process.stdout.readline().split("127.0.0.1:")[1].split("/")[0])
        try:
            yield process, f"http://ircopilot:p@127.0.0.1:{port}/ircopilot"
        finally:
            process.terminate()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="threads are listed in /proc")
def test_merges_let_queries_go_first(tmp_path: Path) -> None:
    with event_store(tmp_path) as (process, url), clickhouse_connect.get_client(dsn=url) as client:
        client.command("CREATE TABLE merged (n UInt64) ENGINE = MergeTree ORDER BY n")
        for _ in range(2):
            client.command("INSERT INTO merged SELECT number FROM numbers(10)")
        client.command("OPTIMIZE TABLE merged FINAL")
        tasks = Path(f"/proc/{process.pid}/task")
        merging = [int(t.name) for t in tasks.iterdir() if (t / "comm").read_text().strip() == MERGE_THREADS]
        assert merging
        deadline = time.monotonic() + 60
        while {os.getpriority(os.PRIO_PROCESS, thread) for thread in merging} != {MERGE_NICE}:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        assert os.getpriority(os.PRIO_PROCESS, process.pid) < MERGE_NICE


def test_sigterm_ends_it_within_two_seconds_also_under_a_query(tmp_path: Path) -> None:
    with event_store(tmp_path) as (process, url):
        fields = dict.fromkeys(StackUrls.model_fields, "") | {"clickhouse_url": url}
        query = Background(StackUrls.model_validate(fields), NEVER_ENDING)
        begin = time.monotonic()
        process.terminate()
        assert process.wait(5) == 0
        assert time.monotonic() - begin < 2
        assert query.ended(5)
