"""One start, told by two sources that know different halves of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ircopilot.analysis.story.processes import ProcessTable

AT = datetime(2026, 4, 2, 8, 15, 0, tzinfo=UTC)
COMMAND = r"cmd.exe /c dir C:\ProgramData"


def start(source: str, seconds: float = 0, **said: Any) -> dict[str, Any]:
    """A start record of a shell under services.exe (number 612)."""
    row = {
        "event_id": f"{source}{seconds}", "source": f"windows.{source}", "host_name": "LAB-07", "time": AT + timedelta(seconds=seconds),
        "process_entity_id": "", "process_pid": 0, "process_executable": r"C:\Windows\System32\cmd.exe", "process_command_line": COMMAND,
        "process_parent_pid": 612, "process_parent_entity_id": "", "process_parent_executable": "", "user_name": "", "user_domain": "",
    }  # fmt: skip
    return row | said


SYSMON = start("sysmon", process_entity_id="{a-1}", user_name="SYSTEM", user_domain="NT AUTHORITY")
SECURITY = start("security", 1, process_pid=4410, user_name="LAB-07$", user_domain="LAB")


@pytest.mark.parametrize("order", [(SYSMON, SECURITY), (SECURITY, SYSMON)], ids=["sysmon first", "security first"])
def test_an_entity_id_and_a_number_of_one_start_are_one_process(order: tuple[dict[str, Any], ...]) -> None:
    table = ProcessTable()
    for row in order:
        table.started(row)
    (process,) = table.by_key.values()
    assert (process.entity, process.pid, process.account) == ("{a-1}", 4410, "NT AUTHORITY\\SYSTEM")
    assert table.find("lab-07", "", 4410, AT + timedelta(seconds=60)) is process


@pytest.mark.parametrize(
    "other",
    [
        SECURITY | {"process_command_line": "cmd.exe /c ver"},
        SECURITY | {"process_parent_pid": 700},
        SECURITY | {"time": AT + timedelta(seconds=9)},
        SECURITY | {"host_name": "LAB-08"},
    ],
    ids=["another command", "another parent", "later", "another host"],
)
def test_different_starts_stay_apart(other: dict[str, Any]) -> None:
    table = ProcessTable()
    table.started(SYSMON)
    table.started(other)
    assert len(table.by_key) == 2


def test_a_percent_sign_that_a_source_doubles_parts_no_start() -> None:
    table = ProcessTable()
    table.started(SYSMON | {"process_command_line": '"cmd.exe"  /c %%COMSPEC%% /c ver'})
    table.started(SECURITY | {"process_command_line": '"cmd.exe" /c %COMSPEC% /c ver '})
    assert [(p.entity, p.pid) for p in table.by_key.values()] == [("{a-1}", 4410)]


def test_two_alike_starts_find_a_half_each() -> None:
    table = ProcessTable()
    for number in (1, 2):
        table.started(start("sysmon", number / 10, process_entity_id=f"{{a-{number}}}"))
    for number in (1, 2):
        table.started(start("security", number / 5, process_pid=4000 + number))
    assert sorted((p.entity, p.pid) for p in table.by_key.values()) == [("{a-1}", 4001), ("{a-2}", 4002)]
