"""Hosts' records as `Get-WinEvent | Export-Csv` writes them on a machine of American culture: the data stand in English text.

Source: Microsoft's message tables; the columns of .NET's `EventLogRecord`.
"""

from __future__ import annotations

import csv
import io
from collections import defaultdict

from .layouts import PROVIDERS
from .machine import Machine, Record

_SUBJECT = "Subject:\n\tSecurity ID:\t\t{SubjectUserSid}\n\tAccount Name:\t\t{SubjectUserName}\n\tAccount Domain:\t\t{SubjectDomainName}\n\tLogon ID:\t\t{SubjectLogonId}\n\n"
_WHO = "\tSecurity ID:\t\t{TargetSid}\n\tAccount Name:\t\t{TargetUserName}\n\tAccount Domain:\t\t{TargetDomainName}\n"
_LOGON = "Logon Information:\n\tLogon Type:\t\t{LogonType}\n\n"
_FROM = (
    "Process Information:\n\tProcess ID:\t\t{ProcessId}\n\tProcess Name:\t\t{ProcessName}\n\nNetwork Information:\n\tWorkstation Name:\t{WorkstationName}\n"
    "\tSource Network Address:\t{IpAddress}\n\tSource Port:\t\t{IpPort}\n\nDetailed Authentication Information:\n\tLogon Process:\t\t{LogonProcessName}\n"
    "\tAuthentication Package:\t{AuthenticationPackageName}\n\nThis event is generated when somebody logs on: whoever it is."
)  # fmt: skip
_TEXTS = {
    4624: f"An account was successfully logged on.\n\n{_SUBJECT}{_LOGON}New Logon:\n\tSecurity ID:\t\t{{TargetUserSid}}\n\tAccount Name:\t\t{{TargetUserName}}\n"
    f"\tAccount Domain:\t\t{{TargetDomainName}}\n\tLogon ID:\t\t{{TargetLogonId}}\n\n{_FROM}",
    4625: f"An account failed to log on.\n\n{_SUBJECT}Logon Type:\t\t\t{{LogonType}}\n\nAccount For Which Logon Failed:\n{_WHO}\nFailure Information:\n"
    f"\tFailure Reason:\t\tUnknown user name or bad password.\n\tStatus:\t\t\t{{Status}}\n\tSub Status:\t\t{{SubStatus}}\n\n{_FROM}",
    4672: f"Special privileges assigned to new logon.\n\n{_SUBJECT}Privileges:\t\t{{PrivilegeList}}",
    4688: "A new process has been created.\n\nCreator " + _SUBJECT + "Target Subject:\n\tSecurity ID:\t\tNULL SID\n\tAccount Name:\t\t{TargetUserName}\n"
    "\tAccount Domain:\t\t{TargetDomainName}\n\tLogon ID:\t\t{TargetLogonId}\n\nProcess Information:\n\tNew Process ID:\t\t{NewProcessId}\n"
    "\tNew Process Name:\t{NewProcessName}\n\tToken Elevation Type:\tTokenElevationTypeDefault (1)\n\tMandatory Label:\t\t{MandatoryLabel}\n"
    "\tCreator Process ID:\t{ProcessId}\n\tCreator Process Name:\t{ParentProcessName}\n\tProcess Command Line:\t{CommandLine}\n\nType 1 is a full token.",
    4689: f"A process has exited.\n\n{_SUBJECT}Process Information:\n\tProcess ID:\t{{ProcessId}}\n\tProcess Name:\t{{ProcessName}}\n\tExit Status:\t{{Status}}",
    4698: f"A scheduled task was created.\n\n{_SUBJECT}Task Information:\n\tTask Name: \t\t{{TaskName}}\n\tTask Content: \t\t{{TaskContent}}\n\t",
    4720: f"A user account was created.\n\n{_SUBJECT}New Account:\n{_WHO}\nAttributes:\n\tSAM Account Name:\t{{SamAccountName}}\n",
    4732: f"A member was added to a security-enabled local group.\n\n{_SUBJECT}Member:\n\tSecurity ID:\t\t{{MemberSid}}\n\tAccount Name:\t\t{{MemberName}}\n\n"
    "Group:\n\tSecurity ID:\t\t{TargetSid}\n\tGroup Name:\t\t{TargetUserName}\n\tGroup Domain:\t\t{TargetDomainName}\n",
    5156: "The Windows Filtering Platform has permitted a connection.\n\nApplication Information:\n\tProcess ID:\t\t{ProcessID}\n\tApplication Name:\t{Application}\n\n"
    "Network Information:\n\tDirection:\t\t{Direction}\n\tSource Address:\t\t{SourceAddress}\n\tSource Port:\t\t{SourcePort}\n"
    "\tDestination Address:\t{DestAddress}\n\tDestination Port:\t\t{DestPort}\n\tProtocol:\t\t{Protocol}\n",
    7045: "A service was installed in the system.\n\nService Name:  {ServiceName}\nService File Name:  {ImagePath}\nService Type:  {ServiceType}\n"
    "Service Start Type:  {StartType}\nService Account:  {AccountName}",
    104: "The {Channel} log file was cleared.",
}  # fmt: skip
_DIRECTIONS = {"%%14592": "Inbound", "%%14593": "Outbound"}
_COLUMNS = "Message Id Version Level RecordId ProviderName LogName ProcessId ThreadId MachineName UserId TimeCreated LevelDisplayName".split()


def _text(record: Record) -> str:
    data = defaultdict(lambda: "-", record.data)
    if "Direction" in data:
        data["Direction"] = _DIRECTIONS.get(data["Direction"], data["Direction"])
    return _TEXTS.get(record.code, "Something happened.").format_map(data).replace("\n", "\r\n")


def get_winevent(m: Machine) -> str:
    """The host's records, newest first, as Get-WinEvent gives them; its clock shows UTC."""
    out = io.StringIO()
    out.write("#TYPE System.Diagnostics.Eventing.Reader.EventLogRecord\r\n")
    rows = csv.writer(out, quoting=csv.QUOTE_ALL)
    rows.writerow(_COLUMNS)
    ordered = sorted(enumerate(m.records, 70_000), key=lambda pair: pair[1].time, reverse=True)
    for n, r in ordered:
        provider = "Microsoft-Windows-Eventlog" if r.code in (104, 1102) else PROVIDERS[r.channel][0]
        hour = r.time.hour % 12 or 12
        when = f"{r.time.month}/{r.time.day}/{r.time.year} {hour}:{r.time:%M:%S} {r.time:%p}"
        rows.writerow(
            (_text(r), r.code, 2, 0, n, provider, r.channel, 4, 4420, m.fqdn, "S-1-5-18", when, "Information")
        )
    return out.getvalue()
