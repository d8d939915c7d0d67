"""The OpenAPI document as one HTML page that needs no script: operations by noun, each with a call to copy."""

from __future__ import annotations

import html
import json
import re
from importlib.resources import files
from typing import Any

from ircopilot.gateway.documentation.schema import first_example, schema_table, type_text
from ircopilot.gateway.shared_answers import referred

STYLE = files(__package__).joinpath("style.css").read_text(encoding="utf-8")
_METHODS = ("get", "post", "put", "patch", "delete", "head", "options")
Json = dict[str, Any]


def documentation_page(document: Json) -> str:
    """The whole page. Every text is escaped; `code` and paragraphs are the only markup that descriptions have."""
    info = document["info"]
    sections = [_section(document, tag) for tag in document["tags"] if _operations(document, tag["name"])]
    schemas = "".join(_schema(document, name) for name in sorted(document["components"]["schemas"]))
    nav = "".join(_nav(document, tag["name"]) for tag in document["tags"] if _operations(document, tag["name"]))
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{_text(info['title'])}: API</title><style>{STYLE}</style></head><body>"
        f'<nav aria-label="Operations"><p class="home"><a href="#top">API {_text(info["version"])}</a></p>{nav}'
        '<p><a href="#schemas">Schemas</a></p></nav>'
        f'<main id="top"><h1>{_text(info["title"])}</h1><p class="lead">{_text(info["summary"])}</p>'
        f'{_prose(info["description"])}<p><a href="/openapi.json">openapi.json</a> (OpenAPI {document["openapi"]})</p>'
        f"{_sign_in(document)}{''.join(sections)}"
        f'<section id="schemas"><h2>Schemas</h2>{schemas}</section></main></body></html>'
    )


def _operations(document: Json, tag: str) -> list[tuple[str, str, Json]]:
    return [
        (method, path, item[method])
        for path, item in document["paths"].items()
        for method in _METHODS
        if method in item and tag in item[method].get("tags", ())
    ]


def _nav(document: Json, tag: str) -> str:
    rows = "".join(
        f'<li><a href="#{operation["operationId"]}">{_method(method)} {_text(operation["summary"])}</a></li>'
        for method, _, operation in _operations(document, tag)
    )
    return f"<details><summary>{_text(tag)}</summary><ul>{rows}</ul></details>"


def _sign_in(document: Json) -> str:
    rows = "".join(
        f"<tr><th><code>{_text(name)}</code></th><td>{_text(scheme['description'])}</td></tr>"
        for name, scheme in document["components"]["securitySchemes"].items()
    )
    return f'<section id="who-calls"><h2>Who calls</h2><table>{rows}</table></section>'


def _section(document: Json, tag: Json) -> str:
    shown = "".join(_operation(document, *found) for found in _operations(document, tag["name"]))
    return f'<section id="tag-{_text(tag["name"])}"><h2>{_text(tag["name"])}</h2>{_prose(tag["description"])}{shown}</section>'


def _operation(document: Json, method: str, path: str, operation: Json) -> str:
    permission = operation.get("x-permission")
    needs = f"<p>Needs <code>{_text(permission)}</code>.</p>" if permission else "<p>Public.</p>"
    return (
        f'<article id="{operation["operationId"]}"><h3>{_method(method)} <code>{_text(path)}</code></h3>'
        f'<p class="lead">{_text(operation["summary"])}</p>{_prose(operation.get("description", ""))}{needs}'
        f"{_parameters(operation)}{_body(document, operation)}"
        f"<h4>Call</h4><pre>{_text(_curl(document, method, path, operation))}</pre>"
        f"{_answers(document, operation)}</article>"
    )


def _parameters(operation: Json) -> str:
    rows = "".join(
        f"<tr><th><code>{_text(p['name'])}</code>{' *' if p.get('required') else ''}</th><td>{_text(p['in'])}</td>"
        f"<td>{type_text(p['schema'])}</td><td>{_prose(p.get('description', ''))}</td></tr>"
        for p in operation.get("parameters", ())
    )
    return f"<h4>Parameters</h4><table>{rows}</table>" if rows else ""


def _body(document: Json, operation: Json) -> str:
    found = operation.get("requestBody")
    if not found:
        return ""
    shown = "".join(_content(document, kind, media) for kind, media in found["content"].items())
    return f"<h4>Body{'' if found.get('required') else ' (may be left out)'}</h4>{shown}"


def _answers(document: Json, operation: Json) -> str:
    rows = []
    for status, answer in operation["responses"].items():
        content = "" if status >= "4" else "".join(
            _content(document, kind, media) for kind, media in answer.get("content", {}).items()
        )  # fmt: skip
        about = _prose(referred(document, answer)["description"])
        rows.append(f"<tr><th>{_text(status)}</th><td>{about}{content}</td></tr>")
    return f"<h4>Answers</h4><table>{''.join(rows)}</table>"


def _content(document: Json, kind: str, media: Json) -> str:
    example = first_example(document, media)
    shown = "" if example is None else f"<pre>{_text(json.dumps(example, indent=1, ensure_ascii=False))}</pre>"
    return f"<p><code>{_text(kind)}</code> {type_text(media.get('schema', {}))}</p>{shown}"


def _schema(document: Json, name: str) -> str:
    schema = document["components"]["schemas"][name]
    about = _prose(schema.get("description", ""))
    return f'<article id="schema-{_text(name)}"><h3>{_text(name)}</h3>{about}{schema_table(schema)}</article>'


def _curl(document: Json, method: str, path: str, operation: Json) -> str:
    """The call as one would type it; `$URL` and `$KEY` are the reader's."""
    query = "&".join(
        f"{p['name']}=…" for p in operation.get("parameters", ()) if p["in"] == "query" and p.get("required")
    )
    words = [
        "curl -sS",
        "" if method == "get" else f"-X {method.upper()}",
        f'"$URL{path}{"?" + query if query else ""}"',
    ]
    if operation["security"]:
        words.append('-H "Authorization: Bearer $KEY"')
    words += [
        f'-H "{p["name"]}: …"' for p in operation.get("parameters", ()) if p["in"] == "header" and p.get("required")
    ]
    for kind, media in operation.get("requestBody", {}).get("content", {}).items():
        example = first_example(document, media)
        if "json" in kind and example is not None:
            words.append(f"--json '{json.dumps(example, ensure_ascii=False)}'")
        else:
            words.append(f'-H "Content-Type: {kind}" --data-binary @FILE')
        break
    return " ".join(word for word in words if word)


def _method(method: str) -> str:
    return f'<span class="method {method}">{method.upper()}</span>'


def _prose(text: str) -> str:
    shown = re.sub(r"`([^`]+)`", r"<code>\1</code>", _text(text))
    return "".join(f"<p>{part}</p>" for part in re.split(r"\n\s*\n", shown) if part.strip())


def _text(value: object) -> str:
    return html.escape(str(value))
