"""A client of the gateway. Documents come back as the API tells them: `docs/api.md`."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator
from datetime import datetime
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, BinaryIO, Self

import orjson

from ircopilot.client.calls import Calls
from ircopilot.client.transfers import PIECE, arriving, hashed, pack_rules, same_digest
from ircopilot.client.watching import PATIENCE_S, RunEvent, watch_run
from ircopilot.client.wire import quoted, sent

if TYPE_CHECKING:
    from ircopilot.client.generated.operations import Operations


class Client:
    """Calls of one gateway with one API key. Every method raises `RemoteProblem` and `GatewayUnreachable`."""

    def __init__(self, url: str, api_key: str, timeout_s: float = 60.0) -> None:
        self._calls = Calls(url, api_key, timeout_s)

    @cached_property
    def api(self) -> Operations:
        """Every operation of the API, typed; what it answers is what docs/openapi.json says."""
        from ircopilot.client.generated.operations import Operations

        return Operations(self._calls)

    def open_incident(self, title: str, key: str | None = None) -> dict[str, Any]:
        """Open an incident, or find the one of that key and title."""
        return self._post("/v1/incidents", {"title": title, "key": key})

    def list_incidents(self, **asked: Any) -> Iterator[dict[str, Any]]:
        """Incidents, newest first, page by page: `status`, `severity`, `lead`, `tag`, `text`, `open`, `sort` …"""
        cursor = None
        while True:
            page = self._read("/v1/incidents", **asked | {"cursor": cursor})
            yield from page["items"]
            if (cursor := page["next"]) is None:
                return

    def get_incident(self, key: str) -> dict[str, Any]:
        """One incident, with what was handed in to it."""
        return dict(self._read(_path("incidents", key)))

    def upload(self, key: str, evidence: Path | BinaryIO, name: str = "", run: bool = False) -> dict[str, Any]:
        """Hand in a file. Raises `CorruptTransfer` when other bytes arrived than were sent."""
        if isinstance(evidence, Path):
            with evidence.open("rb") as file:
                return self.upload(key, file, name or evidence.name, run)
        digest = hashlib.sha256()
        answer = self._send_bytes(_path("incidents", key, "evidence"), hashed(evidence, digest), name=name, run=run)
        same_digest(answer["deposit"]["sha256"], digest.hexdigest())
        return dict(answer)

    def send_alerts(self, key: str, alerts: dict[str, Any] | list[dict[str, Any]], run: bool = False) -> dict[str, Any]:
        """Hand in one alert or several."""
        return dict(self._calls.call("POST", _path("incidents", key, "alerts"), params={"run": run}, json=alerts))

    def note_action(
        self, key: str, title: str, state: str, actor: str | None = None, time: datetime | None = None,
        run: bool = False,
    ) -> dict[str, Any]:  # fmt: skip
        """Note an action that was opened (`open`) or `done`."""
        body = {"title": title, "state": state, "actor": actor, "time": time}
        return self._post(_path("incidents", key, "actions"), body, run=run)

    def upload_rules(self, rules: Path) -> str:
        """Hand in a rule set, a YAML file, a zip archive or a folder of them; its SHA-256, for runs to name."""
        if rules.is_dir():
            with tempfile.TemporaryFile() as packed:
                pack_rules(rules, packed)
                packed.seek(0)
                return self._send_rules(packed)
        with rules.open("rb") as file:
            return self._send_rules(file)

    def start_run(self, key: str, **asked: Any) -> dict[str, Any]:
        """Start a run: `rules`, `clocks`, `since`, `until`, `first_stage`, `priority`, `deadline_s`."""
        return self._post(_path("incidents", key, "runs"), asked)

    def list_runs(self, key: str | None = None, limit: int = 50, before: str | None = None) -> dict[str, Any]:
        """A page of runs (`items`), newest first, and `next`, the `before` of the page that follows."""
        return dict(self._read("/v1/runs", incident=key, limit=limit, before=before))

    def get_run(self, run_id: str) -> dict[str, Any]:
        """One run."""
        return dict(self._read(_path("runs", run_id)))

    def watch(self, run_id: str, after: int = 0, patience_s: float = PATIENCE_S) -> Iterator[RunEvent]:
        """The run's events after a number, each once and in order, until it is over; the line may break meanwhile."""
        return watch_run(self._calls, quoted(run_id), after, patience_s)

    def cancel_run(self, run_id: str, reason: str | None = None) -> dict[str, Any]:
        """Stop a run."""
        return self._post(_path("runs", run_id, "cancel"), {"reason": reason})

    def retry_run(self, run_id: str, **changed: Any) -> dict[str, Any]:
        """A new run like that one: `first_stage`, `rules`, `clocks`, `since`, `until`, `priority`, `deadline_s`."""
        return self._post(_path("runs", run_id, "retry"), changed)

    def list_outputs(self, run_id: str) -> list[dict[str, Any]]:
        """The files that the run made."""
        return list(self._read(_path("runs", run_id, "outputs"))["items"])

    def download(self, run_id: str, name: str, target: Path) -> str:
        """Fetch a file that the run made; its SHA-256. `target` is there whole, or not at all.

        Raises `CorruptTransfer` when the bytes are not those that the gateway announced.
        """
        with arriving(target) as file, self._calls.stream("GET", _path("runs", run_id, "outputs", name)) as answer:
            for piece in answer.iter_bytes(PIECE):
                file.take(piece)
            return file.check(answer)

    def list_dead_letters(self) -> list[dict[str, Any]]:
        """Jobs that were given up, oldest first."""
        return list(self._read("/v1/dead-letters")["items"])

    def redrive_job(self, job_id: str) -> dict[str, Any]:
        """Send a job that was given up once more; its run."""
        return self._post(_path("dead-letters", job_id, "redrive"), {})

    def close(self) -> None:
        """Close the connections."""
        self._calls.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _post(self, path: str, body: dict[str, Any], **params: Any) -> dict[str, Any]:
        given = {k: v.isoformat() if isinstance(v, datetime) else v for k, v in body.items() if v is not None}
        return dict(self._calls.call("POST", path, json=given, params=params))

    def _read(self, path: str, **params: Any) -> Any:
        return self._calls.call("GET", path, params=params)

    def _send_bytes(self, path: str, content: Iterator[bytes], **params: Any) -> Any:
        """POST what cannot be read twice, however long it takes."""
        more = sent("POST", params, {"Content-Type": "application/octet-stream"})
        with self._calls.stream("POST", path, content=content, timeout=None, **more) as answer:
            return orjson.loads(answer.read())

    def _send_rules(self, file: BinaryIO) -> str:
        digest = hashlib.sha256()
        answer = self._send_bytes("/v1/rule-sets", hashed(file, digest))
        return same_digest(answer["sha256"], digest.hexdigest())


def _path(*parts: str) -> str:
    return "/v1/" + "/".join(quoted(part) for part in parts)
