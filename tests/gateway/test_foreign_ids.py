"""Ids of another organisation in every path parameter of every route: 404, word for word as for ids that nobody has."""

from __future__ import annotations

import base64
import re
import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from gateway.conftest import Served, client
from gateway.fuzzing import Fuzzed, fuzzed  # noqa: F401, a fixture
from gateway.persons import browser, person, sign_in
from gateway.test_factors import enrol
from gateway.test_roles import DOCUMENT, OPERATIONS, body_of, headers_of
from gateway.test_runs import orchestrated  # noqa: F401, a fixture
from ircopilot.stores import StoreSet
from ircopilot.stores.postgres import jobs, tables

pytestmark = pytest.mark.timeout(300)
TUS = {"Tus-Resumable": "1.0.0", "Upload-Length": "3", "Upload-Metadata": f"filename {base64.b64encode(b'x').decode()}"}
# Bodies in place of the document's examples, where these speak of something that is looked for first.
BODIES: dict[str, dict[str, Any]] = {
    "merge_incident": {"into": "INC-OWN"},
    "apply_playbook": {"playbook": "phishing"},
    "ask_for_run": {},
    "retry_run": {},
    "restrict_incident": {"restricted": False, "granted": []},
    "add_comment": {"body": "b"},
    "note_action": {"title": "t", "state": "open"},
    "change_action": {"title": "t"},
    "change_incident": {"severity": "low"},
}
# What is there as little as the id is taken off or listed all the same, alike for all ids; a visit's id is its visitor's own.
EMPTY = {"unpin_event": 200, "untag_event": 200, "list_event_notes": 200, "enter_incident": 204, "leave_incident": 204}
# Who leaves names no incident: of whichever it was, the visit is forgotten.
ALWAYS = {"leave_incident"}
# Own places, whose names are the same in every organisation.
SHARED = {"role", "tag", "name", "version"}


def unlike(ids: dict[str, str]) -> dict[str, str]:
    """Ids of the same shape that nobody has."""
    shapes = {
        "key": "INC-NONE", "version": "9", "sha256": "9" * 64, "event_id": "9" * 32, "upload_id": "8" * 32,
        "visit_id": "7" * 32,
    }  # fmt: skip
    return {name: shapes.get(name) or str(uuid.uuid4()) for name in ids if name not in SHARED} | {
        name: ids[name] for name in ids if name in SHARED
    }


@pytest.fixture(scope="module")
def theirs(fuzzed: Fuzzed, orchestrated: Served, stores: StoreSet) -> dict[str, str]:  # noqa: F811
    """The id of one thing of each kind in the other organisation."""
    ids = dict(fuzzed.ids)
    with client(orchestrated, fuzzed.key) as http, browser(orchestrated) as their:
        url = f"/v1/incidents/{ids['key']}"

        def made(path: str, body: Any, *where: str) -> str:
            answer = http.post(path, json=body)
            assert answer.is_success, answer.text
            found = answer.json()
            for name in where or ("id",):
                found = found[name]
            return str(found)

        steps = [{"title": "Look", "phase": "containment"}]
        provider = {"name": "P", "issuer": "https://id.example.org", "client_id": "c", "client_secret": "s"}
        invited = {"email": f"i-{uuid.uuid4()}@example.org", "role": "viewer"}
        ids |= {
            "playbook_id": made("/v1/playbooks", {"name": "n", "steps": steps}),
            "filter_id": made("/v1/filters", {"name": "f", "kind": "timeline", "query": "a"}),
            "provider_id": made("/v1/oidc-providers", provider),
            "invitation_id": made("/v1/invitations", invited, "invitation", "id"),
            "key_id": made("/v1/api-keys", {"name": "k", "role": "viewer"}, "api_key", "id"),
            "note_id": made(f"{url}/events/{ids['event_id']}/notes", {"body": "n"}),
            "export_id": made(f"{url}/exports", {"format": "markdown"}),
            "upload_id": http.post(f"{url}/uploads", headers=TUS).headers["location"].rpartition("/")[2],
            "visit_id": uuid.uuid4().hex, "role": "viewer", "tag": "t", "name": "report.json",
        }  # fmt: skip
        assert http.put(f"{url}/presence/{ids['visit_id']}", json={"page": "report"}).is_success
        stores.failures.forget("password:address:127.0.0.1")
        somebody = person(stores, fuzzed.org)
        sign_in(their, somebody)
        ids["factor_id"] = enrol(their)[2]["id"]
        ids["member_id"] = somebody.member_id
        ids["session_id"] = their.get("/v1/me/sessions").json()["items"][0]["id"]
        run = http.get(f"{url}/exports/{ids['export_id']}").json()["run"]
        with stores.database.tenant(fuzzed.org) as tx:
            ids["job_id"] = tx.connection.execute(
                select(tables.jobs.c.job_id).where(tables.jobs.c.run_id == run)
            ).scalar_one()
            jobs.give_up_delivery(tx, ids["job_id"], 1, "nobody took it")
    return ids


@pytest.fixture
def http(orchestrated: Served, stores: StoreSet) -> Iterator[httpx.Client]:  # noqa: F811
    """An owner of an organisation with one incident, INC-OWN."""
    stores.failures.forget("password:address:127.0.0.1")
    owner = person(stores, str(uuid.uuid4()), "owner")
    with browser(orchestrated) as made:
        sign_in(made, owner)
        assert made.post("/v1/incidents", json={"key": "INC-OWN", "title": "t"}).status_code == 201
        yield made


def call(http: httpx.Client, method: str, path: str, operation: dict[str, Any], ids: dict[str, str]) -> tuple[int, Any]:
    """Status and body, without the ids that were asked for and the call's own."""
    where = re.sub(r"\{(\w+)(:\w+)?\}", lambda m: ids[m[1]], path)
    sent = body_of(operation)
    sent["params"] = {name: 1 if value == "x" else value for name, value in sent["params"].items()}
    if operation["operationId"] in BODIES:
        sent["json"] = BODIES[operation["operationId"]]
    headers = {k: v for k, v in headers_of("", operation).items() if k != "Authorization"}
    for kind in operation.get("requestBody", {}).get("content", {}):
        if "json" not in kind:
            headers["Content-Type"] = kind
    answer = http.request(method, where, headers=headers, **sent)
    text = answer.text
    for name in sorted(ids, key=lambda n: -len(ids[n])):
        if name not in SHARED:
            text = text.replace(ids[name], f"<{name}>")
    return answer.status_code, re.sub(r'"(request|trace)_id":"[0-9a-f]+"', "", text)


def test_every_path_parameter_has_an_id(theirs: dict[str, str]) -> None:
    named = {name for path in DOCUMENT["paths"] for name in re.findall(r"\{(\w+)", path)}
    assert named == set(theirs)


@pytest.mark.parametrize("own_incident", [False, True])
def test_another_organisations_ids_are_as_unknown_as_any(
    http: httpx.Client, theirs: dict[str, str], own_incident: bool
) -> None:
    foreign = theirs | ({"key": "INC-OWN"} if own_incident else {})
    nobodys = unlike(theirs) | ({"key": "INC-OWN"} if own_incident else {})
    wrong = []
    for method, path, operation in OPERATIONS:
        names = set(re.findall(r"\{(\w+)", path)) - SHARED - ({"key"} if own_incident else set())
        if not names or method == "options" or "text/event-stream" in str(operation["responses"].get("200")):
            continue
        said, expected = (call(http, method, path, operation, ids) for ids in (foreign, nobodys))
        asked = operation["operationId"]
        fine = EMPTY.get(asked, 404) if own_incident or asked in ALWAYS else 404
        if said[0] != fine or said != expected:
            wrong.append((method, path, said, expected))
    assert not wrong, "\n".join(map(str, wrong))


def test_streams_of_another_organisation_are_as_unknown_as_any(http: httpx.Client, theirs: dict[str, str]) -> None:
    for run in (theirs["run_id"], str(uuid.uuid4())):
        assert http.get(f"/v1/runs/{run}/events").status_code == 404


def test_what_a_body_names_of_another_organisation_is_unknown(http: httpx.Client, theirs: dict[str, str]) -> None:
    url = "/v1/incidents/INC-OWN"
    http.post("/v1/incidents", json={"key": "INC-TWO", "title": "t"})
    tag = {"If-Match": http.get(url).headers["etag"]}
    action = http.post(f"{url}/actions", json={"title": "t", "state": "open"}).json()["action"]["id"]
    limits = http.get(f"{url}/restriction")
    tries: list[tuple[str, str, Any, dict[str, str]]] = [
        ("POST", f"{url}/merge", {"into": theirs["key"]}, {}),
        ("POST", f"{url}/playbooks", {"playbook": theirs["playbook_id"]}, {}),
        ("POST", f"{url}/runs", {"rules": [theirs["sha256"]]}, {}),
        ("POST", f"{url}/comments", {"body": "b", "reply_to": theirs["comment_id"]}, {}),
        ("POST", f"{url}/comments", {"body": f"@{theirs['member_id']}"}, {}),
        ("POST", f"{url}/actions", {"title": "u", "state": "open", "owner": theirs["member_id"]}, {}),
        ("PATCH", url, {"lead": theirs["member_id"]}, tag),
        ("PUT", f"{url}/restriction", {"restricted": True, "granted": [theirs["member_id"]]}, dict(limits.headers)),
        ("POST", f"{url}/actions/{action}/move", {"after": theirs["action_id"]}, {"If-Match": '"v1"'}),
        ("POST", "/v1/api-keys", {"name": "k", "service_account": theirs["member_id"]}, {}),
    ]
    tries += [
        ("POST", f"{url}/comments", {"body": "b", "anchor": {"type": kind, "id": theirs[name]}}, {})
        for kind, name in (("action", "action_id"), ("artifact", "sha256"), ("event", "event_id"),
                           ("entity", "entity_id"), ("claim", "claim_id"))
    ]  # fmt: skip
    wrong = []
    for method, path, body, headers in tries:
        given = {k: v for k, v in headers.items() if k == "If-Match"}
        if "etag" in headers:
            given["If-Match"] = headers["etag"]
        answer = http.request(method, path, json=body, headers=given)
        if answer.status_code not in (400, 404, 422):
            wrong.append((method, path, body, answer.status_code, answer.text[:200]))
    assert not wrong, "\n".join(map(str, wrong))
