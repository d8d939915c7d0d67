"""The timeline of what matters: acts in order, the repetitive ones folded away when there are too many."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from ircopilot.domain.findings import Act, TimelineEntry
from ircopilot.domain.wording import sentence

MAX_ENTRIES = 110

# How much a reader would miss an act of this kind; rules and techniques add to it.
_WORTH = {
    "downloaded": 9, "executed": 9, "injected": 9, "dumped-memory": 9, "accessed-process": 8, "installed-service": 9,
    "issued-credentials": 7, "read-object": 8, "called-api": 5, "logged-on": 7, "ran-script": 7, "created-task": 8, "subscribed-events": 8,
    "spawned": 5, "wrote-file": 5, "deleted-file": 4, "loaded-image": 4, "connected": 6, "accepted-connection": 6,
    "fetched": 5, "requested": 6, "created-account": 9, "changed-group": 8,
    "flow": 3, "presented-certificate": 4, "created-pipe": 4, "connected-pipe": 3, "hosted-powershell": 5,
    "set-registry": 4, "exited": 5, "resolved": 3, "failed-logon": 7, "ran-sudo": 6, "matched": 4, "alerted": 6, "said": 5, "did": 6,
}  # fmt: skip


def build_timeline(acts: Sequence[Act], ids: dict[tuple[str, str], str]) -> tuple[TimelineEntry, ...]:
    """At most `MAX_ENTRIES` entries by time. `ids` maps (entity type, lower-case value) to entity ids."""
    chosen = _choose(acts)
    return tuple(_entry(a, ids) for a in chosen)


def _choose(acts: Sequence[Act]) -> list[Act]:
    """The acts most worth reading; of many alike, the first few."""
    seen: Counter[tuple[str, str, str]] = Counter()
    ranked: list[tuple[float, datetime, int]] = []
    for i, act in enumerate(acts):
        alike = (act.verb, act.subject.lower(), act.host.lower())
        seen[alike] += 1
        worth = (
            _WORTH.get(act.verb, 3)
            + min(3, len(act.rules))
            + min(2, len(act.techniques))
            - 1.5 * max(0, seen[alike] - 4)
        )
        ranked.append((-worth, act.time, i))
    kept = sorted(i for _, _, i in sorted(ranked)[:MAX_ENTRIES])
    return [acts[i] for i in kept]


def _entry(act: Act, ids: dict[tuple[str, str], str]) -> TimelineEntry:
    values = [
        ("host", act.host),
        ("user", act.user),
        ("ip", act.detail.get("ip", "")),
        ("cloud-key", act.detail.get("key", "")),
    ]
    values += [
        (kind, o)
        for o in (act.subject, *act.objects)
        for kind in ("process", "file", "ip", "service", "host", "user", "domain")
    ]
    values += [("file", act.detail.get("file", "")), ("process", act.detail.get("path", ""))]
    found = (ids.get((kind, value.lower())) for kind, value in values if value)
    why = act.why or "part of the chain of acts"
    if act.rules:
        why = f"{why}; rules: {', '.join(act.rules[:3])}"
    return TimelineEntry(
        time=act.time,
        kind=act.kind,
        summary=sentence(act) + _repeated(act),
        entities=tuple(dict.fromkeys(f for f in found if f)),
        techniques=act.techniques,
        why=why,
        evidence=act.evidence,
        verb=act.verb,
    )


def _repeated(act: Act) -> str:
    """How many records tell of the act and until when, with the day where it is another."""
    if act.end_time is None or act.count <= 3:
        return ""
    same_day = act.end_time.date() == act.time.date()
    until = act.end_time.strftime("%H:%M:%S" if same_day else "%Y-%m-%d %H:%M:%S")
    return f" ({act.count} records until {until} UTC)"
