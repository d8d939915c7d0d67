"""`Idempotency-Key` on POST and PATCH: a call that is sent again is done once and answered alike.

Source: draft-ietf-httpapi-idempotency-key-header. A claim on (organisation, caller, key) is committed first, so that
duplicates see it. Then all that a short call does shares one transaction, and its answer is kept in that: a crash leaves
both or neither. What cannot share it (a body that is streamed, work of the orchestrator) is repeated by whoever sends the
call again after the claim ran out, and is itself such that doing it twice is doing it once.
"""

from __future__ import annotations

import asyncio
import hashlib
import uuid
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import orjson
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from ircopilot.access.caller import Caller
from ircopilot.domain.errors import ProblemError
from ircopilot.faults import pass_point
from ircopilot.gateway.answers import as_problem, problem_answer
from ircopilot.gateway.body import Body
from ircopilot.gateway.errors import (
    BrokenUpload,
    IdempotencyInFlight,
    IdempotencyKeyReused,
    InvalidIdempotencyKey,
    SlowUpload,
)
from ircopilot.gateway.gate import Gate
from ircopilot.gateway.kept_answers import Recorder, replay, secret_members
from ircopilot.stores.postgres import Tx
from ircopilot.stores.postgres import idempotency as rows
from ircopilot.stores.postgres.held import HeldTransaction, holding
from ircopilot.stores.postgres.idempotency import Asked, Kept

HEADER = "idempotency-key"
METHODS = frozenset({"POST", "PATCH"})
_MOST_KEY = 255
# What these answer with is a session's new id or a factor's secret: nothing of it may be kept, and each works once by itself.
_OWN_SESSION = ("/v1/auth/", "/v1/me/")
# Who may not call, or too often, or sent a broken body, has not used the key up.
_NOT_KEPT = frozenset({401, 403, 408, 413, 429})
_NAMESPACE = uuid.UUID("5b0f7a52-3c56-4a43-9e6e-0d4a4d6c9d11")
_work: ContextVar[str | None] = ContextVar("work", default=None)


def work_id() -> str:
    """An id for what this call makes in another process: the same when the call is sent again with its key."""
    named = _work.get()
    return str(uuid.uuid4()) if named is None else str(uuid.uuid5(_NAMESPACE, named))


def key_of(headers: Headers) -> str | None:
    """The key, None without one. Raises `InvalidIdempotencyKey`."""
    found = headers.getlist(HEADER)
    if not found:
        return None
    key = found[0].strip()
    if len(key) >= 2 and key[0] == key[-1] == '"':
        key = key[1:-1].replace('\\"', '"').replace("\\\\", "\\")
    good = key.isascii() and key.isprintable() and key == key.strip()
    if len(found) > 1 or not 0 < len(key) <= _MOST_KEY or not good:
        raise InvalidIdempotencyKey(
            f"Idempotency-Key is one text of 1 to {_MOST_KEY} printable ASCII characters", "send a UUID"
        )
    return key


@dataclass(frozen=True, slots=True)
class _Call:
    """A call under a key, its claim's attempt, and the transaction that it holds (None: its body is streamed)."""

    org_id: str
    asked: Asked
    attempt: int
    body: Body
    held: HeldTransaction | None


class Idempotency:
    """The layer within `Edge`: by then the caller is known."""

    def __init__(self, app: ASGIApp, gate: Gate) -> None:
        self._app, self._gate = app, gate
        self._room = asyncio.Semaphore(gate.limits.keyed)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one call; one without a key, or by nobody, is passed on as it is."""
        caller: Caller | None = scope.get("state", {}).get("caller") if scope["type"] == "http" else None
        key = key_of(Headers(scope=scope)) if caller and scope["method"] in METHODS else None
        if caller is None or key is None or scope["path"].startswith(_OWN_SESSION):
            await self._app(scope, receive, send)
            return
        body: Body = scope["state"]["body"]
        known = await body.look_ahead(self._gate.limits.max_json, self._gate.limits.idle_s)
        asked = Asked(f"{caller.kind}:{caller.principal_id}", key, _request_of(scope), known)
        found = await self._claim(caller.org_id, asked)
        if isinstance(found, Kept):
            await self._again(found, asked, body, scope, send)
            return
        held = None if known is None else HeldTransaction(caller.org_id)
        await self._beating(_Call(caller.org_id, asked, found, body, held), scope, receive, send)

    async def _claim(self, org_id: str, asked: Asked) -> int | Kept:
        return await self._gate.in_claim(org_id, rows.claim_key, asked, self._gate.limits.claim_s)

    async def _release(self, call: _Call) -> None:
        with suppress(ProblemError):
            await self._gate.in_claim(call.org_id, rows.release_key, call.asked, call.attempt)

    async def _again(self, kept: Kept, asked: Asked, body: Body, scope: Scope, send: Send) -> None:
        """The stored answer. Raises `IdempotencyKeyReused`, `IdempotencyInFlight`."""
        if kept.request != asked.request or (
            asked.body_sha256 and kept.body_sha256 and asked.body_sha256 != kept.body_sha256
        ):
            raise IdempotencyKeyReused("the key was sent with another request", "send a new key")
        if kept.answer is None:
            raise IdempotencyInFlight(
                "a call with this key is under way", "send it again in a moment", min(max(kept.lease_s, 1.0), 5.0)
            )
        if asked.body_sha256 is None and await self._digest(body) != kept.body_sha256:
            raise IdempotencyKeyReused("the key was sent with another body", "send a new key")
        await replay(kept.answer, scope, send)

    async def _digest(self, body: Body) -> str | None:
        """Of a long body, all of which is taken for it."""
        body.allow(self._gate.limits.max_upload)
        while body.sha256 is None:
            try:
                async with asyncio.timeout(self._gate.limits.idle_s):
                    message = await body.receive()
            except TimeoutError:
                raise SlowUpload("nothing came for too long", "send it again") from None
            if message["type"] != "http.request":
                raise BrokenUpload("the connection ended before the body did", "send it again")
        return body.sha256

    async def _beating(self, call: _Call, scope: Scope, receive: Receive, send: Send) -> None:
        beat = asyncio.create_task(self._beat(call))
        try:
            if call.held is None:
                await self._work(call, scope, receive, send)
            else:
                async with self._room:
                    await self._work(call, scope, receive, send)
        except asyncio.CancelledError:
            await asyncio.shield(self._undo(call))
            raise
        finally:
            beat.cancel()

    async def _beat(self, call: _Call) -> None:
        """Hold the claim for as long as the work takes."""
        while True:
            await asyncio.sleep(self._gate.limits.claim_s / 3)
            with suppress(ProblemError):
                await self._gate.in_claim(
                    call.org_id, rows.extend_lease, call.asked, call.attempt, self._gate.limits.claim_s
                )

    async def _work(self, call: _Call, scope: Scope, receive: Receive, send: Send) -> None:
        recorder = Recorder(send)
        named = _work.set(f"{call.org_id}\n{call.asked.caller}\n{call.asked.key}\n{call.asked.request}")
        try:
            with holding(call.held):
                await self._app(scope, receive, recorder.send)
        except Exception as error:
            problem = as_problem(error)
            if problem.status >= 500 or recorder.passing:
                await self._undo(call)
                raise
            answer = problem_answer(problem, scope["state"]["request_id"], scope["state"]["trace_id"])
            recorder.messages = [
                {"type": "http.response.start", "status": answer.status_code, "headers": answer.raw_headers},
                {"type": "http.response.body", "body": bytes(answer.body)},
            ]
        finally:
            _work.reset(named)
        await self._close(call, recorder, scope)

    async def _close(self, call: _Call, recorder: Recorder, scope: Scope) -> None:
        """Keep the answer with the work, then send it."""
        answer = None if recorder.passing else recorder.answer(secret_members(scope))
        if answer is not None and answer.status >= 500:
            await self._undo(call)
            await recorder.flush()
            return
        if answer is None or answer.status in _NOT_KEPT or call.body.sha256 is None:

            def last(tx: Tx) -> None:
                rows.release_key(tx, call.asked, call.attempt)
        else:

            def last(tx: Tx) -> None:
                rows.keep_answer(tx, call.asked, call.attempt, answer, call.body.sha256)

        pass_point("before-keeping")
        if call.held is None:
            await self._gate.in_claim(call.org_id, last)
        else:
            await self._gate.finish_held(call.held, last)
        pass_point("after-keeping")
        await recorder.flush()

    async def _undo(self, call: _Call) -> None:
        if call.held is not None:
            await self._gate.in_claim_thread(call.held.undo)
        await self._release(call)


def _request_of(scope: Scope) -> str:
    """What is asked, but for the body: a digest, since addresses may hold what no database needs to keep."""
    parts: list[Any] = [scope["method"], scope["path"], scope.get("query_string", b"").decode("latin-1")]
    return hashlib.sha256(orjson.dumps(parts)).hexdigest()
