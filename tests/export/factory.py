"""A hand-made report of a small incident, and a large one; everything cites an event that exists."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from ircopilot.contracts.report import (
    Activity,
    ActivityLane,
    ArtifactPart,
    CitedEvent,
    IncidentPart,
    RejectedClaim,
    ReportDocument,
    ReportPart,
    RunPart,
    SectionPart,
)
from ircopilot.domain.claims import Basis, Claim, Drafter, Fact, Search
from ircopilot.domain.evidence import Clock, ParseError
from ircopilot.domain.findings import Anomaly, Detection, Entity, Indicator, Technique, TimelineEntry
from ircopilot.domain.ids import event_id
from ircopilot.domain.incident import Action

START = datetime(2031, 3, 4, 22, 4, 27, 250000, tzinfo=UTC)
CLOCK = Clock(offset_s=68400.0, method="field-disagreement", agreeing=118, compared=120)

HOST_RECORDS: list[dict[str, str]] = [
    {"EventID": "1", "Hostname": "DESK-07", "UtcTime": "2031-03-04 22:04:27.250", "User": "NORTH\\ada",
     "Image": "C:\\Users\\ada\\Downloads\\invoice.exe", "CommandLine": "\"C:\\Users\\ada\\Downloads\\invoice.exe\" -s",
     "ParentImage": "C:\\Windows\\explorer.exe"},
    {"EventID": "3", "Hostname": "DESK-07", "UtcTime": "2031-03-04 22:04:41.000",
     "Image": "C:\\Users\\ada\\Downloads\\invoice.exe", "DestinationIp": "203.0.113.40", "DestinationPort": "443"},
    {"EventID": "10", "Hostname": "DESK-07", "UtcTime": "2031-03-04 22:06:02.118",
     "SourceImage": "C:\\Users\\ada\\Downloads\\invoice.exe", "TargetImage": "C:\\Windows\\system32\\lsass.exe",
     "GrantedAccess": "0x1010"},
    {"EventID": "1", "Hostname": "DESK-07", "UtcTime": "2031-03-04 22:07:30.000", "User": "NORTH\\ada",
     "Image": "C:\\Windows\\System32\\cmd.exe", "CommandLine": "cmd /c echo <script>alert(1)</script> | more"},
]  # fmt: skip
CHAT_RECORDS = [{"ts": "2031-03-04T22:06:30Z", "user": "ada", "text": "is DESK-07 slow for anyone else?"}]


def as_bytes(records: list[dict[str, str]]) -> bytes:
    """JSON lines."""
    return "".join(json.dumps(r) + "\n" for r in records).encode()


def sha256(data: bytes) -> str:
    """Lower-case hex."""
    import hashlib

    return hashlib.sha256(data).hexdigest()


HOST_SHA, CHAT_SHA = sha256(as_bytes(HOST_RECORDS)), sha256(as_bytes(CHAT_RECORDS))
E = [event_id(HOST_SHA, f"line:{n + 1}") for n in range(len(HOST_RECORDS))]
CHAT = event_id(CHAT_SHA, "line:1")


def _events() -> dict[str, CitedEvent]:
    events = {}
    for n, record in enumerate(HOST_RECORDS):
        time = datetime.fromisoformat(record["UtcTime"]).replace(tzinfo=UTC)
        recorded = time - timedelta(hours=19)
        events[E[n]] = CitedEvent(
            time=time, time_recorded=recorded, artifact=HOST_SHA, locator=f"line:{n + 1}", fields=dict(record),
            source="windows.sysmon", time_field="UtcTime",
        )  # fmt: skip
    at = datetime(2031, 3, 4, 22, 6, 30, tzinfo=UTC)
    fields: dict[str, Any] = dict(CHAT_RECORDS[0])
    events[CHAT] = CitedEvent(
        time=at, time_recorded=at, artifact=CHAT_SHA, locator="line:1", kind="comm", source="slack", fields=fields
    )
    return events


def claim(id_: str, section: str, text: str, kind: str, evidence: tuple[str, ...], basis: Basis | None = None) -> Claim:
    """A claim as the gate would have made it."""
    status = {"fact": "verified", "inference": "inferred", "unknown": "unknown"}[kind]
    return Claim.model_validate(
        {"id": id_, "section": section, "text": text, "kind": kind, "evidence": evidence, "status": status,
         "basis": basis or Basis()}
    )  # fmt: skip


def _sections() -> tuple[SectionPart, ...]:
    nothing = Basis(searches=(Search(query="destination_ip not internal and source_bytes > 1000000", found=0,
                                     scope="2 files, 5 events"),))  # fmt: skip
    return (
        SectionPart(id="summary", title="Summary", claims=(
            claim("C1", "summary", "NORTH\\ada ran C:\\Users\\ada\\Downloads\\invoice.exe on DESK-07 at 22:04:27.",
                  "fact", (E[0],)),
            claim("C2", "summary", "The program then read the memory of lsass.exe, most likely for credentials.",
                  "inference", (E[2],)),
        )),
        SectionPart(id="what-happened", title="What happened", claims=(
            claim("C3", "what-happened", "At 22:04:41 invoice.exe on DESK-07 connected to 203.0.113.40 port 443.",
                  "fact", (E[1],)),
            claim("C4", "what-happened", "At 22:06:02 invoice.exe opened lsass.exe with access 0x1010.", "fact",
                  (E[2],)),
            claim("C5", "what-happened", "At 22:07:30 cmd.exe ran cmd /c echo <script>alert(1)</script> | more.",
                  "fact", (E[3],)),
        )),
        SectionPart(id="unknowns", title="What is not known", claims=(
            claim("C6", "unknowns", "Whether data left: the evidence shows no large outbound transfer.", "unknown", (),
                  nothing),
        )),
        SectionPart(id="techniques", title="Techniques", claims=(
            claim("C7", "techniques", "T1003.001 LSASS Memory (credential access).", "fact", (E[2],)),
        )),
    )  # fmt: skip


def _findings() -> dict[str, Any]:
    seen = {"first_seen": START, "last_seen": START + timedelta(minutes=3)}
    return {
        "entities": (
            Entity(id="host:desk-07", type="host", value="DESK-07", role="victim", events=4, **seen),
            Entity(id="ip:203.0.113.40", type="ip", value="203.0.113.40", role="attacker", events=1, **seen),
        ),
        "indicators": (
            Indicator(type="ipv4", value="203.0.113.40", evidence=(E[1],), why="contacted by invoice.exe"),
            Indicator(type="file-path", value="C:\\Users\\ada\\Downloads\\invoice.exe", evidence=(E[0], E[1], E[2]),
                      why="began the intrusion"),
        ),
        "techniques": (
            Technique(id="T1003.001", name="LSASS Memory", tactics=("credential-access",), confidence=0.9,
                      evidence=(E[2],), why="lsass.exe opened with access 0x1010"),
            Technique(id="T1204.002", name="Malicious File", tactics=("execution",), confidence=0.7, evidence=(E[0],)),
        ),
        "detections": (
            Detection(rule_id="r-1", title="LSASS access", level="high", techniques=("T1003.001",), evidence=(E[2],),
                      count=1),
        ),
        "anomalies": (Anomaly(kind="rare-destination", summary="203.0.113.40", score=0.8, evidence=(E[1],)),),
        "timeline": (
            TimelineEntry(time=START, kind="log", summary="NORTH\\ada ran invoice.exe on DESK-07",
                          entities=("host:desk-07",), techniques=("T1204.002",), why="first act of the intrusion",
                          evidence=(E[0],)),
            TimelineEntry(time=START + timedelta(seconds=13.75), kind="log", why="only program to go there",
                          summary="invoice.exe connected to 203.0.113.40:443 on DESK-07",
                          entities=("host:desk-07", "ip:203.0.113.40"), techniques=(), evidence=(E[1],)),
            TimelineEntry(time=datetime(2031, 3, 4, 22, 6, 2, 118000, tzinfo=UTC), kind="alert",
                          summary="invoice.exe opened lsass.exe on DESK-07", entities=("host:desk-07",),
                          techniques=("T1003.001",), why="rule: LSASS access", evidence=(E[2],)),
            TimelineEntry(time=datetime(2031, 3, 4, 22, 6, 30, tzinfo=UTC), kind="comm",
                          summary="=ada: is DESK-07 slow for anyone else?", entities=(), techniques=(),
                          why="a user noticed", evidence=(CHAT,)),
        ),
    }  # fmt: skip


def _artifacts() -> tuple[ArtifactPart, ...]:
    host = ArtifactPart(
        id=HOST_SHA, name="evidence/host/sysmon.json", sha256=HOST_SHA, size=len(as_bytes(HOST_RECORDS)),
        format="jsonlines", records=5, events=4, errors=1, clock=CLOCK.model_copy(update={"evidence": (E[0],)}),
        parse_errors=(ParseError(locator="line:5", reason="not JSON: unexpected end"),),
    )  # fmt: skip
    chat = ArtifactPart(
        id=CHAT_SHA, name="evidence/chat.json", sha256=CHAT_SHA, size=len(as_bytes(CHAT_RECORDS)), records=1, events=1
    )
    return host, chat


def small_report(**changes: Any) -> ReportDocument:
    """The small incident; `changes` replace parts of it."""
    parts: dict[str, Any] = {
        "incident": IncidentPart(id="INC-7c1d2e3f40", title="Credential theft on DESK-07", start=START,
                                 end=START + timedelta(minutes=3), severity="high"),
        "run": RunPart(id="run-1", started=START, finished=START, version="0.1.0"),
        "artifacts": _artifacts(),
        "report": ReportPart(sections=_sections(), drafter=Drafter(name="offline", version="1"), rejections=(
            RejectedClaim(id="C9", section="scope", text="The attacker reached 198.51.100.9.", kind="fact",
                          reasons=("198.51.100.9 occurs in no cited record",), evidence=(E[1],)),
        )),
        "facts": {"window_seconds": Fact(value=183, unit="s", how="last minus first malicious act", evidence=(E[0],),
                                         count=4, digest="0" * 64)},
        "actions": (Action(id="A1", title="Isolate DESK-07", phase="containment", why="lsass.exe was read there",
                           evidence=(E[2],)),),
        "activity": Activity(start=START - timedelta(minutes=1), bucket_s=30.0, lanes=(
            ActivityLane(lane="DESK-07", counts=(2, 9, 4, 30, 12, 7, 3, 1, 1, 0)),)),
        "events": _events(),
        **_findings(),
    }  # fmt: skip
    return ReportDocument(**(parts | changes))


HOSTILE = (
    "<script>alert(1)</script>", "](javascript:alert(1))", "![x](http://203.0.113.9/p.png)", "`code` ``more``", "a|b|c",
    "pay\u202egpj.exe", "zero\u200bwidth", "line\nbreak\r\n# heading", "#eval(read(\"/etc/passwd\"))", "$ x^2 $ *b* _i_",
    "日本語のログ", "😀🏴‍☠️", "مرحبا بالعالم", "\x00\x07\x1b[31mred", "=HYPERLINK(\"http://203.0.113.9\")", "\ud83d half",
    "<!-- c --><img src=x onerror=alert(1)>", "[^e1]: forged", "| --- |", "&lt;b&gt;", "\\`\\*", "e\u0301\u0301\u0301",
)  # fmt: skip


def large_report(claims: int = 150, entries: int = 200, events: int = 500) -> ReportDocument:
    """A report at the size that exporters must bear: long command lines, hostile and foreign text."""
    base = START - timedelta(days=3)
    cited: dict[str, CitedEvent] = {}
    ids = []
    for n in range(events):
        time = base + timedelta(seconds=n * 37 + (230_000 if n > events // 3 else 0))
        fields: dict[str, Any] = {
            "EventID": "1", "Hostname": f"SRV-{n % 11:02d}", "User": f"NORTH\\user{n % 7}",
            "Image": "C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe",
            "CommandLine": "powershell.exe -NoP -W Hidden -Enc " + "SQBFAFgAIAAo" * (n % 60) + HOSTILE[n % len(HOSTILE)],
            "Note": HOSTILE[(n + 7) % len(HOSTILE)], HOSTILE[n % len(HOSTILE)]: "name",
        }  # fmt: skip
        ids.append(event_id(HOST_SHA, f"line:{n + 1}"))
        cited[ids[-1]] = CitedEvent(
            time=time,
            time_recorded=time - timedelta(hours=19),
            artifact=HOST_SHA,
            locator=f"line:{n + 1}",
            fields=fields,
        )
    hosts = tuple(
        Entity(
            id=f"host:{k}", type="host", value=f"SRV-{k:02d}", role="victim", first_seen=base, last_seen=START, events=9
        )
        for k in range(11)
    )
    names = ("summary", "what-happened", "scope", "techniques", "indicators", "not-known", "recommendations")
    sections = tuple(
        SectionPart(id=name, title=name.replace("-", " ").capitalize(), claims=tuple(
            claim(f"C{n}", name, f"On SRV-{n % 11:02d} powershell.exe ran C:\\Program Files\\tool {n}\\run.ps1 with "
                  f"{HOSTILE[n % len(HOSTILE)]} against 203.0.113.{n % 250}.", ("fact", "inference", "unknown")[n % 3],
                  tuple(ids[n * 3 % events:][:3]))
            for n in range(s, claims, len(names))))
        for s, name in enumerate(names)
    )  # fmt: skip
    timeline = tuple(
        TimelineEntry(time=cited[ids[n * 2]].time, kind=("log", "alert", "comm", "action")[n % 4 if n % 9 == 0 else 0],
                      summary=f"SRV-{n % 11:02d} ran {HOSTILE[n % len(HOSTILE)]}", entities=(f"host:{n % 11}",),
                      techniques=("T1059.001",), why="rare parent", evidence=(ids[n * 2],))
        for n in range(entries)
    )  # fmt: skip
    indicators = tuple(
        Indicator(type="file-path", value=f"C:\\ProgramData\\{HOSTILE[n % len(HOSTILE)]}\\{n}.dll", evidence=(ids[n],))
        for n in range(60)
    )
    detections = tuple(
        Detection(rule_id=f"r-{n}", title="t", level=("low", "medium", "high", "critical")[n % 4], techniques=(),
                  evidence=(ids[n * 4],), count=1)
        for n in range(0, 100, 3)
    )  # fmt: skip
    report = ReportPart(sections=sections, drafter=Drafter(name="offline", version="1"))
    return small_report(
        report=report, events=cited, entities=hosts, timeline=timeline, indicators=indicators, detections=detections,
        anomalies=(), facts={}, actions=(), activity=None,
        techniques=tuple(Technique(id=f"T1{n:03d}", name=HOSTILE[n % len(HOSTILE)], tactics=("execution",),
                                   confidence=0.5, evidence=(ids[n],)) for n in range(25)),
    )  # fmt: skip
