"""The same evidence gives the same report: again, elsewhere, in parts, beside another; and what changes it does so visibly."""

from __future__ import annotations

import json
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from faults.evidence import small_evidence, write_evidence
from faults.program import Running, data_directory, processes_on, report_of, run, wait_until_nothing_runs

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def data() -> Iterator[Path]:
    """One data directory with a stack that stays up: runs start quickly, and nothing may leak from one to the next."""
    with data_directory(used=True) as folder:
        done = run(folder, "up", "--no-services")
        assert done.returncode == 0, done.stderr
        yield folder
        assert run(folder, "down").returncode == 0
        wait_until_nothing_runs(folder)


@pytest.fixture(scope="module")
def evidence(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_evidence(tmp_path_factory.mktemp("small") / "evidence")


@pytest.fixture(scope="module")
def whole(data: Path, evidence: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The output folder of one run over everything, as incident WHOLE."""
    out = tmp_path_factory.mktemp("whole") / "out"
    investigate(data, out, "WHOLE", evidence)
    return out


def investigate(data: Path, out: Path, incident: str, *arguments: str | Path) -> dict[str, Any]:
    done = run(data, "investigate", *arguments, "--out", out, "--incident", incident, "--title", "Small")
    assert done.returncode == 0, done.stderr[-3000:]
    return report_of(out)


def text_of(out: Path, incident: str) -> str:
    """The report as text, the incident's name left out."""
    return json.dumps(report_of(out), indent=1).replace(f'"{incident}"', '"WHOLE"')


def test_again(data: Path, evidence: Path, whole: Path, tmp_path: Path) -> None:
    """Byte for byte, but for `run`: also Markdown, PDF and CSV, which hold nothing of the run."""
    investigate(data, tmp_path / "out", "WHOLE", evidence)
    assert text_of(tmp_path / "out", "WHOLE") == text_of(whole, "WHOLE")
    for name in ("report.md", "report.pdf", "timeline.csv"):
        assert (tmp_path / "out" / name).read_bytes() == (whole / name).read_bytes(), name


def test_elsewhere(evidence: Path, whole: Path, tmp_path: Path) -> None:
    """On another data directory, from a copy of the folder at another path."""
    shutil.copytree(evidence, tmp_path / "another" / "place")
    with data_directory(used=True) as other:
        investigate(other, tmp_path / "out", "WHOLE", tmp_path / "another" / "place")
        wait_until_nothing_runs(other, 2)
    assert text_of(tmp_path / "out", "WHOLE") == text_of(whole, "WHOLE")
    assert (tmp_path / "out" / "report.md").read_bytes() == (whole / "report.md").read_bytes()


def test_in_parts(data: Path, whole: Path, tmp_path: Path) -> None:
    """Evidence added later to the same incident equals having had it all from the start.

    First comes what names no year, which the later evidence must correct, and one side of what two sources saw.
    """
    incident = "PARTS"
    first = ("jump01", "windows/fin")
    early = {n: d for n, d in small_evidence().items() if n.startswith(first)}
    late = {n: d for n, d in small_evidence().items() if not n.startswith(first)}
    investigate(data, tmp_path / "out", incident, write_evidence(tmp_path / "early", early))
    assert text_of(tmp_path / "out", incident) != text_of(whole, "WHOLE")
    investigate(data, tmp_path / "out", incident, write_evidence(tmp_path / "late", late))
    assert text_of(tmp_path / "out", incident) == text_of(whole, "WHOLE")


def _dated(*days: str) -> bytes:
    return b"".join(b'{"time":"%sT08:00:00Z","host":"web01","message":"heartbeat"}\n' % day.encode() for day in days)


UNDATED = b"".join(
    b"%s 08:%02d:00 web01 sshd[912]: Failed password for root from 203.0.113.9 port 5%03d ssh2\n" % (day, n, n)
    for day in (b"Dec 31", b"Jan  2", b"Mar  5")
    for n in range(20)
)


def test_the_year_of_records_without_one(data: Path, tmp_path: Path) -> None:
    """It follows the latest dated event of the whole incident, whenever that came; a later month is of the year before."""

    def years(*arguments: str | Path) -> dict[str, Any]:
        report = investigate(data, tmp_path / "out", *arguments)
        return next(a for a in report["artifacts"] if a["name"] == "auth.log")

    parts = [("auth.log", UNDATED), ("a.jsonl", _dated("2024-01-01", "2024-01-03")), ("b.jsonl", _dated("2024-04-01"))]
    seen = []
    for name, content in parts:
        write_evidence(tmp_path / name, {name: content})
        write_evidence(tmp_path / "all", {name: content})
        seen.append(years("YEARS", tmp_path / name))
    assert seen[1]["first_time"].startswith("2023-03-05T08:00")
    assert seen[1]["last_time"].startswith("2024-01-02T08:19")
    assert seen[2]["first_time"].startswith("2023-12-31T08:00")
    assert seen[2]["last_time"].startswith("2024-03-05T08:19")
    assert years("YEARS-AT-ONCE", tmp_path / "all") == seen[2]


def test_a_clock_of_ones_own_and_back(data: Path, whole: Path, tmp_path: Path) -> None:
    """Said, taken back, said again: each time a new load in the old one's place."""
    evidence = write_evidence(
        tmp_path / "evidence", {n: d for n, d in small_evidence().items() if n == "windows/app-srv02.jsonl"}
    )
    plain = investigate(data, tmp_path / "out", "CLOCK", evidence)
    said = investigate(data, tmp_path / "said", "CLOCK", evidence, "--clock", "app-srv02.jsonl=+1h30m")
    clocks = {a["name"]: a["clock"] for a in said["artifacts"]}
    assert clocks["windows/app-srv02.jsonl"]["offset_s"] == 5400
    assert clocks["windows/app-srv02.jsonl"]["method"] == "said-by-user"
    moved = [e for e in said["events"].values() if e["artifact"] == _sha256(said, "windows/app-srv02.jsonl")]
    assert moved and all(e["time"] != e["time_recorded"] for e in moved)
    assert json.dumps(investigate(data, tmp_path / "out", "CLOCK", evidence)) == json.dumps(plain)
    again = investigate(data, tmp_path / "said", "CLOCK", evidence, "--clock", "app-srv02.jsonl=+1h30m")
    assert json.dumps(again) == json.dumps(said)


def _sha256(report: dict[str, Any], name: str) -> str:
    return str(next(a["sha256"] for a in report["artifacts"] if a["name"] == name))


def test_a_clock_that_names_nothing(data: Path, evidence: Path, tmp_path: Path) -> None:
    done = run(data, "investigate", evidence, "--out", tmp_path / "out", "--clock", "no-such-host=+1h")
    assert done.returncode == 2
    assert "no-such-host" in done.stderr
    assert "next: " in done.stderr


def test_a_window(data: Path, evidence: Path, tmp_path: Path) -> None:
    since, until = "2026-03-10T08:45:00+00:00", "2026-03-10T09:00:00+00:00"
    report = investigate(data, tmp_path / "out", "WINDOW", evidence, "--since", since, "--until", until)
    times = [entry["time"] for entry in report["timeline"]]
    assert times
    assert since[:19] <= min(times)[:19] <= max(times)[:19] < until[:19]
    assert report["incident"]["window"]["since"].startswith(since[:19])
    assert (tmp_path / "out" / "report.md").read_text().count("2026-03-10 08:45") >= 1


def test_beside_another_incident(data: Path, evidence: Path, whole: Path, tmp_path: Path) -> None:
    """Two at once on one stack: neither sees the other's events."""
    programs = [
        Running(data, "investigate", evidence, "--out", tmp_path / name, "--incident", name, "--title", "Small")
        for name in ("LEFT", "RIGHT")
    ]
    for program in programs:
        assert program.finish()[0] == 0, program.said
    for name in ("LEFT", "RIGHT"):
        assert text_of(tmp_path / name, name) == text_of(whole, "WHOLE")


def test_the_same_incident_twice_at_once(data: Path, evidence: Path, tmp_path: Path) -> None:
    first = Running(data, "investigate", evidence, "--out", tmp_path / "one", "--incident", "TWICE")
    first.wait_for("2/5")
    first.process.send_signal(signal.SIGSTOP)  # else it may be the faster one
    second = run(data, "investigate", evidence, "--out", tmp_path / "two", "--incident", "TWICE")
    first.process.send_signal(signal.SIGCONT)
    assert second.returncode == 1
    assert "another process is working on incident TWICE" in " ".join(second.stderr.split())
    assert "next: wait until it ends, or stop it" in second.stderr
    assert not (tmp_path / "two" / "report.json").exists()
    assert first.finish()[0] == 0, first.said


def test_the_stack_that_is_up_stays_up(data: Path, whole: Path) -> None:
    before = sorted(p.pid for p in processes_on(data))
    assert before
    done = run(data, "status")
    assert done.returncode == 0
    for part in ("supervisor", "postgres", "eventstore", "nats", "redis"):
        assert part in done.stdout


def test_verify(evidence: Path, data: Path, whole: Path, tmp_path: Path) -> None:
    out = shutil.copytree(whole, tmp_path / "out")
    assert run(data, "verify", out, "--evidence", evidence).returncode == 0
    document = json.loads((out / "report.json").read_bytes())
    claim = document["report"]["sections"][0]["claims"][0]
    claim["text"] = claim["text"] + " It was the gardener."
    (out / "report.json").write_text(json.dumps(document))
    done = run(data, "verify", out, "--evidence", evidence)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr


def test_verify_finds_changed_evidence(evidence: Path, data: Path, whole: Path, tmp_path: Path) -> None:
    changed = shutil.copytree(evidence, tmp_path / "evidence")
    log = changed / "windows" / "fin-ws07.jsonl"
    log.write_bytes(log.read_bytes().replace(b"mira.solberg", b"lena.solberg"))
    assert run(data, "verify", whole, "--evidence", changed).returncode == 1
