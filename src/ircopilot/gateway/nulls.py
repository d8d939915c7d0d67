"""FastAPI leaves null members out of all examples; here they are put back where the schema asks for the member."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]


def restore_nulls(document: Json) -> None:
    """Complete the examples of every named schema, in place."""
    for schema in document["components"]["schemas"].values():
        for example in schema.get("examples", ()):
            _restore(document, schema, example)


def _restore(document: Json, schema: Json, value: Any) -> None:
    for part in _alternatives(document, schema):
        if isinstance(value, list):
            for item in value:
                _restore(document, part.get("items", {}), item)
        if isinstance(value, dict):
            members = part.get("properties", {})
            for name in part.get("required", ()):
                if name not in value and _may_be_null(document, members.get(name, {})):
                    value[name] = None
            for name in value.keys() & members.keys():
                _restore(document, members[name], value[name])


def _alternatives(document: Json, schema: Json) -> list[Json]:
    if "$ref" in schema:
        return _alternatives(document, document["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
    found = [schema]
    for part in (*schema.get("anyOf", ()), *schema.get("oneOf", ())):
        found += _alternatives(document, part)
    return found


def _may_be_null(document: Json, schema: Json) -> bool:
    return any(part.get("type") == "null" for part in _alternatives(document, schema))
