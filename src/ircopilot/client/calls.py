"""Calls of the gateway: the key, errors as problems, a second try where that can do no harm."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import orjson

from ircopilot.client.errors import GatewayUnreachable
from ircopilot.contracts.problems import MEDIA_TYPE, RemoteProblem
from ircopilot.domain.errors import ProblemError

_TRIES = 4
_URN = "urn:ircopilot:error:"


class Calls:
    """Calls with one key."""

    def __init__(self, url: str, api_key: str, timeout_s: float) -> None:
        self.url = url.rstrip("/")
        headers = {"Authorization": f"Bearer {api_key}", "User-Agent": "ircopilot-client"}
        # Neither a proxy nor a password file of the environment gets to see the key.
        self._http = httpx.Client(base_url=self.url, headers=headers, timeout=timeout_s, trust_env=False)

    def read(self, path: str, **params: Any) -> Any:
        """GET, tried again when the line or the server fails. Raises `RemoteProblem`, `GatewayUnreachable`."""
        given = {name: value for name, value in params.items() if value is not None}
        for tried in range(_TRIES):
            try:
                with self.stream("GET", path, params=given) as answer:
                    return orjson.loads(answer.read())
            except ProblemError as error:
                if error.status != 503 or tried == _TRIES - 1:
                    raise
                time.sleep(0.2 * 2**tried)
        raise AssertionError

    def send(self, path: str, **more: Any) -> Any:
        """POST, once. Raises as `read` does."""
        with self.stream("POST", path, **more) as answer:
            return orjson.loads(answer.read())

    @contextmanager
    def stream(self, method: str, path: str, **more: Any) -> Iterator[httpx.Response]:
        """The answer, its body still to be read. Raises as `read` does, also from within the block."""
        try:
            with self._http.stream(method, path, **more) as answer:
                if answer.is_error:
                    answer.read()
                    raise _problem(answer)
                yield answer
        except httpx.TransportError as error:
            raise GatewayUnreachable(
                f"{self.url}: {str(error) or type(error).__name__}", "see whether `ircopilot gateway` runs there"
            ) from error

    def close(self) -> None:
        """Close the connections."""
        self._http.close()


def _problem(answer: httpx.Response) -> ProblemError:
    """The problem that the answer tells; something between us and the gateway may have answered in its place."""
    if answer.headers.get("content-type", "").startswith(MEDIA_TYPE):
        try:
            told = orjson.loads(answer.content)
            return RemoteProblem(
                str(told["type"]).removeprefix(_URN), answer.status_code, str(told["title"]), str(told["detail"]),
                str(told.get("next_step", "")),
            )  # fmt: skip
        except (orjson.JSONDecodeError, KeyError, TypeError):
            pass
    return RemoteProblem(
        "gateway-unreachable", answer.status_code, GatewayUnreachable.title,
        f"{answer.url} answered {answer.status_code}, which is no answer of the gateway's", "check the URL",
    )  # fmt: skip
