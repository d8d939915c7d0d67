"""Entities: one identity for the several spellings of one thing, with its part in the incident."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from ircopilot.analysis.story import names
from ircopilot.analysis.story.tell import Story
from ircopilot.domain.findings import Act, Entity, EntityType, Role
from ircopilot.domain.ids import digest

_RANK: dict[Role, int] = {"attacker": 4, "victim": 3, "suspicious": 2, "unknown": 1, "benign": 0}


@dataclass(slots=True)
class _Draft:
    type: EntityType
    value: str
    role: Role
    first: datetime
    last: datetime
    why: str
    events: set[str] = field(default_factory=set)
    aliases: set[str] = field(default_factory=set)


class EntityBook:
    """Collects entities under one key per type and normal form."""

    def __init__(self) -> None:
        self._drafts: dict[tuple[EntityType, str], _Draft] = {}

    def add(self, kind: EntityType, value: str, role: Role, act: Act, why: str, alias: str = "") -> None:
        """Note that an act names this thing in this part; the gravest part wins. `alias` is another spelling."""
        value = value.strip().strip('"')
        if not value or value in ("-", "::", "0.0.0.0"):  # noqa: S104
            return
        key = (kind, _normal(kind, value))
        draft = self._drafts.get(key)
        if draft is None:
            draft = self._drafts[key] = _Draft(kind, value, role, act.time, act.time, why)
        if _RANK[role] > _RANK[draft.role]:
            draft.role, draft.why = role, why
        draft.first, draft.last = min(draft.first, act.time), max(draft.last, act.end_time or act.time)
        draft.events |= set(act.evidence)
        draft.aliases |= {value, alias} - {""}
        if len(value) > len(draft.value) and kind in ("host", "user"):
            draft.value = value

    def doubt(self) -> None:
        """Call nobody attacker or victim where what is told can be ordinary work."""
        for draft in self._drafts.values():
            if draft.role in ("attacker", "victim"):
                draft.role, draft.why = "suspicious", "named in records that rules flag"

    def entities(self) -> tuple[Entity, ...]:
        """By type, first sighting and value."""
        order = sorted(self._drafts.items(), key=lambda kd: (kd[0][0], kd[1].first, kd[0][1]))
        return tuple(
            Entity(
                id=f"{kind}-{digest(kind, normal)[:10]}", type=kind, value=d.value, role=d.role, first_seen=d.first, last_seen=d.last,
                events=len(d.events), aliases=tuple(sorted(d.aliases - {d.value})), why=d.why,
            )
            for (kind, normal), d in order
        )  # fmt: skip

    def ids(self) -> dict[tuple[str, str], str]:
        """Entity id by (type, lower-case spelling), every alias included."""
        return {(e.type, v.lower()): e.id for e in self.entities() for v in (e.value, *e.aliases)}


def _normal(kind: EntityType, value: str) -> str:
    low = value.lower().rstrip(".")
    if kind == "host":
        return names.short_host(low)
    if kind == "user":
        return low.rsplit("\\", 1)[-1].split("@", 1)[0]
    return low


def link_entities(story: Story) -> EntityBook:
    """Entities of all acts. Attacker: what the acts show to be the attacker's own; victim: hosts and accounts acted on."""
    book = EntityBook()
    payloads = {f for c in story.clusters for f in c.files} | {
        m.process.executable.lower()
        for c in story.clusters
        for m in c.members.values()
        if names.user_writable(m.process.executable)
    }
    for act in story.acts:
        if not act.context:
            _of_act(book, act, story, payloads)
    if story.doubtful:
        book.doubt()
    return book


def _of_act(book: EntityBook, act: Act, story: Story, payloads: set[str]) -> None:
    if act.host:
        book.add("host", act.host, "victim", act, "the attacker acted on it")
    if act.user and act.verb not in ("called-api", "read-object", "matched"):
        book.add("user", act.user, _user_role(act.user), act, "acts ran under this account")
    for value in (act.subject, *act.objects, act.detail.get("ip", "")):
        if names.is_ip(value):
            _address(book, value, act, story)
    if local := act.detail.get("local_ip"):
        book.add(
            "ip",
            local,
            "victim" if local in story.network.own or names.peer_ip(local) else "unknown",
            act,
            "address of a compromised host",
        )
    path = act.detail.get("file") or (act.detail.get("path", "") if act.verb in ("executed", "spawned") else "")
    if path and path.lower() in payloads:
        book.add("file", path, "attacker", act, "brought or made by the attacker")
        for name in ("sha256", "sha1", "md5"):
            if (found := act.detail.get(name)) and act.verb in (
                "executed",
                "spawned",
                "wrote-file",
                "downloaded",
                "loaded-image",
                "deleted-file",
            ):
                book.add("hash", found, "attacker", act, f"hash of {names.shown(path)}")
    program = act.detail.get("path", "")
    if act.verb == "spawned" and program and program.lower() not in payloads:
        book.add("process", names.shown(program), "unknown", act, "used by the attacker", program)
    if act.verb == "installed-service":
        book.add("service", act.objects[0], "attacker", act, "installed by the attacker")
    if act.verb in ("called-api", "read-object"):
        _cloud(book, act)


def _address(book: EntityBook, value: str, act: Act, story: Story) -> None:
    role: Role = (
        "attacker"
        if value in story.peers or act.verb in ("failed-logon",)
        else "victim"
        if value in story.network.own
        else "unknown"
    )
    outside = act.verb in ("called-api", "read-object") or (act.verb == "logged-on" and names.is_public(value))
    if outside and role == "unknown" and not act.detail.get("ip_shared"):
        role = "suspicious"
    book.add("ip", value, role, act, "peer of the attacker's processes" if role == "attacker" else "named in the acts")


def _cloud(book: EntityBook, act: Act) -> None:
    if key := act.detail.get("key"):
        book.add("cloud-key", key, "attacker", act, "the attacker called the API with it")
    book.add(
        "cloud-identity", act.detail.get("arn", act.subject), "victim", act, "its credentials were used by the attacker"
    )
    for name in ("resource", "instance"):
        if value := act.detail.get(name):
            book.add("cloud-resource", value, "victim", act, "reached by the attacker")
    if account := act.detail.get("account"):
        book.add("cloud-identity", account, "victim", act, "account of the calls")


def _user_role(user: str) -> Role:
    name = user.rsplit("\\", 1)[-1].upper()
    return (
        "unknown"
        if name in ("SYSTEM", "LOCAL SERVICE", "NETWORK SERVICE", "LOCALSYSTEM", "ROOT", "WWW-DATA")
        or name.endswith("$")
        else "victim"
    )


def of_type(
    entities: Iterable[Entity], kind: EntityType, roles: Sequence[Role] = ("attacker", "victim", "suspicious")
) -> list[Entity]:
    """Entities of a type in any of these parts, the gravest first."""
    return sorted(
        (e for e in entities if e.type == kind and e.role in roles),
        key=lambda e: (-_RANK[e.role], e.first_seen, e.value),
    )
