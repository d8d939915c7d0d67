"""The English text that Windows makes of an event → the event's data, under the names that the event itself has.

    Subject:⏎⇥Account Name:⇥⇥odile⏎⏎Process Information:⏎⇥New Process Name:⇥C:\\x.exe
    →  {"SubjectUserName": "odile", "NewProcessName": "C:\\x.exe"}

One label stands for several data (`Account Name` of `Subject`, of `New Logon`), so that labels are read within their
section. What stands twice in one section is left out: a value with line breaks in it could imitate a line of the text.
Sources: Microsoft's message tables of the Security, System and PowerShell providers; Sysmon's manifest.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_LINE = re.compile(r"([ \t]*)([A-Z][A-Za-z0-9 ()/.'-]{0,60}):(?:[ \t]+(.*)|[ \t]*)$")
_SYSMON = re.compile(r"([A-Z][A-Za-z0-9]{1,40}):(?: (.*)|)$")
_BLOCK_TEXT = re.compile(r"Creating Scriptblock text \((\d{1,9}) of (\d{1,9})\):\n")
_STATE = re.compile(r"The (.{1,260}) service entered the (\w{1,40}) state\.")
_KEEPS_LINES = frozenset(("Task Content", "Task New Content"))

_WHO = ("Security ID", "Account Name", "Account Domain", "Logon ID")


def _who(prefix: str) -> dict[str, str]:
    names = ("UserSid", "UserName", "DomainName", "LogonId")
    return {label: prefix + name for label, name in zip(_WHO, names, strict=True)} | {
        "Domain Name": f"{prefix}DomainName",
        "Client Logon ID": f"{prefix}LogonId",
    }


_SUBJECT = _who("Subject")
_TARGET = _who("Target")
# An account that is acted upon: its number has a name of its own.
_ACCOUNT = {
    **_TARGET, "Security ID": "TargetSid", "Group Name": "TargetUserName", "Group Domain": "TargetDomainName",
    "User ID": "TargetSid", "Supplied Realm Name": "TargetDomainName", "Logon GUID": "LogonGuid", "Old Account Name": "OldTargetUserName",
    "New Account Name": "NewTargetUserName",
}  # fmt: skip
_PROCESS = {
    "New Process ID": "NewProcessId", "New Process Name": "NewProcessName", "Token Elevation Type": "TokenElevationType",
    "Mandatory Label": "MandatoryLabel", "Creator Process ID": "ProcessId", "Creator Process Name": "ParentProcessName",
    "Process Command Line": "CommandLine", "Process ID": "ProcessId", "Process Name": "ProcessName", "Exit Status": "Status",
    "Caller Process ID": "ProcessId", "Caller Process Name": "ProcessName",
}  # fmt: skip
_SECTIONS: dict[str, dict[str, str]] = {
    "Subject": _SUBJECT,
    "Creator Subject": _SUBJECT,
    "Target Subject": _TARGET,
    "New Logon": {**_TARGET, "Linked Logon ID": "TargetLinkedLogonId", "Logon GUID": "LogonGuid"},
    "Account For Which Logon Failed": _TARGET,
    "Account Whose Credentials Were Used": {**_TARGET, "Logon GUID": "TargetLogonGuid"},
    "Account That Was Locked Out": _ACCOUNT,
    "Account Information": _ACCOUNT,
    "New Account": _ACCOUNT,
    "New Computer Account": _ACCOUNT,
    "Target Account": _ACCOUNT,
    "Computer Account That Was Changed": _ACCOUNT,
    "Group": _ACCOUNT,
    "New Group": _ACCOUNT,
    "User": _ACCOUNT,
    "Member": {"Security ID": "MemberSid", "Account Name": "MemberName"},
    "Target Server": {"Target Server Name": "TargetServerName", "Additional Information": "TargetInfo"},
    "Process Information": _PROCESS,
    "Process": _PROCESS,
    "Application Information": {"Process ID": "ProcessID", "Application Name": "Application"},
    "Logon Information": {
        "Logon Type": "LogonType", "Virtual Account": "VirtualAccount", "Elevated Token": "ElevatedToken",
        "Restricted Admin Mode": "RestrictedAdminMode",
    },
    "Network Information": {
        "Workstation Name": "WorkstationName", "Source Network Address": "IpAddress", "Network Address": "IpAddress",
        "Client Address": "IpAddress", "Source Address": "IpAddress", "Source Port": "IpPort", "Port": "IpPort", "Client Port": "IpPort",
        "Object Type": "ObjectType", "Direction": "Direction", "Destination Address": "DestAddress", "Destination Port": "DestPort",
        "Protocol": "Protocol",
    },
    "Share Information": {
        "Share Name": "ShareName", "Share Path": "ShareLocalPath", "Relative Target Name": "RelativeTargetName",
    },
    "Access Request Information": {"Access Mask": "AccessMask", "Accesses": "AccessList"},
    "Detailed Authentication Information": {
        "Logon Process": "LogonProcessName", "Authentication Package": "AuthenticationPackageName",
        "Transited Services": "TransmittedServices", "Package Name (NTLM only)": "LmPackageName", "Key Length": "KeyLength",
    },
    "Failure Information": {"Failure Reason": "FailureReason", "Status": "Status", "Sub Status": "SubStatus"},
    "Service Information": {
        "Service Name": "ServiceName", "Service ID": "ServiceSid", "Service File Name": "ServiceFileName",
        "Service Type": "ServiceType", "Service Start Type": "ServiceStartType", "Service Account": "ServiceAccount",
    },
    "Task Information": {
        "Task Name": "TaskName", "Task Content": "TaskContent", "Task New Content": "TaskContentNew",
    },
    "Object": {
        "Object Server": "ObjectServer", "Object Type": "ObjectType", "Object Name": "ObjectName", "Object Value Name": "ObjectValueName",
        "Handle ID": "HandleId",
    },
    "Change Information": {"New Value": "NewValue", "Old Value": "OldValue"},
    "Attributes": {"SAM Account Name": "SamAccountName", "Display Name": "DisplayName", "User Principal Name": "UserPrincipalName"},
    "Additional Information": {
        "Ticket Options": "TicketOptions", "Result Code": "Status", "Failure Code": "Status", "Privileges": "PrivilegeList",
        "Ticket Encryption Type": "TicketEncryptionType", "Pre-Authentication Type": "PreAuthType",
    },
    "": {
        "Logon Type": "LogonType", "Privileges": "PrivilegeList", "Authentication Package": "PackageName", "Logon Account": "TargetUserName",
        "Source Workstation": "Workstation", "Error Code": "Status",
    },
}  # fmt: skip
# Events whose `Subject` is the session that ended, and data named otherwise than elsewhere.
_BY_CODE: dict[str, dict[tuple[str, str], str]] = {
    **{code: {("Subject", label): name for label, name in _TARGET.items()} for code in ("4634", "4647")},
    **{code: {("Network Information", "Source Address"): "SourceAddress", ("Network Information", "Source Port"): "SourcePort"}
       for code in ("5152", "5156", "5157", "5158")},
}  # fmt: skip
_SYSTEM: dict[str, dict[str, str]] = {
    "7045": {
        "Service Name": "ServiceName", "Service File Name": "ImagePath", "Service Type": "ServiceType",
        "Service Start Type": "StartType", "Service Account": "AccountName",
    }
}  # fmt: skip


def read_message(provider: str, code: str, message: str) -> dict[str, str]:
    """The data of an event by its text; empty where the text is of no known form. `code` is the event's number."""
    text = message.replace("\r\n", "\n")
    low = provider.lower()
    if "sysmon" in low:
        return _sysmon(text)
    if "powershell" in low:
        return _powershell(code, text)
    if code in _SYSTEM and "service control manager" in low:
        return _once((_SYSTEM[code][label], value) for _, label, value in _labelled(text) if label in _SYSTEM[code])
    if code == "7036" and (said := _STATE.match(text)):
        return {"param1": said[1], "param2": said[2]}
    if "security-auditing" in low or (code == "1102" and "eventlog" in low):
        return _security(code, text)
    return {}


def _security(code: str, text: str) -> dict[str, str]:
    own = _BY_CODE.get(code, {})
    named = (
        (own.get((section, label)) or _SECTIONS.get(section, {}).get(label) or _SECTIONS[""].get(label, ""), value)
        for section, label, value in _labelled(text)
    )
    return _once((name, value) for name, value in named if name)


def _labelled(text: str) -> Iterator[tuple[str, str, str]]:
    """(section, label, value); a value goes on over the lines behind it up to a blank one or the next label."""
    section, label, value, open_ = "", "", [""], False
    for line in text.split("\n"):
        m = _LINE.match(line)
        if label in _KEEPS_LINES and open_ and not (m and not m[1] and line.rstrip().endswith(":")):
            value.append(line)
            continue
        if m and not m[1] and not (m[3] or "").strip() and (m[2] in _SECTIONS or not open_):
            if open_:
                yield section, label, "\n".join(value).strip()
            section, open_ = m[2], False
        elif m:
            if open_:
                yield section, label, "\n".join(value).strip()
            label, value, open_ = m[2], [m[3] or ""], True
        elif not line.strip():
            if open_:
                yield section, label, "\n".join(value).strip()
            open_ = False
        elif open_:
            value.append(line.strip())
    if open_:
        yield section, label, "\n".join(value).strip()


def _once(pairs: Iterator[tuple[str, str]]) -> dict[str, str]:
    """Values by name, without the empty ones and without names that come twice with another value."""
    found: dict[str, str] = {}
    twice: set[str] = set()
    for name, value in pairs:
        if value and found.setdefault(name, value) != value:
            twice.add(name)
    return {name: value for name, value in found.items() if name not in twice}


def _sysmon(text: str) -> dict[str, str]:
    pairs: list[tuple[str, str]] = []
    for line in text.split("\n")[1:]:
        m = _SYSMON.match(line)
        if m:
            pairs.append((m[1], m[2] or ""))
        elif pairs and line.strip():
            pairs[-1] = (pairs[-1][0], f"{pairs[-1][1]}\n{line}")
    return _once(iter(pairs))


def _powershell(code: str, text: str) -> dict[str, str]:
    if code == "4104" and (head := _BLOCK_TEXT.match(text)):
        end = text.rfind("\n\nScriptBlock ID: ")
        tail = dict(p for line in text[end:].split("\n") if len(p := line.split(": ", 1)) == 2) if end >= 0 else {}
        script = text[head.end() : end if end >= 0 else len(text)]
        found = {
            "ScriptBlockText": script, "MessageNumber": head[1], "MessageTotal": head[2],
            "ScriptBlockId": tail.get("ScriptBlock ID", "").strip(), "Path": tail.get("Path", "").strip(),
        }  # fmt: skip
        return {name: value for name, value in found.items() if value}
    if code == "4103":
        payload, context, rest = text.partition("\n\nContext:\n")
        said = "\n".join(line.strip() for line in rest.partition("\nUser Data:")[0].split("\n"))
        return {"Payload": payload.strip(), "ContextInfo": said.strip()} if context else {}
    return {}
