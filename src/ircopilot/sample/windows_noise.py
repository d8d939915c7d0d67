"""An ordinary morning on Windows machines: chatter, updaters, backups, browsing, forgotten passwords."""

from __future__ import annotations

from collections.abc import Callable

from ircopilot.sample.windows import (
    Machine,
    Process,
    accessed,
    connect,
    deleted,
    loaded,
    logon,
    privileges,
    registry,
    resolve,
    script,
    start,
    stop,
    thread_in,
    wrote,
)
from ircopilot.sample.world import NETWORK_SERVICE, SYSTEM, Flow, User, at

MORNING, NOON = at("07:00:00"), at("11:00:00")
SYSTEM32 = "C:\\Windows\\System32"
EDGE = "C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe"
EDGE_UPDATE = "C:\\Program Files (x86)\\Microsoft\\EdgeUpdate\\MicrosoftEdgeUpdate.exe"
BACKUP = "C:\\Program Files\\Northkeep Backup\\nkbackup.exe"
DEFENDER = "C:\\ProgramData\\Microsoft\\Windows Defender\\Platform\\4.18.24010.12-0\\MsMpEng.exe"
INVENTORY = "C:\\Program Files\\Tidemark\\InventoryAgent.exe"
OFFICE = "C:\\Program Files\\Microsoft Office\\root\\Office16"

# Where honest software goes: name, address.
SITES = (
    ("settings-win.data.microsoft.com", "192.0.2.41"), ("ctldl.windowsupdate.com", "192.0.2.42"),
    ("outlook.office365.com", "192.0.2.51"), ("teams.microsoft.com", "192.0.2.52"),
    ("news.daily-harbour.example", "192.0.2.77"), ("portal.freightline.example", "192.0.2.81"),
    ("erp.hollowbrook.example", "10.20.8.20"), ("intranet.hollowbrook.example", "10.20.8.21"),
    ("files.slack.com", "192.0.2.61"), ("packages.tidemark.example", "192.0.2.90"),
)  # fmt: skip
TRACE = "C:\\Windows\\SYSTEM32\\ntdll.dll+9d4c4|C:\\Windows\\System32\\KERNELBASE.dll+2c13e|"
LIBRARIES = ("kernel.appcore.dll", "bcrypt.dll", "cryptsp.dll", "wldp.dll", "uxtheme.dll", "fltLib.dll", "netapi32.dll")


def boot(m: Machine, user: User, *programs: str) -> None:
    """The processes that ran before the evidence begins. `programs` are images of the user's own."""
    before = at("05:30:00")
    for image in ("services.exe", "lsass.exe", "svchost.exe", "spoolsv.exe", "csrss.exe", "wininit.exe"):
        m.running[image] = m.process(before, f"{SYSTEM32}\\{image}", SYSTEM, f"{SYSTEM32}\\{image}")
    command = "svchost.exe -k NetworkService"
    m.running["netsvc"] = m.process(before, f"{SYSTEM32}\\svchost.exe", NETWORK_SERVICE, command)
    for image in (DEFENDER, INVENTORY, BACKUP):
        m.running[image.rsplit("\\", 1)[-1]] = m.process(before, image, SYSTEM)
    for image in ("C:\\Windows\\explorer.exe", *programs):
        m.running[image.rsplit("\\", 1)[-1]] = m.process(before + 4000, image, user)


def live(m: Machine, user: User, events: int) -> None:
    """About `events` records of an ordinary morning, from 07:00 to 11:00 UTC."""
    end = len(m.records) + events
    acts: tuple[Callable[[Machine, User, float], None], ...] = (
        _chatter, _chatter, _chatter, _chatter, _chatter, _libraries, _libraries, _settings, _settings, _files, _browse,
        _service_logon, _short_program,
    )  # fmt: skip
    _planned(m, user)
    while len(m.records) < end:
        m.dice.pick(acts)(m, user, m.dice.seconds(MORNING, NOON))


def _planned(m: Machine, user: User) -> None:
    """What happens by timetable: the updater each hour, the backup every quarter of an hour, a forgotten password."""
    for hour in range(4):
        _update(m, MORNING + 3600 * hour + m.dice.seconds(600, 900))
    for quarter in range(16):
        _backup(m, MORNING + 900 * quarter + m.dice.seconds(3, 9))
    for attempt in range(m.dice.number(1, 3)):
        logon(m, at("07:20:00") + 11 * attempt, user, 2, "127.0.0.1", failed=True)
    logon(m, at("07:21:00"), user, 2, "127.0.0.1")
    thread_in(m, at("07:40:02"), m.running["csrss.exe"], m.running["spoolsv.exe"],
              f"{SYSTEM32}\\KERNELBASE.dll", "CtrlRoutine")  # fmt: skip


def _chatter(m: Machine, user: User, time: float) -> None:
    """Software that looks at other processes all day: Sysmon 10, LSASS included, with harmless rights."""
    source = m.running[m.dice.pick(("MsMpEng.exe", "InventoryAgent.exe", "svchost.exe", "InventoryAgent.exe"))]
    targets = [p for name, p in sorted(m.running.items()) if p is not source]
    for step in range(m.dice.number(2, 6)):
        access = m.dice.pick(("0x1000", "0x1400", "0x1000", "0x101000"))
        trace = TRACE + f"{source.image}+{m.dice.hex(5)}"
        accessed(m, time + 0.05 * step, source, m.dice.pick(targets), access, trace)


def _libraries(m: Machine, user: User, time: float) -> None:
    p = m.dice.pick(sorted(m.running.values(), key=lambda q: q.pid))
    for step in range(m.dice.number(1, 4)):
        loaded(m, time + 0.01 * step, p, f"{SYSTEM32}\\{m.dice.pick(LIBRARIES)}")


def _settings(m: Machine, user: User, time: float) -> None:
    p = m.running[m.dice.pick(("svchost.exe", "services.exe", "explorer.exe"))]
    if p.image.endswith("explorer.exe"):
        recent = f"HKU\\{user.sid}\\Software\\Microsoft\\Windows\\CurrentVersion\\Explorer\\RecentDocs"
        registry(m, time, p, f"{recent}\\{m.dice.number(1, 150)}", "Binary Data")
        return
    key = f"HKLM\\System\\CurrentControlSet\\Services\\bam\\State\\UserSettings\\{user.sid}\\{m.dice.number(1, 90)}"
    registry(m, time, p, key)
    registry(m, time + 0.02, p, key + "\\SequenceNumber", f"DWORD (0x{m.dice.hex(8)})")


def _files(m: Machine, user: User, time: float) -> None:
    home = f"C:\\Users\\{user.name}\\AppData\\Local"
    p = m.running["explorer.exe"] if m.dice.fraction() < 0.3 else m.running["MsMpEng.exe"]
    folder = f"{home}\\Temp" if p.user is user else "C:\\ProgramData\\Microsoft\\Windows Defender\\Scans\\History"
    path = f"{folder}\\{m.dice.hex(8)}.{m.dice.pick(('tmp', 'log', 'dat'))}"
    wrote(m, time, p, path)
    if m.dice.fraction() < 0.25:
        deleted(m, time + 3, p, path)


def _browse(m: Machine, user: User, time: float) -> None:
    """A program asks for a name and speaks TLS with it."""
    name, address = m.dice.pick(SITES)
    p = m.running.get("msedge.exe") or m.running["svchost.exe"]
    resolve(m, time, p, name, address)
    talk(m, time + 0.1, p, name, address)


def talk(m: Machine, time: float, p: Process, name: str, address: str) -> None:
    """One TLS connection of an honest program."""
    hello = (("sni", name), ("subject", f"CN={name}"), ("issuer", "CN=Harbour Trust TLS CA 2,O=Harbour Trust"))
    sent, got = m.dice.number(600, 9000), m.dice.number(2000, 400000)
    flow = Flow(time, m.ip, m.port(), address, 443, "tcp", "ssl", m.dice.seconds(0.2, 90), sent, got,
                extra=(("ssl", hello),))  # fmt: skip
    connect(m, time, p, flow, name)


def _service_logon(m: Machine, user: User, time: float) -> None:
    logon(m, time, SYSTEM, 5, "-")
    privileges(m, time + 0.01, SYSTEM)


def _short_program(m: Machine, user: User, time: float) -> None:
    """Programs that come and go: brokers, hosts, office."""
    image, args = m.dice.pick((
        (f"{SYSTEM32}\\RuntimeBroker.exe", " -Embedding"), (f"{SYSTEM32}\\backgroundTaskHost.exe", " -ServerName:App"),
        (f"{SYSTEM32}\\conhost.exe", " 0xffffffff -ForceV1"), (f"{SYSTEM32}\\taskhostw.exe", " SYSTEM"),
        (f"{SYSTEM32}\\wbem\\WmiPrvSE.exe", " -secured -Embedding"), (f"{SYSTEM32}\\SearchProtocolHost.exe", " Global"),
    ))  # fmt: skip
    p = start(m, time, image, image + args, m.running["svchost.exe"], SYSTEM)
    loaded(m, time + 0.05, p, f"{SYSTEM32}\\{m.dice.pick(LIBRARIES)}")
    stop(m, time + m.dice.seconds(2, 60), p)


def _update(m: Machine, time: float) -> None:
    """The browser's updater looks for a new version."""
    p = start(m, time, EDGE_UPDATE, f'"{EDGE_UPDATE}" /ua /installsource scheduler', m.running["svchost.exe"], SYSTEM,
              product="Microsoft Edge Update")  # fmt: skip
    resolve(m, time + 0.3, p, "msedge.api.cdp.microsoft.com", "192.0.2.43")
    talk(m, time + 0.5, p, "msedge.api.cdp.microsoft.com", "192.0.2.43")
    wrote(m, time + 2, p, f"C:\\Program Files (x86)\\Microsoft\\EdgeUpdate\\Download\\{m.dice.hex(8)}.tmp")
    stop(m, time + 6, p)


def _backup(m: Machine, time: float) -> None:
    """The backup service runs its scripts: a shell, a look at the shadow copies, a copy to the backup server."""
    shell = f"{SYSTEM32}\\cmd.exe"
    command = f'{shell} /c ""C:\\Program Files\\Northkeep Backup\\scripts\\before-snapshot.cmd""'
    p = start(m, time, shell, command, m.running["nkbackup.exe"], SYSTEM)
    look = start(m, time + 0.4, f"{SYSTEM32}\\vssadmin.exe", "vssadmin  list writers", p, SYSTEM)
    stop(m, time + 1.9, look)
    script(m, time + 2.4, "Get-Volume | Where-Object DriveType -eq 'Fixed' | Select-Object DriveLetter,SizeRemaining",
           "C:\\Program Files\\Northkeep Backup\\scripts\\volumes.ps1")  # fmt: skip
    flow = Flow(time + 3, m.ip, m.port(), "10.20.8.30", 9102, "tcp", "-", 22.0, m.dice.number(10**5, 10**7), 4100)
    connect(m, flow.time, m.running["nkbackup.exe"], flow, "backup01.hollowbrook.example")
    stop(m, time + 25, p)
