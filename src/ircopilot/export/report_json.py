"""report.json: canonical, so that the same findings are the same bytes. The contract is `ircopilot.contracts.report`.

Order is kept where it has a meaning (claims, evidence of a claim, record fields, timeline), and sorted elsewhere.
Times are RFC 3339 in UTC with `Z` and no trailing zeros in the fraction.
"""

from __future__ import annotations

import hashlib
import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ircopilot.contracts.report import ReportDocument

LEVELS = ("critical", "high", "medium", "low", "informational")
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


def rfc3339(time: datetime) -> str:
    """`2026-03-04T05:06:07.89Z`. A time without a zone is refused: nothing here may guess one."""
    if time.tzinfo is None:
        raise ValueError(f"time without zone: {time.isoformat()}")
    utc = time.astimezone(UTC)
    fraction = f".{utc.microsecond:06d}".rstrip("0") if utc.microsecond else ""
    return f"{utc:%Y-%m-%dT%H:%M:%S}".zfill(19) + fraction + "Z"


def canonical(document: ReportDocument) -> dict[str, Any]:
    """The document as plain JSON values in canonical order."""
    plain: dict[str, Any] = _plain(document.model_dump(mode="python", by_alias=True))
    plain["artifacts"].sort(key=lambda a: (a["name"], a["sha256"]))
    plain["entities"].sort(key=lambda e: (e["type"], e["value"], e["id"]))
    plain["indicators"].sort(key=lambda i: (i["type"], i["value"]))
    plain["techniques"].sort(key=lambda t: t["id"])
    plain["detections"].sort(key=lambda d: (LEVELS.index(d["level"]), d["rule_id"], d["evidence"]))
    plain["anomalies"].sort(key=lambda a: (-a["score"], a["kind"], a["summary"]))
    order = sorted(range(len(document.timeline)), key=lambda i: document.timeline[i].time)
    plain["timeline"] = [plain["timeline"][i] for i in order]
    plain["facts"] = dict(sorted(plain["facts"].items()))
    plain["events"] = dict(sorted(plain["events"].items()))
    if plain["edition"] is None:
        del plain["edition"]
    for section in plain["report"]["sections"]:
        # What only edited claims have is left out of all others: their files stay as they were before claims were edited.
        section["claims"] = [{k: v for k, v in claim.items() if k != "by" or v} for claim in section["claims"]]
    return plain


def render_report_json(document: ReportDocument) -> bytes:
    """The file's bytes: UTF-8, one space of indent, a newline at the end."""
    return _encode(canonical(document))


def report_digest(document: ReportDocument) -> str:
    """SHA-256, hex, of the canonical file without `run`: equal for equal findings, whenever they were made."""
    return digest_of(canonical(document))


def digest_of(plain: dict[str, Any]) -> str:
    """`report_digest` of report.json as parsed."""
    return hashlib.sha256(_encode({name: part for name, part in plain.items() if name != "run"})).hexdigest()


def write_report_json(document: ReportDocument, path: Path) -> None:
    """Write report.json."""
    path.write_bytes(render_report_json(document))


def _encode(plain: dict[str, Any]) -> bytes:
    text = json.dumps(plain, ensure_ascii=False, indent=1, allow_nan=False)
    # A record may hold half of a surrogate pair: legal in JSON as an escape, never in UTF-8.
    return _LONE_SURROGATE.sub(lambda m: f"\\u{ord(m[0]):04x}", text).encode() + b"\n"


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return rfc3339(value) if isinstance(value, datetime) else value
