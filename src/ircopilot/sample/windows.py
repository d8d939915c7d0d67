"""A Windows machine of the sample, and the records that Sysmon, Security, PowerShell and System write of its life.

Field names and their order follow Microsoft's event manifests (Sysmon schema 4.90; Security auditing of Windows 10).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ircopilot.sample.dice import Dice
from ircopilot.sample.world import DNS_SUFFIX, RESOLVER, SYSTEM, Flow, User, World, hashes_of, iso

SYSMON = "Microsoft-Windows-Sysmon/Operational"
POWERSHELL = "Microsoft-Windows-PowerShell/Operational"


@dataclass(frozen=True, slots=True)
class WindowsRecord:
    """One event: true time in seconds, channel, id and the event's own fields, whatever layout it is exported in."""

    time: float
    channel: str
    event_id: int
    data: dict[str, str]


@dataclass(frozen=True, slots=True)
class Process:
    """A running program."""

    pid: int
    guid: str
    image: str
    command: str
    user: User


@dataclass(slots=True)
class Machine:
    """A host that records what happens on it. While `malicious` is set, what it records is the attacker's doing."""

    name: str
    ip: str
    world: World
    dice: Dice
    malicious: bool = False
    records: list[WindowsRecord] = field(default_factory=list)
    running: dict[str, Process] = field(default_factory=dict)
    _next_pid: int = 1000
    _next_port: int = 49700

    @property
    def fqdn(self) -> str:
        """The host's full name."""
        return f"{self.name}.{DNS_SUFFIX}"

    def record(self, time: float, channel: str, event_id: int, data: dict[str, str]) -> None:
        """Write one event."""
        self.world.count(self.malicious)
        self.records.append(WindowsRecord(time, channel, event_id, data))

    def sysmon(self, time: float, event_id: int, data: dict[str, str]) -> None:
        """Write one Sysmon event, its common first fields added."""
        self.record(time, SYSMON, event_id, {"RuleName": "-", "UtcTime": iso(time, separator=" ", end=""), **data})

    def process(self, time: float, image: str, user: User, command: str = "") -> Process:
        """A new process identity, without a record of its start."""
        self._next_pid += 4 * self.dice.number(1, 9)
        high, low = divmod(int(time), 1 << 16)
        guid = f"{{{_host_part(self.name)}-{low:04x}-{high:04x}-{self._next_pid:04x}-000000000{self.dice.hex(3)}}}"
        return Process(self._next_pid, guid, image, command or f'"{image}"', user)

    def port(self) -> int:
        """The next ephemeral port."""
        self._next_port = 49700 + (self._next_port - 49700 + self.dice.number(1, 3)) % 15000
        return self._next_port


def _host_part(name: str) -> str:
    return hashes_of(name)["MD5"][:8].lower()


def hash_list(path: str) -> str:
    """The Hashes field of Sysmon."""
    return ",".join(f"{name}={value}" for name, value in hashes_of(path).items())


def start(m: Machine, time: float, image: str, command: str, parent: Process, user: User, **about: str) -> Process:
    """A process starts: Sysmon 1 and Security 4688. `about` may give level, company, product, directory, original."""
    p = m.process(time, image, user, command)
    name = image.rsplit("\\", 1)[-1]
    level = about.get("level", "System" if user is SYSTEM else "Medium")
    m.sysmon(time, 1, {
        "ProcessGuid": p.guid, "ProcessId": str(p.pid), "Image": image,
        "FileVersion": about.get("version", "10.0.19041.1"), "Description": about.get("description", name),
        "Product": about.get("product", "Microsoft® Windows® Operating System"),
        "Company": about.get("company", "Microsoft Corporation"), "OriginalFileName": about.get("original", name),
        "CommandLine": command, "CurrentDirectory": about.get("directory", "C:\\Windows\\system32\\"),
        "User": user.account, "LogonGuid": f"{{{_host_part(m.name)}-0000-0000-0000-0000{user.rid:08x}}}",
        "LogonId": user.logon_id, "TerminalSessionId": "0" if user is SYSTEM else "1", "IntegrityLevel": level,
        "Hashes": hash_list(image), "ParentProcessGuid": parent.guid, "ParentProcessId": str(parent.pid),
        "ParentImage": parent.image, "ParentCommandLine": parent.command, "ParentUser": parent.user.account,
    })  # fmt: skip
    m.record(time + 0.003, "Security", 4688, {
        **_subject(user), "NewProcessId": hex(p.pid), "NewProcessName": image, "TokenElevationType": "%%1936",
        "ProcessId": hex(parent.pid), "CommandLine": command, "TargetUserSid": "S-1-0-0", "TargetUserName": "-",
        "TargetDomainName": "-", "TargetLogonId": "0x0", "ParentProcessName": parent.image,
        "MandatoryLabel": {"High": "S-1-16-12288", "System": "S-1-16-16384"}.get(level, "S-1-16-8192"),
    })  # fmt: skip
    return p


def stop(m: Machine, time: float, p: Process) -> None:
    """A process ends: Sysmon 5 and Security 4689."""
    m.sysmon(time, 5, {
        "ProcessGuid": p.guid, "ProcessId": str(p.pid), "Image": p.image, "User": p.user.account,
    })  # fmt: skip
    m.record(time + 0.002, "Security", 4689, {
        **_subject(p.user), "Status": "0x0", "ProcessId": hex(p.pid), "ProcessName": p.image,
    })  # fmt: skip


def connect(m: Machine, time: float, p: Process, flow: Flow, name: str = "-") -> None:
    """A process connects: Sysmon 3, Security 5156 and a flow on the wire. `flow.time` is `time`."""
    m.world.flows.append(flow)
    m.sysmon(time, 3, {
        "ProcessGuid": p.guid, "ProcessId": str(p.pid), "Image": p.image, "User": p.user.account,
        "Protocol": flow.proto, "Initiated": "true", "SourceIsIpv6": "false", "SourceIp": flow.orig_h,
        "SourceHostname": m.fqdn, "SourcePort": str(flow.orig_p), "SourcePortName": "-",
        "DestinationIsIpv6": "false", "DestinationIp": flow.resp_h, "DestinationHostname": name,
        "DestinationPort": str(flow.resp_p), "DestinationPortName": "https" if flow.resp_p == 443 else "-",
    })  # fmt: skip
    m.record(time + 0.001, "Security", 5156, {
        "ProcessID": str(p.pid), "Application": "\\device\\harddiskvolume3" + p.image[2:].lower(),
        "Direction": "%%14593", "SourceAddress": flow.orig_h, "SourcePort": str(flow.orig_p),
        "DestAddress": flow.resp_h, "DestPort": str(flow.resp_p), "Protocol": "6" if flow.proto == "tcp" else "17",
        "FilterRTID": "69412", "LayerName": "%%14611", "LayerRTID": "48", "RemoteUserID": "S-1-0-0",
        "RemoteMachineID": "S-1-0-0",
    })  # fmt: skip


def resolve(m: Machine, time: float, p: Process, name: str, answer: str) -> None:
    """A process asks the resolver for a name: Sysmon 22, and the query on the wire."""
    m.sysmon(time + 0.02, 22, {
        "ProcessGuid": p.guid, "ProcessId": str(p.pid), "QueryName": name, "QueryStatus": "0" if answer else "9003",
        "QueryResults": f"::ffff:{answer};" if answer else "-", "Image": p.image, "User": p.user.account,
    })  # fmt: skip
    row = (("query", name), ("answer", answer))
    m.world.flows.append(
        Flow(time, m.ip, m.port(), RESOLVER, 53, "udp", "dns", 0.012, 44, 60, malicious=m.malicious,
             extra=(("dns", row),))
    )  # fmt: skip


def wrote(m: Machine, time: float, p: Process, path: str) -> None:
    """A process creates a file: Sysmon 11."""
    m.sysmon(time, 11, {
        "ProcessGuid": p.guid, "ProcessId": str(p.pid), "Image": p.image, "TargetFilename": path,
        "CreationUtcTime": iso(time - 0.004, separator=" ", end=""), "User": p.user.account,
    })  # fmt: skip


def marked(m: Machine, time: float, p: Process, path: str, contents: str) -> None:
    """The mark of the web, or the file's own stream: Sysmon 15."""
    file = path.removesuffix(":Zone.Identifier")
    m.sysmon(time, 15, {
        "ProcessGuid": p.guid, "ProcessId": str(p.pid), "Image": p.image, "TargetFilename": path,
        "CreationUtcTime": iso(time - 2.2, separator=" ", end=""), "Hash": hash_list(file),
        "Contents": contents, "User": p.user.account,
    })  # fmt: skip


def deleted(m: Machine, time: float, p: Process, path: str) -> None:
    """A process deletes a file: Sysmon 23."""
    m.sysmon(time, 23, {
        "ProcessGuid": p.guid, "ProcessId": str(p.pid), "User": p.user.account, "Image": p.image,
        "TargetFilename": path, "Hashes": hash_list(path), "IsExecutable": "false", "Archived": "true",
    })  # fmt: skip


def registry(m: Machine, time: float, p: Process, key: str, details: str = "") -> None:
    """A registry key is made (Sysmon 12), or a value set to `details` (Sysmon 13)."""
    kind = {"EventType": "SetValue"} if details else {"EventType": "CreateKey"}
    data = {
        **kind, "ProcessGuid": p.guid, "ProcessId": str(p.pid), "Image": p.image, "TargetObject": key,
    }  # fmt: skip
    if details:
        data["Details"] = details
    m.sysmon(time, 13 if details else 12, {**data, "User": p.user.account})


def loaded(m: Machine, time: float, p: Process, library: str, signer: str = "Microsoft Windows") -> None:
    """A process loads a library: Sysmon 7."""
    name = library.rsplit("\\", 1)[-1]
    m.sysmon(time, 7, {
        "ProcessGuid": p.guid, "ProcessId": str(p.pid), "Image": p.image, "ImageLoaded": library,
        "FileVersion": "10.0.19041.3636", "Description": name, "Product": "Microsoft® Windows® Operating System",
        "Company": "Microsoft Corporation" if signer else "-", "OriginalFileName": name,
        "Hashes": hash_list(library), "Signed": "true" if signer else "false", "Signature": signer or "-",
        "SignatureStatus": "Valid" if signer else "Unavailable", "User": p.user.account,
    })  # fmt: skip


def accessed(m: Machine, time: float, p: Process, target: Process, access: str, trace: str) -> None:
    """A process opens another: Sysmon 10."""
    m.sysmon(time, 10, {
        "SourceProcessGUID": p.guid, "SourceProcessId": str(p.pid), "SourceThreadId": str(p.pid + 16),
        "SourceImage": p.image, "TargetProcessGUID": target.guid, "TargetProcessId": str(target.pid),
        "TargetImage": target.image, "GrantedAccess": access, "CallTrace": trace, "SourceUser": p.user.account,
        "TargetUser": target.user.account,
    })  # fmt: skip


def thread_in(m: Machine, time: float, p: Process, target: Process, module: str, function: str) -> None:
    """A process starts a thread in another: Sysmon 8."""
    m.sysmon(time, 8, {
        "SourceProcessGuid": p.guid, "SourceProcessId": str(p.pid), "SourceImage": p.image,
        "TargetProcessGuid": target.guid, "TargetProcessId": str(target.pid), "TargetImage": target.image,
        "NewThreadId": str(target.pid + 404), "StartAddress": f"0x00007FF{m.dice.hex(9).upper()}",
        "StartModule": module, "StartFunction": function, "SourceUser": p.user.account,
        "TargetUser": target.user.account,
    })  # fmt: skip


def _subject(user: User) -> dict[str, str]:
    return {
        "SubjectUserSid": user.sid, "SubjectUserName": user.name, "SubjectDomainName": user.domain,
        "SubjectLogonId": user.logon_id,
    }  # fmt: skip


def logon(m: Machine, time: float, user: User, kind: int, source: str, port: int = 0, failed: bool = False) -> None:
    """Somebody logs on (4624), or fails to (4625). `kind` is the logon type, `source` an address or `-`."""
    who = {"TargetUserSid": user.sid, "TargetUserName": user.name, "TargetDomainName": user.domain}
    where = {"WorkstationName": "-" if kind == 5 else m.name, "IpAddress": source, "IpPort": str(port)}
    how = {"LogonType": str(kind), "LogonProcessName": "Kerberos" if kind == 3 else "Advapi",
           "AuthenticationPackageName": "Kerberos" if kind == 3 else "Negotiate"}  # fmt: skip
    if failed:
        status = {"Status": "0xc000006d", "FailureReason": "%%2313", "SubStatus": "0xc000006a"}
        m.record(time, "Security", 4625, {**_subject(SYSTEM), **who, **status, **how, **where, "ProcessId": "0x2ac"})
        return
    m.record(time, "Security", 4624, {
        **_subject(SYSTEM), **who, "TargetLogonId": user.logon_id, **how, "LogonGuid": f"{{{m.dice.guid()}}}",
        "KeyLength": "0", "ProcessId": "0x2ac", "ProcessName": "C:\\Windows\\System32\\lsass.exe", **where,
        "ImpersonationLevel": "%%1833", "ElevatedToken": "%%1842",
    })  # fmt: skip


def privileges(m: Machine, time: float, user: User) -> None:
    """A logon gets special privileges: 4672."""
    names = ("SeSecurityPrivilege", "SeBackupPrivilege", "SeRestorePrivilege", "SeDebugPrivilege")
    m.record(time, "Security", 4672, {**_subject(user), "PrivilegeList": "\n\t\t\t".join(names)})


def explicit_logon(m: Machine, time: float, p: Process, user: User, server: str, address: str) -> None:
    """A process logs on elsewhere with credentials given to it: 4648."""
    m.record(time, "Security", 4648, {
        **_subject(p.user), "LogonGuid": f"{{{m.dice.guid()}}}", "TargetUserName": user.name,
        "TargetDomainName": user.domain, "TargetServerName": server, "TargetInfo": f"cifs/{server}",
        "ProcessId": hex(p.pid), "ProcessName": p.image, "IpAddress": address, "IpPort": "445",
    })  # fmt: skip


def script(m: Machine, time: float, text: str, path: str = "") -> None:
    """PowerShell compiles a script block: 4104."""
    m.record(time, POWERSHELL, 4104, {
        "MessageNumber": "1", "MessageTotal": "1", "ScriptBlockText": text, "ScriptBlockId": m.dice.guid(),
        "Path": path,
    })  # fmt: skip


def service_installed(m: Machine, time: float, name: str, image: str, start_type: str = "demand start") -> None:
    """The service control manager gets a new service: System 7045."""
    m.record(time, "System", 7045, {
        "ServiceName": name, "ImagePath": image, "ServiceType": "user mode service", "StartType": start_type,
        "AccountName": "LocalSystem",
    })  # fmt: skip
