"""Does a value stand in a role of a record? The record's columns against the table of roles."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from typing import Any

from ircopilot.domain.secrets import MARK, masked
from ircopilot.report.gate.cited import CitedEvent, plain
from ircopilot.report.gate.occurrence import quotes
from ircopilot.report.gate.roles import VERBS
from ircopilot.report.gate.shapes import ACCOUNT_DOMAIN, HOSTS, PARENT, PATHS, PORT_OF, PROCESS, TEXTS, Shape, Way

_SAME_MOMENT = timedelta(seconds=1)


def role_reasons(verb: str, subject: str, objects: Iterable[str], events: Iterable[CitedEvent]) -> list[str]:
    """Why subject, act and objects do not stand in their roles in the cited records; empty if they do.

    Each object must stand in one record together with the subject, and that record must be able to show the act.
    """
    if verb not in VERBS:
        return [f"the verb {verb!r} is not in the vocabulary"]
    cited = list(events)
    pairs = [(e, way) for e in cited for way in VERBS[verb].ways if any(has_shape(e, s) for s in way.shapes)]
    if not pairs:
        return [f"no cited record can show the act {verb!r}"]
    if subject:
        pairs = [
            (e, way)
            for e, way in pairs
            if any(stands(x, subject, way.subject) for x in _together(e, cited))
            or _parent_stands(e, subject, way, cited)
        ]
        if not pairs:
            return [f"{subject!r} is not the subject of {verb!r} in any cited record"]
    return [
        f"{o!r} is not the object of {verb!r} by {subject!r} in any cited record"
        for o in objects
        if not any(stands(x, o, way.objects) for e, way in pairs for x in _together(e, cited))
    ]


def _together(event: CitedEvent, events: Iterable[CitedEvent]) -> list[CitedEvent]:
    """The record, and others of its connection or event: sensors and the audit log write several records of one."""
    uid, serial = event.ecs.get("network_connection_id"), _serial(event)
    return [
        event,
        *(
            e
            for e in events
            if e is not event
            and ((uid and e.ecs.get("network_connection_id") == uid) or (serial and _serial(e) == serial))
        ),
    ]


def _serial(event: CitedEvent) -> tuple[str, str] | None:
    """What ties the records of one event of the audit log: its log and serial."""
    serial = event.fields.get("serial") if event.source == "linux.auditd" else None
    return (event.artifact_sha256, str(serial)) if serial else None


def _parent_stands(event: CitedEvent, subject: str, way: Way, events: Iterable[CitedEvent]) -> bool:
    """True if a record of the parent's own names it, where the start names the parent by its id alone."""
    parent = event.ecs.get("process_parent_pid")
    if way.subject != PARENT or not parent or event.ecs.get("process_parent_executable"):
        return False
    return any(
        e.ecs.get("process_pid") == parent
        and e.ecs.get("host_name") == event.ecs.get("host_name")
        and e.time <= event.time + _SAME_MOMENT
        and stands(e, subject, PROCESS)
        for e in events
    )


def has_shape(event: CitedEvent, shape: Shape) -> bool:
    """True if the record is of that kind."""
    if shape.source and not (
        event.source == shape.source or (shape.source.endswith(".") and event.source.startswith(shape.source))
    ):
        return False
    if shape.codes and str(event.ecs.get("event_code", "")) not in shape.codes:
        return False
    if any(not event.ecs.get(name) for name in shape.needs):
        return False
    return all(str(event.ecs.get(name, "")).lower() != value for name, value in shape.unless)


def stands(event: CitedEvent, value: str, names: Iterable[str]) -> bool:
    """True if one of these columns of the record holds the value; `*` is the whole record."""
    return any(
        quotes(plain(value).strip(), event.content.wide) if name == "*" else _holds(event, value, name)
        for name in names
    )


def _holds(event: CitedEvent, value: str, name: str) -> bool:
    return any(_same(event, value, cell, name) for cell in _cells(event, name))


def _cells(event: CitedEvent, name: str) -> Iterator[str]:
    if name.startswith("fields."):
        yield from _named(event.fields, name.removeprefix("fields.").lower())
    elif name == "source":
        yield event.source
    elif event.ecs.get(name):
        yield str(event.ecs[name])


def _named(fields: Mapping[str, Any], name: str) -> Iterator[str]:
    """Values of the fields of that name, at any depth."""
    for key, value in fields.items():
        if isinstance(value, Mapping):
            yield from _named(value, name)
        elif isinstance(value, (list, tuple)):
            for item in value:
                yield from _named(item if isinstance(item, Mapping) else {key: item}, name)
        elif key.lower() == name and value is not None:
            yield str(value)


def _same(event: CitedEvent, value: str, cell: str, name: str) -> bool:
    want, have = plain(value).strip(), plain(cell).strip()
    if MARK in want and MARK not in have:
        have = plain(masked(cell)).strip()
    if not want or want == have or _same_address(want, have):
        return bool(want)
    if name in PATHS and _tail(have, want):
        return True
    if name in HOSTS and (have.startswith(want + ".") or want.startswith(have + ".")):
        return True
    if name in ACCOUNT_DOMAIN and _same_account(event, want, have, name):
        return True
    if name in PORT_OF:
        address, _, port = want.rpartition(":")
        return bool(address) and _same_address(address, have) and port in _cells(event, PORT_OF[name])
    return name in TEXTS and quotes(want, have)


def _tail(path: str, tail: str) -> bool:
    """True if `tail` is the last parts of the path, whole parts only."""
    return path.endswith(("\\" + tail.lstrip("\\/"), "/" + tail.lstrip("\\/")))


def _same_account(event: CitedEvent, want: str, have: str, name: str) -> bool:
    """DOMAIN\\user against the name and its domain, which may be written short or long."""
    domain, _, user = want.rpartition("\\")
    if user != have or not domain:
        return have.rpartition("\\")[2] == want
    domains = [plain(d) for d in _cells(event, ACCOUNT_DOMAIN[name])]
    return any(d == domain or d.startswith(domain + ".") or domain.startswith(d + ".") for d in domains)


def _same_address(a: str, b: str) -> bool:
    first, second = _address(a), _address(b)
    return a == b or (first is not None and first == second)


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(text.strip("[]").removeprefix("::ffff:"))
    except ValueError:
        return None
    return address
