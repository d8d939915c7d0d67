"""Write the OpenAPI document to `docs/openapi.json`, which clients are generated from: `python tools/write_openapi.py`."""

from __future__ import annotations

import json
from pathlib import Path

from ircopilot.gateway.openapi import api_document

TARGET = Path(__file__).resolve().parent.parent / "docs" / "openapi.json"


def openapi_text() -> str:
    """The document as text, the same for the same routes."""
    return json.dumps(api_document(), indent=1, ensure_ascii=False) + "\n"


def main() -> None:
    """Write it."""
    TARGET.write_text(openapi_text(), encoding="utf-8")


if __name__ == "__main__":
    main()
