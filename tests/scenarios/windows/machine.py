"""Windows hosts that write down what happens on them, with the fields that Microsoft's event manifests give each event.

Sources: Sysmon event manifest 4.90; Security auditing, PowerShell and System manifests of Windows 10 and Server 2019.
"""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta

SYSMON = "Microsoft-Windows-Sysmon/Operational"
POWERSHELL = "Microsoft-Windows-PowerShell/Operational"
MS = timedelta(milliseconds=1)
SYS32 = "C:\\Windows\\System32\\"
SYSTEM_USER = "NT AUTHORITY\\SYSTEM"
PS = SYS32 + "WindowsPowerShell\\v1.0\\powershell.exe"
CMD = SYS32 + "cmd.exe"


@dataclass(frozen=True, slots=True)
class Record:
    """One event of a host."""

    time: datetime
    channel: str
    code: int
    data: dict[str, str]


@dataclass(frozen=True, slots=True)
class Proc:
    """A running program."""

    pid: int
    guid: str
    image: str
    command: str
    user: str
    level: str = "Medium"


def digest(path: str, algorithm: str) -> str:
    """The made-up hash of a file, the same wherever it is named by the same base name."""
    return hashlib.new(algorithm, path.rsplit("\\", 1)[-1].lower().encode()).hexdigest().upper()


def hashes(path: str) -> str:
    """Sysmon's Hashes."""
    return ",".join(f"{n}={digest(path, n.lower())}" for n in ("SHA1", "MD5", "SHA256"))


@dataclass(slots=True)
class Machine:
    """A host. `sysmon` and `audit` say which of the two write down processes, files and connections."""

    name: str
    ip: str
    domain: str
    dns: str
    sysmon: bool = True
    audit: bool = True
    records: list[Record] = field(default_factory=list)
    procs: dict[str, Proc] = field(default_factory=dict)
    sessions: dict[str, str] = field(default_factory=dict)
    _pid: int = 3000
    _port: int = 49800

    @property
    def fqdn(self) -> str:
        """Full name."""
        return f"{self.name}.{self.dns}"

    def event(self, at: datetime, channel: str, code: int, data: dict[str, str]) -> None:
        """Write any event."""
        self.records.append(Record(at, channel, code, data))

    def _sysmon(self, at: datetime, code: int, data: dict[str, str]) -> None:
        if self.sysmon:
            stamp = f"{at:%Y-%m-%d %H:%M:%S}.{at.microsecond // 1000:03d}"
            self.event(at, SYSMON, code, {"RuleName": "-", "UtcTime": stamp, **data})

    def _proc(self, at: datetime, image: str, command: str, user: str, level: str) -> Proc:
        self._pid += 4 * (1 + len(image) % 7)
        seed = hashlib.md5(self.name.encode(), usedforsecurity=False).hexdigest()[:8]
        guid = f"{{{seed}-{int(at.timestamp()) & 0xFFFF:04x}-{int(at.timestamp()) >> 16 & 0xFFFF:04x}-{self._pid & 0xFFFF:04x}-0000000003e7}}"
        return Proc(self._pid, guid, image, command, user, level)

    def boot(self, name: str, image: str, user: str = SYSTEM_USER, command: str = "") -> Proc:
        """A program that runs since before the evidence, known by `name`."""
        start = datetime.fromisoformat("2024-01-01T00:00:00+00:00")
        self.procs[name] = self._proc(
            start, image, command or image, user, "System" if user == SYSTEM_USER else "Medium"
        )
        return self.procs[name]

    def start(
        self, at: datetime, image: str, command: str, parent: Proc, user: str = "", level: str = "", original: str = ""
    ) -> Proc:
        """A program starts: Sysmon 1 and Security 4688."""
        user = user or parent.user
        p = self._proc(at, image, command, user, level or ("System" if user == SYSTEM_USER else parent.level))
        base = image.rsplit("\\", 1)[-1]
        self._sysmon(at, 1, {
            "ProcessGuid": p.guid, "ProcessId": str(p.pid), "Image": image, "FileVersion": "10.0.19041.1", "Description": base,
            "Product": "-", "Company": "-", "OriginalFileName": original or base, "CommandLine": command,
            "CurrentDirectory": "C:\\Windows\\system32\\", "User": user, "LogonId": self._session(user),
            "TerminalSessionId": "1", "IntegrityLevel": p.level, "Hashes": hashes(image), "ParentProcessGuid": parent.guid,
            "ParentProcessId": str(parent.pid), "ParentImage": parent.image, "ParentCommandLine": parent.command, "ParentUser": parent.user,
        })  # fmt: skip
        if self.audit:
            self.event(at + 2 * MS, "Security", 4688, {
                **self.subject(user), "NewProcessId": hex(p.pid), "NewProcessName": image, "TokenElevationType": "%%1938",
                "ProcessId": hex(parent.pid), "CommandLine": command, "TargetUserSid": "S-1-0-0", "TargetUserName": "-",
                "TargetDomainName": "-", "TargetLogonId": "0x0", "ParentProcessName": parent.image, "MandatoryLabel": "S-1-16-8192",
            })  # fmt: skip
        return p

    def stop(self, at: datetime, p: Proc) -> None:
        """It ends: Sysmon 5 and Security 4689."""
        self._sysmon(at, 5, self._of(p))
        if self.audit:
            self.event(
                at + MS,
                "Security",
                4689,
                {**self.subject(p.user), "Status": "0x0", "ProcessId": hex(p.pid), "ProcessName": p.image},
            )

    def run(
        self, at: datetime, image: str, command: str, parent: Proc, user: str = "", level: str = "", lasts: float = 0.4
    ) -> Proc:
        """A program that ends at once."""
        p = self.start(at, image, command, parent, user, level)
        self.stop(at + timedelta(seconds=lasts), p)
        return p

    def _of(self, p: Proc) -> dict[str, str]:
        return {"ProcessGuid": p.guid, "ProcessId": str(p.pid), "Image": p.image, "User": p.user}

    def net(self, at: datetime, p: Proc, ip: str, port: int, name: str = "-", inbound: bool = False) -> None:
        """A connection: Sysmon 3 and Security 5156."""
        self._port += 1
        ends = [self.ip, str(self._port), ip, str(port)] if not inbound else [ip, str(self._port), self.ip, str(port)]
        self._sysmon(at, 3, {
            **self._of(p), "Protocol": "tcp", "Initiated": str(not inbound).lower(), "SourceIsIpv6": "false", "SourceIp": ends[0],
            "SourceHostname": self.fqdn, "SourcePort": ends[1], "SourcePortName": "-", "DestinationIsIpv6": "false",
            "DestinationIp": ends[2], "DestinationHostname": name, "DestinationPort": ends[3], "DestinationPortName": "-",
        })  # fmt: skip
        if self.audit:
            mine = [self.ip, str(self._port if not inbound else port), ip, str(port if not inbound else self._port)]
            self.event(at + MS, "Security", 5156, {
                "ProcessID": str(p.pid), "Application": "\\device\\harddiskvolume2" + p.image[2:].lower(),
                "Direction": "%%14592" if inbound else "%%14593", "SourceAddress": mine[0], "SourcePort": mine[1], "DestAddress": mine[2],
                "DestPort": mine[3], "Protocol": "6", "FilterRTID": "70201", "LayerName": "%%14611", "LayerRTID": "48",
            })  # fmt: skip

    def dns_query(self, at: datetime, p: Proc, name: str, answer: str) -> None:
        """Sysmon 22."""
        self._sysmon(
            at, 22, {**self._of(p), "QueryName": name, "QueryStatus": "0", "QueryResults": f"::ffff:{answer};"}
        )

    def wrote(self, at: datetime, p: Proc, path: str) -> None:
        """Sysmon 11."""
        self._sysmon(at, 11, {**self._of(p), "TargetFilename": path, "CreationUtcTime": f"{at:%Y-%m-%d %H:%M:%S}.000"})

    def marked(self, at: datetime, p: Proc, path: str, url: str) -> None:
        """Sysmon 15: the file's own stream and the mark of the web."""
        self._sysmon(at, 15, {**self._of(p), "TargetFilename": path, "Hash": hashes(path), "Contents": "-"})
        zone = f"[ZoneTransfer]  ZoneId=3  ReferrerUrl={url.rsplit('/', 1)[0]}/  HostUrl={url}"
        self._sysmon(
            at + MS,
            15,
            {**self._of(p), "TargetFilename": path + ":Zone.Identifier", "Hash": hashes(url), "Contents": zone},
        )

    def deleted(self, at: datetime, p: Proc, path: str) -> None:
        """Sysmon 23."""
        self._sysmon(
            at,
            23,
            {**self._of(p), "TargetFilename": path, "Hashes": hashes(path), "IsExecutable": "true", "Archived": "true"},
        )

    def registry(self, at: datetime, p: Proc, key: str, details: str = "") -> None:
        """Sysmon 13 with details, 12 without."""
        kind = "SetValue" if details else "CreateKey"
        more = {"Details": details} if details else {}
        self._sysmon(at, 13 if details else 12, {"EventType": kind, **self._of(p), "TargetObject": key, **more})

    def loaded(self, at: datetime, p: Proc, path: str, signed: bool = True) -> None:
        """Sysmon 7."""
        self._sysmon(at, 7, {
            **self._of(p), "ImageLoaded": path, "FileVersion": "10.0.19041.1", "Description": "-", "OriginalFileName": path.rsplit("\\", 1)[-1],
            "Hashes": hashes(path), "Signed": str(signed).lower(), "Signature": "Microsoft Windows" if signed else "-",
            "SignatureStatus": "Valid" if signed else "Unavailable",
        })  # fmt: skip

    def accessed(self, at: datetime, p: Proc, target: Proc, rights: str, trace: str = "") -> None:
        """Sysmon 10."""
        plain = "C:\\Windows\\SYSTEM32\\ntdll.dll+9d1e4|C:\\Windows\\System32\\KERNELBASE.dll+2b8a3"
        self._sysmon(at, 10, {
            "SourceProcessGUID": p.guid, "SourceProcessId": str(p.pid), "SourceThreadId": "4410", "SourceImage": p.image,
            "TargetProcessGUID": target.guid, "TargetProcessId": str(target.pid), "TargetImage": target.image, "GrantedAccess": rights,
            "CallTrace": trace or plain, "SourceUser": p.user, "TargetUser": target.user,
        })  # fmt: skip

    def injected(self, at: datetime, p: Proc, target: Proc) -> None:
        """Sysmon 8."""
        self._sysmon(at, 8, {
            "SourceProcessGuid": p.guid, "SourceProcessId": str(p.pid), "SourceImage": p.image, "TargetProcessGuid": target.guid,
            "TargetProcessId": str(target.pid), "TargetImage": target.image, "NewThreadId": "7712", "StartAddress": "0x000001E2A4C10000",
            "StartModule": "-", "StartFunction": "-", "SourceUser": p.user, "TargetUser": target.user,
        })  # fmt: skip

    def pipe(self, at: datetime, p: Proc, name: str, created: bool = True) -> None:
        """Sysmon 17 or 18."""
        kind = "CreatePipe" if created else "ConnectPipe"
        self._sysmon(at, 17 if created else 18, {"EventType": kind, **self._of(p), "PipeName": name})

    def subscription(self, at: datetime, user: str, name: str, query: str, command: str) -> None:
        """Sysmon 19, 20 and 21: a filter, a consumer and their binding."""
        self._sysmon(
            at,
            19,
            {
                "EventType": "WmiFilterEvent",
                "Operation": "Created",
                "User": user,
                "EventNamespace": '"root\\\\cimv2"',
                "Name": f'"{name}"',
                "Query": f'"{query}"',
            },
        )
        self._sysmon(
            at + 90 * MS,
            20,
            {
                "EventType": "WmiConsumerEvent",
                "Operation": "Created",
                "User": user,
                "Name": f'"{name}"',
                "Type": "Command Line",
                "Destination": f'"{command}"',
            },
        )
        bound = {
            "Consumer": f'"CommandLineEventConsumer.Name=\\"{name}\\""',
            "Filter": f'"__EventFilter.Name=\\"{name}\\""',
        }
        self._sysmon(at + 160 * MS, 21, {"EventType": "WmiBindingEvent", "Operation": "Created", "User": user, **bound})

    def _session(self, user: str) -> str:
        return "0x3e7" if user == SYSTEM_USER else self.sessions.get(user, "0x4c2a1")

    def subject(self, user: str) -> dict[str, str]:
        """The Subject fields of a Security event."""
        domain, _, name = user.rpartition("\\")
        if user == SYSTEM_USER:
            return {
                "SubjectUserSid": "S-1-5-18",
                "SubjectUserName": f"{self.name}$",
                "SubjectDomainName": self.domain,
                "SubjectLogonId": "0x3e7",
            }
        rid = 1100 + int(hashlib.md5(name.encode(), usedforsecurity=False).hexdigest()[:2], 16)
        return {
            "SubjectUserSid": f"S-1-5-21-1004336348-1177238915-682003330-{rid}",
            "SubjectUserName": name,
            "SubjectDomainName": domain,
            "SubjectLogonId": self._session(user),
        }

    def security(self, at: datetime, code: int, user: str, **data: str) -> None:
        """A Security event of a subject."""
        self.event(at, "Security", code, {**self.subject(user), **data})

    def logon(
        self,
        at: datetime,
        user: str,
        kind: int,
        ip: str,
        failed: bool = False,
        workstation: str = "-",
        package: str = "Kerberos",
    ) -> None:
        """4624, or 4625."""
        domain, _, name = user.rpartition("\\")
        who = {
            "TargetUserSid": "S-1-0-0" if failed else self.subject(user)["SubjectUserSid"],
            "TargetUserName": name,
            "TargetDomainName": domain,
        }
        rest = {"LogonType": str(kind), "LogonProcessName": "NtLmSsp", "AuthenticationPackageName": package, "WorkstationName": workstation,
                "ProcessId": "0x0", "ProcessName": "-", "IpAddress": ip, "IpPort": str(50000 + len(self.records) % 9000)}  # fmt: skip
        if failed:
            self.security(
                at,
                4625,
                SYSTEM_USER,
                **who,
                Status="0xc000006d",
                FailureReason="%%2313",
                SubStatus="0xc000006a",
                **rest,
            )
        else:
            session = hex(0x51000 + len(self.records))
            if kind == 10:
                self.sessions[user] = session
            self.security(at, 4624, SYSTEM_USER, **who, TargetLogonId=session, **rest)

    def script(self, at: datetime, text: str, p: Proc | None = None, path: str = "") -> None:
        """PowerShell 4104; the process id stands in the header only."""
        block = random.Random(text).getrandbits(64)
        data = {
            "MessageNumber": "1",
            "MessageTotal": "1",
            "ScriptBlockText": text,
            "ScriptBlockId": f"{block:016x}",
            "Path": path,
        }
        if p:
            data["_pid"] = str(p.pid)
        self.event(at, POWERSHELL, 4104, data)

    def module(self, at: datetime, user: str, command: str, payload: str, p: Proc | None = None) -> None:
        """PowerShell 4103."""
        context = f"        Severity = Informational\r\n        Host Name = ConsoleHost\r\n        Command Name = {command}\r\n        User = {user}\r\n"
        self.event(
            at,
            POWERSHELL,
            4103,
            {"ContextInfo": context, "UserData": "", "Payload": payload} | ({"_pid": str(p.pid)} if p else {}),
        )

    def service(self, at: datetime, name: str, image: str, start: str = "demand start") -> None:
        """System 7045."""
        self.event(
            at,
            "System",
            7045,
            {
                "ServiceName": name,
                "ImagePath": image,
                "ServiceType": "user mode service",
                "StartType": start,
                "AccountName": "LocalSystem",
            },
        )

    def task(self, at: datetime, user: str, name: str, command: str, arguments: str = "") -> None:
        """Security 4698."""
        xml = (
            '<?xml version="1.0" encoding="UTF-16"?>\r\n<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">'
            f'\r\n  <Actions Context="Author">\r\n    <Exec>\r\n      <Command>{command}</Command>\r\n      <Arguments>{arguments}</Arguments>'
            "\r\n    </Exec>\r\n  </Actions>\r\n</Task>"
        )
        self.security(at, 4698, user, TaskName=name, TaskContent=xml)
