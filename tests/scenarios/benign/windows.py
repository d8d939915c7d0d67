"""A working day of a small firm's Windows hosts, with everything on it that looks like an attack and is none.

Management agents, updaters, backup, monitoring, administrators and helpdesk, developers, antivirus.
"""

from __future__ import annotations

import base64
import random
from datetime import timedelta

from ..making import Day
from ..windows.machine import CMD, PS, SYS32, SYSTEM_USER, Machine, Proc
from ..windows.noise import administrator, furnish, maintenance, ordinary

DOMAIN, DNS = "HARROW", "harrow.test"
ACCOUNTANT, DEVELOPER, HELPDESK, ADMIN = (f"{DOMAIN}\\{n}" for n in ("p.ames", "t.okafor", "hd.brandt", "adm.silva"))
BACKUP, SQL = f"{DOMAIN}\\svc-veeam", f"{DOMAIN}\\svc-sql"
ADMIN_DESK, MANAGEMENT = "10.31.0.60", "10.31.0.12"
_PF, _PF86, _PD = "C:\\Program Files\\", "C:\\Program Files (x86)\\", "C:\\ProgramData\\"


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode("utf-16-le")).decode()


# Programs that run since the morning: name, image, account ("" is the system's).
_AGENTS = (
    ("ccmexec", "C:\\Windows\\CCM\\CcmExec.exe", ""),
    (
        "intune",
        _PF86 + "Microsoft Intune Management Extension\\Microsoft.Management.Services.IntuneWindowsAgent.exe",
        "",
    ),
    ("senseir", _PF + "Windows Defender Advanced Threat Protection\\MsSense.exe", ""),
    ("zabbix", _PF + "Zabbix Agent 2\\zabbix_agent2.exe", ""),
    ("tasks", SYS32 + "svchost.exe", ""),
    ("remoting", SYS32 + "svchost.exe", ""),
    ("gpsvc", SYS32 + "svchost.exe", ""),
    ("tiworker", "C:\\Windows\\WinSxS\\amd64_microsoft-windows-servicingstack_31bf3856ad364e35\\TiWorker.exe", ""),
)

# clock | parent | account ("" as the parent, SYSTEM) | program | command line
_EVERYWHERE = f"""
08:05:02|winlogon||{SYS32}userinit.exe|C:\\Windows\\system32\\userinit.exe
08:12:10|ccmexec|SYSTEM|{PS}|powershell.exe -NoProfile -NonInteractive -ExecutionPolicy Bypass -EncodedCommand {_encoded("Get-CimInstance -Namespace root/ccm -ClassName SMS_Client | Out-Null")}
08:14:40|ccmexec|SYSTEM|C:\\Windows\\CCM\\SCNotification.exe|C:\\Windows\\CCM\\SCNotification.exe
08:16:00|intune|SYSTEM|{PS}|"powershell.exe" -NoProfile -executionPolicy bypass -file  "C:\\Program Files (x86)\\Microsoft Intune Management Extension\\Content\\DetectionScripts\\4f1c_2.ps1"
08:18:30|intune|SYSTEM|{_PF86}Microsoft Intune Management Extension\\AgentExecutor.exe|"AgentExecutor.exe" -remediationScript "C:\\Windows\\IMECache\\HealthScripts\\5b_1\\detect.ps1"
08:20:11|zabbix|SYSTEM|{CMD}|cmd.exe /C "whoami"
08:20:12|zabbix|SYSTEM|{SYS32}whoami.exe|whoami
08:20:30|zabbix|SYSTEM|{CMD}|cmd.exe /C "ipconfig /all"
08:20:31|zabbix|SYSTEM|{SYS32}ipconfig.exe|ipconfig /all
08:20:50|zabbix|SYSTEM|{CMD}|cmd.exe /C "netstat -ano | find /C \\"ESTABLISHED\\""
08:20:51|zabbix|SYSTEM|{SYS32}NETSTAT.EXE|netstat -ano
08:25:00|zabbix|SYSTEM|{CMD}|cmd.exe /C "systeminfo | findstr /B /C:\\"System Boot Time\\""
08:25:01|zabbix|SYSTEM|{SYS32}systeminfo.exe|systeminfo
08:26:00|zabbix|SYSTEM|{SYS32}quser.exe|quser
08:27:00|zabbix|SYSTEM|{SYS32}tasklist.exe|tasklist /svc
08:33:00|remoting|ADMIN|{SYS32}wsmprovhost.exe|C:\\Windows\\system32\\wsmprovhost.exe -Embedding
08:40:00|wmiprvse|SYSTEM|{PS}|powershell.exe -NoLogo -NonInteractive -NoProfile -Command "Get-DscConfigurationStatus"
09:00:00|tasks|SYSTEM|{_PF86}Google\\Update\\GoogleUpdate.exe|"C:\\Program Files (x86)\\Google\\Update\\GoogleUpdate.exe" /ua /installsource scheduler
09:01:00|tasks|SYSTEM|{_PF86}Common Files\\Adobe\\ARM\\1.0\\AdobeARM.exe|"C:\\Program Files (x86)\\Common Files\\Adobe\\ARM\\1.0\\AdobeARM.exe" /VERSION 1
09:10:00|gpsvc|SYSTEM|{SYS32}gpscript.exe|gpscript.exe /Startup
09:10:01|gpsvc|SYSTEM|{CMD}|C:\\Windows\\system32\\cmd.exe /c "\\\\harrow.test\\SysVol\\harrow.test\\Policies\\{{31B2F340}}\\Machine\\Scripts\\Startup\\inventory.cmd"
09:15:00|tasks|SYSTEM|{SYS32}wuauclt.exe|"C:\\Windows\\system32\\wuauclt.exe" /UpdateDeploymentProvider UpdateDeploymentProvider.dll /ClassId 5c1 /RunHandlerComServer
09:16:00|tasks|SYSTEM|{SYS32}UsoClient.exe|UsoClient.exe StartScan
09:18:00|tiworker|SYSTEM|{SYS32}bcdedit.exe|bcdedit.exe /enum all
09:20:00|tasks|SYSTEM|{_PD}Microsoft\\Windows Defender\\Platform\\4.18.24\\MpCmdRun.exe|"MpCmdRun.exe" Scan -ScheduleJob -ScanTrigger 55
09:30:00|senseir|SYSTEM|{PS}|powershell.exe -ExecutionPolicy AllSigned -NoProfile -NonInteractive -Command "& {{$OutputEncoding = [Console]::OutputEncoding =[System.Text.Encoding]::UTF8;$scriptFileStream = [System.IO.File]::Open('C:\\ProgramData\\Microsoft\\Windows Defender Advanced Threat Protection\\DataCollection\\8043\\OpenHandleCollector.ps1', [System.IO.FileMode]::Open); Get-FileHash -InputStream $scriptFileStream}}"
09:31:00|senseir|SYSTEM|{SYS32}net.exe|net accounts
09:40:00|tasks|SYSTEM|{SYS32}schtasks.exe|schtasks.exe /run /tn "\\Microsoft\\Windows\\UpdateOrchestrator\\Schedule Scan"
"""
_ACCOUNTING = f"""
08:31:00|explorer|ACCOUNTANT|{CMD}|cmd.exe /c "\\\\harrow.test\\netlogon\\logon.bat"
08:31:01|^|ACCOUNTANT|{SYS32}net.exe|net use H: \\\\HRW-SRV1\\home\\p.ames /persistent:no
08:31:02|^|ACCOUNTANT|{SYS32}net.exe|net use S: \\\\HRW-SRV1\\shared /persistent:no
08:31:03|^|ACCOUNTANT|{SYS32}net.exe|net time \\\\HRW-DC1
08:31:04|^|ACCOUNTANT|{SYS32}reg.exe|reg add HKCU\\Software\\Harrow\\Printers /v Default /t REG_SZ /d PRN-2 /f
08:50:00|explorer|ACCOUNTANT|{_PF}Microsoft Office\\root\\Office16\\OUTLOOK.EXE|"C:\\Program Files\\Microsoft Office\\root\\Office16\\OUTLOOK.EXE"
08:55:00|^|ACCOUNTANT|{_PF}Microsoft Office\\root\\Office16\\EXCEL.EXE|"C:\\Program Files\\Microsoft Office\\root\\Office16\\EXCEL.EXE" "C:\\Users\\p.ames\\AppData\\Local\\Microsoft\\Windows\\INetCache\\Content.Outlook\\A1\\ledger-q2.xlsx"
08:55:20|^|ACCOUNTANT|C:\\Windows\\splwow64.exe|C:\\Windows\\splwow64.exe 12288
09:05:00|edge|ACCOUNTANT|{_PF}7-Zip\\7zG.exe|"C:\\Program Files\\7-Zip\\7zG.exe" x -o"C:\\Users\\p.ames\\Downloads\\payroll\\" -slp "C:\\Users\\p.ames\\Downloads\\payroll.zip"
09:12:00|explorer|ACCOUNTANT|C:\\Users\\p.ames\\AppData\\Local\\Microsoft\\Teams\\Update.exe|C:\\Users\\p.ames\\AppData\\Local\\Microsoft\\Teams\\Update.exe --processStart "Teams.exe"
09:12:02|^|ACCOUNTANT|C:\\Users\\p.ames\\AppData\\Local\\Microsoft\\Teams\\current\\Teams.exe|"C:\\Users\\p.ames\\AppData\\Local\\Microsoft\\Teams\\current\\Teams.exe"
09:14:00|tasks|ACCOUNTANT|C:\\Users\\p.ames\\AppData\\Local\\Microsoft\\OneDrive\\OneDriveStandaloneUpdater.exe|C:\\Users\\p.ames\\AppData\\Local\\Microsoft\\OneDrive\\OneDriveStandaloneUpdater.exe /reporting
09:22:00|explorer|ACCOUNTANT|C:\\Users\\p.ames\\Downloads\\ZoomInstaller.exe|"C:\\Users\\p.ames\\Downloads\\ZoomInstaller.exe"
09:25:00|edge|ACCOUNTANT|{CMD}|C:\\Windows\\system32\\cmd.exe /d /c "C:\\Program Files\\KeePassXC\\keepassxc-proxy.exe" chrome-extension://oboonakemofpalcgghocfoadofidjkkk/ --parent-window=0 < \\\\.\\pipe\\chrome.nativeMessaging.in.7c1 > \\\\.\\pipe\\chrome.nativeMessaging.out.7c1
09:26:00|explorer|ACCOUNTANT|{SYS32}msiexec.exe|"C:\\Windows\\System32\\msiexec.exe" /i "C:\\Users\\p.ames\\Downloads\\banking-signer-4.2.msi"
09:27:00|explorer|ACCOUNTANT|{SYS32}rundll32.exe|"C:\\Windows\\system32\\rundll32.exe" C:\\Windows\\system32\\shell32.dll,Control_RunDLL mmsys.cpl,,0
09:28:00|explorer|ACCOUNTANT|{SYS32}rundll32.exe|"C:\\Windows\\system32\\rundll32.exe" C:\\Windows\\system32\\PhotoViewer.dll, ImageView_Fullscreen C:\\Users\\p.ames\\Pictures\\team.jpg
09:28:30|explorer|ACCOUNTANT|{SYS32}rundll32.exe|rundll32.exe printui.dll,PrintUIEntry /in /n \\\\HRW-SRV1\\PRN-2
"""
_DEVELOPER = f"""
08:35:00|explorer|DEVELOPER|C:\\Users\\t.okafor\\AppData\\Local\\Programs\\Microsoft VS Code\\Code.exe|"C:\\Users\\t.okafor\\AppData\\Local\\Programs\\Microsoft VS Code\\Code.exe"
08:35:40|^|DEVELOPER|{PS}|"C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe" -noexit -command "try {{ . \\"c:\\Users\\t.okafor\\AppData\\Local\\Programs\\Microsoft VS Code\\resources\\app\\out\\vs\\workbench\\contrib\\terminal\\common\\scripts\\shellIntegration.ps1\\" }} catch {{}}"
08:36:00|^|DEVELOPER|C:\\Users\\t.okafor\\AppData\\Local\\Programs\\Python\\Python312\\python.exe|python -c "import base64;print(base64.b64decode('eyJ1c2VyIjoidGVzdCIsInJvbGUiOiJyZWFkZXIifQ==').decode())"
08:36:30|^^|DEVELOPER|{_PF}Git\\cmd\\git.exe|git pull --rebase
08:37:00|^^^|DEVELOPER|{_PF}nodejs\\node.exe|"C:\\Program Files\\nodejs\\node.exe" "C:\\Program Files\\nodejs\\node_modules\\npm\\bin\\npm-cli.js" run build
08:37:05|^|DEVELOPER|{CMD}|C:\\Windows\\system32\\cmd.exe /d /s /c "tsc -p . && node build.js"
08:38:00|^^^^^|DEVELOPER|{SYS32}certutil.exe|certutil -hashfile C:\\src\\release\\setup.exe SHA256
08:38:20|^^^^^^|DEVELOPER|{SYS32}curl.exe|curl -sSL https://packages.harrow.test/simple/requests/ -o NUL
08:38:40|^^^^^^^|DEVELOPER|{SYS32}bitsadmin.exe|bitsadmin /list /allusers
08:39:00|^^^^^^^^|DEVELOPER|{SYS32}OpenSSH\\ssh.exe|ssh -T git@git.harrow.test
08:42:00|explorer|DEVELOPER|{_PF}Docker\\Docker\\Docker Desktop.exe|"C:\\Program Files\\Docker\\Docker\\Docker Desktop.exe"
08:42:20|^|DEVELOPER|{SYS32}wsl.exe|wsl.exe -d docker-desktop -u root -e sh -c "cat /proc/meminfo"
08:44:00|explorer|DEVELOPER|{PS}|"C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe"
08:45:00|^|DEVELOPER|{_PD}chocolatey\\bin\\choco.exe|"C:\\ProgramData\\chocolatey\\bin\\choco.exe" upgrade nodejs -y
08:45:09|^|DEVELOPER|{_PD}chocolatey\\choco.exe|"C:\\ProgramData\\chocolatey\\choco.exe" upgrade nodejs -y
08:46:00|^^^|DEVELOPER|C:\\Users\\t.okafor\\AppData\\Local\\Microsoft\\WindowsApps\\winget.exe|winget install --id JanDeDobbeleer.OhMyPosh -e
08:48:00|^^^^|DEVELOPER|C:\\Tools\\procdump64.exe|procdump64.exe -accepteula -ma 7724 C:\\dumps\\orders-service.dmp
08:49:00|^^^^^|DEVELOPER|{_PF}dotnet\\dotnet.exe|dotnet test --no-build
08:51:00|^^^^^^|DEVELOPER|C:\\Windows\\Microsoft.NET\\Framework64\\v4.0.30319\\MSBuild.exe|MSBuild.exe C:\\src\\orders\\orders.sln /t:Build /p:Configuration=Release
"""
_SERVER = f"""
08:00:30|veeam|BACKUP|{SYS32}vssadmin.exe|vssadmin list shadows
08:00:40|veeam|BACKUP|{SYS32}vssadmin.exe|vssadmin list writers
08:01:00|veeam|BACKUP|{CMD}|cmd.exe /c "wbadmin get versions"
08:01:01|^|BACKUP|{SYS32}wbadmin.exe|wbadmin get versions
08:02:00|sqlagent|SQL|{_PF}Microsoft SQL Server\\150\\DTS\\Binn\\DTExec.exe|"DTExec.exe" /SQL "\\Maintenance Plans\\Nightly" /SERVER HRW-SRV1
08:03:00|w3wp|IISUSER|C:\\Windows\\Microsoft.NET\\Framework64\\v4.0.30319\\csc.exe|"csc.exe" /noconfig /fullpaths @"C:\\Windows\\Microsoft.NET\\Framework64\\v4.0.30319\\Temporary ASP.NET Files\\root\\e22c2559\\92c7e946\\ab3.cmdline"
08:03:01|^|IISUSER|C:\\Windows\\Microsoft.NET\\Framework64\\v4.0.30319\\cvtres.exe|cvtres.exe /NOLOGO /READONLY /MACHINE:IX86
08:30:00|sqlservr|SQL|{CMD}|"C:\\Windows\\system32\\cmd.exe" /c dir /b D:\\Backup\\*.bak
09:33:00|wsmprovhost|ADMIN|{SYS32}whoami.exe|"C:\\Windows\\system32\\whoami.exe" /groups
09:33:20|wsmprovhost|ADMIN|{SYS32}ipconfig.exe|"C:\\Windows\\system32\\ipconfig.exe" /all
09:50:00|services|SYSTEM|{_PF}Update Services\\Services\\WsusService.exe|"C:\\Program Files\\Update Services\\Services\\WsusService.exe"
09:51:00|tasks|SYSTEM|{PS}|powershell.exe -NoProfile -ExecutionPolicy Bypass -File C:\\Scripts\\Clean-IISLogs.ps1
09:52:00|tasks|SYSTEM|{SYS32}robocopy.exe|robocopy D:\\Shares \\\\HRW-NAS\\mirror /MIR /R:1 /W:1 /LOG:C:\\Logs\\mirror.log
09:53:00|tasks|SYSTEM|{SYS32}forfiles.exe|forfiles /p C:\\inetpub\\logs /s /m *.log /d -30 /c "cmd /c del @path"
09:53:01|^|SYSTEM|{CMD}|/c del "u_ex260101.log"
09:54:00|tasks|SYSTEM|{SYS32}wevtutil.exe|wevtutil epl Application C:\\Logs\\app.evtx
"""
_CONTROLLER = f"""
08:04:00|tasks|SYSTEM|{SYS32}repadmin.exe|repadmin /replsummary
08:04:30|tasks|SYSTEM|{SYS32}dcdiag.exe|dcdiag /q
08:06:00|tasks|SYSTEM|{SYS32}ntdsutil.exe|ntdsutil "activate instance ntds" "files" "info" quit quit
08:07:00|tasks|SYSTEM|{SYS32}w32tm.exe|w32tm /query /status
08:08:00|tasks|SYSTEM|{SYS32}dsquery.exe|dsquery user -inactive 8 -limit 0
"""


def _play(m: Machine, day: Day, table: str) -> None:
    accounts = {
        "SYSTEM": SYSTEM_USER,
        "ACCOUNTANT": ACCOUNTANT,
        "DEVELOPER": DEVELOPER,
        "ADMIN": ADMIN,
        "BACKUP": BACKUP,
        "SQL": SQL,
        "IISUSER": "IIS APPPOOL\\Intranet",
    }
    started: list[Proc] = []
    for line in table.strip().splitlines():
        clock, above, who, image, command = line.split("|", 4)
        parent = started[-len(above)] if above.startswith("^") else m.procs[above]
        level = "High" if who in ("ADMIN", "BACKUP") else ""
        p = m.start(day.at(clock), image, command, parent, accounts.get(who, ""), level)
        if image.endswith("wsmprovhost.exe"):
            m.procs["wsmprovhost"] = p
        started.append(p)
        m.stop(day.at(clock) + timedelta(seconds=0.8), p)


def _desktop_effects(m: Machine, day: Day) -> None:
    at = day.at
    for clock, rights in (("08:07:00", "0x1410"), ("08:47:00", "0x1000"), ("09:21:00", "0x1010")):
        m.accessed(at(clock), m.procs["defender"], m.procs["lsass"], rights)
    m.accessed(at("09:31:10"), m.procs["senseir"], m.procs["lsass"], "0x1410")
    m.accessed(at("09:02:00"), m.procs["zabbix"], m.procs["services"], "0x1410")
    m.script(at("08:33:01"), "Get-LocalGroupMember -Group Administrators | Select-Object Name", path="")
    m.script(at("08:33:09"), "Get-Service -Name Spooler, wuauserv | Select-Object Name, Status")
    m.script(
        at("08:40:02"),
        "Invoke-CimMethod -Namespace root/Microsoft/Windows/DesiredStateConfiguration -ClassName MSFT_DSCLocalConfigurationManager -MethodName PerformRequiredConfigurationChecks -Arguments @{Flags = [System.UInt32]1}",
    )
    m.script(
        at("08:16:02"),
        "Get-MpComputerStatus | Select-Object AntivirusEnabled, RealTimeProtectionEnabled | ConvertTo-Json",
        path="C:\\Program Files (x86)\\Microsoft Intune Management Extension\\Content\\DetectionScripts\\4f1c_2.ps1",
    )
    m.service(
        at("09:00:05"),
        "Google Update Service (gupdate)",
        '"C:\\Program Files (x86)\\Google\\Update\\GoogleUpdate.exe" /svc',
        "auto start",
    )
    m.service(
        at("09:34:00"),
        "Zoom Sharing Service",
        '"C:\\Program Files\\Common Files\\Zoom\\Support\\CptService.exe"',
        "auto start",
    )
    m.service(
        at("09:20:05"),
        "MpKslDrv",
        "C:\\ProgramData\\Microsoft\\Windows Defender\\Definition Updates\\{A1}\\MpKslDrv.sys",
    )
    m.task(
        at("09:00:06"),
        SYSTEM_USER,
        "\\GoogleUpdateTaskMachineUA",
        "C:\\Program Files (x86)\\Google\\Update\\GoogleUpdate.exe",
        "/ua /installsource scheduler",
    )
    m.task(
        at("09:14:05"),
        m.procs["explorer"].user,
        "\\OneDrive Standalone Update Task",
        "%localappdata%\\Microsoft\\OneDrive\\OneDriveStandaloneUpdater.exe",
    )
    m.registry(
        at("09:12:20"),
        m.procs["explorer"],
        "HKU\\S-1-5-21-1\\Software\\Microsoft\\Windows\\CurrentVersion\\Run\\com.squirrel.Teams.Teams",
        "C:\\Users\\x\\AppData\\Local\\Microsoft\\Teams\\Update.exe --processStart Teams.exe",
    )
    m.net(at("08:21:00"), m.procs["zabbix"], MANAGEMENT, 10051, "mon.harrow.test")


def _visits(m: Machine, day: Day) -> None:
    """Administrators over WinRM and shares, helpdesk over the desktop, the management server."""
    m.logon(day.at("08:32:58"), ADMIN, 3, ADMIN_DESK)
    m.logon(day.at("08:11:00"), f"{DOMAIN}\\svc-sccm", 3, MANAGEMENT)
    m.logon(day.at("09:33:00"), ADMIN, 3, ADMIN_DESK)
    for clock in ("08:59:10", "08:59:18", "08:59:30"):
        m.logon(day.at(clock), HELPDESK, 10, "10.31.0.61", failed=True, package="Negotiate")
    administrator(m, day.at("08:59:40"), HELPDESK, "10.31.0.61")


def firm(day: Day, seed: int = 7, count: int = 300) -> dict[str, Machine]:
    """The hosts of the firm after such a day, by what they are: accounting, developer, server, controller."""
    dice = random.Random(seed)
    hosts = {
        "accounting": Machine("HRW-WS21", "10.31.0.21", DOMAIN, DNS),
        "developer": Machine("HRW-WS34", "10.31.0.34", DOMAIN, DNS),
        "server": Machine("HRW-SRV1", "10.31.0.8", DOMAIN, DNS),
        "controller": Machine("HRW-DC1", "10.31.0.5", DOMAIN, DNS),
    }
    furnish(hosts["accounting"], ACCOUNTANT)
    furnish(hosts["developer"], DEVELOPER)
    for name in ("server", "controller"):
        furnish(hosts[name], ADMIN, server=True)
    for m in hosts.values():
        for name, image, user in _AGENTS:
            m.boot(name, image, user or SYSTEM_USER)
        ordinary(m, day, dice, "08:00:00", "10:00:00", count)
        _play(m, day, _EVERYWHERE)
        _desktop_effects(m, day)
        _visits(m, day)
    server = hosts["server"]
    server.boot("veeam", _PF + "Veeam\\Backup and Replication\\Backup\\Veeam.Backup.Manager.exe", BACKUP)
    server.boot("sqlservr", _PF + "Microsoft SQL Server\\MSSQL15\\MSSQL\\Binn\\sqlservr.exe", SQL)
    server.boot("sqlagent", _PF + "Microsoft SQL Server\\MSSQL15\\MSSQL\\Binn\\SQLAGENT.EXE", SQL)
    server.boot("w3wp", SYS32 + "inetsrv\\w3wp.exe", "IIS APPPOOL\\Intranet")
    for name, table in (
        ("accounting", _ACCOUNTING),
        ("developer", _DEVELOPER),
        ("server", _SERVER),
        ("controller", _CONTROLLER),
    ):
        _play(hosts[name], day, table)
    maintenance(server, day.at("09:45:00"))
    _controller(hosts["controller"], day)
    server.service(
        day.at("09:49:58"), "VeeamVssSupport", '"C:\\Windows\\VeeamVssSupport\\VeeamGuestHelper.exe" -service'
    )
    hosts["developer"].wrote(day.at("08:48:03"), hosts["developer"].procs["explorer"], "C:\\dumps\\orders-service.dmp")
    return hosts


def _controller(m: Machine, day: Day) -> None:
    """A new colleague, a group, a password changed; tickets of the day; LAPS."""
    at = day.at
    m.security(
        at("09:02:00"),
        4720,
        ADMIN,
        TargetUserName="n.ruiz",
        TargetDomainName=DOMAIN,
        TargetSid="S-1-5-21-1-1188",
        SamAccountName="n.ruiz",
    )
    m.security(
        at("09:02:04"),
        4728,
        ADMIN,
        MemberName="CN=n.ruiz",
        MemberSid="S-1-5-21-1-1188",
        TargetUserName="GRP-Accounting",
        TargetDomainName=DOMAIN,
    )
    m.security(at("09:02:09"), 4724, ADMIN, TargetUserName="n.ruiz", TargetDomainName=DOMAIN)
    m.security(
        at("09:06:00"),
        4662,
        ADMIN,
        ObjectServer="DS",
        ObjectType="%{bf967a86-0de6-11d0-a285-00aa003049e2}",
        ObjectName="CN=HRW-WS21",
        OperationType="Object Access",
        AccessMask="0x100",
        Properties="%%7688 {ms-Mcs-AdmPwd}",
    )
    for n, (name, service) in enumerate(
        (
            ("p.ames", "cifs/HRW-SRV1"),
            ("t.okafor", "HTTP/HRW-SRV1"),
            ("adm.silva", "HOST/HRW-SRV1"),
            ("svc-sql", "MSSQLSvc/HRW-SRV1"),
        )
    ):
        m.security(
            at(f"08:3{n}:05"),
            4769,
            SYSTEM_USER,
            TargetUserName=f"{name}@HARROW.TEST",
            TargetDomainName="HARROW.TEST",
            ServiceName=service,
            TicketOptions="0x40810000",
            TicketEncryptionType="0x12",
            IpAddress="::ffff:10.31.0.21",
            Status="0x0",
        )
