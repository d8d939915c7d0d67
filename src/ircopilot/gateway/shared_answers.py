"""Errors are told once in the OpenAPI document: most routes may tell the same ones, and clients read it whole."""

from __future__ import annotations

from typing import Any

from ircopilot.contracts.problems import MEDIA_TYPE

Json = dict[str, Any]


def share_answers(document: Json) -> None:
    """Move the errors of all operations to components, by what they tell, and refer to them; in place."""
    answers: Json = {}
    examples: Json = {}
    for item in document["paths"].values():
        for operation in item.values():
            told = operation["responses"]
            for status in told:
                if set(told[status].get("content", {})) == {MEDIA_TYPE}:
                    told[status] = _shared(answers, examples, status, told[status])
    document["components"]["responses"] = dict(sorted(answers.items()))
    document["components"]["examples"] = dict(sorted(examples.items()))


def referred(document: Json, part: Json) -> Json:
    """What the part refers to, else itself."""
    reference = part.get("$ref")
    if reference is None:
        return part
    _, _, kind, name = str(reference).split("/")
    found: Json = document["components"][kind][name]
    return found


def _shared(answers: Json, examples: Json, status: str, answer: Json) -> Json:
    shown = answer["content"][MEDIA_TYPE]["examples"]
    name = ".".join((status, *sorted(shown)))
    if name not in answers:
        examples.update(shown)
        answer["content"][MEDIA_TYPE]["examples"] = {kind: {"$ref": f"#/components/examples/{kind}"} for kind in shown}
        answers[name] = answer
    return {"$ref": f"#/components/responses/{name}"}
