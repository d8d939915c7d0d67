"""Nothing answers without a valid key but what is meant to, whatever the route; that tells nothing of a tenant."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from fastapi.routing import iter_route_contexts

from gateway.conftest import Served, client, new_key, serving
from gateway.test_incidents import problem
from ircopilot.gateway.app import make_app
from ircopilot.gateway.door import SIGN_IN
from ircopilot.settings import StackUrls
from ircopilot.stores import StoreSet
from ircopilot.stores.postgres.api_keys import list_keys, make_key, revoke_key

OPEN = {"/healthz", "/readyz", "/metrics", "/openapi.json", "/docs"} | SIGN_IN
NO_KEYS = (
    {},
    {"Authorization": "Bearer"},
    {"Authorization": "Basic aXJjOmly"},
    {"Authorization": f"Bearer irc_{'0' * 16}_{'A' * 43}"},
    {"X-Api-Key": f"irc_{'0' * 16}_{'A' * 43}"},
)


def test_every_route_but_three_refuses_whoever_shows_no_valid_key(served: Served) -> None:
    routes = [
        (method, route.path)
        for route in iter_route_contexts(make_app(served.gate).routes)
        for method in sorted(route.methods or ())
        if route.path not in OPEN
    ]
    assert len(routes) >= 17
    with httpx.Client(base_url=served.url, trust_env=False) as http:
        for method, path in routes:
            assert path is not None
            assert path.startswith("/v1/")
            for headers in NO_KEYS:
                answer = http.request(method, re.sub(r"\{\w+\}", "x", path), headers=headers, content=b"{")
                assert answer.status_code == 401, (method, path, answer.text)
                assert answer.headers["www-authenticate"].startswith("Bearer")
        # What is no route is not told from what is one.
        for path in ("/", "/v1/secret", "/docs/", "/openapi.json/x", "/healthz/", "/metrics/../v1/runs", "//healthz"):
            problem(http.get(path), 401, "unauthenticated")


def test_a_key_in_two_headers_or_in_the_address_is_none(served: Served, key: str) -> None:
    with httpx.Client(base_url=served.url, trust_env=False) as http:
        twice = [("Authorization", f"Bearer {key}"), ("Authorization", f"Bearer {key}")]
        problem(http.get("/v1/runs", headers=twice), 401, "unauthenticated")
        problem(http.get("/v1/runs", params={"access_token": key}), 401, "unauthenticated")
        assert http.get("/v1/runs", headers={"authorization": f"bearer  {key}"}).status_code == 200


def test_a_revoked_and_an_expired_key_end_at_once(served: Served, stores: StoreSet, org: str) -> None:
    key = new_key(stores, org)
    with stores.database.tenant(org) as tx:
        old = make_key(tx, "old", datetime.now(UTC) - timedelta(seconds=1))
    with client(served, key) as http, client(served, old) as late:
        assert http.get("/v1/runs").status_code == 200
        refused = problem(late.get("/v1/runs"), 401, "unauthenticated")
        with stores.database.tenant(org) as tx:
            used = {k.name: k.last_used_at for k in list_keys(tx)}
            revoke_key(tx, key.split("_")[1])
        again = problem(http.get("/v1/runs"), 401, "unauthenticated")
    assert used["test"] is not None
    assert used["old"] is None
    # Unknown, expired and revoked are told alike.
    own = ("request_id", "trace_id")
    assert {k: v for k, v in refused.items() if k not in own} == {k: v for k, v in again.items() if k not in own}


def test_a_key_is_not_taken_with_another_ones_secret(served: Served, stores: StoreSet, org: str, key: str) -> None:
    other = new_key(stores, org)
    mixed = "_".join([*other.split("_", 2)[:2], key.split("_", 2)[2]])
    with client(served, mixed) as http:
        problem(http.get("/v1/runs"), 401, "unauthenticated")


def counts_of(http: httpx.Client, label: str) -> list[str]:
    """The request counters of a route."""
    name = "ircopilot_gateway_requests_total{"
    return sorted(x for x in http.get("/metrics").text.splitlines() if x.startswith(name) and label in x)


def test_health_is_told_without_a_key(served: Served) -> None:
    with httpx.Client(base_url=served.url, trust_env=False) as http:
        assert http.get("/healthz").json() == {"status": "ok"}
        ready = http.get("/readyz")
        assert (ready.status_code, ready.json()["status"]) == (200, "degraded")
        assert ready.json()["parts"] == {"database": "ok", "orchestrator": "down", "redis": "ok"}
        before = counts_of(http, 'route="/v1/runs/{run_id}"')
        http.get("/v1/runs/some-id")
        counted = http.get("/metrics").text
        # It was refused before any route was looked for; other tests of this process may have asked with a key.
        assert counts_of(http, 'route="/v1/runs/{run_id}"') == before
    assert 'ircopilot_gateway_requests_total{method="GET",route="/healthz",status="200"}' in counted
    assert "irc_" not in counted


def test_without_a_database_the_gateway_lives_and_is_not_ready(stack: StackUrls) -> None:
    nowhere = stack.database_app_url.rpartition("/")[0] + "/nothing_of_that_name"
    lobby = stack.database_lobby_url.rpartition("/")[0] + "/nothing_of_that_name"
    query = "?" + stack.database_app_url.partition("?")[2] if "?" in stack.database_app_url else ""
    broken = stack.model_copy(
        update={"database_app_url": nowhere + query, "database_lobby_url": lobby + query}
    )  # fmt: skip
    with StoreSet(broken) as stores, serving(stores) as gateway, client(gateway, f"irc_{'0' * 16}_{'A' * 43}") as http:
        assert http.get("/healthz").status_code == 200
        assert http.get("/readyz").status_code == 503
        answer = http.get("/v1/runs")
        problem(answer, 503, "database-unreachable")
        assert "nothing_of_that_name" not in answer.text
        assert answer.headers["retry-after"]


@pytest.mark.parametrize("header", ["x-content-type-options", "referrer-policy", "content-security-policy"])
def test_every_answer_wears_the_headers(http: httpx.Client, header: str) -> None:
    assert header in http.get("/v1/runs").headers
    assert header in http.get("/v1/none").headers
    assert http.get("/v1/runs").headers["cache-control"] == "no-store"


def test_answers_are_not_held_back(http: httpx.Client) -> None:
    """Nagle's algorithm against a delayed acknowledgement costs 40 ms a call, whatever the machine."""
    http.get("/healthz")
    times = []
    for _ in range(30):
        begun = time.perf_counter()
        http.get("/healthz")
        times.append(time.perf_counter() - begun)
    assert min(times) < 0.03
