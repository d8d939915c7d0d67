"""report.pdf: the report set like a document, as PDF/A-2b. Typst draws it in a child process, from data alone."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from ircopilot.contracts.report import ReportDocument
from ircopilot.domain.errors import ProblemError
from ircopilot.export.pdf_data import pdf_data

TIMEOUT_S = 300


class TypesettingFailed(ProblemError):
    """Typst could not make the PDF."""

    type = "typesetting-failed"
    status = 500
    title = "The PDF could not be made"


def render_pdf(document: ReportDocument) -> bytes:
    """The file's bytes. Its date is the end of the incident, so that the same findings are the same bytes.

    Raises TypesettingFailed with typst's own words.
    """
    data = json.dumps(pdf_data(document), ensure_ascii=True).encode()
    date = int(document.incident.end.timestamp()) if document.incident.end else 0
    # A process of its own: what typst allocates is given back, and a crash in it is an error here.
    command = [sys.executable, "-m", "ircopilot.export.typeset", str(max(date, 0))]
    try:
        done = subprocess.run(command, input=data, capture_output=True, timeout=TIMEOUT_S, check=False)  # noqa: S603
    except subprocess.TimeoutExpired as error:
        raise TypesettingFailed(f"typst did not end within {TIMEOUT_S} s") from error
    if done.returncode or not done.stdout.startswith(b"%PDF"):
        said = done.stderr.decode(errors="replace").strip()
        raise TypesettingFailed(said[-2000:] or f"the typesetting process ended with {done.returncode}")
    return done.stdout


def write_pdf(document: ReportDocument, path: Path) -> None:
    """Write report.pdf."""
    path.write_bytes(render_pdf(document))
