"""Write the JSON Schema of report.json to `docs/` and into the package: `python tools/write_schema.py`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ircopilot.contracts.report import SCHEMA_FILE, SCHEMA_NAME, ReportDocument

ROOT = Path(__file__).resolve().parent.parent
TARGETS = (ROOT / "docs" / SCHEMA_FILE, ROOT / "src" / "ircopilot" / "contracts" / SCHEMA_FILE)


def schema_text() -> str:
    """The schema of report.json, Draft 2020-12, as text."""
    schema: dict[str, Any] = ReportDocument.model_json_schema(mode="serialization", by_alias=True)
    head = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:{SCHEMA_NAME.replace('/', ':')}",
    }
    return json.dumps(head | schema, indent=1, ensure_ascii=False) + "\n"


def main() -> None:
    """Write both copies."""
    for target in TARGETS:
        target.write_text(schema_text(), encoding="utf-8")


if __name__ == "__main__":
    main()
