"""Rules over a real events table: modifiers, conditions, log sources, absent fields, bounds."""

from __future__ import annotations

import pytest

from ircopilot.analysis.sigma import match_rules

from .conftest import process

RULE = "11111111-1111-4111-8111-111111111111"


def matched(rule_set, events) -> list[int]:
    """Numbers of the events that the only rule matched."""
    hits = match_rules(rule_set, events.query).hits.get(RULE, [])
    return sorted(int(i[1:]) for i in hits)


def selection(*lines: str, condition: str = "selection") -> str:
    return "selection:\n" + "\n".join(f"  {line}" for line in lines) + f"\ncondition: {condition}"


CASES = {
    "equality ignores case": (["CommandLine: WHOAMI"], [process("whoami"), process("whoami /all")], [1]),
    "contains": (["CommandLine|contains: -Enc"], [process("powershell -eNC aaa"), process("powershell")], [1]),
    "startswith": (["CommandLine|startswith: net"], [process("NET user"), process("a net user")], [1]),
    "endswith": ([r"Image|endswith: \cmd.exe"], [process(image=r"C:\W\CMD.EXE"), process(image=r"C:\xcmd.exe")], [1]),
    "all": (["CommandLine|contains|all:", "  - a1", "  - b2"], [process("b2 a1"), process("a1")], [1]),
    "any of a list": (
        ["CommandLine|contains:", "  - a1", "  - b2"],
        [process("b2"), process("a1"), process("c")],
        [1, 2],
    ),
    "wildcards inside": (["CommandLine: net* /add?x"], [process("net user u /add x"), process("net user /addx")], [1]),
    "regex": ([r"CommandLine|re: 'A{3,5}=\d+'"], [process("xAAA=12"), process("xaaa=12")], [1]),
    "regex ignoring case": (
        [r"CommandLine|re|i: 'A{3,5}='"],
        [process("xAAA="), process("xaaa="), process("aa=")],
        [1, 2],
    ),
    "cased": (["CommandLine|contains|cased: Enc"], [process("-Enc"), process("-enc")], [1]),
    "windash": (
        ["CommandLine|contains|windash: ' -f '"],
        [process("a /f b"), process("a -f b"), process("a f")],
        [1, 2],
    ),
    "base64offset": (
        ["CommandLine|base64offset|contains: whoami"],
        [process("d2hvYW1p"), process("eHdob2FtaQ=="), process("whoami")], [1, 2],
    ),
    "wide base64": (["CommandLine|wide|base64|contains: ab"], [process("YQBiAA=="), process("YWI=")], [1]),
    "cidr": (
        ["DestinationIp|cidr: 10.0.0.0/8"],
        [process(destination_ip="10.9.8.7"), process(destination_ip="11.0.0.1"),
         process(destination_ip="::ffff:10.1.1.1")],
        [1, 3],
    ),
    "greater": (
        ["Size|gt: 100"],
        [process(Size="101"), process(Size="0x65"), process(Size="9"), process(Size="x")],
        [1, 2],
    ),
    "not equal number": (["Size|neq: 5"], [process(Size="5"), process(Size="6"), process()], [2, 3]),
    "fieldref": (["A|fieldref: B"], [process(A="x", B="X"), process(A="x", B="y"), process()], [1]),
    "exists": (["Extra|exists: true"], [process(Extra="1"), process()], [1]),
    "exists not": (["Extra|exists: false"], [process(Extra="1"), process()], [2]),
    "null is absent": (["Extra: null"], [process(Extra="1"), process()], [2]),
    "empty is absent": (["Extra: ''"], [process(Extra="1"), process()], [2]),
    "star is present": (["Extra: '*'"], [process(Extra="1"), process()], [1]),
    "hexadecimal text": (["GrantedAccess: '0x1010'"], [
        process(granted_access="0x1010"), process(granted_access="0x00001010"), process(granted_access="4112"),
        process(granted_access="0x10100")], [1, 2, 3]),
    "number against hexadecimal": (["ProcId: 16"], [process(ProcId="0x10"), process(ProcId="16"), process()], [1, 2]),
    "boolean": (
        ["Initiated2: true"],
        [process(Initiated2="True"), process(Initiated2="T"), process(Initiated2="F")],
        [1, 2],
    ),
    "user joins domain and name": (
        [r"User: CORP\ada"], [process(user_domain="CORP", user_name="Ada"), process(user_name="Ada")], [1],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_values_and_modifiers(name, rules, events):
    lines, given, expected = CASES[name]
    rule_set = rules(selection(*lines))
    assert not rule_set.unusable
    assert matched(rule_set, events.fill(*given)) == expected


def test_conditions_count_their_selections(rules, events):
    detection = """
a_one: {CommandLine|contains: x}
a_two: {CommandLine|contains: y}
filter_image: {Image|endswith: good.exe}
"""
    events.fill(process("x"), process("x y"), process("x y", "good.exe"), process("z"))
    assert matched(rules(detection + "condition: 1 of a_* and not 1 of filter_*"), events) == [1, 2]
    assert matched(rules(detection + "condition: all of a_* and not filter_image"), events) == [2]
    assert matched(rules(detection + "condition: not a_one and not filter_image"), events) == [4]
    assert matched(rules(detection + "condition: (a_one or a_two) and not (a_one and a_two)"), events) == [1]


def test_a_filter_on_a_field_that_is_absent_filters_nothing(rules, events):
    detection = (
        "selection: {CommandLine|contains: x}\nfilter: {Nowhere|startswith: C}\ncondition: selection and not filter"
    )
    assert matched(rules(detection), events.fill(process("x"), process("x", Nowhere="C"))) == [1]


def test_process_creation_is_sysmon_and_security(rules, events):
    sysmon = process("whoami")
    security = {**process("whoami"), "source": "windows.security", "winlog_channel": "Security", "event_code": "4688",
                "event_provider": "Microsoft-Windows-Security-Auditing"}  # fmt: skip
    other = {**security, "event_code": "4689"}
    assert matched(rules(selection("CommandLine: whoami")), events.fill(sysmon, security, other)) == [1, 2]


def test_a_service_is_its_channel_and_only_wanted_codes_are_read(rules, events):
    security = {"source": "windows.security", "winlog_channel": "Security", "event_code": "4698", "TaskName": "T"}
    system = {**security, "winlog_channel": "System", "source": "windows.system"}
    noise = {**security, "event_code": "5156"}
    rule_set = rules(selection("EventID: 4698", "TaskName: T"), product="windows", service="security")
    assert rule_set.rules[0].codes == ("4698",)
    result = match_rules(rule_set, events.fill(security, system, noise).query)
    assert [list(v) for v in result.hits.values()] == [["e0001"]] and result.events == 1


def test_keywords_are_found_anywhere_in_the_record(rules, events):
    rule_set = rules("keywords:\n  - evil\n  - 'a*c'\ncondition: keywords", product="linux")
    lines = [
        {"source": "linux.syslog", "Text": "an EVIL line"}, {"source": "linux.auth", "Extra": "xxabbcxx"},
        {"source": "linux.syslog", "Text": "fine"}, {"source": "zeek.conn", "Text": "evil"},
    ]  # fmt: skip
    assert matched(rule_set, events.fill(*lines)) == [1, 2]


def test_cloudtrail_fields(rules, events):
    rule_set = rules(
        selection("eventName: CreateAccessKey", "userIdentity.type: IAMUser", "requestParameters.userName: bob"),
        product="aws", service="cloudtrail",
    )  # fmt: skip
    event = {"source": "aws.cloudtrail", "event_action": "CreateAccessKey", "cloud_identity_type": "IAMUser",
             "requestParameters.userName": "bob"}  # fmt: skip
    assert matched(rule_set, events.fill(event, {**event, "requestParameters.userName": "eve"})) == [1]


def test_many_matches_are_counted_whole_and_kept_in_part(rules, events, monkeypatch):
    monkeypatch.setattr("ircopilot.analysis.sigma.fetch.SLICE_ROWS", 700)
    events.fill(*[process(f"whoami {n % 7}") for n in range(3000)])
    result = match_rules(rules(selection("CommandLine|startswith: whoami")), events.query)
    detection = result.detections[0]
    assert detection.count == 3000 and result.events == 3000
    assert detection.evidence == tuple(f"e{n:04}" for n in range(1, 51))
    assert result.hits[RULE] == [f"e{n:04}" for n in range(1, 2001)]


def test_nothing_of_a_rule_becomes_sql(rules, events):
    name = "x']) OR 1=1 --"
    rule_set = rules(f'selection:\n  "{name}": "a\'b"\ncondition: selection')
    assert matched(rule_set, events.fill(process(), process(**{"Extra": "a'b"}), {**process(), name: "a'b"})) == [3]
