"""The scorer itself: it finds what is told, and each fault is seen."""

from __future__ import annotations

import copy
from typing import Any

from scoring import score_report

TRUTH: dict[str, Any] = {
    "techniques": [{"id": "T1059.001"}, {"id": "T1003.001"}],
    "acceptable_techniques": ["T1105"],
    "attack_window": {"start": "2026-03-10T08:00:00Z", "end": "2026-03-10T09:00:00Z"},
    "facts": [
        {"id": "tool", "any_of": [["mimi.exe", "lsass"]], "weight": 3},
        {"id": "shell", "any_of": [["powershell"]], "weight": 1},
        {"id": "hash", "any_of": [["abcd"]], "weight": 1},
    ],
    "order": ["shell", "tool"],
    "benign_decoys": ["svchost.exe"],
    "hard_decoys": ["admin"],
}
REPORT: dict[str, Any] = {
    "incident": {"start": "2026-03-10T08:00:10Z", "end": "2026-03-10T08:59:00Z"},
    "entities": [{"id": "p1", "type": "process", "value": "C:\\\\T\\\\Mimi.exe", "role": "attacker"}],
    "indicators": [{"type": "sha256", "value": "ABCD", "evidence": ["e1"]}],
    "techniques": [{"id": "T1059", "evidence": ["e1"]}, {"id": "T1105", "evidence": ["e2"]}],
    "detections": [],
    "anomalies": [],
    "timeline": [
        {"time": "2026-03-10T08:00:10Z", "summary": "PowerShell ran", "entities": [], "evidence": ["e1"]},
        {"time": "2026-03-10T08:59:00Z", "summary": "LSASS was read", "entities": ["p1"], "evidence": ["e2"]},
    ],
    "report": {"sections": [{"claims": [{"id": "c1", "kind": "fact", "text": "PowerShell ran", "evidence": ["e1"]}]}]},
    "events": {"e1": {}, "e2": {}},
}


def test_a_sound_report() -> None:
    score = score_report(TRUTH, REPORT)
    assert (score.fact_recall, score.narrative_recall) == (1.0, 0.8)
    assert score.facts_missed_in_narrative == ("hash",)
    assert (score.technique_recall, score.technique_precision) == (0.5, 1.0)
    assert score.techniques_missed == ("T1003.001",)
    assert (score.order, score.order_found) == (1.0, 2)
    assert (score.start_error_s, score.end_error_s) == (10.0, -60.0)
    assert (score.decoys, score.hard_decoys) == ((), ())
    assert (score.claims_without_evidence, score.unknown_citations) == ((), ())


def test_each_fault_is_seen() -> None:
    bad = copy.deepcopy(REPORT)
    bad["timeline"].reverse()
    bad["techniques"].append({"id": "T1490", "evidence": ["nowhere"]})
    bad["report"]["sections"][0]["claims"][0]["evidence"] = []
    bad["entities"] += [
        {"id": "p2", "type": "process", "value": "C:\\Windows\\svchost.exe", "role": "suspicious"},
        {"id": "u1", "type": "user", "value": "Admin", "role": "attacker"},
    ]
    score = score_report(TRUTH, bad)
    assert score.order == -1.0
    assert score.techniques_unexpected == ("T1490",)
    assert score.unknown_citations == ("nowhere",)
    assert score.claims_without_evidence == ("c1",)
    assert (score.decoys, score.hard_decoys) == (("svchost.exe",), ("admin",))


def test_a_victim_is_no_suspect_and_an_unknown_needs_no_evidence() -> None:
    report = copy.deepcopy(REPORT)
    report["entities"].append({"id": "h", "type": "host", "value": "admin", "role": "victim"})
    report["report"]["sections"][0]["claims"][0] |= {"kind": "unknown", "evidence": []}
    score = score_report(TRUTH, report)
    assert score.hard_decoys == ()
    assert score.claims_without_evidence == ()
