"""What a caller takes: answers come in a media type that `Accept` names, or not at all; errors are always problems."""

from __future__ import annotations

import httpx
import pytest

from gateway.test_incidents import problem
from ircopilot.export.registry import EXPORTERS
from ircopilot.gateway.acceptance import kinds_of
from ircopilot.gateway.routers import ROUTERS

ROUTES = {route.name: route for router in ROUTERS for route in router.routes}


@pytest.mark.parametrize(
    "accept",
    [
        "application/json", "application/*", "*/*", "", "text/html, application/json;q=0.5", "TEXT/html,*/*;q=0.1",
        "application/json;q=nonsense", "text/html;q=0, */*",
    ],
)  # fmt: skip
def test_what_can_be_met_is_answered(http: httpx.Client, accept: str) -> None:
    assert http.get("/v1/runs", headers={"Accept": accept}).status_code == 200


@pytest.mark.parametrize(
    "accept", ["text/html", "application/xml, text/*", "application/json;q=0, */*", "application/json;q=0", "x"]
)
def test_what_cannot_be_met_is_told_so(http: httpx.Client, accept: str) -> None:
    told = problem(http.get("/v1/runs", headers={"Accept": accept}), 406, "not-acceptable")
    assert "application/json" in str(told["detail"])
    refused = http.post("/v1/incidents", json={"title": "t"}, headers={"Accept": accept})
    problem(refused, 406, "not-acceptable")
    assert http.get("/v1/incidents").json()["items"] == []  # nothing was done


def test_several_headers_are_one(http: httpx.Client) -> None:
    headers = [*http.headers.raw, (b"Accept", b"text/html"), (b"Accept", b"application/json")]
    headers = [h for h in headers if h != (b"Accept", b"*/*")]
    assert http.get("/v1/runs", headers=headers).status_code == 200  # type: ignore[arg-type]


def test_routes_know_what_they_answer_in() -> None:
    assert kinds_of(ROUTES["list_runs"]) == {"application/json"}
    assert kinds_of(ROUTES["watch_run"]) == {"text/event-stream"}
    assert kinds_of(ROUTES["export_audit_log"]) == {"application/x-ndjson", "text/plain"}
    assert kinds_of(ROUTES["sign_out"]) == frozenset()
    files = {exporter.media_type for exporter in EXPORTERS} | {"application/octet-stream"}
    assert kinds_of(ROUTES["download_export"]) == kinds_of(ROUTES["preview_export"]) == files
