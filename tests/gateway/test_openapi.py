"""The OpenAPI document: valid, complete, the one that lies in docs/; and the page that shows it."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import httpx
import pytest
import schemathesis
from fastapi.routing import APIRoute
from tools.write_openapi import TARGET, openapi_text

from gateway.conftest import Served
from ircopilot.gateway.described import Problem
from ircopilot.gateway.documentation.schema import first_example
from ircopilot.gateway.openapi import SAFE, api_document, permission_of
from ircopilot.gateway.routers import ROUTERS
from ircopilot.gateway.shared_answers import referred
from ircopilot.gateway.tags import TAGS

DOCUMENT = api_document()
OPERATIONS = [
    (f"{method} {path}", method, operation)
    for path, item in DOCUMENT["paths"].items()
    for method, operation in item.items()
]
EACH = pytest.mark.parametrize(("method", "operation"), [o[1:] for o in OPERATIONS], ids=[o[0] for o in OPERATIONS])


def test_the_file_in_docs_is_the_document() -> None:
    said = "the routes have changed: python tools/write_openapi.py"
    assert TARGET.read_text(encoding="utf-8") == openapi_text(), said


def test_the_document_is_valid() -> None:
    loaded = schemathesis.openapi.from_dict(DOCUMENT)
    loaded.validate()
    assert len(list(loaded.get_all_operations())) == len(OPERATIONS)


def test_every_route_is_in_the_document_under_its_name() -> None:
    routes = [r for router in ROUTERS for r in router.routes if isinstance(r, APIRoute) and r.include_in_schema]
    assert sorted(o["operationId"] for _, _, o in OPERATIONS) == sorted(r.name for r in routes)


@EACH
def test_an_operation_says_what_it_is(method: str, operation: dict[str, Any]) -> None:
    route = next(
        r for router in ROUTERS for r in router.routes if isinstance(r, APIRoute) and r.name == operation["operationId"]
    )
    assert route.summary, "give the route summary="
    assert len(operation["summary"]) <= 60
    assert operation["description"].strip()
    assert len(operation["tags"]) == 1
    assert operation["tags"][0] in {tag.name for tag in TAGS}, "name the noun in gateway/tags.py"
    if permission_of(route) is None:
        return
    assert operation["x-permission"] == permission_of(route)
    session = {"session": []} if method in SAFE else {"session": [], "csrf": []}
    assert operation["security"] == [{"key": []}, session]


@EACH
def test_an_operation_shows_what_goes_in_and_out(method: str, operation: dict[str, Any]) -> None:
    bodies = dict(operation.get("requestBody", {}).get("content", {}))
    for status, answer in operation["responses"].items():
        if status < "3":
            bodies |= {f"{status} {kind}": media for kind, media in answer.get("content", {}).items()}
    for kind, media in bodies.items():
        schema = media.get("schema", {})
        assert schema, f"{kind} has no schema"
        if "json" in kind:
            assert first_example(DOCUMENT, media) is not None, f"{kind}: give the model model_config = shown({{…}})"
    if any(status in operation["responses"] for status in ("200", "201", "202")):
        return
    assert {"204", "303"} & set(operation["responses"])


@EACH
def test_an_operations_errors_are_typed(method: str, operation: dict[str, Any]) -> None:
    if not operation["security"] and "500" not in operation["responses"]:
        return  # health: nothing can be wrong with asking
    told = {s: referred(DOCUMENT, answer) for s, answer in operation["responses"].items() if s >= "4"}
    assert {"500", "503"} <= set(told), "give the route responses=problems(…)"
    for status, answer in told.items():
        media = answer["content"]["application/problem+json"]
        assert media["schema"] == {"$ref": "#/components/schemas/Problem"}
        assert media["examples"]
        for name, shown in media["examples"].items():
            problem = Problem.model_validate(referred(DOCUMENT, shown)["value"])
            assert (problem.type, str(problem.status)) == (f"urn:ircopilot:error:{name}", status)


def test_every_reference_leads_somewhere() -> None:
    def references(part: Any) -> Iterator[str]:
        if isinstance(part, dict):
            if isinstance(part.get("$ref"), str):
                yield part["$ref"]
            for value in part.values():
                yield from references(value)
        elif isinstance(part, list):
            for value in part:
                yield from references(value)

    for reference in set(references(DOCUMENT)):
        place: Any = DOCUMENT
        for name in reference.removeprefix("#/").split("/"):
            place = place[name]


def test_examples_fit_their_schemas() -> None:
    import jsonschema_rs

    for name, schema in DOCUMENT["components"]["schemas"].items():
        whole = {**schema, "components": DOCUMENT["components"]}
        check = jsonschema_rs.validator_for(json.loads(json.dumps(whole)))
        for example in schema.get("examples", ()):
            wrong = [str(error).partition("\n")[0] for error in check.iter_errors(example)]
            assert wrong == [], name


def test_anybody_may_read_the_document(served: Served) -> None:
    with httpx.Client(base_url=served.url, trust_env=False) as http:
        answer = http.get("/openapi.json")
        assert answer.headers["content-type"] == "application/json"
        assert answer.json() == json.loads(openapi_text())
        again = http.get("/openapi.json", headers={"If-None-Match": answer.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")


class _Page(HTMLParser):
    """What a page would fetch or run, where its links lead, and which places it has."""

    def __init__(self) -> None:
        super().__init__()
        self.links: set[str] = set()
        self.places: set[str] = set()
        self.tags: set[str] = set()
        self.fetched: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        found = {name: value or "" for name, value in attrs}
        assert not any(name.startswith("on") or name == "style" for name in found)
        self.places |= {found["id"]} if "id" in found else set()
        self.links |= {found["href"]} if "href" in found else set()
        self.fetched += [found["src"]] if "src" in found else []


def test_the_page_shows_every_operation_and_fetches_nothing(served: Served) -> None:
    with httpx.Client(base_url=served.url, trust_env=False) as http:
        answer = http.get("/docs")
    page = _Page()
    page.feed(answer.text)
    assert {o["operationId"] for _, _, o in OPERATIONS} <= page.places
    assert page.fetched == []
    assert not page.tags & {"script", "link", "img", "iframe", "object", "form"}
    for link in page.links:
        assert link == "/openapi.json" or (link[0] == "#" and link[1:] in page.places), link
    # The one style sheet is the one that the policy names.
    (style,) = re.findall(r"<style>(.*?)</style>", answer.text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = answer.headers["content-security-policy"]
    assert f"style-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none';")
