"""Who talks to whom: the addresses of our own hosts, and how common each peer is."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from ircopilot.analysis.query import Query, Row
from ircopilot.analysis.story.names import BROWSERS, is_public, peer_ip, short_host

# Ports on which a private peer is infrastructure (name service, directory, file sharing, time) unless a rule says more.
INFRASTRUCTURE = frozenset(
    {53, 67, 68, 88, 123, 135, 137, 138, 139, 389, 445, 464, 636, 1900, 3268, 3269, 5353, 5355, 5985, 49152}
)
# Ports on which an attacker who is inside reaches other hosts of ours: a private peer there is a target, not a server of his.
ADMINISTRATION = frozenset({21, 22, 23, 1433, 1521, 3306, 3389, 5432, 5900, 5985, 5986, 47001}) | INFRASTRUCTURE
BENIGN_SUFFIXES = (
    "microsoft.com", "windows.com", "windowsupdate.com", "msftconnecttest.com", "msftncsi.com", "office.com", "office365.com",
    "live.com", "msn.com", "bing.com", "skype.com", "azureedge.net", "microsoftonline.com", "msedge.net", "akadns.net",
    "digicert.com", "verisign.com", "google.com", "gstatic.com", "googleapis.com", "gvt1.com", "mozilla.org", "mozilla.com",
    "mozilla.net", "firefox.com", "apple.com", "icloud.com", "ubuntu.com", "debian.org", "canonical.com", "adobe.com",
    "in-addr.arpa", "ip6.arpa", "wpad", "trafficmanager.net", "windows.net", "visualstudio.com", "office.net", "symcd.com",
    "letsencrypt.org", "lencr.org", "globalsign.com", "sectigo.com", "nelreports.net", "akamaized.net", "cloudapp.azure.com",
)  # fmt: skip

_OWN = """
SELECT host_name AS host, if(network_direction = 'inbound', destination_ip, source_ip) AS ip, count() AS n
FROM {events} WHERE host_name != '' AND process_name != '' AND source_ip != '' AND destination_ip != ''
GROUP BY host, ip
"""
_PEERS = """
SELECT ip, groupUniqArray(200)(program) AS programs, sum(n) AS n FROM (
  SELECT if(network_direction = 'inbound', source_ip, destination_ip) AS ip, lower(process_name) AS program, count() AS n
  FROM {events} WHERE destination_ip != '' AND process_name != '' GROUP BY ip, program)
GROUP BY ip
"""
_NAMES = """
SELECT dns_question_name AS name, dns_answers AS answers FROM {events}
WHERE dns_question_name != '' AND dns_answers != '' GROUP BY name, answers LIMIT 100000
"""


@dataclass(slots=True)
class Network:
    """Own addresses by host, programs by peer address, and the names that resolved to an address."""

    own: dict[str, str] = field(default_factory=dict)
    hosts: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    programs: dict[str, set[str]] = field(default_factory=dict)
    names: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    def peer(self, row: Row) -> tuple[str, int]:
        """The other side of a connection that a host's record tells of, with the port on the serving side."""
        inbound = row["network_direction"] == "inbound"
        ip = row["source_ip"] if inbound else row["destination_ip"]
        return ip, row["destination_port"]

    def inner_target(self, ip: str, port: int) -> bool:
        """True if this looks like a host of ours that was reached for administration."""
        return peer_ip(ip) and not is_public(ip) and (ip in self.own or port in ADMINISTRATION)

    def rare(self, ip: str, port: int, members: set[str]) -> bool:
        """True if so few programs (members and browsers aside) know this peer that it can be the attacker's."""
        if not peer_ip(ip) or ip in self.own:
            return False
        if not is_public(ip) and port in ADMINISTRATION:
            return False
        if any(benign_name(n) for n in self.names.get(ip, ())):
            return False
        return len(self.programs.get(ip, set()) - members - BROWSERS) <= 1


def benign_name(name: str) -> bool:
    """True for names that every machine asks for."""
    low = name.lower().rstrip(".")
    return any(low == s or low.endswith("." + s) for s in BENIGN_SUFFIXES) or "." not in low


def read_network(query: Query) -> Network:
    """Addresses and names over all committed events of the incident."""
    network = Network()
    counts: dict[tuple[str, str], int] = {}
    for row in query(_OWN).to_pylist():
        if peer_ip(row["ip"]):
            counts[(short_host(row["host"]), row["ip"])] = row["n"]
    for (host, ip), n in sorted(counts.items(), key=lambda kv: (-kv[1], kv[0])):
        total = sum(m for (h, _), m in counts.items() if h == host)
        if n * 5 >= total and ip not in network.own:
            network.own[ip] = host
            network.hosts[host].append(ip)
    for row in query(_PEERS).to_pylist():
        network.programs[row["ip"]] = set(row["programs"]) - {"-", "", "<unknown process>"}
    for row in query(_NAMES).to_pylist():
        for answer in row["answers"].replace(";", ",").split(","):
            ip = answer.strip().removeprefix("::ffff:")
            if peer_ip(ip):
                network.names[ip].add(row["name"])
    return network
