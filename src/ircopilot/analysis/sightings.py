"""Where a value was seen: which events name it, on which hosts, when first and last."""
# ruff: noqa: S608 - composed of fixed column names; values are parameters

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ircopilot.analysis.query import Query

_PATHS = ("file_path", "process_executable", "image_loaded", "process_parent_executable", "service_executable")
# Columns that hold a value of this type, of entities and of indicators. A name stands at the end of a path, too.
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "host": ("host_name", "destination_domain"),
    "user": ("user_name", "user_target_name"),
    "account": ("user_name", "user_target_name", "user_id"),
    "email": ("user_name", "user_target_name", "user_id"),
    "ip": ("source_ip", "destination_ip", "host_ip"),
    "ipv4": ("source_ip", "destination_ip", "host_ip"),
    "ipv6": ("source_ip", "destination_ip", "host_ip"),
    "domain": ("dns_question_name", "destination_domain", "domain(url_full)"),
    "url": ("url_full",),
    "hash": ("hash_md5", "hash_sha1", "hash_sha256"),
    "md5": ("hash_md5",),
    "sha1": ("hash_sha1",),
    "sha256": ("hash_sha256",),
    "process": ("process_name", "original_file_name", *_PATHS),
    "file": ("file_name", "process_name", *_PATHS),
    "file-name": ("file_name", "process_name", "original_file_name"),
    "file-path": _PATHS,
    "service": ("service_name",),
    "pipe": ("pipe_name",),
    "registry": ("registry_path",),
    "registry-key": ("registry_path",),
    "certificate": ("tls_subject", "tls_issuer"),
    "user-agent": ("user_agent_original",),
    "cloud-key": ("cloud_access_key_id",),
    "cloud-identity": ("cloud_identity_arn", "user_id", "user_name"),
    "cloud-resource": ("cloud_resource",),
}
_NAMED = frozenset({"file-name", "process"})


@dataclass(frozen=True, slots=True)
class HostSighting:
    """How many events of one host (empty: of none) name the value, the first and the last; UTC."""

    host: str
    events: int
    first: datetime
    last: datetime


@dataclass(frozen=True, slots=True)
class SeenEvent:
    """One event that names the value."""

    event_id: str
    time: datetime
    host: str
    source: str
    message: str


@dataclass(frozen=True, slots=True)
class Sightings:
    """All sightings by host, most events first, and the earliest events."""

    hosts: tuple[HostSighting, ...]
    events: tuple[SeenEvent, ...]


def find_sightings(query: Query, kind: str, values: Iterable[str], most_events: int = 50) -> Sightings:
    """Where a value of this type was seen, in any of its spellings, without regard to case."""
    spelled = sorted({v.strip().lower() for v in values if v.strip()})
    columns = COLUMNS.get(kind, ())
    if not spelled or not columns:
        return Sightings((), ())
    test = " OR ".join(f"lower({column}) IN {{values:Array(String)}}" for column in columns)
    if kind in _NAMED:
        ends = " OR ".join(f"endsWith(lower({path}), concat('\\\\', v))" for path in _PATHS)
        test += f" OR arrayExists(v -> ({ends}), {{values:Array(String)}})"
    params: dict[str, Any] = {"values": spelled}
    by_host = query(
        "SELECT host_name AS host, count() AS n, min(time) AS a, max(time) AS b FROM {events} "
        f"WHERE {test} GROUP BY host ORDER BY n DESC, host LIMIT 500",
        params,
    ).to_pylist()
    first = query(
        "SELECT event_id, time, host_name, source, substring(message, 1, 500) AS said FROM {events} "
        f"WHERE {test} ORDER BY time, event_id LIMIT {int(most_events)}",
        params,
    ).to_pylist()
    return Sightings(
        tuple(HostSighting(_text(r["host"]), r["n"], _utc(r["a"]), _utc(r["b"])) for r in by_host),
        tuple(
            SeenEvent(
                _text(r["event_id"]), _utc(r["time"]), _text(r["host_name"]), _text(r["source"]), _text(r["said"])
            )
            for r in first
        ),
    )


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)
