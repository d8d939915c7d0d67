"""A person's way to an API key: a session for the length of a block, in which a key is made."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import httpx
import orjson

from ircopilot.client.wire import problem_of, sent, unreachable
from ircopilot.domain.errors import UnusableArgument


class PersonalSession:
    """A session of one person, with the cookie and the CSRF token that it was given."""

    def __init__(self, url: str, timeout_s: float = 60.0) -> None:
        self.url = url.rstrip("/")
        headers = {"User-Agent": "ircopilot-client", "Origin": self.url}
        self._http = httpx.Client(base_url=self.url, headers=headers, timeout=timeout_s, trust_env=False)
        self.state = ""

    def sign_in(self, email: str, password: str, organisation: str | None = None) -> None:
        """Begin the session. `state` says afterwards whether a second factor is wanted. Raises `RemoteProblem`."""
        asked = {"email": email, "password": password}
        self._begun(self.post("/v1/auth/sign-in", asked | ({"organisation": organisation} if organisation else {})))

    def show_code(self, code: str) -> None:
        """Show the second factor, a one-time code of six digits or a recovery code."""
        kind = "totp" if code.strip().isdigit() else "recovery"
        self._begun(self.post(f"/v1/auth/factor/{kind}", {"code": code.strip()}))

    def make_key(self, name: str, expires_at: datetime) -> str:
        """The text of a new key of the person's, which is kept nowhere."""
        made = self.post("/v1/me/api-keys", {"name": name, "expires_at": expires_at.isoformat()})
        return str(made["secret"])

    def sign_out(self) -> None:
        """End the session."""
        self.post("/v1/auth/sign-out", None)

    def post(self, path: str, body: Any) -> Any:
        """One call. Raises `RemoteProblem`, `GatewayUnreachable`."""
        more = sent("POST", None, {"Content-Type": "application/json"} if body is not None else None)
        try:
            answer = self._http.post(path, content=orjson.dumps(body) if body is not None else None, **more)
        except httpx.TransportError as error:
            raise unreachable(self.url, error) from error
        if answer.is_error:
            raise problem_of(answer)
        return orjson.loads(answer.content) if answer.content else None

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _begun(self, told: dict[str, Any]) -> None:
        self.state = str(told["next"])
        self._http.headers["X-CSRF-Token"] = str(told["csrf_token"])


@contextmanager
def signed_in(
    url: str, email: str, password: str, organisation: str | None, ask_code: Callable[[], str]
) -> Iterator[PersonalSession]:
    """A full session for the length of the block. `ask_code` is called when a second factor is wanted.

    Raises `RemoteProblem`, and `UnusableArgument` when the organisation demands a factor that the person has not set up.
    """
    session = PersonalSession(url)
    try:
        session.sign_in(email, password, organisation)
        try:
            if session.state == "second_factor":
                session.show_code(ask_code())
            if session.state != "full":
                raise UnusableArgument(
                    "the organisation asks for a second factor, and you have none",
                    f"set one up at {url}, then sign in here",
                )
            yield session
        finally:
            session.sign_out()
    finally:
        session.close()
