"""Makes the typed calls of the Python client from docs/openapi.json into src/ircopilot/client/generated/.

Run by the build hook like the protos; `python tools/build_client.py` does it by hand. One method per operation, named
by its operationId, twice: for `Calls` and for `AsyncCalls`. Bodies and answers are TypedDicts of the document's schemas.
Event streams are left out: `Client.watch` reads them.
"""

from __future__ import annotations

import json
import keyword
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PACKAGE = "src/ircopilot/client/generated"
NOTE = '"""Generated from docs/openapi.json by tools/build_client.py; never edited, never committed."""\n\n'
SIMPLE = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "null": "None"}
METHODS = ("get", "post", "put", "patch", "delete")
JSON = "application/json"


@dataclass(frozen=True)
class Argument:
    """One parameter: its name in Python and on the wire, where it goes, its type, and whether it may be left out."""

    name: str
    wire: str
    place: str
    type: str
    required: bool


@dataclass(frozen=True)
class Operation:
    """One call: name, how it is sent, what it takes, what comes back."""

    name: str
    method: str
    path: str
    about: str
    arguments: tuple[Argument, ...]
    body: str
    body_required: bool
    answer: str


def python_name(name: str) -> str:
    """A schema's name as a name of Python."""
    return re.sub(r"\W", "_", name)


def type_of(schema: dict[str, Any]) -> str:
    """The Python type of a JSON schema, as source."""
    if "$ref" in schema:
        return python_name(str(schema["$ref"]).rpartition("/")[2])
    if "enum" in schema or "const" in schema:
        return f"Literal[{', '.join(repr(v) for v in schema.get('enum', [schema.get('const')]))}]"
    for word in ("anyOf", "oneOf", "allOf"):  # of allOf, FastAPI makes one part only
        if word in schema:
            return " | ".join(dict.fromkeys(type_of(part) for part in schema[word]))
    kind = schema.get("type")
    return _of_kind(schema, kind if isinstance(kind, list) else [kind])


def _of_kind(schema: dict[str, Any], kinds: list[Any]) -> str:
    more = schema.get("additionalProperties")
    shapes = SIMPLE | {
        "array": f"list[{type_of(schema['items']) if schema.get('items') else 'Any'}]",
        "object": f"dict[str, {type_of(more) if isinstance(more, dict) else 'Any'}]",
    }
    return " | ".join(shapes.get(str(kind), "Any") for kind in kinds)


def models(document: dict[str, Any]) -> Iterator[str]:
    """A TypedDict per schema that is an object, an alias for any other."""
    for schema_name, schema in sorted(document["components"]["schemas"].items()):
        name = python_name(schema_name)
        if schema.get("type") != "object" or "properties" not in schema:
            yield f'{name}: TypeAlias = "{type_of(schema)}"\n'
            continue
        needed = set(schema.get("required", ()))
        fields = [
            f"    {field!r}: " + (f"{type_of(told)!r}," if field in needed else f"NotRequired[{type_of(told)!r}],")
            for field, told in schema["properties"].items()
        ]
        yield f'{name} = TypedDict("{name}", {{\n' + "\n".join(fields) + "\n})\n"


def operations(document: dict[str, Any]) -> Iterator[Operation]:
    """Every call of the document that answers once."""
    for path, item in document["paths"].items():
        for method in METHODS:
            told = item.get(method)
            if told is None:
                continue
            answer = _answer(told)
            if answer is None:
                continue
            body = told.get("requestBody", {})
            content = body.get("content", {})
            shape = type_of(content[JSON]["schema"]) if JSON in content else ("Content" if content else "")
            arguments = tuple(_argument(p) for p in [*item.get("parameters", ()), *told.get("parameters", ())])
            about = str(told.get("summary", "")).strip().rstrip(".")
            yield Operation(
                told["operationId"], method.upper(), path, about, arguments, shape, bool(body.get("required")), answer
            )


def _answer(told: dict[str, Any]) -> str | None:
    """The type of the answer; `bytes` for what is no JSON, None for a stream of events."""
    good = [answer for status, answer in told["responses"].items() if status.startswith("2")]
    kinds = {kind: shape for answer in good for kind, shape in answer.get("content", {}).items()}
    if "text/event-stream" in kinds:
        return None
    if JSON in kinds:
        return type_of(kinds[JSON].get("schema", {}))
    return "bytes" if kinds else "None"


def _argument(told: dict[str, Any]) -> Argument:
    wire = str(told["name"])
    name = re.sub(r"\W", "_", wire).lower()
    name = f"{name}_" if keyword.iskeyword(name) or name in ("self", "body") else name
    return Argument(name, wire, told["in"], type_of(told.get("schema", {})), bool(told.get("required")))


def _or_none(type_: str) -> str:
    return type_ if type_.endswith("None") else f"{type_} | None"


def method_source(operation: Operation, asynchronous: bool) -> str:
    """The method that makes a call."""
    path = sorted(
        (a for a in operation.arguments if a.place == "path"), key=lambda a: operation.path.index(f"{{{a.wire}")
    )
    rest = [a for a in operation.arguments if a.place in ("query", "header") and a.wire.lower() != "idempotency-key"]
    words = ["self", *(f"{a.name}: str" for a in path)]
    if operation.body:
        words.append(
            f"body: {operation.body}" if operation.body_required else f"body: {_or_none(operation.body)} = None"
        )
    if rest:
        words.append("*")
        words += [f"{a.name}: {a.type}" for a in rest if a.required]
        words += [f"{a.name}: {_or_none(a.type)} = None" for a in rest if not a.required]
    places = {
        place: "{" + ", ".join(f'"{a.wire}": {a.name}' for a in rest if a.place == place) + "}"
        for place in ("query", "header")
    }
    target = re.sub(r"\{(\w+)(:\w+)?\}", lambda m: "{quoted(" + m[1] + ")}", operation.path)
    given = [f'"{operation.method}"', f'f"{target}"']
    given += [f"params={places['query']}"] if any(a.place == "query" for a in rest) else []
    given += [f"headers={places['header']}"] if any(a.place == "header" for a in rest) else []
    if operation.body:
        given.append("content=body" if operation.body == "Content" else "json=body")
    call = f"self._calls.{'fetch' if operation.answer == 'bytes' else 'call'}({', '.join(given)})"
    call = f"await {call}" if asynchronous else call
    casts = operation.answer not in ("None", "bytes", "Any")
    given_back = f"cast('{operation.answer}', {call})" if casts else call
    result = f"        {'' if operation.answer == 'None' else 'return '}{given_back}\n"
    start = "async def" if asynchronous else "def"
    about = operation.about.replace("\\", "\\\\").replace('"', "'")
    return (
        f"    {start} {operation.name}({', '.join(words)}) -> {operation.answer}:\n"
        f'        """{about}. `{operation.method} {operation.path}`."""\n{result}'
    )


def build_client(root: Path) -> None:
    """Write the package; does nothing when the document is not there, as in a source distribution without docs."""
    source = root / "docs" / "openapi.json"
    if not source.exists():
        return
    document = json.loads(source.read_text(encoding="utf-8"))
    target = root / PACKAGE
    target.mkdir(exist_ok=True)
    head = NOTE + "from __future__ import annotations\n\n"
    (target / "__init__.py").write_text(NOTE.rstrip() + "\n", encoding="utf-8")
    typing = "from typing import Any, Literal, NotRequired, TypeAlias, TypedDict\n\n"
    (target / "models.py").write_text(head + typing + "\n\n".join(models(document)), encoding="utf-8")
    calls = list(operations(document))
    for name, of, asynchronous in (("operations", "Calls", False), ("async_operations", "AsyncCalls", True)):
        text = head + (
            "from typing import Any, Literal, cast\n\n"
            f"from ircopilot.client.{'async_calls' if asynchronous else 'calls'} import {of}\n"
            "from ircopilot.client.generated.models import *\n"
            "from ircopilot.client.wire import Content, quoted\n\n\n"
            f"class {'Async' if asynchronous else ''}Operations:\n"
            '    """Every operation of the API that answers once."""\n\n'
            f"    def __init__(self, calls: {of}) -> None:\n        self._calls = calls\n\n"
        )
        text += "\n".join(method_source(operation, asynchronous) for operation in calls)
        (target / f"{name}.py").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    build_client(Path(__file__).resolve().parent.parent)
