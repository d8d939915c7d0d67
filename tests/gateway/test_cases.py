"""Incidents as people work on them: fields, lists, closing, merging, restricting; nobody's change is lost."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from sqlalchemy import event

from gateway.conftest import Served, client, new_key
from gateway.people import caller_with_role
from gateway.persons import person, signed_in
from gateway.test_incidents import problem
from ircopilot.access.errors import EvidenceHeld
from ircopilot.access.vault_keys import destroy_key
from ircopilot.gateway.pages import cursor_of
from ircopilot.stores import StoreSet


def opened(http: httpx.Client, key: str = "INC-1", **fields: Any) -> dict[str, Any]:
    """An incident of that key."""
    answer = http.post("/v1/incidents", json={"key": key, "title": f"Incident {key}"} | fields)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def changed(http: httpx.Client, key: str, version: int, **fields: Any) -> httpx.Response:
    """The answer to a change of that version."""
    return http.patch(f"/v1/incidents/{key}", json=fields, headers={"If-Match": f'"v{version}"'})


def keys(http: httpx.Client, **asked: Any) -> list[str]:
    """Keys of a list, in order, all pages."""
    found: list[str] = []
    cursor = None
    while True:
        given = {name: value for name, value in (asked | {"cursor": cursor}).items() if value is not None}
        answer = http.get("/v1/incidents", params=given)
        assert answer.status_code == 200, answer.text
        found += [item["key"] for item in answer.json()["items"]]
        if (cursor := answer.json()["next"]) is None:
            return found


def test_fields_are_set_changed_and_emptied(http: httpx.Client, key: str) -> None:
    me = key.split("_")[1]
    made = opened(http, severity="high", tags=["b", "a", "a"], lead=me, detected_at="2026-03-10T10:00:00+01:00")
    assert (made["severity"], made["tags"], made["lead"], made["version"]) == ("high", ["a", "b"], me, 2)
    assert made["detected_at"] == "2026-03-10T09:00:00Z"
    answer = changed(http, "INC-1", made["version"], status="containment", lead=None, title="New", summary="x\0y")
    assert answer.status_code == 200, answer.text
    assert (answer.json()["status"], answer.json()["lead"], answer.json()["title"]) == ("containment", None, "New")
    assert answer.headers["etag"] == f'"v{made["version"] + 1}"'
    # What already is so changes nothing.
    again = changed(http, "INC-1", made["version"] + 1, status="containment")
    assert again.json()["version"] == made["version"] + 1
    whole = http.get("/v1/incidents/INC-1")
    assert whole.json() == {**again.json(), "merged_from": [], "evidence": []}
    assert whole.headers["etag"] == again.headers["etag"]


@pytest.mark.parametrize(
    ("fields", "status", "kind"),
    [
        ({"status": "closed"}, 422, "invalid-request"),
        ({"severity": "sev1"}, 422, "invalid-request"),
        ({"tags": ["A B"]}, 422, "invalid-request"),
        ({"org_id": "x"}, 422, "invalid-request"),
        ({"restricted": True}, 422, "invalid-request"),
        ({"lead": "nobody@corp.example"}, 422, "unknown-member"),
        ({"occurred_at": "2026-03-10T10:00:00Z", "detected_at": "2026-03-10T09:00:00Z"}, 422, "times-out-of-order"),
        ({"detected_at": "2026-03-10T10:00:00"}, 422, "invalid-request"),
        ({"detected_at": "0001-01-01T00:00:00+23:00"}, 422, "invalid-request"),
        ({"detected_at": "9999-12-31T23:59:59-23:00"}, 422, "invalid-request"),
    ],
)
def test_what_cannot_be_so_is_refused(http: httpx.Client, fields: dict[str, Any], status: int, kind: str) -> None:
    made = opened(http)
    problem(changed(http, "INC-1", made["version"], **fields), status, kind)
    assert http.get("/v1/incidents/INC-1").json() == {**made, "merged_from": [], "evidence": []}


def test_a_change_says_which_version_it_changes(http: httpx.Client) -> None:
    made = opened(http)
    problem(http.patch("/v1/incidents/INC-1", json={"title": "x"}), 428, "precondition-required")
    problem(changed(http, "INC-1", made["version"] + 1, title="x"), 412, "precondition-failed")
    problem(
        http.patch("/v1/incidents/INC-1", json={"title": "x"}, headers={"If-Match": "*"}), 412, "precondition-failed"
    )


def test_of_many_changes_of_one_version_exactly_one_wins(http: httpx.Client) -> None:
    version = opened(http)["version"]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda n: changed(http, "INC-1", version, title=f"t{n}"), range(16)))
    won = [answer for answer in answers if answer.status_code == 200]
    assert sorted(answer.status_code for answer in answers) == [200] + [412] * 15
    assert http.get("/v1/incidents/INC-1").json()["title"] == won[0].json()["title"]


def test_closed_with_a_reason_and_opened_again(http: httpx.Client) -> None:
    opened(http, detected_at="2026-03-10T09:00:00Z")
    url = "/v1/incidents/INC-1"
    too_early = {"reason": "resolved", "closed_at": "2026-03-10T08:00:00Z"}
    problem(http.post(f"{url}/close", json=too_early), 422, "times-out-of-order")
    problem(http.post(f"{url}/close", json={"reason": "merged"}), 422, "invalid-request")
    closed = http.post(f"{url}/close", json={"reason": "false-positive", "note": "a drill"}).json()
    assert (closed["status"], closed["close_reason"], closed["close_note"]) == ("closed", "false-positive", "a drill")
    assert closed["closed_at"] is not None
    problem(http.post(f"{url}/close", json={"reason": "resolved"}), 409, "wrong-state")
    problem(changed(http, "INC-1", closed["version"], status="recovery"), 409, "wrong-state")
    assert changed(http, "INC-1", closed["version"], summary="said later").status_code == 200
    again = http.post(f"{url}/reopen", json={"status": "containment"}).json()
    assert (again["status"], again["closed_at"], again["close_reason"]) == ("containment", None, None)
    problem(http.post(f"{url}/reopen", json={}), 409, "wrong-state")


def test_lists_are_filtered_sorted_and_paged(http: httpx.Client, key: str) -> None:
    me = key.split("_")[1]
    severities = ["low", "critical", "medium", "high", "critical", "informational"]
    for n, severity in enumerate(severities):
        opened(http, f"K-{n}", severity=severity, tags=["all", f"t{n % 2}"], lead=me if n < 2 else None)
    http.post("/v1/incidents/K-3/close", json={"reason": "resolved"})
    assert keys(http) == [f"K-{n}" for n in (5, 4, 3, 2, 1, 0)]
    assert keys(http, sort="opened", limit=1) == [f"K-{n}" for n in range(6)]
    assert keys(http, sort="-severity", limit=2) == ["K-4", "K-1", "K-3", "K-2", "K-0", "K-5"]
    assert keys(http, sort="severity", limit=4) == ["K-5", "K-0", "K-2", "K-3", "K-1", "K-4"]
    assert keys(http, sort="-key", limit=4) == [f"K-{n}" for n in (5, 4, 3, 2, 1, 0)]
    assert keys(http, sort="-updated", limit=1)[0] == "K-3"
    assert keys(http, open=True, severity=["critical", "high"]) == ["K-4", "K-1"]
    assert keys(http, status="closed") == ["K-3"]
    assert keys(http, lead=me) == ["K-1", "K-0"]
    assert keys(http, tag=["all", "t0"]) == ["K-4", "K-2", "K-0"]
    assert keys(http, text="cident k-2") == ["K-2"]
    assert keys(http, text="%") == keys(http, text="' OR 1=1") == []
    third = http.get("/v1/incidents/K-3").json()["opened_at"]
    assert keys(http, opened_since=third) == ["K-5", "K-4", "K-3"]
    assert keys(http, opened_until=third) == ["K-2", "K-1", "K-0"]
    assert keys(http, detected_since="2026-01-01T00:00:00Z") == []


def test_pages_stay_right_when_incidents_come_and_cursors_cannot_be_made_up(http: httpx.Client) -> None:
    for n in range(4):
        opened(http, f"K-{n}")
    first = http.get("/v1/incidents", params={"limit": 2}).json()
    opened(http, "K-9")
    second = http.get("/v1/incidents", params={"limit": 2, "cursor": first["next"]}).json()
    assert [i["key"] for i in (*first["items"], *second["items"])] == ["K-3", "K-2", "K-1", "K-0"]
    assert second["next"] is None
    for cursor in ("x", "", "bnVsbA", "W10", "e30", cursor_of("-opened", "\0", "x"), first["next"] + "A"):
        problem(http.get("/v1/incidents", params={"cursor": cursor}), 400, "invalid-cursor")
    other = {"cursor": first["next"], "sort": "-updated"}
    problem(http.get("/v1/incidents", params=other), 400, "invalid-cursor")
    problem(http.get("/v1/incidents", params={"sort": "title"}), 422, "invalid-request")


def test_a_list_costs_the_same_queries_however_many_incidents(
    http: httpx.Client, served: Served, org: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []
    engine, reader = served.gate.stores.database._app, served.gate.reader_of(org)
    ask = reader.rows

    def count(*args: Any) -> None:
        seen.append(args[2])

    async def counted(org_id: str | None, statement: str, values: Any = ()) -> Any:
        seen.append(statement)
        return await ask(org_id, statement, values)

    def asked() -> int:
        seen.clear()
        assert http.get("/v1/incidents").status_code == 200
        return len([statement for statement in seen if "FROM incidents" in statement])

    opened(http, "K-0")
    event.listen(engine, "before_cursor_execute", count)
    monkeypatch.setattr(reader, "rows", counted)
    try:
        assert asked() == 1
        for n in range(1, 30):
            opened(http, f"K-{n}", tags=["x"])
        assert asked() == 1
    finally:
        event.remove(engine, "before_cursor_execute", count)


def test_merging_links_everything_and_leaves_a_pointer(http: httpx.Client, stores: StoreSet, org: str) -> None:
    a, b = opened(http, "A"), opened(http, "B")
    http.post("/v1/incidents/A/evidence?name=auth.log", content=b"evidence")
    problem(http.post("/v1/incidents/A/merge", json={"into": "A"}), 409, "wrong-state")
    problem(http.post("/v1/incidents/A/merge", json={"into": "C"}), 404, "unknown-incident")
    gone = http.post("/v1/incidents/A/merge", json={"into": "B", "note": "same"})
    assert gone.status_code == 200, gone.text
    assert (gone.json()["status"], gone.json()["close_reason"], gone.json()["merged_into"]) == ("closed", "merged", "B")
    pointer = http.get("/v1/incidents/A")
    assert pointer.json()["merged_into"] == "B"
    assert pointer.headers["link"] == '</v1/incidents/B>; rel="canonical"'
    kept = http.get("/v1/incidents/B").json()
    assert [d["name"] for d in kept["evidence"]] == ["auth.log"]
    assert kept["version"] > b["version"]
    items = {i["key"]: i["merged_into"] for i in http.get("/v1/incidents").json()["items"]}
    assert items == {"A": "B", "B": None}
    # It goes on as the other: nothing is added to it any more.
    for answer in (
        changed(http, "A", gone.json()["version"], title="x"),
        http.post("/v1/incidents/A/reopen", json={}),
        http.post("/v1/incidents/A/merge", json={"into": "B"}),
        http.post("/v1/incidents/A/evidence?name=x", content=b"x"),
        http.post("/v1/incidents/B/merge", json={"into": "A"}),
    ):
        assert problem(answer, 409, "incident-merged")["next_step"] == "use /v1/incidents/B"
    assert a["id"] != b["id"]


@pytest.fixture
def analyst(served: Served, stores: StoreSet, org: str, key: str) -> Iterator[tuple[httpx.Client, str]]:
    """A caller who sees restricted incidents only when let in."""
    with caller_with_role(served, stores, org, "analyst") as made:
        yield made


def restrict(http: httpx.Client, key: str, restricted: bool, *granted: str) -> httpx.Response:
    version = http.get(f"/v1/incidents/{key}").json()["version"]
    return http.put(
        f"/v1/incidents/{key}/restriction", json={"restricted": restricted, "granted": granted},
        headers={"If-Match": f'"v{version}"'},
    )  # fmt: skip


def test_a_restricted_incident_is_nowhere_for_whom_it_is_not(
    http: httpx.Client, analyst: tuple[httpx.Client, str], stores: StoreSet, org: str
) -> None:
    mine, me = analyst
    opened(http, "OPEN")
    secret = opened(http, "SECRET", tags=["t"], severity="critical", detected_at="2026-03-10T09:00:00Z")
    assert keys(mine) == ["SECRET", "OPEN"]
    answer = restrict(http, "SECRET", True)
    assert answer.status_code == 200, answer.text
    assert keys(http) == ["SECRET", "OPEN"]
    for asked in ({}, {"text": "secret"}, {"tag": "t"}, {"severity": "critical"}, {"sort": "key"}, {"open": True}):
        assert "SECRET" not in keys(mine, **asked)
    unknown = problem(mine.get("/v1/incidents/SECRET"), 404, "unknown-incident")
    never = problem(mine.get("/v1/incidents/NEVER"), 404, "unknown-incident")
    assert str(unknown["detail"]).replace("SECRET", "NEVER") == never["detail"]
    for answer in (
        changed(mine, "SECRET", secret["version"] + 1, title="x"),
        mine.get("/v1/incidents/SECRET/restriction"),
        mine.post("/v1/incidents/SECRET/evidence?name=x", content=b"x"),
        mine.post("/v1/incidents/SECRET/alerts", json={"a": 1}),
        mine.post("/v1/incidents/SECRET/runs", json={}),
        mine.get("/v1/runs", params={"incident": "SECRET"}),
    ):
        problem(answer, 404, "unknown-incident")
    figures = mine.get("/v1/metrics/incidents").json()
    assert (figures["opened"], sum(c["incidents"] for c in figures["open"])) == (1, 1)
    assert http.get("/v1/metrics/incidents").json()["opened"] == 2
    # Let in by name, or as its lead, one sees it; out again, no more.
    assert restrict(http, "SECRET", True, me).status_code == 200
    assert keys(mine) == ["SECRET", "OPEN"]
    assert mine.get("/v1/incidents/SECRET/restriction").json() == {"restricted": True, "granted": [me]}
    restrict(http, "SECRET", True)
    assert keys(mine) == ["OPEN"]
    changed(http, "SECRET", http.get("/v1/incidents/SECRET").json()["version"], lead=me)
    assert keys(mine) == ["SECRET", "OPEN"]
    problem(restrict(mine, "SECRET", False), 403, "forbidden")


def test_runs_of_a_restricted_incident_are_nowhere(
    http: httpx.Client, analyst: tuple[httpx.Client, str], stores: StoreSet, org: str
) -> None:
    from ircopilot.stores.postgres import runs

    mine, _ = analyst
    run_id = str(uuid.uuid4())
    incident = opened(http, "SECRET")
    with stores.database.tenant(org) as tx:
        runs.start_run(tx, incident["id"], run_id)
    assert [run["id"] for run in mine.get("/v1/runs").json()["items"]] == [run_id]
    restrict(http, "SECRET", True)
    assert mine.get("/v1/runs").json()["items"] == []
    assert [run["id"] for run in http.get("/v1/runs").json()["items"]] == [run_id]
    for path in ("", "/events", "/outputs", "/outputs/report.json"):
        problem(mine.get(f"/v1/runs/{run_id}{path}"), 404, "unknown-run")
    for act in ("cancel", "retry"):
        problem(mine.post(f"/v1/runs/{run_id}/{act}"), 404, "unknown-run")


def test_who_watches_a_run_is_sent_away_when_its_incident_is_restricted(
    http: httpx.Client, analyst: tuple[httpx.Client, str], stores: StoreSet, org: str
) -> None:
    from ircopilot.stores.postgres import runs

    mine, _ = analyst
    run_id = str(uuid.uuid4())
    incident = opened(http, "SECRET")
    with stores.database.tenant(org) as tx:
        runs.start_run(tx, incident["id"], run_id)
    stores.tell_progress(org, run_id, "collect", {"state": "progress"})
    with mine.stream("GET", f"/v1/runs/{run_id}/events") as answer:
        lines = answer.iter_lines()
        assert "id: 1" in (next(lines), next(lines), next(lines))
        restrict(http, "SECRET", True)
        for _line in lines:  # ends, although the run goes on
            pass


def test_a_restricted_incident_is_not_merged_into_the_open(http: httpx.Client) -> None:
    opened(http, "A")
    opened(http, "B")
    restrict(http, "A", True)
    problem(http.post("/v1/incidents/A/merge", json={"into": "B"}), 409, "wrong-state")
    restrict(http, "B", True)
    assert http.post("/v1/incidents/A/merge", json={"into": "B"}).status_code == 200


def test_a_pointer_does_not_tell_what_it_points_to(http: httpx.Client, analyst: tuple[httpx.Client, str]) -> None:
    mine, _ = analyst
    opened(http, "A")
    opened(http, "B")
    restrict(http, "B", True)
    assert http.post("/v1/incidents/A/merge", json={"into": "B"}).status_code == 200
    assert mine.get("/v1/incidents/A").json()["merged_into"] is None
    assert mine.get("/v1/incidents").json()["items"][0]["merged_into"] is None
    told = problem(mine.post("/v1/incidents/A/alerts", json={"a": 1}), 409, "incident-merged")
    assert "B" not in str(told["detail"]) + str(told["next_step"])


def test_a_hold_keeps_the_organisations_key(http: httpx.Client, stores: StoreSet, org: str) -> None:
    made = opened(http)
    hold = {"legal_hold": True, "retain_until": "2030-01-01T00:00:00Z"}
    answer = http.put("/v1/incidents/INC-1/hold", json=hold, headers={"If-Match": f'"v{made["version"]}"'})
    assert answer.json()["legal_hold"] is True
    with pytest.raises(EvidenceHeld, match="INC-1"):
        destroy_key(stores, org)
    shorter = {"legal_hold": False, "retain_until": "2029-01-01T00:00:00Z"}
    tag = {"If-Match": answer.headers["etag"]}
    problem(http.put("/v1/incidents/INC-1/hold", json=shorter, headers=tag), 409, "wrong-state")


def test_figures_for_a_dashboard(http: httpx.Client) -> None:
    times = {"occurred_at": "2026-03-10T09:00:00Z", "detected_at": "2026-03-10T10:00:00Z"}
    opened(http, "K-0", severity="high", **times, contained_at="2026-03-10T10:30:00Z")
    opened(http, "K-1", severity="high", **times | {"occurred_at": "2026-03-10T07:00:00Z"})
    opened(http, "K-2", severity="low")
    http.post("/v1/incidents/K-2/close", json={"reason": "resolved"})
    window = {"since": "2026-03-10T00:00:00Z", "until": "2026-03-11T00:00:00Z"}
    figures = http.get("/v1/metrics/incidents", params=window).json()
    phase = "detection-and-analysis"
    assert figures["open"] == [{"severity": "high", "status": phase, "younger_than_days": 1, "incidents": 2}]
    assert figures["time_to_detect"] == {"incidents": 2, "mean_s": 7200.0, "median_s": 7200.0}
    assert figures["time_to_contain"] == {"incidents": 1, "mean_s": 1800.0, "median_s": 1800.0}
    assert figures["time_to_recover"] == {"incidents": 0, "mean_s": None, "median_s": None}
    assert (figures["opened"], figures["closed"]) == (0, 0)
    assert http.get("/v1/metrics/incidents").json()["opened"] == 3


def test_a_lead_is_named_by_address_and_sees_what_is_restricted(
    http: httpx.Client, served: Served, stores: StoreSet, org: str
) -> None:
    pat, other = person(stores, org), person(stores, org)
    made = opened(http, lead=pat.email.upper())
    assert made["lead"] == pat.member_id
    restrict(http, "INC-1", True)
    with signed_in(served, pat) as theirs, signed_in(served, other) as nobody:
        assert (keys(theirs), keys(nobody)) == (["INC-1"], [])
        said = theirs.post("/v1/incidents/INC-1/comments", json={"body": f"@{other.email} and @{pat.member_id}"})
        assert said.json()["mentions"] == [other.member_id, pat.member_id]
        restrict(http, "INC-1", True, other.email)
        assert keys(nobody) == ["INC-1"]


def test_another_organisation_has_none_of_it(http: httpx.Client, served: Served, stores: StoreSet) -> None:
    made = opened(http)
    with client(served, new_key(stores, f"org-{uuid.uuid4()}")) as other:
        assert keys(other) == []
        assert other.get("/v1/metrics/incidents").json()["opened"] == 0
        tag = {"If-Match": f'"v{made["version"]}"'}
        for answer in (
            changed(other, "INC-1", made["version"], title="x"),
            other.post("/v1/incidents/INC-1/close", json={"reason": "resolved"}),
            other.post("/v1/incidents/INC-1/reopen", json={}),
            other.post("/v1/incidents/INC-1/merge", json={"into": "INC-2"}),
            other.put("/v1/incidents/INC-1/restriction", json={"restricted": True}, headers=tag),
            other.put("/v1/incidents/INC-1/hold", json={"legal_hold": True}, headers=tag),
        ):
            problem(answer, 404, "unknown-incident")
    assert http.get("/v1/incidents/INC-1").json() == {**made, "merged_from": [], "evidence": []}
