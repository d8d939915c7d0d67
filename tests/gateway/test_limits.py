"""Limits: calls in a minute (with Redis, and without), depth of JSON; names of calls."""

from __future__ import annotations

import asyncio
import time
import uuid
from http.client import HTTPConnection
from urllib.parse import urlencode

import httpx
import pytest

from gateway.conftest import LIMITS, SETTINGS, Served, client, new_key, serving
from gateway.test_incidents import problem
from ircopilot.access.caller import Caller
from ircopilot.gateway.answers import as_problem
from ircopilot.gateway.errors import TooManyRequests
from ircopilot.gateway.rates import CallRates
from ircopilot.settings import StackUrls
from ircopilot.stores import StoreSet
from ircopilot.stores.events import EventStoreFailed
from ircopilot.stores.redis_rates import Bucket, OwnBuckets, Rates

FEW = LIMITS.model_copy(update={"rate_caller": 3, "rate_organisation": 5})


def test_a_caller_and_an_organisation_make_so_many_calls(stores: StoreSet, org: str, key: str) -> None:
    with serving(stores, SETTINGS, FEW) as gateway, client(gateway, key) as http:
        answers = [http.get("/v1/runs") for _ in range(4)]
        assert [a.status_code for a in answers] == [200, 200, 200, 429]
        assert answers[0].headers["ratelimit-policy"] == '"caller";q=3;w=60, "organisation";q=5;w=60'
        assert answers[0].headers["ratelimit"] == '"caller";r=2;t=60, "organisation";r=4;t=60'
        problem(answers[3], 429, "too-many-requests")
        assert 1 <= int(answers[3].headers["retry-after"]) <= 20
        assert answers[3].headers["ratelimit"].startswith('"caller";r=0')
        with client(gateway, new_key(stores, org)) as other:
            # Another key of the organisation has its own bucket, and what the organisation has left: a refusal takes nothing.
            assert [other.get("/v1/runs").status_code for _ in range(3)] == [200, 200, 429]
        assert http.get("/healthz").status_code == 200
        with client(gateway, new_key(stores, f"{org}-else")) as other:
            assert other.get("/v1/runs").status_code == 200


def test_what_is_our_own_fault_tells_nothing_of_the_inside() -> None:
    told = as_problem(
        EventStoreFailed("Code: 376. DB::Exception: SELECT * FROM events WHERE org_id = …", "see the SQL")
    )
    assert (told.type, told.status) == ("event-store-failed", 500)
    assert "SELECT" not in told.detail + told.next_step
    assert as_problem(RuntimeError("secret")).detail == told.detail


def test_calls_taken_ahead_are_counted_once_and_shared(stack: StackUrls) -> None:
    """Two processes and one limit: together they let so many calls through, however many each took ahead."""
    limits = LIMITS.model_copy(update={"rate_caller": 3_000, "rate_organisation": 1_200})
    caller = Caller(f"org-{uuid.uuid4()}", "key", "k", "viewer", "k")

    async def calls() -> tuple[int, list[int]]:
        made, told = 0, list[int]()
        processes = [CallRates(stack.redis_url, limits) for _ in range(2)]
        try:
            for number in range(1_000):
                await processes[number % 2].count(caller)
            for rates in processes:
                with pytest.raises(TooManyRequests):
                    while made < 500:
                        told.append(int((await rates.count(caller))["RateLimit"].rpartition("r=")[2].partition(";")[0]))
                        made += 1
        finally:
            for rates in processes:
                await rates.close()
        return 1_000 + made, told

    begun = time.monotonic()
    made, told = asyncio.run(calls())
    # The bucket fills up again while this runs: 20 calls a second.
    assert 1_190 <= made <= 1_201 + 20 * (time.monotonic() - begun)
    assert told[0] <= 205 + 20 * (time.monotonic() - begun)


@pytest.mark.parametrize("away", [False, True])
def test_a_bucket_is_taken_from_whole_or_not_at_all(stack: StackUrls, away: bool) -> None:
    name = f"org-{uuid.uuid4()}:rate"
    wide, narrow = Bucket(name, 10), Bucket(f"{name}:k", 2)

    async def take() -> list[tuple[float, ...]]:
        rates = Rates("redis://127.0.0.1:9" if away else stack.redis_url, 3600.0)
        try:
            taken = [await rates.take((wide, narrow)) for _ in range(4)]
        finally:
            await rates.close()
        assert [t.wait_s > 0 for t in taken] == [False, False, True, True]
        return [tuple(round(x) for x in t.left) for t in taken]

    assert asyncio.run(take()) == [(9, 1), (8, 0), (8, 0), (8, 0)]


def test_a_bucket_fills_up_again_with_time() -> None:
    own, bucket = OwnBuckets(60.0), [Bucket("a", 6)]
    assert [own.take(bucket, 1, 100.0).wait_s for _ in range(7)] == [0, 0, 0, 0, 0, 0, 10]
    assert own.take(bucket, 1, 109.0).wait_s == pytest.approx(1.0)
    assert own.take(bucket, 1, 110.0).wait_s == 0
    assert own.take(bucket, 1, 1000.0).left == (5.0,)


@pytest.mark.parametrize("body", ["[" * 65 + "]" * 65, '{"a":' * 100 + "1" + "}" * 100, "[" * 100_000])
def test_json_is_not_nested_for_ever(http: httpx.Client, body: str) -> None:
    kind = {"content-type": "application/json"}
    problem(http.post("/v1/incidents", content=body, headers=kind), 422, "invalid-request")


def test_brackets_in_strings_are_no_nesting(http: httpx.Client) -> None:
    title = "[{" * 60 + '\\"' + "[" * 60
    assert http.post("/v1/incidents", json={"title": title}).status_code == 201


def test_a_call_is_named_as_its_caller_names_it(http: httpx.Client) -> None:
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    sent = {"X-Request-Id": "my-call-0001", "traceparent": f"00-{trace}-00f067aa0ba902b7-01"}
    answer = http.get("/v1/none", headers=sent)
    document = problem(answer, 404, "no-such-route")
    assert (document["request_id"], document["trace_id"]) == ("my-call-0001", trace)
    assert answer.headers["traceparent"].split("-")[1] == trace
    assert answer.headers["traceparent"] != sent["traceparent"]
    for bad in (f"00-{'0' * 32}-00f067aa0ba902b7-01", "00-xyz", f"ff-{trace}-00f067aa0ba902b7-01"):
        answer = http.get("/v1/none", headers={"X-Request-Id": "a b", "traceparent": bad})
        assert answer.headers["traceparent"].split("-")[1] not in ("0" * 32, trace)
        assert len(answer.headers["x-request-id"]) == 16


@pytest.mark.parametrize(
    ("method", "path", "headers", "status", "kind"),
    [
        ("GET", "/v1/none", {}, 404, "no-such-route"),
        ("PATCH", "/v1/runs", {}, 405, "method-not-allowed"),
        ("POST", "/v1/incidents", {"content-type": "text/plain"}, 422, "invalid-request"),
        ("POST", "/v1/rule-sets", {"content-encoding": "gzip"}, 415, "unsupported-media"),
        ("POST", "/v1/incidents", {"content-type": "application/json"}, 422, "invalid-request"),
    ],
)
def test_what_the_framework_refuses_is_a_problem_too(
    served: Served, http: httpx.Client, method: str, path: str, headers: dict[str, str], status: int, kind: str
) -> None:
    problem(http.request(method, path, headers=headers, content=b"{"), status, kind)


def test_what_is_no_list_stands_once_in_an_address(http: httpx.Client) -> None:
    told = problem(http.get("/v1/audit?actor=a&actor=b"), 422, "invalid-request")
    assert told["errors"] == [{"at": "query.actor", "reason": "it stands there more than once"}]
    assert http.get("/v1/incidents?tag=a&tag=b&severity=high&severity=low").status_code == 200


def test_the_longest_search_fits_into_an_address(served: Served, http: httpx.Client, key: str) -> None:
    http.post("/v1/incidents", json={"key": "INC-1", "title": "t"})
    line = HTTPConnection("127.0.0.1", served.port, timeout=20)  # httpx makes no address as long as that
    query = urlencode({"q": "\U0002b590" * 20_001})
    line.request("GET", f"/v1/incidents/INC-1/events?{query}", headers={"Authorization": f"Bearer {key}"})
    with line.getresponse() as answer:
        assert (answer.status, answer.headers["content-type"]) == (422, "application/problem+json")
    line.close()
