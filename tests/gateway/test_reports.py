"""Reports as people edit them: versions, decisions on claims, the gate, and the way to published."""

from __future__ import annotations

import uuid
from typing import Any

import httpx
import pytest

from conftest import SampleCase
from gateway.conftest import Served, client, new_key
from gateway.copied import Copied
from gateway.test_incidents import problem
from ircopilot.stores import StoreSet

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def org(sample_case: SampleCase) -> str:
    """The sample's organisation."""
    return sample_case.org


def newest(http: httpx.Client, case: Copied) -> str:
    """The address of the newest version."""
    return f"{case.url}/reports/{http.get(f'{case.url}/reports').json()['items'][0]['version']}"


def claims(http: httpx.Client, url: str, section: str = "") -> list[dict[str, Any]]:
    report = http.get(url).json()
    return [c for s in report["sections"] if section in ("", s["id"]) for c in s["claims"]]


def typed(http: httpx.Client, url: str) -> dict[str, Any]:
    """A claim that states an act with a subject."""
    return next(
        c for c in claims(http, url, "what-happened") if c["act"]["subject"] and c["act"]["subject"] in c["text"]
    )


def test_a_report_is_there_as_drafted(http: httpx.Client, sample_case: SampleCase) -> None:
    listed = http.get("/v1/incidents/SAMPLE/reports").json()["items"]
    assert [(v["version"], v["state"], v["parent"]) for v in listed] == [(1, "draft", None)]
    answer = http.get("/v1/incidents/SAMPLE/reports/1")
    report = answer.json()
    assert answer.headers["etag"].replace("-gzip", "") == report["etag"]
    drafted = sample_case.report["report"]["sections"]
    assert [s["id"] for s in report["sections"]] == [s["id"] for s in drafted]
    texts = [c["text"] for s in report["sections"] for c in s["claims"]]
    assert texts == [c["text"] for s in drafted for c in s["claims"]]
    assert {n: f["value"] for n, f in report["facts"].items()} == {
        n: f["value"] for n, f in sample_case.report["facts"].items()
    }
    assert [r["reasons"] for r in report["refused"]] == [
        r["reasons"] for r in sample_case.report["report"]["rejections"]
    ]


def test_a_claim_is_accepted_rejected_struck_out_and_had_back(http: httpx.Client, case: Copied) -> None:
    url = newest(http, case)
    claim = typed(http, url)
    place = f"{url}/claims/{claim['id']}"
    done = http.post(f"{place}/accept", headers={"If-Match": claim["etag"]})
    assert (done.status_code, done.json()["decision"]) == (200, "accepted"), done.text
    assert done.json()["decided_by"].startswith("key ")
    rejected = http.post(f"{place}/reject", json={"reason": "our own test"}, headers={"If-Match": done.headers["etag"]})
    assert (rejected.json()["decision"], rejected.json()["reason"]) == ("rejected", "our own test")
    gone = http.delete(place, headers={"If-Match": rejected.headers["etag"]})
    assert gone.json()["decision"] == "deleted"
    back = http.post(f"{place}/undo", headers={"If-Match": gone.headers["etag"]})
    assert {**back.json(), "etag": ""} == {**claim, "etag": ""}
    deeds = http.get(f"{url}/history", params={"claim": claim["id"]}).json()["items"]
    assert [d["act"] for d in deeds] == ["accept", "reject", "delete", "undo"]


def test_no_update_is_lost(http: httpx.Client, case: Copied) -> None:
    url = newest(http, case)
    claim = claims(http, url)[0]
    place = f"{url}/claims/{claim['id']}/accept"
    problem(http.post(place), 428, "precondition-required")
    assert http.post(place, headers={"If-Match": claim["etag"]}).status_code == 200
    problem(http.post(place, headers={"If-Match": claim["etag"]}), 412, "precondition-failed")
    problem(http.patch(f"{url}/claims/{claim['id']}", json={"text": "x"}, headers={"If-Match": claim["etag"]}), 412, "precondition-failed")  # fmt: skip


def test_an_edit_goes_through_the_gate(http: httpx.Client, case: Copied) -> None:
    url = newest(http, case)
    claim = typed(http, url)
    place, tag = f"{url}/claims/{claim['id']}", {"If-Match": claim["etag"]}
    wrong = claim["text"].rstrip(".") + " from 198.51.100.77."
    told = problem(http.patch(place, json={"text": wrong}, headers=tag), 422, "refused-by-gate")
    fault = next(f for f in told["faults"] if f["value"] == "198.51.100.77")  # type: ignore[attr-defined]
    assert wrong[fault["start"] : fault["end"]] == "198.51.100.77"
    assert claims(http, url) and http.get(place).json() == claim, "what is refused changes nothing"
    right = "It stands in the records that " + claim["text"]
    edited = http.patch(place, json={"text": right}, headers=tag)
    assert edited.status_code == 200, edited.text
    assert (edited.json()["decision"], edited.json()["status"], edited.json()["drafted"]) == (
        "edited",
        "verified",
        claim["text"],
    )
    own = http.patch(place, json={"text": wrong, "as_analyst_word": True}, headers={"If-Match": edited.headers["etag"]})
    assert (own.json()["status"], own.json()["by"]) == ("analyst", own.json()["decided_by"])


def test_not_even_an_analysts_word_is_markup_or_cites_what_is_not_there(http: httpx.Client, case: Copied) -> None:
    url = newest(http, case)
    base = {"section": "summary", "as_analyst_word": True}
    for text in ("see [this](http://x.example)", "a\u202eb", "<script>alert(1)</script>"):
        problem(http.post(f"{url}/claims", json={**base, "text": text}), 422, "refused-by-gate")
    problem(
        http.post(f"{url}/claims", json={**base, "text": "So it was.", "evidence": ["0" * 32]}), 422, "refused-by-gate"
    )


def test_a_claim_is_added_moved_and_stays_in_its_place(http: httpx.Client, case: Copied) -> None:
    url = newest(http, case)
    first, second, *_ = claims(http, url, "what-happened")
    asked = {"section": "what-happened", "text": first["text"], "evidence": first["evidence"], "after": first["id"],
             "verb": first["act"]["verb"], "subject": first["act"]["subject"], "objects": first["act"]["objects"]}  # fmt: skip
    made = http.post(f"{url}/claims", json=asked)
    assert made.status_code == 201, made.text
    assert made.headers["location"] == f"{url}/claims/{made.json()['id']}"
    assert [c["id"] for c in claims(http, url, "what-happened")][:3] == [first["id"], made.json()["id"], second["id"]]
    moved = http.post(
        f"{made.headers['location']}/move", json={"after": None}, headers={"If-Match": made.headers["etag"]}
    )
    assert moved.status_code == 200, moved.text
    assert [c["id"] for c in claims(http, url, "what-happened")][:2] == [made.json()["id"], first["id"]]
    tag = moved.headers["etag"]
    for place in (second["id"], first["id"], second["id"]) * 12:  # more often than there is room between two
        tag = http.post(f"{made.headers['location']}/move", json={"after": place}, headers={"If-Match": tag}).headers[
            "etag"
        ]
    assert [c["id"] for c in claims(http, url, "what-happened")][:3] == [first["id"], second["id"], made.json()["id"]]
    problem(http.post(f"{url}/claims", json={**asked, "section": "nowhere"}), 400, "unusable-argument")


def test_any_record_of_the_incident_may_be_cited(
    http: httpx.Client, case: Copied, stores: StoreSet, sample_case: SampleCase
) -> None:
    from ircopilot.pipeline.cite import incident_scope

    with stores.database.tenant(sample_case.org) as tx:
        scope = incident_scope(tx, case.incident_id)
    found = stores.events.run_event_query(
        scope, "SELECT event_id, host_name FROM {events} WHERE host_name != '' LIMIT 500"
    )
    row = next(r for r in found.to_pylist() if r["event_id"] not in sample_case.report["events"])
    url = newest(http, case)
    asked = {"text": f"The host {row['host_name']} is named.", "kind": "inference", "evidence": [row["event_id"]]}
    checked = http.post(f"{url}/check", json=asked).json()
    assert checked == {"passes": True, "status": "inferred", "faults": []}
    made = http.post(f"{url}/claims", json={**asked, "section": "scope"})
    assert (made.status_code, made.json()["evidence"]) == (201, [row["event_id"]]), made.text


def test_a_sentence_is_checked_and_nothing_stored(http: httpx.Client, case: Copied) -> None:
    url = newest(http, case)
    claim = typed(http, url)
    before = http.get(url).json()
    assert http.post(f"{url}/check", json={"text": claim["text"], "claim": claim["id"]}).json()["passes"] is True
    wrong = "Probably " + claim["text"]
    told = http.post(f"{url}/check", json={"text": wrong, "claim": claim["id"]}).json()
    assert told["passes"] is False
    assert [(f["value"], f["start"]) for f in told["faults"]] == [("Probably", 0)]
    assert http.get(url).json() == before


def test_the_way_to_published_takes_two(
    http: httpx.Client, served: Served, stores: StoreSet, sample_case: SampleCase, case: Copied
) -> None:
    url = newest(http, case)
    claim = claims(http, url)[0]
    tag = http.get(url).headers["etag"]
    problem(http.post(f"{url}/approve", headers={"If-Match": tag}), 409, "wrong-report-state")
    assert http.post(f"{url}/claims/{claim['id']}/accept", headers={"If-Match": claim["etag"]}).status_code == 200
    tag = http.post(f"{url}/submit", json={"note": "please"}, headers={"If-Match": tag}).headers["etag"]
    problem(http.post(f"{url}/approve", headers={"If-Match": tag}), 409, "four-eyes")
    with client(served, new_key(stores, sample_case.org)) as other:
        approved = other.post(f"{url}/approve", headers={"If-Match": tag})
        assert (approved.status_code, approved.json()["state"]) == (200, "approved"), approved.text
        published = other.post(f"{url}/publish", headers={"If-Match": approved.headers["etag"]})
    assert published.json()["state"] == "published"
    now = http.get(f"{url}/claims/{claim['id']}").json()
    problem(http.post(f"{url}/claims/{claim['id']}/undo", headers={"If-Match": now["etag"]}), 409, "report-frozen")
    problem(http.post(f"{url}/submit", headers={"If-Match": published.headers["etag"]}), 409, "wrong-report-state")
    reopened = http.post(f"{url}/reopen")
    assert (reopened.status_code, reopened.json()["state"], reopened.json()["origin"]) == (201, "draft", "reopened")
    assert http.get(reopened.headers["location"] + f"/claims/{claim['id']}").json()["decision"] == "accepted"
    assert http.get(url).json()["state"] == "published"
    deeds = http.get(f"{url}/history").json()["items"]
    assert [d["act"] for d in deeds] == ["accept", "in_review", "approved", "published"]


def test_the_policy_may_allow_one_alone(http: httpx.Client, case: Copied) -> None:
    policy = http.get("/v1/report-policy")
    set_ = http.put("/v1/report-policy", json={"four_eyes": False}, headers={"If-Match": policy.headers["etag"]})
    assert set_.json() == {"four_eyes": False}
    try:
        url = newest(http, case)
        claim = claims(http, url)[0]
        http.post(f"{url}/claims/{claim['id']}/accept", headers={"If-Match": claim["etag"]})
        tag = http.post(f"{url}/submit", headers={"If-Match": http.get(url).headers["etag"]}).headers["etag"]
        assert http.post(f"{url}/approve", headers={"If-Match": tag}).json()["state"] == "approved"
    finally:
        http.put("/v1/report-policy", json={"four_eyes": True}, headers={"If-Match": set_.headers["etag"]})


def test_decisions_survive_another_run_where_they_fit(http: httpx.Client, case: Copied) -> None:
    url = newest(http, case)
    kept, edited, rejected, gone = [c for c in claims(http, url, "what-happened") if c["act"]["subject"]][:4]
    place = f"{url}/claims/"
    http.post(f"{place}{kept['id']}/accept", headers={"If-Match": kept["etag"]})
    sentence = "It stands in the records that " + edited["text"]
    http.patch(f"{place}{edited['id']}", json={"text": sentence}, headers={"If-Match": edited["etag"]})
    http.post(f"{place}{rejected['id']}/reject", json={"reason": "ours"}, headers={"If-Match": rejected["etag"]})
    http.post(f"{place}{gone['id']}/accept", headers={"If-Match": gone["etag"]})
    own = {"section": "summary", "text": "We think so.", "kind": "inference", "as_analyst_word": True}
    assert http.post(f"{url}/claims", json=own).status_code == 201
    # The next run does not draft `gone` any more, numbers the others otherwise, and words the rejected one anew.
    document = case.document()
    sections = document["document"]["report"]["sections"]
    story = next(s for s in sections if s["id"] == "what-happened")
    story["claims"] = [c for c in story["claims"] if c["id"] != gone["id"]]
    numbers = {c["id"]: f"renamed-{n}" for n, c in enumerate(story["claims"])}
    story["claims"] = [{**c, "id": numbers[c["id"]]} for c in story["claims"]]
    reworded = next(c for c in story["claims"] if c["text"] == rejected["text"])
    reworded["text"] = rejected["text"].removesuffix(".") + ", it is recorded."
    ground = document["ground"]
    drafts = [{**d, "id": numbers.get(d["id"], d["id"])} for d in ground["drafts"] if d["id"] != gone["id"]]
    case.draft_again(document=document["document"], ground={**ground, "drafts": drafts})
    report_now = http.get(newest(http, case)).json()
    by_text = {c["text"]: c for s in report_now["sections"] for c in s["claims"]}
    assert by_text[kept["text"]]["decision"] == "accepted"
    assert by_text[sentence]["decision"] == "edited"
    now = by_text[reworded["text"]]
    assert (now["decision"], now["reason"]) == ("rejected", "ours")
    assert by_text["We think so."]["status"] == "analyst"
    assert [(u["text"], u["decision"]) for u in report_now["not_carried"]] == [(gone["text"], "accepted")]
    before, after = int(url.rpartition("/")[2]), report_now["version"]
    diff = http.get(f"{case.url}/reports/diff", params={"from": before, "to": after}).json()
    assert [(c["change"], c["before"]["text"]) for c in diff["claims"]] == [("removed", gone["text"])]
    assert diff["facts"] == []


def test_nothing_of_it_is_another_organisations(
    served: Served, stores: StoreSet, http: httpx.Client, case: Copied
) -> None:
    url = newest(http, case)
    with client(served, new_key(stores, str(uuid.uuid4()))) as other:
        for method, path in (("GET", ""), ("GET", "/history"), ("GET", "/claims/summary-1"), ("POST", "/reopen")):
            problem(other.request(method, url + path), 404, "unknown-incident")
        problem(other.get(f"{case.url}/reports"), 404, "unknown-incident")
        problem(other.post(f"{url}/check", json={"text": "x"}), 404, "unknown-incident")
        tag = {"If-Match": '"v1"'}
        problem(other.patch(f"{url}/claims/summary-1", json={"text": "x"}, headers=tag), 404, "unknown-incident")
        problem(other.post(f"{url}/submit", headers=tag), 404, "unknown-incident")
    problem(http.get("/v1/incidents/SAMPLE/reports/999"), 404, "unknown-report")
    problem(http.get(f"{url}/claims/none"), 404, "unknown-claim")


def test_versions_and_deeds_are_paged(http: httpx.Client, case: Copied) -> None:
    for _ in range(2):
        case.draft_again()
    url = f"{case.url}/reports"
    pages = [http.get(url, params={"limit": 2}).json()]
    pages.append(http.get(url, params={"limit": 2, "cursor": pages[0]["next"]}).json())
    assert [[v["version"] for v in page["items"]] for page in pages] == [[3, 2], [1]]
    assert pages[1]["next"] is None
    claim = claims(http, f"{url}/3")[0]
    for act in ("accept", "undo", "accept"):
        now = http.get(f"{url}/3/claims/{claim['id']}")
        assert http.post(f"{url}/3/claims/{claim['id']}/{act}", headers={"If-Match": now.headers["etag"]}).is_success
    whole = http.get(f"{url}/3/history").json()
    first = http.get(f"{url}/3/history", params={"limit": 2}).json()
    rest = http.get(f"{url}/3/history", params={"limit": 2, "cursor": first["next"]}).json()
    assert first["items"] + rest["items"] == whole["items"]
    assert (len(whole["items"]), whole["next"], rest["next"]) == (3, None, None)
    for path in ("", "/3/history"):
        problem(http.get(url + path, params={"cursor": "x"}), 400, "invalid-cursor")
