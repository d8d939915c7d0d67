"""The layouts in which the hosts' records are exported: NXLog, Winlogbeat 7, evtx_dump and Log Analytics."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from html import escape
from typing import Any

from ..making import zulu
from .machine import POWERSHELL, SYSMON, Machine, Record

PROVIDERS = {
    SYSMON: ("Microsoft-Windows-Sysmon", "{5770385F-C22A-43E0-BF4C-06F5698FFBD9}"),
    POWERSHELL: ("Microsoft-Windows-PowerShell", "{A0C1853B-5C40-4B15-8766-3CF1C58F985A}"),
    "Security": ("Microsoft-Windows-Security-Auditing", "{54849625-5478-4994-A5BA-3E3B0328C30D}"),
    "System": ("Service Control Manager", "{555908D1-A6D7-4695-8E1E-26931D2012F4}"),
}


def _ordered(hosts: Iterable[Machine]) -> list[tuple[Machine, Record]]:
    return sorted(((h, r) for h in hosts for r in h.records), key=lambda x: (x[1].time, x[0].name))


def _data(record: Record) -> dict[str, str]:
    return {k: v for k, v in record.data.items() if k != "_pid"}


def _pid(record: Record) -> int:
    return int(record.data.get("_pid", "4"))


def _provider(record: Record) -> tuple[str, str]:
    if record.code in (1102, 104):
        return "Microsoft-Windows-Eventlog", "{FC65DDD8-D6EF-4962-83D5-6E5CFE9CE148}"
    return PROVIDERS[record.channel]


def _lines(rows: Iterable[dict[str, Any]]) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def nxlog(*hosts: Machine) -> str:
    """NXLog's `to_json()` behind a pipeline that adds `@timestamp` on receipt."""
    return _lines(
        {
            "@timestamp": zulu(r.time, 3), "EventTime": f"{r.time:%Y-%m-%d %H:%M:%S}", "Hostname": h.fqdn, "SourceName": _provider(r)[0],
            "ProviderGuid": _provider(r)[1], "Channel": r.channel, "EventID": r.code, "SeverityValue": 2, "Severity": "INFO", "Task": 1,
            "ExecutionProcessID": _pid(r), "ThreadID": 4420, "RecordNumber": n, "host": "wec.internal.test", "port": 60737,
            "tags": ["mordorDataset"], "Message": _message(r), **_data(r),
        }
        for n, (h, r) in enumerate(_ordered(hosts), 28000)
    )  # fmt: skip


def _message(r: Record) -> str:
    return "\r\n".join([f"Event {r.code}:", *(f"{k}: {v}" for k, v in _data(r).items())])[:2000]


def winlogbeat(*hosts: Machine) -> str:
    """Winlogbeat 7 as it lies in Elasticsearch."""
    return _lines(
        {
            "@timestamp": zulu(r.time, 3), "ecs": {"version": "1.5.0"}, "agent": {"type": "winlogbeat", "version": "7.9.3", "hostname": h.name},
            "host": {"name": h.fqdn, "os": {"platform": "windows"}}, "log": {"level": "information"}, "message": _message(r),
            "event": {"code": r.code, "kind": "event", "provider": _provider(r)[0], "created": zulu(r.time, 3)},
            "winlog": {
                "channel": r.channel, "provider_name": _provider(r)[0], "provider_guid": _provider(r)[1], "event_id": r.code,
                "computer_name": h.fqdn, "record_id": n, "api": "wineventlog", "process": {"pid": _pid(r), "thread": {"id": 4420}},
                **({"user_data": {**_data(r), "xml_name": "LogFileCleared"}} if r.code in (1102, 104) else {"event_data": _data(r)}),
            },
        }
        for n, (h, r) in enumerate(_ordered(hosts), 51000)
    )  # fmt: skip


def evtx_dump(*hosts: Machine) -> str:
    """What `evtx_dump -o jsonl` makes of a log file."""
    return _lines(
        {"Event": {"#attributes": {"xmlns": "http://schemas.microsoft.com/win/2004/08/events/event"}, **_evtx(h, r, n)}}
        for n, (h, r) in enumerate(_ordered(hosts), 900)
    )


def _evtx(h: Machine, r: Record, n: int) -> dict[str, Any]:
    name, guid = _provider(r)
    system = {
        "Provider": {"#attributes": {"Name": name, "Guid": guid}}, "EventID": r.code, "Version": 1, "Level": 0, "Task": 13312, "Opcode": 0,
        "Keywords": "0x8020000000000000", "TimeCreated": {"#attributes": {"SystemTime": zulu(r.time, 6)}}, "EventRecordID": n,
        "Correlation": None, "Execution": {"#attributes": {"ProcessID": _pid(r), "ThreadID": 4420}}, "Channel": r.channel, "Computer": h.fqdn,
        "Security": None,
    }  # fmt: skip
    if r.code in (1102, 104):
        return {"System": system, "UserData": {"LogFileCleared": _data(r)}}
    return {"System": system, "EventData": _data(r)}


def velociraptor(*hosts: Machine) -> str:
    """Velociraptor's `parse_evtx` rows: what stands in members, and seconds for times."""
    return _lines(_row(h, r, n) for n, (h, r) in enumerate(_ordered(hosts), 4100))


def _row(h: Machine, r: Record, n: int) -> dict[str, Any]:
    name, guid = _provider(r)
    system = {
        "Provider": {"Name": name, "Guid": guid}, "EventID": {"Value": r.code}, "Version": 1, "Level": 4, "Task": 1, "Opcode": 0,
        "Keywords": 9223372036854775808, "TimeCreated": {"SystemTime": r.time.timestamp()}, "EventRecordID": n, "Correlation": {},
        "Execution": {"ProcessID": _pid(r), "ThreadID": 4420}, "Channel": r.channel, "Computer": h.fqdn, "Security": {"UserID": "S-1-5-18"},
    }  # fmt: skip
    return {"System": system, "EventData": _data(r), "Message": _message(r)}


_KEPT = (
    "Account",
    "Process",
    "NewProcessName",
    "CommandLine",
    "ParentProcessName",
    "SubjectUserName",
    "SubjectDomainName",
    "TargetUserName",
)


def security_event(*hosts: Machine) -> str:
    """Log Analytics, table SecurityEvent: the fields are columns, with a few made for reading."""
    return _lines(_security_row(h, r) for h, r in _ordered(hosts) if r.channel == "Security")


def _security_row(h: Machine, r: Record) -> dict[str, Any]:
    who = f"{r.data.get('SubjectDomainName', '')}\\{r.data.get('SubjectUserName', '')}"
    made = {"Account": who, "AccountType": "User", "Process": r.data.get("NewProcessName", "").rsplit("\\", 1)[-1]}
    return {
        "TenantId": "0e6f3f3a-4f55-4cf2-9b3c-5a3b8ac0d3b1", "TimeGenerated": _stamp(r.time), "SourceSystem": "OpsManager", "Computer": h.fqdn,
        "EventSourceName": "Microsoft-Windows-Security-Auditing", "Channel": "Security", "Task": 13312, "Level": "8", "EventID": r.code,
        "Activity": f"{r.code} - event", "EventData": "", **{k: v for k, v in made.items() if v}, **_data(r), "Type": "SecurityEvent",
    }  # fmt: skip


def _stamp(time: datetime) -> str:
    return zulu(time, 6)


def event_table(*hosts: Machine) -> str:
    """Log Analytics, table Event: the fields stand as XML in the column EventData."""
    rows = ((h, r) for h, r in _ordered(hosts) if r.channel != "Security")
    return _lines(
        {
            "TenantId": "0e6f3f3a-4f55-4cf2-9b3c-5a3b8ac0d3b1", "SourceSystem": "OpsManager", "TimeGenerated": _stamp(r.time),
            "Source": _provider(r)[0], "EventLog": r.channel, "Computer": h.fqdn, "EventLevel": 4, "EventLevelName": "Information",
            "ParameterXml": "".join(f"<Param>{escape(v)}</Param>" for v in _data(r).values()),
            "EventData": f'<DataItem type="System.XmlData" time="{zulu(r.time)}" sourceHealthServiceId="0e6f"><EventData xmlns='
            f'"http://schemas.microsoft.com/win/2004/08/events/event">{"".join(f"<Data Name={chr(34)}{k}{chr(34)}>{escape(v)}</Data>" for k, v in _data(r).items())}</EventData></DataItem>',
            "EventID": r.code, "RenderedDescription": _message(r)[:400], "MG": "00000000-0000-0000-0000-000000000001", "Type": "Event",
        }
        for h, r in rows
    )  # fmt: skip
