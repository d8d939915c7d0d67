"""Tables of Windows events whose data lie in the text that Windows made of them: `Get-WinEvent | Export-Csv` and
`ConvertTo-Json`, `Get-EventLog`, Event Viewer's "Save as CSV" and "Save as text".

Each row becomes the flat object that the event log itself would give, its columns under the event's names, the data read
out of the English text (`rendered_message`), the text beside them. Locators are the framing's. Event Viewer's columns
name no host. Sources: Microsoft, `EventLogRecord` and `EventLogEntry` of .NET; Event Viewer's own columns.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ircopilot.evidence.decoders.log_table import LogTable, Row
from ircopilot.evidence.decoders.rendered_message import read_message

# Per tool: its columns, the first of which tell it, and what the event log calls them. The text is found last.
_POWERSHELL = {
    "Id": "EventID", "ProviderName": "Provider_Name", "Message": "Message", "LogName": "Channel", "MachineName": "Computer",
    "TimeCreated": "TimeCreated", "RecordId": "EventRecordID", "ProcessId": "Execution_ProcessID", "ThreadId": "Execution_ThreadID",
    "UserId": "Security_UserID", "ProviderId": "Provider_Guid",
}  # fmt: skip
_EVENT_LOG = {
    "EventID": "EventID", "Source": "Provider_Name", "Message": "Message", "EntryType": "LevelDisplayName", "MachineName": "Computer",
    "TimeGenerated": "TimeCreated", "Index": "EventRecordID",
}  # fmt: skip
_VIEWER = {"Event ID": "EventID", "Source": "Provider_Name", "Date and Time": "TimeCreated", "extra_1": "Message"}
_TOOLS = ((_POWERSHELL, 3), (_EVENT_LOG, 4), (_VIEWER, 3))
# How Event Viewer names providers.
_SHOWN_AS = {
    "sysmon": "Microsoft-Windows-Sysmon",
    "microsoft windows security auditing.": "Microsoft-Windows-Security-Auditing",
    "security-auditing": "Microsoft-Windows-Security-Auditing",
    "eventlog": "Microsoft-Windows-Eventlog",
}
_CHANNELS = {
    "service control manager": "System",
    "microsoft-windows-security-auditing": "Security",
    "powershell": "Windows PowerShell",
}
_CLEARED = {"1102": "Security", "104": "System"}
TIME = "TimeCreated"


def holds_rendered_events(rows: Iterable[Row]) -> bool:
    """Whether most of these rows are events as one of the tools writes them."""
    rows = list(rows)
    return bool(rows) and sum(1 for row in rows if _names_of(row)) * 2 > len(rows)


def _names_of(row: Row) -> dict[str, str]:
    for names, telling in _TOOLS:
        if all(name in row for name in list(names)[:telling]) and isinstance(row.get("Id", 0), (int, str)):
            return names
    return {}


def read_row(row: Row) -> dict[str, Any] | None:
    """The row as the event log would have it; None where it names no event."""
    names = _names_of(row)
    if not names:
        return None
    flat = {names[k]: v for k, v in row.items() if k in names and v not in (None, "")}
    code, message = str(flat.get("EventID", "")).strip(), str(flat.get("Message", ""))
    if not code.isdecimal():
        return None
    provider = _provider(str(flat.get("Provider_Name", "")))
    flat |= {"EventID": code, "Provider_Name": provider}
    # .NET parts the time from AM and PM by a narrow blank.
    flat[TIME] = " ".join(str(flat.get(TIME, "")).split())
    channel = _CLEARED.get(code) if "eventlog" in provider.lower() else _CHANNELS.get(provider.lower())
    if channel:
        flat.setdefault("Channel", channel)
    others = {k: v for k, v in row.items() if k not in names and k not in flat}
    return {**flat, **{k: v for k, v in read_message(provider, code, message).items() if k not in flat}, **others}


def _provider(shown: str) -> str:
    """`PowerShell (Microsoft-Windows-PowerShell)` is the name in brackets."""
    head, opened, rest = shown.strip().partition(" (Microsoft-Windows-")
    name = f"Microsoft-Windows-{rest.removesuffix(')')}" if opened else head
    return _SHOWN_AS.get(name.lower(), name)


class RenderedEvents(LogTable):
    """Rows of a table, each a Windows event with its text."""

    name = "rendered_events"
    holds_none = "the row names no Windows event"

    def open(self, row: Row) -> dict[str, Any] | None:
        """The event as the event log would have it."""
        return read_row(row)
