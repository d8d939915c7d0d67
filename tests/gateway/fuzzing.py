"""The OpenAPI as schemathesis takes it: what is tried, what may be refused, and how bodies are written."""

from __future__ import annotations

import importlib
import io
import os
import pkgutil
import socket
import uuid
import zipfile
import zlib
from collections.abc import Collection, Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import pytest
import schemathesis
import schemathesis.specs.openapi
from schemathesis import GenerationMode
from schemathesis.core.parameters import ParameterLocation

from faults.evidence import write_evidence
from gateway.conftest import Served, client, new_key
from ircopilot.gateway.openapi import IDEMPOTENCY_KEY, api_document
from ircopilot.pipeline.request import Request, Silent
from ircopilot.pipeline.run import investigate
from ircopilot.stores import StoreSet

# Loaded now: pytest rewrites what is loaded late, and CPython 3.11 fails at that under Hypothesis's limit of the stack.
for _module in pkgutil.walk_packages(schemathesis.specs.openapi.__path__, "schemathesis.specs.openapi."):
    importlib.import_module(_module.name)

# What stands in an address → the list that names one, and where in its first item.
_LISTS = {
    "event_id": ("events", "id"), "entity_id": ("entities", "id"), "indicator_id": ("indicators", "id"),
    "sha256": ("artifacts", "sha256"), "action_id": ("actions", "id"), "comment_id": ("comments", "id"),
}  # fmt: skip
SOAK = bool(os.environ.get("IRCOPILOT_SOAK"))


def examples(short: int, soak: int) -> int:
    """How many examples: few, or under `IRCOPILOT_SOAK=1` many; `IRCOPILOT_EXAMPLES` says how many then."""
    return int(os.environ.get("IRCOPILOT_EXAMPLES", soak)) if SOAK else short


def _ends(operation: dict[str, Any]) -> bool:
    return "text/event-stream" not in str(operation["responses"].get("200", {}).get("content", {}))


def tried_schema(names: Collection[str] | None = None) -> Any:
    """Every operation that comes to an end (of these names), with what it may be refused for."""
    schema = schemathesis.openapi.from_dict(deepcopy(api_document()))  # it adds links of its own
    # What fits the schema can still be refused for what it means: another version was seen (412), a rule set that nobody
    # handed in (422), a window that ends before it begins (400). The tus protocol asks for 412 without its header.
    refused = [
        "2xx",
        "3xx",
        "400",
        "401",
        "403",
        "404",
        "409",
        "410",
        "412",
        "413",
        "415",
        "422",
        "424",
        "428",
        "429",
        "503",
    ]
    checks = schema.config.checks
    checks.positive_data_acceptance.expected_statuses = refused
    checks.negative_data_rejection.expected_statuses = [s for s in refused if s not in ("2xx", "3xx")] + ["405", "406"]
    checks.missing_required_header.expected_statuses = ["400", "401", "403", "404", "406", "412", "415", "422", "428"]

    def is_tried(context: Any) -> bool:
        operation = context.operation.definition.raw
        return _ends(operation) and (names is None or operation["operationId"] in names)

    return schema.include(is_tried)


def linked_schema(makers: Collection[str]) -> Any:
    """These operations, which make things, and what can be done with what was made; asked for as the document says."""
    operations = [o for item in api_document()["paths"].values() for o in item.values() if o["operationId"] in makers]
    schema = tried_schema({name for operation in operations for name in linked(operation)} | set(makers))
    schema.config.generation.update(modes=[GenerationMode.POSITIVE])
    return schema


def linked(operation: dict[str, Any]) -> set[str]:
    """The operations that the operation's answers link to."""
    return {name for answer in operation["responses"].values() for name in answer.get("links", ())}


@dataclass(frozen=True, slots=True)
class Fuzzed:
    """A key of an organisation that has the sample incident investigated, and the ids of what is in it."""

    org: str
    key: str
    ids: dict[str, str]

    def aim(self, case: schemathesis.Case) -> None:
        """Let most cases speak of what there is, unless their address is meant to be wrong."""
        meta = case.meta
        place = meta.components.get(ParameterLocation.PATH) if meta else None
        given = case.path_parameters
        if not given or (place is not None and place.mode is GenerationMode.NEGATIVE):
            return
        if zlib.crc32(repr((given, case.query, case.body)).encode("utf-8", "replace")) % 4:
            case.path_parameters.update({name: self.ids[name] for name in given if name in self.ids})


@pytest.fixture(scope="module")
def offline() -> Iterator[None]:
    """Names are looked up as on a machine without a network: addresses that are thought of here may lie anywhere."""
    resolve = socket.getaddrinfo

    def looked_up(host: Any, *args: Any, **more: Any) -> Any:
        if host in (None, "", "localhost", "127.0.0.1", b"localhost", b"127.0.0.1"):
            return resolve(host, *args, **more)
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", looked_up)
        yield


@pytest.fixture(scope="module")
def fuzzed(stores: StoreSet, orchestrated: Served, tmp_path_factory: pytest.TempPathFactory) -> Fuzzed:
    """The sample incident in an organisation of its own, for whatever is tried on it."""
    folder, org = tmp_path_factory.mktemp("fuzzed"), str(uuid.uuid4())
    write_evidence(folder / "evidence")
    key = new_key(stores, org)
    request = Request((folder / "evidence",), folder / "out", title="Sample", incident="INC-7", org_id=org)
    investigate(stores, request, Silent())
    with client(orchestrated, key) as http:
        url = "/v1/incidents/INC-7"
        http.post(f"{url}/actions", json={"title": "Isolate", "state": "open"}).raise_for_status()
        http.post(f"{url}/comments", json={"body": "Seen."}).raise_for_status()
        ids = {n: http.get(f"{url}/{path}").json()["items"][0][member] for n, (path, member) in _LISTS.items()}
        claims = [c for s in http.get(f"{url}/reports/1").json()["sections"] for c in s["claims"]]
        run = http.get("/v1/runs").json()["items"][0]["id"]
    return Fuzzed(org, key, ids | {"key": "INC-7", "version": "1", "claim_id": claims[0]["id"], "run_id": run})


def headers_for(case: schemathesis.Case, key: str) -> dict[str, str]:
    """Who calls; and an idempotency key of the call's own in place of the document's example, good for one call."""
    headers = {"Authorization": f"Bearer {key}"}
    if (case.headers or {}).get("Idempotency-Key") == IDEMPOTENCY_KEY["example"]:
        headers["Idempotency-Key"] = str(uuid.uuid4())
    return headers


def _bytes_of(value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")


@schemathesis.serializer("application/offset+octet-stream")
def _as_piece(context: Any, value: Any) -> bytes:
    """A piece of an upload is bytes, whatever was thought of."""
    return _bytes_of(value)


@schemathesis.serializer("application/zip")
def _as_archive(context: Any, value: Any) -> bytes:
    """An archive whose one member is what was thought of."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("rules.yml", _bytes_of(value))
    return made.getvalue()
