"""What strong rules matched and the story does not tell: other work, or another act of the same attacker.

Told as an open question, never as an act: nothing in the records ties it to the rest.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from ircopilot.analysis.query import Row
from ircopilot.analysis.story.expand import Cluster
from ircopilot.analysis.story.names import short_host
from ircopilot.analysis.story.processes import Process, ProcessTable
from ircopilot.analysis.story.web import is_attempt
from ircopilot.analysis.story.weights import STRONG, RuleHits
from ircopilot.domain.findings import Act

MOST = 5
_LEVELS = ("high", "critical")


@dataclass(slots=True)
class LeftAside:
    """Matches of one actor: `what` it is, on which `host`, when first, the rules' titles by weight, and the records."""

    what: str
    host: str
    since: datetime
    weights: dict[str, float] = field(default_factory=dict)
    events: list[str] = field(default_factory=list)

    @property
    def titles(self) -> list[str]:
        """The rules, the heaviest first."""
        return sorted(self.weights, key=lambda title: (-self.weights[title], title))


def left_aside(
    hits: RuleHits, hit_rows: Mapping[str, Row], acts: Iterable[Act], clusters: Iterable[Cluster], table: ProcessTable
) -> list[LeftAside]:
    """The actors that strong rules matched and no act tells of, the heaviest first, at most `MOST`."""
    acts = list(acts)
    told = {i for act in acts for i in act.evidence}
    services = service_keys(acts)
    members = {key for cluster in clusters for key in cluster.members}
    suspects = {actor.key for i in hits.by_event if (row := hit_rows.get(i)) and (actor := table.actor(row))}
    found: dict[tuple[str, str], LeftAside] = {}
    # By time, so that the records cited are the first ones, of which the question tells.
    flagged = sorted((row["time"], i, row) for i in hits.by_event if i not in told and (row := hit_rows.get(i)))
    for at, event_id, row in flagged:
        weights = {r: hits.weight(event_id, r) for r in hits.by_event[event_id]}
        strong = {r: w for r, w in weights.items() if hits.detections[r].level in _LEVELS and w >= STRONG / 2}
        if not strong or is_attempt(row) or not row["host_name"]:
            continue
        if any(key in row["registry_path"].lower() for key in services):
            continue
        actor = table.actor(row)
        if actor and actor.key in members:
            continue
        what = row["process_name"] or "an act"
        place = (short_host(row["host_name"]), _uppermost(table, actor, suspects).key if actor else event_id)
        group = found.setdefault(place, LeftAside(what, row["host_name"], at))
        group.weights |= {hits.detections[r].title: weight for r, weight in strong.items()}
        group.events.append(event_id)
    order = sorted(found.values(), key=lambda g: (-sum(g.weights.values()), g.since, g.host, g.what))
    return order[:MOST]


def service_keys(acts: Iterable[Act]) -> tuple[str, ...]:
    """Parts of registry paths in which the service manager records the services that are told already."""
    return tuple(f"\\services\\{a.objects[0].lower()}\\" for a in acts if a.verb == "installed-service")


def _uppermost(table: ProcessTable, process: Process, suspects: Container[str]) -> Process:
    """The first of a line of processes that rules matched, each started by the one before."""
    seen = {process.key}
    while (parent := table.parent_of(process)) and parent.key in suspects and parent.key not in seen:
        seen.add(parent.key)
        process = parent
    return process
