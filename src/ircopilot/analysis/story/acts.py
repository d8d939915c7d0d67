"""Acts out of records: one `Act` per thing done, repeated doings folded into one with a count."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby

from ircopilot.analysis.query import Row
from ircopilot.analysis.story import names
from ircopilot.analysis.story.weights import RuleHits
from ircopilot.domain.findings import Act, Kind
from ircopilot.domain.secrets import masked

EVIDENCE_CAP = 8

# What an act shows by itself; rules add to it.
OWN_TECHNIQUES: dict[str, tuple[str, ...]] = {
    "executed": ("T1204.002",),
    "injected": ("T1055",),
    "dumped-memory": ("T1003.001",),
    "accessed-process": ("T1003.001",),
    "installed-service": ("T1543.003",),
    "created-task": ("T1053.005",),
    "cleared-log": ("T1685.005",),
    "created-account": ("T1136.001",),
    "subscribed-events": ("T1546.003",),
}
# How somebody came in is not to be seen from a call that he makes once he is in.
_NOT_BY_A_CALL = frozenset("T1566 T1566.001 T1566.002 T1566.003 T1190 T1189 T1204 T1204.001 T1204.002".split())


@dataclass(slots=True)
class ActDraft:
    """An act being put together: rows of the same doing."""

    verb: str
    subject: str
    objects: tuple[str, ...]
    host: str = ""
    user: str = ""
    detail: dict[str, str] = field(default_factory=dict)
    techniques: set[str] = field(default_factory=set)
    kind: Kind = "log"
    context: bool = False
    why: str = ""
    rows: list[Row] = field(default_factory=list)


class ActBook:
    """Collects acts by key, so that the same doing seen twice, or by two sources, is one act."""

    def __init__(self, hits: RuleHits) -> None:
        self.hits = hits
        self._drafts: dict[tuple[object, ...], ActDraft] = {}

    def add(self, draft: ActDraft, rows: Sequence[Row], *key: object) -> ActDraft:
        """Enter rows under a key (default: verb, host, subject, objects); details that are missing are filled in."""
        full = (draft.verb, draft.host, *(key or (draft.subject, draft.objects)))
        known = self._drafts.setdefault(full, draft)
        seen = {r["event_id"] for r in known.rows}
        known.rows += [r for r in rows if r["event_id"] not in seen]
        for name, value in draft.detail.items():
            known.detail.setdefault(name, value)
        known.techniques |= draft.techniques
        known.context = known.context and draft.context
        return known

    def acts(self) -> tuple[Act, ...]:
        """All acts by time, then verb and objects: an order that does not depend on how they were found."""
        made = [self._finish(d) for d in self._drafts.values() if d.rows]
        made.sort(key=lambda a: (a.time, a.verb, a.subject, a.objects, a.evidence))
        return tuple(a for _, moment in groupby(made, key=lambda a: a.time) for a in _causes_first(list(moment)))

    def _finish(self, draft: ActDraft) -> Act:
        draft.rows.sort(key=lambda r: (r["time"], r["event_id"]))
        count = len(draft.rows)
        # A record joined from several rests on all of them; a witness (the parent's own record) shows who, not what.
        ids = list(dict.fromkeys(i for r in draft.rows for i in (r["event_id"], *r.get("parts", ()))))
        rules = self.hits.of(ids)
        shown = [
            *ids[: EVIDENCE_CAP - 1],
            *(i for r in draft.rows[:1] for i in r.get("witness", ())),
            *ids[EVIDENCE_CAP - 1 :],
        ]
        techniques = set(draft.techniques) | set(OWN_TECHNIQUES.get(draft.verb, ()))
        for rule in rules - self.hits.vague:
            techniques |= set(self.hits.detections[rule].techniques) - _beyond(draft)
        return Act(
            verb=draft.verb,
            time=draft.rows[0]["time"],
            end_time=draft.rows[-1]["time"] if len(draft.rows) > 1 else None,
            subject=draft.subject,
            objects=draft.objects,
            host=draft.host,
            user=draft.user,
            detail=dict(sorted(draft.detail.items())),
            techniques=tuple(sorted(techniques)),
            kind=draft.kind,
            rules=tuple(sorted({self.hits.detections[r].title for r in rules})),
            context=draft.context,
            why=draft.why,
            count=count,
            evidence=tuple(bounded(shown)),
        )


def _beyond(draft: ActDraft) -> frozenset[str]:
    """Techniques that no such act can show, whatever a rule is tagged with."""
    return _NOT_BY_A_CALL if draft.verb in ("called-api", "read-object") else frozenset()


def _causes_first(moment: list[Act]) -> list[Act]:
    """Acts of one moment, a process's start before what it did and before its children: some sources know no fractions."""
    starts = {(a.host, a.detail.get("pid", "")): a for a in moment if a.verb in ("executed", "spawned")}

    def depth(act: Act) -> int:
        found, key = 0, "parent_pid" if act.verb in ("executed", "spawned") else "pid"
        while (cause := starts.get((act.host, act.detail.get(key, "")))) and cause is not act and found < len(starts):
            found, act, key = found + 1, cause, "parent_pid"
        return found

    return sorted(moment, key=depth) if starts else moment


def bounded(ids: Sequence[str], cap: int = EVIDENCE_CAP) -> list[str]:
    """The first ids and the last two, at most `cap`."""
    unique = list(dict.fromkeys(ids))
    return unique if len(unique) <= cap else [*unique[: cap - 2], *unique[-2:]]


def one_per_source(rows: Iterable[Row]) -> list[Row]:
    """The earliest row of each source, by time."""
    best: dict[str, Row] = {}
    for row in sorted(rows, key=lambda r: (r["time"], r["event_id"])):
        best.setdefault(row["source"], row)
    return sorted(best.values(), key=lambda r: (r["time"], r["event_id"]))


def account(row: Row) -> str:
    """DOMAIN\\user as the record has it, or the user alone."""
    user, domain = row["user_name"], row["user_domain"]
    return f"{domain}\\{user}" if domain and user else user


def clip(text: str, limit: int = 220) -> str:
    """Text on one line, its secrets as marks, cut at white space, so that no value in it is cut in two."""
    flat = " ".join(masked(text).split())
    if len(flat) <= limit:
        return flat
    cut = flat[:limit].rsplit(" ", 1)[0] if " " in flat[:limit] else ""
    return f"{cut} …" if cut else "…"


def span(rows: Sequence[Row]) -> tuple[datetime, datetime]:
    """First and last time."""
    times = [r["time"] for r in rows]
    return min(times), max(times)


def program(row: Row) -> str:
    """The acting program's file name as spelled."""
    return names.shown(row["process_executable"])
