"""Evidence that was written to attack whoever looks at it: the sample's attack, under names that are markup, formulas and worse.

What would become an element is `x-evil`, what would run says `alert`: the browser's test looks for both.
"""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

ENTITIES = 10_000
GIANT = 1 << 20
TAG = "<x-evil onclick=alert(1)>"
NAMES = {
    "FIN-WS07.hollowbrook.example": f'FIN"{TAG}{{{{7*7}}}}',
    "FIN-WS07": f'FIN"{TAG}{{{{7*7}}}}',
    "mira.solberg": '=HYPERLINK("//evil.example")<x-evil>${7*7}',
    "Mira Solberg": "@SUM(1)<x-evil><script>alert(1)</script>",
    # Right to left, a space without width, an image that fails to load.
    "Invoice_88213_viewer.exe": "Invoice\u202efdp.\u200b<img src=x-evil onerror=alert(1)>.exe",
    # A formula that starts a program, and a terminal's escape.
    "wer88.dmp": "-2+3+cmd|' _C calc'!A0\x1b[31m\x07.dmp",
    "telemetry.brightleaf-cdn.example": "javascript:alert(1)//<x-evil>.example",
}
# A file's name, as whoever hands it in may choose it.
FILES = {
    "windows": "<img src=x-evil onerror=alert(1)>.jsonl",
    "many": "=1+1<x-evil>'\"; {{constructor}}.jsonl",
    "alerts": "alerts<script>alert(1)<\u2215script>.zip",
}
# The gateway takes no name that cannot be seen whole; one within an archive nobody asks.
MEMBER = "\u202e\u200b<x-evil>\x1b[2Jsuoirgnad.json"


def write_hostile(sample: Path, folder: Path) -> Path:
    """Make of a sample's folder one that is hostile; returns it."""
    (folder / "slack" / "it-help").mkdir(parents=True)
    machine = (sample / "windows" / "fin-ws07.jsonl").read_text(encoding="utf-8").splitlines()
    records = [_renamed(json.loads(line)) for line in machine]
    records += _giants(records)
    _write_lines(folder / FILES["windows"], records)
    _write_lines(folder / FILES["many"], _many(records))
    alerts = _renamed(json.loads((sample / "alerts" / "edr-alerts.json").read_bytes()))
    with zipfile.ZipFile(folder / FILES["alerts"], "w") as archive:
        archive.writestr(MEMBER, json.dumps(alerts, indent=1))
    for name in ("channels.json", "users.json"):
        (folder / "slack" / name).write_text(json.dumps(_renamed(json.loads((sample / "slack" / name).read_bytes()))))
    talk = _renamed(json.loads((sample / "slack" / "it-help" / "2026-03-10.json").read_bytes()))
    words = ("[open](javascript:alert(1)) " + TAG, "\ud800 <script>alert(1)</script>", "A" * GIANT, "\u202eabc\u2066")
    said = [{**talk[-1], "text": text, "ts": f"17731336{n:02}.000000"} for n, text in enumerate(words)]
    (folder / "slack" / "it-help" / "2026-03-10.json").write_text(json.dumps(talk + said))
    return folder


def _renamed(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _renamed(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_renamed(one) for one in value]
    if isinstance(value, str):
        for name, evil in NAMES.items():
            value = value.replace(name, evil)
    return value


def _giants(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Of the acts on credentials once more, with a megabyte behind it, and half a character."""
    dumped = next(record for record in records if "comsvcs" in str(record.get("CommandLine", "")))
    line = dumped["CommandLine"]
    return [
        {**dumped, "CommandLine": f"{line} {'B' * GIANT}", "ProcessId": "66001"},
        {
            **dumped,
            "CommandLine": f"{line} \ud800 </script><script>alert(1)</script> javascript:alert(1)",
            "ProcessId": "66002",
        },
    ]


def _many(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """As many hosts, each with an account of its own."""
    kept = (
        "SourceName",
        "Channel",
        "TimeCreated",
        "@timestamp",
        "EventID",
        "UtcTime",
        "ProcessGuid",
        "Image",
        "CommandLine",
    )
    first = next(record for record in records if record["EventID"] == 1)
    started = {name: first[name] for name in kept}
    return [
        {**started, "Hostname": f"h{n:05}<x-evil>.example", "User": f"CORP\\{{{{{n}}}}}<x-evil>", "ProcessId": str(n)}
        for n in range(ENTITIES)
    ]


def _write_lines(path: Path, records: list[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="ascii")
