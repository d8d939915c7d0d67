"""Zeek's logs, as TSV (header names) or JSON (Zeek's writer, Corelight, Filebeat), all standard ones in one table.

Source: Zeek script reference (`Conn::Info`, `DNS::Info`, `HTTP::Info` …), "Zeek Log Formats and Inspection";
ECS 8 network fields. A row's log is told by `_path`, else by a field that only this log has.
"""

from __future__ import annotations

from ircopilot.evidence.mappings.base import (
    Mapping,
    Row,
    SourceRow,
    TimeField,
    const,
    field_in,
    flattened,
    has,
    row,
    src,
)
from ircopilot.evidence.mappings.signature import Record, Signature

LOGS = (
    "conn", "dns", "http", "ssl", "x509", "files", "pe", "kerberos", "ntlm", "smb_mapping", "smb_files", "dce_rpc", "rdp",
    "ssh", "smtp", "ftp", "dhcp", "notice", "weird", "software", "known_hosts", "known_services", "known_certs",
    "known_devices", "tunnel", "dpd", "analyzer", "packet_filter", "reporter", "stats", "capture_loss", "loaded_scripts",
    "syslog", "snmp", "socks", "irc", "sip", "radius", "mysql", "postgresql", "ldap", "ldap_search", "modbus", "dnp3",
    "ntp", "ocsp", "intel", "traceroute", "signatures", "notice_alarm", "quic", "websocket", "telemetry", "netcontrol",
    "cluster", "broker", "config", "print", "rfb", "mqtt_connect", "mqtt_publish", "mqtt_subscribe", "unknown_protocols",
)  # fmt: skip

# Where a JSON row names no log: a field that no other standard log has (checked against the script reference).
TELLING = (
    ("conn_state", "conn"), ("trans_id", "dns"), ("qtype_name", "dns"), ("trans_depth", "http"), ("ssl_history", "ssl"),
    ("established", "ssl"), ("certificate.serial", "x509"), ("seen_bytes", "files"), ("compile_ts", "pe"),
    ("request_type", "kerberos"), ("ntlm_success", "ntlm"), ("server_nb_computer_name", "ntlm"), ("share_type", "smb_mapping"),
    ("named_pipe", "dce_rpc"), ("security_protocol", "rdp"), ("auth_attempts", "ssh"), ("helo", "smtp"),
    ("data_channel.passive", "ftp"), ("msg_types", "dhcp"), ("note", "notice"), ("software_type", "software"),
    ("tunnel_type", "tunnel"), ("failure_reason", "analyzer"), ("seen.indicator", "intel"), ("smb_action", "smb_files"),
)  # fmt: skip


def _is_zeek(record: Record) -> bool:
    """Zeek's clock is epoch seconds or ISO text under `ts`; `_path` or a uid tells it from other JSON with `ts`."""
    return "ts" in record


def _addresses() -> list[Row]:
    return [
        row("source_ip", "id.orig_h", "id_orig_h", "client_addr", "src", "tx_hosts", via=("list_first", "ip")),
        row("source_ip", "host", via="ip", when=src("zeek.known_hosts", "zeek.known_services", "zeek.known_certs",
                                                   "zeek.software")),
        row("source_port", "id.orig_p", "id_orig_p", "host_p"),
        row("destination_ip", "id.resp_h", "id_resp_h", "dst", "server_addr", "rx_hosts", via=("list_first", "ip")),
        row("destination_port", "id.resp_p", "id_resp_p", "port_num", "p"),
        row("source_bytes", "orig_bytes", "request_body_len"),
        row("source_bytes", "seen_bytes", when=(src("zeek.files"), field_in("is_orig", "T", "true"))),
        row("destination_bytes", "resp_bytes", "response_body_len"),
        row("destination_bytes", "seen_bytes", when=(src("zeek.files"), field_in("is_orig", "F", "false"))),
        row("network_transport", "proto", via="transport"),
        row("network_protocol", "service", when=src("zeek.conn")),
        row("network_protocol", "source", via="lower", when=src("zeek.files")),
        row("network_protocol", "analyzer_name", "analyzer", via="lower", when=src("zeek.analyzer", "zeek.dpd")),
        *(const("network_protocol", log, src(f"zeek.{log}")) for log in ("dns", "http", "ssl", "kerberos", "ntlm", "dce_rpc",
                                                                        "rdp", "ssh", "smtp", "ftp", "dhcp", "ldap", "quic")),
        const("network_protocol", "smb", src("zeek.smb_files", "zeek.smb_mapping")),
        row("network_connection_id", "uid", "conn_uids", "uids", "conn_uid", via="list_first"),
        row("event_duration", "duration", "rtt"),
    ]  # fmt: skip


def _names() -> list[Row]:
    return [
        row("dns_question_name", "query", when=src("zeek.dns")),
        row("dns_answers", "answers", via="list", when=src("zeek.dns")),
        row("destination_domain", "server_name", when=src("zeek.ssl", "zeek.quic")),
        row("destination_domain", "host", when=src("zeek.http")),
        row("host_name", "host_name", "hostname", "client_fqdn", when=src("zeek.dhcp")),
        row("host_ip", "assigned_addr", "assigned_ip", when=src("zeek.dhcp")),
        row("user_name", "client", via="before_slash", when=src("zeek.kerberos")),
        row("user_domain", "client", via="after_slash", when=src("zeek.kerberos")),
        row("user_name", "username", "user", when=src("zeek.ntlm", "zeek.http", "zeek.ftp", "zeek.radius", "zeek.socks",
                                                      "zeek.mysql", "zeek.postgresql")),
        row("user_name", "cookie", when=src("zeek.rdp")),
        row("user_name", "mailfrom", via="angle", when=src("zeek.smtp")),
        row("user_target_name", "rcptto", via=("list", "angle"), when=src("zeek.smtp")),
        row("user_domain", "domainname", when=src("zeek.ntlm")),
        row("service_name", "service", when=src("zeek.kerberos", "zeek.smb_mapping")),
        row("service_name", "endpoint", when=src("zeek.dce_rpc")),
        row("pipe_name", "named_pipe", when=src("zeek.dce_rpc")),
    ]  # fmt: skip


def _web() -> list[Row]:
    http = src("zeek.http")
    return [
        row("url_full", "uri", via="zeek_url", when=http),
        row("http_request_method", "method", when=http),
        row("http_response_status_code", "status_code", when=http),
        row("user_agent_original", "user_agent", when=src("zeek.http", "zeek.smtp")),
        row("user_agent_original", "client", when=src("zeek.ssh")),
        row("file_mime_type", "mime_type", "resp_mime_types", "orig_mime_types", via="list_first"),
        row("tls_subject", "certificate.subject", "subject", when=src("zeek.x509", "zeek.ssl", "zeek.known_certs")),
        row("tls_issuer", "certificate.issuer", "issuer", "issuer_subject",
            when=src("zeek.x509", "zeek.ssl", "zeek.known_certs")),
    ]  # fmt: skip


def _files() -> list[Row]:
    return [
        row("file_path", "path", via="zeek_smb_path", when=src("zeek.smb_files")),
        row("file_path", "path", when=src("zeek.smb_mapping")),
        row("file_name", "name", via="basename", when=src("zeek.smb_files")),
        row("file_name", "filename", via="basename", when=src("zeek.files")),
        row("file_name", "resp_filenames", "orig_filenames", via="list_first", when=src("zeek.http")),
        row("hash_md5", "md5", via="lower", when=src("zeek.files")),
        row("hash_sha1", "sha1", via="lower", when=src("zeek.files")),
        row("hash_sha256", "sha256", via="lower", when=src("zeek.files")),
    ]


def _acts() -> list[Row]:
    return [
        row("event_code", "note", when=src("zeek.notice")),
        row("event_code", "name", when=src("zeek.weird")),
        row("event_action", "action", when=src("zeek.smb_files")),
        row("event_action", "operation", when=src("zeek.dce_rpc")),
        row("event_action", "request_type", when=src("zeek.kerberos")),
        row("event_action", "command", when=src("zeek.ftp")),
        row("event_action", "conn_state", when=src("zeek.conn")),
        row("event_outcome", "success", "auth_success", via="outcome"),
        row("event_severity", "severity", when=src("zeek.notice")),
        row("error_code", "error_msg", when=src("zeek.kerberos")),
        row("error_code", "rcode_name", via="no_error", when=src("zeek.dns")),
        row("rule_name", "note", when=src("zeek.notice")),
    ]  # fmt: skip


MAPPING = Mapping(
    name="zeek",
    about="Zeek logs, TSV or JSON",
    layout=flattened(1),
    sources=(
        *(SourceRow(f"zeek.{log}", (field_in("_path", log),)) for log in LOGS),
        SourceRow("zeek.other", (has("_path"),)),
        *(SourceRow(f"zeek.{log}", (has(name),)) for name, log in TELLING),
    ),
    times=(TimeField("ts", "epoch"), TimeField("ts", "iso"), TimeField("@timestamp", "iso")),
    rows=(*_addresses(), *_names(), *_web(), *_files(), *_acts()),
    message=("msg", "failure_reason", "message"),
)

SIGNATURES = (
    Signature(
        "zeek", (("ts",), ("_path", "uid", "fuid", "id.orig_h", "id_orig_h", "certificate.serial")), 3.0, _is_zeek
    ),
    Signature(
        "zeek",
        (("ts",), ("conn_state", "seen_bytes", "compile_ts", "note", "peer"), ("uid", "fuid", "src", "id", "peer")),
        2.5,
    ),
)
