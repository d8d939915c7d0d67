"""What a responder would ask of the report of each Windows incident: all there, in order, on evidence, nobody else blamed."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ..conftest import Told
from ..making import Scenario
from . import desktop, disc, macro, screensaver, scripted, server

SCENARIOS = (*(m.SCENARIO for m in (screensaver, macro, desktop, server, scripted, disc)), desktop.IN_TEXT)
pytestmark = pytest.mark.timeout(300)
Tell = Callable[[Scenario], Told]
each = pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda s: s.name)


@each
def test_it_tells_what_happened(tell: Tell, scenario: Scenario) -> None:
    score = tell(scenario).score
    assert score.fact_recall >= 0.85, score.facts_missed
    assert score.narrative_recall >= 0.7, score.facts_missed_in_narrative


@each
def test_techniques(tell: Tell, scenario: Scenario) -> None:
    score = tell(scenario).score
    assert score.technique_recall >= 0.8, score.techniques_missed
    assert score.technique_precision >= 0.8, score.techniques_unexpected


@each
def test_in_order_and_time(tell: Tell, scenario: Scenario) -> None:
    score = tell(scenario).score
    assert score.order >= 0.8
    assert score.order_found >= 0.8 * len(scenario.truth["order"])
    assert abs(score.start_error_s) <= 60
    assert abs(score.end_error_s) <= 60


@each
def test_nobody_is_blamed_who_is_innocent(tell: Tell, scenario: Scenario) -> None:
    score = tell(scenario).score
    assert (score.decoys, score.hard_decoys) == ((), ())


@each
def test_claims_stand_on_evidence(tell: Tell, scenario: Scenario) -> None:
    score = tell(scenario).score
    assert (score.claims_without_evidence, score.unknown_citations) == ((), ())


@each
def test_it_stays_readable(tell: Tell, scenario: Scenario) -> None:
    report = tell(scenario).report
    assert len(report["timeline"]) <= 120
    assert len(report["indicators"]) <= 60
