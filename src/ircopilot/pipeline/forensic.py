"""Stage forensic: rules over the events, then the story: acts, entities, techniques, indicators, anomalies."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from ircopilot.analysis.investigate import find_incident
from ircopilot.analysis.sigma import load_rules, match_rules
from ircopilot.analysis.sigma.match import RuleMatches, join_matches
from ircopilot.domain.findings import Detection, Findings
from ircopilot.pipeline.request import EventQuery, Job
from ircopilot.report.findings import with_words
from ircopilot.stores.postgres import analyst_words


def examine(job: Job) -> dict[str, Any]:
    """Findings as a document: {"findings": …, "rules": {"loaded", "unusable", "evaluated"}}."""
    matches, counts = _match(job)
    return _tell(job, matches, counts)


def match_slice(job: Job) -> dict[str, Any]:
    """What the rules match within the job's slice, for `tell_story`."""
    matches, counts = _match(job)
    detections = [d.model_dump(mode="json") for d in matches.detections]
    found = {"detections": detections, "hits": matches.hits, "evaluated": sorted(matches.evaluated)}
    return found | {"events": matches.events, "rules": counts}


def tell_story(job: Job, parts: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """The findings out of what the rules matched in slices that follow each other in time; as `examine` gives them."""
    counts: dict[str, int] = defaultdict(int)
    slices: list[RuleMatches] = []
    for part in parts:
        detections = tuple(Detection.model_validate(d) for d in part["detections"])
        slices.append(RuleMatches(detections, part["hits"], frozenset(part["evaluated"]), part["events"]))
        counts = part["rules"]
    return _tell(job, join_matches(slices), counts)


def findings_of(document: dict[str, Any]) -> Findings:
    """The findings that a stage document holds."""
    return Findings.model_validate(document["findings"])


def _match(job: Job) -> tuple[RuleMatches, dict[str, int]]:
    tell = job.progress.stage

    def compiling(done: int, total: int) -> None:
        tell("forensic", done, total, "rules", "compiling rules")

    def matching(done: int, total: int) -> None:
        tell("forensic", done, total, "log sources", "matching rules")

    tell("forensic", 0, 1, "step", "loading rules")
    rules = load_rules(job.request.rules, cache=job.request.rule_cache, progress=compiling)
    matches = match_rules(rules, EventQuery(job.stores, job.scope()), matching)
    return matches, {"loaded": len(rules.rules), "unusable": len(rules.unusable)}


def _tell(job: Job, matches: RuleMatches, counts: dict[str, int]) -> dict[str, Any]:
    tell = job.progress.stage
    tell("forensic", 0, 1, "step", "following what the matches lead to")
    findings = find_incident(EventQuery(job.stores, job.scope()), matches.detections, matches.hits)
    with job.stores.database.tenant(job.org_id) as tx:
        roles = analyst_words.entity_words_of(tx, job.incident.incident_id)
        verdicts = analyst_words.indicator_words_of(tx, job.incident.incident_id)
    findings = with_words(findings, roles, verdicts)
    tell("forensic", 1, 1, "step", f"{len(findings.acts)} acts, {len(findings.techniques)} techniques", matches.events)
    return {"findings": findings.model_dump(mode="json"), "rules": {**counts, "evaluated": len(matches.evaluated)}}
