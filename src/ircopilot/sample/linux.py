"""The syslog of the jump host: sshd, sudo and cron, with the attacker's one session among them.

Source: RFC 3164 (no year, no zone); messages as OpenSSH 9 and sudo 1.9 write them.
"""

from __future__ import annotations

from datetime import UTC, datetime

from ircopilot.sample.dice import Dice
from ircopilot.sample.world import BUILD_SERVER, RESOLVER, SCANNER, World, at

HOST = "jump01"
DEPLOY_KEY = "SHA256:q0bHk2mYv7yq1yqfN1Jk8v7m6rVb0l3u4oXw5T2n9cE"
TOMAS_KEY = "SHA256:T9mJ2kqE1u0vYb6r8xWc3dQn5sZf7hLp4gAo2iRt6yM"

ATTACK = (
    ("09:19:32", "sshd[24817]", f"Accepted publickey for deploy from 10.20.8.12 port 51544 ssh2: ED25519 {DEPLOY_KEY}"),
    ("09:19:32.4", "sshd[24817]", "pam_unix(sshd:session): session opened for user deploy(uid=1004) by (uid=0)"),
    ("09:20:14", "sudo", "  deploy : TTY=pts/1 ; PWD=/home/deploy ; USER=root ; COMMAND=/usr/bin/id"),
    ("09:21:37", "sudo",
     "  deploy : TTY=pts/1 ; PWD=/home/deploy ; USER=root ; COMMAND=/usr/bin/cat /root/.aws/credentials"),
    ("09:24:50", "sudo",
     "  deploy : TTY=pts/1 ; PWD=/home/deploy ; USER=root ; COMMAND=/usr/bin/tar czf /var/tmp/.cache-a1.tgz"
     " /srv/exports"),
    ("09:29:42", "sshd[24817]", "pam_unix(sshd:session): session closed for user deploy"),
)  # fmt: skip


def jump_host_syslog(world: World) -> bytes:
    """`/var/log/syslog` of jump01, from 07:00 to 11:00 UTC."""
    lines = [(at(clock), program, text) for clock, program, text in ATTACK]
    world.count(True, len(lines))
    benign = [*_timetable(), *_people(), *_strangers()]
    world.count(False, len(benign))
    return "".join(_line(*entry) for entry in sorted(lines + benign)).encode()


def _line(time: float, program: str, text: str) -> str:
    stamp = datetime.fromtimestamp(int(time), UTC)
    return f"{stamp:%b} {stamp.day:2d} {stamp:%H:%M:%S} {HOST} {program}: {text}\n"


def _timetable() -> list[tuple[float, str, str]]:
    """cron, the build server's deployments, the resolver's complaints."""
    dice, lines = Dice("timetable"), []
    for minute in range(0, 240, 5):
        time, pid = at("07:00:00") + 60 * minute + 1, 20000 + 31 * minute
        lines.append((time, f"CRON[{pid}]", "(root) CMD (command -v debian-sa1 > /dev/null && debian-sa1 1 1)"))
        lines.append((time, f"CRON[{pid}]", "pam_unix(cron:session): session opened for user root(uid=0) by (uid=0)"))
        lines.append((time + 1, f"CRON[{pid}]", "pam_unix(cron:session): session closed for user root"))
    for minute in (12, 41, 72, 101, 133, 158, 192, 221):
        time, pid, port = at("07:00:00") + 60 * minute + dice.seconds(1, 30), 23000 + minute, dice.number(40000, 60000)
        opened = "pam_unix(sshd:session): session opened for user deploy(uid=1004) by (uid=0)"
        key = f"Accepted publickey for deploy from {BUILD_SERVER} port {port} ssh2: ED25519 {DEPLOY_KEY}"
        restart = "  deploy : TTY=unknown ; PWD=/home/deploy ; USER=root ; COMMAND=/usr/bin/systemctl restart gateway"
        lines += [(time, f"sshd[{pid}]", key), (time + 0.2, f"sshd[{pid}]", opened), (time + 4, "sudo", restart),
                  (time + 20, f"sshd[{pid}]", "pam_unix(sshd:session): session closed for user deploy")]  # fmt: skip
    for _ in range(150):
        text = f"Using degraded feature set UDP instead of UDP+EDNS0 for DNS server {RESOLVER}."
        lines.append((dice.seconds(at("07:00:00"), at("11:00:00")), "systemd-resolved[611]", text))
    return lines


def _people() -> list[tuple[float, str, str]]:
    """Tomas types his password wrong twice; Lena updates the packages."""
    lena = "lena.fischer : TTY=pts/0 ; PWD=/home/lena.fischer ; USER=root ; COMMAND="
    return [
        (at("07:52:10"), "sshd[23301]", "Failed password for tomas.reyes from 10.20.4.32 port 52210 ssh2"),
        (at("07:52:18"), "sshd[23301]", "Failed password for tomas.reyes from 10.20.4.32 port 52210 ssh2"),
        (at("07:52:31"), "sshd[23301]",
         f"Accepted publickey for tomas.reyes from 10.20.4.32 port 52210 ssh2: ED25519 {TOMAS_KEY}"),
        (at("08:40:02"), "sshd[23301]", "pam_unix(sshd:session): session closed for user tomas.reyes"),
        (at("08:22:40"), "sshd[23544]", "Accepted password for lena.fischer from 10.20.4.40 port 50388 ssh2"),
        (at("08:23:05"), "sudo", lena + "/usr/bin/apt-get update"),
        (at("08:24:12"), "sudo", lena + "/usr/bin/journalctl -u ssh --since today"),
        (at("08:31:00"), "sshd[23544]", "pam_unix(sshd:session): session closed for user lena.fischer"),
    ]  # fmt: skip


def _strangers() -> list[tuple[float, str, str]]:
    """The vulnerability scanner, and the guesses that every host with an open port gets; none of them succeeds."""
    dice, lines = Dice("strangers"), []
    for _ in range(24):
        time, pid = at("07:30:00") + dice.seconds(0, 1500), dice.number(21000, 22900)
        text = f"Connection closed by {SCANNER} port {dice.number(40000, 60000)} [preauth]"
        lines.append((time, f"sshd[{pid}]", text))
    for _ in range(180):
        time, program = dice.seconds(at("07:00:00"), at("11:00:00")), f"sshd[{dice.number(21000, 22900)}]"
        name, source = dice.pick(("admin", "oracle", "test", "ubuntu")), f"198.51.100.{dice.number(190, 214)}"
        whom = f"{name} from {source} port {dice.number(30000, 60000)}"
        lines.append((time, program, f"Invalid user {whom}"))
        lines.append((time + 2, program, f"Failed password for invalid user {whom} ssh2"))
    return lines
