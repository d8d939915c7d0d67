"""Large JSON goes packed to whom takes it: never a secret, never a stream, and a packed answer's tag works as the other does."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from gateway.conftest import Served, client
from gateway.test_incidents import problem
from ircopilot.gateway.openapi import api_document
from ircopilot.gateway.packing import is_packed
from ircopilot.stores import StoreSet

GZIP = {"Accept-Encoding": "gzip"}
PLAIN = {"Accept-Encoding": "identity"}
SUMMARY = "What was seen on the laptop. " * 200
DOCUMENT = api_document()
# What no packed answer may have a member of; an anchor's words and an event's fields are evidence, not ours.
SECRET = ("csrf", "secret", "password", "token", "recovery", "otp")


@pytest.fixture
def place(http: httpx.Client) -> str:
    """An incident with much to say."""
    assert http.post("/v1/incidents", json={"key": "INC-1", "title": "Long", "summary": SUMMARY}).status_code == 201
    return "/v1/incidents/INC-1"


def sent(http: httpx.Client, path: str, **headers: str) -> tuple[httpx.Response, bytes]:
    """An answer and its bytes as they came."""
    with http.stream("GET", path, headers=headers) as answer:
        return answer, b"".join(answer.iter_raw())


def test_a_large_answer_is_packed_and_says_its_length(http: httpx.Client, place: str) -> None:
    plain, body = sent(http, place, **PLAIN)
    packed, less = sent(http, place, **GZIP)
    assert (packed.headers["content-encoding"], packed.headers["content-length"]) == ("gzip", str(len(less)))
    assert gzip.decompress(less) == body
    assert len(less) < len(body) / 4
    assert "content-encoding" not in plain.headers
    assert plain.headers["vary"] == packed.headers["vary"] == "Accept-Encoding"


@pytest.mark.parametrize("header", ["", "identity", "gzip;q=0", "br", "deflate"])
def test_who_does_not_take_it_gets_it_as_it_is(http: httpx.Client, place: str, header: str) -> None:
    answer, body = sent(http, place, **{"Accept-Encoding": header})
    assert "content-encoding" not in answer.headers
    assert json.loads(body)["summary"] == SUMMARY


def test_small_answers_and_errors_are_left_as_they_are(http: httpx.Client, place: str) -> None:
    for path in (f"{place}/events/marks", f"{place}/events?q={'x' * 3000}("):
        answer, body = sent(http, path, **GZIP)
        assert "content-encoding" not in answer.headers
        assert body.startswith(b"{")


def test_the_tag_of_a_packed_answer_is_another_and_works_as_well(http: httpx.Client, place: str) -> None:
    plain, packed = (http.get(place, headers=taken).headers["etag"] for taken in (PLAIN, GZIP))
    assert (plain, packed) == ('"v2"', '"v2-gzip"')
    changed = http.patch(place, json={"title": "One"}, headers={"If-Match": packed})
    assert (changed.status_code, changed.headers["etag"]) == (200, '"v3"')
    problem(http.patch(place, json={"title": "Two"}, headers={"If-Match": packed}), 412, "precondition-failed")
    for wrong in ('"v3-gzip', 'W/"v3-gzip"', '"v3-br"'):
        problem(http.patch(place, json={"title": "Two"}, headers={"If-Match": wrong}), 412, "precondition-failed")


def test_what_is_known_is_known_by_either_tag(http: httpx.Client) -> None:
    plain, packed = (http.get("/openapi.json", headers=taken).headers["etag"] for taken in (PLAIN, GZIP))
    assert packed == f'{plain[:-1]}-gzip"'
    for tag in (plain, packed):
        again = http.get("/openapi.json", headers={"If-None-Match": tag} | GZIP)
        assert (again.status_code, again.headers["etag"], again.headers["vary"]) == (304, tag, "Accept-Encoding")


def test_what_carries_secrets_is_not_packed_however_long(served: Served, stores: StoreSet, key: str) -> None:
    with client(served, key) as http:
        for n in range(30):
            assert http.post("/v1/api-keys", json={"name": f"key {n}", "role": "viewer"}).status_code == 201
        for path in ("/v1/api-keys", "/v1/members", "/v1/me"):
            answer, _ = sent(http, path, **GZIP)
            assert answer.status_code == 200, path
            assert not {"content-encoding", "vary"} & set(answer.headers), path


def test_a_stream_flows_unpacked(http: httpx.Client, place: str) -> None:
    with http.stream("GET", "/v1/feed", headers=GZIP | {"Last-Event-ID": "0"}) as answer:
        first = next(answer.iter_raw())
    assert "content-encoding" not in answer.headers
    assert b"INC-1" in first or first.startswith((b":", b"retry", b"id", b"event"))
    log, body = sent(http, "/v1/audit/export", **GZIP)
    assert "content-encoding" not in log.headers
    assert body.count(b"\n") > 0


def test_what_is_packed_has_no_member_that_is_a_secret() -> None:
    """The kinds that are packed are named; this sees to it that nobody puts a secret among them."""
    seen = 0
    for path, item in DOCUMENT["paths"].items():
        if "get" in item and is_packed(path):
            seen += 1
            found = {name for name in _members(item["get"]["responses"].get("200", {})) if _is_secret(name)}
            assert not found, path
    assert seen > 30
    for path in ("/v1/me", "/v1/auth/session", "/v1/me/api-keys", "/v1/api-keys", "/v1/invitations", "/v1/feed"):
        assert not is_packed(path)


def _is_secret(name: str) -> bool:
    return any(word in name.lower().replace("-", "_").split("_") for word in SECRET)


def _members(part: Any, seen: frozenset[str] = frozenset()) -> Iterator[str]:
    """Names of all members that an answer may have."""
    if isinstance(part, list):
        for value in part:
            yield from _members(value, seen)
    elif isinstance(part, dict):
        reference = part.get("$ref")
        if isinstance(reference, str) and reference not in seen:
            target: Any = DOCUMENT
            for name in reference.removeprefix("#/").split("/"):
                target = target[name]
            yield from _members(target, seen | {reference})
        properties = part.get("properties", {})
        yield from properties if isinstance(properties, dict) else ()
        for name, value in part.items():
            if name not in ("example", "examples"):
                yield from _members(value, seen)
