"""Every exporter of the table, and writing them together."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from tests.export.factory import small_report

from ircopilot.export.manifest import MANIFEST_FILE
from ircopilot.export.registry import EXPORTERS, Exporter, write_outputs
from ircopilot.export.report_json import report_digest
from ircopilot.export.verify import verify_report


@pytest.mark.parametrize("exporter", EXPORTERS, ids=lambda exporter: exporter.name)
def test_conforms(exporter: Exporter) -> None:
    module = __import__(exporter.render.__module__, fromlist=["x"])
    assert module.__doc__
    assert exporter.render.__doc__
    assert exporter.render(small_report()) == exporter.render(small_report())
    golden = Path(__file__).parent / "golden" / exporter.file_name
    assert exporter.name == "pdf" or golden.read_bytes() == exporter.render(small_report())


def test_names_are_unique() -> None:
    assert len({e.name for e in EXPORTERS}) == len({e.file_name for e in EXPORTERS}) == len(EXPORTERS)


def test_all_outputs_and_a_manifest_that_holds(tmp_path: Path) -> None:
    out = tmp_path / "deep" / "out"
    paths = write_outputs(small_report(), out)
    assert [path.name for path in paths] == [*(e.file_name for e in EXPORTERS), MANIFEST_FILE]
    assert sorted(path.name for path in out.iterdir()) == sorted(path.name for path in paths)
    manifest = json.loads((out / MANIFEST_FILE).read_bytes())
    assert manifest["report_digest"] == report_digest(small_report())
    for entry in manifest["files"]:
        assert entry["sha256"] == hashlib.sha256((out / entry["name"]).read_bytes()).hexdigest()
    assert verify_report(out).ok


def test_writing_again_replaces(tmp_path: Path) -> None:
    write_outputs(small_report(), tmp_path, ("json",))
    (tmp_path / ".report.pdf.k1lled").write_bytes(b"half")
    changed = small_report(incident=small_report().incident.model_copy(update={"title": "Another"}))
    write_outputs(changed, tmp_path, ("json", "markdown"))
    assert verify_report(tmp_path).ok
    assert not list(tmp_path.glob(".*"))
    assert "# Another" in (tmp_path / "report.md").read_text(encoding="utf-8")
