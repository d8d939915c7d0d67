"""Layouts of Windows event logs: each shipper nests the same record differently; EventData names end up bare.

Sources: NXLog im_msvistalog (flat), Winlogbeat 6 (`event_data.*`), Winlogbeat 7/8 and Elastic Agent
(`winlog.event_data.*`), Log Analytics `SecurityEvent`, `Event` and `WindowsEvent` (`EventData` as XML, JSON text or an
object), `evtx_dump`'s JSON (`Event.System`, `Event.EventData`, `Event.UserData`), whose names are those of
`decoders/evtx_flat.py`, Velociraptor's `parse_evtx` rows, xmltodict's and python-evtx' JSON, and EvtxECmd's CSV.
"""

from __future__ import annotations

from ircopilot.evidence.mappings.base import PLAIN_MAP, Layout, flattened

_EMPTY = "CAST(map(), 'Map(String, String)')"


def _unprefixed(inner: str, *prefixes: str) -> str:
    """Keys of map `inner` without the first of `prefixes` that they begin with."""
    arms = ", ".join(f"startsWith(k, '{p}'), substring(k, {len(p) + 1})" for p in prefixes)
    return f"mapApply((k, v) -> (multiIf({arms}, k), v), {inner})"


# Documents exported from Elasticsearch stand under `_source`.
ELASTIC = Layout(
    "elastic",
    _unprefixed(
        flattened(4).sql,
        "_source.winlog.event_data.",
        "_source.winlog.user_data.",
        "_source.event_data.",
        "_source.",
        "winlog.event_data.",
        "winlog.user_data.",
        "event_data.",
        "user_data.",
    ),
)

# Lazy up to the closing tag, so that values with stray angle brackets, and a cut-off last element, survive.
_NAMED = r"(?s)<Data Name=[\"\\'']([^\"\\'']+)[\"\\''][^>]*?(?:/>|>(.*?)(?:</Data>|$))"
_PLAIN = r"<(\\w+)(?: [^>]*)?>([^<]*)</"


def _xml(text: str) -> str:
    """The named values of an EventData or UserData element as a map; not a parser, for it need not be well formed."""

    def pairs(regex: str) -> str:
        found = f"extractAllGroupsHorizontal({text}, '{regex}')"
        return f"mapFromArrays({found}[1], arrayMap(x -> decodeXMLComponent(x), {found}[2]))"

    return f"if(position({text}, '<Data Name') > 0, {pairs(_NAMED)}, {pairs(_PLAIN)})"


def _azure() -> str:
    data = "m0['EventData']"
    parsed = (
        f"multiIf(startsWith({data}, '{{'), JSONExtract({data}, 'Map(String, String)'), "
        f"position({data}, '<') > 0, {_xml(data)}, {_EMPTY})"
    )
    return f"mapConcat(mapFilter((k, v) -> NOT (k = 'EventData' AND ({data} LIKE '{{%' OR {data} LIKE '%<%')), {PLAIN_MAP} AS m0), {parsed})"


AZURE = Layout("azure", _azure())

_SYSTEM = (
    "Tuple(EventID String, Channel String, Computer String, EventRecordID String, Level String, Task String, "
    "Opcode String, Keywords String, Version String, Provider Tuple(`#attributes` Tuple(Name String, Guid String)), "
    "TimeCreated Tuple(`#attributes` Tuple(SystemTime String)), "
    "Execution Tuple(`#attributes` Tuple(ProcessID String, ThreadID String)), "
    "Security Tuple(`#attributes` Tuple(UserID String)))"
)
_PLAINLY = ("Channel", "Computer", "EventRecordID", "Level", "Task", "Opcode", "Keywords", "Version")
_ATTRIBUTES = {
    "Provider_Name": "Provider.1.Name",
    "Provider_Guid": "Provider.1.Guid",
    "TimeCreated": "TimeCreated.1.SystemTime",
    "Execution_ProcessID": "Execution.1.ProcessID",
    "Execution_ThreadID": "Execution.1.ThreadID",
    "Security_UserID": "Security.1.UserID",
}


def _evtx_dump() -> str:
    # No `if` around what parses: its branches are evaluated lazily, each on its own, and the event was parsed five times.
    # An absent part parses as an empty map, and a record without an event ends as one.
    event = "JSONExtract(raw, 'Event', 'Map(String, String)') AS e0"
    system = f"JSONExtract(({event})['System'], '{_SYSTEM.replace(chr(39), '')}') AS s0"
    code = f"if(startsWith(tupleElement({system}, 'EventID'), '{{'), JSONExtract(s0.EventID, '#text', 'String'), s0.EventID)"
    pairs = ["'EventID'", code]
    pairs += [part for name in _PLAINLY for part in (f"'{name}'", f"s0.{name}")]
    pairs += [part for name, path in _ATTRIBUTES.items() for part in (f"'{name}'", f"s0.{path}")]
    user = "JSONExtract(mapValues(JSONExtract(e0['UserData'], 'Map(String, String)'))[1], 'Map(String, String)')"
    data = "JSONExtract(e0['EventData'], 'Map(String, String)')"
    return (
        f"mapConcat(mapFilter((k, v) -> v != '', CAST(map({', '.join(pairs)}), 'Map(String, String)')), {data}, {user})"
    )


EVTX_DUMP = Layout("evtx_dump", _evtx_dump())


# Data of an event as XML readers of other tools give it: {"Data": [{"@Name": …, "#text": …}, …]}, or one such object.
_ITEMS = "JSONExtractArrayRaw(multiIf(startsWith({d}, '['), {d}, startsWith({d}, '{{'), concat('[', {d}, ']'), '[]'))"


def _listed(event: str) -> str:
    """EventData and UserData of the JSON text `event`, whether named plainly or listed with their names beside them."""
    listed = f"JSONExtract({event}, 'EventData', 'Data', 'String')"
    items = _ITEMS.format(d=listed)
    pairs = (
        f"mapFromArrays(arrayMap(x -> JSONExtractString(x, '@Name'), {items}), "
        f"arrayMap(x -> JSONExtract(x, '#text', 'String'), {items}))"
    )
    plain = f"mapFilter((k, v) -> k NOT LIKE '@%', JSONExtract({event}, 'EventData', 'Map(String, String)'))"
    user = f"mapValues(JSONExtract({event}, 'UserData', 'Map(String, String)'))[1]"
    members = f"mapFilter((k, v) -> k NOT LIKE '@%', JSONExtract({user}, 'Map(String, String)'))"
    return f"mapConcat(mapFilter((k, v) -> NOT (k = 'Data' AND v LIKE '%\"@Name\"%'), {plain}), mapFilter((k, v) -> k != '', {pairs}), {members})"


def _tree() -> str:
    """`System` and `EventData` as Velociraptor (at the top, values in members) and xmltodict (attributes as `@Name`) nest them."""
    event = "if(JSONHas(raw, 'Event'), JSONExtractRaw(raw, 'Event'), raw)"
    system = f"JSONExtractRaw({event}, 'System')"
    number = f"JSONExtract({system}, 'EventID', 'String')"
    code = (
        f"if(startsWith({number}, '{{'), if(JSONHas({number}, 'Value'), JSONExtract({number}, 'Value', 'String'), "
        f"JSONExtract({number}, '#text', 'String')), {number})"
    )

    def attribute(element: str, name: str) -> str:
        both = (f"JSONExtract({system}, '{element}', '{n}', 'String')" for n in (name, f"@{name}"))
        return "concat({}, {})".format(*both)  # never both

    pairs = ["'EventID'", code]
    pairs += [part for n in _PLAINLY for part in (f"'{n}'", f"JSONExtract({system}, '{n}', 'String')")]
    for key, path in _ATTRIBUTES.items():
        element, _, name = path.split(".")
        pairs += [f"'{key}'", attribute(element, name)]
    head = f"mapFilter((k, v) -> v != '', CAST(map({', '.join(pairs)}), 'Map(String, String)'))"
    return f"mapConcat({head}, mapFilter((k, v) -> k = 'Message', {PLAIN_MAP}), {_listed(event)})"


TREE = Layout("tree", _tree())


def _payload() -> str:
    """EvtxECmd's table: the columns of System, and the event's data as JSON in the column `Payload`."""
    renamed = (
        "transform(k, ['ProcessId', 'ThreadId', 'UserId', 'EventRecordId', 'EventId', 'Provider'], "
        "['Execution_ProcessID', 'Execution_ThreadID', 'Security_UserID', 'EventRecordID', 'EventID', 'Provider_Name'], k)"
    )
    own = f"mapFilter((k, v) -> k NOT IN ('Payload', 'UserName'), {PLAIN_MAP})"
    data = _listed("JSONExtractString(raw, 'Payload')")
    return f"mapConcat(mapApply((k, v) -> ({renamed}, v), {own}), {data})"


EVTXECMD = Layout("evtxecmd", _payload())
