"""What a search finds in the real event store, and that no value ever becomes SQL."""

from __future__ import annotations

import re
import uuid

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.analysis.search.test_parse import PIECES
from tests.stores.events.invented import event, insert_events

from ircopilot.analysis.search import InvalidSearch, compile_search
from ircopilot.stores import StoreSet
from ircopilot.stores.events import EventScope

EVENTS = {
    "dump": event(
        0, host_name="IT01.corp.example", user_name="Alice", process_executable="C:\\Tools\\ProcDump64.exe",
        process_name="ProcDump64.exe", process_pid=4321, event_code="1", message="procdump64.exe -ma lsass.exe",
        fields={"Image": "C:\\Tools\\ProcDump64.exe", "Logon ID": "0x3E7", "RuleName": "100% a_b"},
    ),
    "logon": event(
        60, host_name="it01", user_name="SYSTEM", user_target_name="Bob", event_code="4624", source_ip="10.1.2.3",
        source_port=49152, kind="alert", event_severity="High", message="An account was logged on", fields={"IpPort": "0"},
    ),
    "flow": event(
        3600, host_name="it010", source="zeek.conn", source_ip="192.0.2.7", destination_ip="2001:db8::17",
        destination_port=443, network_transport="tcp", event_code="conn", message="Grüße aus dem Netz 50%",
    ),
    "odd": event(86_400, source_ip="not an address", event_code="4625", user_name="it's \\ %_", message="x\ny"),
}  # fmt: skip


@pytest.fixture(scope="module")
def scope(stores: StoreSet) -> EventScope:
    org = str(uuid.uuid4())
    return EventScope(org, (insert_events(stores, org, [{**e, "locator": n} for n, e in EVENTS.items()]),))


def found(stores: StoreSet, scope: EventScope, search: str) -> set[str]:
    condition = compile_search(search)
    table = stores.events.run_event_query(
        scope, f"SELECT locator FROM {{events}} WHERE {condition.sql}", condition.params
    )
    return {str(name) for name in table.column("locator").to_pylist()}


@pytest.mark.parametrize(
    ("search", "names"),
    [
        ("", "dump logon flow odd"),
        ("host:it01", "dump logon"),
        ("host.name:IT01.CORP.example", "dump"),
        ("host:it0*", "dump logon flow"),
        ("host:it01? OR host:zzz", "flow"),
        ("host:*", "dump logon flow"),
        ("NOT host:*", "odd"),
        ("host:it01 AND process.executable:*procdump* AND NOT user:SYSTEM", "dump"),
        ("process:procdump64.exe", "dump"),
        ('process:"*procdump*"', ""),
        ("user:system", "logon"),
        ("account:(bob OR alice)", "dump logon"),
        ("event.code:[4624 TO 4625]", "logon odd"),
        ("event.code:{4624 TO 4625]", "odd"),
        ("event.code:[a TO d]", "flow"),
        ("code>=2", "logon odd"),
        ("-code>=2", "dump flow"),
        ("source.ip:10.0.0.0/8", "logon"),
        ("NOT source.ip:10.0.0.0/8", "dump flow odd"),
        ("ip:2001:db8::/32", "flow"),
        ("ip:2001:0db8:0::0017", "flow"),
        ("ip:192.0.2.7", "flow"),
        ("ip:192.0.*", "flow"),
        ("source.ip:[192.0.2.0 TO 192.0.2.9]", "flow"),
        ("ip:0.0.0.0/0", "logon flow"),
        ('ip:"not an address"', "odd"),
        ("port:443", "flow"),
        ("port:[400 TO 500]", "flow"),
        ("source.port:*", "logon"),
        ("source.port:491*", "logon"),
        ("pid:4321.0", "dump"),
        ("pid>4321", ""),
        ("time:2031-05-01", "dump logon flow"),
        ("time:2031-05-01T10", "dump logon"),
        ("time:2031-05-01T12:01+02:00", "logon"),
        ("time>2031-05-01", "odd"),
        ("time:[2031-05-01T11:00:00 TO *]", "flow odd"),
        ("time<2031-05-01T10:01", "dump"),
        ("@timestamp<=2031-05-01T10:01", "dump logon"),
        ("kind:alert severity:high", "logon"),
        ("source:zeek.*", "flow"),
        ("procdump", "dump"),
        ("LSASS", "dump"),
        ('"logged ON"', "logon"),
        ("Grüße", "flow"),
        ('"50%"', "flow"),
        ('"100% a_b"', "dump"),
        ('"100%%"', ""),
        ("0x3e7", "dump"),
        ("lo*ged", "logon"),
        ("*", "dump logon flow odd"),
        ("message:lsass", "dump"),
        ("message:0x3e7", ""),
        ('"Logon ID":0x3e7', "dump"),
        ("fields.Image:*procdump*", "dump"),
        ("Image:*", "dump"),
        ("image:*", ""),
        ("IpPort:[0 TO 5]", "logon"),
        ('user:"it\'s \\ %_"', "odd"),
        ("user:*\\*", "odd"),
        ("message:x?y", "odd"),
        ("locator:odd OR id:nothing", "odd"),
        ("host:it01 OR host:it010 kind:log", "dump logon flow"),
        ("(host:it01 OR host:it010) kind:log", "dump flow"),
    ],
)  # fmt: skip
def test_a_search_finds(stores: StoreSet, scope: EventScope, search: str, names: str) -> None:
    assert found(stores, scope, search) == set(names.split())


@pytest.mark.parametrize("search", ["host:it01", "Image:x*", "ip:10.0.0.0/8", "code:[1 TO 9]", "lsass", "time>2031-05-01T10:30", "port:445", "ip:[10.0.0.1 TO 10.9.9.9]"])  # fmt: skip
def test_not_is_the_exact_opposite(stores: StoreSet, scope: EventScope, search: str) -> None:
    assert found(stores, scope, f"NOT ({search})") == set(EVENTS) - found(stores, scope, search)


@pytest.mark.parametrize(
    ("search", "at", "reason"),
    [
        ("host:a port:abc", 12, "abc is no number"),
        ("port:1e400", 5, "is no number"),
        ("source.ip:10.0.0.0/99", 10, "is no network"),
        ("ip:[a TO b]", 4, "is no address"),
        ("time:yesterday", 5, "is no time"),
        ("time:2031-13-01", 5, "is no time"),
        ("time>=0001-01-01", 6, "is no time"),
        ("message:[a TO b]", 8, "text has no order"),
    ],
)
def test_a_value_that_does_not_fit_its_field_is_pointed_at(search: str, at: int, reason: str) -> None:
    with pytest.raises(InvalidSearch, match=reason) as caught:
        compile_search(search)
    assert caught.value.at == at


def test_a_condition_says_which_columns_it_reads() -> None:
    assert compile_search("host:a kind:log").columns == {"host_name", "kind"}
    assert compile_search("Image:a").columns == {"fields"}
    assert compile_search("a").columns == {"message", "fields"}
    assert compile_search("").columns == set()


SQL_WORDS = re.compile(
    r"(?:\{search_[0-9]++:(?:String|Int64|Float64)\}|''|'\\n'|'UTC'|'[0-9a-f]{15}'|[a-z][a-zA-Z0-9_]*+|[A-Z]++|[0-9]++|[()\[\],<>=!. ]++)*+"
)


@given(st.one_of(st.text(max_size=100), st.lists(st.sampled_from(PIECES), max_size=20).map("".join)))
def test_no_value_reaches_the_sql(text: str) -> None:
    marked = text.replace("a", "qzq").replace("b", "QZQ")
    try:
        condition = compile_search(marked)
    except InvalidSearch:
        return
    assert SQL_WORDS.fullmatch(condition.sql)
    assert "qzq" not in condition.sql.lower()


@given(st.text(st.characters(exclude_characters='"\0', exclude_categories=["Cs"]), max_size=60))
def test_the_sql_is_the_same_whatever_the_value(value: str) -> None:
    assert compile_search(f'user:"{value}"').sql == compile_search('user:"x"').sql
    # A word of four letters that are no hexadecimal digits is looked up by its shape, too.
    assert compile_search(f'"{value}"').sql in (compile_search("x").sql, compile_search("wxyz").sql)
    name = compile_search(f'"fields.{value}":x')
    assert name.sql == compile_search("fields.y:x").sql
    assert name.params["search_0"] == value


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.one_of(st.text(max_size=60), st.lists(st.sampled_from(PIECES), max_size=10).map("".join)))
def test_the_store_runs_whatever_compiles(stores: StoreSet, scope: EventScope, text: str) -> None:
    try:
        compile_search(text)
    except InvalidSearch:
        return
    assert found(stores, scope, text) <= set(EVENTS)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=st.text(st.characters(exclude_characters='"\0', exclude_categories=["Cs"]), min_size=1, max_size=20))
def test_a_quoted_value_finds_itself(stores: StoreSet, value: str) -> None:
    org = str(uuid.uuid4())
    load = insert_events(stores, org, [event(0, user_name=value, message=f"<{value}>", fields={value: value})])
    scope = EventScope(org, (load,))
    assert found(stores, scope, f'user:"{value}" "{value}" "fields.{value}":"{value}"') == {"line:0"}
