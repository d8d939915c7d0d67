"""The offline drafter: the report from findings and facts alone, without a model. What it drafts goes through the gate."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from ircopilot.domain.claims import Basis, ClaimKind, DraftClaim, Fact, Search
from ircopilot.domain.evidence import Artifact
from ircopilot.domain.findings import Act, Entity, Findings
from ircopilot.domain.wording import UNNAMED, UNNAMED_TOOL, UNSEEN_PARENT, host_label, sentence
from ircopilot.report.gate import DraftSection
from ircopilot.report.inferences import infer
from ircopilot.report.ledger import format_fact
from ircopilot.report.phases import core_acts, first, named_in, phase_of, tactics_by_technique
from ircopilot.report.recommend import recommend

NAME, VERSION = "offline", "1"
MAX_STORY_CLAIMS = 60
# The gate's word for verbs that are finer here than there.
GATE_VERB = {
    "flow": "connected", "fetched": "recorded", "dumped-memory": "wrote-file", "hosted-powershell": "wrote-file", "ran-sudo": "recorded",
    "matched": "recorded", "did": "recorded",
}  # fmt: skip
_CALLS = frozenset({"called-api", "read-object"})
_SUBJECT_FREE = frozenset(
    {
        "presented-certificate",
        "ran-script",
        "installed-service",
        "alerted",
        "matched",
        "failed-logon",
        "issued-credentials",
        "did",
        "said",
    }
)

# Subjects that we name where the record names none.
_NOT_IN_RECORDS = frozenset({UNSEEN_PARENT, UNNAMED, "the service control manager", "AWS", UNNAMED_TOOL})


@dataclass(slots=True)
class Section:
    """A section under construction: numbers its claims."""

    id: str
    title: str
    drafts: list[DraftClaim] = field(default_factory=list)

    def say(
        self, text: str, evidence: Iterable[str], kind: ClaimKind = "fact", *, verb: str = "recorded", facts: Sequence[str] = (),
        searches: tuple[Search, ...] = (), act: Act | None = None,
    ) -> None:  # fmt: skip
        """Draft a sentence resting on these events, facts and searches; `act` types it underneath."""
        gate_verb = GATE_VERB.get(act.verb, act.verb) if act else verb
        free = act is None or act.verb in _SUBJECT_FREE or gate_verb == "recorded" or act.subject in _NOT_IN_RECORDS
        self.drafts.append(
            DraftClaim(
                id=f"{self.id}-{len(self.drafts) + 1}", section=self.id, text=text, kind=kind, verb=gate_verb,
                subject="" if free or act is None else act.subject,
                objects=() if free or act is None else act.objects, time=act.time if act else None, host=act.host if act else "",
                evidence=tuple(dict.fromkeys(evidence)), basis=Basis(facts=tuple(facts), searches=searches),
            )
        )  # fmt: skip

    def done(self) -> DraftSection:
        """The section as the gate takes it."""
        return DraftSection(id=self.id, title=self.title, drafts=tuple(self.drafts))


def draft_report(findings: Findings, facts: dict[str, Fact], artifacts: Sequence[Artifact]) -> tuple[DraftSection, ...]:
    """All sections, drafted. Claims cite the acts' own records; figures cite the ledger's facts."""
    acts = core_acts(findings)
    sections = [
        _summary(findings, acts),
        _story(findings, acts),
        _scope(findings, acts),
        _techniques(findings),
        _indicators(findings),
        _unknowns(findings),
        _recommendations(findings),
        _evidence(facts, artifacts),
    ]
    return tuple(s.done() for s in sections)


def at(time: datetime, with_date: bool = False) -> str:
    """A time as the report writes it, UTC."""
    return f"{time:%Y-%m-%d %H:%M:%S} UTC" if with_date else f"{time:%H:%M:%S} UTC"


def _summary(findings: Findings, acts: list[Act]) -> Section:
    section = Section("summary", "Summary")
    if not acts:
        return section
    opening, closing = acts[0], max(acts, key=lambda a: a.end_time or a.time)
    hosts = [e.value for e in findings.entities if e.type == "host" and e.role in ("victim", "suspicious")]
    place = f" on {_list(hosts[:4])}" if hosts else ""
    last = closing.end_time or closing.time
    flagged = {t for a in acts for t in a.rules}
    serious = any(d.title in flagged and d.level in ("medium", "high", "critical") for d in findings.detections)
    text = f"{'Malicious' if serious else 'Suspicious'} activity{place} is recorded from {at(opening.time, True)} to {at(last, True)}."
    if findings.doubtful:
        section.say(
            "It is unknown whether an attack took place: what was found can be ordinary work.",
            (),
            "unknown",
            verb="",
            searches=(_doubt(findings),),
        )
        text = f"Rules flag activity{place} from {at(opening.time, True)} to {at(last, True)}."
    section.say(text, [*opening.evidence, *closing.evidence, *_naming(acts, hosts[:4])])
    chosen: list[Act] = []
    for verbs in (
        ("downloaded", "accepted-connection", "issued-credentials", "failed-logon"), ("executed",), ("connected", "flow"), ("injected",),
        ("accessed-process", "dumped-memory"), ("installed-service",), ("logged-on",), ("read-object",),
    ):  # fmt: skip
        pool = findings.acts if "issued-credentials" in verbs else acts
        if (act := _best(pool, verbs)) and not any(act is c for c in chosen):
            chosen.append(act)
    for grave in _GRAVE:
        if not any(grave & _parents(a) for a in chosen) and (pool := [a for a in acts if grave & _parents(a)]):
            chosen.append(max(pool, key=lambda a: (len(a.rules), len(a.techniques), -a.time.timestamp())))
    for act in sorted(chosen, key=_order_of(findings)):
        section.say(sentence(act), act.evidence, act=act)
    for thought in infer(findings) if not findings.doubtful else ():
        section.say(thought.text, thought.evidence, "inference")
    return section


def _doubt(findings: Findings) -> Search:
    """The search behind the sentence that nothing shows an attack."""
    return next(
        Search(query=g.query, found=g.found, scope=g.scope) for g in findings.gaps if g.id == "malicious-activity"
    )


# What a summary must not pass over, whatever kind of act shows it: rights gained, credentials, staying, data out, harm.
_GRAVE = tuple(
    frozenset(t.split())
    for t in (
        "T1548 T1068 T1134", "T1003 T1558 T1555", "T1543 T1053 T1547 T1546 T1098 T1136", "T1048 T1041 T1567 T1537 T1020",
        "T1486 T1485 T1490 T1561 T1496 T1489",
    )
)  # fmt: skip


def _parents(act: Act) -> set[str]:
    return {t.split(".")[0] for t in act.techniques}


def _order_of(findings: Findings) -> Callable[[Act], int]:
    """The place of an act in the story."""
    places = {id(a): n for n, a in enumerate(findings.acts)}
    return lambda act: places.get(id(act), len(places))


def _best(acts: Sequence[Act], verbs: tuple[str, ...]) -> Act | None:
    """Of the acts with the first of these verbs that occurs, the one most rules speak for; the earliest of equals."""
    for verb in verbs:
        pool = [a for a in acts if a.verb == verb]
        if pool:
            return max(pool, key=lambda a: (len(a.rules), len(a.techniques), -a.time.timestamp()))
    return None


def _naming(acts: Sequence[Act], hosts: Sequence[str]) -> list[str]:
    """For each host one record that names it."""
    found = (next((a.evidence[0] for a in acts if a.host.lower() == h.lower()), None) for h in hosts)
    return [i for i in found if i]


def _story(findings: Findings, acts: list[Act]) -> Section:
    section = Section("what-happened", "What happened")
    tactics = tactics_by_technique(findings)
    day = None
    told = _worth_telling(findings.acts, acts)
    named: set[tuple[str, ...]] = set()
    i = 0
    while i < len(told):
        act = told[i]
        run = _run_of_discovery(told[i:], tactics)
        with_date = act.time.date() != day
        day = act.time.date()
        reads = _run_of_calls(told[i:])
        if len(run) > 1 or len(reads) > 1:
            (_say_run if len(run) > 1 else _say_calls)(section, run if len(run) > 1 else reads, with_date)
            i += max(len(run), len(reads))
            continue
        section.say(f"{at(act.time, with_date)}: {sentence(_shortened(act, named))}", act.evidence, act=act)
        i += 1
    return section


def _shortened(act: Act, named: set[tuple[str, ...]]) -> Act:
    """A call without the account and agent that the story has named for the same key and address already."""
    if act.verb not in _CALLS:
        return act
    seat = (act.subject, *(act.detail.get(k, "") for k in ("key", "ip", "agent", "account")))
    if seat not in named:
        named.add(seat)
        return act
    return act.model_copy(update={"detail": {k: v for k, v in act.detail.items() if k not in ("agent", "account")}})


def _worth_telling(everything: Sequence[Act], acts: Sequence[Act]) -> list[Act]:
    """Core acts and the context that explains them; the many alike are left to the timeline."""
    counts: dict[tuple[str, str, str], int] = {}
    out = []
    for act in everything:
        if act.context and act.verb not in ("issued-credentials", "alerted", "said", "did"):
            continue
        key = (act.verb, act.subject.lower(), act.host.lower())
        counts[key] = counts.get(key, 0) + 1
        cap = {"spawned": 25, "called-api": 25, "read-object": 12, "said": 12}.get(act.verb, 5)
        if counts[key] <= cap and act.verb != "flow":
            out.append(act)
    return out[:MAX_STORY_CLAIMS]


def _run_of_discovery(acts: Sequence[Act], tactics: dict[str, tuple[str, ...]]) -> list[Act]:
    """Discovery commands in a row under one parent process: told as one."""
    head = acts[0]
    if head.verb != "spawned" or phase_of(head, tactics) != "discovery":
        return [head]
    run = []
    for act in acts[:6]:
        same = act.verb == "spawned" and (act.subject, act.host, act.user) == (head.subject, head.host, head.user)
        if not same or phase_of(act, tactics) != "discovery" or act.detail.get("encoded"):
            break
        run.append(act)
    return run


def _say_run(section: Section, run: list[Act], with_date: bool) -> None:
    head = run[0]
    commands = _list([f"“{a.detail.get('command') or a.objects[0]}”" for a in run])
    account = f" as {head.detail['account']}" if head.detail.get("account") else ""
    text = f"{at(head.time, with_date)} to {at(run[-1].time)}: {head.subject} on {host_label(head.host)}{account} ran discovery commands: {commands}."
    evidence = [i for a in run for i in a.evidence[:3]]
    merged = head.model_copy(update={"objects": tuple(dict.fromkeys(a.objects[0] for a in run))})
    section.say(text, evidence, act=merged)


def _run_of_calls(acts: Sequence[Act]) -> list[Act]:
    """The same call on one thing after the other, by one key from one address: told as one, six at a time."""
    head = acts[0]
    run: list[Act] = []
    for act in acts[:6]:
        same = (
            act.verb in _CALLS
            and act.objects == head.objects
            and act.detail.get("resource")
            and all(act.detail.get(k) == head.detail.get(k) for k in ("key", "ip", "agent", "error"))
        )
        if not same or (run and act.time - run[-1].time > timedelta(minutes=5)):
            break
        run.append(act)
    return run or [head]


def _say_calls(section: Section, run: list[Act], with_date: bool) -> None:
    head = run[0]
    objects = _list([a.detail.get("resource", "") for a in run])
    key = f" with access key {head.detail['key']}" if head.detail.get("key") else ""
    source = f" from {head.detail['ip']}" if head.detail.get("ip") else ""
    called = "downloaded by GetObject" if head.verb == "read-object" else f"called {head.objects[0]}"
    refused = f"; refused: {head.detail['error']}" if head.detail.get("error") else ""
    on = "" if head.verb == "read-object" else " on"
    text = f"{at(head.time, with_date)} to {at(run[-1].time)}: {head.subject}{key} {called}{on} {objects}{source}{refused}."
    section.say(text, [i for a in run for i in a.evidence[:2]], act=head)


def _scope(findings: Findings, acts: list[Act]) -> Section:
    section = Section("scope", "Scope")
    groups = (
        ("host", ("victim",), "Host {} was acted on by the attacker."),
        ("host", ("suspicious",), "Rules flag records of host {}."),
        ("user", ("victim",), "Acts of the attacker ran under the account {}."),
        ("user", ("suspicious",), "Flagged acts ran under the account {}."),
        ("ip", ("attacker",), "{} is an address of the attacker."),
        ("ip", ("victim",), "{} is an address of a compromised host."),
        ("ip", ("suspicious",), "{} is the address from which the attacker's calls or logins came."),
        ("cloud-identity", ("victim",), "The cloud identity {} was used by the attacker."),
        ("cloud-key", ("attacker",), "The access key {} was used by the attacker."),
    )
    for kind, roles, words in groups:
        for entity in [e for e in findings.entities if e.type == kind and e.role in roles and not e.value.isdigit()][
            :12
        ]:
            section.say(words.format(entity.value), _entity_evidence(entity, acts))
    resources = [e for e in findings.entities if e.type == "cloud-resource" and e.role == "victim"]
    for at_ in range(0, min(len(resources), 24), 6):
        group = resources[at_ : at_ + 6]
        evidence = [i for e in group for i in _entity_evidence(e, acts)[:1]]
        section.say(f"Cloud resources reached by the attacker: {_list([e.value for e in group])}.", evidence)
    return section


def _entity_evidence(entity: Entity, acts: Sequence[Act]) -> list[str]:
    """Records of the first acts that name the entity: as it is spelled here before any other spelling."""
    ids: list[str] = []
    for spellings in ({entity.value.lower()}, {a.lower() for a in entity.aliases}):
        for act in acts:
            if len(ids) < 6 and spellings & named_in(act):
                ids += act.evidence[:2]
    return list(dict.fromkeys(ids))


def _techniques(findings: Findings) -> Section:
    section = Section("techniques", "Techniques")
    for t in findings.techniques:
        tactics = ", ".join(t.tactics)
        kind: ClaimKind = "fact" if t.confidence >= 0.5 else "inference"
        hedge = "" if kind == "fact" else "possibly "
        section.say(f"{t.id} {t.name} ({hedge}{tactics}).", t.evidence, kind)
    return section


def _indicators(findings: Findings) -> Section:
    section = Section("indicators", "Indicators")
    labels = {"ipv4": "Address", "ipv6": "Address", "file-name": "File", "file-path": "Path", "sha256": "SHA-256", "sha1": "SHA-1", "md5": "MD5",
              "url": "URL", "domain": "Domain", "service": "Service", "pipe": "Named pipe", "cloud-key": "Access key", "user-agent": "User agent",
              "certificate": "Certificate", "registry-key": "Registry key", "account": "Account", "email": "E-mail address"}  # fmt: skip
    for i in findings.indicators:
        section.say(f"{labels[i.type]}: {i.value}", i.evidence)
    return section


def _unknowns(findings: Findings) -> Section:
    section = Section("unknowns", "What is not known")
    for gap in findings.gaps:
        search = Search(query=gap.query, found=gap.found, scope=gap.scope)
        section.say(gap.statement, gap.evidence, "unknown", verb="", searches=(search,))
    return section


def _recommendations(findings: Findings) -> Section:
    section = Section("recommendations", "Recommendations")
    for action in recommend(findings):
        section.say(action.title, action.evidence, "inference")
    return section


def _evidence(facts: dict[str, Fact], artifacts: Sequence[Artifact]) -> Section:
    section = Section("evidence", "Evidence examined")
    total, read = facts.get("events.total"), facts.get("artifacts.read")
    if total and total.evidence and read:
        text = f"The evidence holds {format_fact(total)} in {format_fact(read)}."
        section.say(text, total.evidence, facts=("events.total", "artifacts.read"))
    return section


def _list(values: Sequence[str]) -> str:
    unique = list(dict.fromkeys(v for v in values if v))
    return ", ".join(unique[:-1]) + (" and " if len(unique) > 1 else "") + unique[-1] if unique else ""


__all__ = ["NAME", "VERSION", "draft_report", "first"]
