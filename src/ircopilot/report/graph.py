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
    ids: dict[tuple[str, str], str] = {(e.type, v.lower()): e.id for e in entities for v in (e.value, *e.aliases)}
    joined = [(source, target, act) for act in acts if not act.context for source, target in _pairs(act, ids)]
    names = _names(entities, joined, most)
    edges: dict[tuple[str, str, str], Edge] = {}
    for source, target, act in sorted(joined, key=lambda j: (j[2].time, j[0], j[1])):
        a, b = names[source].id, names[target].id
        if a != b:
            _add(edges, a, b, act)
    nodes = {node.id: node for node in names.values()}
    return list(nodes.values()), sorted(edges.values(), key=lambda e: (e.first, e.source, e.target, e.verb))


def _pairs(act: Act, ids: dict[tuple[str, str], str]) -> list[tuple[str, str]]:
    """From who acted (else the account, else the host) to each other entity that the act names."""

    def found(value: str) -> list[str]:
        return [ids[kind, value.lower()] for kind in _KINDS if value and (kind, value.lower()) in ids]

    path = act.detail.get("path", "")
    actors = [*found(act.subject), *found(act.user), *found(act.host)]
    others = [
        i for value in (*act.objects, act.detail.get("file", ""), path, act.detail.get("ip", "")) for i in found(value)
    ]
    others += [
        i for value in (act.detail.get("key", ""), act.detail.get("resource", ""), act.host) for i in found(value)
    ]
    if not actors:
        return []
    return [(actors[0], other) for other in dict.fromkeys(others) if other != actors[0]]


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
