"""How much evidence an organisation may hold: its own limit within the installation's, shown, and held at every way in."""

from __future__ import annotations

import base64
from collections.abc import Iterator

import httpx
import pytest

from gateway.conftest import LIMITS, SETTINGS, client, new_key, serving
from gateway.test_incidents import problem
from ircopilot.stores import StoreSet

URL = "/v1/incidents/INC-1"


@pytest.fixture
def http(stores: StoreSet, key: str) -> Iterator[httpx.Client]:
    """An owner, where the installation allows 1,000 bytes."""
    with (
        serving(stores, SETTINGS, LIMITS.model_copy(update={"max_held": 1000})) as gateway,
        client(gateway, key) as made,
    ):
        made.post("/v1/incidents", json={"key": "INC-1", "title": "t"})
        yield made


def room(http: httpx.Client) -> tuple[int, int | None, int]:
    found = http.get("/v1/organisation").json()
    return found["max_held"], found["held_limit"], found["held"]


def allow(http: httpx.Client, bytes_: int) -> httpx.Response:
    tag = {"If-Match": http.get("/v1/organisation").headers["etag"]}
    return http.patch("/v1/organisation", json={"max_held": bytes_}, headers=tag)


def begin(http: httpx.Client, length: int) -> httpx.Response:
    name = base64.b64encode(b"memory.raw").decode()
    headers = {"Tus-Resumable": "1.0.0", "Upload-Length": str(length), "Upload-Metadata": f"filename {name}"}
    return http.post(f"{URL}/uploads", headers=headers)


def hand_in(http: httpx.Client, body: bytes) -> httpx.Response:
    return http.post(f"{URL}/evidence?name=a.log", content=body)


def test_an_organisation_limits_itself_within_the_installation(http: httpx.Client) -> None:
    assert room(http) == (0, 1000, 0)
    told = problem(allow(http, 1001), 400, "unusable-argument")
    assert "1,000" in str(told["detail"])
    changed = allow(http, 100)
    assert (changed.status_code, changed.json()["held_limit"]) == (200, 100)
    assert hand_in(http, b"x" * 50).status_code == 201
    assert hand_in(http, b"x" * 50).is_success  # the same bytes again take no more room
    assert room(http) == (100, 100, 50)
    refused = problem(begin(http, 60), 413, "over-quota")
    assert "50 of 100 bytes" in str(refused["detail"])
    assert "PATCH /v1/organisation" in str(refused["next_step"])
    upload = begin(http, 40)
    assert upload.status_code == 201
    assert room(http) == (100, 100, 90)  # what is under way counts in full
    problem(hand_in(http, b"y" * 11), 413, "over-quota")
    gone = http.delete(upload.headers["location"], headers={"Tus-Resumable": "1.0.0"})
    assert gone.status_code == 204
    assert hand_in(http, b"y" * 11).status_code == 201
    allow(http, 0)
    assert room(http) == (0, 1000, 61)
    at_end = problem(begin(http, 2000), 413, "over-quota")
    assert "IRCOPILOT_GATEWAY_MAX_HELD" in str(at_end["next_step"])


def test_only_who_may_change_the_organisation_changes_it(http: httpx.Client, stores: StoreSet, org: str) -> None:
    for role in ("admin", "lead", "analyst"):
        http.headers["Authorization"] = f"Bearer {new_key(stores, org, role)}"  # type: ignore[arg-type]
        assert http.get("/v1/organisation").json()["held_limit"] == 1000
        problem(allow(http, 10), 403, "forbidden")
