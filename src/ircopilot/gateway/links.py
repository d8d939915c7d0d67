"""What can be done next with what was made: the OpenAPI's links, for clients and for tests that follow them."""

from __future__ import annotations

import re
from typing import Any

# What makes a thing → the thing's address, and where in the answer its id stands.
MADE: dict[str, tuple[str, str]] = {
    "open_incident": ("/v1/incidents/{key}", "/key"),
    "add_comment": ("/v1/incidents/{key}/comments/{comment_id}", "/id"),
    "note_action": ("/v1/incidents/{key}/actions/{action_id}", "/action/id"),
    "note_event": ("/v1/incidents/{key}/events/{event_id}/notes/{note_id}", "/id"),
    "add_indicator": ("/v1/incidents/{key}/indicators/{indicator_id}", "/id"),
    "reopen_report_version": ("/v1/incidents/{key}/reports/{version}", "/version"),
    "create_claim": ("/v1/incidents/{key}/reports/{version}/claims/{claim_id}", "/id"),
    "create_export": ("/v1/incidents/{key}/exports/{export_id}", "/id"),
    "ask_for_run": ("/v1/runs/{run_id}", "/id"),
    "retry_run": ("/v1/runs/{run_id}", "/id"),
    "write_playbook": ("/v1/playbooks/{playbook_id}", "/id"),
    "save_filter": ("/v1/filters/{filter_id}", "/id"),
    "create_service_account": ("/v1/members/{member_id}", "/id"),
    "invite_member": ("/v1/invitations/{invitation_id}", "/invitation/id"),
    "create_api_key": ("/v1/api-keys/{key_id}", "/api_key/id"),
    "rotate_api_key": ("/v1/api-keys/{key_id}", "/api_key/id"),
    "create_own_key": ("/v1/me/api-keys/{key_id}", "/api_key/id"),
    "create_oidc_provider": ("/v1/oidc-providers/{provider_id}", "/id"),
}  # fmt: skip
_NAMES = re.compile(r"\{(\w+)\}")


def add_links(paths: dict[str, Any]) -> None:
    """Link each operation that makes a thing to the list it stands in, and to all that needs no more than its id."""
    for path, item in paths.items():
        for operation in item.values():
            if (made := MADE.get(operation["operationId"])) is not None:
                links = _links(paths, path, *made)
                for status, answer in operation["responses"].items():
                    if status in ("200", "201", "202"):
                        answer["links"] = links


def _links(paths: dict[str, Any], from_path: str, thing: str, pointer: str) -> dict[str, Any]:
    carried = set(_NAMES.findall(from_path))
    collection, _, last = thing.rpartition("/")
    own = last.strip("{}")
    known = {name: f"$request.path.{name}" for name in sorted(carried)} | {own: f"$response.body#{pointer}"}
    found = {}
    for path, item in paths.items():
        in_list = path == collection and "get" in item
        for method, operation in item.items():
            of_thing = path == thing or path.startswith(f"{thing}/")
            names = _NAMES.findall(path)
            if (of_thing or (in_list and method == "get")) and set(names) <= set(known):
                found[operation["operationId"]] = {
                    "operationId": operation["operationId"],
                    "parameters": {name: known[name] for name in names} | _seen(operation),
                }
    return found


def _seen(operation: dict[str, Any]) -> dict[str, str]:
    """Which version was seen, for what is changed only by who says so."""
    asks = any(p["name"] == "If-Match" for p in operation.get("parameters", ()))
    return {"header.If-Match": "$response.header.ETag"} if asks else {}
