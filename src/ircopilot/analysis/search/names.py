"""The fields of a search: ECS names, our column names, short names, and whatever the records themselves call a field.

Source: Elastic Common Schema 8.x, as `domain.event` maps it to columns.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ircopilot.domain.event import HOT_COLUMNS

FieldType = Literal["text", "number", "time", "ip", "host", "words", "original", "mark"]


@dataclass(frozen=True, slots=True)
class Field:
    """The columns any of which may hold the value, and how values of them are compared."""

    columns: tuple[str, ...]
    type: FieldType
    about: str = ""


_IPS = ("source_ip", "destination_ip", "host_ip")
_NUMBERS = frozenset(c.name for c in HOT_COLUMNS if c.type in ("u16", "u32", "u64", "f64"))


def _of_column(column: str, about: str = "") -> Field:
    if column in _IPS:
        return Field((column,), "ip", about)
    if column == "host_name":
        return Field((column,), "host", about)
    return Field((column,), "number" if column in _NUMBERS else "text", about)


# What a responder types, and the columns that it stands for.
SHORT: dict[str, Field] = {
    "text": Field(("message", "fields"), "words", "full text: the message and every original value"),
    "message": Field(("message",), "words", "the message"),
    "time": Field(("time",), "time", "when it happened, UTC, clock corrected"),
    "recorded": Field(("time_recorded",), "time", "when its record says it happened"),
    "kind": Field(("kind",), "text", "alert, log, comm or action"),
    "source": Field(("source",), "text", "what wrote the record, as windows.sysmon"),
    "host": Field(("host_name",), "host", "host name; without a domain it finds any domain"),
    "user": Field(("user_name",), "text", "the account that acted"),
    "account": Field(("user_name", "user_target_name"), "text", "the account that acted or was acted upon"),
    "process": Field(("process_name", "process_executable"), "text", "the process, by name or path"),
    "parent": Field(("process_parent_executable",), "text", "the parent process's path"),
    "command": Field(("process_command_line",), "text", "the command line"),
    "pid": Field(("process_pid",), "number"),
    "ip": Field(_IPS, "ip", "source, destination or host address"),
    "port": Field(("source_port", "destination_port"), "number", "source or destination port"),
    "domain": Field(("dns_question_name", "destination_domain"), "text", "domain asked for or reached"),
    "url": Field(("url_full",), "text"),
    "file": Field(("file_path", "file_name"), "text", "file, by path or name"),
    "registry": Field(("registry_path",), "text"),
    "service": Field(("service_name",), "text"),
    "hash": Field(("hash_md5", "hash_sha1", "hash_sha256"), "text", "MD5, SHA-1 or SHA-256"),
    "code": Field(("event_code",), "text", "event id of its product"),
    "action": Field(("event_action",), "text"),
    "outcome": Field(("event_outcome",), "text", "success or failure"),
    "severity": Field(("event_severity",), "text", "as its product says it"),
    "rule": Field(("rule_name",), "text", "name of an alert's rule"),
    "id": Field(("event_id",), "text", "id of the event"),
    "artifact": Field(("artifact_sha256",), "text", "SHA-256 of the artifact it came from"),
    "tag": Field(("tag",), "mark", "a tag that somebody gave it"),
    "pinned": Field(("pin",), "mark", "true when somebody pinned it, else false"),
    "locator": Field(("locator",), "text", "place in the artifact, as line:12"),
}  # fmt: skip

ECS: dict[str, Field] = {c.ecs: _of_column(c.name, c.about) for c in HOT_COLUMNS} | {
    "@timestamp": SHORT["time"], "event.kind": SHORT["kind"], "event.dataset": SHORT["source"],
    "event.id": SHORT["id"],
}  # fmt: skip

_COLUMNS: dict[str, Field] = {c.name: _of_column(c.name, c.about) for c in HOT_COLUMNS} | {
    "event_id": SHORT["id"], "artifact_sha256": SHORT["artifact"], "time_recorded": SHORT["recorded"],
}  # fmt: skip
_KNOWN = _COLUMNS | ECS | SHORT
_FOLDED = {name.lower(): field for name, field in _KNOWN.items()}


def find_field(name: str) -> Field:
    """The field of that name, whatever its case; a name that is not ours is the record's own, its case kept."""
    if name.lower().startswith("fields."):
        return Field((name[len("fields.") :],), "original")
    return _FOLDED.get(name.lower()) or Field((name,), "original")
