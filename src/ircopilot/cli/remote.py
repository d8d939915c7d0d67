"""`investigate --server`: the same work done by a gateway's workers; what is printed and written is the same."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ircopilot.cli.connection import connected
from ircopilot.cli.run_show import RunBars
from ircopilot.contracts.report import ReportDocument
from ircopilot.domain.errors import NothingReadable, ProblemError
from ircopilot.domain.ids import incident_key
from ircopilot.evidence.collect import Collected, given_files
from ircopilot.export.manifest import MANIFEST_FILE
from ircopilot.export.registry import EXPORTERS
from ircopilot.pipeline.request import Request
from ircopilot.pipeline.run import Outcome, check_path

if TYPE_CHECKING:
    from ircopilot.client import Client


class RunFailed(ProblemError):
    """The run on the server did not come to its end."""

    type = "run-failed"
    status = 409
    title = "The run was not finished"


class NamedFile(NamedTuple):
    """A file, its name as evidence, and its SHA-256."""

    path: Path
    name: str
    sha256: str


def investigate_remotely(server: str, request: Request, quiet: bool) -> Outcome:
    """Hand the evidence in, have it investigated there, and fetch the report into `request.out`.

    Raises `RunFailed`, `NothingReadable` when there is no file, and what the gateway tells.
    """
    files, not_read = named_files(request.evidence)
    if not files:
        raise NothingReadable("there is no file in the evidence given", "give at least one file of evidence")
    key = request.incident or incident_key(request.title, [file.sha256 for file in files])
    with connected(server) as client:
        client.open_incident(request.title, key)
        rules = [client.upload_rules(path) for path in request.rules]
        hand_in(client, key, files, quiet)
        with RunBars(quiet) as bars:
            run = client.start_run(key, **_asked(request, rules))
            for event in client.watch(run["id"]):
                bars.show(event)
        run = client.get_run(run["id"])
        if run["state"] != "done":
            raise RunFailed(
                f"run {run['id']} is {run['state']}: {run['error']}", f"see: ircopilot run show {run['id']}"
            )
        return _fetched(client, run["id"], request.out, not_read)


def hand_in(client: Client, key: str, files: list[NamedFile], quiet: bool) -> list[dict[str, Any]]:
    """Send each file; returns the deposits. Those that are there already come back as they are."""
    handed = []
    with RunBars(quiet) as bars:
        for number, (path, name, _) in enumerate(files):
            bars.step("upload", number, len(files), name)
            handed.append(client.upload(key, path, name)["deposit"])
        bars.step("upload", len(files), len(files), "")
    return handed


def named_files(evidence: tuple[Path, ...]) -> tuple[list[NamedFile], list[tuple[str, str]]]:
    """Each file under these paths, and (name, reason) of what is none or cannot be opened. Raises `UnusableArgument`."""
    for path in evidence:
        check_path(path)
    files: list[NamedFile] = []
    refused: list[tuple[str, str]] = []
    for found in given_files(evidence):
        if isinstance(found, Collected):
            refused += [(found.name, e.reason.removeprefix(f"{found.name}: ")) for e in found.errors]
            continue
        path, name = found
        try:
            files.append(NamedFile(path, name, _sha256(path)))
        except OSError as error:
            refused.append((name, f"it cannot be read: {error.strerror or error}"))
    return files, refused


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _asked(request: Request, rules: list[str]) -> dict[str, Any]:
    clocks: dict[str, timedelta] = request.clocks
    return {
        "rules": rules,
        "clocks": {source: offset.total_seconds() for source, offset in clocks.items()},
        "since": request.window.since,
        "until": request.window.until,
    }


def _fetched(client: Client, run_id: str, out: Path, not_read: list[tuple[str, str]]) -> Outcome:
    """The run's files in `out`, each whole or not at all, the manifest last: a folder without one is unfinished."""
    names = sorted(_names(client, run_id), key=lambda name: name == MANIFEST_FILE)
    (out / MANIFEST_FILE).unlink(missing_ok=True)
    for name in names:
        client.download(run_id, name, out / name)
    document = ReportDocument.model_validate_json((out / "report.json").read_bytes())
    called = {exporter.file_name: exporter.name for exporter in EXPORTERS} | {MANIFEST_FILE: "manifest"}
    return Outcome(document, {called.get(name, name): out / name for name in names}, {}, tuple(not_read))


def _names(client: Client, run_id: str) -> Iterator[str]:
    """The names of a run's files. Raises `RunFailed` for one that is a path, whoever answers there."""
    for output in client.list_outputs(run_id):
        if Path(output["name"]).name != output["name"]:
            raise RunFailed(f"the server names a file {output['name']!r}", "see whether the URL is your gateway's")
        yield output["name"]
