"""A real `events` table in an embedded ClickHouse, and rules written on the spot."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import clickhouse_connect
import pyarrow as pa
import pytest

from ircopilot.analysis.sigma import RuleSet, load_rules
from ircopilot.domain.event import HOT_BY_NAME
from ircopilot.stores.events.schema import COLUMN_TYPES, table_statements

SYSMON = "Microsoft-Windows-Sysmon/Operational"


class EventTable:
    """Events given as dictionaries of columns; what is no column goes into `fields`."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.rows = 0

    def fill(self, *events: dict[str, Any]) -> EventTable:
        """Replace the table's events; event n gets the id `e0001` … and the second n."""
        self.client.command("TRUNCATE TABLE events")
        self.rows = 0
        self.add(*events)
        return self

    def add(self, *events: dict[str, Any]) -> None:
        """Append events."""
        if not events:
            return
        lines = []
        for event in events:
            self.rows += 1
            row = {k: v for k, v in event.items() if k in COLUMN_TYPES}
            row["fields"] = {k: str(v) for k, v in event.items() if k not in COLUMN_TYPES}
            row.setdefault("event_id", f"e{self.rows:04}")
            row.setdefault("time", f"2026-03-01 10:00:00.{self.rows:06}")
            lines.append(json.dumps(row))
        self.client.command(f"INSERT INTO events FORMAT JSONEachRow\n{chr(10).join(lines)}")

    def query(self, sql: str, params: dict[str, Any]) -> pa.Table:
        """`run_query` as analysis sees it."""
        return self.client.query_arrow(sql.replace("{events}", "events"), parameters=params)


@pytest.fixture(scope="session")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    client = clickhouse_connect.get_client(dsn=f"chdb://{tmp_path_factory.mktemp('chdb')}")
    client.command(table_statements()[0])
    yield client
    client.close()


@pytest.fixture
def events(client: Any) -> EventTable:
    return EventTable(client).fill()


@pytest.fixture
def rules(tmp_path: Path) -> Callable[..., RuleSet]:
    """`rules(detection_yaml, category=…)` writes one rule and loads it alone."""

    def write(detection: str, **logsource: str) -> RuleSet:
        where = logsource or {"product": "windows", "category": "process_creation"}
        source = "\n".join(f"  {k}: {v}" for k, v in where.items())
        body = "\n".join(f"  {line}" for line in detection.strip("\n").splitlines())
        text = f"title: A rule\nid: 11111111-1111-4111-8111-111111111111\nlevel: high\nlogsource:\n{source}\n"
        folder = tmp_path / "rules"
        folder.mkdir(exist_ok=True)
        (folder / "rule.yml").write_text(f"{text}detection:\n{body}\n")
        return load_rules([folder], starter=False)

    return write


def process(command_line: str = "", image: str = "", **more: Any) -> dict[str, Any]:
    """A Sysmon process creation."""
    assert all(k in HOT_BY_NAME or k[0].isupper() or k in COLUMN_TYPES for k in more)
    return {
        "source": "windows.sysmon", "winlog_channel": SYSMON, "event_provider": "Microsoft-Windows-Sysmon",
        "event_code": "1", "process_command_line": command_line, "process_executable": image, **more,
    }  # fmt: skip
