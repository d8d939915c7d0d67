"""From suspicious processes to all that belongs to them: descendants, dropped files, services, injected processes, peers.

Taint spreads only along acts that records show: started, wrote a file that ran, injected, called the same rare peer.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from ircopilot.analysis.query import Query, Row, rows
from ircopilot.analysis.story import names
from ircopilot.analysis.story.network import Network, benign_name
from ircopilot.analysis.story.processes import Process, ProcessTable, serves
from ircopilot.analysis.story.scripts import read_script

_REGISTRY = (
    r"\\currentversion\\run|\\runonce|\\services\\[^\\]+\\(imagepath|parameters\\servicedll)|image file execution options"
    r"|ms-settings\\shell\\open|mscfile\\shell\\open|exefile\\shell|\\winlogon\\(shell|userinit|notify)|appinit_dlls"
    r"|\\control\\lsa\\|wdigest|\\windows defender\\|disablerestrictedadmin|\\policies\\system\\|inprocserver32"
    r"|\\eventlog\\|\\minint|fdenytsconnections|portproxy|\\amsi|\\powershell\\scriptblocklogging|\\taskcache\\tasks"
)
EFFECTS = f"""(
 (source IN ('windows.sysmon', 'linux.sysmon') AND (
   event_code IN ('2', '3', '6', '8', '11', '15', '17', '18', '22', '23', '25', '26', '29')
   OR (event_code = '10' AND endsWith(lower(process_target_executable), 'lsass.exe'))
   OR (event_code = '7' AND lower(code_signature_signed) = 'false')
   OR (event_code IN ('12', '13', '14') AND match(lower(registry_path), '{_REGISTRY.replace(chr(92), chr(92) * 2)}'))))
 OR (source = 'windows.security' AND event_code IN ('5156', '4697', '4698', '4702', '4720', '4732', '4728', '1102', '4648'))
 OR (source IN ('edr.windows', 'edr.linux') AND event_code = 'network-connection')
 OR (source = 'windows.powershell' AND event_code = '4104')
 OR source = 'linux.syslog')"""
_WRITES = "source IN ('windows.sysmon', 'linux.sysmon') AND event_code IN ('11', '15', '29', '2')"
_HOST_NAME = re.compile(r"(?:HostUrl|ReferrerUrl)=[a-z]+://([^/:\s]+)", re.I)
# Programs that exist to run what their command line names.
_RUNNERS = names.SHELLS - {"cmd.exe", "bash.exe", "wsl.exe", "sh", "bash", "dash"} | {
    "rundll32.exe", "regsvr32.exe", "msiexec.exe", "installutil.exe", "msbuild.exe", "regasm.exe", "regsvcs.exe", "javaw.exe", "java.exe",
}  # fmt: skip
_PATHS = re.compile(
    r"(?i)\b[a-z]:\\[^\"'<>|:*?,;&]{1,240}?\.(?:exe|dll|sys|ps1|psm1|bat|cmd|vbs|vbe|jse?|hta|scr|lnk|msi|cpl|wsf|jar|py|sct|inf|xsl|xll"
    r"|docm?x?|xlsm?x?|pptm?x?|rtf|pdf|iso|img|chm|ocx|dat|tmp)\b"
)
# What these start, they start for the system: a service of the attacker is found by its name or file.
STARTERS = frozenset(
    "services.exe wininit.exe winlogon.exe smss.exe csrss.exe userinit.exe system systemd init".split()
)
_WINDOWS_ROOT = re.compile(r"[a-z]:\\windows\\[^\\]+\.exe$")
MAX_MEMBERS = 600
LATERAL = frozenset({22, 445, 3389, 5985, 5986})


@dataclass(slots=True)
class Member:
    """A process that belongs to the attacker, since when, and why we say so."""

    process: Process
    since: datetime
    why: str
    injected: bool = False


@dataclass(slots=True)
class Cluster:
    """Processes tied together by acts, with the values that tie them."""

    members: dict[str, Member] = field(default_factory=dict)
    effects: dict[str, list[Row]] = field(default_factory=lambda: defaultdict(list))
    files: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    peers: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    targets: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    services: set[str] = field(default_factory=set)
    deliveries: list[Row] = field(default_factory=list)
    exploited: dict[str, Process] = field(default_factory=dict)
    openers: dict[str, Process] = field(default_factory=dict)
    arrivals: list[Row] = field(default_factory=list)
    hosts: set[str] = field(default_factory=set)

    def programs(self) -> set[str]:
        """Names of the members' programs."""
        return {m.process.name for m in self.members.values()}


def is_own_tool(process: Process) -> bool:
    """True for a run of one of Windows' own report scripts."""
    return any(script in process.command_line.lower() for script in names.OWN_TOOL_SCRIPTS)


class Grower:
    """Grows clusters; holds what every step reads."""

    def __init__(self, query: Query, table: ProcessTable, network: Network) -> None:
        self.query, self.table, self.network = query, table, network
        # What Windows' own report scripts start is theirs, however much it looks like reconnaissance.
        self.routine = table.under(p for p in table.by_key.values() if is_own_tool(p))

    def grow(self, seed: Process, why: str, suspect_since: datetime | None = None) -> Cluster:
        """The cluster of one seed, to a fixpoint (at most eight rounds). What a server did before it was suspected is its work."""
        cluster = Cluster()
        system = seed.name in names.BOUNDARY
        since = suspect_since if serves(seed) or system else None
        self._join(cluster, seed, since or seed.start or _first(seed), why, injected=system)
        if serves(seed):
            cluster.exploited[seed.key] = seed
        self._climb(cluster, seed)
        fetched: set[str] = set()
        for _ in range(8):
            before = (len(cluster.members), len(cluster.files), len(cluster.peers), len(cluster.services))
            new = [m for k, m in cluster.members.items() if k not in fetched]
            fetched |= {m.process.key for m in new}
            self._read_effects(cluster, new)
            self._read_commands(cluster, new)
            self._descend(cluster)
            self._follow_files(cluster)
            self._follow_lures(cluster)
            self._follow_peers(cluster)
            after = (len(cluster.members), len(cluster.files), len(cluster.peers), len(cluster.services))
            if before == after or len(cluster.members) > MAX_MEMBERS:
                break
        cluster.hosts = {m.process.host for m in cluster.members.values()}
        return cluster

    def _join(self, cluster: Cluster, process: Process, since: datetime, why: str, injected: bool = False) -> None:
        if process.key in self.routine:
            return
        known = cluster.members.get(process.key)
        if known is None:
            cluster.members[process.key] = Member(process, since, why, injected)
        elif since < known.since:
            known.since = since
        if not injected and (names.user_writable(process.executable) or self._carried_in(process)):
            cluster.files[process.executable.lower()] |= {"image"}
        if not injected and process.name in _RUNNERS:
            for path in filter(names.user_writable, _PATHS.findall(process.command_line)):
                cluster.files[path.lower()] |= {"run"}

    def _climb(self, cluster: Cluster, process: Process) -> None:
        """Up through shells and user-writable programs to what the system or the user started."""
        seen = {process.key}
        at = process
        while (parent := self.table.parent_of(at)) and parent.key not in seen:
            seen.add(parent.key)
            if serves(parent):
                cluster.exploited[parent.key] = parent
                return
            if parent.name in names.OFFICE and parent.start_rows:
                cluster.openers[parent.key] = parent
                for path in set(map(str.lower, _PATHS.findall(parent.command_line))) - {parent.executable.lower()}:
                    cluster.files[path] |= {"opened"}
            if parent.name in names.BOUNDARY or parent.name in names.DELIVERERS or parent.name in names.OFFICE:
                return
            if parent.start is None or not self.climbable(parent):
                return
            self._join(cluster, parent, parent.start, f"started {at.name}")
            at = parent

    def climbable(self, parent: Process) -> bool:
        """True for a process that what it started belongs to: a shell, a carrier, a program out of a place anyone can write to."""
        usual = parent.name in names.BOUNDARY | names.DELIVERERS | names.OFFICE or serves(parent)
        runs = parent.name in names.SHELLS | names.CARRIERS or names.user_writable(parent.executable)
        return parent.start is not None and not usual and (runs or self._carried_in(parent))

    def top_of(self, process: Process) -> Process:
        """The uppermost process that a process belongs to."""
        seen = {process.key}
        while (parent := self.table.parent_of(process)) and parent.key not in seen and self.climbable(parent):
            seen.add(parent.key)
            process = parent
        return process

    def _carried_in(self, process: Process) -> bool:
        """True for a service's program in the Windows folder itself: remote execution tools put theirs there over ADMIN$."""
        above = self.table.parent_of(process)
        return bool(above and above.name == "services.exe" and _WINDOWS_ROOT.match(process.executable.lower()))

    def _descend(self, cluster: Cluster) -> None:
        queue = list(cluster.members.values())
        while queue and len(cluster.members) <= MAX_MEMBERS:
            member = queue.pop()
            if member.process.name in STARTERS:
                continue
            for key in member.process.children:
                child = self.table.by_key[key]
                if key in cluster.members or child.start is None or child.start < member.since - timedelta(seconds=2):
                    continue
                if member.injected and child.name in names.SIDE_EFFECTS | names.BOUNDARY:
                    continue
                if key in self.routine or self._usual(member, child):
                    continue
                self._join(cluster, child, child.start, f"started by {member.process.name}")
                queue.append(cluster.members[key])

    def _usual(self, member: Member, child: Process) -> bool:
        """True for a program that a server started before it was suspected, too: it compiles pages, it makes pictures."""
        if not serves(member.process) or child.name in names.SHELLS:
            return False
        others = (self.table.by_key[k] for k in member.process.children)
        return any(o.name == child.name and o.start and o.start < member.since - timedelta(seconds=2) for o in others)

    def _read_effects(self, cluster: Cluster, new: list[Member]) -> None:
        entities = sorted({m.process.entity for m in new if m.process.entity})
        pids = sorted({m.process.pid for m in new if m.process.pid})
        if not (entities or pids):
            return
        where = (
            f"{EFFECTS} AND (process_entity_id IN {{entities:Array(String)}} OR process_target_entity_id IN {{entities:Array(String)}} "
            "OR (process_entity_id = '' AND process_pid IN {pids:Array(UInt64)}))"
        )
        keys = {m.process.key for m in new}
        found = rows(self.query, where, {"entities": entities or [""], "pids": pids or [0]})
        for row in (*found, *self.table.audit.of(pids)):
            actor = self.table.actor(row)
            if row["event_code"] in ("8", "10", "25") and row["process_target_executable"]:
                self._injection(cluster, row, actor, keys)
            if actor is None or actor.key not in keys:
                continue
            member = cluster.members[actor.key]
            if row["time"] < member.since - timedelta(seconds=2):
                continue
            if member.injected and not self._telling(row):
                continue
            cluster.effects[actor.key].append(row)
            self._values(cluster, member, row)

    def _read_commands(self, cluster: Cluster, new: list[Member]) -> None:
        """Addresses that members' command lines name in URLs are peers, whether or not a connection is on record."""
        for member in new:
            for url in read_script(member.process.command_line).urls if not member.injected else ():
                host, _, port = url.split("://", 1)[1].split("/", 1)[0].rpartition("@")[2].partition(":")
                number = int(port) if port.isdecimal() else 443 if url.lower().startswith("https") else 80
                if self.network.rare(host, number, cluster.programs()):
                    cluster.peers[host].add(number)

    def _telling(self, row: Row) -> bool:
        """Of a system process that was injected, only these acts are the attacker's."""
        code = row["event_code"]
        if code in names.CONNECTIONS:
            ip, port = self.network.peer(row)
            return self.network.rare(ip, port, {"svchost.exe", row["process_name"].lower()})
        return code in ("8", "10", "4104") or (
            code in ("11", "29") and names.executable(row["file_path"]) and names.user_writable(row["file_path"])
        )

    def _injection(self, cluster: Cluster, row: Row, actor: Process | None, keys: set[str]) -> None:
        target = self.table.target(row)
        if actor is None or target is None or actor is target or row["event_code"] not in ("8", "25"):
            return
        if actor.key in keys and target.name not in ("lsass.exe",) and row["time"] >= cluster.members[actor.key].since:
            self._join(
                cluster, target, row["time"], f"injected by {actor.name}", injected=target.key not in cluster.members
            )
        elif (
            target.key in keys
            and actor.name not in names.BOUNDARY | names.SIDE_EFFECTS
            and actor.key not in cluster.members
        ):
            self._join(cluster, actor, actor.start or row["time"], f"injected into {target.name}")
            self._climb(cluster, actor)

    def _values(self, cluster: Cluster, member: Member, row: Row) -> None:
        code = row["event_code"]
        if code in names.CONNECTIONS or (row["destination_ip"] and row["source"].startswith("linux")):
            ip, port = self.network.peer(row)
            if self.network.rare(ip, port, cluster.programs()):
                cluster.peers[ip].add(port)
            elif row["network_direction"] != "inbound" and port in LATERAL and self.network.inner_target(ip, port):
                cluster.targets[ip].add(port)
        elif code in ("11", "15", "29") and names.executable(row["file_path"]):
            path = row["file_path"].lower()
            if "__psscriptpolicytest" not in path and ":zone.identifier" not in path:
                cluster.files[path] |= {"written"}
        elif code in ("4697", "7045") and row["service_name"]:
            cluster.services.add(row["service_name"].lower())

    def _follow_files(self, cluster: Cluster) -> None:
        """Who wrote the members' files, and what ran or loaded files that members wrote."""
        if not cluster.files:
            return
        bases = sorted({names.base(f) for f in cluster.files if len(names.base(f)) > 4})
        for process in list(self.table.by_key.values()):
            if process.key in cluster.members or process.start is None:
                continue
            command = process.command_line.lower()
            hit = next((b for b in bases if b in command and self._same_file(cluster, b, command, process)), "")
            if process.executable.lower() in cluster.files or hit:
                if process.name in names.OFFICE and process.start_rows:
                    cluster.openers[process.key] = process
                    continue
                if process.name in names.SIDE_EFFECTS | names.DELIVERERS or process.name in (
                    "services.exe",
                    "explorer.exe",
                ):
                    continue
                self._join(cluster, process, process.start, f"ran {hit or process.name}")
                self._climb(cluster, process)
        self._follow_writers(cluster)

    def _follow_writers(self, cluster: Cluster) -> None:
        """Who wrote the cluster's files: a browser delivered them, another host sent them, or the writer is a member, too."""
        where = f"{_WRITES} AND arrayExists(f -> startsWith(lower(file_path), f), {{files:Array(String)}})"
        written = {f for f in cluster.files if "seen" not in cluster.files[f]}
        if not written:
            return
        for f in written:
            cluster.files[f].add("seen")
        for row in rows(self.query, where, {"files": sorted(written)}, 2000):
            actor = self.table.actor(row)
            if actor is None or actor.key in cluster.members:
                continue
            if actor.name in names.DELIVERERS or actor.name in names.OFFICE:
                cluster.deliveries.append(row)
            elif actor.name == "system" and row["event_code"] == "11":
                cluster.arrivals.append(row)
            elif actor.name not in names.BOUNDARY | names.SIDE_EFFECTS and row["event_code"] != "2":
                self._join(cluster, actor, actor.start or row["time"], f"wrote {names.shown(row['file_path'])}")
                self._climb(cluster, actor)

    def _follow_lures(self, cluster: Cluster) -> None:
        """The addresses behind the names from which the attacker's files were downloaded."""
        for row in cluster.deliveries:
            match = _HOST_NAME.search(row["file_stream_contents"])
            name = match[1].lower() if match else ""
            if not name or benign_name(name):
                continue
            found = [name] if names.is_ip(name) else [ip for ip, known in self.network.names.items() if name in known]
            for ip in found:
                if names.peer_ip(ip) and ip not in self.network.own and len(self.network.programs.get(ip, ())) <= 2:
                    cluster.peers.setdefault(ip, set())

    def _same_file(self, cluster: Cluster, name: str, command: str, process: Process) -> bool:
        """A base name in a command line counts with its folder (8.3 spelling allowed), or when the name is telling."""
        if not names.user_writable(command) and name in names.SHELLS | names.BOUNDARY | names.SIDE_EFFECTS:
            return False
        return process.host in {m.process.host for m in cluster.members.values()}

    def _follow_peers(self, cluster: Cluster) -> None:
        """Other processes that talk to the attacker's addresses: members, or the browser that fetched the payload."""
        if not cluster.peers:
            return
        where = (
            "source IN ('windows.sysmon', 'linux.sysmon', 'windows.security', 'edr.windows', 'edr.linux') "
            "AND event_code IN ('3', '5156', 'network-connection') "
            "AND (destination_ip IN {ips:Array(String)} OR source_ip IN {ips:Array(String)})"
        )
        found = rows(self.query, where, {"ips": sorted(cluster.peers)})
        for row in (*found, *self.table.audit.reaching(cluster.peers)):
            actor = self.table.actor(row)
            if actor is None or actor.key in cluster.members:
                continue
            if actor.name in names.DELIVERERS or actor.name in names.OFFICE:
                cluster.deliveries.append(row)
            elif serves(actor):
                cluster.exploited[actor.key] = actor
            elif actor.name not in names.BOUNDARY | names.SIDE_EFFECTS | {"system", ""}:
                self._join(cluster, actor, min(actor.start or row["time"], row["time"]), "talked to the same address")
                self._climb(cluster, actor)


def _first(process: Process) -> datetime:
    times = [r["time"] for r in process.start_rows + process.end_rows]
    return min(times) if times else datetime(1970, 1, 2, tzinfo=UTC)
