"""One invented Windows record in the shape that each shipper gives it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from html import escape
from typing import Any

Record = dict[str, Any]


def record(
    code: int, provider: str, channel: str, data: dict[str, str], time: str = "2031-05-01T10:00:00.250Z"
) -> Record:
    """What happened, before anybody shipped it."""
    return {
        "code": code,
        "provider": provider,
        "channel": channel,
        "data": data,
        "time": time,
        "host": "WS-7.corp.test",
    }


def flat(r: Record) -> Record:
    """NXLog and PowerShell exports."""
    return {"SourceName": r["provider"], "Channel": r["channel"], "Hostname": r["host"], "TimeCreated": r["time"],
            "EventID": r["code"], "Message": "what happened", **r["data"]}  # fmt: skip


def winlogbeat_6(r: Record) -> Record:
    return {"@timestamp": r["time"], "source_name": r["provider"], "log_name": r["channel"], "computer_name": r["host"],
            "event_id": r["code"], "message": "what happened", "event_data": r["data"]}  # fmt: skip


def winlogbeat_8(r: Record) -> Record:
    return {"@timestamp": r["time"], "host": {"name": "ws-7"}, "event": {"code": str(r["code"]), "kind": "event"},
            "winlog": {"provider_name": r["provider"], "channel": r["channel"], "computer_name": r["host"],
                       "event_id": str(r["code"]), "event_data": r["data"]}, "message": "what happened"}  # fmt: skip


def elastic_export(r: Record) -> Record:
    return {"_index": "winlogbeat-8", "_id": "1", "_source": winlogbeat_8(r)}


def azure_json(r: Record) -> Record:
    return {"TenantId": "t", "TimeGenerated": r["time"], "Provider": r["provider"], "Channel": r["channel"],
            "Computer": r["host"], "EventID": r["code"], "EventData": json.dumps(r["data"]), "Message": "what happened"}  # fmt: skip


def azure_object(r: Record) -> Record:
    return azure_json(r) | {"EventData": r["data"]}


def azure_xml(r: Record) -> Record:
    items = "\r\n".join(f'  <Data Name="{k}">{escape(v, quote=False)}</Data>' for k, v in r["data"].items())
    xml = f'<EventData xmlns="http://schemas.microsoft.com/win/2004/08/events/event">\r\n{items}\r\n</EventData>'
    return azure_json(r) | {"EventData": xml, "EventSourceName": r["provider"]}


def azure_broken_xml(r: Record) -> Record:
    """Values not escaped, the end missing."""
    items = "".join(f'<Data Name="{k}">{v}</Data>' for k, v in r["data"].items())
    return azure_json(r) | {"EventData": f"<EventData>{items}".removesuffix("</Data>")}


def evtx_dump(r: Record) -> Record:
    system = {"Provider": {"#attributes": {"Name": r["provider"], "Guid": "5A0-1"}}, "Level": 4, "Channel": r["channel"],
              "EventID": {"#attributes": {"Qualifiers": 0}, "#text": r["code"]}, "EventRecordID": 77, "Computer": r["host"],
              "TimeCreated": {"#attributes": {"SystemTime": r["time"]}}, "Execution": {"#attributes": {"ProcessID": 4}},
              "Security": None}  # fmt: skip
    return {"Event": {"#attributes": {"xmlns": "x"}, "System": system, "EventData": r["data"]}}


def velociraptor(r: Record) -> Record:
    """`Artifact.Windows.EventLogs.*`: times are epoch seconds, numbers stand in members."""
    seconds = datetime.fromisoformat(r["time"]).timestamp()
    system = {"Provider": {"Name": r["provider"], "Guid": "5A0-1"}, "EventID": {"Value": r["code"]}, "Level": 4,
              "TimeCreated": {"SystemTime": seconds}, "EventRecordID": 77, "Execution": {"ProcessID": 4, "ThreadID": 8},
              "Channel": r["channel"], "Computer": r["host"], "Security": {"UserID": "S-1-5-18"}}  # fmt: skip
    return {"System": system, "EventData": r["data"], "Message": "what happened"}


def xml_to_dict(r: Record) -> Record:
    """Event XML as JSON, attributes marked by `@`."""
    system = {"Provider": {"@Name": r["provider"]}, "EventID": {"@Qualifiers": "", "#text": str(r["code"])}, "Level": "4",
              "TimeCreated": {"@SystemTime": r["time"]}, "EventRecordID": "77", "Execution": {"@ProcessID": "4"},
              "Channel": r["channel"], "Computer": r["host"], "Security": None}  # fmt: skip
    items = [{"@Name": k, "#text": v} for k, v in r["data"].items()]
    return {"Event": {"@xmlns": "x", "System": system, "EventData": {"Data": items}}}


def evtxecmd(r: Record) -> Record:
    """A row of EvtxECmd's table, as JSON lines hold it."""
    items = [{"@Name": k, "#text": v} for k, v in r["data"].items()]
    return {"RecordNumber": "1", "EventRecordId": "77", "TimeCreated": r["time"].replace("T", " ").rstrip("Z"), "EventId": str(r["code"]),
            "Provider": r["provider"], "Channel": r["channel"], "ProcessId": "4", "ThreadId": "8", "Computer": r["host"],
            "ChunkNumber": "0", "UserName": "of the map", "MapDescription": "of the map",
            "Payload": json.dumps({"EventData": {"Data": items}})}  # fmt: skip


SHIPPERS: dict[str, Callable[[Record], Record]] = {
    f.__name__: f
    for f in (flat, winlogbeat_6, winlogbeat_8, elastic_export, azure_json, azure_object, azure_xml, azure_broken_xml,
              evtx_dump, velociraptor, xml_to_dict, evtxecmd)
}  # fmt: skip
