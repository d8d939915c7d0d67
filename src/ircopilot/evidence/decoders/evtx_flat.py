"""The `evtx` crate's JSON of a record as one flat object: System's attributes under names of their own, data bare.

    {"Event":{…,"System":{…},"EventData":{"Image":"…"}}}   →   {"Provider_Name":"…","EventID":1,…,"Image":"…"}

System comes first, for of duplicate names the first one counts. Most of a record's text goes over as it stands:
what surrounds its time, its number and its data is the same in thousands of records and is looked up, and where
anything looks otherwise the record is parsed. Source: the `evtx` crate's JSON, which is compact.
"""

from __future__ import annotations

import re
from typing import Any

import orjson

PLAINLY = ("EventID", "Channel", "Computer", "EventRecordID", "Level", "Task", "Opcode", "Keywords", "Version")
ATTRIBUTES = {
    ("Provider", "Name"): "Provider_Name",
    ("Provider", "Guid"): "Provider_Guid",
    ("TimeCreated", "SystemTime"): "TimeCreated",
    ("Execution", "ProcessID"): "Execution_ProcessID",
    ("Execution", "ThreadID"): "Execution_ThreadID",
    ("Security", "UserID"): "Security_UserID",
}
_BY_MEMBER = {m: {a: to for (of, a), to in ATTRIBUTES.items() if of == m} for m, _ in ATTRIBUTES}
_TIME = ',"TimeCreated":'
_OWN = re.compile(r',"TimeCreated":\{"#attributes":\{"SystemTime":("[^"\\]+")\}\},("EventRecordID":\d+)(?=,)')
_DATA = '"EventData":{'
_NOTHING = '"EventData":null}}'
KEPT = 4096  # pieces, so that a hostile log cannot fill the memory with them
KEPT_LENGTH = 2000


class Flattener:
    """Flattens records of one log; remembers the pieces of text that they share."""

    def __init__(self) -> None:
        self._before: dict[str, str] = {}
        self._after: dict[str, str] = {}

    def flat(self, text: str) -> str:
        """The record's flat object; text that is no JSON is given back as it is, to be found out as such later."""
        return self._spliced(text) or _parsed(text)

    def _spliced(self, text: str) -> str:
        """The flat object out of pieces of `text`, or nothing where it is not certain that they are what they seem."""
        at = text.find(_TIME)
        own = _OWN.match(text, at) if at > 0 else None
        if own is None:
            return ""
        if text.endswith(_NOTHING):
            text = f"{text[:-6]}{{}}}}}}"
        if not text.endswith("}}}"):
            return ""
        data = text.find(_DATA, own.end()) + len(_DATA)
        before = text[:at]
        after = text[own.end() : data]
        head = self._before.get(before) or _keep(self._before, before, _before(before))
        tail = self._after.get(after) or _keep(self._after, after, _after(after))
        if not head or not tail or not _closes(text, data):
            return ""
        time, number = own.groups()
        comma = "" if text[data] == "}" else ","
        return f'{{{head},"TimeCreated":{time},{number},{tail}{comma}{text[data:-2]}'


def _keep(pieces: dict[str, str], text: str, flat: str) -> str:
    if flat and len(text) <= KEPT_LENGTH:
        if len(pieces) >= KEPT:
            pieces.clear()
        pieces[text] = flat
    return flat


def _before(text: str) -> str:
    """System's members up to its time. That it parses, once closed, proves that the text ends between two of them."""
    event = _object(text + "}}}").get("Event")
    return _members(event.get("System")) if isinstance(event, dict) and list(event)[-1] == "System" else ""


def _after(text: str) -> str:
    """System's members from its number on, where the event's data are what follows System; proved likewise."""
    found = _object('{"System":{"":0' + text + "}}")
    return _members(found["System"]) if list(found) == ["System", "EventData"] else ""


def _closes(text: str, data: int) -> bool:
    """Whether the object that is opened before `data` is the event's last member: three braces, and the text ends.

    Any member after it would be parted from it by `},"`, which seldom stands in the data; if it does, they are parsed.
    """
    return text.find('},"', data) < 0 or bool(_object(text[data - 1 : -2]))


def _object(text: str) -> dict[str, Any]:
    """The JSON object, empty when the text is none."""
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}


def _members(system: object) -> str:
    """What is wanted of System, as the inside of a JSON object; what is empty is left out."""
    flat: dict[str, Any] = {}
    for name, value in system.items() if isinstance(system, dict) else ():
        if name in _BY_MEMBER:
            attributes = value.get("#attributes") if isinstance(value, dict) else None
            for attribute, to in _BY_MEMBER[name].items():
                flat[to] = attributes.get(attribute) if isinstance(attributes, dict) else None
        elif name == "EventID" and isinstance(value, dict):
            flat[name] = value.get("#text")
        elif name in PLAINLY:
            flat[name] = value
    return _inside({name: value for name, value in flat.items() if value not in (None, "")})


def _parsed(text: str) -> str:
    found = _object(text)
    if not found:
        return text
    event = found.get("Event")
    if not isinstance(event, dict):
        return "{}"
    user = event.get("UserData")
    told = (event.get("EventData"), next(iter(user.values()), None) if isinstance(user, dict) else None)
    parts = (_members(event.get("System")), *(_inside(part) for part in told if isinstance(part, dict)))
    return f"{{{','.join(part for part in parts if part)}}}"


def _inside(members: dict[str, Any]) -> str:
    return orjson.dumps(members).decode()[1:-1]
