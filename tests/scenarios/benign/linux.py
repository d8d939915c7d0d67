"""A day of Linux servers: timers, package upgrades, configuration management, containers, backup over ssh, an administrator."""

from __future__ import annotations

import random
from datetime import timedelta

from ..hosts import Host, ordinary_life
from ..making import Day

_RUNS = (
    ("06:25:01", "/usr/bin/unattended-upgrade", "/usr/bin/python3 /usr/bin/unattended-upgrade", "root"),
    (
        "06:25:09",
        "/usr/bin/dpkg",
        "/usr/bin/dpkg --status-fd 10 --no-triggers --unpack --auto-deconfigure /var/cache/apt/archives/openssl_3.0.2_amd64.deb",
        "root",
    ),
    ("06:25:20", "/usr/bin/systemctl", "systemctl restart ssh.service", "root"),
    ("06:40:00", "/usr/bin/find", "find /tmp -type f -atime +7 -delete", "root"),
    ("07:00:00", "/usr/bin/rsync", "rsync --server --sender -logDtpre.iLsfxCIvu . /srv/data", "backup"),
    ("07:10:00", "/usr/bin/curl", "curl -fsS -m 10 --retry 5 -o /dev/null https://hc.example/ping/4f1c", "root"),
    (
        "07:11:00",
        "/usr/bin/dash",
        "/bin/sh|-c|test -x /usr/bin/certbot && perl -e 'sleep int(rand(3600))' && certbot -q renew",
        "root",
    ),
    ("08:00:00", "/usr/bin/dash", "/bin/sh|-c|echo ~ansible && sleep 0", "ansible"),
    (
        "08:00:01",
        "/usr/bin/dash",
        "/bin/sh|-c|/usr/bin/python3 /home/ansible/.ansible/tmp/ansible-tmp-1768978801.1-88-1/AnsiballZ_setup.py",
        "ansible",
    ),
    (
        "08:00:02",
        "/usr/bin/sudo",
        "sudo -H -S -n -u root /bin/sh -c 'echo BECOME-SUCCESS-qx; /usr/bin/python3 /home/ansible/.ansible/tmp/ansible-tmp-1768978801.1-88-1/AnsiballZ_apt.py'",
        "ansible",
    ),
    (
        "08:00:05",
        "/usr/bin/chmod",
        "chmod u+x /home/ansible/.ansible/tmp/ansible-tmp-1768978801.1-88-1/ /home/ansible/.ansible/tmp/ansible-tmp-1768978801.1-88-1/AnsiballZ_setup.py",
        "ansible",
    ),
    ("08:00:20", "/usr/bin/rm", "rm -f -r /home/ansible/.ansible/tmp/ansible-tmp-1768978801.1-88-1/", "ansible"),
    ("08:01:00", "/usr/sbin/useradd", "useradd -m -s /bin/bash n.ruiz", "root"),
    ("09:00:00", "/usr/bin/docker", "docker compose -f /srv/web/docker-compose.yml up -d", "root"),
    (
        "09:00:02",
        "/usr/bin/runc",
        "runc --root /var/run/docker/runtime-runc/moby create --bundle /run/containerd/io.containerd.runtime.v2.task/moby/4f1c",
        "root",
    ),
    (
        "09:00:04",
        "/usr/sbin/iptables",
        "/usr/sbin/iptables --wait -t nat -A DOCKER -p tcp -d 0/0 --dport 8080 -j DNAT --to-destination 172.18.0.2:80",
        "root",
    ),
    ("09:10:00", "/usr/bin/git", "git pull --ff-only", "deploy"),
    ("09:11:00", "/usr/bin/pip3", "/usr/bin/python3 /usr/bin/pip3 install -r requirements.txt", "deploy"),
    ("09:12:00", "/usr/bin/systemctl", "sudo systemctl reload nginx", "deploy"),
    ("09:30:00", "/usr/bin/whoami", "whoami", "zabbix"),
    ("09:30:01", "/usr/bin/ss", "ss -tlnp", "zabbix"),
    ("09:30:02", "/usr/bin/uname", "uname -a", "zabbix"),
    ("10:00:00", "/usr/bin/tcpdump", "tcpdump -i eth0 -c 100 port 53", "root"),
    ("10:20:00", "/usr/bin/base64", "base64 -d /etc/web/license.b64", "deploy"),
    ("10:30:00", "/usr/bin/cat", "cat /etc/passwd", "mkoch"),
    ("10:31:00", "/usr/bin/crontab", "crontab -l", "mkoch"),
    (
        "10:40:00",
        "/usr/bin/wget",
        "wget -q https://github.example/releases/node_exporter-1.8.0.linux-amd64.tar.gz -P /opt/src",
        "root",
    ),
    ("10:41:00", "/usr/bin/tar", "tar xzf /opt/src/node_exporter-1.8.0.linux-amd64.tar.gz -C /opt", "root"),
    ("10:42:00", "/usr/bin/systemctl", "systemctl enable --now node_exporter", "root"),
    ("10:43:00", "/usr/bin/chmod", "chmod 0755 /usr/local/bin/node_exporter", "root"),
    ("11:00:00", "/usr/bin/mysqldump", "mysqldump --single-transaction shop", "backup"),
    ("11:00:30", "/usr/bin/gzip", "gzip -9", "backup"),
    ("11:05:00", "/usr/bin/tar", "tar czf /backup/etc-2026.tgz /etc", "backup"),
)
_USERS = {"root": 0, "backup": 34, "ansible": 1003, "deploy": 1004, "zabbix": 115, "mkoch": 1001}


def server_day(name: str, day: Day, seed: int = 5) -> Host:
    """A host after such a day."""
    host, dice = Host(name, "10.40.2.11"), random.Random(seed)
    ordinary_life(host, day, dice, "05:00:00", "12:00:00", 200)
    for n, (clock, exe, line, user) in enumerate(_RUNS):
        parent = 702 if user in ("ansible", "backup", "mkoch") else 811 if user == "zabbix" else 655
        host.run(day.at(clock), 30000 + 7 * n, parent, exe, line, (user, _USERS[user]))
    host.connect(
        day.at("10:40:00") + timedelta(milliseconds=80),
        30000 + 7 * [r[1] for r in _RUNS].index("/usr/bin/wget"),
        "140.82.121.4",
        443,
    )
    return host


def auth_log(name: str, day: Day) -> str:
    """The log of logins and sudo on the same day: strangers who fail, colleagues who do not."""
    at, dice = day.at, random.Random(4)
    out = []
    for n, time in enumerate(day.spread(dice, "00:10:00", "11:50:00", 160)):
        stranger = f"203.0.113.{dice.randrange(10, 40)}"
        out.append(
            (
                time,
                "sshd",
                6000 + n,
                f"Failed password for invalid user {dice.choice(('pi', 'admin', 'oracle'))} from {stranger} port {42000 + n} ssh2",
            )
        )
    for n, (clock, user, ip) in enumerate(
        (
            ("07:00:00", "backup", "10.40.9.20"),
            ("08:00:00", "ansible", "10.40.9.30"),
            ("09:09:00", "deploy", "10.40.9.31"),
            ("10:29:00", "mkoch", "10.40.8.14"),
        )
    ):
        pid = 7000 + n
        out += [
            (
                at(clock),
                "sshd",
                pid,
                f"Accepted publickey for {user} from {ip} port 50{n}11 ssh2: ED25519 SHA256:aa{n}",
            ),
            (
                at(clock) + timedelta(seconds=1),
                "sshd",
                pid,
                f"pam_unix(sshd:session): session opened for user {user}(uid=1) by (uid=0)",
            ),
            (
                at(clock) + timedelta(seconds=280),
                "sshd",
                pid,
                f"pam_unix(sshd:session): session closed for user {user}",
            ),
        ]
    for clock, user, command in (
        (
            "08:00:02",
            "ansible",
            "/bin/sh -c 'echo BECOME-SUCCESS-qx ; /usr/bin/python3 /home/ansible/.ansible/tmp/ansible-tmp-1/AnsiballZ_apt.py'",
        ),
        ("09:12:00", "deploy", "/usr/bin/systemctl reload nginx"),
        ("10:33:00", "mkoch", "/usr/bin/journalctl -u nginx --since today"),
        ("10:34:00", "mkoch", "/usr/bin/apt-get install -y htop"),
        ("10:36:00", "mkoch", "/usr/sbin/visudo -c"),
        ("10:37:00", "mkoch", "/usr/bin/less /var/log/auth.log"),
    ):
        out.append(
            (at(clock), "sudo", 7100, f"  {user} : TTY=pts/0 ; PWD=/home/{user} ; USER=root ; COMMAND={command}")
        )
    out += [
        (
            at("08:01:00"),
            "useradd",
            7200,
            "new user: name=n.ruiz, UID=1012, GID=1012, home=/home/n.ruiz, shell=/bin/bash, from=none",
        )
    ]
    out += [
        (t, "CRON", 100 + n, "(root) CMD (   cd / && run-parts --report /etc/cron.hourly)")
        for n, t in enumerate(day.spread(dice, "00:00:00", "11:59:00", 12))
    ]
    return "".join(
        f"{t:%b} {t.day:2d} {t:%H:%M:%S} {name} {program}[{pid}]: {message}\n"
        for t, program, pid, message in sorted(out)
    )
