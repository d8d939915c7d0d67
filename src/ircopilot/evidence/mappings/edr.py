"""What endpoint products record of processes: CrowdStrike Falcon, SentinelOne, Carbon Black, osquery.

One table: their columns have names of their own, and of a start they say the new process and its parent. `event_code` says in one
word for all what kind of record it is; the product's own word stays in its field. A record whose kind nobody knows is
none of a start. Sources: CrowdStrike, "Events Data Dictionary"; SentinelOne, Deep Visibility's and Singularity's fields; VMware
Carbon Black Cloud, "Data Forwarder: endpoint.event" and process search fields; osquery, tables `process_events`,
`es_process_events`, `process_etw_events`, results logs.
"""

from __future__ import annotations

from ircopilot.evidence.mappings.base import (
    Mapping,
    Row,
    SourceRow,
    TimeField,
    const,
    field_in,
    field_like,
    flattened,
    has,
    row,
)
from ircopilot.evidence.mappings.signature import Record, Signature, value_at

STARTED, CONNECTED, ASKED = "process-started", "network-connection", "dns-query"
LINUX, WINDOWS = "edr.linux", "edr.windows"

_KINDS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("event_simpleName", STARTED, ("ProcessRollup2", "SyntheticProcessRollup2")),
    ("event_simpleName", CONNECTED, ("NetworkConnectIP4", "NetworkConnectIP6", "NetworkReceiveAcceptIP4", "NetworkReceiveAcceptIP6")),
    ("event_simpleName", ASKED, ("DnsRequest",)),
    *((name, kind, words) for name in ("eventType", "event.type") for kind, words in (
        (STARTED, ("Process Creation", "PROCESSCREATION", "processcreation", "PROCESS_CREATION")),
        (CONNECTED, ("IP Connect", "IPCONNECT", "TCPV4", "ipconnect", "IP_CONNECT", "IP Listen")),
        (ASKED, ("DNS Resolved", "DNS Unresolved", "DNS", "dns")),
    )),
    ("type", STARTED, ("endpoint.event.procstart",)),
    ("type", CONNECTED, ("endpoint.event.netconn", "endpoint.event.netconn_proxy")),
)  # fmt: skip
_CHILD = (field_in("type", "endpoint.event.procstart"), has("childproc_name"))
_TARGET = field_in("event_code", STARTED)  # SentinelOne: the source started the target
_PATHS = ("ImageFileName", "tgtProcImagePath", "tgt.process.image.path", "childproc_name", "srcProcImagePath", "src.process.image.path",
          "process_path", "process_name", "columns.path")  # fmt: skip


def _first() -> tuple[Row, ...]:
    told = tuple(const("event_code", kind, field_in(name, *words)) for name, kind, words in _KINDS)
    osquery = (const("event_code", STARTED, field_like("name", "%process_events%", "%process_etw_events%")),)
    # A list of processes as Carbon Black's search gives it has no type: each is one that was started.
    searched = (const("event_code", STARTED, (has("process_cmdline"), has("device_timestamp"), has("parent_name"))),)
    named = (row("event_code", "event_simpleName", "eventType", "event.type", "type"),)
    return (*told, *osquery, *named, *searched)


_WHO = (
    "UserName", "tgtProcUser", "tgt.process.user", "srcProcUser", "src.process.user", "process_username", "columns.username",
)  # fmt: skip

_ROWS: tuple[Row, ...] = (
    row("event_action", "@event_code"),
    row("host_name", "ComputerName", "endpointName", "agentName", "endpoint.name", "device_name", "hostIdentifier", "aid", via="after_backslash"),
    row("host_ip", "LocalAddressIP4", "aip", "device_internal_ip", via="ip"),
    row("user_name", "childproc_username", via=("dash", "user_of"), when=_CHILD),
    row("user_domain", "childproc_username", via="before_backslash", when=_CHILD),
    row("user_name", *_WHO, via=("dash", "user_of")),
    row("user_domain", *_WHO, via="before_backslash"),
    row("user_id", "UserSid", "UserSid_readable", "columns.uid"),
    # of a start by Carbon Black: the child is what was started
    row("process_executable", "childproc_name", when=_CHILD),
    row("process_command_line", "childproc_cmdline", when=_CHILD),
    row("process_pid", "childproc_pid", via="number", when=_CHILD),
    row("process_entity_id", "childproc_guid", when=_CHILD),
    row("process_parent_executable", "process_path", "process_name", when=_CHILD),
    row("process_parent_command_line", "process_cmdline", when=_CHILD),
    row("process_parent_pid", "process_pid", via="number", when=_CHILD),
    row("process_parent_entity_id", "process_guid", when=_CHILD),
    # of a start by SentinelOne: the target
    row("process_executable", "tgtProcImagePath", "tgt.process.image.path", "tgtProcName", "tgt.process.name", when=_TARGET),
    row("process_command_line", "tgtProcCmdLine", "tgt.process.cmdline", when=_TARGET),
    row("process_pid", "tgtProcPid", "tgt.process.pid", via="number", when=_TARGET),
    row("process_entity_id", "tgtProcUid", "tgt.process.uid", "tgtProcStorylineUid", when=_TARGET),
    row("process_parent_executable", "srcProcImagePath", "src.process.image.path", "srcProcName", "src.process.name",
        when=(_TARGET, has("tgtProcCmdLine"))),
    row("process_parent_executable", "srcProcImagePath", "src.process.image.path", "srcProcName", "src.process.name",
        when=(_TARGET, has("tgtProcImagePath"))),
    row("process_parent_executable", "src.process.image.path", "src.process.name", when=(_TARGET, has("tgt.process.cmdline"))),
    row("process_parent_command_line", "srcProcCmdLine", when=(_TARGET, has("tgtProcImagePath"))),
    row("process_parent_command_line", "src.process.cmdline", when=(_TARGET, has("tgt.process.cmdline"))),
    row("process_parent_pid", "srcProcPid", via="number", when=(_TARGET, has("tgtProcImagePath"))),
    row("process_parent_pid", "src.process.pid", via="number", when=(_TARGET, has("tgt.process.cmdline"))),
    row("process_parent_entity_id", "srcProcUid", when=(_TARGET, has("tgtProcImagePath"))),
    row("process_parent_entity_id", "src.process.uid", when=(_TARGET, has("tgt.process.cmdline"))),
    # who acted, in all other records
    row("process_executable", "ImageFileName", "srcProcImagePath", "src.process.image.path", "srcProcName", "process_path", "process_name",
        "columns.path", "ContextBaseFileName"),
    row("process_command_line", "CommandLine", "srcProcCmdLine", "src.process.cmdline", "process_cmdline", "columns.cmdline"),
    row("process_pid", "RawProcessId", "RawProcessId_decimal", "srcProcPid", "src.process.pid", "process_pid", "columns.pid", via="number"),
    row("process_entity_id", "TargetProcessId", "TargetProcessId_decimal", "ContextProcessId", "ContextProcessId_decimal", "srcProcUid",
        "src.process.uid", "process_guid"),
    row("process_parent_executable", "ParentBaseFileName", "srcProcParentImagePath", "srcProcParentName", "src.process.parent.image.path",
        "src.process.parent.name", "parent_path", "parent_name"),
    row("process_parent_command_line", "ParentCommandLine", "srcProcParentCmdLine", "src.process.parent.cmdline", "parent_cmdline"),
    row("process_parent_pid", "srcProcParentPid", "src.process.parent.pid", "parent_pid", "columns.parent", via="number"),
    row("process_parent_entity_id", "ParentProcessId", "ParentProcessId_decimal", "srcProcParentUid", "src.process.parent.uid", "parent_guid"),
    row("process_name", "@process_executable", via="basename"),
    row("process_working_directory", "columns.cwd"),
    row("process_integrity_level", "srcProcIntegrityLevel", "tgtProcIntegrityLevel"),
    row("hash_sha256", "SHA256HashData", "tgtProcImageSha256", "tgt.process.image.sha256", "srcProcImageSha256", "src.process.image.sha256",
        "process_sha256", "columns.sha256", via="lower"),
    row("hash_md5", "MD5HashData", "tgtProcImageMd5", "tgt.process.image.md5", "srcProcImageMd5", "process_md5", via="lower"),
    row("hash_sha1", "tgtProcImageSha1", "tgt.process.image.sha1", "srcProcImageSha1", via="lower"),
    row("source_ip", "LocalAddressIP4", "srcIp", "src.ip.address", "local_ip", via="ip", when=field_in("event_code", CONNECTED)),
    row("source_port", "LocalPort", "LocalPort_decimal", "srcPort", "src.port.number", "local_port"),
    row("destination_ip", "RemoteAddressIP4", "RemoteAddressIP6", "dstIp", "dst.ip.address", "remote_ip", via="ip"),
    row("destination_port", "RemotePort", "RemotePort_decimal", "dstPort", "dst.port.number", "remote_port"),
    row("network_transport", "Protocol", "netconn_protocol", via="transport"),
    const("network_direction", "inbound", field_in("event_simpleName", "NetworkReceiveAcceptIP4", "NetworkReceiveAcceptIP6")),
    const("network_direction", "outbound", field_in("event_simpleName", "NetworkConnectIP4", "NetworkConnectIP6")),
    row("dns_question_name", "DomainName", "dnsRequest", "event.dns.request"),
)  # fmt: skip


def _sources() -> tuple[SourceRow, ...]:
    said = (("event_platform", "Lin", "Mac"), ("osType", "linux", "macos"), ("endpointOs", "linux", "osx", "macos"),
            ("endpoint.os", "linux", "osx", "macos"), ("device_os", "LINUX", "MAC"))  # fmt: skip
    named = tuple(SourceRow(LINUX, (field_in(name, *words),)) for name, *words in said)
    return (*named, *(SourceRow(LINUX, (field_like(path, "/%"),)) for path in _PATHS), SourceRow(WINDOWS))


MAPPING = Mapping(
    name="edr",
    about="Process, network and DNS records of endpoint products",
    layout=flattened(1),
    sources=_sources(),
    times=(
        TimeField("ContextTimeStamp", "epoch"), TimeField("ContextTimeStamp_decimal", "epoch"), TimeField("columns.time", "epoch"),
        TimeField("unixTime", "epoch"), TimeField("timestamp", "epoch_ms"), TimeField("eventTime"), TimeField("event.time"),
        TimeField("device_timestamp"), TimeField("eventTime", "epoch_ms"), TimeField("event.time", "epoch_ms"), TimeField("@timestamp"),
        TimeField("calendarTime"),
    ),
    first=_first(),
    rows=_ROWS,
    message=("message", "process_cmdline", "CommandLine", "tgtProcCmdLine", "columns.cmdline"),
)  # fmt: skip


def _of_osquery(record: Record) -> bool:
    return "process" in str(value_at(record, "name") or "")


SIGNATURES = (
    Signature("edr", (("event_simpleName",), ("aid", "ComputerName"), ("ImageFileName", "ContextProcessId", "ContextProcessId_decimal", "RawProcessId")), 3.0),
    Signature("edr", (("eventType", "event.type"), ("endpointName", "endpoint.name", "agentName"),
                      ("srcProcName", "srcProcCmdLine", "srcProcImagePath", "src.process.name", "src.process.cmdline")), 3.0),
    Signature("edr", (("process_cmdline", "process_name"), ("device_name",), ("device_timestamp",)), 3.0),
    Signature("edr", (("columns.path",), ("columns.cmdline",), ("hostIdentifier",)), 3.0, _of_osquery),
)  # fmt: skip
