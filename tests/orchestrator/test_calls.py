"""The calls over a real channel: runs from queued to over, what is refused, and how."""

from __future__ import annotations

import asyncio
import uuid
from typing import Any

import grpc
import orjson
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from tests.orchestrator.conftest import SETTINGS, House, house, tell

from ircopilot.contracts.generated import orchestrator_pb2 as pb
from ircopilot.contracts.problems import problem_from_metadata
from ircopilot.settings import StackUrls
from ircopilot.stores import StoreSet
from ircopilot.stores.postgres import jobs
from ircopilot.tracing import trace_id


async def refused(call: Any) -> tuple[str, str, int]:
    """(status, problem type, HTTP status) of a call that must fail."""
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    problem = problem_from_metadata(caught.value.trailing_metadata())
    assert problem is not None
    return caught.value.code().name, problem.type, problem.status


def start_request(org: str, incident: str, run_id: str = "", **more: Any) -> pb.StartRunRequest:
    return pb.StartRunRequest(org_id=org, incident_id=incident, run_id=run_id or f"r-{uuid.uuid4()}", **more)


def test_a_run_is_started_once_watched_and_cancelled(stack: StackUrls, org: str, incident: str) -> None:
    async def story() -> None:
        async with house(stack) as at:
            asked = start_request(org, incident, priority=7)
            run = await at.stub.StartRun(asked)
            assert (run.run_id, run.org_id, run.incident_id, run.mode) == (asked.run_id, org, incident, "service")
            assert run.priority == 7
            assert run.parameters.part_events == 250_000
            assert (await at.stub.StartRun(asked)).created_at == run.created_at
            watched: list[pb.RunEvent] = []

            async def watch() -> None:
                request = pb.WatchRunRequest(org_id=org, run_id=run.run_id)
                watched.extend([event async for event in at.stub.WatchRun(request)])

            watching = asyncio.create_task(watch())
            await asyncio.sleep(0.1)
            over = await at.stub.CancelRun(pb.CancelRunRequest(org_id=org, run_id=run.run_id, reason="enough"))
            assert over.state == "cancelled"
            await asyncio.wait_for(watching, 3)
            assert [event.number for event in watched] == list(range(1, over.last_event + 1))
            assert orjson.loads(watched[-1].payload_json)["state"] == "cancelled"
            later = [
                e.number async for e in at.stub.WatchRun(pb.WatchRunRequest(org_id=org, run_id=run.run_id, after=2))
            ]
            assert later == list(range(3, over.last_event + 1))
            assert (await at.stub.GetRun(pb.GetRunRequest(org_id=org, run_id=run.run_id))).finished_at.seconds > 0

    tell(story)


def test_a_trace_goes_on_into_the_jobs(stack: StackUrls, stores: StoreSet, org: str, incident: str) -> None:
    given = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

    async def story() -> None:
        async with house(stack) as at:
            run = await at.stub.StartRun(start_request(org, incident), metadata=(("traceparent", given),))
            with stores.database.tenant(org) as tx:
                found = jobs.trace_of(tx, run.run_id)
            assert trace_id(found) == trace_id(given)
            assert found != given
            await at.stub.CancelRun(pb.CancelRunRequest(org_id=org, run_id=run.run_id))

    tell(story)


def test_the_next_run_is_told_as_soon_as_it_begins(stack: StackUrls, stores: StoreSet, org: str, incident: str) -> None:
    async def story() -> None:
        async with house(stack) as at:
            first = await at.stub.StartRun(start_request(org, incident))
            second = await at.stub.StartRun(start_request(org, incident))
            assert second.state == "queued"
            await at.stub.CancelRun(pb.CancelRunRequest(org_id=org, run_id=first.run_id))
            begun = (org, second.run_id, second.last_event)
            assert await asyncio.to_thread(stores.live.wait_for_run_event, *begun)
            await at.stub.CancelRun(pb.CancelRunRequest(org_id=org, run_id=second.run_id))

    tell(story)


def test_what_is_refused_tells_its_problem(stack: StackUrls, org: str, incident: str) -> None:
    async def story() -> None:
        async with house(stack) as at:
            run = await at.stub.StartRun(start_request(org, incident))
            get = at.stub.GetRun
            assert await refused(get(pb.GetRunRequest(org_id=org, run_id="r-none"))) == (
                "NOT_FOUND",
                "unknown-run",
                404,
            )
            other = pb.GetRunRequest(org_id="org-other", run_id=run.run_id)
            assert await refused(get(other)) == ("NOT_FOUND", "unknown-run", 404)
            start = at.stub.StartRun
            bad = ("INVALID_ARGUMENT", "unusable-argument", 400)
            assert await refused(start(start_request(org, "no-incident"))) == ("NOT_FOUND", "unknown-incident", 404)
            assert await refused(start(start_request("", incident))) == bad
            assert await refused(start(start_request(org, incident, "a\0b"))) == bad
            assert await refused(start(start_request(org, incident, priority=11))) == bad
            wrong = pb.RunParameters(first_stage="rm -rf")
            assert await refused(start(start_request(org, incident, parameters=wrong))) == bad
            late = pb.RunParameters(first_stage="forensic")
            assert await refused(start(start_request(org, incident, parameters=late))) == bad
            fresh = pb.RetryRunRequest(org_id=org, incident_id=incident, run_id="r-x", first_stage="forensic")
            assert await refused(at.stub.RetryRun(fresh)) == bad
            redrive = at.stub.RedriveJob(pb.RedriveJobRequest(org_id=org, job_id="j-none"))
            assert await refused(redrive) == ("NOT_FOUND", "unknown-job", 404)
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                async for _ in at.stub.WatchRun(pb.WatchRunRequest(org_id=org, run_id="r-none")):
                    pass
            assert caught.value.code() is grpc.StatusCode.NOT_FOUND
            await at.stub.CancelRun(pb.CancelRunRequest(org_id=org, run_id=run.run_id))

    tell(story)


def test_a_retry_is_like_the_latest_but_for_what_is_changed(stack: StackUrls, org: str, incident: str) -> None:
    async def story() -> None:
        async with house(stack) as at:
            parameters = pb.RunParameters(rules=["a" * 64], clocks={"zeek.conn": 60.0}, part_events=7)
            first = await at.stub.StartRun(start_request(org, incident, parameters=parameters))
            window = pb.Window()
            window.since.FromJsonString("2026-01-01T00:00:00Z")
            changed = pb.RetryRunRequest(
                org_id=org, incident_id=incident, run_id=f"r-{uuid.uuid4()}", clocks=pb.Clocks(), window=window
            )
            again = await at.stub.RetryRun(changed)
            assert again.run_id == changed.run_id
            assert again.state == "queued", "runs of an incident go one after the other"
            assert list(again.parameters.rules) == ["a" * 64]
            assert dict(again.parameters.clocks) == {}
            assert again.parameters.part_events == 7
            assert again.parameters.window == window
            for run in (again, first):
                await at.stub.CancelRun(pb.CancelRunRequest(org_id=org, run_id=run.run_id))

    tell(story)


async def reflected(at: House, metadata: Any = None) -> list[str]:
    async def ask() -> Any:
        yield reflection_pb2.ServerReflectionRequest(list_services="")

    stub = reflection_pb2_grpc.ServerReflectionStub(at.channel)
    async for answer in stub.ServerReflectionInfo(ask(), metadata=metadata):
        return [service.name for service in answer.list_services_response.service]
    return []


async def health(at: House, service: str) -> int:
    stub = health_pb2_grpc.HealthStub(at.channel)
    return int((await stub.Check(health_pb2.HealthCheckRequest(service=service))).status)


def test_reflection_lists_the_service_and_health_serves(stack: StackUrls) -> None:
    async def story() -> None:
        async with house(stack) as at:
            assert "ircopilot.v1.Orchestrator" in await reflected(at)
            for name in ("", "ircopilot.v1.Orchestrator"):
                assert await health(at, name) == health_pb2.HealthCheckResponse.SERVING

    tell(story)


@pytest.mark.parametrize("shown", [None, "Bearer wrong", "Bearer", "Basic c2VjcmV0", "Bearer secretsecret"])
def test_without_the_token_only_health_answers(stack: StackUrls, org: str, shown: str | None) -> None:
    async def story() -> None:
        async with house(stack, SETTINGS.model_copy(update={"service_token": "secret"})) as at:
            metadata = (("authorization", shown),) if shown else None
            denied = ("UNAUTHENTICATED", "service-token-refused", 401)
            request = pb.ListDeadLettersRequest(org_id=org)
            assert await refused(at.stub.ListDeadLetters(request, metadata=metadata)) == denied
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await reflected(at, metadata)
            assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED
            assert await health(at, "") == health_pb2.HealthCheckResponse.SERVING
            right = (("authorization", "Bearer secret"),)
            assert list((await at.stub.ListDeadLetters(request, metadata=right)).letters) == []
            assert await reflected(at, right)

    tell(story)


def test_another_organisations_dead_letters_are_not_seen(stack: StackUrls, stores: StoreSet, org: str) -> None:
    async def story() -> None:
        async with house(stack) as at:
            answer = await at.stub.ListDeadLetters(pb.ListDeadLettersRequest(org_id=org))
            assert list(answer.letters) == []

    tell(story)
