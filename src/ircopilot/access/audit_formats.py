"""Audit entries for other systems: JSON lines, and CEF. Source: ArcSight Common Event Format, revision 27."""

from __future__ import annotations

import ipaddress
import re
from typing import Any

import orjson

from ircopilot import __version__
from ircopilot.domain.audit import AuditEntry, time_text

# How bad it is that an act took place, 0 to 10, by the last part of its name; what is not named is 3.
_SEVERITY = {
    "delete": 7, "destroy": 9, "revoke": 6, "restrict": 5, "close": 4, "merge": 5, "approve": 5, "publish": 5,
    "refused": 6, "failed": 6, "change": 6,
}  # fmt: skip


def entry_document(entry: AuditEntry) -> dict[str, Any]:
    """An entry as JSON; `before` and `after` are the JSON texts that were hashed."""
    did = entry.did
    return {
        "org_id": entry.org_id, "seq": entry.seq, "at": time_text(entry.at),
        "actor": {"kind": did.actor_kind, "id": did.actor_id, "label": did.actor_label},
        "address": did.address, "request_id": did.request_id, "act": did.act, "target": did.target,
        "before": did.before, "after": did.after, "prev_hash": entry.prev_hash, "hash": entry.hash,
    }  # fmt: skip


def json_line(entry: AuditEntry) -> bytes:
    """One line of JSON, with its end."""
    return orjson.dumps(entry_document(entry), option=orjson.OPT_APPEND_NEWLINE)


def cef_line(entry: AuditEntry) -> bytes:
    """One line of CEF, with its end."""
    did = entry.did
    verb = did.act.rpartition(".")[2]
    head = [
        "CEF:0", "ircopilot", "ircopilot", __version__, did.act, did.act.replace(".", " "), str(_SEVERITY.get(verb, 3)),
    ]  # fmt: skip
    values = {
        "rt": str(int(entry.at.timestamp() * 1000)), "externalId": str(entry.seq), "act": did.act,
        "suid": did.actor_id, "suser": did.actor_label, **_address(did.address), "deviceExternalId": entry.org_id,
        "cs1Label": "target", "cs1": did.target, "cs2Label": "before", "cs2": did.before or "", "cs3Label": "after",
        "cs3": did.after or "", "cs4Label": "requestId", "cs4": did.request_id, "cs5Label": "hash", "cs5": entry.hash,
        "cs6Label": "actorKind", "cs6": did.actor_kind,
    }  # fmt: skip
    extension = " ".join(f"{name}={_in_extension(value)}" for name, value in values.items() if value)
    return ("|".join([head[0], *map(_in_header, head[1:])]) + f"|{extension}\n").encode()


def _address(text: str) -> dict[str, str]:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return {}
    if address.version == 4:
        return {"src": str(address)}
    return {"c6a2Label": "Source IPv6 Address", "c6a2": str(address)}


def _in_header(text: str) -> str:
    """No line may end in a header; backslash and pipe are escaped."""
    return re.sub(r"[\r\n]+", " ", text).replace("\\", "\\\\").replace("|", "\\|")


def _in_extension(text: str) -> str:
    """Backslash, equals sign and ends of lines are escaped."""
    return (
        text.replace("\\", "\\\\").replace("=", "\\=").replace("\r", "\\r").replace("\n", "\\n")
        .replace("\u2028", "\\n").replace("\u2029", "\\n").replace("\x85", "\\n")
    )  # fmt: skip
