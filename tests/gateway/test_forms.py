"""Files handed in by a form: streamed, named safely, each kept when it is whole."""

from __future__ import annotations

import hashlib
import os
import socket

import httpx
import pytest

from gateway.conftest import LIMITS, Served
from gateway.test_incidents import problem
from gateway.test_upload import eventually, read_answer, vault_files
from ircopilot.settings import StackUrls

URL = "/v1/incidents/INC-1/evidence"


@pytest.fixture(autouse=True)
def incident(http: httpx.Client) -> None:
    http.post("/v1/incidents", json={"key": "INC-1", "title": "t"})


def names(http: httpx.Client) -> list[str]:
    return [deposit["name"] for deposit in http.get("/v1/incidents/INC-1").json()["evidence"]]


def test_several_files_are_several_deposits(http: httpx.Client) -> None:
    bodies = [os.urandom(1_000_000), b"", b"--X\r\n--X--\r\n" * 1000]
    files = [("file", (f"f{n}.log", body)) for n, body in enumerate(bodies)]
    answer = http.post(URL, files=files, data={"note": "not a file"})
    assert answer.status_code == 201, answer.text
    found = answer.json()
    assert [d["sha256"] for d in found["deposits"]] == [hashlib.sha256(body).hexdigest() for body in bodies]
    assert found["deposit"] == found["deposits"][0]
    assert names(http) == ["f0.log", "f1.log", "f2.log"]


@pytest.mark.parametrize(
    ("given", "kept"),
    [("../../etc/passwd", "etc/passwd"), ("C:\\x\\a.evtx", "a.evtx"), ("a\u202eb", "ab"), ("..", "upload")],
)
def test_a_hostile_name_is_reduced_to_a_safe_one(http: httpx.Client, given: str, kept: str) -> None:
    body = f'--b\r\nContent-Disposition: form-data; name="f"; filename="{given}"\r\n\r\nx\r\n--b--\r\n'.encode()
    answer = http.post(URL, content=body, headers={"Content-Type": "multipart/form-data; boundary=b"})
    assert answer.status_code == 201, answer.text
    assert names(http) == [kept]


@pytest.mark.parametrize(
    ("kind", "body", "status", "name"),
    [
        ("multipart/form-data", b"", 400, "unusable-argument"),
        ("multipart/form-data; boundary=" + "b" * 71, b"", 400, "unusable-argument"),
        ("multipart/form-data; boundary=b", b"no form at all", 400, "unusable-argument"),
        ("multipart/form-data; boundary=b", b"", 400, "broken-upload"),
        ("multipart/form-data; boundary=b", b"--b--\r\n", 400, "unusable-argument"),
        ("multipart/form-data; boundary=b", b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nv\r\n--b--\r\n', 400,
         "unusable-argument"),
        ("multipart/form-data; boundary=b", b"--b\r\n" + b"X: y\r\n" * 50 + b"\r\nx\r\n--b--\r\n", 400, "unusable-argument"),
        ("multipart/form-data; boundary=b", b"--b\r\nX: " + b"y" * 9000 + b"\r\n\r\nx\r\n--b--\r\n", 400, "unusable-argument"),
    ],
)  # fmt: skip
def test_what_is_no_form_is_a_problem(http: httpx.Client, kind: str, body: bytes, status: int, name: str) -> None:
    problem(http.post(URL, content=body, headers={"Content-Type": kind}), status, name)
    assert names(http) == []


def test_a_digest_of_a_form_is_refused_and_not_ignored(http: httpx.Client) -> None:
    said = {"X-Content-SHA256": hashlib.sha256(b"x").hexdigest()}
    problem(http.post(URL, files={"f": ("a", b"x")}, headers=said), 400, "unusable-argument")
    assert names(http) == []


def test_a_form_that_is_too_large_or_has_too_many_files_is_refused(http: httpx.Client) -> None:
    problem(http.post(URL, files={"f": ("a", b"x" * LIMITS.max_upload)}), 413, "too-large")
    answer = http.post(URL, files=[("f", (f"f{n}", b"x")) for n in range(101)])
    problem(answer, 400, "unusable-argument")


@pytest.mark.parametrize("ends", [True, False])
def test_of_a_form_that_breaks_off_whole_files_are_kept_and_no_half_one(
    http: httpx.Client, served: Served, key: str, stack: StackUrls, org: str, ends: bool
) -> None:
    part = b'--b\r\nContent-Disposition: form-data; name="f"; filename="%s"\r\n\r\n%s'
    body = part % (b"whole", b"x" * 600_000) + b"\r\n" + part % (b"half", os.urandom(600_000))
    length = len(body) + (0 if ends else 1000)
    with socket.create_connection(("127.0.0.1", served.port), timeout=30) as line:
        head = f"POST {URL} HTTP/1.1\r\nHost: g\r\nAuthorization: Bearer {key}\r\nContent-Length: {length}\r\n"
        line.sendall(head.encode() + b"Content-Type: multipart/form-data; boundary=b\r\n\r\n" + body)
        if ends:
            assert b"broken-upload" in read_answer(line)
        else:
            assert eventually(lambda: names(http) == ["whole"], 20)
    assert eventually(lambda: vault_files(stack, org) == [hashlib.sha256(b"x" * 600_000).hexdigest()], 20)
    assert names(http) == ["whole"]
