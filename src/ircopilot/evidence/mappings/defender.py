"""Microsoft Defender's advanced hunting tables (`DeviceProcessEvents` and its kin), as exported to CSV or JSON.

The columns without a prefix are what was acted upon, those with `InitiatingProcess` the program that acted: of a start the
one is the new process and the other its parent. Source: Microsoft Defender XDR, advanced hunting schema reference.
"""

from __future__ import annotations

from ircopilot.evidence.mappings.base import FLAT, Mapping, SourceRow, TimeField, const, field_in, has, row
from ircopilot.evidence.mappings.signature import Signature

_STARTED = field_in("ActionType", "ProcessCreated", "ProcessCreatedUsingWmiQuery", "OpenProcess")
_LOGON = field_in("ActionType", "LogonSuccess", "LogonFailed", "LogonAttempted")
_INBOUND = field_in("ActionType", "InboundConnectionAccepted", "ListeningConnectionCreated")
_BY = "InitiatingProcess"

MAPPING = Mapping(
    name="defender_hunting",
    about="Advanced hunting tables of Microsoft Defender",
    layout=FLAT,
    sources=(SourceRow("defender.hunting"),),
    times=(TimeField("Timestamp"), TimeField("TimeGenerated"), TimeField("TimeGenerated [UTC]")),
    message=("AdditionalFields",),
    rows=(
        row("event_code", "ActionType"),
        const("event_action", "process-started", when=_STARTED),
        const("event_action", "logged-in", when=field_in("ActionType", "LogonSuccess")),
        const("event_action", "logon-failed", when=field_in("ActionType", "LogonFailed")),
        row("event_action", "ActionType"),
        row("host_name", "DeviceName"),
        row("user_name", "AccountName", when=_STARTED),
        row("user_domain", "AccountDomain", when=_STARTED),
        row("user_name", "AccountName", when=_LOGON),
        row("user_domain", "AccountDomain", when=_LOGON),
        row("user_name", _BY + "AccountName", "AccountName"),
        row("user_domain", _BY + "AccountDomain", "AccountDomain"),
        row("process_executable", "FolderPath", when=_STARTED),
        row("process_pid", "ProcessId", via="number", when=_STARTED),
        row("process_command_line", "ProcessCommandLine", when=_STARTED),
        row("process_parent_executable", _BY + "FolderPath", _BY + "FileName", when=_STARTED),
        row("process_parent_command_line", _BY + "CommandLine", when=_STARTED),
        row("process_parent_pid", _BY + "Id", via="number", when=_STARTED),
        row("process_executable", _BY + "FolderPath"),
        row("process_pid", _BY + "Id", via="number"),
        row("process_command_line", _BY + "CommandLine"),
        row("process_parent_executable", _BY + "ParentFileName"),
        row("process_name", "@process_executable", via="basename"),
        row("process_integrity_level", "ProcessIntegrityLevel", _BY + "IntegrityLevel"),
        row("original_file_name", "ProcessVersionInfoOriginalFileName"),
        row("file_path", "FolderPath"),
        row("hash_sha256", "SHA256", via="lower"),
        row("hash_sha1", "SHA1", via="lower"),
        row("hash_md5", "MD5", via="lower"),
        row("registry_path", "RegistryKey"),
        row("registry_data", "RegistryValueData"),
        row("source_ip", "RemoteIP", via=("dash", "ip"), when=_LOGON),
        row("source_ip", "RemoteIP", via=("dash", "ip"), when=_INBOUND),
        row("destination_ip", "LocalIP", via=("dash", "ip"), when=_INBOUND),
        row("source_ip", "LocalIP", via=("dash", "ip")),
        row("source_port", "LocalPort"),
        row("destination_ip", "RemoteIP", via=("dash", "ip")),
        row("destination_port", "RemotePort"),
        const("network_direction", "inbound", when=_INBOUND),
        const("network_direction", "outbound", when=has("RemotePort")),
        row("network_transport", "Protocol", via="transport"),
        row("url_full", "RemoteUrl", "FileOriginUrl"),
        row("logon_type", "LogonType"),
    ),
)  # fmt: skip

SIGNATURES = (
    Signature("defender_hunting", (("ActionType",), ("DeviceName",), (_BY + "FileName", _BY + "Id", "LogonType")), 3.0),
)
