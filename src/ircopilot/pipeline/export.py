"""Stage export: the report as files."""

from __future__ import annotations

from pathlib import Path

from ircopilot.contracts.report import ReportDocument
from ircopilot.export.registry import EXPORTERS, write_outputs
from ircopilot.pipeline.request import Job


def export_report(job: Job, document: ReportDocument) -> dict[str, Path]:
    """Write every output into the folder asked for; paths by exporter name, and the manifest's."""
    job.progress.stage("export", 0, 1, "step", "writing " + ", ".join(e.file_name for e in EXPORTERS))
    paths = {p.name: p for p in write_outputs(document, job.request.out)}
    job.progress.stage("export", 1, 1, "step", f"{len(paths)} files")
    return {e.name: paths[e.file_name] for e in EXPORTERS} | {"manifest": paths["manifest.json"]}
