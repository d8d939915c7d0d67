"""Logins over the network: guessed passwords, logins from the attacker's addresses or hosts, and what followed as that user."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from ircopilot.analysis.query import Query, Row, rows
from ircopilot.analysis.story.acts import ActBook, ActDraft, account, clip
from ircopilot.analysis.story.commands import techniques_of_command
from ircopilot.analysis.story.names import short_host
from ircopilot.domain.wording import UNNAMED_TOOL

_GUESSED = """
SELECT host_name AS host, source_ip AS ip, countIf(event_outcome = 'failure') AS failed, countIf(event_outcome = 'success') AS ok,
  minIf(time, event_outcome = 'failure') AS first_failed, maxIf(time, event_outcome = 'success') AS last_ok,
  uniqExactIf(user_name, event_outcome = 'failure') AS names
FROM {events} WHERE source IN ('linux.sshd', 'windows.security') AND source_ip NOT IN ('', '-', '127.0.0.1', '::1')
  AND (source = 'linux.sshd' OR event_code IN ('4624', '4625'))
GROUP BY host, ip HAVING failed >= 8 ORDER BY host, ip
"""
_LOGON = (
    "((source = 'linux.sshd' AND event_outcome = 'success') OR "
    "(source = 'windows.security' AND event_code = '4624' AND logon_type IN ('3', '10'))) AND source_ip IN {ips:Array(String)}"
)
SESSION = timedelta(hours=2)
TOOL_DELAY = timedelta(seconds=30)
_GROUP = re.compile(r"to (?:shadow )?group '?([^'\s]+)")


def guessed_addresses(query: Query) -> dict[str, bool]:
    """Addresses that failed at least eight logins on a host within the evidence; True where one then succeeded."""
    found: dict[str, bool] = {}
    for row in query(_GUESSED).to_pylist():
        success = row["ok"] > 0 and row["last_ok"] > row["first_failed"]
        if success:
            found[row["ip"]] = found.get(row["ip"], False) or success
    return found


def tell_guessing(book: ActBook, query: Query, ips: dict[str, bool]) -> None:
    """Failed logins from guessing addresses, one act per host and address."""
    if not ips:
        return
    where = "event_outcome = 'failure' AND source IN ('linux.sshd', 'windows.security') AND source_ip IN {ips:Array(String)}"
    for row in rows(query, where, {"ips": sorted(ips)}):
        detail = {"ip": row["source_ip"]}
        draft = ActDraft("failed-logon", row["source_ip"], (row["host_name"],), row["host_name"], "", detail, {"T1110"})
        draft.why = "many failed logins from one address"
        draft.context = not ips[row["source_ip"]]
        book.add(draft, [row], row["source_ip"])


def tell_logons(book: ActBook, query: Query, ips: set[str], since: object, why: str) -> list[Row]:
    """Successful remote logons from these addresses; machine accounts are left out. Returns their rows."""
    if not ips:
        return []
    told: list[Row] = []
    usual: set[tuple[str, str, str]] = set()
    for row in rows(query, _LOGON, {"ips": sorted(ips)}, 5000):
        who = (
            row["user_target_name"]
            if row["source"] == "windows.security" and row["user_target_name"]
            else row["user_name"]
        )
        if not who or who.endswith("$") or who.upper() in ("ANONYMOUS LOGON", "SYSTEM"):
            continue
        # The same account came from the same address before the attacker did: how this host is used every day.
        way = (who.lower(), row["source_ip"], short_host(row["host_name"]))
        if since is not None and row["time"] < since:
            usual.add(way)
        if way in usual:
            continue
        domain = row["user_target_domain"] if row["source"] == "windows.security" else ""
        name = f"{domain}\\{who}" if domain and domain != "-" else who
        ssh = row["source"] == "linux.sshd"
        detail = {
            "ip": row["source_ip"],
            "type": row["logon_type"],
            "method": row["event_action"] if ssh else "",
            "port": str(row["source_port"] or ""),
        }
        techniques = (
            {"T1021.004"} if ssh else {"T1021.001", "T1078"} if row["logon_type"] == "10" else {"T1021.002", "T1078"}
        )
        draft = ActDraft(
            "logged-on",
            name,
            (row["host_name"],),
            row["host_name"],
            name,
            {k: v for k, v in detail.items() if v},
            techniques,
        )
        draft.why = why
        book.add(draft, [row], name.lower(), row["source_ip"], "ssh" if ssh else row["logon_type"])
        told.append(row)
    return told


_SESSION_SOURCES = "source IN ('linux.sudo', 'linux.su', 'linux.cron', 'linux.accounts')"


def tell_sessions(book: ActBook, query: Query, logons: list[Row]) -> set[str]:
    """What a user did on a Linux host in a login that is part of the incident; returns the accounts that were made."""
    made: set[str] = set()
    for logon in logons:
        if logon["source"] != "linux.sshd":
            continue
        where = (
            f"{_SESSION_SOURCES} AND host_name = {{host:String}} "
            "AND time >= {start:DateTime64(6, 'UTC')} AND time <= {stop:DateTime64(6, 'UTC')}"
        )
        params = {"host": logon["host_name"], "start": logon["time"], "stop": _session_end(query, logon)}
        found = rows(query, where, params, 2000)
        own = [
            r
            for r in found
            if r["user_name"] == logon["user_name"] and (r["process_command_line"] or r["source"] == "linux.su")
        ]
        for row in own:
            _ran(book, row)
        for row in found:
            # These tools name no caller: theirs is the command that the user ran as root just before.
            if row["source"] == "linux.accounts" and any(
                timedelta() <= row["time"] - r["time"] <= TOOL_DELAY for r in own
            ):
                made |= _account_change(book, row)
        for row in found:
            if row["user_name"] in made and row["process_command_line"]:
                _ran(book, row)  # by an account that was made in the session
    return made


def _ran(book: ActBook, row: Row) -> None:
    command = clip(row["process_command_line"] or row["message"])
    detail = {"command": command, "as": row["user_target_name"]}
    techniques = {"T1548.003"} if row["source"] == "linux.sudo" else set()
    draft = ActDraft(
        "ran-sudo", row["user_name"], (), row["host_name"], row["user_name"], {k: v for k, v in detail.items() if v},
        techniques | techniques_of_command(command),
    )  # fmt: skip
    draft.why = "run in a session that is part of the incident"
    book.add(draft, [row], row["user_name"], command)


def _account_change(book: ActBook, row: Row) -> set[str]:
    """An account or group membership made by the tools; the accounts that are new."""
    name, action, host = row["user_target_name"], row["event_action"], row["host_name"]
    if not name or action not in ("user-created", "group-member-added", "password-changed", "user-changed"):
        return set()
    group = _GROUP.search(row["message"])
    if action == "user-created":
        draft = ActDraft("created-account", UNNAMED_TOOL, (name,), host, "", {"account": name}, {"T1136.001"})
    elif action == "group-member-added" and group:
        draft = ActDraft(
            "changed-group", UNNAMED_TOOL, (name,), host, "", {"account": name, "group": group[1]}, {"T1098.007"}
        )
    else:
        return set()
    draft.why = "made by a command of the attacker's session"
    book.add(draft, [row], action, name, draft.detail.get("group", ""))
    return {name} if action == "user-created" else set()


def _session_end(query: Query, logon: Row) -> datetime:
    """Two hours on, or when the same user next logs in from elsewhere: what follows may be somebody else's doing."""
    where = (
        "source = 'linux.sshd' AND event_outcome = 'success' AND host_name = {host:String} AND user_name = {user:String} "
        "AND source_ip != {ip:String} AND time > {start:DateTime64(6, 'UTC')}"
    )
    params = {"host": logon["host_name"], "user": logon["user_name"], "ip": logon["source_ip"], "start": logon["time"]}
    others = rows(query, where, params, 1)
    latest: datetime = logon["time"] + SESSION
    return min(latest, others[0]["time"]) if others else latest


def names_any(text: str, values: set[str]) -> bool:
    """True if any of the (lower-case) values stands in the text as a whole: not as a part of a longer name or address."""
    low = text.lower()
    return any(v in low and _whole(low, v) for v in values)


def _whole(text: str, value: str) -> bool:
    at = text.find(value)
    while at >= 0:
        before, after = text[at - 1 : at], text[at + len(value) : at + len(value) + 2]
        clear = not (before.isalnum() or before in ("_", ".")) and not (after[:1].isalnum() or after[:1] == "_")
        if clear and not (after[:1] == "." and after[1:2].isalnum()):
            return True
        at = text.find(value, at + 1)
    return False


def tell_alerts(book: ActBook, query: Query, hosts: set[str], values: set[str]) -> None:
    """Alerts of other products that name a host, account, address or file of the incident."""
    for row in rows(query, "kind = 'alert'", limit=5000):
        text = f"{row['message']} {row['file_path']} {row['source_ip']} {row['destination_ip']} {row['user_name']} {row['hash_sha256']}"
        if not names_any(text, values):
            continue
        title = row["rule_name"] or clip(row["message"], 120)
        detail = {"severity": row["event_severity"], "account": account(row), "message": clip(row["message"], 160)}
        draft = ActDraft(
            "alerted",
            row["event_provider"] or row["source"],
            (title,),
            row["host_name"],
            account(row),
            {k: v for k, v in detail.items() if v},
        )
        draft.kind, draft.context, draft.why = "alert", True, "an alert names a value of the incident"
        book.add(draft, [row], title, short_host(row["host_name"]), row["event_id"])


def tell_comms(book: ActBook, query: Query, values: set[str], start: object, stop: object) -> None:
    """Messages and responders' actions that name a host, account or address of the incident, from a day before on."""
    where = (
        "kind IN ('comm', 'action') AND time >= {start:DateTime64(6, 'UTC')} AND time <= {stop:DateTime64(6, 'UTC')}"
    )
    for row in rows(query, where, {"start": start, "stop": stop}, 5000):
        if not names_any(row["message"], values):
            continue
        verb = "said" if row["kind"] == "comm" else "did"
        draft = ActDraft(
            verb,
            row["user_name"] or "somebody",
            (),
            row["host_name"],
            row["user_name"],
            {"text": clip(row["message"], 200)},
        )
        draft.kind, draft.context, draft.why = row["kind"], True, "it names a value of the incident"
        book.add(draft, [row], row["event_id"])
