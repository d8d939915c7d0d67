"""What the fault tests share: the evidence, the report of an undisturbed run, and `--soak` for the long sampling."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from faults.evidence import write_evidence
from faults.program import data_directory, report_of, run


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--soak` samples many more moments to kill at."""
    parser.addoption("--soak", action="store_true", help="kill at sixty random moments, for a quarter of an hour")


@pytest.fixture(scope="session")
def evidence(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small evidence folder."""
    return write_evidence(tmp_path_factory.mktemp("evidence") / "evidence")


@dataclass(frozen=True)
class Undisturbed:
    """What a run that nothing happened to wrote: report.json without `run` as text, report.md; and its compiled rules."""

    report: str
    markdown: str
    rules: Path


@pytest.fixture(scope="session")
def undisturbed(evidence: Path, tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    """The run that all others are compared with."""
    folder = tmp_path_factory.mktemp("undisturbed")
    out = folder / "out"
    with data_directory() as data:
        done = run(data, "investigate", evidence, "--out", out, "--title", "Small")
        assert done.returncode == 0, done.stderr[-3000:]
        shutil.copytree(data / "cache", folder / "cache")
    return Undisturbed(json.dumps(report_of(out), indent=1), (out / "report.md").read_text(), folder / "cache")


@pytest.fixture
def empty_data() -> Iterator[Path]:
    """A data directory of the test's own, empty."""
    with data_directory() as folder:
        yield folder


@pytest.fixture
def data(undisturbed: Undisturbed) -> Iterator[Path]:
    """A data directory of the test's own: the databases are made, the rules compiled; both take some seconds."""
    with data_directory(used=True) as folder:
        shutil.copytree(undisturbed.rules, folder / "cache", dirs_exist_ok=True)
        yield folder
