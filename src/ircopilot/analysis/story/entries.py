"""How the attacker came onto a host: the logon just before a service, WMI, a remote shell or ssh ran his program there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from ircopilot.analysis.query import Query, Row, rows
from ircopilot.analysis.story import names
from ircopilot.analysis.story.acts import ActBook, ActDraft
from ircopilot.analysis.story.expand import Cluster
from ircopilot.analysis.story.network import Network
from ircopilot.analysis.story.processes import Process, ProcessTable

BEFORE = timedelta(minutes=2)
_SLACK = timedelta(seconds=2)
_LOGONS = (
    "source = 'windows.security' AND event_code = '4624' AND logon_type = '3' AND source_ip NOT IN ('', '-') "
    "AND time >= {start:DateTime64(6, 'UTC')} AND time <= {stop:DateTime64(6, 'UTC')}"
)
_SSH_LOGONS = (
    "source = 'linux.sshd' AND event_outcome = 'success' AND source_ip != '' "
    "AND time >= {start:DateTime64(6, 'UTC')} AND time <= {stop:DateTime64(6, 'UTC')}"
)
SSH_BEFORE = timedelta(seconds=10)
_SSH = frozenset({"sshd", "sshd-session", ""})  # the log of programs may begin with the shell
_REMOTE_SHELLS = frozenset({"wsmprovhost.exe", "winrshost.exe"})


@dataclass(frozen=True, slots=True)
class _Entry:
    """Something that runs at another machine's bidding: on which host, when, as whom (empty: not said), by which technique."""

    host: str
    time: datetime
    user: str
    technique: str
    why: str


def tell_entries(
    book: ActBook, query: Query, clusters: list[Cluster], table: ProcessTable, network: Network
) -> set[str]:
    """Enter the logons that opened the way for what the clusters ran. Returns the public addresses they came from."""
    found = {*_services(book), *(e for c in clusters for e in _members(c, table))}
    outside: set[str] = set()
    for entry in sorted(found, key=lambda e: (e.time, e.host, e.technique)):
        over_ssh = entry.technique == "T1021.004"
        logon = _ssh_opening(query, entry) if over_ssh else _opening(query, entry, network)
        if logon is None:
            continue
        who = logon["user_name"] if over_ssh else logon["user_target_name"]
        domain = "" if over_ssh else logon["user_target_domain"]
        name = f"{domain}\\{who}" if domain and domain != "-" else who
        detail = {
            "ip": logon["source_ip"],
            "type": logon["logon_type"],
            "method": logon["event_action"] if over_ssh else "",
            "port": str(logon["source_port"] or ""),
        }
        draft = ActDraft(
            "logged-on", name, (logon["host_name"],), logon["host_name"], name, {k: v for k, v in detail.items() if v},
            {entry.technique, *(("T1078",) if over_ssh else ())}, why=entry.why,
        )  # fmt: skip
        book.add(draft, [logon], name.lower(), logon["source_ip"], "ssh" if over_ssh else logon["logon_type"])
        if names.is_public(logon["source_ip"]):
            outside.add(logon["source_ip"])
    return outside


def _services(book: ActBook) -> Iterator[_Entry]:
    for act in book.acts():
        if act.verb == "installed-service":
            user = act.user.rsplit("\\", 1)[-1].lower()
            yield _Entry(
                names.short_host(act.host), act.time, user, "T1021.002", "just before the service was installed"
            )


def _members(cluster: Cluster, table: ProcessTable) -> Iterator[_Entry]:
    for member in cluster.members.values():
        parent = table.parent_of(member.process)
        above = parent.name if parent else names.base(member.process.parent_executable)
        technique, why = _way(member.process, above)
        if above in _SSH and _is_login_shell(member.process) and (not parent or parent.key not in cluster.members):
            technique, why = "T1021.004", "it opened the session in which the attacker's commands ran"
        if technique:
            yield _Entry(member.process.host, member.since, member.process.user.lower(), technique, why)


def _way(process: Process, above: str) -> tuple[str, str]:
    if {process.name, above} & _REMOTE_SHELLS:
        return "T1021.006", "just before the remote management service ran the attacker's commands"
    if above == "wmiprvse.exe":
        return "T1047", "just before WMI ran the attacker's program"
    if above == "mmc.exe" or "-embedding" in process.command_line.lower():
        return "T1021.003", "just before a remote object ran the attacker's program"
    return "", ""


def _is_login_shell(process: Process) -> bool:
    return process.name in names.SHELLS and any(r["source"].startswith("linux") for r in process.start_rows)


def _ssh_opening(query: Query, entry: _Entry) -> Row | None:
    """The login over ssh just before the shell began, if there was but one."""
    window = {"start": entry.time - SSH_BEFORE, "stop": entry.time + _SLACK}
    found = [r for r in rows(query, _SSH_LOGONS, window, 500) if names.short_host(r["host_name"]) == entry.host]
    return found[-1] if len({(r["user_name"], r["source_ip"]) for r in found}) == 1 else None


def _opening(query: Query, entry: _Entry, network: Network) -> Row | None:
    """The last network logon of that account from another machine before the entry; of anybody if but one came."""
    window = {"start": entry.time - BEFORE, "stop": entry.time + _SLACK}
    found = [
        r
        for r in rows(query, _LOGONS, window, 2000)
        if names.short_host(r["host_name"]) == entry.host
        and names.peer_ip(r["source_ip"])
        and network.own.get(r["source_ip"]) != entry.host
        and not r["user_target_name"].endswith("$")
        and r["user_target_name"].upper() not in ("", "-", "SYSTEM", "ANONYMOUS LOGON")
    ]
    own = [r for r in found if r["user_target_name"].lower() == entry.user]
    if own:
        return own[-1]
    ways = {(r["user_target_name"].lower(), r["source_ip"]) for r in found}
    unnamed = entry.user in ("", "system", "local service", "network service") or entry.user.endswith("$")
    return found[-1] if unnamed and len(ways) == 1 else None
