"""The audit log over HTTP: pages without gaps, filters, both formats, checkpoints; another organisation's is unseen."""

from __future__ import annotations

import json

import httpx
import pytest

from gateway.conftest import Served, client, new_key
from gateway.test_incidents import problem
from ircopilot.access.audit import record_act
from ircopilot.access.caller import Caller
from ircopilot.stores import StoreSet
from ircopilot.stores.postgres.organisations import make_organisation


@pytest.fixture
def log(stores: StoreSet, org: str) -> list[str]:
    """Seven acts, oldest first."""
    acts = [f"incident.{n}" for n in ("open", "tag", "lead", "note", "restrict", "merge", "close")]
    caller = Caller(org, "user", "u1", "lead", "mira", address="192.0.2.7", request_id="r1")
    for act in acts:
        with stores.database.tenant(org) as tx:
            make_organisation(tx, org)
            record_act(tx, caller, act, "incident/INC-7", {"a": 1}, {"a": [2]})
    return acts


def test_pages_hold_every_entry_once_newest_first(http: httpx.Client, log: list[str]) -> None:
    seen, cursor = [], None
    while True:
        page = http.get("/v1/audit", params={"limit": 3} | ({"cursor": cursor} if cursor else {})).json()
        seen += page["items"]
        cursor = page["next"]
        if cursor is None:
            break
    assert [entry["act"] for entry in seen] == log[::-1]
    assert [entry["seq"] for entry in seen] == list(range(7, 0, -1))
    assert (seen[0]["before"], seen[0]["after"]) == ({"a": 1}, {"a": [2]})
    assert seen[0]["actor"] == {"kind": "user", "id": "u1", "label": "mira"}
    problem(http.get("/v1/audit", params={"cursor": "x"}), 400, "invalid-cursor")


def test_filters_narrow_and_bad_ones_are_refused(http: httpx.Client, log: list[str]) -> None:
    assert [e["act"] for e in http.get("/v1/audit", params={"act": "incident.close"}).json()["items"]] == [log[-1]]
    assert http.get("/v1/audit", params={"actor": "nobody"}).json() == {"items": [], "next": None}
    problem(http.get("/v1/audit", params={"since": "yesterday"}), 422, "invalid-request")


def test_the_export_is_whole_in_both_formats(http: httpx.Client, log: list[str]) -> None:
    lines = http.get("/v1/audit/export")
    assert lines.headers["content-type"] == "application/x-ndjson"
    assert [json.loads(line)["act"] for line in lines.text.splitlines()] == log
    cef = http.get("/v1/audit/export", params={"format": "cef"})
    assert "attachment" in cef.headers["content-disposition"]
    assert [line.split("|")[4] for line in cef.text.splitlines()] == log
    problem(http.get("/v1/audit/export", params={"format": "xml"}), 422, "invalid-request")
    assert http.get("/v1/audit/checkpoints").json() == {"items": []}


def test_another_organisations_log_is_unseen(served: Served, stores: StoreSet, log: list[str]) -> None:
    with client(served, new_key(stores, "org-elsewhere")) as other:
        assert other.get("/v1/audit").json()["items"] == []
        assert other.get("/v1/audit/export").text == ""


def test_an_auditor_sees_that_something_was_done_about_a_restricted_incident_and_not_what(
    http: httpx.Client, served: Served, stores: StoreSet, org: str
) -> None:
    for key in ("OPEN", "SECRET", "INTO"):
        assert http.post("/v1/incidents", json={"key": key, "title": f"title of {key}"}).status_code == 201
        made = http.post(f"/v1/incidents/{key}/comments", json={"body": f"word on {key}"}).json()["id"]
        changed = {"json": {"body": f"better word on {key}"}, "headers": {"If-Match": '"v1"'}}
        assert http.patch(f"/v1/incidents/{key}/comments/{made}", **changed).status_code == 200
        action = http.post(f"/v1/incidents/{key}/actions", json={"title": f"act on {key}", "state": "open"})
        moved = {"json": {"state": "done"}, "headers": {"If-Match": '"v1"'}}
        id_ = action.json()["action"]["id"]
        assert http.post(f"/v1/incidents/{key}/actions/{id_}/move", **moved).status_code == 200
    for key in ("SECRET", "INTO"):
        tag = {"If-Match": http.get(f"/v1/incidents/{key}").headers["etag"]}
        put = http.put(f"/v1/incidents/{key}/restriction", json={"restricted": True, "granted": []}, headers=tag)
        assert put.status_code == 200, put.text
    assert http.post("/v1/incidents/SECRET/merge", json={"into": "INTO"}).status_code == 200
    with client(served, new_key(stores, org, "auditor")) as auditor:
        whole = auditor.get("/v1/audit", params={"limit": 200})
        seen, all_ = whole.json()["items"], http.get("/v1/audit", params={"limit": 200}).json()["items"]
        assert [(e["seq"], e["act"], e["hash"]) for e in seen] == [(e["seq"], e["act"], e["hash"]) for e in all_]
        told = whole.text + "".join(
            auditor.get("/v1/audit/export", params={"format": kind}).text for kind in ("jsonl", "cef")
        )
        for key in ("SECRET", "INTO"):
            assert [e for e in seen if f"incident/{key}" in str(e)] == []
            assert f"incident/{key}" not in told
            assert f"on {key}" not in told
            assert f"title of {key}" not in told
        assert "better word on OPEN" in told
        hidden = [e for e in seen if e["restricted"]]
        assert {(e["target"], e["before"], e["after"]) for e in hidden} == {("restricted", None, None)}
        assert len(hidden) >= 2 * 6  # of each: opened, word, better word, act, moved, restricted; and merged
        assert auditor.get("/v1/audit", params={"target": "incident/SECRET"}).json()["items"] == []
        assert len(auditor.get("/v1/audit", params={"target": "incident/OPEN"}).json()["items"]) >= 1
        pages, cursor = [], None
        while True:
            page = auditor.get("/v1/audit", params={"limit": 4} | ({"cursor": cursor} if cursor else {})).json()
            pages += page["items"]
            if (cursor := page["next"]) is None:
                break
        assert pages == seen
    assert not any(e["restricted"] for e in all_)
