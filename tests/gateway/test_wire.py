"""Bytes on the wire: what could be read in two ways is refused, and where a request ends is never in doubt."""

from __future__ import annotations

import re
import socket
from contextlib import suppress

import httpx
import pytest

from gateway.conftest import Served
from ircopilot.gateway.wire import MOST_HEAD

GET, LAST = b"GET /healthz HTTP/1.1\r\n", b"Host: a\r\nConnection: close\r\n\r\n"
SENT = b"POST /v1/auth/sign-in HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
REFUSED = {
    "no host": GET + b"\r\n",
    "two hosts": GET + b"Host: a\r\nHost: b\r\n\r\n",
    "a length and a coding": SENT + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "two lengths": SENT + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
    "a length with a sign": SENT + b"Content-Length: +3\r\n\r\nabc",
    "another coding": SENT + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "a coding that is none": SENT + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "a broken chunk": SENT + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n\r\n",
    "a space before the colon": GET + b"Host : a\r\n\r\n",
    "a NUL": GET + b"Host: a\r\nX-A: b\0c\r\n\r\n",
    "a bare CR": GET + b"Host: a\r\nX-A: b\rX-B: c\r\n\r\n",
    "a name that is no token": GET + b"Host: a\r\nX(A): b\r\n\r\n",
    "a tunnel": b"CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n",
    "no method": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 / HTTP/1.1\r\n\r\n",
    "another version": b"GET /healthz HTTP/9.7\r\nHost: a\r\n\r\n",
    "no path": b"GET  HTTP/1.1\r\nHost: a\r\n\r\n",
    "a long head": GET + b"Host: a\r\n" + b"".join(b"X-%d: %b\r\n" % (n, b"a" * 1000) for n in range(400)) + b"\r\n",
    "a field without an end": GET + b"Host: a\r\nX-A: " + b"a" * 3 * MOST_HEAD,
    "a path without an end": b"GET /" + b"a" * 3 * MOST_HEAD,
    "long trailers": SENT + b"Transfer-Encoding: chunked\r\n\r\n0\r\nX-A: " + b"a" * 3 * MOST_HEAD,
    "a long extension": SENT + b"Transfer-Encoding: chunked\r\n\r\n1;" + b"a" * 3 * MOST_HEAD,
}


def spoken(served: Served, sent: bytes, piece: int = 0) -> bytes:
    """All that is answered to these bytes until the far end closes, which may overtake the answer."""
    with socket.create_connection(("127.0.0.1", served.port), timeout=10) as line:
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        found = b""
        with suppress(ConnectionError):
            for at in range(0, len(sent), piece or len(sent)):
                line.sendall(sent[at : at + (piece or len(sent))])
            while more := line.recv(65536):
                found += more
        return found


def statuses(answers: bytes) -> list[int]:
    return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3}) ", answers)]


@pytest.mark.parametrize("sent", REFUSED.values(), ids=REFUSED.keys())
def test_what_could_be_read_in_two_ways_is_refused(served: Served, sent: bytes) -> None:
    assert statuses(spoken(served, sent, MOST_HEAD // 2)) in ([400], [])


@pytest.mark.parametrize("piece", [0, 7])
def test_a_request_that_would_switch_protocols_keeps_its_body(served: Served, key: str, piece: int) -> None:
    """What comes with it is its body, and no request of its own."""
    within = GET + LAST
    sent = (
        b"POST /v1/incidents HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
        b"Authorization: Bearer %b\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"
    )
    opened = b'{"title": "one"}'
    answers = spoken(served, sent % (key.encode(), len(opened), opened) + within, piece)
    assert statuses(answers) == [201, 200]
    answers = spoken(served, sent % (key.encode(), len(within), within) + within, piece)
    assert statuses(answers) == [422, 200]


def test_a_trailer_is_no_field(served: Served, key: str) -> None:
    sent = (
        b"POST /v1/incidents HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Type: application/json\r\n\r\n"
        b"2\r\n{}\r\n0\r\nAuthorization: Bearer %b\r\n\r\n" % key.encode()
    )
    assert statuses(spoken(served, sent, 11)) == [401]


def test_requests_in_one_piece_are_answered_in_their_order(served: Served) -> None:
    sent = b"".join(
        b"GET /%b HTTP/1.1\r\nHost: a\r\n\r\n" % path for path in (b"healthz", b"readyz", b"healthz", b"v1/runs")
    )
    for piece in (0, 5):
        assert statuses(spoken(served, sent, piece)) == [200, 200, 200, 401]


def test_a_long_body_may_come_at_once(served: Served, key: str) -> None:
    head = (
        b"POST /v1/incidents HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer %b\r\nContent-Type: application/json\r\n"
        % key.encode()
    )
    body = b'{"title": "one", "summary": "%b"}' % (b"a" * 3 * MOST_HEAD)
    sent = head + b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
    assert statuses(spoken(served, sent + GET + LAST)) == [422, 200]


def test_the_longest_search_is_asked_in_one_address(served: Served, http: httpx.Client, key: str) -> None:
    assert http.post("/v1/incidents", json={"key": "INC-1", "title": "A laptop"}).status_code == 201
    longest = b"%22" + b"%F0%9F%94%8E" * 19_998 + b"%22"
    line = b"GET /v1/incidents/INC-1/events?q=%b HTTP/1.1\r\nAuthorization: Bearer %b\r\n" % (longest, key.encode())
    answer = spoken(served, line + LAST)
    assert b"invalid-search" in answer  # it arrived, and is one word too long
    assert http.get("/v1/incidents?text=a?b&limit=1").json() == {"items": [], "next": None}
