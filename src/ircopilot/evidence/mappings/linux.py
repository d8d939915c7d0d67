"""Linux: system logs (sshd, sudo, su, cron, account tools, systemd), the audit log, Sysmon for Linux, web access logs.

The decoder `lines` takes a line apart; here stands what the parts mean. Sources: OpenSSH `auth.c` and `packet.c`
messages; sudo's log format (sudoers(5)); shadow-utils' syslog messages; pam_unix(8); audit.rules(7) and the audit
project's field dictionary; Sysmon for Linux' event manifest; Apache `mod_log_config`.
"""

from __future__ import annotations

from ircopilot.evidence.mappings.base import (
    FLAT,
    Mapping,
    Row,
    SourceRow,
    TimeField,
    const,
    field_in,
    field_like,
    has,
    row,
    src,
)  # fmt: skip
from ircopilot.evidence.mappings.signature import Signature

SSHD, SUDO, SU, CRON = src("linux.sshd"), src("linux.sudo"), src("linux.su"), src("linux.cron")
ACCOUNTS, SYSTEMD, AUDIT, SYSMON = src("linux.accounts"), src("linux.systemd"), src("linux.auditd"), src("linux.sysmon")
WEB = src("web.access")
M = "message"
_NAME = r"(?:invalid user |illegal user )?(\S*)"


def _ssh() -> list[Row]:
    accepted, failed = field_like(M, "Accepted % for %"), field_like(M, "Failed % for %")
    return [
        const("event_action", "ssh-login", (SSHD, accepted)),
        const("event_action", "ssh-login", (SSHD, failed)),
        const("event_action", "ssh-invalid-user", (SSHD, field_like(M, "Invalid user %", "input_userauth_request: invalid user %"))),
        const("event_action", "ssh-session-opened", (SSHD, field_like(M, "%session opened for user%"))),
        const("event_action", "ssh-session-closed", (SSHD, field_like(M, "%session closed for user%", "Disconnected from user %"))),
        const("event_action", "ssh-disconnected", (SSHD, field_like(M, "Disconnected from%", "Received disconnect%", "Connection closed%", "Connection reset%"))),
        const("event_action", "ssh-too-many-failures", (SSHD, field_like(M, "%maximum authentication attempts%", "%Too many authentication failures%"))),
        const("event_outcome", "success", (SSHD, accepted)),
        const("event_outcome", "failure", (SSHD, field_like(M, "Failed %", "Invalid user %", "%authentication failure%", "%maximum authentication%"))),
        row("user_name", M, via=rf"extract:(?:Accepted|Failed|Postponed) \S+ for {_NAME} from ", when=SSHD),
        row("user_name", M, via=r"extract:[Ii]nvalid user (\S*) from ", when=SSHD),
        row("user_name", M, via=r"extract:session (?:opened|closed) for user ([^\s(]+)", when=SSHD),
        row("user_name", M, via=r"extract:(?:authenticating user|Disconnected from user|exceeded for|attempts for)(?: invalid user)? (\S+)", when=SSHD),
        row("user_name", M, via=r"extract:\buser=(\S+)", when=SSHD),
        row("source_ip", M, via=(r"extract:(?:from|by|with|rhost=)\s?(?:(?:authenticating|invalid)? ?user \S+ )?((?:\d{1,3}\.){3}\d{1,3}|[0-9a-fA-F]*:[0-9a-fA-F:.]+)", "ip"), when=SSHD),
        row("source_port", M, via=r"extract: port (\d+)", when=SSHD),
        row("logon_type", M, via=r"extract:^(?:Accepted|Failed) (\S+) for", when=SSHD),
    ]  # fmt: skip


def _privilege() -> list[Row]:
    return [
        const("event_action", "sudo-command", (SUDO, field_like(M, "%COMMAND=%"))),
        const("event_action", "session-opened", (src("linux.sudo", "linux.su", "linux.cron", "linux.syslog"), field_like(M, "%session opened for user%"))),
        const("event_action", "session-closed", (src("linux.sudo", "linux.su", "linux.cron", "linux.syslog"), field_like(M, "%session closed for user%"))),
        const("event_outcome", "failure", (SUDO, field_like(M, "%incorrect password%", "%NOT in sudoers%", "%authentication failure%", "%command not allowed%"))),
        const("event_outcome", "success", (SUDO, field_like(M, "%COMMAND=%"))),
        row("user_name", M, via=r"extract:^\s*(\S+) : ", when=SUDO),
        row("user_name", M, via=r"extract: by ([^\s(]+)\(uid=\d+\)", when=src("linux.sudo", "linux.su")),
        row("user_target_name", M, via=r"extract:USER=(\S+)", when=SUDO),
        row("user_target_name", M, via=r"extract:session (?:opened|closed) for user ([^\s(]+)", when=src("linux.sudo", "linux.su", "linux.cron")),
        row("process_command_line", M, via=r"extract:(?s)COMMAND=(.+)$", when=SUDO),
        row("process_executable", M, via=r"extract:COMMAND=(\S+)", when=SUDO),
        row("process_working_directory", M, via=r"extract:PWD=(\S+)", when=SUDO),
        const("event_action", "su", (SU, field_like(M, "%(to %) %", "Successful su for %", "FAILED su for %"))),
        const("event_outcome", "failure", (SU, field_like(M, "FAILED su%", "%authentication failure%"))),
        const("event_outcome", "success", (SU, field_like(M, "(to %) %", "Successful su%"))),
        row("user_target_name", M, via=r"extract:(?:\(to |su for )([^\s)]+)", when=SU),
        row("user_name", M, via=r"extract:(?:\(to [^\s)]+\)|\bby) (\S+)", when=SU),
        const("event_action", "cron-command", (CRON, field_like(M, "(%) CMD (%"))),
        const("event_action", "crontab-change", (CRON, field_like(M, "(%) REPLACE (%", "(%) BEGIN EDIT (%", "(%) RELOAD (%"))),
        row("user_name", M, via=r"extract:^\(([^)]+)\) [A-Z]", when=CRON),
        row("process_command_line", M, via=r"extract:(?s)CMD \((.+)\)$", when=CRON),
    ]  # fmt: skip


def _accounts() -> list[Row]:
    return [
        const("event_action", "user-created", (ACCOUNTS, field_like(M, "new user: %"))),
        const("event_action", "group-created", (ACCOUNTS, field_like(M, "new group: %", "group added to %"))),
        const("event_action", "user-deleted", (ACCOUNTS, field_like(M, "delete user %", "removed user %"))),
        const("event_action", "group-member-added", (ACCOUNTS, field_like(M, "add '%' to group %", "add '%' to shadow group %"))),
        const("event_action", "password-changed", (ACCOUNTS, field_like(M, "%password changed for%"))),
        const("event_action", "user-changed", (ACCOUNTS, field_like(M, "change user %"))),
        row("user_target_name", M, via=r"extract:(?:new user: name=|delete user '|removed user '|change user '|add '|password changed for )([^\s',]+)", when=ACCOUNTS),
        row("service_name", M, via=r"extract:(?:Started|Starting|Stopped|Stopping|Reloading) (.+?)\.{0,3}$", when=SYSTEMD),
        const("event_action", "service-started", (SYSTEMD, field_like(M, "Started %"))),
        const("event_action", "service-stopped", (SYSTEMD, field_like(M, "Stopped %"))),
    ]  # fmt: skip


def _audit() -> list[Row]:
    return [
        row("event_code", "type", when=AUDIT),
        row("event_action", "SYSCALL", "syscall", "type", "op", when=AUDIT),
        row("event_outcome", "success", "res", via="outcome", when=AUDIT),
        row("host_name", "node", when=AUDIT),
        row("user_id", "auid", "uid", via="audit_id", when=AUDIT),
        row("user_name", "AUID", "acct_text", "acct", "UID", via="audit_id", when=AUDIT),
        row("user_target_name", "acct_text", "acct", when=(AUDIT, has("AUID"))),
        row("logon_id", "ses", via="audit_id", when=AUDIT),
        row("process_pid", "pid", when=AUDIT),
        row("process_parent_pid", "ppid", when=AUDIT),
        row("process_executable", "exe_text", "exe", when=AUDIT),
        row("process_name", "comm_text", "comm", when=AUDIT),
        row("process_command_line", "argv", "proctitle_text", "cmd_text", "cmd", when=AUDIT),
        row("process_command_line", "proctitle", when=(AUDIT, field_in("type", "PROCTITLE"))),
        row("process_working_directory", "cwd_text", "cwd", when=AUDIT),
        row("file_path", "name_text", "name", when=(AUDIT, field_in("type", "PATH"))),
        row("source_ip", "addr", via="only_ip", when=AUDIT),
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
        row("event_action", "EventID", via="sysmon_action", when=SYSMON),
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
        row("host_name", "hostname", "_HOSTNAME", "host"),
        row("event_provider", "program", "SYSLOG_IDENTIFIER", "_COMM"),
        row("process_name", "program", "SYSLOG_IDENTIFIER", "_COMM"),
        row("process_pid", "pid", "_PID"),
        row("event_severity", "severity"),
    ]


PROGRAMS = (
    ("linux.sshd", ("sshd", "sshd-session", "sshd-auth")), ("linux.sudo", ("sudo",)), ("linux.su", ("su", "su-l")),
    ("linux.cron", ("CRON", "cron", "crond", "CROND", "crontab", "anacron", "atd")),
    ("linux.accounts", ("useradd", "adduser", "usermod", "userdel", "groupadd", "groupmod", "gpasswd", "passwd", "chpasswd",
                        "chage", "chfn")),
    ("linux.systemd", ("systemd", "systemd-logind")), ("linux.kernel", ("kernel",)),
)  # fmt: skip

TIMES = (TimeField("epoch", "epoch"), TimeField("UtcTime"), TimeField("SystemTime"), TimeField("timestamp"),
         TimeField("bsd_timestamp", "rfc3164"))  # fmt: skip

MAPPING = Mapping(
    name="text_lines",
    about="Lines of Linux system logs, audit logs, Sysmon for Linux, web access logs and other text logs",
    layout=FLAT,
    sources=(
        SourceRow("linux.sysmon", (field_in("Provider", "Linux-Sysmon"),)),
        SourceRow("linux.auditd", (has("serial"), has("type"))),
        SourceRow("web.access", (has("request"), has("client"))),
        *(SourceRow(source, (field_in("program", *names),)) for source, names in PROGRAMS),
        SourceRow("linux.syslog", (has("hostname"),)),
        SourceRow("text.line"),
    ),
    times=TIMES,
    rows=(*_sysmon(), *_audit(), *_web(), *_ssh(), *_privilege(), *_accounts(), *_common()),
    message=("message", "CommandLine"),
)

SIGNATURES = (
    Signature("text_lines", (("bsd_timestamp", "timestamp", "epoch"), ("message", "Provider")), 0.5),
)  # fmt: skip
