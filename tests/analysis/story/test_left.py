"""Strong matches that no act tells of become open questions, one an actor, and say nothing more."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa

from ircopilot.analysis.gaps import find_gaps
from ircopilot.analysis.query import Row
from ircopilot.analysis.story.left import MOST, left_aside
from ircopilot.analysis.story.processes import ProcessTable
from ircopilot.analysis.story.tell import Story
from ircopilot.analysis.story.weights import RuleHits
from ircopilot.domain.findings import Act, Detection

AT = datetime(2026, 5, 4, 7, 0, 0, tzinfo=UTC)


def start(number: int, program: str, parent: int = 4, **said: Any) -> Row:
    """A process start on LAB-07 after so many minutes; processes are known by their number."""
    row = dict.fromkeys(
        ("process_target_entity_id", "process_target_executable", "process_working_directory", "registry_path", "url_full",
         "process_command_line", "process_parent_executable", "user_name", "user_domain", "http_request_method", "source_ip", "user_agent_original"), ""
    )  # fmt: skip
    return row | {
        "event_id": f"e{number}", "source": "windows.sysmon", "event_code": "1", "host_name": "LAB-07.example.test",
        "time": AT + timedelta(minutes=number), "process_entity_id": f"p{number}", "process_pid": 100 + number,
        "process_name": program, "process_executable": rf"C:\Tools\{program}", "process_parent_pid": 100 + parent,
        "process_parent_entity_id": f"p{parent}", "event_action": "process-start", "http_response_status_code": 0,
    } | said  # fmt: skip


def hits_of(**matched: tuple[str, ...]) -> RuleHits:
    """Rules named `level_title`, by the events that they match; each weighs what its level does."""
    detections, by_event, weights = {}, {}, {}
    for rule, events in matched.items():
        level, _, title = rule.partition("_")
        detections[rule] = Detection.model_validate(
            {"rule_id": rule, "title": title, "level": level, "count": 1, "techniques": (), "evidence": events}
        )
        weights[rule] = {"high": 5.0, "medium": 2.0}[level]
        for event in events:
            by_event.setdefault(event, set()).add(rule)
    return RuleHits(detections, by_event, weights)


def asked(rows: list[Row], hits: RuleHits, *acts: Act) -> list[tuple[str, list[str], list[str]]]:
    table = ProcessTable()
    for row in rows:
        process = table.started(row)
        process.parent = next((p.key for p in table.by_key.values() if p.entity == row["process_parent_entity_id"]), "")
    found = left_aside(hits, {r["event_id"]: r for r in rows}, acts, (), table)
    return [(one.what, one.titles, one.events) for one in found]


def test_a_line_of_processes_is_one_question_and_what_is_told_is_none() -> None:
    rows = [start(1, "told.exe"), start(2, "mshta.exe"), start(3, "cmd.exe", parent=2), start(4, "weak.exe")]
    hits = hits_of(high_told=("e1",), high_host=("e2", "e3"), high_child=("e3",), medium_weak=("e4",))
    act = Act(verb="spawned", time=AT, subject="a", evidence=("e1",))
    assert asked(rows, hits, act) == [("mshta.exe", ["child", "host"], ["e2", "e3"])]


def test_the_first_records_are_cited_and_repeated_work_weighs_less() -> None:
    rows = [start(1, "agent.exe"), start(9, "agent.exe", parent=1), start(5, "agent.exe", parent=1)]
    rows[0]["event_id"], rows[1]["event_id"] = "e9", "e1"
    hits = hits_of(high_run=("e1", "e5", "e9"))
    assert asked(rows, hits) == [("agent.exe", ["run"], ["e9", "e5", "e1"])]
    hits.usual = dict.fromkeys(("e1", "e5", "e9"), 4.0)
    assert asked(rows, hits) == []


def test_the_record_of_a_service_that_is_told_asks_nothing() -> None:
    path = r"HKLM\System\CurrentControlSet\Services\Wobble\ImagePath"
    rows = [start(1, "services.exe", registry_path=path)]
    act = Act(verb="installed-service", time=AT, subject="a", objects=("wobble",), evidence=("e9",))
    assert asked(rows, hits_of(high_set=("e1",)), act) == []
    assert len(asked(rows, hits_of(high_set=("e1",)))) == 1


def test_only_the_heaviest_are_asked_about() -> None:
    rows = [start(n, f"p{n}.exe", parent=0) for n in range(1, MOST + 3)]
    hits = hits_of(**{f"high_{n}": (f"e{n}",) for n in range(1, MOST + 3)}, high_more=(f"e{MOST + 2}",))
    found = asked(rows, hits)
    assert len(found) == MOST
    assert found[0][0] == f"p{MOST + 2}.exe"


def test_the_question_names_actor_place_time_rules_and_records() -> None:
    rows = [start(2, "mshta.exe")]
    hits = hits_of(high_One=("e2",), high_Two=("e2",))
    left = left_aside(hits, {"e2": rows[0]}, (), (), ProcessTable())
    act = Act(verb="read-object", time=AT, subject="a", evidence=("e1",))
    (gap,) = (g for g in find_gaps(nothing, Story(acts=(act,), left=left)) if g.id.startswith("left-aside"))
    assert gap.statement == (
        "Whether mshta.exe on LAB-07 belongs to the incident is unknown: it matched the rules “One” and “Two” from "
        "2026-05-04 07:02:00 UTC on, apart from the acts told here."
    )
    assert (gap.evidence, gap.found) == (("e2",), 1)


def nothing(_sql: str, _params: object = None) -> pa.Table:
    """A search that finds nothing."""
    return pa.table({"n": [0]})
