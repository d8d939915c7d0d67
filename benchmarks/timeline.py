"""The timeline under load: 16 readers at one request a second each while a collector writes, at several sizes.

    python -m benchmarks.timeline [--millions 1 3 10] [--seconds 20]

One incident of invented events, made inside ClickHouse from `numbers()`, on a stack of its own in a temporary folder.
Readers ask by turns: a histogram without a filter, a page somewhere, a histogram of a search by field, a page of a text
search. Half of the histograms are of the whole incident, half of three hours somewhere. Half of the searches are one of
four, half nobody asked for before. The writer commits a load each second, at about the rate that ingest reaches, so that
what was asked a second ago is not what is asked now. As many calls run at once as the gateway lets, and a histogram that is
not whole yet is asked for again in another call, as by the page of a browser.
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
import threading
import time
import uuid
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ircopilot.analysis.search import compile_search
from ircopilot.embedded import running_stack
from ircopilot.gateway.limits import GatewayLimits
from ircopilot.stores import StoreSet, open_stores
from ircopilot.stores.events import EventScope, QueryStopped, Timeline
from ircopilot.stores.events.asking import micros
from ircopilot.stores.events.cursor import Cursor
from ircopilot.stores.events.schema import TEXT_INDEXES
from ircopilot.stores.events.store import INSERT_SETTINGS

READERS = 16
BLOCK = 500_000
WRITTEN = 10_000  # events a second of the writer
PATIENCE = 0.1  # seconds until a histogram tells what it has
START = datetime(2031, 5, 1, tzinfo=UTC)
DAYS = 3
ZOOM = timedelta(hours=3)
ROWS = r"""
SELECT toUUID({org:String}) AS org_id, toUUID({load:String}) AS load_id, lower(hex(MD5(toString(number)))) AS event_id,
  '5a' AS artifact_sha256, concat('line:', toString(number)) AS locator, number AS seq,
  fromUnixTimestamp64Micro(toInt64({start:Int64} + number * {step:Float64} + h % 50000), 'UTC') AS time,
  time AS time_recorded, 'log' AS kind,
  ['windows.sysmon', 'windows.security', 'zeek.conn', 'linux.auditd'][1 + h % 4] AS source,
  concat('host', leftPad(toString(h % 40), 2, '0'), '.corp.example') AS host_name,
  ['alice', 'bob', 'SYSTEM', 'svc_backup', 'carol'][1 + intDiv(h, 7) % 5] AS user_name,
  toString(1 + intDiv(h, 11) % 30) AS event_code,
  concat('C:\\Windows\\System32\\',
    ['svchost', 'cmd', 'powershell', 'lsass', 'explorer', 'procdump64'][if(h % 50000 = 7, 6, 1 + intDiv(h, 13) % 5)],
    '.exe') AS process_executable,
  concat(process_executable, ' -k ', toString(intDiv(h, 17) % 400)) AS process_command_line,
  concat('10.', toString(intDiv(h, 3) % 4), '.', toString(intDiv(h, 300) % 256), '.', toString(intDiv(h, 9000) % 256))
    AS source_ip,
  concat('Process created: ', process_command_line, ' by ', user_name, ' on ', host_name,
    if(number % 999983 = 77, concat(' rareword', toString(number)), '')) AS message,
  map('Image', process_executable, 'CommandLine', process_command_line, 'User', user_name, 'SourceIp', source_ip,
    'RecordNumber', toString(number), 'LogonGuid', hex(h % 100000), 'IntegrityLevel', 'High') AS fields
FROM (SELECT number, cityHash64(number) AS h FROM numbers({first:UInt64}, {count:UInt64}))
"""
COLUMNS = (
    "org_id, load_id, event_id, artifact_sha256, locator, seq, time, time_recorded, kind, source, host_name, user_name, "
    "event_code, process_executable, process_command_line, source_ip, message, fields"
)
WORDS = ("rareword77", "rareword*", "procdump64", "svc_backup")
TURNS = (
    ("histogram",), ("page",), ("histogram of a search", "histogram of a new search"),
    ("page of a text search", "page of a new text search"),
)  # fmt: skip
FIELDS = ("process:*procdump*", "user:alice code:7", "source.ip:10.2.0.0/16", "NOT user:SYSTEM host:host07")


def insert(stores: StoreSet, org: str, load: str, first: int, count: int, total: int, start: datetime = START) -> None:
    """Events `first` to `first + count` of `total` that lie evenly over the incident's days."""
    span = timedelta(days=DAYS) / timedelta(microseconds=1)
    params = {"org": org, "load": load, "start": micros(start), "step": span / total, "first": first, "count": count}
    settings = {**INSERT_SETTINGS, "insert_deduplication_token": f"{load}:{first}"}
    stores.events.execute(f"INSERT INTO events ({COLUMNS}) SELECT {COLUMNS} FROM ({ROWS})", params, settings)


def fill(stores: StoreSet, org: str, load: str, total: int, start: datetime = START) -> float:
    """Make the incident, two blocks at a time; returns the seconds."""
    begun = time.perf_counter()
    with ThreadPoolExecutor(2) as pool:
        for done in [
            pool.submit(insert, stores, org, load, first, min(BLOCK, total - first), total, start)
            for first in range(0, total, BLOCK)
        ]:
            done.result()
    return time.perf_counter() - begun


Lanes = dict[str, AbstractContextManager[object]]


def lanes_of(limits: GatewayLimits) -> Lanes:
    """The threads that the gateway has for calls that read little and for those that may read much."""
    return {"page": threading.Semaphore(limits.pages), "scan": threading.Semaphore(limits.searches)}


def requests(
    stores: StoreSet, whole: EventScope, loads: list[str], chance: random.Random, lanes: Lanes
) -> dict[str, Callable[[], object]]:
    """What a reader asks, by name; each call asks something else."""

    def seen(zoomed: bool) -> EventScope:
        since, scope = START + chance.random() * timedelta(days=DAYS), replace(whole, load_ids=tuple(loads))
        return replace(scope, since=since, until=since + ZOOM) if zoomed else scope

    def timeline(zoomed: bool = False) -> Timeline:
        return Timeline(stores.events, seen(zoomed))

    def counted(search: str) -> float:
        """Seconds to the first answer."""
        begun, where = time.perf_counter(), compile_search(search)
        scope, first = seen(chance.random() < 0.5), 0.0
        while True:
            with lanes["scan"]:
                whole = Timeline(stores.events, scope).histogram(where=where, patience=PATIENCE).whole
            first = first or time.perf_counter() - begun
            if whole:
                return first

    def in_lane(lane: str, ask: Callable[[], object]) -> None:
        with lanes[lane]:
            ask()

    def somewhere() -> str:
        return str(Cursor(micros(START + chance.random() * timedelta(days=DAYS))))

    return {
        "histogram": lambda: in_lane("page", lambda: timeline(chance.random() < 0.5).histogram(
            by=chance.choice((None, "kind", "source", "host_name"))
        )),
        "page": lambda: in_lane("page", lambda: timeline().page(
            cursor=somewhere(), direction=chance.choice(("later", "earlier"))
        )),
        "histogram of a search": lambda: counted(chance.choice(FIELDS)),
        "histogram of a new search": lambda: counted(f"command:*k?{chance.randrange(10**9)}*"),
        "page of a text search": lambda: in_lane("scan", lambda: timeline().page(compile_search(chance.choice(WORDS)))),
        "page of a new text search": lambda: in_lane("scan", lambda: timeline().page(
            compile_search(f"reference{chance.randrange(10**9)}")
        )),
    }  # fmt: skip


def read(
    stores: StoreSet, scope: EventScope, loads: list[str], number: int, stop: threading.Event,
    taken: dict[str, list[float]], lanes: Lanes,
) -> None:  # fmt: skip
    """One reader: a request at each full second of its own, late ones at once."""
    asked = requests(stores, scope, loads, random.Random(number), lanes)
    due = time.perf_counter() + number / READERS
    turn = number
    while not stop.wait(max(0.0, due - time.perf_counter())):
        names = TURNS[turn % len(TURNS)]
        name = names[turn // len(TURNS) % len(names)]
        begun = time.perf_counter()
        try:
            first = asked[name]()
            if isinstance(first, float):
                taken[f"{name}: first"].append(first)
        except QueryStopped:
            taken[f"{name}, stopped"].append(time.perf_counter() - begun)
        taken[name].append(time.perf_counter() - begun)
        due, turn = due + 1, turn + 1


def write(stores: StoreSet, org: str, loads: list[str], stop: threading.Event) -> None:
    """The collector: a load a second, which counts from then on."""
    first = 0
    while not stop.wait(1.0):
        load = str(uuid.uuid4())
        insert(stores, org, load, first, WRITTEN, 10_000_000)
        first += WRITTEN
        loads.append(load)


def under_load(stores: StoreSet, org: str, scope: EventScope, seconds: float) -> dict[str, list[float]]:
    """Seconds of each request, by name."""
    taken: dict[str, list[float]] = defaultdict(list)
    stop, loads, lanes = threading.Event(), list(scope.load_ids), lanes_of(GatewayLimits())
    with ThreadPoolExecutor(READERS + 1) as pool:
        running = [pool.submit(read, stores, scope, loads, n, stop, taken, lanes) for n in range(READERS)]
        running.append(pool.submit(write, stores, org, loads, stop))
        time.sleep(seconds)
        stop.set()
        for one in running:
            one.result()
    return taken


def alone(stores: StoreSet, scope: EventScope) -> dict[str, float]:
    """Each request by itself, the median of five."""
    asked = requests(stores, scope, list(scope.load_ids), random.Random(99), lanes_of(GatewayLimits()))
    found = {}
    for name, ask in asked.items():
        times = []
        for _ in range(5):
            begun = time.perf_counter()
            ask()
            times.append(time.perf_counter() - begun)
        found[name] = statistics.median(times)
    return found


def measure(millions: int, seconds: float) -> None:
    """One size, on a stack of its own."""
    with tempfile.TemporaryDirectory(prefix="irc-", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o711)
        with running_stack(Path(name) / "data") as urls, open_stores(urls) as stores:
            org, load = str(uuid.uuid4()), str(uuid.uuid4())
            made = fill(stores, org, load, millions * 1_000_000)
            begun = time.perf_counter()
            for index in TEXT_INDEXES:
                stores.events.execute(f"ALTER TABLE events MATERIALIZE INDEX {index}", None, {"mutations_sync": "1"})
            indexed = time.perf_counter() - begun
            scope = EventScope(org, (load,))
            single = alone(stores, scope)
            taken = under_load(stores, org, scope, seconds)
            print(f"\n{millions} M events, made in {made:.0f} s, text index in {indexed:.0f} s", flush=True)
            for request, times in taken.items():
                ordered = sorted(times)
                p50, p95 = (ordered[int(len(ordered) * share)] for share in (0.5, 0.95))
                print(
                    f"  {request:24} alone {single.get(request, 0) * 1000:6.0f} ms   {READERS} readers: median "
                    f"{p50 * 1000:6.0f} ms   p95 {p95 * 1000:6.0f} ms   ({len(ordered)} requests)",
                    flush=True,
                )


def main() -> None:
    """Measure each size in turn."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--millions", type=int, nargs="+", default=[1, 3, 10])
    parser.add_argument("--seconds", type=float, default=20.0)
    given = parser.parse_args()
    for millions in given.millions:
        measure(millions, given.seconds)


if __name__ == "__main__":
    main()
