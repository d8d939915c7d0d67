"""Schemas as tables: what a member is called, of which type it is, what it means; and the example that a body shows."""

from __future__ import annotations

import html
from typing import Any

Json = dict[str, Any]
_LIMITS = (
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "minLength",
    "maxLength",
    "maxItems",
    "pattern",
)


def schema_table(schema: Json) -> str:
    """An object's members; anything else as its type."""
    members = schema.get("properties")
    if not members:
        return f"<p>{type_text(schema)}</p>"
    required = set(schema.get("required", ()))
    rows = "".join(
        f"<tr><th><code>{html.escape(name)}</code>{' *' if name in required else ''}</th><td>{type_text(member)}</td>"
        f"<td>{html.escape(member.get('description', ''))}</td></tr>"
        for name, member in members.items()
    )
    return f"<table>{rows}</table>"


def type_text(schema: Json) -> str:
    """A schema in a few words, with links to those that have a name."""
    if "$ref" in schema:
        name = html.escape(schema["$ref"].rpartition("/")[2])
        return f'<a href="#schema-{name}">{name}</a>'
    for joined in ("anyOf", "oneOf", "allOf"):
        if joined in schema:
            return " or ".join(type_text(part) for part in schema[joined])
    if "enum" in schema or "const" in schema:
        return " | ".join(f"<code>{html.escape(str(v))}</code>" for v in schema.get("enum", [schema.get("const")]))
    if schema.get("type") == "array":
        return f"array of {type_text(schema.get('items', {}))}"
    said = html.escape(str(schema.get("format") or schema.get("type") or "any"))
    limits = ", ".join(f"{name} {schema[name]}" for name in _LIMITS if name in schema)
    return said + (f" <small>{html.escape(limits)}</small>" if limits else "")


def first_example(document: Json, media: Json) -> Any:
    """An example of the body: its own, else one that its schema has; None when there is none."""
    if "example" in media:
        return media["example"]
    for shown in media.get("examples", {}).values():
        return shown.get("value")
    return schema_example(document, media.get("schema", {}))


def schema_example(document: Json, schema: Json) -> Any:
    """The first example of a schema, looked for behind references and in the first alternative too."""
    if "$ref" in schema:
        return schema_example(document, document["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
    for shown in schema.get("examples", ()):
        return shown
    if "example" in schema:
        return schema["example"]
    for part in schema.get("anyOf", ()):
        return schema_example(document, part)
    return None
