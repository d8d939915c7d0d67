"""One Windows event as XML → one flat object under the names that `evtx_flat` gives a record of an event log file.

An element is read by the shapes that Windows writes, so that no XML parser (and none of its entity tricks) meets
attacker-controlled text. Sources: Microsoft's event schema (`http://schemas.microsoft.com/win/2004/08/events`);
`wevtutil qe /f:xml`; Splunk's `XmlWinEventLog`.
"""

from __future__ import annotations

import html
import re
from typing import Any

from ircopilot.evidence.decoders.evtx_flat import ATTRIBUTES, PLAINLY

BEGIN = re.compile(r"<Event(?=[\s>])")
END = "</Event>"
_ATTRIBUTE = re.compile(r"""(\w{1,64})=(?:"([^"]*)"|'([^']*)')""")
_ELEMENT = re.compile(r"<(\w{1,128})((?:\s[^<>]*)?)(?:/>|>([^<]*)</)")
_DATA = re.compile(r"<(?:Data|ComplexData)((?:\s[^<>]*)?)(?:/>|>([^<]*)</)")
_MESSAGE = re.compile(r"<Message>([^<]*)</Message>")


def flat_event(text: str) -> dict[str, Any] | None:
    """System's values and the event's data of the first `<Event>` in the text; None if there is none whole."""
    begin = BEGIN.search(text)
    stop = text.find(END, begin.end()) if begin else -1
    system = _inside(text, "System", begin.end() if begin else 0, stop)
    if stop < 0 or not system:
        return None
    flat: dict[str, Any] = dict(_system(system))
    if not flat.get("EventID"):
        return None
    at = begin.end() if begin else 0
    for name, value in (*_data(_inside(text, "EventData", at, stop)), *_leaves(_inside(text, "UserData", at, stop))):
        flat.setdefault(name, value)
    if (said := _MESSAGE.search(text, at, stop)) and said[1]:
        flat.setdefault("Message", html.unescape(said[1]))
    return flat


def _inside(text: str, name: str, at: int, stop: int) -> str:
    """What stands between the tags of the first element of this name; empty where there is none."""
    begin = text.find(f"<{name}>", at, stop)
    if begin < 0:
        begin = text.find(f"<{name} ", at, stop)
    opened = text.find(">", begin, stop) + 1 if begin >= 0 else 0
    closed = text.find(f"</{name}>", opened, stop) if opened else -1
    return text[opened:closed] if closed > 0 else ""


def _attributes(tag: str) -> dict[str, str]:
    return {m[1]: html.unescape(m[2] if m[2] is not None else m[3]) for m in _ATTRIBUTE.finditer(tag)}


def _system(text: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for element in _ELEMENT.finditer(text):
        name, attributes = element[1], _attributes(element[2])
        found += [(ATTRIBUTES[name, key], value) for key, value in attributes.items() if (name, key) in ATTRIBUTES]
        if name in PLAINLY and element[3] and element[3].strip():
            found.append((name, html.unescape(element[3].strip())))
    return [(name, value) for name, value in found if value]


def _data(text: str) -> list[tuple[str, Any]]:
    """Named values; those without a name together under `Data`, as the event log's JSON has them."""
    named: list[tuple[str, Any]] = []
    bare: list[str] = []
    for element in _DATA.finditer(text):
        name, value = _attributes(element[1]).get("Name", ""), html.unescape(element[2] or "")
        if name:
            named.append((name, value))
        else:
            bare.append(value)
    return [*named, ("Data", {"#text": bare})] if bare else named


def _leaves(text: str) -> list[tuple[str, Any]]:
    return [(m[1], html.unescape(m[3])) for m in _ELEMENT.finditer(text) if m[3] and m[3].strip()]
