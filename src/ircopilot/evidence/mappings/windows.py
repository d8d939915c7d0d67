"""Windows event logs, whatever shipped them: Sysmon, Security, PowerShell, System and the rest, mapped to ECS.

Sources: see `windows_rows.py` for the fields and `windows_layouts.py` for the shippers.
"""

from __future__ import annotations

from dataclasses import replace

from ircopilot.evidence.mappings.base import (
    FLAT,
    KindRow,
    Layout,
    Mapping,
    Row,
    SourceRow,
    TimeField,
    TimeFormat,
    code,
    field_in,
    field_like,
    has,
    src,
)
from ircopilot.evidence.mappings.windows_layouts import AZURE, ELASTIC, EVTX_DUMP, EVTXECMD, TREE
from ircopilot.evidence.mappings.windows_rows import FIRST, ROWS

_PROVIDER_SOURCES = {
    "windows.sysmon": ("Microsoft-Windows-Sysmon",),
    "windows.security": ("Microsoft-Windows-Security-Auditing",),
    "windows.powershell": ("Microsoft-Windows-PowerShell", "PowerShell", "PowerShellCore"),
    "windows.defender": ("Microsoft-Windows-Windows Defender", "Microsoft Antimalware"),
    "windows.taskscheduler": ("Microsoft-Windows-TaskScheduler",),
    "windows.wmi": ("Microsoft-Windows-WMI-Activity",),
    "windows.bits": ("Microsoft-Windows-Bits-Client",),
    "windows.winrm": ("Microsoft-Windows-WinRM",),
    "windows.dns-client": ("Microsoft-Windows-DNS-Client",),
    "windows.firewall": ("Microsoft-Windows-Windows Firewall With Advanced Security",),
}
_CHANNEL_SOURCES = {
    "windows.security": ("Security",),
    "windows.system": ("System",),
    "windows.application": ("Application",),
    "windows.powershell": ("Windows PowerShell", "Microsoft-Windows-PowerShell/Operational"),
    "windows.sysmon": ("Microsoft-Windows-Sysmon/Operational",),
}

SOURCES: tuple[SourceRow, ...] = (
    *(SourceRow(s, (field_in("event_provider", *names),)) for s, names in _PROVIDER_SOURCES.items()),
    *(SourceRow(s, (field_in("winlog_channel", *names),)) for s, names in _CHANNEL_SOURCES.items()),
    SourceRow("windows.terminalservices", (field_like("event_provider", "Microsoft-Windows-TerminalServices%"),)),
    SourceRow("windows.sysmon", (field_like("event_provider", "%Sysmon%"),)),
    SourceRow("windows.other"),
)

# NXLog's EventTime is local and has no zone; @timestamp beside it is when the pipeline received the event, in UTC.
_TIMES = (
    TimeField("EventTime"),
    TimeField("TimeCreated"),
    TimeField("TimeGenerated"),
    TimeField("TimeGenerated [UTC]"),
    TimeField("@timestamp"),
    TimeField("winlog.time_created"),
    TimeField("timestamp"),
    TimeField("TimeCreated", "dotnet"),
    TimeField("UtcTime"),
)
_REFERENCES = (TimeField("UtcTime"), TimeField("@timestamp", when=(has("EventTime"),)))


def _undotted(rows: tuple[Row, ...]) -> tuple[Row, ...]:
    """Rows without the dotted names, which only Elastic's documents have: shorter SQL is analysed faster."""
    slim = (replace(r, fields=tuple(f for f in r.fields if "." not in f)) for r in rows)
    return tuple(r for r in slim if r.fields or r.value is not None)


def _windows(name: str, about: str, layout: Layout) -> Mapping:
    slim = layout is not ELASTIC
    return Mapping(
        name=name,
        about=about,
        layout=layout,
        sources=SOURCES,
        times=tuple(t for t in _TIMES if not slim or "." not in t.field),
        rows=_undotted(ROWS) if slim else ROWS,
        first=_undotted(FIRST) if slim else FIRST,
        message=("Message", "message", "RenderedDescription", "winlog.message"),
        kinds=(KindRow("alert", (src("windows.defender"), code("1116", "1117", "1006", "1007", "1015"))),),
        references=_REFERENCES,
    )


# What System says of an event is read there alone: whoever writes an event chooses the names of its data.
_SYSTEM = {
    "event_code": "EventID",
    "event_provider": "Provider_Name",
    "winlog_channel": "Channel",
    "host_name": "Computer",
}


def _event_log(name: str, about: str, layout: Layout) -> Mapping:
    """A log as Windows wrote it, no shipper in between; shorter SQL, too."""

    def of_system(rows: tuple[Row, ...]) -> tuple[Row, ...]:
        return tuple(replace(r, fields=(_SYSTEM[r.column],)) if r.column in _SYSTEM else r for r in rows)

    whole = _windows(name, about, layout)
    times = (TimeField("TimeCreated"), TimeField("UtcTime"))
    return replace(
        whole, times=times, rows=of_system(whole.rows), first=of_system(whole.first), references=_REFERENCES[:1]
    )


WINDOWS_FLAT = _windows("windows_flat", "Flat JSON: NXLog, PowerShell and log-collector exports", FLAT)
WINDOWS_ELASTIC = _windows("windows_elastic", "Winlogbeat 6 to 8, Elastic Agent, Elasticsearch exports", ELASTIC)
WINDOWS_AZURE = _windows("windows_azure", "Azure Monitor and Log Analytics exports", AZURE)
WINDOWS_EVTX = _event_log("windows_evtx", "EVTX, flattened by its decoder", FLAT)
WINDOWS_EVTX_DUMP = _event_log("windows_evtx_dump", "evtx_dump's JSON", EVTX_DUMP)
WINDOWS_TREE = _event_log("windows_tree", "Velociraptor's rows and JSON made of event XML", TREE)
WINDOWS_EVTXECMD = _event_log("windows_evtxecmd", "EvtxECmd's CSV", EVTXECMD)


def _rendered(name: str, written: TimeFormat) -> Mapping:
    """Events with their text, whose times are local and written as the exporting machine's culture has it."""
    about = f"Get-WinEvent's and Event Viewer's tables, {'day' if written == 'day_first' else 'month'} first"
    times = (TimeField("TimeCreated", written), TimeField("TimeCreated", "dotnet"), TimeField("UtcTime"))
    return replace(_event_log(name, about, FLAT), times=times)


WINDOWS_RENDERED = _rendered("windows_rendered", "month_first")
WINDOWS_RENDERED_DAY_FIRST = _rendered("windows_rendered_day_first", "day_first")
WINDOWS_MAPPINGS = (
    WINDOWS_RENDERED,
    WINDOWS_RENDERED_DAY_FIRST,
    WINDOWS_FLAT,
    WINDOWS_ELASTIC,
    WINDOWS_AZURE,
    WINDOWS_EVTX,
    WINDOWS_EVTX_DUMP,
    WINDOWS_TREE,
    WINDOWS_EVTXECMD,
)
