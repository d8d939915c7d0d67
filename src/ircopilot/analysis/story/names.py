"""Names of programs and places, by what they are to a responder. Tables, no case's own names."""

from __future__ import annotations

import ipaddress
import re

BROWSERS = frozenset(
    (
        "msedge.exe chrome.exe firefox.exe iexplore.exe opera.exe brave.exe microsoftedge.exe microsoftedgecp.exe "
        "vivaldi.exe chromium chrome firefox safari"
    ).split()
)
MAILERS = frozenset(["outlook.exe", "thunderbird.exe", "hxoutlook.exe", "olk.exe"])
OFFICE = frozenset(
    [
        "winword.exe",
        "excel.exe",
        "powerpnt.exe",
        "onenote.exe",
        "msaccess.exe",
        "visio.exe",
        "mspub.exe",
        "acrord32.exe",
        "acrobat.exe",
    ]
)
ARCHIVERS = frozenset(["7zg.exe", "7zfm.exe", "winrar.exe", "explorer.exe", "winzip64.exe"])
DELIVERERS = BROWSERS | MAILERS | ARCHIVERS
SHELLS = frozenset(
    (
        "cmd.exe powershell.exe pwsh.exe powershell_ise.exe wscript.exe cscript.exe mshta.exe bash.exe wsl.exe sh "
        "bash dash zsh ash ksh fish python python2 python3 perl ruby php busybox"
    ).split()
)
# Codes of a process's connection: Sysmon's, the filtering platform's, endpoint products'.
CONNECTIONS = frozenset(("3", "5156", "network-connection"))
# Programs of Windows that exist to run what they are given: what they start, that started.
CARRIERS = frozenset(
    (
        "rundll32.exe regsvr32.exe msiexec.exe installutil.exe msbuild.exe regasm.exe regsvcs.exe cmstp.exe odbcconf.exe "
        "forfiles.exe pcalua.exe wmic.exe hh.exe mavinject.exe control.exe"
    ).split()
)
# A process under one of these was started by the system or by the person at the desk: the chain ends here.
BOUNDARY = frozenset(
    (
        "explorer.exe services.exe svchost.exe wininit.exe winlogon.exe userinit.exe smss.exe csrss.exe lsass.exe "
        "taskhostw.exe taskeng.exe taskhost.exe sihost.exe runtimebroker.exe dllhost.exe wmiprvse.exe wsmprovhost.exe "
        "system systemd init sshd sshd-session cron crond atd login su sudo launchd gnome-shell containerd-shim "
        "dockerd"
    ).split()
)
SERVERS = frozenset(
    (
        "w3wp.exe httpd.exe nginx.exe java.exe javaw.exe tomcat.exe tomcat7.exe tomcat8.exe tomcat9.exe tomcat10.exe "
        "node.exe php-cgi.exe php.exe sqlservr.exe mysqld.exe umworkerprocess.exe coldfusion.exe java nginx apache2 "
        "httpd node php-fpm tomcat uwsgi gunicorn mysqld postgres redis-server jenkins.exe prunsrv.exe "
        "wsusservice.exe"
    ).split()
)
DATABASES = frozenset("sqlservr.exe mysqld.exe postgres.exe oracle.exe mysqld postgres".split())
# Started as a side effect of what is already told; never an act of its own.
SIDE_EFFECTS = frozenset(
    (
        "conhost.exe werfault.exe wermgr.exe consent.exe dllhost.exe backgroundtaskhost.exe runtimebroker.exe "
        "smartscreen.exe searchfilterhost.exe searchprotocolhost.exe searchindexer.exe compattelrunner.exe "
        "audiodg.exe ctfmon.exe sppsvc.exe comppkgsrv.exe mpcmdrun.exe msmpeng.exe vboxservice.exe vboxtray.exe "
        "vmtoolsd.exe wmiprvse.exe"
    ).split()
)
# Windows' own trace tool, run by administrators and by labs; what it starts is its own report.
OWN_TOOL_SCRIPTS = ("gathernetworkinfo.vbs", "gatherwirelessinfo.vbs", "slmgr.vbs", "ts_werqueue.ps1", "cl_utility.ps1")
# What web applications run all day: mail, pictures, documents.
ROUTINE_SERVED = re.compile(
    r"(?:^|[\s/])(?:sendmail|convert|identify|mogrify|gs|ffmpeg|ffprobe|pdftotext|wkhtmltopdf|exiftool|cwebp)(?:\s|$)"
)
EXECUTABLE_SUFFIXES = tuple(
    (
        ".exe .dll .sys .ps1 .psm1 .bat .cmd .vbs .vbe .js .jse .hta .scr .lnk .msi .cpl .wsf .jar .py .sh .elf .so "
        ".iso .img .docm .xlsm .xll .chm .ocx .aspx .asp .jsp .php .war .xsl .sct .inf .com"
    ).split()
)
DUMP_SUFFIXES = (".dmp", ".mdmp", ".kirbi", ".ccache", ".dit", ".hiv", ".save")
ARCHIVE_SUFFIXES = (".zip", ".rar", ".7z", ".tar", ".gz", ".tgz", ".cab")
_USER_WRITABLE = re.compile(
    r"\\users\\|\\temp\\|\\tmp\\|\\appdata\\|\\programdata\\(?!microsoft\\windows defender|chocolatey\\lib|package cache)"
    r"|\\perflogs\\|\\windows\\tasks\\|\\windows\\temp\\|\\recycle|^/tmp/|^/var/tmp/|^/dev/shm/|^/home/[^/]+/|^/root/|^\\\\"
)
# Places where installed per-user software lives; a program there is no surprise by itself.
_USER_INSTALLED = re.compile(
    r"\\appdata\\local\\(?:microsoft|google|programs|slack|discord|packages)\\|\\programdata\\microsoft\\|\\windowsapps\\"
)
_DOMAIN = re.compile(r"(?i)^(?=.{4,253}$)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z][a-z0-9-]{1,62}$")


def is_server(name: str) -> bool:
    """True for a program that answers requests from the network, whatever version its name carries."""
    return name in SERVERS or re.sub(r"[\d.\-]+$", "", name) in SERVERS


def base(path: str) -> str:
    """Last part of a Windows or Unix path, lower case."""
    return re.split(r"[\\/]", path.strip().strip('"'))[-1].lower()


def shown(path: str) -> str:
    """Last part of a path as it is spelled."""
    return re.split(r"[\\/]", path.strip().strip('"'))[-1]


def short_host(name: str) -> str:
    """A host's name without its domain, lower case; addresses stay whole."""
    name = name.strip().lower()
    return name if is_ip(name) else name.split(".", 1)[0]


def user_writable(path: str) -> bool:
    """True for a place that a person without rights can write to and where installed software does not live."""
    low = path.lower()
    return bool(_USER_WRITABLE.search(low)) and not _USER_INSTALLED.search(low)


def executable(path: str) -> bool:
    """True for a file that can run or carry code, by its suffix."""
    return path.lower().split(":", 2)[-1 if path.count(":") < 2 else 1].endswith(EXECUTABLE_SUFFIXES)


def is_ip(text: str) -> bool:
    """True for an IPv4 or IPv6 address."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def peer_ip(text: str) -> bool:
    """True for an address that can be somebody else's: not loopback, link-local, multicast, broadcast or unset."""
    try:
        ip = ipaddress.ip_address(text)
    except ValueError:
        return False
    return not (ip.is_loopback or ip.is_link_local or ip.is_multicast or ip.is_unspecified or text.endswith(".255"))


def is_public(text: str) -> bool:
    """True for a globally routable address; documentation ranges count, since sanitised evidence uses them."""
    try:
        ip = ipaddress.ip_address(text)
    except ValueError:
        return False
    documentation = any(ip in net for net in _DOCUMENTATION if net.version == ip.version)
    return documentation or (ip.is_global and not ip.is_multicast)


def is_domain(text: str) -> bool:
    """True for a plausible DNS name with at least two labels."""
    return bool(_DOMAIN.match(text)) and not is_ip(text)


_DOCUMENTATION = tuple(
    ipaddress.ip_network(n) for n in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32")
)
