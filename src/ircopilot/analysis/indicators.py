"""Indicators: values worth hunting for elsewhere. What is internal, benign or part of the system never becomes one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ircopilot.analysis.story import names
from ircopilot.analysis.story.acts import bounded
from ircopilot.analysis.story.tell import Story
from ircopilot.domain.findings import Act, Entity, Indicator, IndicatorType

MAX_INDICATORS = 60
_EMPTY_HASHES = frozenset({"d41d8cd98f00b204e9800998ecf8427e", "da39a3ee5e6b4b0d3255bfef95601890afd80709",
                           "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"})  # fmt: skip


def collect_indicators(story: Story, entities: Sequence[Entity]) -> tuple[Indicator, ...]:
    """Indicators with the records that show them, by type and value, at most `MAX_INDICATORS`."""
    attackers = {e.value.lower() for e in entities if e.role == "attacker"}
    found: dict[tuple[IndicatorType, str], tuple[list[str], str]] = {}
    for act in story.acts:
        if act.context:
            continue
        for kind, value, why in _of_act(act, story, attackers):
            if value and value not in _EMPTY_HASHES and not set(value) <= {"0"}:
                ids, _ = found.setdefault((kind, value), ([], why))
                ids.extend(act.evidence)
    order = sorted(found.items(), key=lambda kv: (_ORDER.index(kv[0][0]), kv[0][1]))
    return tuple(
        Indicator(type=kind, value=value, evidence=tuple(bounded(ids)), why=why)
        for (kind, value), (ids, why) in order[:MAX_INDICATORS]
    )


_ORDER: tuple[IndicatorType, ...] = (
    "ipv4", "ipv6", "domain", "url", "sha256", "sha1", "md5", "file-name", "file-path", "service", "pipe", "cloud-key", "user-agent",
    "certificate", "registry-key", "account", "email",
)  # fmt: skip
_FILE_VERBS = frozenset({"executed", "spawned", "wrote-file", "downloaded", "loaded-image", "deleted-file"})
_CALLS = frozenset({"called-api", "read-object"})
# Where a command connects to or fetches from, by number.
_REACHED = re.compile(r"(?:/dev/(?:tcp|udp)/|\b(?:https?|ftp)://)(\d{1,3}(?:\.\d{1,3}){3})\b")
# Verb → type of its object, and why it is one; with True only where a technique makes the object telling.
_OBJECTS: dict[str, tuple[IndicatorType, str, bool]] = {
    "resolved": ("domain", "looked up by the attacker's program", True),
    "installed-service": ("service", "installed by the attacker", False),
    "created-pipe": ("pipe", "made by the attacker's program", True),
    "presented-certificate": ("certificate", "presented by the attacker's server", False),
}


def _of_act(act: Act, story: Story, attackers: set[str]) -> Iterator[_Found]:
    for value in (act.subject, *act.objects, act.detail.get("ip", "")):
        if names.is_ip(value) and value.lower() in attackers and value not in story.network.own:
            yield _address(value), value, "the attacker's address"
    yield from _files(act, attackers)
    for url in filter(None, (act.detail.get("url", ""), *act.detail.get("urls", "").split())):
        if "://" in url and (act.verb == "downloaded" or any(a in url for a in attackers if names.is_ip(a))):
            yield "url", url, "served by the attacker"
    for value in _REACHED.findall(act.detail.get("command", "")):
        if names.is_public(value):
            yield "ipv4", value, "named in the attacker's command"
    if act.verb in _OBJECTS:
        kind, why, needs_technique = _OBJECTS[act.verb]
        if act.techniques or not needs_technique:
            yield kind, act.objects[0], why
    if act.verb in _CALLS:
        yield "cloud-key", act.detail.get("key", ""), "access key used by the attacker"
        yield "user-agent", act.detail.get("agent", ""), "agent of the attacker's calls"
        if names.is_ip(act.detail.get("ip", "")) and not act.detail.get("ip_shared"):
            yield _address(act.detail["ip"]), act.detail["ip"], "address of the attacker's calls"


def _files(act: Act, attackers: set[str]) -> Iterator[_Found]:
    path = act.detail.get("file") or act.detail.get("path", "")
    if act.verb == "dumped-memory":
        yield "file-path", act.detail["file"], "memory dump written by the attacker"
    if path.lower() in attackers and act.verb in _FILE_VERBS:
        yield "file-name", names.shown(path), "the attacker's file"
        yield "file-path", path, "the attacker's file"
        for kind in _HASHES:
            yield kind, act.detail.get(kind, "").lower(), f"hash of {names.shown(path)}"


_HASHES: tuple[IndicatorType, ...] = ("sha256", "sha1", "md5")
_Found = tuple[IndicatorType, str, str]


def _address(value: str) -> IndicatorType:
    return "ipv6" if ":" in value else "ipv4"
