"""Data out of the text that Windows makes of an event, section by section."""

from __future__ import annotations

import pytest

from ircopilot.evidence.decoders.rendered_events import read_row
from ircopilot.evidence.decoders.rendered_message import read_message

SECURITY, POWERSHELL = "Microsoft-Windows-Security-Auditing", "Microsoft-Windows-PowerShell"
_SUBJECT = "Subject:\n\tSecurity ID:\t\tFERN\\odile\n\tAccount Name:\t\todile\n\tAccount Domain:\t\tFERN\n\tLogon ID:\t\t0x3E7F1\n\n"
_BY_ODILE = {
    "SubjectUserSid": "FERN\\odile",
    "SubjectUserName": "odile",
    "SubjectDomainName": "FERN",
    "SubjectLogonId": "0x3E7F1",
}
_NAMED = "\tSecurity ID:\t\tFERN\\noor\n\tAccount Name:\t\tnoor\n\tAccount Domain:\t\tFERN\n"

CASES: tuple[tuple[str, str, str, dict[str, str]], ...] = (
    ("4625", SECURITY, f"An account failed to log on.\n\n{_SUBJECT}Logon Type:\t\t\t3\n\nAccount For Which Logon Failed:\n{_NAMED}\nFailure Information:\n"
     "\tFailure Reason:\t\tUnknown user name or bad password.\n\tStatus:\t\t\t0xC000006D\n\tSub Status:\t\t0xC000006A\n\nProcess Information:\n"
     "\tCaller Process ID:\t0x0\n\tCaller Process Name:\t-\n\nNetwork Information:\n\tWorkstation Name:\tKILN\n\tSource Network Address:\t198.51.100.7\n"
     "\tSource Port:\t\t50122\n\nThis event is generated when a logon request fails.",
     _BY_ODILE | {"LogonType": "3", "TargetUserSid": "FERN\\noor", "TargetUserName": "noor", "TargetDomainName": "FERN",
                  "FailureReason": "Unknown user name or bad password.", "Status": "0xC000006D", "SubStatus": "0xC000006A", "ProcessId": "0x0",
                  "ProcessName": "-", "WorkstationName": "KILN", "IpAddress": "198.51.100.7", "IpPort": "50122"}),
    ("4634", SECURITY, f"An account was logged off.\n\n{_SUBJECT}Logon Type:\t\t\t3\n",
     {"TargetUserSid": "FERN\\odile", "TargetUserName": "odile", "TargetDomainName": "FERN", "TargetLogonId": "0x3E7F1", "LogonType": "3"}),
    ("4648", SECURITY, f"A logon was attempted using explicit credentials.\n\n{_SUBJECT}Account Whose Credentials Were Used:\n\tAccount Name:\t\tnoor\n"
     "\tAccount Domain:\t\tFERN\n\nTarget Server:\n\tTarget Server Name:\tFS-01\n\tAdditional Information:\tFS-01\n\nProcess Information:\n"
     "\tProcess ID:\t\t0x4\n\tProcess Name:\t\tC:\\x.exe\n\nNetwork Information:\n\tNetwork Address:\t-\n\tPort:\t\t\t-\n",
     _BY_ODILE | {"TargetUserName": "noor", "TargetDomainName": "FERN", "TargetServerName": "FS-01", "TargetInfo": "FS-01", "ProcessId": "0x4",
                  "ProcessName": "C:\\x.exe", "IpAddress": "-", "IpPort": "-"}),
    ("4672", SECURITY, f"Special privileges assigned to new logon.\n\n{_SUBJECT}Privileges:\t\tSeDebugPrivilege\n\t\t\tSeBackupPrivilege",
     _BY_ODILE | {"PrivilegeList": "SeDebugPrivilege\nSeBackupPrivilege"}),
    ("4697", SECURITY, f"A service was installed in the system.\n\n{_SUBJECT}Service Information:\n\tService Name: \t\tupd\n\tService File Name:\tC:\\u.exe\n"
     "\tService Type: \t\t0x10\n\tService Start Type:\t2\n\tService Account: \t\tLocalSystem",
     _BY_ODILE | {"ServiceName": "upd", "ServiceFileName": "C:\\u.exe", "ServiceType": "0x10", "ServiceStartType": "2", "ServiceAccount": "LocalSystem"}),
    ("4698", SECURITY, f"A scheduled task was created.\n\n{_SUBJECT}Task Information:\n\tTask Name: \t\t\\Upd\n\tTask Content: \t\t<?xml version=\"1.0\"?>\n<Task>\n"
     "\n  <Exec><Command>C:\\u.exe</Command></Exec>\n</Task>\n\t",
     _BY_ODILE | {"TaskName": "\\Upd", "TaskContent": '<?xml version="1.0"?>\n<Task>\n\n  <Exec><Command>C:\\u.exe</Command></Exec>\n</Task>'}),
    ("4720", SECURITY, f"A user account was created.\n\n{_SUBJECT}New Account:\n{_NAMED}\nAttributes:\n\tSAM Account Name:\tnoor\n",
     _BY_ODILE | {"TargetSid": "FERN\\noor", "TargetUserName": "noor", "TargetDomainName": "FERN", "SamAccountName": "noor"}),
    ("4732", SECURITY, f"A member was added to a security-enabled local group.\n\n{_SUBJECT}Member:\n\tSecurity ID:\t\tFERN\\noor\n\tAccount Name:\t\t-\n\nGroup:\n"
     "\tSecurity ID:\t\tBUILTIN\\Administrators\n\tGroup Name:\t\tAdministrators\n\tGroup Domain:\t\tBuiltin\n",
     _BY_ODILE | {"MemberSid": "FERN\\noor", "MemberName": "-", "TargetSid": "BUILTIN\\Administrators", "TargetUserName": "Administrators",
                  "TargetDomainName": "Builtin"}),
    ("4738", SECURITY, f"A user account was changed.\n\n{_SUBJECT}Target Account:\n{_NAMED}",
     _BY_ODILE | {"TargetSid": "FERN\\noor", "TargetUserName": "noor", "TargetDomainName": "FERN"}),
    ("4768", SECURITY, "A Kerberos authentication ticket (TGT) was requested.\n\nAccount Information:\n\tAccount Name:\t\tnoor\n\tSupplied Realm Name:\tFERN\n"
     "\tUser ID:\t\t\tFERN\\noor\n\nService Information:\n\tService Name:\t\tkrbtgt\n\nNetwork Information:\n\tClient Address:\t\t::ffff:192.0.2.4\n"
     "\tClient Port:\t\t50001\n\nAdditional Information:\n\tTicket Options:\t\t0x40810010\n\tResult Code:\t\t0x0\n\tTicket Encryption Type:\t0x12\n",
     {"TargetUserName": "noor", "TargetDomainName": "FERN", "TargetSid": "FERN\\noor", "ServiceName": "krbtgt", "IpAddress": "::ffff:192.0.2.4",
      "IpPort": "50001", "TicketOptions": "0x40810010", "Status": "0x0", "TicketEncryptionType": "0x12"}),
    ("4776", SECURITY, "The computer attempted to validate the credentials for an account.\n\nAuthentication Package:\tMICROSOFT_AUTHENTICATION_PACKAGE_V1_0\n"
     "Logon Account:\tnoor\nSource Workstation:\tKILN\nError Code:\t0xC000006A",
     {"PackageName": "MICROSOFT_AUTHENTICATION_PACKAGE_V1_0", "TargetUserName": "noor", "Workstation": "KILN", "Status": "0xC000006A"}),
    ("5145", SECURITY, f"A network share object was checked.\n\n{_SUBJECT}Network Information:\t\n\tObject Type:\t\tFile\n\tSource Address:\t\t192.0.2.4\n"
     "\tSource Port:\t\t50001\n\t\nShare Information:\n\tShare Name:\t\t\\\\*\\IPC$\n\tShare Path:\t\t\n\tRelative Target Name:\tsvcctl\n\n"
     "Access Request Information:\n\tAccess Mask:\t\t0x3\n\tAccesses:\t\tReadData\n\t\t\t\tWriteData\n",
     _BY_ODILE | {"ObjectType": "File", "IpAddress": "192.0.2.4", "IpPort": "50001", "ShareName": "\\\\*\\IPC$", "RelativeTargetName": "svcctl",
                  "AccessMask": "0x3", "AccessList": "ReadData\nWriteData"}),
    ("4103", POWERSHELL, "CommandInvocation(Get-Item): \"Get-Item\"\n\n\nContext:\n        Severity = Informational\n        Host Application = powershell.exe -c x\n"
     "        User = FERN\\odile\n\n\nUser Data:\n\n",
     {"Payload": 'CommandInvocation(Get-Item): "Get-Item"', "ContextInfo": "Severity = Informational\nHost Application = powershell.exe -c x\nUser = FERN\\odile"}),
    ("4624", "Microsoft-Windows-Kernel-General", "The system time has changed.\nSubject:\n\tAccount Name:\tx", {}),
)  # fmt: skip


@pytest.mark.parametrize(("code", "provider", "message", "data"), CASES, ids=lambda v: v if str(v).isdecimal() else "")
def test_data_of_a_message(code: str, provider: str, message: str, data: dict[str, str]) -> None:
    assert read_message(provider, code, message) == data
    assert read_message(provider, code, message.replace("\n", "\r\n")) == data


def test_a_value_with_lines_in_it_names_nobody_else() -> None:
    lines = "Process Create:\nUtcTime: x\nCommandLine: cmd /c echo\nUser: FERN\\admin\nCurrentDirectory: C:\\\nUser: FERN\\odile\nImage: C:\\c.exe"
    assert read_message("Microsoft-Windows-Sysmon", "1", lines) == {
        "UtcTime": "x", "CommandLine": "cmd /c echo", "CurrentDirectory": "C:\\", "Image": "C:\\c.exe",
    }  # fmt: skip
    twice = f"A new process has been created.\n\n{_SUBJECT}Process Information:\n\tProcess Command Line:\tx\n\nSubject:\n\tAccount Name:\t\tadmin"
    assert "SubjectUserName" not in read_message(SECURITY, "4688", twice)


def test_a_columns_own_name_counts_before_what_the_text_says() -> None:
    row = {
        "Id": 1,
        "ProviderName": "Microsoft-Windows-Sysmon",
        "Message": "X:\nEventID: 3\nComputer: other\nImage: a",
        "MachineName": "kiln",
        "ProcessId": 9,
    }
    found = read_row(row)
    assert found is not None
    assert (found["EventID"], found["Computer"], found["Image"], found["Execution_ProcessID"]) == ("1", "kiln", "a", 9)
    assert "ProcessId" not in found
    assert read_row({"Id": "x", "ProviderName": "y", "Message": "z"}) is None
    assert read_row({"a": 1}) is None
