"""Each scenario is written, investigated and scored once a session."""

from __future__ import annotations

import importlib.util
import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ircopilot.stores import StoreSet

from .making import Scenario, Tree

_SCORING = Path(__file__).parents[1] / "e2e" / "scoring.py"


@dataclass(frozen=True, slots=True)
class Told:
    """A report and its score, and the folder of its outputs."""

    report: Tree
    score: Any
    out: Path


def _score_report() -> Callable[[Tree, Tree], Any]:
    """The scorer of `tests/e2e`, whose folder is no package."""
    import sys

    spec = importlib.util.spec_from_file_location("scenario_scoring", _SCORING)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module.score_report  # type: ignore[no-any-return]


@pytest.fixture(scope="session")
def tell(stores: StoreSet, tmp_path_factory: pytest.TempPathFactory) -> Callable[[Scenario], Told]:
    """Investigate a scenario in this process; the same one only once."""
    from ircopilot.pipeline.request import Request, Silent
    from ircopilot.pipeline.run import investigate

    done: dict[str, Told] = {}
    rules = tmp_path_factory.mktemp("rules")
    score = _score_report()

    def run(scenario: Scenario) -> Told:
        if scenario.name not in done:
            folder = tmp_path_factory.mktemp(scenario.name)
            (folder / "evidence").mkdir()
            scenario.write(folder / "evidence")
            request = Request(
                (folder / "evidence",),
                folder / "out",
                scenario.name,
                incident=str(uuid.uuid4()),
                rule_cache=rules / "cache",
            )
            investigate(stores, request, Silent())
            report = json.loads((folder / "out" / "report.json").read_bytes())
            assert report["incident"]["start"], "nothing was found"
            done[scenario.name] = Told(report, score(scenario.truth, report), folder / "out")
        return done[scenario.name]

    return run
