"""What a real cluster adds is checked as SQL: a ClickHouse parser reads every statement, no cluster is at hand."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from ircopilot.domain.errors import UnusableArgument
from ircopilot.stores.events import EventStore
from ircopilot.stores.events.schema import COLUMN_TYPES, rows_of, table_statements

READ = (
    "import json, sys, chdb; print(json.dumps([chdb.query('EXPLAIN AST ' + s).data() for s in json.load(sys.stdin)]))"
)


def parsed(*statements: str) -> list[str]:
    """The syntax trees, by ClickHouse's own parser in a process of its own: our event store refuses such engines."""
    told = subprocess.run(
        [sys.executable, "-c", READ],
        input=json.dumps(statements),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    trees: list[str] = json.loads(told.stdout)
    return trees


def test_every_statement_is_sql() -> None:
    statements = table_statements("main")
    nobody = "00000000-0000-0000-0000-000000000000"
    changes = (
        f"DELETE FROM {rows_of('events', 'main')} WHERE load_id = toUUID('{nobody}')",
        f"ALTER TABLE {rows_of('paired_times', 'main')} DROP PARTITION 'x'",
    )
    trees = parsed(*statements, *changes)
    assert [("ReplicatedMergeTree" in t, "Distributed" in t) for t in trees[:4]] == [(True, False), (False, True)] * 2
    rollups = trees[6:-2]
    assert ["ReplicatedSummingMergeTree" in t for t in rollups] == [True, False, False] * 3
    assert ["Distributed" in t for t in rollups] == [False, True, False] * 3
    assert ["ViewTargets" in t for t in rollups] == [False, False, True] * 3
    assert all("ON CLUSTER `main`" in statement for statement in (*statements, *changes))
    assert all("_shard" in tree for tree in (*trees[4::3][:-1], *trees[-2:]))
    assert [tree.count("ColumnDeclaration") for tree in trees[:2]] == [len(COLUMN_TYPES)] * 2


def test_what_is_no_sql_is_refused_by_that_parser() -> None:
    with pytest.raises(subprocess.CalledProcessError):
        parsed("CREATE TABLE t ON CLUSTER ENGINE Memory(")


def test_the_cluster_in_the_url_reaches_every_statement(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[str] = []
    store = EventStore("http://me:secret@localhost:1/db?cluster=main")

    def note(sql: str, params: object = None, settings: object = None) -> bytes:
        sent.append(sql)
        return b""

    monkeypatch.setattr(store, "execute", note)
    store.ensure_schema()
    store.drop_load("org", "load")
    assert sum("DELETE FROM" in sql for sql in sent) == 4
    assert len(sent) == len(table_statements("main")) + 4
    assert all("ON CLUSTER `main`" in sql for sql in sent)


@pytest.mark.parametrize("name", ["a`b", "a b", "a'", "x" * 65])
def test_a_cluster_that_is_no_name(name: str) -> None:
    with pytest.raises(UnusableArgument):
        EventStore(f"http://localhost:1/db?cluster={name}")


def test_one_server_needs_none_of_it() -> None:
    assert all("CLUSTER" not in s and "Replicated" not in s for s in table_statements())
