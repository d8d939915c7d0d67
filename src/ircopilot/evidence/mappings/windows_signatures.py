"""How Windows event records are recognised, per shipper; names as in `windows_layouts`.

The more particular layout weighs more: a flat record fits wherever `EventID` stands at the top.
"""

from __future__ import annotations

from ircopilot.evidence.mappings.signature import Signature

SIGNATURES = (
    Signature("windows_evtx_dump", (("Event.System",),), 4.0),
    Signature("windows_tree", (("Event.System.Provider.@Name", "Event.System.TimeCreated.@SystemTime"),), 4.5),
    Signature("windows_tree", (("System.EventID",), ("System.TimeCreated",), ("System.Channel", "System.Provider")), 4.5),
    Signature("windows_evtxecmd", (("Payload",), ("EventId",), ("Channel",), ("TimeCreated",), ("MapDescription", "ChunkNumber")), 4.5),
    Signature(
        "windows_elastic",
        (
            ("winlog.event_id", "winlog.channel", "winlog.provider_name", "event_data", "log_name", "winlog.event_data",
             "_source.winlog", "_source.event_data", "_source.log_name"),
        ),
        4.0,
    ),
    # An agent that wrote its own dots: {"winlog.event_id": 1}; `value_at` finds those as names, too.
    Signature("windows_azure", (("EventID",), ("EventData",), ("TenantId", "TimeGenerated", "TimeGenerated [UTC]")), 3.5),
    Signature("windows_azure", (("EventID",), ("EventData",)), 3.0),
    Signature("windows_azure", (("EventID",), ("TenantId", "SourceSystem", "TimeGenerated", "TimeGenerated [UTC]")), 2.8),
    Signature(
        "windows_flat",
        (
            ("EventID", "EventId", "event_id", "Id"),
            ("Channel", "SourceName", "ProviderName", "EventLog", "LogName", "ProviderGuid"),
        ),
        2.5,
        lambda record: "RuleTitle" not in record,  # Hayabusa's list of matches, which is no event log
    ),
)  # fmt: skip
