"""Recommendations that follow from what was seen; each names the acts that ask for it. Phases: NIST SP 800-61."""

from __future__ import annotations

from collections.abc import Callable

from ircopilot.domain.findings import Act, Entity, Findings
from ircopilot.domain.incident import Action
from ircopilot.report.phases import core_acts, named_in

_Rule = Callable[[list[Act], Findings], list[tuple[str, str, list[str]]]]


def recommend(findings: Findings) -> tuple[Action, ...]:
    """Actions in the order containment, eradication, recovery, post-incident."""
    acts = core_acts(findings)
    if not acts:
        return ()
    if findings.doubtful:
        return _ask(acts, findings)
    found: list[Action] = []
    for phase, rule in _RULES:
        for title, why, evidence in rule(acts, findings):
            found.append(
                Action(
                    id=f"action-{len(found) + 1}",
                    title=title,
                    phase=phase,
                    why=why,
                    evidence=tuple(dict.fromkeys(evidence))[:6],
                )
            )
    return tuple(found)


def _ask(acts: list[Act], findings: Findings) -> tuple[Action, ...]:
    """Where what is flagged can be ordinary work, those who know it are asked before anything is done."""
    hosts = _named(findings, "host", "suspicious") or [
        e for e in _named(findings, "cloud-identity", "suspicious") if not e.value.isdigit()
    ]
    return tuple(
        Action(
            id=f"action-{n}", title=f"Ask those who work on {e.value} whether what rules flag there is theirs, before anything is done.",
            phase="containment", why="what is flagged can be ordinary work", evidence=tuple(_evidence(acts, e.value, *e.aliases)),
        )
        for n, e in enumerate(hosts[:8], 1)
    )  # fmt: skip


def _named(findings: Findings, kind: str, role: str) -> list[Entity]:
    return [e for e in findings.entities if e.type == kind and e.role == role]


def _evidence(acts: list[Act], *values: str) -> list[str]:
    """Records of acts that name one of the values, the first value's before the others'."""
    found = [i for value in values for a in acts if value.lower() in named_in(a) for i in a.evidence[:2]]
    return list(dict.fromkeys(found))[:6]


def _isolate(acts: list[Act], findings: Findings) -> list[tuple[str, str, list[str]]]:
    return [
        (
            f"Isolate {e.value} from the network and keep its memory and disk for examination.",
            "the attacker acted on it",
            _evidence(acts, e.value, *e.aliases),
        )
        for e in _named(findings, "host", "victim")[:8]
    ]


def _block(acts: list[Act], findings: Findings) -> list[tuple[str, str, list[str]]]:
    return [
        (
            f"Block {e.value} at the network's edge and search other hosts' connections for it.",
            "address of the attacker",
            _evidence(acts, e.value),
        )
        for e in _named(findings, "ip", "attacker")[:8]
    ]


def _keys(acts: list[Act], findings: Findings) -> list[tuple[str, str, list[str]]]:
    out = [
        (
            f"Revoke the access key {e.value} and the sessions issued with it.",
            "used by the attacker",
            _evidence(acts, e.value),
        )
        for e in _named(findings, "cloud-key", "attacker")[:6]
    ]
    instances = sorted({a.detail["instance"] for a in acts if a.detail.get("instance")})
    for instance in instances:
        text = f"Isolate instance {instance}, require IMDSv2 on it, and rebuild it from a trusted image."
        out.append((text, "its role credentials were used elsewhere", _evidence(acts, instance)))
    return out


def _accounts(acts: list[Act], findings: Findings) -> list[tuple[str, str, list[str]]]:
    read_on = {a.host.lower() for a in acts if a.verb in ("accessed-process", "dumped-memory")}
    out = []
    for e in _named(findings, "user", "victim")[:8]:
        spellings = {e.value.lower(), *(x.lower() for x in e.aliases)}
        exposed = any(a.user.lower() in spellings and a.host.lower() in read_on for a in acts)
        reason = (
            "credentials were read from memory where it was used" if exposed else "acts of the attacker ran under it"
        )
        out.append(
            (f"Reset the password of {e.value} and end its sessions.", reason, _evidence(acts, e.value, *e.aliases))
        )
    return out


def _remove(acts: list[Act], findings: Findings) -> list[tuple[str, str, list[str]]]:
    out = []
    for e in _named(findings, "file", "attacker")[:8]:
        text = f"Search all hosts for {e.value} and its hash, and remove what is found."
        out.append((text, "file of the attacker", _evidence(acts, e.value)))
    services = [a for a in acts if a.verb == "installed-service"]
    return out + [
        (f"Remove the service {a.objects[0]} from {a.host}.", "installed by the attacker", list(a.evidence[:2]))
        for a in services
    ]


def _rebuild(acts: list[Act], findings: Findings) -> list[tuple[str, str, list[str]]]:
    injected = [a for a in acts if a.verb in ("injected", "installed-service", "accessed-process", "dumped-memory")]
    hosts = list(dict.fromkeys(a.host for a in injected if a.host))
    return [
        (
            f"Rebuild {h} from a trusted image before it goes back into service.",
            "code ran there with high rights",
            _evidence(injected, h),
        )
        for h in hosts[:6]
    ]


def _prevent(acts: list[Act], findings: Findings) -> list[tuple[str, str, list[str]]]:
    verbs = {a.verb for a in acts}
    techniques = {t for a in acts for t in a.techniques}
    out = []
    for seen, text in (
        (
            bool(verbs & {"accessed-process", "dumped-memory"}),
            "Turn on LSA protection and Credential Guard where credentials were read from memory.",
        ),
        ("downloaded" in verbs, "Restrict the execution of downloaded programs for users who do not need it."),
        ("T1190" in techniques, "Patch the exploited service and restrict its outgoing connections to what it needs."),
        (
            "read-object" in verbs,
            "Limit what the role may read, and alert on its use from outside the cloud's own networks.",
        ),
        ("failed-logon" in verbs, "Restrict remote logins to known networks and require a second factor."),
    ):
        if seen:
            evidence = [i for a in acts if a.verb in _PREVENTS.get(text, verbs) for i in a.evidence[:1]][:4]
            out.append((text, "follows from what was seen", evidence))
    return out


_PREVENTS: dict[str, set[str]] = {
    "Turn on LSA protection and Credential Guard where credentials were read from memory.": {
        "accessed-process",
        "dumped-memory",
    },
    "Restrict the execution of downloaded programs for users who do not need it.": {"downloaded", "executed"},
    "Patch the exploited service and restrict its outgoing connections to what it needs.": {
        "spawned",
        "accepted-connection",
    },
    "Limit what the role may read, and alert on its use from outside the cloud's own networks.": {"read-object"},
    "Restrict remote logins to known networks and require a second factor.": {"failed-logon"},
}
_RULES: tuple[tuple[str, _Rule], ...] = (
    ("containment", _isolate),
    ("containment", _block),
    ("containment", _keys),
    ("containment", _accounts),
    ("eradication", _remove),
    ("recovery", _rebuild),
    ("post-incident", _prevent),
)
