"""What Windows hosts do all day beside an incident: services, updaters, maintenance, browsers, administrators, collection."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

from ..making import Day
from .machine import CMD, PS, SYS32, SYSTEM_USER, Machine, Proc

EDGE = "C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe"
SITES = (("www.bing.com", "204.79.197.200"), ("edge.microsoft.com", "13.107.21.239"), ("www.contoso-news.test", "198.18.4.20"),
         ("settings-win.data.microsoft.com", "51.104.136.2"))  # fmt: skip
DOMAIN_CONTROLLER = "10.31.0.5"


def furnish(m: Machine, user: str = "", server: bool = False) -> None:
    """The programs that run on every host."""
    for name in ("lsass", "services", "svchost", "winlogon", "csrss", "taskhostw", "spoolsv"):
        m.boot(name, f"{SYS32}{name}.exe", command=f"{SYS32}svchost.exe -k netsvcs -p" if name == "svchost" else "")
    m.boot("System", "System")
    m.boot("dcom", SYS32 + "svchost.exe", command=f"{SYS32}svchost.exe -k DcomLaunch -p")
    m.boot("wmiprvse", SYS32 + "wbem\\WmiPrvSE.exe", command=f"{SYS32}wbem\\wmiprvse.exe -secured -Embedding")
    m.boot("defender", "C:\\ProgramData\\Microsoft\\Windows Defender\\Platform\\4.18.24\\MsMpEng.exe")
    if user:
        m.boot("explorer", "C:\\Windows\\explorer.exe", user)
        m.boot("edge", EDGE, user)
        m.boot(
            "onedrive",
            f"C:\\Users\\{user.rsplit(chr(92), maxsplit=1)[-1]}\\AppData\\Local\\Microsoft\\OneDrive\\OneDrive.exe",
            user,
        )
    m.boot("agent", "C:\\Program Files\\Monitoring Agent\\healthservice.exe")


def ordinary(m: Machine, day: Day, dice: random.Random, start: str, end: str, count: int) -> None:
    """`count` ordinary deeds between two clocks; about 1.8 records each where both logs are kept."""
    deeds = [
        _handles,
        _libraries,
        _keys,
        _service_host,
        _updater,
        _files,
        _health,
        _pipes,
        _logons,
        _privileges,
        _script,
    ]
    if "edge" in m.procs:
        deeds += [_browse, _browse, _prefetch]
    for at in day.spread(dice, start, end, count):
        dice.choice(deeds)(m, at, dice)


def _handles(m: Machine, at: datetime, dice: random.Random) -> None:
    actor = m.procs[dice.choice(("svchost", "csrss", "defender", "wmiprvse", "dcom"))]
    target = m.procs[dice.choice(("lsass", "svchost", "services", "agent"))]
    m.accessed(at, actor, target, dice.choice(("0x1000", "0x1400", "0x1478", "0x3000")))


def _libraries(m: Machine, at: datetime, dice: random.Random) -> None:
    m.loaded(
        at,
        m.procs["svchost"],
        SYS32 + dice.choice(("bcrypt.dll", "wbemcomn.dll", "rpcrt4.dll", "netapi32.dll", "samcli.dll")),
    )


def _keys(m: Machine, at: datetime, dice: random.Random) -> None:
    key = f"HKLM\\System\\CurrentControlSet\\Services\\{dice.choice(('bam', 'W32Time', 'Tcpip', 'Dnscache'))}\\State\\{dice.randrange(99)}"
    m.registry(
        at,
        m.procs["svchost"],
        key,
        f"QWORD (0x01d{dice.randrange(9)}a212-0x{dice.getrandbits(32):08x})" if dice.random() < 0.7 else "",
    )


def _service_host(m: Machine, at: datetime, dice: random.Random) -> None:
    name = dice.choice(("wuauserv", "BITS", "StateRepository", "ClipSVC", "gpsvc"))
    m.run(
        at,
        SYS32 + "svchost.exe",
        f"{SYS32}svchost.exe -k netsvcs -p -s {name}",
        m.procs["services"],
        SYSTEM_USER,
        lasts=60,
    )


def _updater(m: Machine, at: datetime, dice: random.Random) -> None:
    image = "C:\\Program Files (x86)\\Google\\Update\\GoogleUpdate.exe"
    p = m.run(at, image, f'"{image}" /ua /installsource scheduler', m.procs["svchost"], SYSTEM_USER, lasts=9)
    m.net(at + timedelta(seconds=1), p, "142.250.72.99", 443, "update.googleapis.com")


def _files(m: Machine, at: datetime, dice: random.Random) -> None:
    m.wrote(at, m.procs["svchost"], f"C:\\Windows\\Temp\\{dice.getrandbits(32):08x}.tmp")


def _health(m: Machine, at: datetime, dice: random.Random) -> None:
    line = dice.choice(
        (
            'C:\\Windows\\system32\\cscript.exe /nologo "DiscoverWindowsInfo.vbs" {D2F1}',
            "C:\\Windows\\system32\\ipconfig.exe /all",
        )
    )
    image = SYS32 + ("cscript.exe" if "cscript" in line else "ipconfig.exe")
    m.run(at, image, line, m.procs["agent"], SYSTEM_USER)
    m.net(at + timedelta(seconds=1), m.procs["agent"], "10.31.0.40", 5723, "scom.corp.test")


def _pipes(m: Machine, at: datetime, dice: random.Random) -> None:
    m.pipe(at, m.procs["svchost"], dice.choice(("\\wkssvc", "\\srvsvc", "\\lsass", "\\ntsvcs")), created=False)


def _logons(m: Machine, at: datetime, dice: random.Random) -> None:
    m.logon(at, f"{m.domain}\\{m.name}$", dice.choice((3, 5)), dice.choice(("-", "::1", DOMAIN_CONTROLLER)))


def _privileges(m: Machine, at: datetime, dice: random.Random) -> None:
    m.security(at, 4672, SYSTEM_USER, PrivilegeList="SeAssignPrimaryTokenPrivilege\r\n\t\t\tSeTcbPrivilege")


def _script(m: Machine, at: datetime, dice: random.Random) -> None:
    m.script(
        at,
        dice.choice(
            (
                "prompt",
                "{ Set-StrictMode -Version 1; $_.ErrorCategory_Message }",
                "Get-CimInstance Win32_LogicalDisk | Select-Object DeviceID, FreeSpace",
            )
        ),
    )


def _browse(m: Machine, at: datetime, dice: random.Random) -> None:
    name, ip = dice.choice(SITES)
    m.dns_query(at, m.procs["edge"], name, ip)
    m.net(at + timedelta(milliseconds=40), m.procs["edge"], ip, 443, name)


def _prefetch(m: Machine, at: datetime, dice: random.Random) -> None:
    p = m.run(
        at,
        EDGE,
        f'"{EDGE}" --type=renderer --lang=en-US --renderer-client-id={dice.randrange(400)}',
        m.procs["edge"],
        lasts=40,
    )
    user = p.user.split("\\")[-1]
    m.wrote(
        at + timedelta(seconds=2),
        p,
        f"C:\\Users\\{user}\\AppData\\Local\\Microsoft\\Edge\\User Data\\Default\\Cache\\f_{dice.randrange(99999):06x}",
    )


def maintenance(m: Machine, at: datetime) -> None:
    """The nightly jobs: an inventory script by a task, a clean-up, a defragmentation, and a backup."""
    job = m.start(
        at,
        PS,
        'powershell.exe -NoProfile -ExecutionPolicy Bypass -File "C:\\Program Files\\Inventory\\collect.ps1"',
        m.procs["svchost"],
        SYSTEM_USER,
    )
    m.script(
        at + timedelta(seconds=1),
        "Get-ItemProperty HKLM:\\Software\\Microsoft\\Windows\\CurrentVersion\\Uninstall\\* | Select DisplayName, DisplayVersion | Export-Csv \\\\fs01\\inventory$\\host.csv",
        job,
        "C:\\Program Files\\Inventory\\collect.ps1",
    )
    m.run(at + timedelta(seconds=3), SYS32 + "systeminfo.exe", "systeminfo.exe /fo csv", job)
    m.stop(at + timedelta(seconds=8), job)
    m.run(at + timedelta(seconds=30), SYS32 + "Defrag.exe", "defrag.exe -c -h -o -$", m.procs["svchost"], SYSTEM_USER)
    m.run(
        at + timedelta(seconds=55),
        SYS32 + "cleanmgr.exe",
        "cleanmgr.exe /autoclean /d C:",
        m.procs["svchost"],
        SYSTEM_USER,
    )


def administrator(m: Machine, at: datetime, admin: str, ip: str) -> None:
    """An administrator's own work on this host: a desktop logon, a console, a few questions, a service restarted."""
    m.logon(at, admin, 10, ip, package="Negotiate")
    m.security(at + timedelta(seconds=1), 4672, admin, PrivilegeList="SeSecurityPrivilege\r\n\t\t\tSeBackupPrivilege")
    desk = m.start(
        at + timedelta(seconds=4),
        "C:\\Windows\\explorer.exe",
        "C:\\Windows\\Explorer.EXE",
        m.procs["winlogon"],
        admin,
        "High",
    )
    shell = m.start(at + timedelta(seconds=20), CMD, '"C:\\Windows\\system32\\cmd.exe"', desk)
    for n, line in enumerate(
        ("ipconfig /all", "net start", "tasklist /svc", "sc query spooler", "net stop spooler", "net start spooler")
    ):
        m.run(at + timedelta(seconds=30 + 9 * n), f"{SYS32}{line.split()[0]}.exe", line, shell)
    m.stop(at + timedelta(seconds=120), shell)


def collection(m: Machine, at: datetime, user: str) -> Proc:
    """The lab's own collection when all is over: a trace stopped, logs exported."""
    parent = m.procs.get("explorer", m.procs["svchost"])
    shell = m.start(at, PS, '"C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe"', parent, user, "High")
    m.run(at + timedelta(seconds=10), SYS32 + "netsh.exe", '"C:\\Windows\\system32\\netsh.exe" trace stop', shell)
    for n, log in enumerate(("Security", "System", "Microsoft-Windows-Sysmon/Operational")):
        out = log.rsplit("/", 1)[0].rsplit("-", 1)[-1]
        m.run(
            at + timedelta(seconds=20 + n),
            SYS32 + "wevtutil.exe",
            f'"C:\\Windows\\system32\\wevtutil.exe" epl {log} C:\\collect\\{out}.evtx',
            shell,
        )
    return shell
