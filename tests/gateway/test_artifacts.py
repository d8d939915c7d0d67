"""Artifacts over HTTP: what they are, their bytes, and who had them in hand."""

from __future__ import annotations

import base64
import hashlib
import os
import uuid
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.stores.events.invented import event, insert_events

from gateway.conftest import Served, client, new_key
from gateway.test_incidents import problem
from ircopilot.domain.evidence import Artifact, Clock, Load, ParseError
from ircopilot.settings import StackUrls
from ircopilot.stores import StoreSet
from ircopilot.stores.postgres import loads
from ircopilot.stores.postgres.artifacts import record_artifact, record_artifact_errors
from ircopilot.stores.postgres.deposits import record_deposit
from ircopilot.stores.postgres.incidents import upsert_incident

BODY = os.urandom(700_000)
EVIL = 'a/../"x";\r\nX-Evil: 1\u202e\u20ac.evtx'
LIST = "/v1/incidents/INC-1/artifacts"


@pytest.fixture
def org() -> str:
    return str(uuid.uuid4())


def add(stores: StoreSet, org: str, body: bytes, name: str, **more: Any) -> str:
    sha256, size = stores.vault.put(org, [body])
    with stores.database.tenant(org) as tx:
        incident = upsert_incident(tx, "INC-1", "An incident")
        artifact = Artifact(sha256=sha256, size=size, name=name, format="json_lines/example", **more)
        record_artifact(tx, incident.incident_id, artifact)
        record_deposit(tx, incident.incident_id, sha256, name, size, "key 1")
    return sha256


@pytest.fixture
def sha256(stores: StoreSet, org: str, key: str) -> str:
    """An artifact with two events ninety minutes apart, three errors, and a name out of a nightmare."""
    found = add(stores, org, BODY, EVIL)
    load_id = insert_events(stores, org, [event(0), event(5400)])
    errors = tuple(ParseError(locator=f"line:{n}", reason="no JSON") for n in (3, 7))
    load = Load(
        load_id=load_id, artifact_sha256=found, mapping="m", mapping_version="2", records=5, events=2, skips=1, errors=2,
        parse_errors=errors, clock=Clock(offset_s=60.0), first_time="2031-05-01T10:00:00Z",
        last_time="2031-05-01T11:30:00Z",
    )  # fmt: skip
    with stores.database.tenant(org) as tx:
        incident = upsert_incident(tx, "INC-1", "An incident")
        loads.open_load(tx, incident.incident_id, load)
        loads.commit_load(tx, incident.incident_id, load)
        record_artifact_errors(tx, incident.incident_id, found, [ParseError(locator="", reason="cut short")])
    return found


def acts(http: httpx.Client, sha256: str) -> list[str]:
    return [line["act"] for line in http.get(f"{LIST}/{sha256}/custody").json()["items"]]


def test_an_artifact_is_told_with_all_that_is_known_of_it(http: httpx.Client, sha256: str) -> None:
    item = http.get(f"{LIST}/{sha256}").json()
    assert (item["name"], item["size"], item["members"]) == (EVIL, len(BODY), 0)
    parsed = item["parsed"]
    assert (parsed["records"], parsed["events"], parsed["errors"], parsed["skips"]) == (5, 2, 3, 1)
    assert (parsed["mappings"], parsed["clocks"][0]["offset_s"]) == (["m 2"], 60.0)
    assert (parsed["first_time"], parsed["last_time"]) == ("2031-05-01T10:00:00Z", "2031-05-01T11:30:00Z")
    assert item["lock"] == {"legal_hold": False, "retain_until": None}
    assert [deposit["sha256"] for deposit in item["deposits"]] == [sha256]
    counts = item["spark"]["counts"]
    assert (sum(counts), counts[0], item["spark"]["start"]) == (2, 1, "2031-05-01T10:00:00Z")
    assert item == http.get(LIST).json()["items"][0]


def test_artifacts_are_listed_page_by_page_and_by_parent(
    http: httpx.Client, stores: StoreSet, org: str, sha256: str
) -> None:
    for n in range(4):
        add(stores, org, bytes([n]), f"m{n % 2}", parent_sha256=sha256 if n else None, member=f"m{n}")
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = http.get(LIST, params={"limit": 2} | ({"cursor": cursor} if cursor else {})).json()
        seen += [item["sha256"] for item in page["items"]]
        cursor = page["next"]
    assert (len(seen), len(set(seen))) == (5, 5)
    assert len(http.get(LIST, params={"parent": sha256}).json()["items"]) == 3
    assert http.get(f"{LIST}/{sha256}").json()["members"] == 3


def test_errors_are_told_by_place_and_counted(http: httpx.Client, sha256: str) -> None:
    first = http.get(f"{LIST}/{sha256}/errors", params={"limit": 2}).json()
    assert [line["locator"] for line in first["items"]] == ["", "line:3"]
    assert first["total"] == 3
    rest = http.get(f"{LIST}/{sha256}/errors", params={"cursor": first["next"]}).json()
    assert (rest["items"], rest["next"]) == ([{"locator": "line:7", "reason": "no JSON"}], None)


def test_a_download_is_an_attachment_under_a_safe_name_and_noted(http: httpx.Client, sha256: str) -> None:
    answer = http.get(f"{LIST}/{sha256}/download")
    assert answer.content == BODY
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["etag"] == f'"{sha256}"'
    assert "x-evil" not in answer.headers
    said = answer.headers["content-disposition"]
    assert (
        said == "attachment; filename=\"_x__X-Evil_ 1_.evtx\"; filename*=UTF-8''%22x%22%3BX-Evil%3A%201%E2%82%AC.evtx"
    )
    assert acts(http, sha256) == ["downloaded", "received"]
    line = http.get(f"{LIST}/{sha256}/custody", params={"limit": 1}).json()
    assert line["items"][0]["actor"].startswith("key ")
    assert http.get(f"{LIST}/{sha256}/custody", params={"cursor": line["next"]}).json()["items"][0]["act"] == "received"


@pytest.mark.parametrize(
    ("asked", "part"),
    [
        ("bytes=0-0", slice(0, 1)),
        ("bytes=5-9", slice(5, 10)),
        ("bytes=600000-", slice(600_000, None)),
        ("bytes=-7", slice(-7, None)),
        ("bytes=10-99999999", slice(10, None)),
    ],
)
def test_a_range_is_that_part(http: httpx.Client, sha256: str, asked: str, part: slice) -> None:
    answer = http.get(f"{LIST}/{sha256}/download", headers={"Range": asked})
    assert (answer.status_code, answer.content) == (206, BODY[part])
    first, end, _ = part.indices(len(BODY))
    assert answer.headers["content-range"] == f"bytes {first}-{end - 1}/{len(BODY)}"


@pytest.mark.parametrize("asked", ["bytes=9-5", "bytes=-", "lines=1-2", "bytes=0-1,3-4", "bytes=a-b"])
def test_what_is_no_range_is_answered_with_the_whole(http: httpx.Client, sha256: str, asked: str) -> None:
    answer = http.get(f"{LIST}/{sha256}/download", headers={"Range": asked})
    assert (answer.status_code, len(answer.content)) == (200, len(BODY))


def test_ranges_outside_other_versions_and_what_the_caller_has(http: httpx.Client, sha256: str) -> None:
    url = f"{LIST}/{sha256}/download"
    outside = http.get(url, headers={"Range": f"bytes={len(BODY)}-"})
    problem(outside, 416, "unsatisfiable-range")
    assert outside.headers["content-range"] == f"bytes */{len(BODY)}"
    assert http.get(url, headers={"Range": "bytes=0-1", "If-Range": '"other"'}).status_code == 200
    assert http.get(url, headers={"If-None-Match": f'"{sha256}"'}).status_code == 304
    assert acts(http, sha256) == ["downloaded", "received"]


def test_bytes_are_read_in_bounded_parts(http: httpx.Client, sha256: str) -> None:
    part = http.get(f"{LIST}/{sha256}/raw", params={"offset": 300_000, "length": 16}).json()
    assert (base64.b64decode(part["base64"]), part["size"]) == (BODY[300_000:300_016], len(BODY))
    assert http.get(f"{LIST}/{sha256}/raw", params={"offset": len(BODY)}).json()["length"] == 0
    problem(http.get(f"{LIST}/{sha256}/raw", params={"length": 2 << 20}), 422, "invalid-request")
    assert acts(http, sha256) == ["read", "received"]


def test_an_artifact_is_hashed_anew_and_a_changed_one_is_found(
    http: httpx.Client, sha256: str, stack: StackUrls, org: str
) -> None:
    whole = http.post(f"{LIST}/{sha256}/verify").json()
    assert whole == {"intact": True, "sha256": sha256, "size": len(BODY), "reason": None}
    (path,) = Path(stack.vault_url.removeprefix("file://")).glob(f"{org}/*/{sha256}")
    path.chmod(0o600)
    stored = bytearray(path.read_bytes())
    stored[-100] ^= 1
    path.write_bytes(stored)
    changed = http.post(f"{LIST}/{sha256}/verify").json()
    assert changed["intact"] is False
    assert "does not authenticate" in changed["reason"]
    path.unlink()
    assert http.post(f"{LIST}/{sha256}/verify").json()["intact"] is False
    assert http.get(f"{LIST}/{sha256}").json()["lock"] is None
    problem(http.get(f"{LIST}/{sha256}/download"), 404, "missing-object")
    lines = http.get(f"{LIST}/{sha256}/custody").json()["items"]
    assert [line["detail"].get("intact") for line in lines[:3]] == [False, False, True]


def test_a_legal_hold_is_set_and_lifted_with_a_reason(
    http: httpx.Client, sha256: str, stores: StoreSet, org: str
) -> None:
    held = http.put(f"{LIST}/{sha256}/hold", json={"reason": "Matter 17"}).json()
    assert held["lock"]["legal_hold"] is True
    assert stores.vault.lock_of(org, sha256).legal_hold
    lifted = http.post(f"{LIST}/{sha256}/hold/lift", json={"reason": "closed"}).json()
    assert lifted["lock"]["legal_hold"] is False
    assert acts(http, sha256) == ["released", "held", "received"]
    problem(http.put(f"{LIST}/{sha256}/hold", json={}), 422, "invalid-request")


def test_what_is_another_organisations_is_not_there(
    served: Served, stores: StoreSet, http: httpx.Client, sha256: str
) -> None:
    other = str(uuid.uuid4())
    paths = ("", "/errors", "/custody", "/download", "/raw")
    with client(served, new_key(stores, other)) as stranger:
        problem(stranger.get(LIST), 404, "unknown-incident")
        with stores.database.tenant(other) as tx:
            upsert_incident(tx, "INC-1", "Ours")
        assert stranger.get(LIST).json() == {"items": [], "next": None}
        for path in paths:
            problem(stranger.get(f"{LIST}/{sha256}{path}"), 404, "unknown-artifact")
        problem(stranger.post(f"{LIST}/{sha256}/verify"), 404, "unknown-artifact")
        problem(stranger.put(f"{LIST}/{sha256}/hold", json={"reason": "x"}), 404, "unknown-artifact")
    for path in paths:
        problem(http.get(f"{LIST}/{hashlib.sha256(b'').hexdigest()}{path}"), 404, "unknown-artifact")
        problem(http.get(f"{LIST}/..%2f..%2fetc{path}"), 404, "no-such-route")
