"""Watching a run: server-sent events, resumed after the last number seen as often as the line breaks."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx
import orjson

from ircopilot.client.calls import Calls
from ircopilot.client.errors import GatewayUnreachable
from ircopilot.domain.errors import ProblemError

PATIENCE_S = 300.0
_SILENCE_S = 45.0  # three heartbeats
_PAUSES_S = (0.1, 0.5, 1.0, 2.0, 5.0)


@dataclass(frozen=True, slots=True)
class RunEvent:
    """One numbered event of a run: `state` of a `stage`, or of the run as a whole when `stage` is `run`."""

    number: int
    stage: str
    state: str
    at: datetime
    payload: dict[str, Any]


def watch_run(calls: Calls, run_id: str, after: int = 0, patience_s: float = PATIENCE_S) -> Iterator[RunEvent]:
    """The run's events after a number, each once and in order, until the run is over.

    Raises `RemoteProblem` for what will not mend, and `GatewayUnreachable` when nothing was heard for `patience_s`.
    """
    failures, heard = 0, time.monotonic()
    while True:
        try:
            with calls.stream(
                "GET", f"/v1/runs/{run_id}/events", headers={"Last-Event-ID": str(after)},
                timeout=httpx.Timeout(10.0, read=_SILENCE_S),
            ) as answer:  # fmt: skip
                if answer.status_code == 204:
                    return
                for event in read_events(answer.iter_raw()):
                    failures, heard = 0, time.monotonic()
                    if event.number > after:
                        after = event.number
                        yield event
        except ProblemError as error:
            if error.status < 500:
                raise
            if time.monotonic() - heard > patience_s:
                raise GatewayUnreachable(error.detail, "run the same command again to go on watching") from error
        time.sleep(_PAUSES_S[min(failures, len(_PAUSES_S) - 1)])
        failures += 1


def read_events(chunks: Iterable[bytes]) -> Iterator[RunEvent]:
    """Whole events out of a stream of bytes; comments are passed over. Source: HTML Living Standard §9.2.6.

    Lines end with LF alone, as our gateway writes them: JSON may hold what other readers take for a line's end.
    """
    held, fields = b"", {}
    for chunk in chunks:
        *lines, held = (held + chunk).split(b"\n")
        for line in lines:
            name, _, value = line.partition(b":")
            if name:
                fields[name] = value.removeprefix(b" ")
            elif not line:
                if b"data" in fields:
                    yield _event(orjson.loads(fields[b"data"]))
                fields = {}


def _event(data: dict[str, Any]) -> RunEvent:
    known = ("number", "run_id", "stage", "at")
    payload = {name: value for name, value in data.items() if name not in known}
    at = datetime.fromisoformat(data["at"])
    return RunEvent(int(data["number"]), str(data["stage"]), str(payload.get("state", "")), at, payload)
