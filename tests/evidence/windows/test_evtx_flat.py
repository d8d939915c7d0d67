"""EVTX records made flat by their decoder say what the same records say in evtx_dump's nested JSON."""

from __future__ import annotations

import io
import json
import random
from functools import partial
from typing import Any

import pytest
from tests.evidence.windows.conftest import Bench

from ircopilot.domain.event import Event
from ircopilot.evidence.decoders import evtx_flat
from ircopilot.evidence.decoders.evtx_flat import Flattener
from ircopilot.evidence.load import load_artifact
from ircopilot.evidence.registry import DECODERS, MAPPINGS

SYSMON = {"Name": "Microsoft-Windows-Sysmon", "Guid": "{5770385F-C22A}"}
XMLNS = {"xmlns": "http://schemas.microsoft.com/win/2004/08/events/event"}


def system(**other: Any) -> dict[str, Any]:
    """System as the crate gives it; None takes a member away."""
    usual = {
        "Provider": {"#attributes": SYSMON}, "EventID": 1, "Version": 5, "Level": 4, "Task": 1, "Opcode": 0,
        "Keywords": "0x8000000000000000", "TimeCreated": {"#attributes": {"SystemTime": "2031-05-01T10:00:00.250000Z"}},
        "EventRecordID": 77, "Correlation": None, "Execution": {"#attributes": {"ProcessID": 4, "ThreadID": 8}},
        "Channel": "Microsoft-Windows-Sysmon/Operational", "Computer": "WS-7.corp.test",
        "Security": {"#attributes": {"UserID": "S-1-5-18"}},
    }  # fmt: skip
    return {k: v for k, v in (usual | other).items() if v != "absent"}


def event(data: Any, kind: str = "EventData", **other: Any) -> str:
    """A record as the crate writes it."""
    whole = {"Event": {"#attributes": XMLNS, "System": system(**other), kind: data}}
    return json.dumps(whole, separators=(",", ":"), ensure_ascii=False)


IMAGE = {"Image": "C:\\a b\\x.exe", "CommandLine": '"x" {"}},"', "ProcessGuid": "{747F3D96-0001}"}
QUALIFIED = {"#attributes": {"Qualifiers": 16384}, "#text": 7036}
RECORDS = [
    event(IMAGE),
    event({}),
    event(None),
    event("only text"),
    event([1, 2]),
    event({"Data": {"#text": ["a", "b"]}}),
    event({"Data": {"#text": ["a", "b"]}, "Binary": None}),
    event(IMAGE | {"Version": "10.4", "Computer": "liar", "Hostname": "liar", "SourceName": "liar", "Channel": "Security"}),
    event({"EventTime": "1999-01-01 00:00:00", "n": 18446744073709551615, "f": 1.5, "b": True}),
    event({"LogFileCleared": {"#attributes": XMLNS, "SubjectUserName": "ada"}}, "UserData"),
    event({"Other": {"a": {"b": 1}, "c": "d"}, "More": {"e": "f"}}, "UserData"),
    event({"x": "text"}, "UserData"),
    event({"Code": 15}, "ProcessingErrorData"),
    event(IMAGE, EventID=QUALIFIED),
    event(IMAGE, EventID={"#attributes": {"Qualifiers": 1}}),
    event(IMAGE, Channel=None, Security=None, Execution="absent", Correlation="absent", Version="absent"),
    event(IMAGE, Correlation={"#attributes": {"ActivityID": "{A1}"}}, Opcode=None, Keywords=""),
    event(IMAGE, Computer='quo"ted \\ häst,"TimeCreated":{"EventData":{', Provider={"#attributes": {"Name": 'a"b'}}),
    event(IMAGE, Provider=None, Security={"#attributes": {}}, Execution={"#attributes": {"ProcessID": 4}}),
    event(IMAGE)[:-2] + ',"RenderingInfo":{"Message":"hello"}}}',
    event(IMAGE)[:-1] + ',"After":{"x":{"y":1}}}',
    event(IMAGE).replace('"EventRecordID":77', '"EventRecordID":77.5'),
    event(IMAGE).replace('"EventRecordID":77,', '"EventRecordID":77,"EventData":{"no":"1"},'),
    json.dumps(json.loads(event(IMAGE))),
]  # fmt: skip


def told(e: Event) -> tuple[Any, ...]:
    """Everything of an event but what its artifact and load give it."""
    return (e.time, e.time_field, e.kind, e.source, e.message, dict(e.ecs), dict(e.fields))


def test_flat_and_nested_say_the_same(bench: Bench) -> None:
    nested = bench.load("\n".join(RECORDS).encode())
    flattener = Flattener()
    data = "\n".join(flattener.flat(text) for text in RECORDS + RECORDS).encode()
    load = load_artifact(
        bench.stores, bench.org, bench.incident, bench.artifact(data), DECODERS["json_lines"], MAPPINGS["windows_evtx"],
        open_plaintext=partial(io.BytesIO, data),
    )  # fmt: skip
    assert nested.mapping == "windows_evtx_dump" and nested.events == len(RECORDS)
    expected, found = [told(e) for e in bench.events(nested)], [told(e) for e in bench.events(load)]
    assert found == expected + expected
    assert {e[5]["host_name"] for e in found} == {
        "WS-7.corp.test",
        json.loads(RECORDS[17])["Event"]["System"]["Computer"],
    }


def test_splicing_and_parsing_give_the_same_members() -> None:
    """Pieces that were seen before, in any mixture, lead to what parsing gives; most records are spliced."""
    chance, flattener, spliced = random.Random(5), Flattener(), 0
    names = ["a", "Image", 'q"}},"', "}", "\\", ',"TimeCreated":', "EventData", '"EventData":{', "ö"]
    for _ in range(3000):
        members: dict[str, Any] = {chance.choice(names): chance.choice([*names, 1, None]) for _ in range(3)}
        if chance.random() < 0.2:
            members["Data"] = {"#text": [chance.choice(names)]}
        text = event(
            members, Level=chance.randint(1, 3), EventRecordID=chance.randint(1, 99), Computer=chance.choice(names)
        )
        spliced += bool(flattener._spliced(text))
        assert json.loads(flattener.flat(text)) == json.loads(evtx_flat._parsed(text))
    assert spliced > 2000


def test_a_record_without_data_is_spliced_like_one_with_empty_data() -> None:
    flattener, empty = Flattener(), event({}, EventRecordID=7)
    assert '"EventData":{}}}' in empty
    without = empty.replace('"EventData":{}}}', '"EventData":null}}')
    assert flattener._spliced(without) == flattener._spliced(empty) != ""
    assert json.loads(flattener.flat(without)) == json.loads(evtx_flat._parsed(without))


def test_a_time_outside_of_system_is_not_taken_for_its_own() -> None:
    for times in ({"TimeCreated": "absent"}, {"TimeCreated": None}):
        text = event({}, **times).replace(',"EventData":{}', ',"Info":{"a":1,"TimeCreated":{"#attributes":'
            '{"SystemTime":"1999"}},"EventRecordID":3,"Channel":"x"},"EventData":{"x":{}}')  # fmt: skip
        assert "1999" in text and Flattener().flat(text) == evtx_flat._parsed(text)


def test_text_that_is_no_record_is_handed_on_or_emptied() -> None:
    flat = Flattener().flat
    assert flat("{broken") == "{broken" and flat("[1]") == "[1]"
    assert flat('{"Event":1}') == "{}" and flat('{"Event":{"System":[]}}') == "{}"
    assert flat(event(IMAGE)[:-1]) == event(IMAGE)[:-1]


def test_pieces_that_are_kept_stay_few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evtx_flat, "KEPT", 10)
    flattener = Flattener()
    for n in range(100):
        assert f'"PC{n}"' in flattener.flat(event(IMAGE, Computer=f"PC{n}", Level=n))
        assert f'"{n}' in flattener.flat(event(IMAGE, Computer=f"{n}" * 3000))
    assert 0 < len(flattener._before) <= 10 and 0 < len(flattener._after) <= 10
