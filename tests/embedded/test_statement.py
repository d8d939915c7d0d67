"""What the event store runs and what it refuses."""

from __future__ import annotations

import pytest

from ircopilot.embedded.eventstore.statement import Denied, Guard, check_settings
from ircopilot.embedded.eventstore.tokens import Unreadable, tokenize

GUARD = Guard(
    ["file", "url", "s3", "numbers", "values", "input", "remote", "executable", "python", "format", "eval"],
    ["MergeTree", "File", "URL", "Filesystem"],
)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM file('/etc/passwd')",
        "select file ('/etc/passwd')",
        "SELECT * FROM `file`('/etc/passwd')",
        'SELECT * FROM "fi\\le"(1)',
        "SELECT * FROM /* harmless */ FiLe /* really */ ('/etc/passwd')",
        "INSERT INTO t SELECT * FROM url('http://127.0.0.1/')",
        "INSERT INTO FUNCTION file('x') SELECT 1",
        "INSERT INTO t SELECT format FROM file('/etc/passwd')",
        "INSERT INTO t SELECT line FROM input('line String') WHERE line = file('/etc/passwd') FORMAT LineAsString",
        "INSERT INTO t VALUES (1, file('/etc/passwd'))",
        "SELECT 1 INTO OUTFILE '/tmp/x'",
        "INSERT INTO t FROM INFILE '/tmp/x' FORMAT CSV",
        "CREATE TABLE t (a Int8) ENGINE = File(CSV)",
        "CREATE TABLE t (a Int8) ENGINE URL('http://x')",
        "CREATE TABLE t (a Int8) ENGINE = MergeTree ORDER BY a SETTINGS disk = 'x'",
        "CREATE DATABASE d ENGINE = Filesystem('/')",
        "CREATE DICTIONARY d (a Int8) PRIMARY KEY a SOURCE(EXECUTABLE(COMMAND 'id'))",
        "CREATE FUNCTION f AS x -> file(x)",
        "SELECT aiGenerate('prompt')",
        "SELECT 1 SETTINGS format_schema = '/etc/passwd'",
        "SELECT 1; SELECT 2",
        "SYSTEM SHUTDOWN",
        "BACKUP TABLE t TO File('/tmp/x')",
        "ATTACH TABLE t FROM '/tmp/x'",
        "GRANT ALL ON *.* TO x",
        "",
        "-- nothing",
    ],
)
def test_refuses_what_reads_files_or_reaches_out(sql: str) -> None:
    with pytest.raises(Denied):
        GUARD.read(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 'file(' || \"url\" FROM t WHERE a = 'it''s url(\\'x\\')' -- file('x')",
        "WITH x AS (SELECT 1) SELECT count() FROM numbers(10), x /* url('y') */;",
        "CREATE TABLE t (file String, engine String) ENGINE = MergeTree ORDER BY file",
        "SELECT name FROM system.tables WHERE engine = 'MergeTree' AND database = {db:String}",
        "SELECT lower('É'), 0x1F, 1e-3, x'4142', map('a', 1)['a'], arr.1, a ? b : c, aircraft(1) FROM t FORMAT JSONEachRow",
        "ALTER TABLE t DELETE WHERE load_id = 'x'",
        "KILL QUERY WHERE query_id = 'x'",
    ],
)
def test_runs_what_stays_inside(sql: str) -> None:
    assert GUARD.read(sql).sql == sql


def test_finds_inline_data_behind_the_head() -> None:
    sql = "INSERT INTO t (a, `format`) FORMAT Native\n\x00'binary"
    statement = GUARD.read(sql)
    assert (statement.sql.strip(), statement.format) == ("INSERT INTO t (a, `format`)", "Native")
    assert sql[statement.data_at or 0 :] == "\x00'binary"


def test_finds_input_and_its_data() -> None:
    sql = "INSERT INTO t SELECT format, line FROM input('line String') FORMAT LineAsString\nfirst 'line"
    statement = GUARD.read(sql)
    assert statement.input_call is not None
    begin, end, close = statement.input_call
    assert (sql[begin:end], sql[end:close]) == ("input(", "'line String'")
    assert statement.sql.endswith("input('line String') ")
    assert sql[statement.data_at or 0 :] == "first 'line"


def test_values_data_in_a_body_of_its_own() -> None:
    assert GUARD.read("INSERT INTO t VALUES", data_outside=True).format == "Values"
    assert GUARD.read("INSERT INTO t VALUES (1)", data_outside=True).data_at is None


@pytest.mark.parametrize(
    "sql", ["SELECT $x$file('a')$x$", "SELECT “file”", "SELECT #x", "SELECT 'open", "SELECT x'\\'", "/* open"]
)
def test_what_the_engine_might_read_otherwise_is_refused(sql: str) -> None:
    with pytest.raises(Unreadable):
        list(tokenize(sql))


@pytest.mark.parametrize("name", ["format_schema_source", "disk", "input_format_values_interpret_expressions", "a b"])
def test_settings_that_open_doors_are_refused(name: str) -> None:
    with pytest.raises(Denied):
        check_settings([name])
