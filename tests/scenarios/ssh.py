"""Guessed passwords over ssh, then root: as rsyslog's auth.log and as the journal's export."""

from __future__ import annotations

import json
import random
from datetime import datetime, timedelta
from pathlib import Path

from .making import Day, Scenario, make_truth

DAY = Day("2026-01-22")
ATTACKER, STRANGER, ADMIN = "198.51.100.23", "203.0.113.9", "10.9.0.14"
HOST = "bastion-02"
Entry = tuple[datetime, str, int, str]


def _entries() -> list[Entry]:
    """(time, program, pid, message), by time."""
    at, dice = DAY.at, random.Random(3)
    out: list[Entry] = []
    for n, time in enumerate(DAY.spread(dice, "02:02:10", "02:14:20", 150)):
        name = dice.choice(("root", "admin", "deploy", "ubuntu", "oracle", "test"))
        invalid = "" if name in ("root", "deploy") else "invalid user "
        port, pid = 40000 + n, 5100 + n
        if invalid:
            out.append((time, "sshd", pid, f"Invalid user {name} from {ATTACKER} port {port}"))
        out.append(
            (
                time + timedelta(seconds=1),
                "sshd",
                pid,
                f"Failed password for {invalid}{name} from {ATTACKER} port {port} ssh2",
            )
        )
    tty = "TTY=pts/1 ; PWD=/home/deploy ; USER=root ; COMMAND="
    out += [
        (at("02:14:51"), "sshd", 5301, f"Accepted password for deploy from {ATTACKER} port 41892 ssh2"),
        (at("02:14:51.2"), "sshd", 5301, "pam_unix(sshd:session): session opened for user deploy(uid=1004) by (uid=0)"),
        (at("02:15:30"), "sudo", 5340, f"  deploy : {tty}list"),
        (at("02:16:04"), "sudo", 5344, f"  deploy : {tty}/usr/sbin/useradd -m -G sudo -s /bin/bash sysupd"),
        (at("02:16:04.3"), "useradd", 5346, "new group: name=sysupd, GID=1011"),
        (at("02:16:04.4"), "useradd", 5346, "new user: name=sysupd, UID=1011, GID=1011, home=/home/sysupd, shell=/bin/bash, from=/dev/pts/1"),
        (at("02:16:04.5"), "useradd", 5346, "add 'sysupd' to group 'sudo'"),
        (at("02:16:22"), "passwd", 5351, "pam_unix(passwd:chauthtok): password changed for sysupd"),
        (at("02:17:40"), "sudo", 5360, f"  deploy : {tty}/usr/bin/tee -a /home/sysupd/.ssh/authorized_keys"),
        (at("02:19:12"), "sudo", 5371, f"  deploy : {tty}/usr/bin/cat /etc/shadow"),
        (at("02:22:05"), "sshd", 5390, f"Accepted publickey for sysupd from {ATTACKER} port 42011 ssh2: ED25519 SHA256:Zq0kY0Jv2qS0m1b8v7u6t5r4e3w2q1"),
        (at("02:22:05.2"), "sshd", 5390, "pam_unix(sshd:session): session opened for user sysupd(uid=1011) by (uid=0)"),
        (at("02:25:31"), "sudo", 5402, "  sysupd : TTY=pts/2 ; PWD=/home/sysupd ; USER=root ; COMMAND="
            "/usr/bin/rm -f /root/.bash_history /home/deploy/.bash_history"),
        (at("02:25:58"), "sudo", 5404, "  sysupd : TTY=pts/2 ; PWD=/home/sysupd ; USER=root ; COMMAND=/usr/bin/truncate -s 0 /var/log/wtmp"),
        (at("02:26:20"), "sshd", 5390, "pam_unix(sshd:session): session closed for user sysupd"),
    ]  # fmt: skip
    return sorted([*out, *_life(dice)])


def _life(dice: random.Random) -> list[Entry]:
    at, out = DAY.at, []
    for n, time in enumerate(DAY.spread(dice, "00:10:00", "07:50:00", 90)):
        out.append((time, "CRON", 3000 + n, "pam_unix(cron:session): session opened for user root(uid=0) by (uid=0)"))
        out.append((time, "CRON", 3000 + n, "(root) CMD (   cd / && run-parts --report /etc/cron.hourly)"))
    for n, time in enumerate(DAY.spread(dice, "00:20:00", "07:40:00", 14)):
        out.append(
            (time, "sshd", 3300 + n, f"Failed password for invalid user pi from {STRANGER} port {50000 + n} ssh2")
        )
    for clock, pid in (("01:10:03", 4101), ("06:31:40", 4188)):
        t = at(clock)
        out += [
            (t, "sshd", pid, f"Failed password for mkoch from {ADMIN} port 50122 ssh2"),
            (t + timedelta(seconds=9), "sshd", pid, f"Accepted publickey for mkoch from {ADMIN} port 50122 ssh2: ED25519 SHA256:aa1"),
            (t + timedelta(seconds=60), "sudo", pid + 5, "   mkoch : TTY=pts/0 ; PWD=/home/mkoch ; USER=root ; COMMAND=/usr/bin/apt-get upgrade"),
            (t + timedelta(seconds=300), "sshd", pid, "pam_unix(sshd:session): session closed for user mkoch"),
        ]  # fmt: skip
    for time in DAY.spread(dice, "00:05:00", "07:55:00", 120):
        out.append((time, "systemd", 1, f"Started Session {dice.randint(10, 99)} of user nagios."))
    return out


def _auth_log(folder: Path) -> None:
    lines = (
        f"{t:%b} {t.day:2d} {t:%H:%M:%S} {HOST} {program}[{pid}]: {message}\n"
        for t, program, pid, message in _entries()
    )
    (folder / "auth.log").write_text("".join(lines))


def _journal(folder: Path) -> None:
    rows = [
        {"__REALTIME_TIMESTAMP": str(int(t.timestamp() * 1e6)), "_HOSTNAME": HOST, "SYSLOG_IDENTIFIER": program, "_PID": str(pid), "MESSAGE": message,
         "PRIORITY": "6", "_TRANSPORT": "syslog", "SYSLOG_FACILITY": "10", "__CURSOR": f"s=0;i={n:x}", "_BOOT_ID": "b1"}
        for n, (t, program, pid, message) in enumerate(_entries())
    ]  # fmt: skip
    (folder / "journal.json").write_text("".join(json.dumps(r) + "\n" for r in rows))


FACTS = (
    ("attacker", 3, (ATTACKER,)),
    ("host", 2, (HOST,)),
    ("brute", 3, (f"failed & {ATTACKER}",)),
    ("login", 3, (f"deploy & logged on & {ATTACKER}",)),
    ("sudo", 1, ("deploy & useradd",)),
    ("newuser", 3, ("sysupd & created", "new user & sysupd", "account & sysupd")),
    ("keys", 3, ("authorized_keys",)),
    ("shadow", 2, ("/etc/shadow",)),
    ("second", 2, (f"sysupd & logged on & {ATTACKER}",)),
    ("history", 2, (".bash_history",)),
    ("wtmp", 1, ("/var/log/wtmp",)),
)
TECHNIQUES = "T1110 T1021.004 T1548.003 T1136.001 T1098.004 T1003.008 T1070.003"
ACCEPTABLE = "T1078 T1078.003 T1070 T1690 T1685 T1685.006 T1098 T1098.007 T1069 T1531 T1087"
TRUTH = (
    FACTS, "brute login sudo newuser keys shadow second history wtmp", TECHNIQUES, ACCEPTABLE, ("2026-01-22T02:02:10Z", "2026-01-22T02:26:20Z"),
    (STRANGER, ADMIN, "mkoch", "nagios"),
)  # fmt: skip
SCENARIOS = (
    Scenario("ssh_auth_log", _auth_log, make_truth("ssh_auth_log", *TRUTH)),
    Scenario("ssh_journal", _journal, make_truth("ssh_journal", *TRUTH)),
)
