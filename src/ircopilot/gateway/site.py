"""The web application: a static site beside the API, on one origin.

All its files are read once and served out of memory, by a look-up in a table: no path of a caller's reaches a file system.
A human URL (`/incidents/INC-12/timeline?t=…`) is answered with the shell of its kind of page, which reads the path itself;
so are the `.txt` payloads that Next.js asks for when it moves between pages. What belongs to the API is never answered here.
"""

from __future__ import annotations

import base64
import hashlib
import json
import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from ircopilot.gateway.codings import taken_coding

FOLDER = Path(__file__).parent / "static"
SHELLS = "shells.json"
# Never a page of ours, whatever the site holds: the API, what is open beside it, and its description.
API = frozenset({"v1", "healthz", "readyz", "metrics", "openapi.json", "docs"})
_HASHED = "_next/"
_ENCODINGS = ((".br", "br"), (".gz", "gzip"))
_ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
# Styles may stand in attributes, where React and Radix put positions; scripts only in files and where the hash is known.
_POLICY = (
    "default-src 'none'; script-src 'self' {hashes}; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "font-src 'self'; connect-src 'self'; manifest-src 'self'; worker-src 'self'; frame-src 'self' blob:; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"
)
_PLAIN_POLICY = "default-src 'none'; frame-ancestors 'none'; sandbox"


@dataclass(frozen=True, slots=True)
class SiteFile:
    """A file's bytes by content coding (`""` is as it is), and what is said of it."""

    bodies: Mapping[str, bytes]
    kind: str
    etag: str
    policy: str
    caching: str

    def answer(self, headers: Headers, status: int = 200) -> Response:
        """The file in a coding that the caller takes, or 304."""
        coding = taken_coding(headers.get("accept-encoding", ""), self.bodies)
        said = _ALWAYS | {"Cache-Control": self.caching, "ETag": self.etag, "Content-Security-Policy": self.policy}
        said["Vary"] = "Accept-Encoding"
        known = [tag.strip().removeprefix("W/") for tag in headers.get("if-none-match", "").split(",")]
        if status == 200 and self.etag.removeprefix("W/") in known:
            return Response(status_code=304, headers=said)
        if coding:
            said["Content-Encoding"] = coding
        return Response(self.bodies[coding], status, said, media_type=self.kind)


@dataclass(frozen=True, slots=True)
class BuiltSite:
    """The files by path (`_next/static/x.js`), and which page answers below which prefix."""

    files: Mapping[str, SiteFile]
    shells: tuple[tuple[str, str], ...] = field(default=())

    def find(self, path: str) -> tuple[SiteFile | None, int]:
        """The file of a URL's path, and the status it is answered with; none where the site has no say."""
        name = path.lstrip("/")
        if path.startswith("//") or name.split("/", 1)[0] in API:
            return None, 404
        if found := self.files.get(name or "index.html") or self.files.get(f"{name}.html"):
            return found, 200
        if name.startswith(_HASHED) or "\\" in name or "\x00" in name:
            return self.files.get("404.html"), 404
        for prefix, page in self.shells:
            if name == prefix or (prefix.endswith("/") and name.startswith(prefix)):
                return self._shell(name, page)
        return self.files.get("404.html"), 404

    def _shell(self, name: str, page: str) -> tuple[SiteFile | None, int]:
        """The page, or the part of its payload that is asked for as the last piece of the path."""
        last = name.rsplit("/", 1)[-1]
        if last.startswith("__next.") and last.endswith(".txt"):
            return self.files.get(f"{page}/{last}"), 200
        if last.endswith(".txt"):
            return self.files.get(f"{page}.txt"), 200
        return self.files.get(f"{page}.html"), 200


def load_site(folder: Path = FOLDER) -> BuiltSite | None:
    """The built site, None when there is none (`make web` builds it)."""
    if not (folder / "index.html").is_file():
        return None
    files = {
        path.relative_to(folder).as_posix(): _read(folder, path)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.is_symlink() and path.suffix not in (".br", ".gz") and path.name != SHELLS
    }
    return BuiltSite(files, _shells(folder / SHELLS))


def _read(folder: Path, path: Path) -> SiteFile:
    body = path.read_bytes()
    bodies = {"": body} | {
        coding: packed.read_bytes()
        for suffix, coding in _ENCODINGS
        if (packed := path.with_name(path.name + suffix)).is_file()
    }
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    if path.suffix == ".txt":
        kind = "text/x-component"
    kind = {"text/javascript": "text/javascript; charset=utf-8"}.get(kind, kind)
    hashed = path.relative_to(folder).as_posix().startswith("_next/static/")
    return SiteFile(
        bodies,
        kind,
        f'W/"{hashlib.sha256(body).hexdigest()[:32]}"',
        page_policy(body.decode("utf-8")) if path.suffix == ".html" else _PLAIN_POLICY,
        "public, max-age=31536000, immutable" if hashed else "no-cache",
    )


def page_policy(html: str) -> str:
    """The content security policy of a page: scripts of its own origin, and those inline ones that it came with."""
    found = _InlineScripts()
    found.feed(html)
    found.close()
    digests = sorted({base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in found.texts})
    return _POLICY.format(hashes=" ".join(f"'sha256-{digest}'" for digest in digests))


class _InlineScripts(HTMLParser):
    """Gathers what stands between `<script>` and `</script>`, character for character."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.texts: list[str] = []
        self._inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "script" and "src" not in dict(attrs):
            self._inside = True
            self.texts.append("")

    def handle_endtag(self, tag: str) -> None:
        if tag == "script":
            self._inside = False

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.texts[-1] += data


def _shells(path: Path) -> tuple[tuple[str, str], ...]:
    """Pairs of prefix (`incidents/`) and page (`incident`), from the pairs of patterns that the web build shares."""
    pairs = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else []
    return tuple((source.removesuffix(":path+").lstrip("/"), page.lstrip("/") or "index") for source, page in pairs)


class SiteLayer:
    """Around the whole application: answers GET and HEAD of what is the site's, hands on everything else."""

    def __init__(self, app: ASGIApp, site: BuiltSite) -> None:
        self._app, self._site = app, site

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one call."""
        if scope["type"] == "http" and scope["method"] in ("GET", "HEAD"):
            found, status = self._site.find(scope["path"])
            if found is not None:
                await found.answer(Headers(scope=scope), status)(scope, receive, send)
                return
        await self._app(scope, receive, send)
