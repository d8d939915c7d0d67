"""Idempotency-Key: done once and answered alike, under many duplicates, another body, and a process that is killed."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import httpx
import orjson
import pytest
from sqlalchemy import text

from gateway.conftest import Served, client, new_key
from gateway.test_incidents import problem
from gateway.test_process import COMMAND, environment, served_at
from ircopilot.access.audit import record_act
from ircopilot.access.caller import Caller
from ircopilot.gateway.kept_answers import TOLD_ONCE, Recorder
from ircopilot.gateway.openapi import api_document
from ircopilot.settings import StackUrls
from ircopilot.stores import StoreSet
from ircopilot.stores.postgres import audit
from ircopilot.stores.postgres.errors import LostClaim
from ircopilot.stores.postgres.held import HeldTransaction, holding
from ircopilot.stores.postgres.idempotency import (
    Answer,
    Asked,
    claim_key,
    forget_old_answers,
    keep_answer,
    release_key,
)
from ircopilot.stores.postgres.organisations import make_organisation

OPENED = {"title": "Laptop of accounting"}  # without a key of its own: twice would be two incidents
KEY = "Idempotency-Key"


def new() -> dict[str, str]:
    return {KEY: str(uuid.uuid4())}


def count(http: httpx.Client) -> int:
    return len(http.get("/v1/incidents").json()["items"])


def test_sent_again_it_is_done_once_and_answered_alike(http: httpx.Client) -> None:
    named = new()
    first, again = (http.post("/v1/incidents", json=OPENED, headers=named) for _ in range(2))
    assert first.status_code == again.status_code == 201
    assert first.content == again.content
    for name in ("location", "content-type"):
        assert first.headers[name] == again.headers[name]
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    assert again.headers["x-request-id"] != first.headers["x-request-id"]
    assert count(http) == 1
    # Quoted, as the draft writes it, it is the same key.
    quoted = http.post("/v1/incidents", json=OPENED, headers={KEY: f'"{named[KEY]}"'})
    assert quoted.content == first.content


def test_with_another_request_the_key_is_refused(http: httpx.Client) -> None:
    named = new()
    http.post("/v1/incidents", json=OPENED, headers=named)
    for path, body in (
        ("/v1/incidents", {"title": "another"}),
        ("/v1/incidents?x=1", OPENED),
        ("/v1/rule-sets", OPENED),
    ):
        problem(http.post(path, json=body, headers=named), 422, "idempotency-key-reused")
    assert count(http) == 1


def test_a_refusal_is_answered_alike_too(http: httpx.Client) -> None:
    named = new()
    first, again = (http.post("/v1/incidents", json={"title": ""}, headers=named) for _ in range(2))
    problem(first, 422, "invalid-request")
    assert first.content == again.content
    named = new()
    first, again = (http.post("/v1/incidents/NONE/runs", json={}, headers=named) for _ in range(2))
    problem(first, 404, "unknown-incident")
    assert (first.content, again.headers["content-type"]) == (again.content, "application/problem+json")


def test_of_fifty_at_once_one_does_the_work(served: Served, key: str) -> None:
    named = new()
    with ThreadPoolExecutor(50) as pool, client(served, key) as http:
        answers = list(pool.map(lambda _: http.post("/v1/incidents", json=OPENED, headers=named), range(50)))
        assert count(http) == 1
        last = http.post("/v1/incidents", json=OPENED, headers=named)
    kinds = Counter(a.status_code for a in answers)
    assert set(kinds) <= {201, 409}
    done = [a for a in answers if a.status_code == 201]
    assert len([a for a in done if "idempotency-replayed" not in a.headers]) == 1
    assert {a.content for a in done} == {last.content}
    for answer in answers:
        if answer.status_code == 409:
            problem(answer, 409, "idempotency-in-flight")
            assert int(answer.headers["retry-after"]) >= 1


def test_a_key_is_one_callers(served: Served, stores: StoreSet, org: str, key: str) -> None:
    named = new()
    keys = (key, new_key(stores, org), new_key(stores, f"{org}-other"))
    found = []
    for one in keys:
        with client(served, one) as http:
            found.append(http.post("/v1/incidents", json=OPENED, headers=named).json()["key"])
    assert len(set(found)) == 3


@pytest.mark.parametrize("bad", ["", '" "', '""', "x" * 256, "a\tb", "\xe4"])
def test_what_is_no_key_is_refused(http: httpx.Client, bad: str) -> None:
    answer = http.post("/v1/incidents", json=OPENED, headers=[(KEY.encode(), bad.encode("latin-1"))])
    problem(answer, 400, "invalid-idempotency-key")
    assert count(http) == 0


def test_every_route_that_changes_something_takes_a_key(http: httpx.Client) -> None:
    walked = 0
    for path, item in api_document()["paths"].items():
        for method in ("post", "patch"):
            if method in item and item[method]["security"]:
                assert KEY in [p["name"] for p in item[method]["parameters"]], (method, path)
                bad = http.request(method, re.sub(r"\{\w+\}", "x", path), headers={KEY: "x" * 256}, json={})
                problem(bad, 400, "invalid-idempotency-key")
                walked += 1
    assert walked >= 8
    # What changes nothing, or is the same when done twice, takes none.
    assert http.get("/v1/incidents", headers={KEY: "x" * 256}).status_code == 200


def test_a_streamed_body_is_told_from_another(http: httpx.Client) -> None:
    http.post("/v1/incidents", json={"key": "INC-1", "title": "t"})
    body, other = os.urandom(3 << 20), os.urandom(3 << 20)
    named, path = new(), "/v1/incidents/INC-1/evidence?name=disk.raw"
    kind = {"content-type": "application/octet-stream"}
    first = http.post(path, content=body, headers=named | kind)
    assert first.status_code == 201
    again = http.post(path, content=iter([body[:1000], body[1000:]]), headers=named | kind)
    assert (again.content, again.headers["idempotency-replayed"]) == (first.content, "true")
    problem(http.post(path, content=other, headers=named | kind), 422, "idempotency-key-reused")


@contextmanager
def dying(urls: StackUrls, point: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """A gateway of its own that kills itself at the point; its claims run out after a second."""
    env = environment(urls) | {"IRCOPILOT_CRASH_AT": point, "IRCOPILOT_GATEWAY_CLAIM_S": "1"}
    command = [COMMAND, "gateway", "--address", "127.0.0.1:0"]
    started = subprocess.Popen(command, env=env, stderr=subprocess.PIPE, text=True)
    try:
        yield served_at(started), started
    finally:
        started.kill()
        started.communicate()


@pytest.mark.parametrize("point", ["before-keeping", "after-keeping"])
def test_a_crash_between_work_and_answer_leaves_both_or_neither(
    stack: StackUrls, stores: StoreSet, org: str, key: str, http: httpx.Client, point: str
) -> None:
    named = new()
    auth = {"Authorization": f"Bearer {key}"} | named
    with dying(stack, point) as (url, process):
        with pytest.raises(httpx.TransportError):
            httpx.post(f"{url}/v1/incidents", json=OPENED, headers=auth, trust_env=False, timeout=20)
        assert process.wait(10) == -signal.SIGKILL
    assert count(http) == (0 if point == "before-keeping" else 1)
    until = time.monotonic() + 30
    while (answer := http.post("/v1/incidents", json=OPENED, headers=named)).status_code == 409:
        problem(answer, 409, "idempotency-in-flight")
        assert time.monotonic() < until
        time.sleep(0.1)
    assert answer.status_code == 201
    assert ("idempotency-replayed" in answer.headers) == (point == "after-keeping")
    assert count(http) == 1
    (found,) = http.get("/v1/incidents").json()["items"]
    assert answer.headers["location"] == f"/v1/incidents/{found['key']}"


def test_what_is_told_once_is_not_kept() -> None:
    told = []

    async def send(message: object) -> None:
        told.append(message)

    async def answer() -> Answer | None:
        recorder = Recorder(send)
        await recorder.send({"type": "http.response.start", "status": 201, "headers": [(b"set-cookie", b"a=b")]})
        await recorder.send({"type": "http.response.body", "body": b'{"id":"k1","key":"irc_secret"}'})
        return recorder.answer(("key",))

    kept = asyncio.run(answer())
    assert kept is not None
    assert told == []
    assert (kept.status, kept.headers, kept.secret) == (201, {}, True)
    assert orjson.loads(kept.body) == {"id": "k1", "key": TOLD_ONCE}


def test_a_claim_that_ran_out_is_taken_over_and_the_late_one_undone(stores: StoreSet, org: str) -> None:
    asked = Asked("key:k", "k1", "r", "b")
    with stores.database.tenant(org) as tx:
        make_organisation(tx, org)
        assert claim_key(tx, asked, 0.0) == 1
    with stores.database.tenant(org) as tx:
        assert claim_key(tx, asked, 60.0) == 2
    kept = Answer(201, {}, b"{}", False)
    with pytest.raises(LostClaim), stores.database.tenant(org) as tx:
        tx.connection.execute(text("UPDATE organisations SET name = 'changed'"))
        keep_answer(tx, asked, 1, kept, "b")
    with stores.database.tenant(org) as tx:
        release_key(tx, asked, 1)  # not the late one's to release
        keep_answer(tx, asked, 2, kept, "b")
        assert tx.connection.execute(text("SELECT name FROM organisations")).scalar() == org
    with stores.database.tenant(org) as tx:
        found = claim_key(tx, asked, 60.0)
    assert not isinstance(found, int)
    assert found.answer == kept


def test_answers_are_forgotten_after_a_day(stores: StoreSet, org: str) -> None:
    with stores.database.tenant(org) as tx:
        make_organisation(tx, org)
        for n in range(2):
            claim_key(tx, Asked("key:k", f"k{n}", "r", "b"), 60.0)
        old = "UPDATE idempotency_keys SET claimed_at = now() - interval '25 hours' WHERE key = 'k0'"
        tx.connection.execute(text(old))
        # It can be used for something else even before it is swept away.
        assert claim_key(tx, Asked("key:k", "k0", "another", "b"), 60.0) == 1
        tx.connection.execute(text(old))
    assert forget_old_answers(stores.database) >= 1
    with stores.database.tenant(org) as tx:
        assert tx.connection.execute(text("SELECT key FROM idempotency_keys")).scalars().all() == ["k1"]


def test_parts_share_a_transaction_and_a_failed_one_is_undone_alone(stores: StoreSet, org: str) -> None:
    caller = Caller(org, "key", "k", "owner", "key k")
    held = HeldTransaction(org)
    with holding(held):
        with stores.database.tenant(org) as tx:
            make_organisation(tx, "first")
            record_act(tx, caller, "a.kept", "x")
        with pytest.raises(ZeroDivisionError), stores.database.tenant(org) as tx:
            tx.connection.execute(text("UPDATE organisations SET name = 'undone'"))
            record_act(tx, caller, "a.undone", "x")
            raise ZeroDivisionError
        with holding(None), stores.database.tenant(org) as tx:
            assert tx.connection.execute(text("SELECT name FROM organisations")).all() == []
        held.finish(lambda: None)
        with stores.database.tenant(org) as tx:  # over: a transaction of its own
            assert tx.connection.execute(text("SELECT name FROM organisations")).scalars().all() == ["first"]
    assert [e.did.act for e in audit.all_entries(stores.database, org)] == ["a.kept"]
    held = HeldTransaction(org)
    with holding(held), stores.database.tenant(org) as tx:
        tx.connection.execute(text("UPDATE organisations SET name = 'second'"))
    held.undo()
    with stores.database.tenant(org) as tx:
        assert tx.connection.execute(text("SELECT name FROM organisations")).scalars().all() == ["first"]
