"""The table of exporters, and writing them all. An exporter is a function of the document; same input, same bytes."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ircopilot.contracts.report import ReportDocument
from ircopilot.export.manifest import MANIFEST_FILE, render_manifest
from ircopilot.export.markdown import render_markdown
from ircopilot.export.pdf import render_pdf
from ircopilot.export.report_json import render_report_json
from ircopilot.export.timeline_csv import render_timeline_csv


@dataclass(frozen=True, slots=True)
class Exporter:
    """One output: what it is called on disk and how it is made; `title` and `about` are for who chooses one."""

    name: str
    file_name: str
    media_type: str
    render: Callable[[ReportDocument], bytes]
    title: str = ""
    about: str = ""


EXPORTERS = (
    Exporter("json", "report.json", "application/json", render_report_json, "JSON",
             "everything, with every cited record, for programs and `ircopilot verify`"),
    Exporter("markdown", "report.md", "text/markdown", render_markdown, "Markdown", "for tickets, wikis and review"),
    Exporter("pdf", "report.pdf", "application/pdf", render_pdf, "PDF", "PDF/A-2b, for people and archives"),
    Exporter("csv", "timeline.csv", "text/csv", render_timeline_csv, "Timeline as CSV", "for Timesketch and spreadsheets"),
)  # fmt: skip


def exporter_of(name: str) -> Exporter | None:
    """The exporter of that name, if there is one."""
    return next((exporter for exporter in EXPORTERS if exporter.name == name), None)


def write_outputs(document: ReportDocument, out_dir: Path, names: tuple[str, ...] = ()) -> list[Path]:
    """Write every output (or those named) and `manifest.json` into `out_dir`; returns the paths, the manifest last.

    Each file appears whole or not at all; the manifest is written last, so a directory without one is unfinished.
    """
    out_dir.mkdir(parents=True, exist_ok=True)
    chosen = [exporter for exporter in EXPORTERS if not names or exporter.name in names]
    for name in (MANIFEST_FILE, *(exporter.file_name for exporter in EXPORTERS)):
        # Halves that a killed run left behind.
        for half in out_dir.glob(f".{name}.*"):
            half.unlink(missing_ok=True)
    (out_dir / MANIFEST_FILE).unlink(missing_ok=True)
    written: dict[str, bytes] = {}
    for exporter in chosen:
        written[exporter.file_name] = exporter.render(document)
        _write_whole(out_dir / exporter.file_name, written[exporter.file_name])
    _write_whole(out_dir / MANIFEST_FILE, render_manifest(document, written))
    return [out_dir / name for name in (*written, MANIFEST_FILE)]


def _write_whole(path: Path, data: bytes) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(data)
            out.flush()
            os.fsync(out.fileno())
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
