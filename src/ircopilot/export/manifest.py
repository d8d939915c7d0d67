"""manifest.json: the SHA-256 of every output file and the digest of the findings, for `ircopilot verify`."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from ircopilot.contracts.report import ReportDocument
from ircopilot.export.report_json import report_digest

MANIFEST_FILE = "manifest.json"
MANIFEST_SCHEMA = "ircopilot/manifest/v1"


def render_manifest(document: ReportDocument, outputs: Mapping[str, bytes]) -> bytes:
    """The file's bytes. `outputs` holds each file's bytes by name."""
    files = [
        {"name": name, "sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}
        for name, data in sorted(outputs.items())
    ]
    manifest = {
        "schema": MANIFEST_SCHEMA,
        "incident": document.incident.id,
        "report_digest": report_digest(document),
        "files": files,
    }
    return json.dumps(manifest, indent=1, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n"
