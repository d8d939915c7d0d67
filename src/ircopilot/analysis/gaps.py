"""What the evidence does not say: searches that found nothing, and sources that are missing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ircopilot.analysis.query import Query
from ircopilot.analysis.story.acts import EVIDENCE_CAP
from ircopilot.analysis.story.processes import STARTED
from ircopilot.analysis.story.tell import Story
from ircopilot.domain.findings import Gap
from ircopilot.domain.wording import host_label

LARGE_UPLOAD = 1_000_000


def find_gaps(query: Query, story: Story) -> tuple[Gap, ...]:
    """Open questions of this incident, each with the search behind it."""
    core = [a for a in story.acts if not a.context]
    if not core or story.doubtful:
        text = "Whether malicious activity took place is unknown: what the rules matched is too weak to tell a chain of acts."
        if core:
            text = "Whether an attack took place is unknown: rules flag the acts told here, but no record shows harm, and ordinary work looks like this, too."
        found = len(story.hits.by_event)
        return (Gap(id="malicious-activity", statement=text, query="rule matches", found=found, scope="all events"),)
    verbs = {a.verb for a in core}
    gaps = [*_sources(query, verbs), *_movement(query, story, verbs), *_after(query, story, verbs), *_left(story)]
    return tuple(g for g in gaps if g is not None)


def _count(query: Query, where: str, params: Mapping[str, Any]) -> int:
    return int(query(f"SELECT count() AS n FROM {{events}} WHERE {where}", params).to_pylist()[0]["n"])  # noqa: S608


def _gap(query: Query, name: str, statement: str, where: str, params: Mapping[str, Any], scope: str) -> Gap:
    return Gap(id=name, statement=statement, query=where, found=_count(query, where, params), scope=scope)


def _sources(query: Query, verbs: set[str]) -> list[Gap | None]:
    """Sources that would have told more and that hold nothing here."""
    out: list[Gap | None] = []
    on_host = bool(verbs & {"spawned", "executed", "injected"})
    flows = _gap(
        query,
        "network-sensor",
        "It is unknown how much data left: the evidence holds no network sensor's record of connections.",
        "source = 'zeek.conn'",
        {},
        "all events",
    )
    out.append(flows if on_host and flows.found == 0 else None)
    mail = _gap(
        query,
        "delivery",
        "It is unknown how the first file or link reached its reader: no mail records are in the evidence.",
        "source LIKE '%mail%' OR source LIKE '%smtp%' OR network_protocol = 'smtp'",
        {},
        "all events",
    )
    out.append(mail if verbs & {"downloaded", "executed"} and mail.found == 0 else None)
    processes = _gap(
        query,
        "process-records",
        "What ran on the hosts is unknown: no process starts are in the evidence.",
        STARTED,
        {},
        "all events",
    )
    out.append(
        processes if not on_host and processes.found == 0 and not verbs & {"called-api", "read-object"} else None
    )
    objects = _gap(
        query,
        "data-events",
        "Whether objects were read is unknown: no object-level records are in the evidence.",
        "event_action IN ('GetObject', 'HeadObject', 'CopyObject')",
        {},
        "all events",
    )
    out.append(objects if verbs & {"called-api"} and "read-object" not in verbs and objects.found == 0 else None)
    return out


def _movement(query: Query, story: Story, verbs: set[str]) -> list[Gap | None]:
    hosts = {h for c in story.clusters for h in c.hosts}
    inner = sorted({ip for h in hosts for ip in story.network.hosts.get(h, ())})
    if not inner or "logged-on" in verbs:
        return []
    where = "((source = 'windows.security' AND event_code = '4624' AND logon_type IN ('3', '10')) OR (source = 'linux.sshd' AND event_outcome = 'success')) AND source_ip IN {ips:Array(String)} AND NOT endsWith(user_target_name, '$')"  # noqa: E501
    gap = _gap(
        query,
        "lateral-movement",
        "No login from a compromised host to another host is in the evidence; hosts without records here may still have been reached.",
        where,
        {"ips": inner},
        "all events",
    )
    return [gap if gap.found == 0 else None]


def _after(query: Query, story: Story, verbs: set[str]) -> list[Gap | None]:
    """Uploads to the attacker's addresses, and whether anything ran on after the last act."""
    out: list[Gap | None] = []
    if story.peers and "read-object" not in verbs:
        where = f"destination_ip IN {{ips:Array(String)}} AND source_bytes > {LARGE_UPLOAD}"
        gap = _gap(
            query,
            "exfiltration",
            "No upload of more than 1 MB to the attacker's addresses is on record; smaller amounts, and what a one-sided capture misses, cannot be excluded.",
            where,
            {"ips": sorted(story.peers)},
            "all events",
        )
        out.append(gap if gap.found == 0 else None)
    if verbs & {"accessed-process", "dumped-memory"}:
        where = "file_path != '' AND (endsWith(lower(file_path), '.dmp') OR endsWith(lower(file_path), '.kirbi'))"
        gap = _gap(
            query,
            "stolen-credentials",
            "Which credentials were read from memory is unknown: the records show the access, and no dump file.",
            where,
            {},
            "all events",
        )
        out.append(gap if gap.found == 0 else None)
        if gap.found:
            text = (
                "Which credentials were read from memory is unknown: the records show the access, not what was taken."
            )
            out.append(gap.model_copy(update={"statement": text}))
    return out


def _left(story: Story) -> Iterator[Gap]:
    """Whether what strong rules matched elsewhere belongs to the incident."""
    for number, one in enumerate(story.left, 1):
        matched = (
            f"the rule{'s' if len(one.titles) > 1 else ''} {' and '.join(f'“{title}”' for title in one.titles[:2])}"
        )
        text = (
            f"Whether {one.what} on {host_label(one.host)} belongs to the incident is unknown: it matched {matched} from "
            f"{one.since:%Y-%m-%d %H:%M:%S} UTC on, apart from the acts told here."
        )
        yield Gap(
            id=f"left-aside-{number}", statement=text, query="rule matches", found=len(one.events), scope="all events",
            evidence=tuple(one.events[:EVIDENCE_CAP]),
        )  # fmt: skip
