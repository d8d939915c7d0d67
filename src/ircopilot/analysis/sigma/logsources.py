"""Sigma log sources: which events of ours each one means.

Source: the Sigma taxonomy ("Log Source Taxonomy" appendix); Sysmon event ids; Windows channel names.
"""

from __future__ import annotations

from dataclasses import dataclass

from ircopilot.analysis.sigma.rules import Logsource


@dataclass(frozen=True, slots=True)
class Seen:
    """One line of the census: a kind of event that the evidence holds, and how many of it."""

    source: str
    channel: str
    provider: str
    code: str
    count: int


@dataclass(frozen=True, slots=True)
class Where:
    """Events of one channel or source, optionally of some codes. Text is lower case; a `source` that ends in `*`
    is a prefix. The channel decides where the record names one, else the source does."""

    channel: str = ""
    source: str = ""
    provider: str = ""
    codes: frozenset[str] | None = None

    def holds(self, seen: Seen) -> bool:
        """Whether events of this kind belong here."""
        if self.codes is not None and seen.code not in self.codes:
            return False
        if self.provider and self.provider != seen.provider.lower():
            return False
        if self.channel and seen.channel:
            return seen.channel.lower() == self.channel
        source = seen.source.lower()
        return bool(self.source) and (
            source.startswith(self.source[:-1]) if self.source.endswith("*") else source == self.source
        )


def _sysmon(*codes: str) -> Where:
    return Where("microsoft-windows-sysmon/operational", "windows.sysmon", codes=frozenset(codes))


def _security(*codes: str) -> Where:
    return Where("security", "windows.security", codes=frozenset(codes))


def _hunting(*codes: str) -> Where:
    return Where(source="defender.hunting", codes=frozenset(codes))


def _endpoint(system: str, code: str) -> Where:
    """Records of endpoint products, under the word that their mapping has for the kind."""
    return Where(source=f"edr.{system}", codes=frozenset({code}))


def _powershell(*codes: str) -> tuple[Where, ...]:
    wanted = frozenset(codes)
    return (
        Where("microsoft-windows-powershell/operational", "windows.powershell", codes=wanted),
        Where("powershellcore/operational", "windows.powershellcore", codes=wanted),
    )


def _classic(*codes: str) -> tuple[Where, ...]:
    return (Where("windows powershell", "windows.powershell", codes=frozenset(codes)),)


WINDOWS_CATEGORIES: dict[str, tuple[Where, ...]] = {
    "process_creation": (
        _sysmon("1"),
        _security("4688"),
        _hunting("ProcessCreated"),
        _endpoint("windows", "process-started"),
    ),
    "file_change": (_sysmon("2"),),
    "network_connection": (
        _sysmon("3"),
        _security("5156"),
        _hunting("ConnectionSuccess"),
        _endpoint("windows", "network-connection"),
    ),
    "sysmon_status": (_sysmon("4", "16"),),
    "process_termination": (_sysmon("5"),),
    "driver_load": (_sysmon("6"),),
    "image_load": (_sysmon("7"),),
    "create_remote_thread": (_sysmon("8"),),
    "raw_access_thread": (_sysmon("9"),),
    "process_access": (_sysmon("10"),),
    "file_event": (_sysmon("11"), _hunting("FileCreated", "FileModified")),
    "registry_add": (_sysmon("12"),),
    "registry_delete": (_sysmon("12"),),
    "registry_set": (_sysmon("13"), _security("4657")),
    "registry_rename": (_sysmon("14"),),
    "registry_event": (_sysmon("12", "13", "14"), _security("4657")),
    "create_stream_hash": (_sysmon("15"),),
    "pipe_created": (_sysmon("17", "18"),),
    "wmi_event": (_sysmon("19", "20", "21"),),
    "dns_query": (_sysmon("22"), _endpoint("windows", "dns-query")),
    "file_delete": (_sysmon("23", "26"),),
    "clipboard_capture": (_sysmon("24"),),
    "process_tampering": (_sysmon("25"),),
    "file_block_executable": (_sysmon("27"),),
    "file_executable_detected": (_sysmon("29"),),
    "sysmon_error": (_sysmon("255"),),
    "file_access": (Where("microsoft-windows-kernel-file/analytic"), _security("4663")),
    "file_rename": (Where("microsoft-windows-kernel-file/analytic"),),
    "ps_module": _powershell("4103"),
    "ps_script": _powershell("4104"),
    "ps_classic_start": _classic("400"),
    "ps_classic_provider_start": _classic("600"),
    "ps_classic_script": _classic("800"),
}
"""`file_access` includes Security 4663 because its object name says the same as the kernel's trace does."""

WINDOWS_CHANNELS: dict[str, tuple[str, ...]] = {
    "application": ("application",),
    "security": ("security",),
    "system": ("system",),
    "sysmon": ("microsoft-windows-sysmon/operational",),
    "powershell": ("microsoft-windows-powershell/operational", "powershellcore/operational"),
    "powershell-classic": ("windows powershell",),
    "taskscheduler": ("microsoft-windows-taskscheduler/operational",),
    "wmi": ("microsoft-windows-wmi-activity/operational",),
    "windefend": ("microsoft-windows-windows defender/operational",),
    "dns-server": ("dns server",),
    "dns-server-audit": ("microsoft-windows-dns-server/audit",),
    "dns-server-analytic": ("microsoft-windows-dns-server/analytical",),
    "dns-client": ("microsoft-windows-dns client events/operational", "microsoft-windows-dns-client/operational"),
    "driver-framework": ("microsoft-windows-driverframeworks-usermode/operational",),
    "ntlm": ("microsoft-windows-ntlm/operational",),
    "bits-client": ("microsoft-windows-bits-client/operational",),
    "applocker": (
        "microsoft-windows-applocker/exe and dll", "microsoft-windows-applocker/msi and script",
        "microsoft-windows-applocker/packaged app-deployment", "microsoft-windows-applocker/packaged app-execution",
    ),
    "printservice-admin": ("microsoft-windows-printservice/admin",),
    "printservice-operational": ("microsoft-windows-printservice/operational",),
    "terminalservices-localsessionmanager": ("microsoft-windows-terminalservices-localsessionmanager/operational",),
    "terminalservices-remoteconnectionmanager": (
        "microsoft-windows-terminalservices-remoteconnectionmanager/operational",
    ),
    "winrm": ("microsoft-windows-winrm/operational",),
    "smbclient-security": ("microsoft-windows-smbclient/security",),
    "smbclient-connectivity": ("microsoft-windows-smbclient/connectivity",),
    "smbserver-connectivity": ("microsoft-windows-smbserver/connectivity",),
    "firewall-as": ("microsoft-windows-windows firewall with advanced security/firewall",),
    "codeintegrity-operational": ("microsoft-windows-codeintegrity/operational",),
    "appxdeployment-server": ("microsoft-windows-appxdeploymentserver/operational",),
    "appxpackaging-om": ("microsoft-windows-appxpackaging/operational",),
    "appmodel-runtime": ("microsoft-windows-appmodel-runtime/admin",),
    "security-mitigations": (
        "microsoft-windows-security-mitigations/kernel mode", "microsoft-windows-security-mitigations/user mode",
    ),
    "shell-core": ("microsoft-windows-shell-core/operational",),
    "openssh": ("openssh/operational",),
    "msexchange-management": ("msexchange management",),
    "microsoft-servicebus-client": ("microsoft-servicebus-client",),
    "ldap": ("microsoft-windows-ldap-client/debug",),
    "ldap_debug": ("microsoft-windows-ldap-client/debug",),
    "lsa-server": ("microsoft-windows-lsa/operational",),
    "capi2": ("microsoft-windows-capi2/operational",),
    "certificateservicesclient-lifecycle-system": (
        "microsoft-windows-certificateservicesclient-lifecycle-system/operational",
    ),
    "diagnosis-scripted": ("microsoft-windows-diagnosis-scripted/operational",),
    "iis-configuration": ("microsoft-iis-configuration/operational",),
}  # fmt: skip

LINUX_AUTH = ("sshd", "sudo", "su", "accounts", "auth")
LINUX_SYSTEM = ("syslog", "cron", "systemd", "kernel")
SOURCE_NAMES = {"windefend": "defender", "bits-client": "bits", "powershell-classic": "powershell"}

PLAIN: dict[Logsource, tuple[Where, ...]] = {
    Logsource("windows", "", ""): (Where(source="windows.*"),),
    Logsource("linux", "process_creation", ""): (
        Where("linux-sysmon/operational", "linux.sysmon", codes=frozenset({"1"})),
        Where(source="linux.auditd", codes=frozenset({"EXECVE", "AUOMS_EXECVE"})),
        _endpoint("linux", "process-started"),
    ),
    Logsource("linux", "network_connection", ""): (
        Where("linux-sysmon/operational", "linux.sysmon", codes=frozenset({"3"})),
        _endpoint("linux", "network-connection"),
    ),
    Logsource("linux", "file_event", ""): (Where("linux-sysmon/operational", "linux.sysmon", codes=frozenset({"11"})),),
    Logsource("linux", "", ""): (Where(source="linux.*"),),
    Logsource("linux", "", "auditd"): (Where(source="linux.auditd"),),
    Logsource("linux", "", "auth"): tuple(Where(source=f"linux.{s}") for s in LINUX_AUTH),
    Logsource("linux", "", "syslog"): tuple(Where(source=f"linux.{s}") for s in (*LINUX_AUTH, *LINUX_SYSTEM)),
    Logsource("linux", "", "sysmon"): (Where(source="linux.sysmon"),),
    Logsource("aws", "", "cloudtrail"): (Where(source="aws.cloudtrail"),),
    Logsource("m365", "", ""): (Where(source="m365.audit"),),
    Logsource("m365", "", "audit"): (Where(source="m365.audit"),),
    Logsource("m365", "", "exchange"): (Where(source="m365.audit"),),
    Logsource("", "dns", ""): (Where(source="zeek.dns"),),
    Logsource("", "proxy", ""): (Where(source="zeek.http"),),
    Logsource("", "webserver", ""): (Where(source="zeek.http"), Where(source="web.*")),
    Logsource("", "firewall", ""): (Where(source="zeek.conn"),),
}


def places_of(logsource: Logsource) -> tuple[Where, ...]:
    """Where the events of a log source lie; empty when this product reads no such source."""
    product, category, service = logsource
    if product == "windows":
        if category:
            return WINDOWS_CATEGORIES.get(category, ())
        if service:
            source = f"windows.{SOURCE_NAMES.get(service, service)}"
            return tuple(Where(c, source) for c in WINDOWS_CHANNELS.get(service, (service,)))
    if product == "zeek" and service:
        return (Where(source=f"zeek.{service}"),)
    known = PLAIN.get(logsource)
    if known is None and not service:
        known = PLAIN.get(Logsource("", category, ""))
    if known is not None:
        return known
    return (
        (Where(source=f"linux.{service}"), Where(source=f"linux.{service}.*")) if product == "linux" and service else ()
    )
