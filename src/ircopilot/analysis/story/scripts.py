"""What a script or command line says of itself: encoded text decoded, and the features a responder looks for."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass

_RUN = re.compile(r"[A-Za-z0-9+/]{24,}={0,2}")
_URL = re.compile(r"(?i)\b(?:https?|ftp|ldaps?|rmi)://[^\s\"'<>|;,)}\]]{4,300}")
_IP = re.compile(r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w]|\.\d)")
_PATH_ONLY = re.compile(r"['\"](/[\w.\-/]{3,80}\.(?:php|asp|aspx|jsp|html?|ps1|txt|bin|dat))['\"]", re.I)
_NAMED = re.compile(r"PowerSploit Function: ([A-Za-z]+-[A-Za-z]+)")

# (feature, words for a reader, technique). Patterns are linear: no nested quantifiers.
_FEATURES: tuple[tuple[re.Pattern[str], str, str], ...] = tuple(
    (re.compile(p, re.I), words, technique)
    for p, words, technique in (
        (r"amsiInitFailed|AmsiUtils|AmsiScanBuffer", "switches off AMSI (amsiInitFailed)", "T1685"),
        (r"PSEtwLogProvider|EtwEventWrite|m_enabled", "switches off PowerShell event tracing (ETW)", "T1685"),
        (r"ScriptBlockLogging", "tampers with script block logging", "T1685"),
        (r"DownloadString|DownloadFile|DownloadData|Invoke-WebRequest|\biwr\b|Net\.WebClient|Start-BitsTransfer|\bcurl\s+http|\bwget\s+http",
         "downloads from the network", "T1105"),
        (r"\bIEX\b|Invoke-Expression", "runs what it fetched in memory", "T1059.001"),
        (r"Out-Minidump|MiniDumpWriteDump|comsvcs(?:\.dll)?,?\s*(?:#|MiniDump)", "dumps a process's memory", "T1003.001"),
        (r"Invoke-Mimikatz|sekurlsa|logonpasswords", "reads credentials as Mimikatz does", "T1003.001"),
        (r"lsadump::sam\b|Invoke-PowerDump", "reads the local accounts' password hashes", "T1003.002"),
        (r"lsadump::(?:secrets|lsa)\b|Get-LSASecret", "reads the system's stored secrets", "T1003.004"),
        (r"lsadump::cache\b", "reads cached domain logons", "T1003.005"),
        (r"dcsync|Get-ADReplAccount", "asks a domain controller for password hashes as a replica would", "T1003.006"),
        (r"zerologon", "resets a domain controller's password by a flaw of Netlogon (Zerologon)", "T1210"),
        (r"kerberos::golden", "forges a Kerberos ticket", "T1558.001"),
        (r"kerberos::ptt|\bptt\s+/ticket|/ptt\b", "loads a stolen Kerberos ticket", "T1550.003"),
        (r"sekurlsa::pth|Invoke-TheHash|Invoke-SMBExec|Invoke-WMIExec", "logs on with a password hash", "T1550.002"),
        (r"\blsass\b", "names lsass", "T1003.001"),
        (r"Reflection\.Assembly\]::Load|ReflectivePE|Invoke-ReflectivePEInjection", "loads code reflectively", "T1620"),
        (r"VirtualAlloc|CreateThread|WriteProcessMemory", "places code in memory by Windows API calls", "T1055"),
        (r"Compress-Archive|Compress-7Zip|System\.IO\.Compression\.ZipFile", "packs files into an archive", "T1560.001"),
        (r"New-Service|sc(?:\.exe)?\s+create", "creates a service", "T1543.003"),
        (r"Register-ScheduledTask|schtasks(?:\.exe)?\s+/create", "creates a scheduled task", "T1053.005"),
        (r"Get-ADUser|Get-DomainUser|Get-NetUser|Get-LocalUser|\bnet1?(?:\.exe\"?)?\s+users?\b(?![^\n]{0,200}/(?:add|del))", "lists accounts", "T1087"),
        (r"\bnet1?(?:\.exe\"?)?\s+user\s[^\n]{0,200}/add|New-LocalUser", "creates an account", "T1136.001"),
        (r"Get-ADGroupMember|Get-LocalGroupMember|Get-DomainGroup|Get-NetGroup|Get-NetLocalGroup", "lists groups", "T1069"),
        (r"Get-ADComputer|Get-DomainComputer|Get-NetComputer|Get-DomainController|objectCategory=computer", "lists the computers of the domain", "T1018"),
        (r"Get-DomainTrust|Get-NetForest|Get-ForestDomain", "lists domain trusts", "T1482"),
        (r"\bGet-Process\b|Win32_Process\b(?!\W{0,6}-Name Create)", "lists processes", "T1057"),
        (r"Win32_OperatingSystem|Win32_ComputerSystem\b|Get-ComputerInfo", "asks what system this is", "T1082"),
        (r"Get-ChildItem[^\n|]{0,200}-(?:Include|Filter|Recurse)|\bgci\b[^\n|]{0,100}-recurse", "searches for files", "T1083"),
        (r"Get-NetIPConfiguration|Get-NetAdapter|Get-NetIPAddress|Get-DnsClientServerAddress", "asks for the network's configuration", "T1016"),
        (r"Get-NetTCPConnection", "lists network connections", "T1049"),
        (r"AntiVirusProduct|Get-MpComputerStatus|Get-MpPreference", "asks which security products run", "T1518.001"),
        (r"Get-Clipboard|Clipboard\]?::GetText", "reads the clipboard", "T1115"),
        (r"CopyFromScreen|Get-Screenshot|Invoke-ScreenCapture", "takes pictures of the screen", "T1113"),
        (r"\.UploadFile|\.UploadData|\.UploadString|-InFile\b", "uploads data", "T1041"),
        (r"(?:ItemProperty|\badd)\b[^\n]{0,120}CurrentVersion\\Run\b", "sets a program to start at logon", "T1547.001"),
        (r"(?:Folder|ms-settings|mscfile|exefile)\\shell\\(?:open|runas)\\command|DelegateExecute",
         "redirects a class to pass the elevation prompt", "T1548.002"),
        (r"__EventFilter|CommandLineEventConsumer|ActiveScriptEventConsumer", "subscribes to WMI events", "T1546.003"),
        (r"Invoke-(?:Wmi|Cim)Method\b[\s\S]{0,300}?\bCreate\b|Win32_Process\W{0,6}-Name Create|process\s+call\s+create",
         "starts programs through WMI", "T1047"),
        (r"\.GetPixel\(|Drawing\.Bitmap\([\"']", "reads data out of a picture", "T1027.003"),
        (r"FromBase64String|-bxor", "decodes hidden data", "T1140"),
        (r"Invoke-Command\s|Enter-PSSession|New-PSSession", "runs commands on another host", "T1021.006"),
        (r"aws_access_key_id|aws_secret_access_key|\.aws[\\/]credentials|AKIA[0-9A-Z]{16}", "looks for cloud access keys", "T1552.001"),
        (r"PromptForCredential|Get-Credential", "asks the user for a password", "T1056.002"),
        (r"Get-Keystrokes|GetAsyncKeyState", "logs keystrokes", "T1056.001"),
        (r"Clear-EventLog|wevtutil(?:\.exe)?\s+cl\b", "clears an event log", "T1685.005"),
        (r"\bSet-Service\b[^\n|;]{0,120}-StartupType\s+[\"']?Disabled|\bsc(?:\.exe)?\s+config\s[^\n|;]{0,80}start=\s?disabled", "disables a service", "T1489"),
        (r"Set-MpPreference|Add-MpPreference|DisableRealtimeMonitoring", "weakens Windows Defender", "T1685"),
        (r"\bdel(?:\.exe)?\s+/|\bRemove-Item\b(?![^\n|;]{0,80}HK(?:CU|LM|EY))|\berase\s+/|\brm\s+-[rf]|\bshred\b|\bsdelete", "deletes files", "T1070.004"),
        (r"history\s+-c|unset\s+HISTFILE|\.bash_history", "clears the shell's history", "T1070.003"),
        (r"\breg(?:\.exe)?\s+save\b", "saves registry hives with credentials", "T1003.002"),
        (r"\bntdsutil\b[^\n]{0,300}?\b(?:ifm|snapshot|cr\w* fu)|ntds\.dit", "copies the directory's password database", "T1003.003"),
        (r"Invoke-Kerberoast|Rubeus|asktgt|kerberoast", "requests Kerberos tickets to crack or reuse", "T1558"),
    )
)  # fmt: skip

# In a command these are what it is for; in a long script they are housekeeping.
LONG = 1500
_INCIDENTAL = frozenset(
    {"deletes files", "lists processes", "lists accounts", "names lsass", "clears the shell's history"}
)


@dataclass(frozen=True, slots=True)
class ScriptReading:
    """What was read: decoded layers joined, addresses, URLs, paths on a server, features, functions named."""

    decoded: str
    urls: tuple[str, ...]
    ips: tuple[str, ...]
    server_paths: tuple[str, ...]
    features: tuple[tuple[str, str], ...]
    functions: tuple[str, ...]

    @property
    def techniques(self) -> tuple[str, ...]:
        """Techniques of the features, sorted, without `names lsass` alone."""
        return tuple(sorted({t for w, t in self.features if w != "names lsass" or len(self.features) > 1}))


def decode_layers(text: str, depth: int = 2) -> list[str]:
    """Readable texts inside base64 runs (UTF-16LE first, then UTF-8), nested up to `depth`; at most 50 runs a layer."""
    if depth == 0 or len(text) > 1 << 20:
        return []
    found: list[str] = []
    for run in _RUN.findall(text)[:50]:
        try:
            raw = base64.b64decode(run + "=" * (-len(run) % 4), validate=True)
        except (binascii.Error, ValueError):
            continue
        for encoding in ("utf-16-le", "utf-8"):
            plain = raw.decode(encoding, "ignore").strip("\0")
            printable = sum(31 < ord(c) < 127 or c in "\r\n\t" for c in plain)
            if len(plain) >= 6 and printable > 0.9 * len(plain):
                found += [plain, *decode_layers(plain, depth - 1)]
                break
    return found


def read_script(text: str) -> ScriptReading:
    """Read a command line or script block."""
    layers = decode_layers(text)
    whole = "\n".join([text[: 1 << 20], *layers])
    features = tuple((words, technique) for pattern, words, technique in _FEATURES if pattern.search(whole))
    if len(whole) > LONG:
        features = tuple(f for f in features if f[0] not in _INCIDENTAL)
    return ScriptReading(
        decoded="\n".join(layers),
        urls=_unique(u.rstrip(".'\"") for u in _URL.findall(whole)),
        ips=_unique(_IP.findall(whole)),
        server_paths=_unique(_PATH_ONLY.findall(whole)),
        features=features,
        functions=_unique(_NAMED.findall(whole)),
    )


def _unique(values: object) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))  # type: ignore[call-overload]
