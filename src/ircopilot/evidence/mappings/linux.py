"""Linux: system logs, the audit log, Sysmon for Linux, web access logs, and text lines of other programs.

The decoder `lines` takes a line apart; here and in `linux_auth` stands what the parts mean. Sources: audit.rules(7) and
the audit project's field dictionary; Sysmon for Linux' event manifest; Apache `mod_log_config`.
"""

from __future__ import annotations

from collections.abc import Sequence

from ircopilot.evidence.mappings.base import (
    FLAT,
    PLAIN_MAP,
    Layout,
    Mapping,
    Row,
    SourceRow,
    TimeField,
    const,
    field_in,
    has,
    lookup,
    row,
    src,
)
from ircopilot.evidence.mappings.linux_auth import AUTH_ROWS
from ircopilot.evidence.mappings.signature import Record, Signature
from ircopilot.evidence.mappings.windows_rows import ACTIONS

AUDIT, SYSMON, WEB = src("linux.auditd"), src("linux.sysmon"), src("web.access")
SYSMON_ACTIONS = {k.partition(":")[2]: v for k, v in ACTIONS.items() if k.startswith("windows.sysmon:")}


def _audit() -> list[Row]:
    return [
        row("event_code", "type", when=AUDIT),
        const("event_action", "execve", when=(AUDIT, field_in("syscall", "59"), field_in("arch", "c000003e"))),
        const("event_action", "execve", when=(AUDIT, field_in("syscall", "221"), field_in("arch", "c00000b7"))),
        const("event_action", "execve", when=(AUDIT, field_in("syscall", "execve", "execveat"))),
        const("event_action", "execve", when=(AUDIT, field_in("SYSCALL", "execve", "execveat"))),
        row("event_action", "SYSCALL", when=AUDIT),
        row("event_action", "type", when=AUDIT),
        const("event_provider", "auditd", AUDIT),
        row("event_outcome", "success", "res", via="outcome", when=AUDIT),
        row("host_name", "node", "hostname", when=AUDIT),
        row("user_id", "uid", "auid", via="audit_id", when=AUDIT),
        # Who it ran as; the login behind it stands in `auid`.
        row("user_name", "UID", "effective_user", "user", "acct_text", "acct", "AUID", via="audit_id", when=AUDIT),
        row("user_target_name", "acct_text", "acct", when=(AUDIT, has("UID"))),
        row("logon_id", "ses", via="audit_id", when=AUDIT),
        row("process_pid", "pid", when=AUDIT),
        row("process_parent_pid", "ppid", when=AUDIT),
        row("process_executable", "exe_text", "exe", when=AUDIT),
        row("process_name", "comm_text", "comm", when=AUDIT),
        row("process_command_line", "argv", "cmdline_text", "cmdline", "proctitle_text", "cmd_text", "cmd", when=AUDIT),
        row("process_command_line", "proctitle", when=(AUDIT, field_in("type", "PROCTITLE"))),
        row("process_working_directory", "cwd_text", "cwd", when=AUDIT),
        row("file_path", "name_text", "name", when=(AUDIT, field_in("type", "PATH"))),
        row("source_ip", "addr", via="only_ip", when=AUDIT),
        row("destination_ip", "saddr_ip", "laddr", via="only_ip", when=(AUDIT, field_in("type", "SOCKADDR"))),
        row("destination_port", "saddr_port", "lport", when=(AUDIT, field_in("type", "SOCKADDR"))),
        row("service_name", "unit", when=AUDIT),
        row("rule_name", "key_text", "key", when=AUDIT),
    ]


def _web() -> list[Row]:
    return [
        row("source_ip", "client", via="only_ip", when=WEB),
        row("user_name", "user", when=WEB),
        row("http_request_method", "method", when=WEB),
        row("url_full", "request", when=WEB),
        row("http_response_status_code", "status", when=WEB),
        row("destination_bytes", "bytes", when=WEB),
        row("user_agent_original", "agent", when=WEB),
        const("network_protocol", "http", WEB),
    ]


def _sysmon() -> list[Row]:
    """Sysmon for Linux has the names of Sysmon for Windows; paths have slashes."""
    return [
        row("event_code", "EventID", when=SYSMON),
        lookup("event_action", ("EventID",), SYSMON_ACTIONS, when=SYSMON),
        row("event_provider", "Provider", when=SYSMON),
        row("winlog_channel", "Channel", when=SYSMON),
        row("host_name", "Computer", when=SYSMON),
        row("user_name", "User", when=SYSMON),
        row("process_executable", "Image", "SourceImage", when=SYSMON),
        row("process_name", "Image", "SourceImage", via="basename", when=SYSMON),
        row("process_pid", "ProcessId", "SourceProcessId", when=SYSMON),
        row("process_entity_id", "ProcessGuid", "SourceProcessGuid", via="guid", when=SYSMON),
        row("process_command_line", "CommandLine", when=SYSMON),
        row("process_working_directory", "CurrentDirectory", when=SYSMON),
        row("process_integrity_level", "IntegrityLevel", when=SYSMON),
        row("process_parent_executable", "ParentImage", when=SYSMON),
        row("process_parent_pid", "ParentProcessId", when=SYSMON),
        row("process_parent_entity_id", "ParentProcessGuid", via="guid", when=SYSMON),
        row("process_parent_command_line", "ParentCommandLine", when=SYSMON),
        row("process_target_executable", "TargetImage", when=SYSMON),
        row("logon_id", "LogonId", when=SYSMON),
        row("file_path", "TargetFilename", when=SYSMON),
        row("file_name", "TargetFilename", via="basename", when=SYSMON),
        row("hashes", "Hashes", when=SYSMON),
        row("hash_md5", "Hashes", via="md5", when=SYSMON),
        row("hash_sha1", "Hashes", via="sha1", when=SYSMON),
        row("hash_sha256", "Hashes", via="sha256", when=SYSMON),
        row("source_ip", "SourceIp", when=SYSMON),
        row("source_port", "SourcePort", when=SYSMON),
        row("destination_ip", "DestinationIp", when=SYSMON),
        row("destination_port", "DestinationPort", when=SYSMON),
        row("destination_domain", "DestinationHostname", when=SYSMON),
        row("network_transport", "Protocol", via="transport", when=SYSMON),
        row("network_direction", "Initiated", via="direction", when=SYSMON),
    ]


def _common() -> list[Row]:
    return [
        row("host_name", "hostname"),
        row("event_provider", "program"),
        row("process_name", "program"),
        row("process_pid", "pid"),
    ]


PROGRAMS = (
    ("linux.sshd", ("sshd", "sshd-session", "sshd-auth")), ("linux.sudo", ("sudo",)), ("linux.su", ("su", "su-l")),
    ("linux.cron", ("CRON", "cron", "crond", "CROND", "crontab", "anacron", "atd")),
    ("linux.accounts", ("useradd", "adduser", "usermod", "userdel", "groupadd", "groupmod", "gpasswd", "passwd", "chpasswd",
                        "chage", "chfn")),
    ("linux.systemd", ("systemd", "systemd-logind")), ("linux.kernel", ("kernel",)),
)  # fmt: skip

SOURCES = (
    SourceRow("linux.sysmon", (field_in("Provider", "Linux-Sysmon"),)),
    SourceRow("linux.auditd", (has("serial"), has("type"))),
    SourceRow("web.access", (has("request"), has("client"))),
    *(SourceRow(source, (field_in("program", *names),)) for source, names in PROGRAMS),
    SourceRow("linux.syslog", (has("hostname"),)),
    SourceRow("text.line"),
)
ROWS = (*_sysmon(), *_audit(), *_web(), *AUTH_ROWS, *_common())
DATED = (TimeField("epoch", "epoch"), TimeField("UtcTime"), TimeField("SystemTime"), TimeField("timestamp"))


def _lines(name: str, about: str, times: tuple[TimeField, ...], layout: Layout = FLAT) -> Mapping:
    return Mapping(name, about, layout, SOURCES, times, ROWS, message=("message", "CommandLine"))


LINES = _lines("text_lines", "Text logs whose lines name their year", DATED)
# A mapping of its own, because its clock has to say which year and zone were assumed.
LINES_BSD = _lines(
    "text_lines_bsd", "System logs in the RFC 3164 form", (*DATED, TimeField("bsd_timestamp", "rfc3164"))
)
_JOURNAL_NAMES = {"MESSAGE": "message", "SYSLOG_IDENTIFIER": "program", "_PID": "pid", "_HOSTNAME": "hostname"}
_OLD, _NEW = str(list(_JOURNAL_NAMES)), str(list(_JOURNAL_NAMES.values()))
JOURNAL = _lines(
    "linux_journal",
    "journalctl -o json: the systemd journal's export as JSON lines",
    (TimeField("_SOURCE_REALTIME_TIMESTAMP", "epoch_us"), TimeField("__REALTIME_TIMESTAMP", "epoch_us")),
    Layout("journal", f"mapApply((k, v) -> (transform(k, {_OLD}, {_NEW}, k), v), {PLAIN_MAP})"),
)
LINUX_MAPPINGS = (LINES, LINES_BSD, JOURNAL)
SIGNATURES = (Signature("linux_journal", (("__REALTIME_TIMESTAMP",), ("MESSAGE",)), 3.0),)


def mapping_of_lines(records: Sequence[Record]) -> Mapping:
    """The mapping of what the decoder `lines` made."""
    return LINES_BSD if any("bsd_timestamp" in r for r in records) else LINES
