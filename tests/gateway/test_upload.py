"""Uploads that break off, halt, or come a byte at a time: what did not come whole was never there."""

from __future__ import annotations

import hashlib
import json
import os
import re
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from gateway.conftest import LIMITS, Served
from gateway.test_incidents import problem
from ircopilot.settings import StackUrls
from ircopilot.stores import StoreSet


@pytest.fixture
def url(http: httpx.Client) -> str:
    http.post("/v1/incidents", json={"key": "INC-1", "title": "t"})
    return "/v1/incidents/INC-1/evidence?name=memory.raw"


@pytest.fixture
def line(served: Served) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", served.port), timeout=10) as made:
        yield made


def head(url: str, key: str, *headers: str) -> bytes:
    lines = [f"POST {url} HTTP/1.1", "Host: gateway", f"Authorization: Bearer {key}", *headers, "", ""]
    return "\r\n".join(lines).encode()


def read_answer(line: socket.socket) -> bytes:
    """A whole answer with a Content-Length."""
    got = b""
    while b"\r\n\r\n" not in got:
        got += line.recv(65536)
    size = int(re.search(rb"content-length: (\d+)", got, re.IGNORECASE)[1])  # type: ignore[index]
    while len(got.partition(b"\r\n\r\n")[2]) < size:
        got += line.recv(65536)
    return got


def vault_files(stack: StackUrls, org: str) -> list[str]:
    """Everything that the vault on disk has of the organisation, and every file that is half written."""
    folder = Path(stack.vault_url.removeprefix("file://"))
    return [p.name for place in (folder / org, folder / ".tmp") for p in place.rglob("*") if p.is_file()]


def eventually(holds: object, patience_s: float = 5.0) -> bool:
    deadline = time.monotonic() + patience_s
    while time.monotonic() < deadline:
        if holds():  # type: ignore[operator]
            return True
        time.sleep(0.02)
    return False


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("reset", [False, True])
def test_an_upload_that_breaks_off_leaves_nothing(
    http: httpx.Client, served: Served, stack: StackUrls, org: str, key: str, url: str, line: socket.socket,
    chunked: bool, reset: bool,
) -> None:  # fmt: skip
    def broken() -> float:
        return served.gate.meters.broken.labels("ClientDisconnect")._value.get()

    before, body = broken(), os.urandom(2 << 20)
    if chunked:
        line.sendall(head(url, key, "Transfer-Encoding: chunked"))
        line.sendall(f"{len(body):x}\r\n".encode() + body + b"\r\n")
    else:
        line.sendall(head(url, key, f"Content-Length: {3 << 20}") + body)
    assert eventually(lambda: vault_files(stack, org))  # it is being written
    if reset:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    line.close()
    assert eventually(lambda: broken() == before + 1)
    assert eventually(lambda: vault_files(stack, org) == [])
    assert http.get("/v1/incidents/INC-1").json()["evidence"] == []


def test_an_upload_that_halts_is_ended_and_leaves_nothing(
    stack: StackUrls, org: str, key: str, url: str, line: socket.socket
) -> None:
    begun = time.monotonic()
    line.sendall(head(url, key, "Content-Length: 1000") + b"x" * 10)
    answer = read_answer(line)
    assert answer.startswith(b"HTTP/1.1 408"), answer
    assert LIMITS.idle_s <= time.monotonic() - begun < LIMITS.idle_s + 5
    assert vault_files(stack, org) == []


def test_a_slow_sender_is_not_a_halted_one(org: str, key: str, url: str, line: socket.socket) -> None:
    line.sendall(head(url, key, "Content-Length: 8"))
    for byte in b"evidence":
        time.sleep(LIMITS.idle_s / 5)
        line.sendall(bytes([byte]))
    answer = read_answer(line)
    assert answer.startswith(b"HTTP/1.1 201"), answer
    assert hashlib.sha256(b"evidence").hexdigest().encode() in answer


def test_what_is_too_large_is_refused_before_it_is_sent(key: str, url: str, line: socket.socket) -> None:
    line.sendall(head(url, key, f"Content-Length: {LIMITS.max_upload + 1}", "Expect: 100-continue"))
    assert line.recv(65536).startswith(b"HTTP/1.1 413")


def test_who_asks_first_is_let_in(key: str, url: str, line: socket.socket) -> None:
    line.sendall(head(url, key, "Content-Length: 4", "Expect: 100-continue"))
    assert line.recv(65536).startswith(b"HTTP/1.1 100")
    line.sendall(b"body")
    assert line.recv(65536).startswith(b"HTTP/1.1 201")


def test_twenty_slow_senders_keep_nobody_from_reading(
    http: httpx.Client, served: Served, key: str, url: str
) -> None:  # fmt: skip
    lines = []
    try:
        for _ in range(LIMITS.uploads + 4):
            lines.append(socket.create_connection(("127.0.0.1", served.port)))
            lines[-1].sendall(head(url, key, "Content-Length: 1000") + b"x")
        begun = time.monotonic()
        assert http.get("/v1/incidents").status_code == 200
        assert time.monotonic() - begun < LIMITS.idle_s
    finally:
        for one in lines:
            one.close()


def test_a_large_upload_takes_little_memory_and_is_whole(
    http: httpx.Client, stores: StoreSet, org: str, url: str
) -> None:  # fmt: skip
    piece = os.urandom(1 << 20)
    answer = http.post(url, content=(piece for _ in range(8)))
    deposit = answer.json()["deposit"]
    assert deposit["size"] == 8 << 20
    with stores.vault.open(org, deposit["sha256"]) as kept:
        assert hashlib.sha256(kept.read()).hexdigest() == deposit["sha256"]


def test_rules_are_handed_in_and_named_by_their_hash(http: httpx.Client) -> None:
    rule = b"title: x\n"
    answer = http.post("/v1/rule-sets", content=rule)
    assert (answer.status_code, answer.json()) == (
        201,
        {"sha256": hashlib.sha256(rule).hexdigest(), "size": len(rule)},
    )
    problem(http.post("/v1/rule-sets", content=b""), 400, "unusable-argument")
    problem(http.post("/v1/rule-sets", content=b"x" * (LIMITS.max_rules + 1)), 413, "too-large")


def test_headers_cannot_be_made_out_of_a_name(key: str, http: httpx.Client, line: socket.socket) -> None:
    http.post("/v1/incidents", json={"key": "INC-1", "title": "t"})
    line.sendall(head("/v1/incidents/INC-1/evidence?name=a%0d%0aX-Evil:%201", key, "Content-Length: 1") + b"x")
    answer = read_answer(line)
    assert answer.startswith(b"HTTP/1.1 400")
    assert b"\r\nX-Evil" not in answer
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["type"].endswith("unusable-argument")
