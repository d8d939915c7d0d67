"""What roles may: every route × every role × own and foreign organisation; changes that hold at once, everywhere."""

from __future__ import annotations

import asyncio
import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import httpx
import pytest

from gateway.conftest import LIMITS, SETTINGS, Served, client, serving
from gateway.test_incidents import problem
from ircopilot.access.caller import Caller
from ircopilot.access.permissions import DEFAULT_ROLES, PERMISSIONS, ROLES, Role
from ircopilot.gateway.app import make_app
from ircopilot.gateway.documentation.schema import first_example
from ircopilot.gateway.gate import Gate
from ircopilot.gateway.hub import Hub
from ircopilot.gateway.openapi import api_document
from ircopilot.stores import StoreSet
from ircopilot.stores.postgres import audit
from ircopilot.stores.postgres.organisations import make_organisation
from stores.seed import seed

DOCUMENT = api_document()
OPERATIONS = [
    (method, path, operation)
    for path, item in DOCUMENT["paths"].items()
    for method, operation in item.items()
    if operation.get("x-permission")
]
OWN, FOREIGN = f"org-{uuid.uuid4()}", f"org-{uuid.uuid4()}"


class AsRole(Gate):
    """A gate that takes `Bearer ORG ROLE` for a caller: the matrix is of what callers may, not of how they sign in."""

    async def admit(self, shown: Any, where: Any = None, *, watching: bool = False) -> Caller:
        org_id, role = shown.text.split(" ")
        # Whatever is done to members and keys by the matrix finds no such person.
        return Caller(org_id, "key", f"{role}-key", role, f"the {role}", address="192.0.2.7", request_id="r")


@dataclass(frozen=True, slots=True)
class Calls:
    """One application, and one loop that its calls run in."""

    http: httpx.AsyncClient
    runner: asyncio.Runner

    def call(self, who: str, method: str, path: str, operation: dict[str, Any]) -> httpx.Response:
        return self.runner.run(
            self.http.request(method, path, headers=headers_of(who, operation), **body_of(operation))
        )


def headers_of(who: str, operation: dict[str, Any]) -> dict[str, str]:
    """Who calls, and every header that the operation asks for."""
    asked = {p["name"] for p in operation.get("parameters", ()) if p["in"] == "header"}
    wanted = {"If-Match": '"v1"', "Tus-Resumable": "1.0.0", "Upload-Length": "1", "Upload-Offset": "0"}
    return {"Authorization": f"Bearer {who}"} | {name: value for name, value in wanted.items() if name in asked}


def body_of(operation: dict[str, Any]) -> dict[str, Any]:
    """A body that fits, by the document's example, and every query parameter that must be there."""
    content = operation.get("requestBody", {}).get("content", {})
    query = {
        p["name"]: p.get("example", "x")
        for p in operation.get("parameters", ())
        if p["in"] == "query" and p.get("required")
    }
    for kind, media in content.items():
        if "json" in kind:
            return {"json": first_example(DOCUMENT, media), "params": query}
        return {"content": b"x", "params": query}
    return {"params": query}


@pytest.fixture(scope="module")
def calls(stores: StoreSet) -> Iterator[Calls]:
    for org in (OWN, FOREIGN):
        with stores.database.tenant(org) as tx:
            make_organisation(tx, org)
    gate = AsRole(stores, SETTINGS, LIMITS)
    app = make_app(gate)
    with asyncio.Runner() as runner:

        async def start() -> httpx.AsyncClient:
            gate.hub = Hub(gate)
            transport = httpx.ASGITransport(app, raise_app_exceptions=False)
            return httpx.AsyncClient(transport=transport, base_url="http://gateway.example", timeout=60)

        http = runner.run(start())
        yield Calls(http, runner)
        runner.run(http.aclose())
        runner.run(gate.hub.close())
        runner.run(gate.orchestrator.close())
        runner.run(gate.finish())
        runner.run(gate.rates.close())


def unknown(path: str) -> str:
    """The address with ids that nobody has."""
    return re.sub(r"\{\w+(:\w+)?\}", "00000000-0000-4000-8000-000000000000", path)


@pytest.mark.parametrize("role", ROLES)
def test_a_role_is_refused_exactly_what_it_lacks(calls: Calls, role: Role) -> None:
    wrong = []
    for method, path, operation in OPERATIONS:
        permission = operation["x-permission"]
        may = permission in DEFAULT_ROLES[role]
        if may and (
            "text/event-stream" in str(operation["responses"].get("200")) or (method == "delete" and "{" not in path)
        ):
            continue  # goes on for ever when it is permitted; what is refused is tried
        answer = calls.call(f"{OWN} {role}", method, unknown(path), operation)
        told = answer.json() if answer.status_code == 403 and answer.content else {}
        lacks = told.get("type") == "urn:ircopilot:error:forbidden" and f"lacks {permission}" in told["detail"]
        lacks = lacks or (method == "head" and answer.status_code == 403)  # HEAD is answered without a body
        if lacks != (not may) or answer.status_code == 401:
            wrong.append((role, method, path, permission, answer.status_code, answer.text[:200]))
    assert wrong == []


def test_ids_of_another_organisation_are_unknown(calls: Calls, stores: StoreSet) -> None:
    seed_org = f"org-{uuid.uuid4()}"
    seed(stores.database, seed_org)
    ids = {
        "key": "INC-1", "run_id": "r1", "job_id": "j1", "sha256": "1" * 64, "comment_id": "c1", "action_id": "a1",
        "playbook_id": "p1", "filter_id": "f1", "export_id": "x1", "number": "1", "claim_id": "c1",
    }  # fmt: skip
    wrong = []
    for method, path, operation in OPERATIONS:
        names = re.findall(r"\{(\w+)", path)
        if not names or names == ["role"] or method == "options":  # what the server can is no secret
            continue
        target = re.sub(r"\{(\w+)(:\w+)?\}", lambda m: ids.get(m[1], "00000000-0000-4000-8000-000000000000"), path)
        answer = calls.call(f"{OWN} owner", method, target, operation)
        if answer.status_code not in (404, 422, 400, 403, 415):
            wrong.append((method, path, answer.status_code, answer.text[:200]))
        if method == "get" and answer.status_code not in (404, 422, 400):
            wrong.append((method, path, answer.status_code, answer.text[:200]))
    assert not wrong, "\n".join(map(str, wrong))


@pytest.fixture
def owner(org: str) -> Caller:
    return Caller(org, "user", "u1", "owner", "mira")


def set_role(http: httpx.Client, role: str, permissions: list[str], tag: str) -> httpx.Response:
    return http.put(f"/v1/roles/{role}", json={"permissions": permissions}, headers={"If-Match": tag})


def test_a_change_holds_at_once_on_every_process(
    stores: StoreSet, served: Served, http: httpx.Client, key: str, org: str
) -> None:
    listed = http.get("/v1/roles")
    assert {r["role"]: frozenset(r["permissions"]) for r in listed.json()["items"]} == DEFAULT_ROLES
    assert listed.headers["etag"] == '"v0"'
    analyst = Caller(org, "key", "k", "analyst", "an analyst")
    with serving(stores) as another, client(another, key) as elsewhere:
        for gateway in (served, another):
            asyncio.run(gateway.gate.permit(analyst, "incident:write"))
        changed = set_role(elsewhere, "analyst", ["incident:read"], '"v0"')
        assert (changed.status_code, changed.headers["etag"]) == (200, '"v1"')
        assert changed.json()["permissions"] == ["incident:read"]
        for gateway in (served, another):
            known = asyncio.run(gateway.gate.with_policy(analyst))
            assert known.permissions == {"incident:read"}
        problem(set_role(http, "analyst", ["run:read"], '"v0"'), 412, "precondition-failed")
        back = http.delete("/v1/roles/analyst", headers={"If-Match": '"v1"'})
        assert (back.headers["etag"], back.json()["changed"]) == ('"v2"', False)
        assert asyncio.run(another.gate.with_policy(analyst)).permissions == DEFAULT_ROLES["analyst"]
    acts = [e.did for e in audit.all_entries(stores.database, org) if e.did.act == "role.change"]
    assert [a.target for a in acts] == ["role/analyst", "role/analyst"]
    assert '"incident:write"' in str(acts[0].before)


def test_the_owners_role_is_fixed_and_nobody_gives_what_they_lack(http: httpx.Client) -> None:
    problem(set_role(http, "owner", ["run:read"], '"v0"'), 409, "role-fixed")
    problem(set_role(http, "admin", ["role:write"], '"v0"'), 400, "unusable-argument")
    problem(set_role(http, "admin", ["no:such"], '"v0"'), 422, "invalid-request")
    problem(set_role(http, "nobody", ["run:read"], '"v0"'), 422, "invalid-request")
    problem(http.put("/v1/roles/admin", json={"permissions": []}), 428, "precondition-required")


def test_only_an_owner_changes_roles_and_a_narrow_key_gives_no_more(stores: StoreSet, owner: Caller) -> None:
    from ircopilot.access.errors import Forbidden
    from ircopilot.access.policy import change_role

    with stores.database.tenant(owner.org_id) as tx:
        make_organisation(tx, "o")
        with pytest.raises(Forbidden, match="only an owner"):
            change_role(tx, replace(owner, role="admin", granted=frozenset(PERMISSIONS)), "viewer", frozenset(), 0)
        narrow = replace(owner, scopes=frozenset({"role:write", "run:read"}))
        with pytest.raises(Forbidden, match="lacks run:write"):
            change_role(tx, narrow, "viewer", frozenset({"run:read", "run:write"}), 0)
        assert change_role(tx, narrow, "viewer", frozenset({"run:read"}), 0).granted("viewer") == {"run:read"}
