"""Parameters of addresses and headers as they are sent: there is no null in them, and what is no list stands once."""

from __future__ import annotations

from typing import Any

from fastapi import Request
from fastapi.routing import APIRoute

from ircopilot.gateway.errors import InvalidRequest


def drop_nulls(document: dict[str, Any]) -> None:
    """Take out of each parameter's schema the null that an optional one has in Python; in place."""
    for item in document["paths"].values():
        for operation in item.values():
            for parameter in operation.get("parameters", ()):
                schema = parameter.get("schema", {})
                kinds = schema.get("anyOf", ())
                rest = [kind for kind in kinds if kind != {"type": "null"}]
                if len(rest) < len(kinds):
                    del schema["anyOf"]
                    schema |= rest[0] if len(rest) == 1 else {"anyOf": rest}


def check_once(request: Request) -> None:
    """Raises `InvalidRequest` for a query parameter that stands there several times and is no list.

    Of two values one would be taken silently, and proxies do not agree on which.
    """
    names = [name for name, _ in request.query_params.multi_items()]
    twice = {name for name in names if names.count(name) > 1} if len(set(names)) < len(names) else set()
    route = request.scope.get("route")
    if twice and isinstance(route, APIRoute) and (wrong := sorted(twice - _lists_of(route))):
        errors = [{"at": f"query.{name[:100]}", "reason": "it stands there more than once"} for name in wrong[:20]]
        raise InvalidRequest(f"query.{wrong[0][:100]}: it stands there more than once", "send it once", errors)


def _lists_of(route: APIRoute) -> frozenset[str]:
    """The route's query parameters that may be given several times; looked for only when something is."""
    pending, found = [route.dependant], set()
    while pending:
        part = pending.pop()
        pending += part.dependencies
        found |= {field.alias for field in part.query_params if _is_list(field)}
    return frozenset(found)


def _is_list(field: Any) -> bool:
    schema = field._type_adapter.json_schema()
    return schema.get("type") == "array" or any(kind.get("type") == "array" for kind in schema.get("anyOf", ()))
