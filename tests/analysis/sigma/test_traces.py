"""Rules for traces that stand alone: one record that each must match, and a harmless neighbour that it must not."""

from __future__ import annotations

from typing import Any

import pytest

from ircopilot.analysis.sigma import load_rules, match_rules

from .conftest import SYSMON, EventTable

STARTER = load_rules([])
TITLES = {r.rule_id: r.title for r in STARTER.rules}
SYSTEM32 = "C:\\Windows\\System32\\"
HOME = "C:\\Users\\ines\\"


def sysmon(code: int, **columns: Any) -> dict[str, Any]:
    return {"source": "windows.sysmon", "winlog_channel": SYSMON, "event_code": str(code), **columns}


def start(image: str, command: str = "", parent: str = "", parent_command: str = "", **more: Any) -> dict[str, Any]:
    return sysmon(
        1, process_executable=image, process_command_line=command or image,
        process_parent_executable=parent, process_parent_command_line=parent_command, **more,
    )  # fmt: skip


def library(image: str, loaded: str, signed: str = "false") -> dict[str, Any]:
    return sysmon(7, process_executable=image, image_loaded=loaded, code_signature_signed=signed)


def value(image: str, path: str, data: str = "") -> dict[str, Any]:
    return sysmon(13, process_executable=image, registry_path=path, registry_data=data)


def file(image: str, path: str) -> dict[str, Any]:
    return sysmon(11, process_executable=image, file_path=path)


def driver(path: str) -> dict[str, Any]:
    return sysmon(6, image_loaded=path, code_signature_signed="true")


def pipe(name: str) -> dict[str, Any]:
    return sysmon(17, pipe_name=name)


def flow(image: str, ip: str, port: int) -> dict[str, Any]:
    return sysmon(3, process_executable=image, destination_ip=ip, destination_port=port)


def log(source: str, channel: str, code: int, **fields: Any) -> dict[str, Any]:
    return {"source": f"windows.{source}", "winlog_channel": channel, "event_code": str(code), **fields}


def security(code: int, **fields: Any) -> dict[str, Any]:
    return log("security", "Security", code, **fields)


PRINTER = "HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\Print\\Printers\\Second floor\\"
RUN_BOX = "HKU\\S-1-5-21-7-7-7-1001\\Software\\Microsoft\\Windows\\CurrentVersion\\Explorer\\RunMRU\\c"
OWN_HIVE = "HKU\\S-1-5-21-7-7-7-1001"
HIDDEN = "&(('in'+'vo'+'ke-')+'item') $x"
PLAIN_JOIN = "$path = 'C:\\' + 'logs' + '\\' + $name; Get-Item $path"
SERVICE_HOST = SYSTEM32 + "svchost.exe"

CASES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "Library loaded over the network by a Windows service": (
        library(SYSTEM32 + "lsass.exe", "\\\\10.7.7.9\\pub\\helper.dll"),
        library(SYSTEM32 + "lsass.exe", SYSTEM32 + "lsasrv.dll"),
    ),
    "Unsigned library in a user's folder loaded by a Windows program": (
        library(SYSTEM32 + "mmc.exe", HOME + "AppData\\Local\\Temp\\ab12.dll"),
        library(SYSTEM32 + "mmc.exe", HOME + "AppData\\Local\\Temp\\ab12.dll", "true"),
    ),
    "Unsigned library loaded beside an auto-elevated program": (
        library(SYSTEM32 + "cliconfg.exe", SYSTEM32 + "NTWDBLIB.dll"),
        library(SYSTEM32 + "cliconfg.exe", SYSTEM32 + "NTWDBLIB.dll", "true"),
    ),
    "Update unpacked into a system folder": (
        start(SYSTEM32 + "wusa.exe", "wusa.exe c:\\t\\a.cab /extract:C:\\Windows\\system32 /quiet"),
        start(SYSTEM32 + "wusa.exe", "wusa.exe c:\\t\\kb5001.msu /quiet"),
    ),
    "Administrator's console started by a user's program": (
        start(SYSTEM32 + "mmc.exe", "mmc.exe eventvwr.msc", HOME + "Desktop\\tool.exe"),
        start(SYSTEM32 + "mmc.exe", "mmc.exe eventvwr.msc", "C:\\Windows\\explorer.exe"),
    ),
    "System console's name in the wrong folder": (
        start(HOME + "AppData\\Local\\Temp\\system32\\mmc.exe"),
        start(SYSTEM32 + "mmc.exe"),
    ),
    "Printer given a library or folder of code": (
        value(SYSTEM32 + "spoolsv.exe", PRINTER + "CopyFiles\\Payload\\Module", "C:\\ProgramData\\x.dll"),
        value(SYSTEM32 + "spoolsv.exe", PRINTER + "CopyFiles\\ICM\\Module", "mscms.dll"),
    ),
    "Unsigned library loaded by the printing service": (
        library(SYSTEM32 + "spoolsv.exe", SYSTEM32 + "spool\\drivers\\x64\\4\\x.dll"),
        library(SYSTEM32 + "spoolsv.exe", SYSTEM32 + "spool\\drivers\\x64\\3\\unidrv.dll", "true"),
    ),
    "Extension of the directory service planted": (
        value(SERVICE_HOST, "HKLM\\System\\CurrentControlSet\\Services\\NTDS\\DirectoryServiceExtPt", "x.dll"),
        value(SERVICE_HOST, "HKLM\\System\\CurrentControlSet\\Services\\NTDS\\Start", "2"),
    ),
    "Pending policy file planted": (
        value("C:\\Windows\\regedit.exe", OWN_HIVE + "\\Software\\Microsoft\\IEAK\\GroupPolicy\\PendingGPOs\\Path1", "c:\\g.inf"),
        value("C:\\Windows\\regedit.exe", OWN_HIVE + "\\Software\\Microsoft\\IEAK\\Branding", "1"),
    ),
    "Link between registry keys made by a program": (
        value(HOME + "a.exe", "HKLM\\SOFTWARE\\Demo\\SymbolicLinkValue", "\\Registry\\Machine\\System\\X"),
        value("System", "HKLM\\System\\CurrentControlSet\\SymbolicLinkValue", "\\Registry\\Machine\\System\\ControlSet001"),
    ),
    "Variable of a session redirected": (
        value(HOME + "a.exe", OWN_HIVE + "\\Volatile Environment\\SYSTEMROOT", HOME + "t"),
        value(HOME + "a.exe", OWN_HIVE + "\\Volatile Environment\\USERNAME", "ines"),
    ),
    "COM class of a user replaced by another": (
        value(SYSTEM32 + "reg.exe", OWN_HIVE + "_CLASSES\\CLSID\\{1}\\TreatAs\\(Default)", "{2}"),
        value(SYSTEM32 + "reg.exe", "HKLM\\Software\\Classes\\CLSID\\{1}\\TreatAs\\(Default)", "{2}"),
    ),
    "Built-in administrator's password reset": (
        value(SYSTEM32 + "lsass.exe", "HKLM\\SAM\\SAM\\Domains\\Account\\Users\\000001F4\\ForcePasswordReset"),
        value(SYSTEM32 + "lsass.exe", "HKLM\\SAM\\SAM\\Domains\\Account\\Users\\000001F4\\F"),
    ),
    "Command typed into the Run box": (
        value("C:\\Windows\\explorer.exe", RUN_BOX, "cmd.exe\\1"),
        value("C:\\Windows\\explorer.exe", RUN_BOX, "notes.txt\\1"),
    ),
    "Fetched or shared program started from the Run box": (
        value("C:\\Windows\\explorer.exe", RUN_BOX, "mshta https://check.example/a\\1"),
        value("C:\\Windows\\explorer.exe", RUN_BOX, "https://intranet.example/\\1"),
    ),
    "Program run from a drive shared over remote desktop": (
        start("\\\\tsclient\\d\\stage\\a.exe"),
        start("D:\\stage\\a.exe"),
    ),
    "Known abused driver loaded": (
        driver(SYSTEM32 + "drivers\\RTCore64.sys"),
        driver(SYSTEM32 + "drivers\\tcpip.sys"),
    ),
    "Driver file written by a user's program": (
        file("C:\\Users\\Public\\t\\load.exe", SYSTEM32 + "drivers\\ab.sys"),
        file(SYSTEM32 + "drvinst.exe", SYSTEM32 + "drivers\\ab.sys"),
    ),
    "Started with kernel debugging or unsigned drivers allowed": (
        security(4826, KernelDebug="%%1842", TestSigning="%%1843"),
        security(4826, KernelDebug="%%1843", TestSigning="%%1843"),
    ),
    "Members of a local group listed from afar": (
        security(4799, CallerProcessId="0x0", TargetSid="S-1-5-32-544", SubjectUserName="ines"),
        security(4799, CallerProcessId="0x0", TargetSid="S-1-5-32-544", SubjectUserName="OPS-3$"),
    ),
    "Printing service reached over the network": (
        security(5145, ShareName="\\\\*\\IPC$", RelativeTargetName="spoolss"),
        security(5145, ShareName="\\\\*\\IPC$", RelativeTargetName="lsarpc"),
    ),
    "Script engine forced on a file of another kind": (
        start(SYSTEM32 + "wscript.exe", "wscript.exe /E:vbs c:\\t\\icon.ico"),
        start(SYSTEM32 + "wscript.exe", "wscript.exe /E:vbs c:\\t\\logon.vbs"),
    ),
    "Shell started by a service host": (
        start(SYSTEM32 + "cmd.exe", "cmd.exe", SERVICE_HOST, "svchost.exe -k DcomLaunch -p -s PlugPlay",
              user_name="SYSTEM", user_domain="NT AUTHORITY"),
        start(SYSTEM32 + "cmd.exe", "cmd.exe", SERVICE_HOST, "svchost.exe -k netsvcs -p -s Schedule",
              user_name="SYSTEM", user_domain="NT AUTHORITY"),
    ),
    "Program started by a trusted tool's script or library": (
        start(SYSTEM32 + "cmd.exe", "cmd.exe", SYSTEM32 + "ftp.exe", "ftp.exe -s:c:\\t\\f.txt"),
        start(SYSTEM32 + "cmd.exe", "cmd.exe", SYSTEM32 + "ftp.exe", "ftp.exe"),
    ),
    "Program in a temporary folder started by a script host": (
        start(HOME + "AppData\\Local\\Temp\\w\\q.exe", "", SYSTEM32 + "WindowsPowerShell\\v1.0\\powershell.exe"),
        start(HOME + "AppData\\Local\\Temp\\w\\q.exe", "", "C:\\Windows\\explorer.exe"),
    ),
    "Command name put together from pieces in a script": (
        log("powershell", "Microsoft-Windows-PowerShell/Operational", 4104, script_block_text=HIDDEN),
        log("powershell", "Microsoft-Windows-PowerShell/Operational", 4104, script_block_text=PLAIN_JOIN),
    ),
    "Command name put together from pieces in a pipeline": (
        log("powershell", "Windows PowerShell", 800, Data=HIDDEN),
        log("powershell", "Windows PowerShell", 800, Data=PLAIN_JOIN),
    ),
    "Remote object's launch refused or noted": (
        log("system", "System", 10016, param2="Remote", param4="{49B2791A-B1AE-4C90-9B8E-E860BA07F889}"),
        log("system", "System", 10016, param2="Local", param4="{49B2791A-B1AE-4C90-9B8E-E860BA07F889}"),
    ),
    "Pipe of an attack tool": (pipe("\\kekeo_tsssp_endpoint"), pipe("\\lsass")),
    "Pipes of a remote shell's input and output": (pipe("\\agent-OPS-3-81-stdin"), pipe("\\agent")),
    "Web server opened an inner remote service of its own machine": (
        flow(SYSTEM32 + "inetsrv\\w3wp.exe", "127.0.0.1", 3389),
        flow(SYSTEM32 + "inetsrv\\w3wp.exe", "127.0.0.1", 1433),
    ),
    "Database sign-in failed": (
        log("application", "Application", 18456, event_provider="MSSQLSERVER"),
        log("application", "Application", 18454, event_provider="MSSQLSERVER"),
    ),
    "Transfer job copies a program from this machine": (
        log("bits", "Microsoft-Windows-Bits-Client/Operational", 59, url=SYSTEM32 + "cmd.exe"),
        log("bits", "Microsoft-Windows-Bits-Client/Operational", 59, url="https://updates.example/setup.exe"),
    ),
    "Package installed from a web address": (
        log("application", "Application", 1040, event_provider="MsiInstaller", Data='["http://203.0.113.9/a.msi"]'),
        log("application", "Application", 1040, event_provider="MsiInstaller", Data='["C:\\\\Setup\\\\a.msi"]'),
    ),
    "Kerberos ticket asked for an account that does not exist": (
        security(4768, Status="0x6"),
        security(4768, Status="0x0"),
    ),
    "Kerberos password refused": (
        security(4771, Status="0x18", TargetUserName="ines"),
        security(4771, Status="0x18", TargetUserName="OPS-3$"),
    ),
    "Anonymous logon over the network from the machine itself": (
        security(4624, LogonType="3", TargetUserSid="S-1-5-7", IpAddress="127.0.0.1"),
        security(4624, LogonType="3", TargetUserSid="S-1-5-7", IpAddress="10.7.7.9"),
    ),
    "Another account's password used by a web server": (
        security(4648, process_executable=SYSTEM32 + "inetsrv\\w3wp.exe", TargetUserName="ines", TargetDomainName="BRAE"),
        security(4648, process_executable=SYSTEM32 + "svchost.exe", TargetUserName="ines", TargetDomainName="BRAE"),
    ),
    "Management command sent with another account's password": (
        security(4648, process_executable=SYSTEM32 + "wbem\\WMIC.exe", TargetServerName="ops-4.brae.example"),
        security(4648, process_executable=SYSTEM32 + "wbem\\WMIC.exe", TargetServerName="localhost"),
    ),
    "Computer given the names of a domain controller": (
        security(4742, SubjectUserName="ines", ServicePrincipalNames="GC/ops-3.brae.example/brae.example"),
        security(4742, SubjectUserName="ines", ServicePrincipalNames="HOST/ops-3.brae.example"),
    ),
    "Service name given to a user account": (
        security(5136, SubjectUserName="ines", AttributeLDAPDisplayName="servicePrincipalName", ObjectClass="user", OperationType="%%14674"),
        security(5136, SubjectUserName="ines", AttributeLDAPDisplayName="description", ObjectClass="user", OperationType="%%14674"),
    ),
    "Remote management shell served": (
        log("winrm", "Microsoft-Windows-WinRM/Operational", 91),
        log("winrm", "Microsoft-Windows-WinRM/Operational", 6),
    ),
    "Remote desktop connection from the machine itself": (
        log("terminalservices", "Microsoft-Windows-TerminalServices-RemoteConnectionManager/Operational", 1149, Param3="127.0.0.1"),
        log("terminalservices", "Microsoft-Windows-TerminalServices-RemoteConnectionManager/Operational", 1149, Param3="10.7.7.9"),
    ),
    "Task library loaded by a shell": (
        library(SYSTEM32 + "WindowsPowerShell\\v1.0\\powershell.exe", SYSTEM32 + "taskschd.dll", "true"),
        library("C:\\Windows\\explorer.exe", SYSTEM32 + "taskschd.dll", "true"),
    ),
}  # fmt: skip


def test_each_rule_matches_its_trace_and_not_the_neighbour(events: EventTable) -> None:
    named = list(CASES)
    events.fill(*(record for title in named for record in CASES[title]))
    hits = {TITLES[i]: set(ids) for i, ids in match_rules(STARTER, events.query).hits.items()}
    for number, title in enumerate(named):
        assert f"e{2 * number + 1:04}" in hits.get(title, ()), title
        assert f"e{2 * number + 2:04}" not in hits[title], title


@pytest.mark.parametrize("title", sorted(CASES))
def test_the_rule_is_in_the_starter_set(title: str) -> None:
    assert title in TITLES.values()
