"""Which headers an answer carries besides its id: where what was made lies, and the tag of the version that is shown."""

from __future__ import annotations

from typing import Any

from ircopilot.gateway.links import MADE

Json = dict[str, Any]

HEADERS: Json = {
    "ETag": {
        "description": "The version that is shown, to be sent as `If-Match` with a change of it (RFC 9110 §8.8.3).",
        "schema": {"type": "string", "pattern": '^"v[0-9]{1,18}(-gzip)?"$'},
        "example": '"v3"',
        "required": True,
    },
    "Location": {
        "description": "The path of what was made (RFC 9110 §10.2.2).",
        "schema": {"type": "string", "format": "uri-reference"},
        "example": "/v1/incidents/INC-1",
        "required": True,
    },
}
_GOOD = ("200", "201", "202")


def add_answer_headers(paths: Json) -> None:
    """Tell the headers of answers that went well; in place.

    A thing has a tag where a change of it, or a deed on it, asks for one: at its own address, and where it is made.
    """
    asking = {path for path, item in paths.items() if any(_asks_for_tag(operation) for operation in item.values())}
    # A deed on a thing (`/submit`) asks for the thing's tag, too.
    tagged = asking | {path.rpartition("/")[0] for path in asking if not path.endswith("}")}
    for path, item in paths.items():
        for method, operation in item.items():
            thing, _ = MADE.get(operation["operationId"], ("", ""))
            names = []
            if "get" in paths.get(thing, {}):
                names.append("Location")
            if _asks_for_tag(operation) or (method == "get" and path in tagged) or thing in tagged:
                names.append("ETag")
            for status, answer in operation["responses"].items():
                if status in _GOOD and answer.get("content"):
                    answer.setdefault("headers", {}).update(
                        (name, {"$ref": f"#/components/headers/{name}"}) for name in names
                    )


def _asks_for_tag(operation: Json) -> bool:
    return any(p["name"] == "If-Match" for p in operation.get("parameters", ()))
