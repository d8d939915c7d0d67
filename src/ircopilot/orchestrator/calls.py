"""The gRPC calls of orchestrator.proto: read the request, call one function, answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any, Literal

from ircopilot.access.caller import Caller
from ircopilot.contracts.generated import orchestrator_pb2 as pb
from ircopilot.contracts.generated.orchestrator_pb2_grpc import OrchestratorServicer
from ircopilot.contracts.run_messages import read_parameters, read_time, read_window, write_event, write_run
from ircopilot.domain.errors import UnusableArgument
from ircopilot.faults import pass_point
from ircopilot.orchestrator.acts import Acts
from ircopilot.orchestrator.meters import Meters
from ircopilot.stores.postgres.jobs import DeadLetter
from ircopilot.stores.redis_watch import LiveWatch

PRIORITY = 5
POLL_S = 1.0
_ID_LENGTH = 200


class Calls(OrchestratorServicer):
    """The service. Errors become statuses in `rpc.Guard`."""

    def __init__(self, acts: Acts, wake: LiveWatch, meters: Meters) -> None:
        self._acts, self._wake, self._meters = acts, wake, meters

    async def StartRun(self, request: pb.StartRunRequest, context: Any) -> pb.Run:  # noqa: N802
        """Put a run into the queue."""
        org_id, incident_id, run_id = _ids(request, "org_id", "incident_id", "run_id")
        parameters, (priority, deadline) = read_parameters(request.parameters), _when(request)
        actor = _actor(request)
        run = await self._acts.start_run(org_id, incident_id, run_id, parameters, priority, deadline, actor)
        pass_point("before-answer")
        return write_run(run)

    async def RetryRun(self, request: pb.RetryRunRequest, context: Any) -> pb.Run:  # noqa: N802
        """A new run like the latest, from a stage on, with what is changed."""
        changed: dict[str, Any] = {"first_stage": request.first_stage} if request.first_stage else {}
        if request.HasField("rules"):
            changed["rules"] = tuple(request.rules.sha256)
        if request.HasField("clocks"):
            changed["clocks"] = dict(request.clocks.offsets)
        if request.HasField("window"):
            changed["window"] = read_window(request.window)
        org_id, incident_id, run_id = _ids(request, "org_id", "incident_id", "run_id")
        priority, deadline = _when(request)
        return write_run(await self._acts.retry_run(org_id, incident_id, run_id, changed, priority, deadline))

    async def GetRun(self, request: pb.GetRunRequest, context: Any) -> pb.Run:  # noqa: N802
        """The run as it stands."""
        org_id, run_id = _ids(request, "org_id", "run_id")
        return write_run(await self._acts.get_run(org_id, run_id))

    async def CancelRun(self, request: pb.CancelRunRequest, context: Any) -> pb.Run:  # noqa: N802
        """Ask a run to stop."""
        org_id, run_id = _ids(request, "org_id", "run_id")
        return write_run(await self._acts.cancel_run(org_id, run_id, request.reason[:1000], _actor(request)))

    async def WatchRun(self, request: pb.WatchRunRequest, context: Any) -> AsyncIterator[pb.RunEvent]:  # noqa: N802
        """The run's events after a number, until it is over."""
        org_id, run_id = _ids(request, "org_id", "run_id")
        after, over = request.after, False
        with self._meters.watchers.track_inprogress():
            while True:
                events, over = await self._acts.read_news(org_id, run_id, after)
                for event in events:
                    yield write_event(run_id, event.number, event.stage, event.payload, event.at)
                    after = event.number
                if over:
                    return
                if not events and await self._wake.wait_for_run_event(org_id, run_id, after, POLL_S) is None:
                    await asyncio.sleep(POLL_S)

    async def ListDeadLetters(  # noqa: N802
        self, request: pb.ListDeadLettersRequest, context: Any
    ) -> pb.ListDeadLettersResponse:
        """Jobs that were given up."""
        (org_id,) = _ids(request, "org_id")
        return pb.ListDeadLettersResponse(letters=[_letter(found) for found in await self._acts.dead_letters(org_id)])

    async def RedriveJob(self, request: pb.RedriveJobRequest, context: Any) -> pb.Run:  # noqa: N802
        """Send a dead job again."""
        org_id, job_id = _ids(request, "org_id", "job_id")
        return write_run(await self._acts.redrive_job(org_id, job_id, _actor(request)))


def _ids(request: Any, *names: str) -> list[str]:
    """The ids in those fields. Raises `UnusableArgument` for one that is missing or cannot be an id."""
    values = [getattr(request, name) for name in names]
    for name, value in zip(names, values, strict=True):
        if not value or len(value) > _ID_LENGTH or not value.isprintable():
            raise UnusableArgument(f"{name} is missing or no id", f"give {name}")
    return values


def _when(request: Any) -> tuple[int, datetime | None]:
    priority = request.priority if request.HasField("priority") else PRIORITY
    return priority, read_time(request, "deadline")


def _letter(letter: DeadLetter) -> pb.DeadLetter:
    return pb.DeadLetter(
        job_id=letter.job_id,
        run_id=letter.message.run_id,
        incident_id=letter.message.incident_id,
        attempt=letter.attempt,
        reason=letter.reason,
    )


def _actor(request: Any) -> Caller | None:
    """On whose behalf the gateway asks; it has seen to what they may."""
    if not request.HasField("actor"):
        return None
    told = request.actor
    kind: Literal["user", "key"] = "user" if told.kind == "user" else "key"
    return Caller(
        request.org_id, kind, told.id, "service", told.label, address=told.address, request_id=told.request_id
    )  # fmt: skip
