"""Acts by phase of an intrusion, in the order in which a reader wants them told."""

from __future__ import annotations

from collections.abc import Sequence

from ircopilot.domain.findings import Act, Findings

PHASES = (
    "delivery",
    "execution",
    "discovery",
    "privilege",
    "credentials",
    "persistence",
    "movement",
    "control",
    "collection",
    "cleanup",
)

_BY_VERB = {
    "subscribed-events": "persistence",
    "downloaded": "delivery", "fetched": "delivery", "requested": "delivery", "created-account": "persistence", "changed-group": "persistence",
    "accepted-connection": "delivery", "executed": "execution", "spawned": "execution",
    "ran-script": "execution", "hosted-powershell": "execution", "injected": "privilege", "accessed-process": "credentials",
    "dumped-memory": "credentials", "installed-service": "persistence", "created-task": "persistence", "set-registry": "persistence",
    "logged-on": "movement", "failed-logon": "delivery", "connected": "control", "flow": "control", "presented-certificate": "control",
    "resolved": "control", "read-object": "collection", "called-api": "discovery", "issued-credentials": "delivery",
    "deleted-file": "cleanup", "exited": "cleanup", "ran-sudo": "privilege", "created-pipe": "privilege", "connected-pipe": "privilege",
    "wrote-file": "execution", "loaded-image": "execution",
}  # fmt: skip


def phase_of(act: Act, tactics: dict[str, tuple[str, ...]]) -> str:
    """The phase of an act: discovery where all that it shows are discovery techniques, else by its verb."""
    shown = {t for x in act.techniques for t in tactics.get(x, ())}
    if act.verb == "spawned" and shown and shown <= {"discovery", "execution"} and "discovery" in shown:
        return "discovery"
    if act.verb == "ran-script" and "credential-access" in shown:
        return "credentials"
    return _BY_VERB.get(act.verb, "execution")


def tactics_by_technique(findings: Findings) -> dict[str, tuple[str, ...]]:
    """Technique id → tactics, of the techniques found."""
    return {t.id: t.tactics for t in findings.techniques}


def core_acts(findings: Findings) -> list[Act]:
    """Acts of the incident itself, without context, by time."""
    return [a for a in findings.acts if not a.context]


def first(acts: Sequence[Act], *verbs: str) -> Act | None:
    """The first act with any of these verbs."""
    return next((a for a in acts if a.verb in verbs), None)


def named_in(act: Act) -> set[str]:
    """Every value that an act names, lower case."""
    return {v.lower() for v in (act.host, act.user, act.subject, *act.objects, *act.detail.values())}
