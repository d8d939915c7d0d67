"""The event: one row of the `events` table, the only thing analysis reads. Field names are ECS with dots as underscores.

Source: Elastic Common Schema 8.x; columns outside ECS are named after the record field that they come from.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

ColumnType = Literal["lc", "str", "u16", "u32", "u64", "f64"]


@dataclass(frozen=True, slots=True)
class Column:
    """A hot field. `type`: lc = LowCardinality(String), str = String, u16/u32/u64 = unsigned (0 means absent)."""

    name: str
    type: ColumnType
    ecs: str
    about: str = ""


# Columns that every mapping fills by machinery, not by declaration.
KEY_COLUMNS = (
    "org_id",
    "load_id",
    "event_id",
    "artifact_sha256",
    "locator",
    "seq",
    "time_recorded",
    "time",
    "time_field",
    "kind",
    "source",
    "message",
    "fields",
)

HOT_COLUMNS: tuple[Column, ...] = (
    Column("event_code", "lc", "event.code", "Windows EventID, auditd type …"),
    Column("event_action", "lc", "event.action"),
    Column("event_outcome", "lc", "event.outcome", "success | failure"),
    Column("event_provider", "lc", "event.provider"),
    Column("event_severity", "lc", "log.level", "severity of an alert as its product says it"),
    Column("winlog_channel", "lc", "winlog.channel"),
    Column("host_name", "lc", "host.name"),
    Column("host_ip", "lc", "host.ip"),
    Column("user_name", "lc", "user.name", "without domain"),
    Column("user_domain", "lc", "user.domain"),
    Column("user_id", "lc", "user.id", "SID, uid, ARN or principal id"),
    Column("user_target_name", "lc", "user.target.name", "the account acted upon or logged on"),
    Column("user_target_domain", "lc", "user.target.domain"),
    Column("logon_id", "lc", "winlog.logon.id"),
    Column("logon_type", "lc", "winlog.logon.type"),
    Column("process_executable", "lc", "process.executable"),
    Column("process_name", "lc", "process.name", "last path part of the executable"),
    Column("process_pid", "u64", "process.pid", "decimal, also where the record is hexadecimal"),
    Column("process_entity_id", "lc", "process.entity_id", "Sysmon ProcessGuid, lower case, no braces"),
    Column("process_command_line", "lc", "process.command_line"),
    Column("process_working_directory", "lc", "process.working_directory"),
    Column("process_integrity_level", "lc", "winlog.event_data.IntegrityLevel"),
    Column("process_parent_executable", "lc", "process.parent.executable"),
    Column("process_parent_pid", "u64", "process.parent.pid"),
    Column("process_parent_entity_id", "lc", "process.parent.entity_id"),
    Column("process_parent_command_line", "lc", "process.parent.command_line"),
    Column("process_target_executable", "lc", "winlog.event_data.TargetImage", "Sysmon 8 and 10"),
    Column("process_target_pid", "u64", "winlog.event_data.TargetProcessId"),
    Column("process_target_entity_id", "lc", "winlog.event_data.TargetProcessGuid"),
    Column("granted_access", "lc", "winlog.event_data.GrantedAccess"),
    Column("call_trace", "lc", "winlog.event_data.CallTrace"),
    Column("original_file_name", "lc", "process.pe.original_file_name"),
    Column("pe_description", "lc", "process.pe.description"),
    Column("pe_product", "lc", "process.pe.product"),
    Column("pe_company", "lc", "process.pe.company"),
    Column("code_signature_status", "lc", "process.code_signature.status", "SignatureStatus"),
    Column("code_signature_signed", "lc", "process.code_signature.exists", "true | false"),
    Column("code_signature_subject", "lc", "process.code_signature.subject_name"),
    Column("image_loaded", "lc", "dll.path", "Sysmon 6 and 7"),
    Column("hashes", "lc", "file.hash", "the record's hash list as it stands (SHA1=…,MD5=…)"),
    Column("hash_md5", "lc", "file.hash.md5", "lower-case hex"),
    Column("hash_sha1", "lc", "file.hash.sha1"),
    Column("hash_sha256", "lc", "file.hash.sha256"),
    Column("file_path", "lc", "file.path"),
    Column("file_name", "lc", "file.name"),
    Column("file_stream_contents", "lc", "winlog.event_data.Contents", "Sysmon 15"),
    Column("registry_path", "lc", "registry.path"),
    Column("registry_data", "lc", "registry.data.strings"),
    Column("pipe_name", "lc", "winlog.event_data.PipeName"),
    Column("service_name", "lc", "service.name"),
    Column("service_executable", "lc", "winlog.event_data.ImagePath", "what the service or task runs"),
    Column("script_block_text", "str", "powershell.file.script_block_text"),
    Column("source_ip", "lc", "source.ip"),
    Column("source_port", "u16", "source.port"),
    Column("source_bytes", "u64", "source.bytes"),
    Column("destination_ip", "lc", "destination.ip"),
    Column("destination_port", "u16", "destination.port"),
    Column("destination_bytes", "u64", "destination.bytes"),
    Column("destination_domain", "lc", "destination.domain"),
    Column("network_transport", "lc", "network.transport", "tcp | udp | icmp"),
    Column("network_protocol", "lc", "network.protocol", "http, dns, ssl …"),
    Column("network_direction", "lc", "network.direction", "inbound | outbound"),
    Column("network_connection_id", "lc", "zeek.uid"),
    Column("event_duration", "f64", "event.duration", "seconds"),
    Column("dns_question_name", "lc", "dns.question.name"),
    Column("dns_answers", "lc", "dns.answers.data"),
    Column("url_full", "lc", "url.full"),
    Column("http_request_method", "lc", "http.request.method"),
    Column("http_response_status_code", "u16", "http.response.status_code"),
    Column("user_agent_original", "lc", "user_agent.original"),
    Column("file_mime_type", "lc", "file.mime_type"),
    Column("tls_subject", "lc", "tls.server.x509.subject.distinguished_name"),
    Column("tls_issuer", "lc", "tls.server.x509.issuer.distinguished_name"),
    Column("cloud_account_id", "lc", "cloud.account.id"),
    Column("cloud_region", "lc", "cloud.region"),
    Column("cloud_service_name", "lc", "cloud.service.name", "eventSource"),
    Column("cloud_identity_type", "lc", "aws.cloudtrail.user_identity.type"),
    Column("cloud_identity_arn", "lc", "aws.cloudtrail.user_identity.arn"),
    Column("cloud_access_key_id", "lc", "aws.cloudtrail.user_identity.access_key_id"),
    Column("cloud_resource", "lc", "cloud.resource", "bucket, bucket/object, instance, role … named in the request"),
    Column("error_code", "lc", "error.code"),
    Column("rule_name", "lc", "rule.name", "of an alert"),
)

HOT_BY_NAME = {c.name: c for c in HOT_COLUMNS}
KINDS = ("alert", "log", "comm", "action")


@dataclass(frozen=True, slots=True)
class Event:
    """A row read back: keys, hot columns that are not empty (in `ecs`, by column name) and the original fields."""

    event_id: str
    artifact_sha256: str
    locator: str
    seq: int
    time: datetime
    time_recorded: datetime
    time_field: str
    kind: str
    source: str
    message: str
    ecs: dict[str, str | int | float] = field(default_factory=dict)
    fields: dict[str, str] = field(default_factory=dict)
