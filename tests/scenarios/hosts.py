"""What programs on a Linux host do, and how the audit log, Sysmon for Linux and a log workspace write it down.

Sources: audit project, "Audit Event Fields"; Sysmon for Linux, event manifest; Azure Monitor, table `Syslog`; the
records `AUOMS_EXECVE` of Microsoft's audit collector.
"""

from __future__ import annotations

import json
import random
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from html import escape
from ipaddress import ip_address

from .making import Day, Tree, zulu

ARCH = "c000003e"


@dataclass(frozen=True, slots=True)
class Deed:
    """One act of a process. `kind` is run, connect, accept, write or delete."""

    time: datetime
    kind: str
    pid: int
    exe: str
    ppid: int = 1
    argv: tuple[str, ...] = ()
    user: tuple[str, int] = ("root", 0)
    cwd: str = "/"
    peer: tuple[str, int] = ("", 0)
    path: str = ""


@dataclass(slots=True)
class Host:
    """A host that collects deeds; parents are known by pid."""

    name: str
    ip: str
    deeds: list[Deed] = field(default_factory=list)
    running: dict[int, str] = field(default_factory=dict)
    lines: dict[int, str] = field(default_factory=dict)

    def boot(self, pid: int, exe: str, line: str) -> None:
        """A process that runs since before the evidence."""
        self.running[pid], self.lines[pid] = exe, line

    def run(
        self,
        time: datetime,
        pid: int,
        ppid: int,
        exe: str,
        argv: str,
        user: tuple[str, int] = ("root", 0),
        cwd: str = "/",
    ) -> None:
        """A program starts; arguments are parted by blanks, or by `|` where they hold blanks."""
        words = tuple(argv.split("|") if "|" in argv else argv.split())
        words = tuple(w.replace("\x00", "|") for w in words)
        self.running[pid], self.lines[pid] = exe, " ".join(words)
        self.deeds.append(Deed(time, "run", pid, exe, ppid, words, user, cwd))

    def connect(
        self, time: datetime, pid: int, ip: str, port: int, user: tuple[str, int] = ("root", 0), kind: str = "connect"
    ) -> None:
        """It connects, or accepts a connection."""
        self.deeds.append(Deed(time, kind, pid, self.running[pid], user=user, peer=(ip, port)))

    def file(
        self, time: datetime, pid: int, path: str, user: tuple[str, int] = ("root", 0), kind: str = "write"
    ) -> None:
        """It creates or deletes a file."""
        self.deeds.append(Deed(time, kind, pid, self.running[pid], user=user, path=path))

    def ordered(self) -> list[Deed]:
        """Deeds by time."""
        return sorted(self.deeds, key=lambda d: d.time)


def ordinary_life(host: Host, day: Day, dice: random.Random, start: str, end: str, count: int) -> None:
    """Timers, checks, an administrator's shell, package updates: what a server does all day."""
    host.boot(1, "/usr/lib/systemd/systemd", "/sbin/init")
    host.boot(655, "/usr/sbin/cron", "/usr/sbin/cron -f")
    host.boot(702, "/usr/sbin/sshd", "sshd: /usr/sbin/sshd -D")
    host.boot(811, "/opt/monitor/agent", "/opt/monitor/agent --config /etc/monitor.yml")
    pid = 9000
    for time in day.spread(dice, start, end, count):
        pid += dice.randint(3, 40)
        choice = dice.randrange(7)
        if choice == 0:
            host.run(time, pid, 655, "/usr/bin/dash", "/bin/sh|-c|command -v debian-sa1 > /dev/null && debian-sa1 1 1")
            host.run(time + timedelta(milliseconds=20), pid + 1, pid, "/usr/lib/sysstat/debian-sa1", "debian-sa1 1 1")
        elif choice == 1:
            host.run(time, pid, 811, "/usr/bin/df", "df -P -l")
        elif choice == 2:
            host.run(time, pid, 811, "/usr/bin/ps", "ps -eo pid,comm,rss")
            host.connect(time + timedelta(milliseconds=80), 811, "10.40.9.10", 9411)
        elif choice == 3:
            host.run(time, pid, 1, "/usr/sbin/logrotate", "/usr/sbin/logrotate /etc/logrotate.conf")
            host.file(time + timedelta(milliseconds=30), pid, f"/var/log/syslog.{dice.randint(1, 7)}.gz")
        elif choice == 4:
            host.run(time, pid, 1, "/usr/bin/apt-get", "/usr/bin/apt-get -qq update")
            host.connect(time + timedelta(milliseconds=300), pid, "91.189.91.83", 80, ("_apt", 105))
        elif choice == 5:
            host.run(time, pid, 655, "/usr/bin/dash", "/bin/sh|-c|run-parts --report /etc/cron.hourly")
        else:
            host.run(time, pid, 702, "/usr/bin/bash", "-bash", ("mkoch", 1001), "/home/mkoch")
            host.run(
                time + timedelta(seconds=4),
                pid + 1,
                pid,
                "/usr/bin/ls",
                "ls --color=auto -la",
                ("mkoch", 1001),
                "/home/mkoch",
            )
            host.run(
                time + timedelta(seconds=9),
                pid + 2,
                pid,
                "/usr/bin/tail",
                "tail -n 50 /var/log/syslog",
                ("mkoch", 1001),
            )


# ---------------------------------------------------------------- the audit log
SYSCALLS = {"run": 59, "connect": 42, "accept": 288, "write": 257, "delete": 87}


def audit_log(host: Host, node: bool = False) -> str:
    """`/var/log/audit/audit.log`, raw: several records an event, joined by their serial."""
    out, serial = [], 48000
    for deed in host.ordered():
        serial += 1
        stamp = f"audit({deed.time.timestamp():.3f}:{serial}): "
        head = f"node={host.name} " if node else ""
        out += [f"{head}type={kind} msg={stamp}{body}" for kind, body in _audit_parts(deed)]
    return "\n".join(out) + "\n"


def _hexed(text: str) -> str:
    odd = any(c in " \"'()|;&$<>\\" or ord(c) < 33 for c in text)
    return text.encode().hex().upper() if odd else f'"{text}"'


def _audit_parts(deed: Deed) -> list[tuple[str, str]]:
    comm, uid = deed.exe.rsplit("/", 1)[-1][:15], deed.user[1]
    auid = uid if uid >= 1000 else 4294967295
    exit_code = -115 if deed.kind == "connect" else 0
    syscall = (
        f"arch={ARCH} syscall={SYSCALLS[deed.kind]} success=yes exit={exit_code} a0=55d a1=7ffc a2=10 a3=0 items=2 ppid={deed.ppid} "
        f"pid={deed.pid} auid={auid} uid={uid} gid={uid} euid={uid} suid={uid} fsuid={uid} egid={uid} sgid={uid} fsgid={uid} "
        f'tty=(none) ses=4294967295 comm="{comm}" exe="{deed.exe}" subj=unconfined key="{deed.kind}"'
    )
    parts = [("SYSCALL", syscall)]
    if deed.kind == "run":
        words = " ".join(f"a{i}={_hexed(w)}" for i, w in enumerate(deed.argv))
        parts.append(("EXECVE", f"argc={len(deed.argv)} {words}"))
        parts.append(("CWD", f'cwd="{deed.cwd}"'))
        parts.append(
            (
                "PATH",
                f'item=0 name="{deed.exe}" inode=1966 dev=fd:00 mode=0100755 ouid=0 ogid=0 rdev=00:00 nametype=NORMAL',
            )
        )
    elif deed.peer[0]:
        saddr = f"0200{deed.peer[1]:04X}{int(ip_address(deed.peer[0])):08X}0000000000000000"
        parts.append(("SOCKADDR", f"saddr={saddr}"))
    else:
        kind = "CREATE" if deed.kind == "write" else "DELETE"
        parts.append(("CWD", f'cwd="{deed.cwd}"'))
        parts.append(
            (
                "PATH",
                f'item=0 name="{deed.path.rsplit("/", 1)[0]}/" inode=12 dev=fd:00 mode=040755 ouid=0 ogid=0 nametype=PARENT',
            )
        )
        parts.append(
            ("PATH", f'item=1 name="{deed.path}" inode=77 dev=fd:00 mode=0100644 ouid=0 ogid=0 nametype={kind}')
        )
    title = "\x00".join(deed.argv or (deed.exe,)).encode().hex().upper()
    parts.append(("PROCTITLE", f"proctitle={title}"))
    return parts


# ---------------------------------------------------------------- Sysmon for Linux
EVENT_IDS = {"run": 1, "connect": 3, "accept": 3, "write": 11, "delete": 23}


def sysmon_messages(host: Host) -> list[tuple[datetime, str]]:
    """Events as XML on one line, with the time of each."""
    starts: dict[int, datetime] = {}
    out = []
    for n, deed in enumerate(host.ordered(), 1):
        if deed.kind == "run":
            starts[deed.pid] = deed.time
        data = {"RuleName": "-", "UtcTime": f"{deed.time:%Y-%m-%d %H:%M:%S}.{deed.time.microsecond // 1000:03d}",
                "ProcessGuid": _guid(host, deed.pid, starts), "ProcessId": str(deed.pid), "Image": deed.exe}  # fmt: skip
        data |= _sysmon_data(host, deed, starts)
        body = "".join(f'<Data Name="{k}">{escape(v, quote=False)}</Data>' for k, v in data.items())
        out.append((deed.time, (
            '<Event><System><Provider Name="Linux-Sysmon" Guid="{ff032593-a8d3-4f13-b0d6-01fc615a0f97}"/>'
            f"<EventID>{EVENT_IDS[deed.kind]}</EventID><Version>5</Version><Level>4</Level><Task>{EVENT_IDS[deed.kind]}</Task>"
            f'<Opcode>0</Opcode><Keywords>0x8000000000000000</Keywords><TimeCreated SystemTime="{zulu(deed.time, 6)}"/>'
            f'<EventRecordID>{n}</EventRecordID><Correlation/><Execution ProcessID="980" ThreadID="980"/>'
            f'<Channel>Linux-Sysmon/Operational</Channel><Computer>{host.name}</Computer><Security UserId="0"/></System>'
            f"<EventData>{body}</EventData></Event>"
        )))  # fmt: skip
    return out


def _guid(host: Host, pid: int, starts: dict[int, datetime]) -> str:
    seed = f"{host.name}|{pid}|{starts.get(pid, 'boot')}"
    return "{" + str(uuid.uuid5(uuid.NAMESPACE_OID, seed)) + "}"


def _sysmon_data(host: Host, deed: Deed, starts: dict[int, datetime]) -> dict[str, str]:
    user = deed.user[0]
    if deed.kind == "run":
        return {
            "FileVersion": "-", "CommandLine": " ".join(deed.argv), "CurrentDirectory": deed.cwd, "User": user, "LogonId": str(deed.user[1]),
            "TerminalSessionId": "0", "IntegrityLevel": "no level", "Hashes": "-", "ParentProcessGuid": _guid(host, deed.ppid, starts),
            "ParentProcessId": str(deed.ppid), "ParentImage": host.running.get(deed.ppid, "-"),
            "ParentCommandLine": host.lines.get(deed.ppid, "-"), "ParentUser": user,
        }  # fmt: skip
    if deed.peer[0]:
        mine, theirs = (host.ip, 40000 + deed.pid % 20000), deed.peer
        outgoing = deed.kind == "connect"
        source, target = (mine, theirs) if outgoing else ((theirs[0], 51234), (host.ip, theirs[1]))
        return {"User": user, "Protocol": "tcp", "Initiated": str(outgoing).lower(), "SourceIsIpv6": "false", "SourceIp": source[0],
                "SourceHostname": "-", "SourcePort": str(source[1]), "DestinationIsIpv6": "false", "DestinationIp": target[0],
                "DestinationHostname": "-", "DestinationPort": str(target[1])}  # fmt: skip
    return {"TargetFilename": deed.path, "CreationUtcTime": f"{deed.time:%Y-%m-%d %H:%M:%S}.000", "User": user}


def sysmon_syslog(host: Host) -> str:
    """Sysmon's events as rsyslog writes them to a file."""
    stamps = ((t, m) for t, m in sysmon_messages(host))
    return "".join(f"{t:%b} {t.day:2d} {t:%H:%M:%S} {host.name} sysmon: {m}\n" for t, m in stamps)


def auoms_messages(host: Host) -> list[tuple[datetime, str]]:
    """Program starts as Microsoft's audit collector joins them: one record each."""
    out = []
    for n, deed in enumerate((d for d in host.ordered() if d.kind == "run"), 70000):
        user, uid = deed.user
        line = " ".join(deed.argv).replace('"', '\\"')
        out.append((deed.time, (
            f"type=AUOMS_EXECVE audit({deed.time.timestamp():.3f}:{n}): arch=x86_64 syscall=execve success=yes exit=0 a0=55d a1=7ffc a2=10 "
            f"items=2 ppid={deed.ppid} pid={deed.pid} auid=4294967295 user={user} uid={uid} group={user} gid={uid} effective_user={user} "
            f'euid={uid} set_user={user} suid={uid} filesystem_user={user} fsuid={uid} tty=(none) ses=-1 comm="{deed.exe.rsplit("/", 1)[-1]}" '
            f'exe="{deed.exe}" key="execve" cwd="{deed.cwd}" name="{deed.exe}" nametype=NORMAL cmdline="{line}" containerid='
        )))  # fmt: skip
    return out


def workspace_rows(host: Host, messages: list[tuple[datetime, str]], program: str) -> list[Tree]:
    """Rows of a Log Analytics workspace's table `Syslog`."""
    return [
        {
            "TenantId": "5f0b2a44-1c11-4be0-9f0c-7d2b6f4c9a10", "SourceSystem": "Linux", "TimeGenerated": zulu(t + timedelta(seconds=1), 3),
            "MG": "00000000-0000-0000-0000-000000000002", "Computer": host.name, "EventTime": zulu(t), "Facility": "user", "HostName": host.name,
            "SeverityLevel": "info", "SyslogMessage": m, "ProcessID": 980, "HostIP": host.ip, "ProcessName": program, "Type": "Syslog",
        }
        for t, m in messages
    ]  # fmt: skip


def json_lines(rows: list[Tree]) -> str:
    """One object a line."""
    return "".join(json.dumps(r) + "\n" for r in rows)
