"""Evidence made to harm, all in one folder with one good file: every error is told, the good file is read."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from faults.hostile import GOOD, HOSTILE, write_hostile
from faults.program import Running, data_directory, report_of, run

pytestmark = pytest.mark.timeout(600)
MEMORY = 1 << 30  # bytes that the program's own process may take


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[dict[str, Any], int, str]]:
    """The report, the most memory that the process took, and what it said."""
    folder = tmp_path_factory.mktemp("hostile")
    write_hostile(folder / "evidence")
    with data_directory() as data:
        program = Running(data, "investigate", folder / "evidence", "--out", folder / "out")
        most, process = 0, psutil.Process(program.process.pid)
        while program.process.poll() is None:
            try:
                most = max(most, process.memory_info().rss)
            except psutil.NoSuchProcess:
                break
            time.sleep(0.02)
        code, _ = program.finish()
        assert code == 0, program.said[-3000:]
        yield report_of(folder / "out"), most, program.said


def test_the_good_file_is_read(work: tuple[dict[str, Any], int, str]) -> None:
    good = next(a for a in work[0]["artifacts"] if a["name"] == "good.log")
    assert (good["events"], good["errors"]) == (600, 0)


@pytest.mark.parametrize("name", HOSTILE)
def test_each_is_an_artifact_with_its_error(name: str, work: tuple[dict[str, Any], int, str]) -> None:
    artifact = next(a for a in work[0]["artifacts"] if a["name"] == name)
    inside = [a for a in work[0]["artifacts"] if a["name"].startswith(name)]
    reasons = " ".join(e["reason"] for a in inside for e in a["parse_errors"])
    assert HOSTILE[name][1] in reasons, artifact
    assert artifact["errors"] >= len(artifact["parse_errors"])
    # Errors of the whole or of members are of no record.
    sure = artifact["events"] + artifact["skips"]
    assert sure <= artifact["records"] <= sure + artifact["errors"]


READ_ALL_THE_SAME = {
    "texts/utf16.log": 600,
    "texts/invalid.log": 600,
    "texts/nul.log": 600,
    "texts/long.log": 1200,
    "texts/deep.jsonl": 2,
}


@pytest.mark.parametrize(("name", "least"), READ_ALL_THE_SAME.items())
def test_what_is_only_odd_is_read(name: str, least: int, work: tuple[dict[str, Any], int, str]) -> None:
    artifact = next(a for a in work[0]["artifacts"] if a["name"] == name)
    assert artifact["events"] >= least, artifact


def test_a_name_that_is_no_text(work: tuple[dict[str, Any], int, str]) -> None:
    odd = next(a for a in work[0]["artifacts"] if a["name"].startswith("odd-"))
    assert odd["events"] == 600


def test_every_bad_member_is_named(work: tuple[dict[str, Any], int, str]) -> None:
    artifact = next(a for a in work[0]["artifacts"] if a["name"] == "archives/bad-members.tar")
    reasons = {e["locator"].removeprefix("member:"): e["reason"] for e in artifact["parse_errors"]}
    assert reasons.keys() == {"link", "hard", "tty", "pipe", "../../escaped.log"}
    assert "device" in reasons["tty"]
    assert ".." in reasons["../../escaped.log"]


@pytest.mark.parametrize("name", ["pipe.log", "passwd", "loop", "up"])
def test_what_is_no_file_is_said(name: str, work: tuple[dict[str, Any], int, str]) -> None:
    assert any(name in line for line in work[2].splitlines() if "not read" in line), work[2]


def test_memory_stays_bounded(work: tuple[dict[str, Any], int, str]) -> None:
    assert work[1] < MEMORY, f"{work[1] >> 20} MiB"


def test_nothing_was_written_outside(
    work: tuple[dict[str, Any], int, str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    assert not list(tmp_path_factory.getbasetemp().rglob("escaped.log"))


def test_a_file_that_changes_while_it_is_read(data: Path, tmp_path: Path) -> None:
    """It grows and shrinks all the while: the report is of the bytes that were kept, and verify may only say so."""
    folder = tmp_path / "evidence"
    folder.mkdir()
    (folder / "good.log").write_bytes(GOOD)
    live, over = folder / "live.log", threading.Event()
    live.write_bytes(GOOD * 40)

    def restless() -> None:
        while not over.is_set():
            os.truncate(live, len(GOOD) * 10)
            with live.open("ab") as file:
                file.write(GOOD * 30)

    writer = threading.Thread(target=restless)
    writer.start()
    try:
        done = run(data, "investigate", folder, "--out", tmp_path / "out")
    finally:
        over.set()
        writer.join()
    assert done.returncode == 0, done.stderr
    names = {a["name"]: a for a in report_of(tmp_path / "out")["artifacts"]}
    assert names["good.log"]["events"] == 600
    assert "live.log" in names


def test_files_of_the_kernel(data: Path, tmp_path: Path) -> None:
    """They say that they are empty and are not."""
    done = run(data, "investigate", "/proc/self/status", "/proc/version", "--out", tmp_path / "out", "--json")
    assert done.returncode in (0, 3), done.stderr
    assert "Traceback" not in done.stderr
    if done.returncode == 0:
        assert json.loads(done.stdout)
