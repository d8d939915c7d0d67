"""What sshd, sudo, su, cron, the account tools and systemd say in their own words.

Sources: OpenSSH `auth.c` and `packet.c` messages; sudoers(5), "Event logging"; shadow-utils' syslog messages;
pam_unix(8); cron(8); systemd's unit messages.
"""

from __future__ import annotations

from ircopilot.evidence.mappings.base import Row, Test, const, field_like, row, src

SSHD, SUDO, SU, CRON = src("linux.sshd"), src("linux.sudo"), src("linux.su"), src("linux.cron")
ACCOUNTS, SYSTEMD = src("linux.accounts"), src("linux.systemd")
SESSIONS = src("linux.sudo", "linux.su", "linux.cron", "linux.systemd", "linux.syslog")

ADDRESS = r"(?:\d{1,3}\.){3}\d{1,3}|[0-9a-fA-F]*:[0-9a-fA-F:.]+"
SESSION_USER = r"session (?:opened|closed) for user ([^\s(]+)"


def _said(column: str, value: str, source: Test, *patterns: str) -> Row:
    """A fixed value where the message is like one of the patterns."""
    return const(column, value, (source, field_like("message", *patterns)))


def _part(column: str, source: Test, regex: str, *more: str) -> Row:
    """The part of the message that the regex's group catches."""
    return row(column, "message", via=(f"extract:{regex}", *more), when=source)


SSH_ROWS: tuple[Row, ...] = (
    _said("event_action", "ssh-login", SSHD, "Accepted % for %", "Failed % for %"),
    _said("event_action", "ssh-invalid-user", SSHD, "Invalid user %", "input_userauth_request: invalid user %"),
    _said("event_action", "ssh-session-opened", SSHD, "%session opened for user%"),
    _said("event_action", "ssh-session-closed", SSHD, "%session closed for user%", "Disconnected from user %"),
    _said("event_action", "ssh-disconnected", SSHD, "Disconnected from%", "Received disconnect%", "Connection closed%",
          "Connection reset%"),
    _said("event_action", "ssh-too-many-failures", SSHD, "%maximum authentication attempts%",
          "%Too many authentication failures%"),
    _said("event_outcome", "success", SSHD, "Accepted % for %"),
    _said("event_outcome", "failure", SSHD, "Failed %", "Invalid user %", "%authentication failure%",
          "%maximum authentication%"),
    _part("user_name", SSHD, r"(?:Accepted|Failed|Postponed) \S+ for (?:invalid user |illegal user )?(\S*) from "),
    _part("user_name", SSHD, r"[Ii]nvalid user (\S*) from "),
    _part("user_name", SSHD, SESSION_USER),
    _part("user_name", SSHD, r"(?:authenticating user|Disconnected from user|exceeded for)(?: invalid user)? (\S+)"),
    _part("user_name", SSHD, r"\buser=(\S+)"),
    _part("source_ip", SSHD, rf"(?:from|by|with|rhost=)\s?(?:(?:authenticating |invalid )?user \S+ )?({ADDRESS})", "ip"),
    _part("source_port", SSHD, r" port (\d+)"),
    _part("logon_type", SSHD, r"^(?:Accepted|Failed) (\S+) for"),
)  # fmt: skip

PRIVILEGE_ROWS: tuple[Row, ...] = (
    _said("event_action", "sudo-command", SUDO, "%COMMAND=%"),
    _said("event_action", "session-opened", SESSIONS, "%session opened for user%"),
    _said("event_action", "session-closed", SESSIONS, "%session closed for user%"),
    _said("event_outcome", "failure", SUDO, "%incorrect password%", "%NOT in sudoers%", "%authentication failure%",
          "%command not allowed%"),
    _said("event_outcome", "success", SUDO, "%COMMAND=%"),
    _part("user_name", SUDO, r"^\s*(\S+) : "),
    _part("user_name", src("linux.sudo", "linux.su"), r" by ([^\s(]+)\(uid=\d+\)"),
    _part("user_target_name", SUDO, r"USER=(\S+)"),
    _part("user_target_name", SESSIONS, SESSION_USER),
    _part("process_command_line", SUDO, r"(?s)COMMAND=(.+)$"),
    _part("process_executable", SUDO, r"COMMAND=(\S+)"),
    _part("process_working_directory", SUDO, r"PWD=(\S+)"),
    _said("event_action", "su", SU, "%(to %) %", "Successful su for %", "FAILED su for %"),
    _said("event_outcome", "failure", SU, "FAILED su%", "%authentication failure%"),
    _said("event_outcome", "success", SU, "(to %) %", "Successful su%"),
    _part("user_target_name", SU, r"(?:\(to |su for )([^\s)]+)"),
    _part("user_name", SU, r"(?:\(to [^\s)]+\)|\bby) (\S+)"),
    _said("event_action", "cron-command", CRON, "(%) CMD (%"),
    _said("event_action", "crontab-change", CRON, "(%) REPLACE (%", "(%) BEGIN EDIT (%", "(%) RELOAD (%"),
    _part("user_name", CRON, r"^\(([^)]+)\) [A-Z]"),
    _part("process_command_line", CRON, r"(?s)CMD \((.+)\)$"),
)  # fmt: skip

ACCOUNT_ROWS: tuple[Row, ...] = (
    _said("event_action", "user-created", ACCOUNTS, "new user: %"),
    _said("event_action", "group-created", ACCOUNTS, "new group: %", "group added to %"),
    _said("event_action", "user-deleted", ACCOUNTS, "delete user %", "removed user %"),
    _said("event_action", "group-member-added", ACCOUNTS, "add '%' to group %", "add '%' to shadow group %"),
    _said("event_action", "password-changed", ACCOUNTS, "%password changed for%"),
    _said("event_action", "user-changed", ACCOUNTS, "change user %"),
    _part("user_target_name", ACCOUNTS, r"(?:new user: name=|delete user '|removed user '|change user '|add ')([^\s',]+)"),
    _part("user_target_name", ACCOUNTS, r"password changed for ([^\s',]+)"),
    _said("event_action", "service-started", SYSTEMD, "Started %"),
    _said("event_action", "service-stopped", SYSTEMD, "Stopped %"),
    _part("service_name", SYSTEMD, r"(?:Started|Starting|Stopped|Stopping|Reloading) (.+?)\.{0,3}$"),
)  # fmt: skip

AUTH_ROWS = (*SSH_ROWS, *PRIVILEGE_ROWS, *ACCOUNT_ROWS)
