"""Stage forensic: rules over the events, then the story: acts, entities, techniques, indicators, anomalies."""

from __future__ import annotations

from typing import Any

from ircopilot.analysis.investigate import find_incident
from ircopilot.analysis.sigma import load_rules, match_rules
from ircopilot.domain.findings import Findings
from ircopilot.pipeline.request import EventQuery, Job


def examine(job: Job) -> dict[str, Any]:
    """Findings as a document: {"findings": …, "rules": {"loaded", "unusable", "evaluated"}}."""
    tell = job.progress.stage

    def compiling(done: int, total: int) -> None:
        tell("forensic", done, total, "rules", "compiling rules")

    def matching(done: int, total: int) -> None:
        tell("forensic", done, total, "log sources", "matching rules")

    tell("forensic", 0, 1, "step", "loading rules")
    rules = load_rules(job.request.rules, cache=job.request.rule_cache, progress=compiling)
    query = EventQuery(job.stores, job.scope())
    matches = match_rules(rules, query, matching)
    tell("forensic", 0, 1, "step", "following what the matches lead to")
    findings = find_incident(query, matches.detections, matches.hits)
    tell("forensic", 1, 1, "step", f"{len(findings.acts)} acts, {len(findings.techniques)} techniques", matches.events)
    counts = {"loaded": len(rules.rules), "unusable": len(rules.unusable), "evaluated": matches.evaluated}
    return {"findings": findings.model_dump(mode="json"), "rules": counts}


def findings_of(document: dict[str, Any]) -> Findings:
    """The findings that a stage document holds."""
    return Findings.model_validate(document["findings"])
