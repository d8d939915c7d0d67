"""The orchestrator over gRPC: runs are started, cancelled and driven again there; they are read from the database."""

from __future__ import annotations

import asyncio
import time
from datetime import datetime
from typing import Any

import grpc

from ircopilot.access.caller import Caller
from ircopilot.contracts.generated import orchestrator_pb2 as pb
from ircopilot.contracts.generated.orchestrator_pb2_grpc import OrchestratorStub
from ircopilot.contracts.problems import problem_from_metadata
from ircopilot.contracts.run_messages import read_run, write_parameters, write_time
from ircopilot.domain.errors import ProblemError
from ircopilot.domain.incident import Run, RunParameters
from ircopilot.gateway.errors import OrchestratorUnreachable
from ircopilot.settings import ServiceSettings
from ircopilot.tracing import HEADER, current_traceparent

PATIENCE_S = 10.0
_OPTIONS = (
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1000),
    ("grpc.enable_http_proxy", 0),
)
_AWAY = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.CANCELLED)


class Orchestrator:
    """A channel to the orchestrator, made on first use; it reconnects by itself, and calls wait for that a little."""

    def __init__(self, settings: ServiceSettings) -> None:
        self._address = settings.orchestrator_address
        self._metadata = (("authorization", f"Bearer {settings.service_token}"),) if settings.service_token else ()
        self._channel: grpc.aio.Channel | None = None

    async def start_run(
        self, org_id: str, incident_id: str, run_id: str, parameters: RunParameters, priority: int,
        deadline: datetime | None, caller: Caller | None = None,
    ) -> Run:  # fmt: skip
        """Put a run into the queue; saying it twice makes one run. Raises what the orchestrator tells, and
        `OrchestratorUnreachable`.
        """
        asked = pb.StartRunRequest(
            org_id=org_id,
            incident_id=incident_id,
            run_id=run_id,
            parameters=write_parameters(parameters),
            priority=priority,
            deadline=write_time(deadline),
            actor=_actor(caller),
        )
        return read_run(await self._ask("StartRun", asked))

    async def cancel_run(self, org_id: str, run_id: str, reason: str, caller: Caller | None = None) -> Run:
        """Ask a run to stop; one that is over stays as it is. Raises as `start_run` does."""
        return read_run(
            await self._ask(
                "CancelRun", pb.CancelRunRequest(org_id=org_id, run_id=run_id, reason=reason, actor=_actor(caller))
            )
        )

    async def redrive_job(self, org_id: str, job_id: str, caller: Caller | None = None) -> Run:
        """Send a dead job again; its run, which goes on. Raises as `start_run` does."""
        # Not said twice: the second time there would be no dead job any more.
        return read_run(
            await self._ask(
                "RedriveJob", pb.RedriveJobRequest(org_id=org_id, job_id=job_id, actor=_actor(caller)), again=False
            )
        )

    async def answers(self, patience_s: float = 1.0) -> bool:
        """Whether a connection to it stands, or can be made in that time."""
        try:
            async with asyncio.timeout(patience_s):
                await self._open().channel_ready()
        except TimeoutError:
            return False
        return True

    async def close(self) -> None:
        """Close the channel."""
        if self._channel is not None:
            await self._channel.close(grace=1.0)

    async def _ask(self, method: str, request: Any, *, again: bool = True) -> Any:
        until = time.monotonic() + PATIENCE_S
        while True:
            call = getattr(OrchestratorStub(self._open()), method)
            left = until - time.monotonic()
            try:
                return await call(request, timeout=left, metadata=self._with_trace(), wait_for_ready=True)
            except grpc.aio.AioRpcError as error:
                if (told := problem_from_metadata(error.trailing_metadata())) is not None:
                    raise _as_ours(told) from None
                if error.code() not in _AWAY or not again or until - time.monotonic() < 0.5:
                    said = error.code().name.lower().replace("_", " ")
                    raise OrchestratorUnreachable(
                        f"no answer from the orchestrator: {said}", "try again in a moment"
                    ) from error

    def _with_trace(self) -> tuple[tuple[str, str], ...]:
        """The call's trace goes along, so that the jobs of a run belong to it."""
        trace = current_traceparent()
        return (*self._metadata, (HEADER, trace)) if trace else self._metadata

    def _open(self) -> grpc.aio.Channel:
        if self._channel is None:
            self._channel = grpc.aio.insecure_channel(self._address, options=_OPTIONS)
        return self._channel


def _as_ours(told: ProblemError) -> ProblemError:
    """What the orchestrator refuses us is no fault of who called us: their key is as good as it was."""
    if told.status in (401, 403):
        return OrchestratorUnreachable("the orchestrator does not take our service token", told.next_step)
    return told


def _actor(caller: Caller | None) -> pb.Actor | None:
    if caller is None:
        return None
    return pb.Actor(
        kind=caller.kind, id=caller.principal_id, label=caller.label, address=caller.address,
        request_id=caller.request_id,
    )  # fmt: skip
