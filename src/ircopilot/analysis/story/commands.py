"""What a Unix command line is for: the technique that it shows, by program and arguments.

Patterns are linear and look at whole words; a plain `ls` shows something only in a session that is part of the incident.
"""

from __future__ import annotations

import re

_TABLE: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), technique)
    for pattern, technique in (
        (r"(?:^|[/\s;|&])(?:id|whoami|who|w|users|last)(?:$|[\s;|&])", "T1033"),
        (r"(?:^|[/\s;|&])(?:uname|hostnamectl|hostname|lsb_release|lscpu)(?:$|[\s;|&])|/etc/(?:os-release|issue)|/proc/version", "T1082"),
        (r"/etc/passwd|\bgetent\s+passwd|/etc/group\b", "T1087.001"),
        (r"(?:^|[/\s;|&])(?:ifconfig|arp|route)(?:$|[\s;|&])|\bip\s+(?:a|addr|route|link|neigh)\b|/etc/(?:hosts|resolv\.conf)\b", "T1016"),
        (r"(?:^|[/\s;|&])(?:netstat|ss|lsof)(?:$|[\s;|&])", "T1049"),
        (r"(?:^|[/\s;|&])(?:ps|pstree|top)(?:$|[\s;|&])", "T1057"),
        (r"(?:^|[/\s;|&])(?:ls|find|locate|tree|df)\s", "T1083"),
        (r"(?:^|[/\s;|&])(?:nmap|masscan|zmap)\s", "T1046"),
        (r"/etc/g?shadow\b|\bunshadow\b", "T1003.008"),
        (r"\.aws/credentials|\.kube/config|wp-config\.php|\.env\b|(?:database|db|config|settings|secrets?)\.(?:php|ya?ml|json|ini|py|properties)\b|\.netrc\b|\.pgpass\b",
         "T1552.001"),
        (r"\bid_(?:rsa|ed25519|ecdsa|dsa)\b(?!\.pub)", "T1552.004"),
        (r"169\.254\.169\.254|metadata\.google\.internal", "T1552.005"),
        (r"\b(?:curl|wget|fetch)\b[^|;&]*\s(?:https?|ftp)://|\b(?:tftp|ftpget)\s", "T1105"),
        (r"\bcurl\b[^|;&]*\s(?:-T|--upload-file|-F|--form|--data-binary|-d|--data)[\s=@]|\brclone\s+(?:copy|sync|move)\b"
         r"|\b(?:scp|rsync)\b[^|;&]*\s\S+@\S+:", "T1048"),
        (r"(?:^|[/\s;|&])(?:tar\s+-?[a-zA-Z]*c|zip\s|7za?\s+a\b|gzip\s)", "T1560.001"),
        (r"(?:^|[/\s;|&])crontab\b(?!\s+-l)|/var/spool/cron|/etc/cron", "T1053.003"),
        (r"\bauthorized_keys\b", "T1098.004"),
        (r"(?:^|[/\s;|&])(?:useradd|adduser)\s", "T1136.001"),
        (r"\b(?:usermod|gpasswd)\b[^|;&]*\b(?:sudo|wheel|root|admin|docker)\b|/etc/sudoers", "T1098.007"),
        (r"\bchmod\s+(?:[ugo]*\+s|[24]7[0-7]{2})|\bsetcap\s", "T1548.001"),
        (r"\bchmod\s|\bchown\s|\bchattr\s", "T1222.002"),
        (r"\.(?:bash|zsh|ash)_history\b|\bhistory\s+-[cw]|HISTFILE=|HISTSIZE=0", "T1070.003"),
        (r"(?:\brm\b|\btruncate\b|\bshred\b|>\s?|\bunlink\b)[^|;&]*/var/log/|\bjournalctl\b[^|;&]*--vacuum", "T1685.006"),
        (r"(?:^|[/\s;|&])(?:rm|shred|unlink)\s", "T1070.004"),
        (r"\bsystemctl\s+(?:stop|disable|mask)\s+\S*(?:auditd|rsyslog|falco|osquery|wazuh|falcon|ufw|firewalld|apparmor)|\bsetenforce\s+0"
         r"|\bauditctl\s+-[eD]", "T1685.004"),
        (r"\biptables\s+-F|\bufw\s+disable", "T1686"),
        (r"\bsystemctl\s+enable\b|/etc/systemd/system/", "T1543.002"),
        (r"/etc/ld\.so\.preload|LD_PRELOAD=", "T1574.006"),
        (r"\b(?:insmod|modprobe)\s", "T1547.006"),
        (r"\bbase64\s+(?:-d|--decode)|\bopenssl\s+enc\b[^|;&]*-d", "T1140"),
        (r"/dev/tcp/|\b(?:nc|ncat|netcat)\b[^|;&]*\s-[a-z]*[ec]\b|\bsocat\b[^|;&]*exec", "T1059.004"),
        (r"(?:^|[/\s])(?:ba|da|z|k|a)?sh\s+(?:-\w+\s+)*-\w*c\s|\|\s*(?:ba|da|z)?sh\b", "T1059.004"),
        (r"(?:^|[/\s;|&])python[\d.]*\s+-c\s", "T1059.006"),
        (r"\b(?:xmrig|minerd|cpuminer|stratum\+tcp)\b", "T1496.001"),
        (r"\bdd\s+if=/dev/(?:zero|u?random)\s+of=/dev/|\bmkfs\.", "T1561"),
        (r"\bssh\b[^|;&]*\s-[a-zA-Z]*[RLD]\s|\bchisel\b|\bngrok\b", "T1572"),
        (r"\bsudo\s+-l\b", "T1069.001"),
        (r"^(?:\S*/)?pkexec$", "T1068"),  # nobody calls it without a program to run
    )
)  # fmt: skip


def techniques_of_command(command: str) -> set[str]:
    """Techniques that a command line of a Unix shell or program shows."""
    text = command[:4096]
    found = {technique for pattern, technique in _TABLE if pattern.search(text)}
    if found & {"T1070.003", "T1685.006"}:
        found.discard("T1070.004")
    if "T1548.001" in found:
        found.discard("T1222.002")
    return found
