"""The incident as a graph for a picture: nodes are entities, edges what one did to another, together where there are many."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from ircopilot.domain.findings import Act, Entity
from ircopilot.domain.wording import sentence

MOST_NODES = 150
MOST_EVIDENCE = 8
_RANK = {"attacker": 4, "victim": 3, "suspicious": 2, "unknown": 1, "benign": 0}
_KINDS = (
    "process", "file", "ip", "service", "host", "user", "domain", "url", "hash", "cloud-key", "cloud-identity",
    "cloud-resource", "registry", "pipe", "certificate",
)  # fmt: skip
_STARTS = ("executed", "spawned")


@dataclass(slots=True)
class Node:
    """An entity, or (`members` > 1) several of one type and role together."""

    id: str
    type: str
    label: str
    role: str
    members: int = 1


@dataclass(slots=True)
class Edge:
    """Acts of one verb between two nodes: how many, when, techniques, the first acts' records and the first in words."""

    source: str
    target: str
    verb: str
    count: int
    first: datetime
    last: datetime
    summary: str
    techniques: dict[str, None] = field(default_factory=dict)
    evidence: dict[str, None] = field(default_factory=dict)


def build_graph(
    entities: Sequence[Entity], acts: Iterable[Act], most: int = MOST_NODES
) -> tuple[list[Node], list[Edge]]:
    """At most `most` nodes, the gravest and best connected by themselves, and the edges between them by time."""
    known = Known(entities)
    joined = [(source, target, act) for act in acts if not act.context for source, target in _pairs(act, known)]
    names = _names(entities, joined, most)
    edges: dict[tuple[str, str, str], Edge] = {}
    for source, target, act in sorted(joined, key=lambda j: (j[2].time, j[0], j[1])):
        a, b = names[source].id, names[target].id
        if a != b:
            _add(edges, a, b, act)
    nodes = {node.id: node for node in names.values()}
    return list(nodes.values()), sorted(edges.values(), key=lambda e: (e.first, e.source, e.target, e.verb))


class Known:
    """Which entity a value of an act names."""

    def __init__(self, entities: Sequence[Entity]) -> None:
        self._ids: dict[tuple[str, str], str] = {
            (e.type, v.lower()): e.id for e in entities for v in (e.value, *e.aliases)
        }
        self._files: dict[str, list[Entity]] = defaultdict(list)
        for entity in entities:
            if entity.type == "file":
                self._files[_base(entity.value)].append(entity)

    def named(self, value: str) -> list[str]:
        """Entities of any kind with that value, the likeliest kind first."""
        return [self._ids[kind, value.lower()] for kind in _KINDS if value and (kind, value.lower()) in self._ids]

    def program(self, name: str, path: str) -> list[str]:
        """The file that a process ran from: by its path where that is its own, else by a name that only one has."""
        if path and _base(path) == name.lower() and ("file", path.lower()) in self._ids:
            return [self._ids["file", path.lower()]]
        files = self._files.get(name.lower(), [])
        hostile = [e for e in files if e.role == "attacker"] or files
        return [hostile[0].id] if len(hostile) == 1 else []


def _base(path: str) -> str:
    return path.replace("\\", "/").rpartition("/")[2].lower()


def _pairs(act: Act, known: Known) -> list[tuple[str, str]]:
    """From who acted to each other entity that the act names.

    Who acted is the program itself where it is known, so that what malware did is not its victim's doing; else the
    identity, the account, or the host. Where a call or a logon came from acts upon the identity or account.
    """
    detail, starts = act.detail, act.verb in _STARTS
    # Of a start, the path is that of what was started.
    program = known.program(act.subject, "" if starts else detail.get("path", ""))
    actors = [
        *known.named(act.subject), *program, *known.named(detail.get("arn", "")), *known.named(act.user),
        *known.named(act.host),
    ]  # fmt: skip
    if act.verb == "executed":
        # A person opened it: the account acted, through whatever showed the file to it.
        actors = [*known.named(act.user), *actors]
    if not actors:
        return []
    who = actors[0]
    if detail.get("arn"):
        others = known.named(detail.get("resource", "")) or known.named(detail.get("account", ""))
    else:
        values = (*act.objects, detail.get("file", ""), detail.get("path", ""), act.host)
        others = [i for value in values for i in known.named(value)]
    origins = [i for value in (detail.get("key", ""), detail.get("ip", "")) for i in known.named(value)]
    pairs = [(who, other) for other in others] + [(origin, who) for origin in origins]
    return [(a, b) for a, b in dict.fromkeys(pairs) if a != b]


def _names(entities: Sequence[Entity], joined: Iterable[tuple[str, str, Act]], most: int) -> dict[str, Node]:
    """The node of each entity: its own, or that of the rest of its type and role."""
    ties = Counter(i for source, target, _ in joined for i in (source, target))
    order = sorted(entities, key=lambda e: (-_RANK[e.role], -ties[e.id], e.first_seen, e.id))
    if len(order) <= most:
        return {e.id: Node(e.id, e.type, e.value, e.role) for e in order}
    groups = {(e.type, e.role) for e in order}
    alone = order[: max(0, most - len(groups))]
    named = {e.id: Node(e.id, e.type, e.value, e.role) for e in alone}
    rest: dict[tuple[str, str], list[Entity]] = defaultdict(list)
    for entity in order[len(alone) :]:
        rest[entity.type, entity.role].append(entity)
    for (kind, role), members in rest.items():
        node = Node(f"group:{kind}:{role}", kind, f"{len(members)} more of type {kind}", role, len(members))
        named |= {e.id: node for e in members}
    return named


def _add(edges: dict[tuple[str, str, str], Edge], source: str, target: str, act: Act) -> None:
    key = (source, target, act.verb)
    edge = edges.get(key)
    last = act.end_time or act.time
    if edge is None:
        edge = edges[key] = Edge(source, target, act.verb, 0, act.time, last, sentence(act))
    edge.count += act.count
    edge.first, edge.last = min(edge.first, act.time), max(edge.last, last)
    edge.techniques |= dict.fromkeys(act.techniques)
    for event_id in act.evidence:
        if len(edge.evidence) < MOST_EVIDENCE:
            edge.evidence[event_id] = None
