"""Whether what is told can be ordinary work as well: programs that rules flag, and no record of what came of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ircopilot.analysis import attack
from ircopilot.analysis.story import names
from ircopilot.analysis.story.cloud_sessions import Session
from ircopilot.analysis.story.expand import Cluster
from ircopilot.analysis.story.scripts import read_script
from ircopilot.analysis.story.weights import LEVEL_WEIGHT, SEED, STRONG, RuleHits
from ircopilot.domain.findings import Act

# Acts that administrators, agents and developers are recorded with every day; any other kind shows harm by itself.
_EVERYDAY = frozenset(
    "spawned logged-on matched ran-script created-task hosted-powershell set-registry wrote-file deleted-file loaded-image exited resolved "
    "created-pipe connected-pipe ran-sudo created-account changed-group called-api".split()
)
# Credentials taken, code put into others or into the system's folders, defences broken, data destroyed: one rule that is sure is enough.
_GRAVE = frozenset(
    "T1003 T1558 T1555 T1550 T1055 T1620 T1490 T1486 T1485 T1561 T1685 T1686 T1207 T1484 T1556 T1210 T1203 T1068 T1134 T1548 T1570 T1574 "
    "T1218.005".split()
)
MANY_STRONG = 3
PLAIN_TAGS = 2  # a rule with more techniques than these says that any may be meant


@dataclass(frozen=True, slots=True)
class Told:
    """What a story is judged by."""

    acts: tuple[Act, ...]
    clusters: list[Cluster]
    sessions: list[Session]
    peers: set[str]
    hits: RuleHits


def is_doubtful(told: Told) -> bool:
    """True if acts are told, but none shows harm, none leads to an outsider's address or file, and few strong rules agree on any chain."""
    core = [a for a in told.acts if not a.context]
    if not core or told.peers or any(s.score >= SEED for s in told.sessions):
        return False
    if any(a.verb not in _EVERYDAY for a in core) or any(c.peers or c.deliveries or c.arrivals for c in told.clusters):
        return False
    strong = _strong(told.hits, (i for a in core for i in a.evidence))
    if any(_is_grave(told.hits, rule) for rule in strong) or any(_leads_out(told.hits, a) for a in core):
        return False
    return not any(_is_agreed(told.hits, cluster) for cluster in told.clusters)


def _strong(hits: RuleHits, events: Iterable[str]) -> set[str]:
    """Rules of a high level that match these events and hardly any other program."""
    return {r for i in events for r in hits.by_event.get(i, ()) if hits.weight(i, r) >= STRONG / 2 + 1}


def _is_grave(hits: RuleHits, rule: str) -> bool:
    detection = hits.detections[rule]
    parents = {attack.current_id(t).split(".")[0] for t in detection.techniques}
    named = parents | {attack.current_id(t) for t in detection.techniques}
    return LEVEL_WEIGHT[detection.level] > STRONG or (bool(named & _GRAVE) and len(parents) <= PLAIN_TAGS)


def _leads_out(hits: RuleHits, act: Act) -> bool:
    """Whether a strong rule speaks of an act that a web server does, that names an address, or that runs what anybody could have put there."""
    text = " ".join(act.detail.get(name, "") for name in ("command", "image", "data"))
    # Jobs of a database run commands; a web server has no reason to.
    above = names.base(act.subject)
    served = "T1190" in act.techniques and names.is_server(above) and above not in names.DATABASES
    brought = any(names.user_writable(act.detail.get(name, "")) for name in ("path", "image"))
    return bool(served or brought or read_script(text).urls) and bool(_strong(hits, act.evidence))


def _is_agreed(hits: RuleHits, cluster: Cluster) -> bool:
    """Whether several strong rules speak of one chain, or one does of a program brought in."""
    rows = [r for m in cluster.members.values() for r in m.process.start_rows]
    strong = _strong(hits, (r["event_id"] for r in (*rows, *(e for es in cluster.effects.values() for e in es))))
    brought = any(marks & {"image", "run"} for marks in cluster.files.values())
    return len(strong) >= MANY_STRONG or bool(strong and brought)
