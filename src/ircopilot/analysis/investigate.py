"""The whole of analysis in one call: events in, findings out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from ircopilot.analysis import attack
from ircopilot.analysis.anomalies import find_anomalies
from ircopilot.analysis.entities import link_entities
from ircopilot.analysis.gaps import find_gaps
from ircopilot.analysis.indicators import collect_indicators
from ircopilot.analysis.query import Query
from ircopilot.analysis.story.acts import bounded
from ircopilot.analysis.story.tell import Story, tell_story
from ircopilot.analysis.timeline import build_timeline
from ircopilot.domain.findings import Detection, Findings, Technique

MAX_DETECTIONS = 200


def find_incident(query: Query, detections: Iterable[Detection], matched: Mapping[str, list[str]]) -> Findings:
    """Findings of one incident. `matched` holds, for each rule id, the event ids that it matched."""
    detections = tuple(detections)
    story = tell_story(query, detections, matched)
    entities = link_entities(story)
    core = [a for a in story.acts if not a.context]
    timeline = build_timeline(story.acts, entities.ids())
    return Findings(
        start=min((a.time for a in core), default=None),
        end=max((a.end_time or a.time for a in core), default=None),
        entities=entities.entities(),
        indicators=collect_indicators(story, entities.entities()),
        techniques=techniques_of(story),
        detections=_by_weight(story.detections, story)[:MAX_DETECTIONS],
        anomalies=find_anomalies(query),
        acts=story.acts,
        timeline=timeline,
        gaps=find_gaps(query, story),
        doubtful=story.doubtful,
    )


def _by_weight(detections: tuple[Detection, ...], story: Story) -> tuple[Detection, ...]:
    """Detections that the story rests on first, then by level and title."""
    levels = ("critical", "high", "medium", "low", "informational")
    return tuple(
        sorted(detections, key=lambda d: (d.rule_id not in story.told_rules, levels.index(d.level), d.title, d.rule_id))
    )


def techniques_of(story: Story) -> tuple[Technique, ...]:
    """Techniques that acts of the story show. Confidence grows with independent rules and acts; names are of the current ATT&CK."""
    evidence: dict[str, list[str]] = defaultdict(list)
    reasons: dict[str, list[str]] = defaultdict(list)
    strength: dict[str, float] = defaultdict(float)
    for act in story.acts:
        if act.context:
            continue
        for raw in act.techniques:
            technique = attack.current_id(raw)
            evidence[technique] += act.evidence
            strength[technique] += 0.5 if act.rules else 0.3
            reasons[technique].append(act.rules[0] if act.rules else f"seen: {act.verb.replace('-', ' ')}")
    found = []
    for technique, ids in evidence.items():
        info = attack.technique(technique)
        if info is None:
            continue
        confidence = round(min(0.95, 0.3 + 0.2 * strength[technique]), 2)
        why = ", ".join(dict.fromkeys(reasons[technique][:3]))
        found.append(
            Technique(
                id=technique,
                name=info.name,
                tactics=tuple(info.tactics),
                confidence=confidence,
                evidence=tuple(bounded(ids)),
                why=why,
            )
        )
    return tuple(sorted(found, key=lambda t: (-t.confidence, t.id)))
