"""What the text indexes say agrees with reading the text, and a page of a rare word is whole at once."""

from __future__ import annotations

import uuid

import pytest
from tests.stores.events.invented import event, insert_events

from ircopilot.analysis.search import compile_search
from ircopilot.stores import StoreSet
from ircopilot.stores.events import EventScope, Timeline, paging, scanning
from ircopilot.stores.events.answers import QueryLimits
from ircopilot.stores.events.schema import READ_TEXT, TEXT_INDEXES

TEXTS = (
    "procdump64.exe -ma lsass.exe", "ProcDump32", "éxplorer.exe in {B2796A13-618F-5881-0000-001031520200}", "svc_backup",
    "xb2796a13", "deadbeef", "DEADBEEFx", "feedbeef", "facade", "façade", "4624", "14624", "word 4624 word", "100% sure_thing",
    "grüße", "reference1", "reference2", "beside", "be5ide", "zzz", "C:\\Windows\\Temp\\a.exe", "10.2.77.13", "10.2.77.130",
)  # fmt: skip
SEARCHES = (
    "procdump64", "PROCDUMP", "procdump*2", "xplorer", "éxplorer", "618f", "b2796a13", '"{b2796a13-618f-5881"',
    '"13-618f-5881-00"', "svc_backup", "vc?backup", "deadbeef", "deadbeefx", "eedbeef", "facade", "façade", "4624", "word*word",
    '"100% sure_"', "grüße", "reference1", "reference3", "beside", "zzz", "zz", "windows\\temp", "10.2.77.13", "a", "NOT procdump64",
    "procdump64 OR 4624", "reference2 4624", "reference2 zzz",
)  # fmt: skip


@pytest.fixture(scope="module")
def scope(stores: StoreSet) -> EventScope:
    """Half of the texts in messages, half in original values, in a part with its indexes; and some that have none yet."""
    org = str(uuid.uuid4())
    made = [
        event(at, locator=text, **({"message": text} if at % 2 else {"message": "", "fields": {"CommandLine": text}}))
        for at, text in enumerate(TEXTS)
    ]
    first = insert_events(stores, org, made)
    for index in TEXT_INDEXES:
        stores.events.execute(f"ALTER TABLE events MATERIALIZE INDEX {index}", None, {"mutations_sync": "2"})
    return EventScope(org, (first, insert_events(stores, org, [{**e, "locator": f"{e['locator']}+"} for e in made])))


def read(stores: StoreSet, scope: EventScope, sql: str, params: object, **settings: str) -> list[str]:
    table = stores.events.run_event_query(
        scope,
        f"SELECT locator FROM {{events}} WHERE {sql}",
        dict(params),
        {"use_query_condition_cache": "0", **settings},
    )  # type: ignore[call-overload]
    return sorted(str(name) for name in table.column("locator").to_pylist())


@pytest.mark.parametrize("search", SEARCHES)
def test_the_indexes_find_what_reading_finds(stores: StoreSet, scope: EventScope, search: str) -> None:
    where = compile_search(search)
    by_reading = read(stores, scope, where.sql, where.params, use_skip_indexes="0")
    if " " not in search and not set(search) & set('*?"'):
        assert by_reading == sorted(t + more for t in TEXTS for more in ("", "+") if search.lower() in t.lower())
    for one in (where, where.for_few_events(), where.for_many_matches()):
        assert read(stores, scope, one.sql, one.params) == by_reading


def test_a_word_of_no_event_is_looked_up_rather_than_read(stores: StoreSet, scope: EventScope) -> None:
    where = compile_search("reference3")
    sql, params = (
        scope.sub_select(f"EXPLAIN indexes = 1 SELECT count() FROM {{events}} WHERE {where.sql}"),
        scope.parameters(),
    )
    plan = stores.events.execute(sql, {**where.params, **params}).decode()
    assert "shapes" in plan
    assert "words" not in plan


@pytest.mark.parametrize(
    ("search", "looked_up"),
    [
        ("reference3", True), ("ref", False), ("4624", True), ("10.2.77.13", False), ("message:reference3", False),
        ("reference3 user:a", True), ("reference3 OR user:a", False), ("NOT reference3", False), ("46?4", False),
        ('"b2796a13-618f-5881"', True), ("b2796a13-*-5881", False), ('"*deadbeef"', False),
    ],
)  # fmt: skip
def test_a_search_knows_whether_an_index_answers_it(search: str, looked_up: bool) -> None:
    assert compile_search(search).looked_up == looked_up


@pytest.mark.parametrize("search", ["needle", "4625", "NOT hay"])
@pytest.mark.parametrize("direction", ["later", "earlier"])
def test_pages_of_a_word_are_the_same_whatever_is_looked_at_first(
    stores: StoreSet, monkeypatch: pytest.MonkeyPatch, search: str, direction: paging.Direction
) -> None:
    org = str(uuid.uuid4())
    made = [event(n * 7, message="needle 4625" if n % 97 == 50 else "hay") for n in range(900)]
    asked = EventScope(org, (insert_events(stores, org, made),))
    monkeypatch.setattr(paging, "FIRST_LOOK", 20)
    monkeypatch.setattr(paging, "FIRST_REACH", 20)
    found, cursor = list[str](), None
    while not found or cursor:
        line = Timeline(stores.events, asked, QueryLimits(patience=5.0))
        page = line.page(compile_search(search), cursor, direction, 4)
        assert page.whole
        found += [e.event_id for e in (page.events if direction == "later" else reversed(page.events))]
        cursor = page.later if direction == "later" else page.earlier
    assert len(found) == len(set(found)) == 9


def test_a_histogram_of_a_word_that_many_events_hold_looks_it_up_and_counts_the_same(
    stores: StoreSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scanning, "FIRST_STRETCH", 100)
    monkeypatch.setattr(scanning, "LONGEST", 200)
    org, asked, ask = str(uuid.uuid4()), list[str](), stores.events.query_table
    load = insert_events(stores, org, [event(n, message="a needle" if n % 3 else "hay") for n in range(900)])
    monkeypatch.setattr(stores.events, "query_table", lambda sql, *more: (asked.append(sql), ask(sql, *more))[1])
    found = Timeline(stores.events, EventScope(org, (load,))).histogram(60, None, compile_search("needle"))
    assert found.events == 600
    counting = [sql for sql in asked if "LIKE" in sql]
    assert [READ_TEXT in sql for sql in counting] == [True] + [False] * (len(counting) - 1)
    assert len(counting) > 1
