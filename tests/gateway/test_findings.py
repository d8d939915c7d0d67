"""Findings over the API: filtered and paged, in an analyst's word, as graph and tree, down to the cited record."""

from __future__ import annotations

import json
import uuid
from typing import Any

import httpx
import pytest

from conftest import SampleCase
from gateway.conftest import Served, client, new_key
from gateway.copied import Copied
from gateway.test_incidents import problem
from ircopilot.domain.findings import Findings
from ircopilot.report.findings import with_words
from ircopilot.report.graph import build_graph
from ircopilot.stores import StoreSet
from ircopilot.stores.postgres import analyst_words

pytestmark = pytest.mark.timeout(300)
URL = "/v1/incidents/SAMPLE"


@pytest.fixture
def org(sample_case: SampleCase) -> str:
    """The sample's organisation."""
    return sample_case.org


def everything(http: httpx.Client, path: str, **params: Any) -> list[dict[str, Any]]:
    """All items of a list, page by page."""
    found: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    while True:
        answer = http.get(path, params={**params, **cursor})
        assert answer.status_code == 200, answer.text
        found += answer.json()["items"]
        if answer.json()["next"] is None:
            return found
        cursor = {"cursor": answer.json()["next"]}


def test_comments_stand_at_what_is_there(http: httpx.Client, case: Copied) -> None:
    claim = next(c["id"] for s in http.get(f"{case.url}/reports/1").json()["sections"] for c in s["claims"])
    there = {
        "event": http.get(f"{case.url}/events").json()["items"][0]["id"], "claim": claim, "report": "1",
        "entity": http.get(f"{case.url}/entities").json()["items"][0]["id"],
    }  # fmt: skip
    for kind, id_ in there.items():
        said = {"body": "b", "anchor": {"type": kind, "id": id_}}
        assert http.post(f"{case.url}/comments", json=said).status_code == 201, kind
        said["anchor"] = {"type": kind, "id": "9" * 32}
        problem(http.post(f"{case.url}/comments", json=said), 422, "unknown-anchor")


def test_lists_hold_what_the_report_holds_page_by_page(http: httpx.Client, sample_case: SampleCase) -> None:
    for noun, key in (("entities", "id"), ("indicators", "value"), ("techniques", "id"), ("detections", "rule_id")):
        assert sorted(i[key] for i in everything(http, f"{URL}/{noun}", limit=7)) == sorted(
            i[key] for i in sample_case.report[noun]
        ), noun
    story = everything(http, f"{URL}/story", limit=11)
    assert [e["summary"] for e in story] == [e["summary"] for e in sample_case.report["timeline"]]
    assert len(everything(http, f"{URL}/anomalies")) == len(sample_case.report["anomalies"])


def test_filters(http: httpx.Client, sample_case: SampleCase) -> None:
    hosts = everything(http, f"{URL}/entities", type="host", role="victim")
    assert hosts
    assert all((e["type"], e["role"]) == ("host", "victim") for e in hosts)
    assert [e["id"] for e in everything(http, f"{URL}/entities", q=hosts[0]["value"].upper(), type="host")] == [
        hosts[0]["id"]
    ]
    assert {d["level"] for d in everything(http, f"{URL}/detections", level="high")} <= {"high"}
    tactic = sample_case.report["techniques"][0]["tactics"][0]
    assert all(tactic in t["tactics"] for t in everything(http, f"{URL}/techniques", tactic=tactic))
    assert all(hosts[0]["id"] in e["entities"] for e in everything(http, f"{URL}/story", entity=hosts[0]["id"]))
    problem(http.get(f"{URL}/entities", params={"type": "ghost"}), 422, "invalid-request")
    problem(http.get(f"{URL}/entities", params={"cursor": "x"}), 400, "invalid-cursor")
    problem(http.get(f"{URL}/story", params={"version": 99}), 404, "unknown-report")


def test_an_entity_has_its_acts_and_sightings(http: httpx.Client) -> None:
    host = everything(http, f"{URL}/entities", type="host", role="victim")[0]
    whole = http.get(f"{URL}/entities/{host['id']}").json()
    assert whole["acts"]
    assert whole["sightings"]["events"] > len(whole["acts"])
    assert whole["sightings"]["hosts"][0]["host"].lower().startswith(host["value"].split(".")[0].lower())
    assert len(whole["sightings"]["earliest"]) <= 50
    problem(http.get(f"{URL}/entities/host-0000000000"), 404, "unknown-finding")


def test_an_analysts_word_on_an_entity_stays_and_feeds_the_next_run(http: httpx.Client, case: Copied) -> None:
    entity = next(e for e in everything(http, f"{case.url}/entities", type="ip") if e["role"] == "attacker")
    place = f"{case.url}/entities/{entity['id']}"
    problem(http.patch(place, json={"role": "benign"}), 428, "precondition-required")
    said = http.patch(place, json={"role": "benign", "why": "our scanner"}, headers={"If-Match": entity["etag"]})
    assert (said.status_code, said.json()["role"]) == (200, "benign"), said.text
    assert said.json()["why"].endswith(": our scanner")
    problem(
        http.patch(place, json={"role": "victim"}, headers={"If-Match": entity["etag"]}), 412, "precondition-failed"
    )
    case.draft_again()  # another run's report, which knows nothing of it
    assert http.get(place).json()["role"] == "benign"
    assert entity["id"] in {e["id"] for e in everything(http, f"{case.url}/entities", role="benign")}
    with case.stores.database.tenant(case.org) as tx:
        roles = analyst_words.entity_words_of(tx, case.incident_id)
    derived = Findings.model_validate(case.document("forensic")["findings"])
    assert next(e.role for e in with_words(derived, roles, {}).entities if e.id == entity["id"]) == "benign"


def test_indicators_are_added_confirmed_and_found_benign(http: httpx.Client, case: Copied) -> None:
    first = everything(http, f"{case.url}/indicators", type="ipv4")[0]
    place = f"{case.url}/indicators/{first['id']}"
    sightings = http.get(f"{place}/sightings").json()
    assert sightings["events"] >= 1
    assert sightings["first"] <= sightings["last"]
    assert all(
        first["value"] in json.dumps(http.get(f"{case.url}/citations/{e['event_id']}").json())
        for e in sightings["earliest"][:3]
    )
    benign = http.patch(place, json={"verdict": "benign", "why": "ours"}, headers={"If-Match": first["etag"]})
    assert (benign.json()["verdict"], benign.json()["added"]) == ("benign", False)
    problem(
        http.patch(place, json={"verdict": "malicious"}, headers={"If-Match": first["etag"]}),
        412,
        "precondition-failed",
    )
    made = http.post(f"{case.url}/indicators", json={"type": "domain", "value": "Never.Seen.example", "why": "a tip"})
    assert (made.status_code, made.json()["added"], made.json()["evidence"]) == (201, True, []), made.text
    again = http.post(f"{case.url}/indicators", json={"type": "domain", "value": "never.seen.EXAMPLE"})
    assert (again.status_code, again.json()["id"]) == (200, made.json()["id"])
    assert http.get(made.headers["location"] + "/sightings").json()["events"] == 0
    found = {i["value"]: i for i in everything(http, f"{case.url}/indicators", limit=5)}
    assert found[first["value"]]["verdict"] == "benign"
    assert "never.seen.example" in {value.lower() for value in found}
    wrong = {"type": "ipv4", "value": "192.0.2.1", "evidence": ["0" * 32]}
    problem(http.post(f"{case.url}/indicators", json=wrong), 400, "unusable-argument")
    with case.stores.database.tenant(case.org) as tx:
        verdicts = analyst_words.indicator_words_of(tx, case.incident_id)
    derived = Findings.model_validate(case.document("forensic")["findings"])
    assert first["value"] not in {i.value for i in with_words(derived, {}, verdicts).indicators}


def test_the_graph_joins_entities_by_acts_and_folds_when_there_are_many(
    http: httpx.Client, case: Copied
) -> None:  # fmt: skip
    graph = http.get(f"{URL}/graph").json()
    nodes = {n["id"] for n in graph["nodes"]}
    assert graph["edges"]
    assert not graph["together"]
    assert all(
        {e["source"], e["target"]} <= nodes and e["evidence"] and e["first"] <= e["last"] for e in graph["edges"]
    )
    few = http.get(f"{URL}/graph", params={"most": 20}).json()
    assert len(few["nodes"]) <= 20
    assert few["together"]
    assert sum(n["members"] for n in few["nodes"]) == few["entities"] == len(graph["nodes"])
    findings = Findings.model_validate(case.document("forensic")["findings"])
    assert build_graph(findings.entities, findings.acts, 30) == build_graph(findings.entities, findings.acts, 30)


def test_the_processes_of_a_host_are_a_tree(http: httpx.Client) -> None:
    tree = http.get(f"{URL}/processes", params={"host": "FIN-WS07"}).json()
    known = {p["key"]: p for p in tree["items"]}
    assert tree["total"] == len(known) > 3
    assert all(not p["parent"] or p["parent"] in known for p in known.values())
    told = [p for p in known.values() if p["acts"]]
    assert any("executed" in p["acts"] and p["evidence"] for p in told)
    few = http.get(f"{URL}/processes", params={"host": "fin-ws07.hollowbrook.example", "limit": 5}).json()
    assert len(few["items"]) <= 5
    assert few["total"] == tree["total"]
    assert all(not p["parent"] or p["parent"] in {x["key"] for x in few["items"]} for p in few["items"])
    assert http.get(f"{URL}/processes", params={"host": "nobody"}).json()["items"] == []


def test_a_citation_is_the_record_and_is_verified(http: httpx.Client, sample_case: SampleCase) -> None:
    report = sample_case.report
    claim = next(c for s in report["report"]["sections"] for c in s["claims"] if c["evidence"])
    event_id = claim["evidence"][0]
    told = http.get(f"{URL}/citations/{event_id}", params={"verify": True}).json()
    event = report["events"][event_id]
    assert (told["artifact"], told["locator"]) == (event["artifact"], event["locator"])
    assert told["record"] == event["fields"]
    assert claim["id"] in told["cited_by"]
    assert told["raw"]
    assert (told["verification"]["matches"], told["verification"]["differences"]) == (True, [])
    assert http.get(f"{URL}/citations/{event_id}").json()["verification"] is None
    problem(http.get(f"{URL}/citations/{'0' * 32}"), 404, "unknown-event")


def test_a_record_that_is_not_what_the_report_says_is_found_out(http: httpx.Client, case: Copied) -> None:
    document = case.document()
    event_id, event = next(iter(document["document"]["events"].items()))
    event["fields"] = {**event["fields"], "Forged": "yes"}
    case.draft_again(document=document["document"])
    told = http.get(f"{case.url}/citations/{event_id}", params={"verify": True}).json()["verification"]
    assert (told["matches"], told["same_bytes"], told["differences"]) == (False, True, ["Forged"])


def test_nothing_of_it_is_another_organisations(served: Served, stores: StoreSet, http: httpx.Client) -> None:
    entity = everything(http, f"{URL}/entities")[0]
    with client(served, new_key(stores, str(uuid.uuid4()))) as other:
        for path in ("entities", f"entities/{entity['id']}", "indicators", "detections", "anomalies", "techniques", "story",
                     "graph", "processes?host=a", f"citations/{'0' * 32}"):  # fmt: skip
            problem(other.get(f"{URL}/{path}"), 404, "unknown-incident")
        tag = {"If-Match": '"v0"'}
        problem(
            other.patch(f"{URL}/entities/{entity['id']}", json={"role": "benign"}, headers=tag), 404, "unknown-incident"
        )
        problem(other.post(f"{URL}/indicators", json={"type": "url", "value": "http://x"}), 404, "unknown-incident")
