"""Who did what to what: the program and not its victim, the identity and what it called, where a logon came from."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from ircopilot.domain.findings import Act, Entity
from ircopilot.report.graph import build_graph

AT = datetime(2031, 5, 14, 22, 4, 27, tzinfo=UTC)
EVENT = "0" * 32
EVIL = r"C:\Users\mira\Downloads\viewer.exe"
ARN = "arn:aws:iam::111122223333:user/reporting"


def entity(kind: str, value: str, role: str = "victim", aliases: tuple[str, ...] = ()) -> Entity:
    made: dict[str, Any] = {"id": f"{kind}-{value}", "type": kind, "value": value, "role": role, "aliases": aliases}
    return Entity.model_validate(made | {"first_seen": AT, "last_seen": AT, "events": 1})


def act(verb: str, subject: str, *objects: str, **more: Any) -> Act:
    return Act(verb=verb, time=AT, subject=subject, objects=objects, evidence=(EVENT,), **more)


def ties(entities: list[Entity], *acts: Act) -> set[tuple[str, str]]:
    nodes, edges = build_graph(entities, acts)
    labels = {node.id: node.label for node in nodes}
    return {(labels[edge.source], labels[edge.target]) for edge in edges}


HOST, MIRA = entity("host", "WS07"), entity("user", "mira")
VIEWER, SHELL = entity("file", EVIL, "attacker"), entity("process", "cmd.exe", "unknown")


def test_what_malware_does_is_its_own_doing_and_not_that_of_the_account_it_runs_as() -> None:
    start = act("spawned", "Viewer.exe", "cmd.exe", host="WS07", user="mira", detail={"path": r"C:\W\cmd.exe"})
    assert ties([HOST, MIRA, VIEWER, SHELL], start) == {(EVIL, "cmd.exe"), (EVIL, "WS07")}
    call = act(
        "connected", "viewer.exe", "203.0.113.45", host="WS07", user="mira", detail={"path": EVIL, "port": "443"}
    )
    found = ties([HOST, MIRA, VIEWER, entity("ip", "203.0.113.45", "attacker")], call)
    assert found == {(EVIL, "203.0.113.45"), (EVIL, "WS07")}


def test_a_person_who_opens_a_file_does_so() -> None:
    opened = act("executed", "explorer.exe", "viewer.exe", host="WS07", user="mira", detail={"path": EVIL})
    assert ("mira", EVIL) in ties([HOST, MIRA, VIEWER], opened)


def test_a_name_that_two_files_have_is_nobody_in_particular() -> None:
    twin = entity("file", r"D:\viewer.exe", "attacker")
    start = act("spawned", "viewer.exe", "cmd.exe", host="WS07", user="mira")
    assert ties([HOST, MIRA, VIEWER, twin, SHELL], start) == {("mira", "cmd.exe"), ("mira", "WS07")}
    harmless = entity("file", r"D:\viewer.exe", "benign")
    assert (EVIL, "cmd.exe") in ties([HOST, MIRA, VIEWER, harmless, SHELL], start)


def test_a_cloud_identity_reaches_what_it_called_and_is_reached_by_key_and_address() -> None:
    cloud = [
        entity("cloud-identity", ARN), entity("cloud-identity", "111122223333"), entity("cloud-key", "AKIA", "attacker"),
        entity("cloud-resource", "archive/a.csv"), entity("ip", "203.0.113.77", "suspicious"),
    ]  # fmt: skip
    detail = {"arn": ARN, "account": "111122223333", "key": "AKIA", "ip": "203.0.113.77"}
    read = act("read-object", "user/reporting", "GetObject", detail=detail | {"resource": "archive/a.csv"})
    into = {("AKIA", ARN), ("203.0.113.77", ARN)}
    assert ties(cloud, read) == into | {(ARN, "archive/a.csv")}
    assert ties(cloud, act("called-api", "user/reporting", "ListBuckets", detail=detail)) == into | {
        (ARN, "111122223333")
    }


def test_a_logon_runs_from_its_address_through_the_account_to_the_host() -> None:
    logon = act("logged-on", "mira", "WS07", host="WS07", user="mira", detail={"ip": "10.0.0.5"})
    assert ties([HOST, MIRA, entity("ip", "10.0.0.5")], logon) == {("10.0.0.5", "mira"), ("mira", "WS07")}


def test_what_only_explains_the_incident_ties_nothing() -> None:
    assert ties([HOST, MIRA], act("logged-on", "mira", "WS07", host="WS07", context=True)) == set()
