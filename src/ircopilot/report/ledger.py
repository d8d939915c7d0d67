"""The ledger: figures of the report, computed from findings and loads, each with how, evidence, count and digest."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

from ircopilot.domain.claims import Fact
from ircopilot.domain.evidence import Artifact, Load
from ircopilot.domain.findings import Act, Findings
from ircopilot.domain.ids import digest

SHOWN = 3  # ids at each end of a fact's evidence
_BYTES = ("kB", "MB", "GB", "TB")


def build_ledger(
    findings: Findings,
    artifacts: Sequence[Artifact],
    loads: Sequence[Load],
    event_counts: Mapping[str, int],
    samples: Sequence[str] = (),
) -> dict[str, Fact]:
    """All figures of a report by name, names sorted.

    `event_counts` counts committed events by `source` (`windows.sysmon`), by `kind:` (`kind:alert`), and by
    `hosts` and `users`; whatever key it has becomes a fact. `samples` are ids of the first and last committed events,
    the evidence of figures over all of them. Times are UTC, durations in seconds.
    """
    facts = {
        **_evidence_facts(artifacts, loads, tuple(samples)),
        **_event_facts(event_counts, loads, tuple(samples)),
        **_window_facts(findings),
        **_act_facts(findings.acts),
        **_finding_facts(findings),
    }
    return dict(sorted(facts.items()))


def count_fact(ids: Iterable[str], unit: str, how: str) -> Fact:
    """How many distinct events these are: the first and last ids (in the order given) and a digest of them all."""
    distinct = list(dict.fromkeys(ids))
    return Fact(value=len(distinct), unit=unit, how=how, **_basis(distinct))


def format_fact(fact: Fact) -> str:
    """The fact as a sentence writes it: `1,234 events`, `4 min 43 s`, `7,168 bytes`, `2024-01-02 03:04:05 UTC`."""
    value = fact.value
    if isinstance(value, str):
        return value
    if fact.unit == "s":
        return format_duration(value)
    if fact.unit == "bytes":
        return format_bytes(value)
    number = f"{value:,}"
    return f"{number} {_singular(fact.unit) if value == 1 else fact.unit}".rstrip()


def format_duration(seconds: float) -> str:
    """Two largest units: `2 d 3 h`, `1 h 5 min`, `4 min 43 s`, `12 s`, `0.4 s`."""
    if seconds < 1:
        return f"{seconds:.1f}".rstrip("0").rstrip(".") + " s"
    rest = round(seconds)
    parts: list[str] = []
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)):
        many, rest = divmod(rest, size)
        if many or parts:
            parts.append(f"{many} {unit}" if many else "")
    return " ".join(p for p in parts[:2] if p)


def format_bytes(count: float) -> str:
    """`7,168 bytes`, from a million on with the decimal unit: `12.3 MB (12,345,678 bytes)`."""
    exact = f"{count:,.0f} {'byte' if count == 1 else 'bytes'}"
    if count < 1_000_000:
        return exact
    power = min(len(f"{count:.0f}") - 1, 12) // 3
    return f"{count / 1000**power:.1f} {_BYTES[power - 1]} ({exact})"


def _singular(unit: str) -> str:
    head, _, last = unit.rpartition(" ")
    short = last[:-3] + "y" if last.endswith("ies") else last.removesuffix("s")
    return f"{head} {short}".strip()


def _basis(ids: Sequence[str]) -> dict[str, object]:
    ends = (*ids[:SHOWN], *ids[SHOWN:][-SHOWN:])
    return {"evidence": ends, "count": len(ids), "digest": digest(*sorted(ids))}


def _evidence_facts(artifacts: Sequence[Artifact], loads: Sequence[Load], samples: tuple[str, ...]) -> dict[str, Fact]:
    read = [x for x in loads if x.state == "committed"]
    sha = digest(*sorted(a.sha256 for a in artifacts))

    def fact(value: int, unit: str, how: str) -> Fact:
        return Fact(value=value, unit=unit, how=how, evidence=samples, count=len(artifacts), digest=sha)

    return {
        "artifacts.total": fact(len(artifacts), "artifacts", "distinct SHA-256 taken in"),
        "artifacts.bytes": fact(sum(a.size for a in artifacts), "bytes", "sum of sizes"),
        "artifacts.read": fact(len({x.artifact_sha256 for x in read}), "artifacts", "artifacts with a committed load"),
        "records.total": fact(sum(x.records for x in read), "records", "records met in committed loads"),
        "records.unreadable": fact(sum(x.errors for x in read), "records", "parse errors of committed loads"),
    }


def _event_facts(event_counts: Mapping[str, int], loads: Sequence[Load], samples: tuple[str, ...]) -> dict[str, Fact]:
    total = sum(x.events for x in loads if x.state == "committed")
    facts = {
        "events.total": Fact(value=total, unit="events", how="events of committed loads", evidence=samples, count=total)
    }
    for name, count in event_counts.items():
        if name in ("hosts", "users"):
            key, unit, how = f"{name}.total", name, f"distinct {name} named in events"
        elif name.startswith("kind:"):
            key, unit, how = f"events.kind.{name[5:]}", "events", f"events of kind {name[5:]}"
        else:
            key, unit, how = f"events.source.{name}", "events", f"events of source {name}"
        facts[key] = Fact(value=count, unit=unit, how=how, count=count)
    return facts


def _window_facts(findings: Findings) -> dict[str, Fact]:
    if findings.start is None or findings.end is None:
        return {}
    ids = [i for act in sorted(findings.acts, key=lambda a: a.time) for i in act.evidence]
    basis = _basis(list(dict.fromkeys(ids)))
    seconds = round((findings.end - findings.start).total_seconds(), 3)
    return {
        "window.start": Fact(value=_utc(findings.start), how="time of the first malicious act", **basis),
        "window.end": Fact(value=_utc(findings.end), how="time of the last malicious act", **basis),
        "window.duration": Fact(value=seconds, unit="s", how="last malicious act minus the first", **basis),
    }


def _act_facts(acts: Sequence[Act]) -> dict[str, Fact]:
    by_verb: dict[str, list[Act]] = defaultdict(list)
    for act in sorted(acts, key=lambda a: a.time):
        by_verb[act.verb].append(act)
    facts = {"acts.total": _act_fact(acts, "malicious acts on the story")} if acts else {}
    for verb, of_verb in by_verb.items():
        facts[f"acts.{verb}.count"] = _act_fact(of_verb, f"acts with the verb {verb}, repetitions counted")
    return facts


def _act_fact(acts: Sequence[Act], how: str) -> Fact:
    ids = list(dict.fromkeys(i for act in acts for i in act.evidence))
    return Fact(value=sum(a.count for a in acts), unit="acts", how=how, **_basis(ids))


def _finding_facts(findings: Findings) -> dict[str, Fact]:
    roles = Counter((e.type, e.role) for e in findings.entities)
    facts = {
        f"entities.{kind}.{role}": Fact(value=n, unit=f"{kind}s", how=f"entities of type {kind} with the role {role}")
        for (kind, role), n in roles.items()
    }
    for name, found in (
        ("techniques", findings.techniques),
        ("indicators", findings.indicators),
        ("detections", findings.detections),
        ("anomalies", findings.anomalies),
    ):
        ids = list(dict.fromkeys(i for x in found for i in x.evidence))
        unit = "rules" if name == "detections" else name
        facts[f"{name}.total"] = Fact(value=len(found), unit=unit, how=f"{name} found", **_basis(ids))
    return facts


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
