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
