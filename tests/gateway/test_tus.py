"""Resumable uploads: the tus protocol walked through, and what clients do wrong, by accident and on purpose."""

from __future__ import annotations

import base64
import hashlib
import os
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.conftest import LIMITS, Served, client, new_key, serving
from gateway.test_incidents import problem
from gateway.test_upload import eventually, read_answer, vault_files
from ircopilot.settings import StackUrls
from ircopilot.stores import StoreSet

UPLOADS = "/v1/incidents/INC-1/uploads"
TUS = {"Tus-Resumable": "1.0.0"}
BODY = os.urandom(3 << 20)
SHA = hashlib.sha256(BODY).hexdigest()


@pytest.fixture(autouse=True)
def incident(http: httpx.Client) -> None:
    http.headers.update(TUS)
    assert http.post("/v1/incidents", json={"key": "INC-1", "title": "t"}).status_code == 201


def b64(text: str | bytes) -> str:
    return base64.b64encode(text.encode() if isinstance(text, str) else text).decode()


def begin(http: httpx.Client, length: int = len(BODY), name: str = "memory.raw", **more: Any) -> str:
    headers = {"Upload-Length": str(length), "Upload-Metadata": f"filename {b64(name)},empty"}
    answer = http.post(UPLOADS, headers=headers, **more)
    assert (answer.status_code, answer.headers["tus-resumable"]) == (201, "1.0.0"), answer.text
    return answer.headers["location"]


def send(http: httpx.Client, url: str, at: int, body: bytes, **headers: str) -> httpx.Response:
    given = {"Upload-Offset": str(at), "Content-Type": "application/offset+octet-stream"} | headers
    return http.patch(url, headers=given, content=body)


def offset(http: httpx.Client, url: str) -> int:
    answer = http.head(url)
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    return int(answer.headers["upload-offset"])


def parts_on_disk(stack: StackUrls, org: str) -> list[Path]:
    folder = Path(stack.vault_url.removeprefix("file://") + ".uploads") / org
    return [path for path in folder.rglob("*") if path.is_file()]


def evidence(http: httpx.Client) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = http.get("/v1/incidents/INC-1").json()["evidence"]
    return found


def test_what_uploads_can_do_is_told(http: httpx.Client) -> None:
    answer = http.options(UPLOADS)
    assert (answer.status_code, answer.headers["tus-version"]) == (204, "1.0.0")
    assert answer.headers["tus-max-size"] == str(LIMITS.max_upload)
    told = set(answer.headers["tus-extension"].split(","))
    assert told == {"creation", "creation-with-upload", "checksum", "expiration", "termination"}
    assert answer.headers["tus-checksum-algorithm"] == "sha256"


def test_an_upload_in_parts_becomes_evidence_and_leaves_no_part(
    http: httpx.Client, stack: StackUrls, stores: StoreSet, org: str
) -> None:
    url = begin(http)
    assert offset(http, url) == 0
    answer = send(http, url, 0, BODY[: 1 << 20])
    assert (answer.status_code, answer.headers["upload-offset"]) == (204, str(1 << 20))
    assert answer.headers["upload-expires"].endswith("GMT")
    for path in parts_on_disk(stack, org):
        assert BODY[1000:1100] not in path.read_bytes()
    assert parts_on_disk(stack, org)
    assert (evidence(http), vault_files(stack, org)) == ([], [])
    assert send(http, url, 1 << 20, BODY[1 << 20 :]).status_code == 204
    (deposit,) = evidence(http)
    assert (deposit["sha256"], deposit["size"], deposit["name"]) == (SHA, len(BODY), "memory.raw")
    with stores.vault.open(org, SHA) as kept:
        assert kept.read() == BODY
    assert parts_on_disk(stack, org) == []
    head = http.head(url)
    assert head.headers["upload-length"] == head.headers["upload-offset"] == str(len(BODY))
    assert head.headers["upload-metadata"] == f"filename {b64('memory.raw')},empty"
    shown = http.get(url).json()
    assert (shown["state"], shown["deposit"], shown["sha256"]) == ("done", deposit["id"], SHA)
    assert http.get(UPLOADS).json()["items"] == [shown]


def test_the_first_bytes_may_come_with_the_beginning(http: httpx.Client) -> None:
    media = {"Content-Type": "application/offset+octet-stream"}
    headers = {"Upload-Length": "10", **media}
    answer = http.post(UPLOADS, headers=headers, content=b"01234")
    assert (answer.status_code, answer.headers["upload-offset"]) == (201, "5")
    assert send(http, answer.headers["location"], 5, b"56789").status_code == 204
    assert [deposit["name"] for deposit in evidence(http)] == ["upload"]
    whole = http.post(UPLOADS, headers=headers, content=b"abcdefghij")
    assert whole.headers["upload-offset"] == "10"
    assert len(evidence(http)) == 2
    problem(http.post(UPLOADS, headers={"Upload-Length": "10"}, content=b"x"), 415, "unsupported-media")


def test_an_empty_upload_is_whole_at_once(http: httpx.Client) -> None:
    url = begin(http, 0, "empty")
    assert http.get(url).json()["sha256"] == hashlib.sha256(b"").hexdigest()
    assert evidence(http)[0]["size"] == 0


def test_what_came_before_a_break_is_kept(
    http: httpx.Client, served: Served, key: str, stack: StackUrls, org: str
) -> None:
    url = begin(http)
    head = (
        f"PATCH {url} HTTP/1.1\r\nHost: g\r\nAuthorization: Bearer {key}\r\nTus-Resumable: 1.0.0\r\n"
        f"Upload-Offset: 0\r\nContent-Type: application/offset+octet-stream\r\nContent-Length: {len(BODY)}\r\n"
    )
    with socket.create_connection(("127.0.0.1", served.port)) as line:
        line.sendall(f"{head}\r\n".encode() + BODY[: 2 << 20])
    assert eventually(lambda: offset(http, url) == 2 << 20, 20)
    with socket.create_connection(("127.0.0.1", served.port)) as line:
        line.sendall(
            f"{head}Upload-Checksum: sha256 {b64(hashlib.sha256(BODY).digest())}\r\n\r\n".encode()
            .replace(b"Upload-Offset: 0", b"Upload-Offset: 2097152")
            .replace(str(len(BODY)).encode(), b"1048576")
            + BODY[:1000]
        )
    assert eventually(lambda: len(parts_on_disk(stack, org)) == 1, 20)
    assert offset(http, url) == 2 << 20
    assert send(http, url, 2 << 20, BODY[2 << 20 :]).status_code == 204
    assert evidence(http)[0]["sha256"] == SHA


def test_an_upload_that_halts_is_ended_and_goes_on_later(http: httpx.Client, served: Served, key: str) -> None:
    url = begin(http, 100)
    with socket.create_connection(("127.0.0.1", served.port), timeout=30) as line:
        line.sendall(
            f"PATCH {url} HTTP/1.1\r\nHost: g\r\nAuthorization: Bearer {key}\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 0"
            "\r\nContent-Type: application/offset+octet-stream\r\nContent-Length: 100\r\n\r\n0123456789".encode()
        )
        answer = read_answer(line)
    assert answer.startswith(b"HTTP/1.1 408")
    assert b"tus-resumable: 1.0.0" in answer.lower()
    assert offset(http, url) == 10


def test_an_upload_goes_on_after_the_gateway_was_started_anew(stores: StoreSet, key: str) -> None:
    with serving(stores) as first, client(first, key) as http:
        http.headers.update(TUS)
        url = begin(http)
        assert send(http, url, 0, BODY[:1000]).status_code == 204
    with serving(stores) as second, client(second, key) as http:
        http.headers.update(TUS)
        assert offset(http, url) == 1000
        assert send(http, url, 1000, BODY[1000:]).status_code == 204
        assert evidence(http)[0]["sha256"] == SHA


def test_of_two_that_send_the_same_bytes_one_wins(http: httpx.Client, stack: StackUrls, org: str) -> None:
    url = begin(http)
    together = threading.Barrier(6)

    def race(body: bytes) -> int:
        together.wait()
        return send(http, url, 0, body).status_code

    with ThreadPoolExecutor(6) as pool:
        codes = list(pool.map(race, [bytes([n]) * 500_000 for n in range(6)]))
    assert sorted(codes) == [204, 409, 409, 409, 409, 409]
    assert offset(http, url) == 500_000
    assert len(parts_on_disk(stack, org)) == 1
    assert send(http, url, 500_000, BODY[500_000:]).status_code == 204
    assert (
        evidence(http)[0]["sha256"] == hashlib.sha256(bytes([codes.index(204)]) * 500_000 + BODY[500_000:]).hexdigest()
    )


def test_a_part_with_a_checksum_counts_whole_or_not_at_all(http: httpx.Client, stack: StackUrls, org: str) -> None:
    url = begin(http, 10)
    right = {"Upload-Checksum": f"sha256 {b64(hashlib.sha256(b'01234').digest())}"}
    wrong = send(http, url, 0, b"x1234", **right)
    problem(wrong, 460, "checksum-mismatch")
    assert (offset(http, url), parts_on_disk(stack, org)) == (0, [])
    assert send(http, url, 0, b"01234", **right).headers["upload-offset"] == "5"
    for bad in ("md5 AAAA", "sha256 ###", "sha256", f"sha256 {b64(b'short')}"):
        problem(send(http, url, 5, b"56789", **{"Upload-Checksum": bad}), 400, "unusable-argument")
    assert offset(http, url) == 5


def test_an_upload_is_given_up(http: httpx.Client, stack: StackUrls, org: str) -> None:
    url = begin(http)
    send(http, url, 0, BODY[:1000])
    assert http.delete(url).status_code == 204
    assert parts_on_disk(stack, org) == []
    assert http.head(url).status_code == 404
    problem(send(http, url, 1000, b"x"), 404, "unknown-upload")
    problem(http.delete(url), 404, "unknown-upload")
    assert evidence(http) == []


def test_what_expires_is_gone_with_its_bytes(stores: StoreSet, stack: StackUrls, org: str, key: str) -> None:
    with (
        serving(stores, limits=LIMITS.model_copy(update={"upload_life_s": 0.5})) as served,
        client(served, key) as http,
    ):
        http.headers.update(TUS)
        url = begin(http)
        answer = send(http, url, 0, BODY[:1000])
        assert answer.status_code in (204, 410)  # a slow machine may take longer than its life
        assert eventually(lambda: http.head(url).status_code == 410, 30)
        problem(send(http, url, 1000, b"x"), 410, "upload-expired")
        begin(http)
        assert parts_on_disk(stack, org) == []
        assert http.head(url).status_code == 404


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/passwd", "etc/passwd"),
        ("C:\\Users\\bob\\a.evtx", "Users/bob/a.evtx"),
        ("/root/.ssh/id", "root/.ssh/id"),
        ("a\r\nX-Evil: 1\0.log", "aX-Evil: 1.log"),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        ("~root/x", "root/x"),
        ("....//....//x", "x"),
        ("", "upload"),
        ("/", "upload"),
        ("..", "upload"),
        ("Grüße/日本.txt", "Grüße/日本.txt"),
        ("d/" * 600 + "x.log", None),
    ],
)  # fmt: skip
def test_a_hostile_name_is_reduced_to_a_safe_one(http: httpx.Client, name: str, kept: str | None) -> None:
    begin(http, 0, name)
    shown = evidence(http)[0]["name"]
    if kept is None:
        assert len(shown.encode()) <= 1024
        assert shown.endswith("x.log")
    else:
        assert shown == kept.replace("X-Evil: 1", "X-Evil_ 1")


@pytest.mark.parametrize(
    ("headers", "status", "kind"),
    [
        ({}, 400, "unusable-argument"),
        ({"Upload-Length": "-1"}, 400, "unusable-argument"),
        ({"Upload-Length": "1e3"}, 400, "unusable-argument"),
        ({"Upload-Length": "9" * 30}, 400, "unusable-argument"),
        ({"Upload-Length": str(LIMITS.max_upload + 1)}, 413, "too-large"),
        ({"Upload-Length": "1", "Upload-Defer-Length": "1"}, 400, "unusable-argument"),
        ({"Upload-Length": "1", "Upload-Metadata": "filename ###"}, 400, "unusable-argument"),
        ({"Upload-Length": "1", "Upload-Metadata": "a YQ==,a YQ=="}, 400, "unusable-argument"),
        ({"Upload-Length": "1", "Upload-Metadata": ",,"}, 400, "unusable-argument"),
        ({"Upload-Length": "1", "Upload-Metadata": "a " + "A" * 5000}, 400, "unusable-argument"),
        ({"Upload-Length": "1", "Tus-Resumable": "0.2.2"}, 412, "unsupported-tus"),
    ],
)  # fmt: skip
def test_what_cannot_begin_is_a_problem(http: httpx.Client, headers: dict[str, str], status: int, kind: str) -> None:
    answer = http.post(UPLOADS, headers=headers)
    problem(answer, status, kind)
    assert answer.headers["tus-resumable"] == "1.0.0"
    assert ("tus-version" in answer.headers) == (status == 412)
    assert http.get(UPLOADS).json()["items"] == []


def test_what_cannot_be_sent_is_a_problem_and_changes_nothing(http: httpx.Client) -> None:
    url = begin(http, 10)
    assert send(http, url, 0, b"01234").status_code == 204
    conflict = send(http, url, 0, b"01234")
    problem(conflict, 409, "upload-conflict")
    assert conflict.headers["upload-offset"] == "5"
    problem(send(http, url, 11, b"x"), 409, "upload-conflict")
    problem(send(http, url, 5, b"x" * 6), 413, "too-large")
    problem(send(http, url, 5, b"x", **{"Content-Type": "text/plain"}), 415, "unsupported-media")
    for bad in ("", "-1", "five", "5, 5"):
        problem(send(http, url, 5, b"x", **{"Upload-Offset": bad}), 400, "unusable-argument")
    problem(send(http, url, 5, b"x", **{"Tus-Resumable": "2.0.0"}), 412, "unsupported-tus")
    problem(http.patch(f"{UPLOADS}/{'0' * 32}", headers={"Upload-Offset": "0", "Content-Type":
            "application/offset+octet-stream"}), 404, "unknown-upload")  # fmt: skip
    assert http.patch(f"{UPLOADS}/..%2f..%2fx", headers={"Upload-Offset": "0"}).status_code in (404, 422)
    problem(http.put(url), 405, "method-not-allowed")
    assert offset(http, url) == 5
    chunked = http.patch(url, content=iter([b"x" * 6]), headers={"Upload-Offset": "5", "Content-Type":
                         "application/offset+octet-stream"})  # fmt: skip
    problem(chunked, 413, "too-large")


def test_another_organisations_upload_is_not_there(served: Served, stores: StoreSet, http: httpx.Client) -> None:
    url = begin(http, 10)
    with client(served, new_key(stores, "org-of-a-stranger")) as stranger:
        stranger.headers.update(TUS)
        stranger.post("/v1/incidents", json={"key": "INC-1", "title": "t"})
        assert stranger.head(url).status_code == 404
        problem(stranger.get(url), 404, "unknown-upload")
        problem(send(stranger, url, 0, b"x"), 404, "unknown-upload")
        problem(stranger.delete(url), 404, "unknown-upload")
    assert offset(http, url) == 0


def test_no_more_is_taken_than_the_organisation_may_have(stores: StoreSet, key: str) -> None:
    with serving(stores, limits=LIMITS.model_copy(update={"max_held": 1000})) as served, client(served, key) as http:
        http.headers.update(TUS)
        url = begin(http, 600)
        problem(http.post(UPLOADS, headers={"Upload-Length": "401"}), 413, "over-quota")
        begin(http, 400)
        assert send(http, url, 0, b"x" * 600).status_code == 204
        problem(http.post(UPLOADS, headers={"Upload-Length": "1"}), 413, "over-quota")
        assert http.delete(url).status_code == 204
        problem(http.post(UPLOADS, headers={"Upload-Length": "1"}), 413, "over-quota")  # evidence stays evidence


def test_a_part_that_was_changed_on_disk_never_becomes_evidence(http: httpx.Client, stack: StackUrls, org: str) -> None:
    url = begin(http, 20)
    send(http, url, 0, b"0123456789")
    (path,) = parts_on_disk(stack, org)
    stored = bytearray(path.read_bytes())
    stored[-1] ^= 1
    path.write_bytes(stored)
    problem(send(http, url, 10, b"0123456789"), 500, "tampered-object")
    assert (evidence(http), vault_files(stack, org)) == ([], [])
