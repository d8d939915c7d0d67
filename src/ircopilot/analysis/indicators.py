"""Indicators: values worth hunting for elsewhere. What is internal, benign or part of the system never becomes one."""

from __future__ import annotations

from collections.abc import Sequence

from ircopilot.analysis.story import names
from ircopilot.analysis.story.acts import bounded
from ircopilot.analysis.story.network import benign_name
from ircopilot.analysis.story.tell import Story
from ircopilot.domain.findings import Act, Entity, Indicator, IndicatorType

MAX_INDICATORS = 60
_EMPTY_HASHES = frozenset({"d41d8cd98f00b204e9800998ecf8427e", "da39a3ee5e6b4b0d3255bfef95601890afd80709",
                           "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"})  # fmt: skip


def collect_indicators(story: Story, entities: Sequence[Entity]) -> tuple[Indicator, ...]:
    """Indicators with the records that show them, by type and value, at most `MAX_INDICATORS`."""
    found: dict[tuple[IndicatorType, str], tuple[list[str], str]] = {}

    def add(kind: IndicatorType, value: str, act: Act, why: str) -> None:
        if value and value not in _EMPTY_HASHES and not set(value) <= {"0"}:
            ids, _ = found.setdefault((kind, value), ([], why))
            ids.extend(act.evidence)

    attackers = {e.value.lower() for e in entities if e.role == "attacker"}
    for act in story.acts:
        if not act.context:
            _of_act(act, story, attackers, add)
    order = sorted(found.items(), key=lambda kv: (_ORDER.index(kv[0][0]), kv[0][1]))
    return tuple(
        Indicator(type=kind, value=value, evidence=tuple(bounded(ids)), why=why)
        for (kind, value), (ids, why) in order[:MAX_INDICATORS]
    )


_ORDER: tuple[IndicatorType, ...] = (
    "ipv4", "ipv6", "domain", "url", "sha256", "sha1", "md5", "file-name", "file-path", "service", "pipe", "cloud-key", "user-agent",
    "certificate", "registry-key", "account", "email",
)  # fmt: skip


def _of_act(act: Act, story: Story, attackers: set[str], add: object) -> None:
    put = add  # narrow name: the closure of `collect_indicators`
    assert callable(put)
    for value in (act.subject, *act.objects, act.detail.get("ip", "")):
        if names.is_ip(value) and value.lower() in attackers and value not in story.network.own:
            put("ipv6" if ":" in value else "ipv4", value, act, "the attacker's address")
    path = act.detail.get("file") or act.detail.get("path", "")
    own = path.lower() in attackers
    if own and act.verb in ("executed", "spawned", "wrote-file", "downloaded", "loaded-image", "deleted-file"):
        put("file-name", names.shown(path), act, "the attacker's file")
        put("file-path", path, act, "the attacker's file")
        for kind in ("sha256", "sha1", "md5"):
            put(kind, act.detail.get(kind, "").lower(), act, f"hash of {names.shown(path)}")
    if act.verb == "dumped-memory":
        put("file-path", act.detail["file"], act, "memory dump written by the attacker")
    for url in filter(None, (act.detail.get("url", ""), *act.detail.get("urls", "").split())):
        if "://" in url and any(a in url for a in attackers if names.is_ip(a)):
            put("url", url, act, "served by the attacker")
    if act.verb == "resolved" and not benign_name(act.objects[0]) and act.techniques:
        put("domain", act.objects[0].lower(), act, "looked up by the attacker's program")
    if act.verb == "installed-service":
        put("service", act.objects[0], act, "installed by the attacker")
    if act.verb == "created-pipe" and act.techniques:
        put("pipe", act.objects[0], act, "made by the attacker's program")
    if act.verb == "presented-certificate":
        put("certificate", act.objects[0], act, "presented by the attacker's server")
    if act.verb in ("called-api", "read-object"):
        put("cloud-key", act.detail.get("key", ""), act, "access key used by the attacker")
        put("user-agent", act.detail.get("agent", ""), act, "agent of the attacker's calls")
        if names.is_ip(act.detail.get("ip", "")):
            put("ipv6" if ":" in act.detail["ip"] else "ipv4", act.detail["ip"], act, "address of the attacker's calls")
