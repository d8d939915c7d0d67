"""The gRPC server: health, reflection, the token, and problems as statuses.

Sources: https://grpc.io/docs/guides/health-checking/, https://grpc.io/docs/guides/reflection/
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Any

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection
from structlog.typing import FilteringBoundLogger

from ircopilot.contracts.generated import orchestrator_pb2 as pb
from ircopilot.contracts.generated.orchestrator_pb2_grpc import add_OrchestratorServicer_to_server
from ircopilot.contracts.problems import GRPC_STATUS_OF, problem_metadata
from ircopilot.orchestrator.acts import as_problem
from ircopilot.orchestrator.calls import Calls
from ircopilot.orchestrator.errors import AddressTaken
from ircopilot.orchestrator.gatekeeper import Gatekeeper
from ircopilot.orchestrator.meters import Meters
from ircopilot.telemetry import error_place
from ircopilot.tracing import HEADER, tracing

SERVICE = pb.DESCRIPTOR.services_by_name["Orchestrator"].full_name
_HEALTH = f"/{health.SERVICE_NAME}/"
_OPTIONS = (
    ("grpc.so_reuseport", 0),  # a second one on the same address must fail, not share its calls
    ("grpc.max_receive_message_length", 1 << 20),
    ("grpc.http2.min_ping_interval_without_data_ms", 5000),
)


class Guard(grpc.aio.ServerInterceptor):
    """Around every call: the token first (health alone is open), then errors as statuses, counted."""

    def __init__(self, keeper: Gatekeeper, meters: Meters, log: FilteringBoundLogger) -> None:
        self._keeper, self._meters, self._log = keeper, meters, log

    async def intercept_service(self, continuation: Callable[[Any], Awaitable[Any]], handler_call_details: Any) -> Any:
        """The handler, wrapped."""
        handler, method = await continuation(handler_call_details), str(handler_call_details.method)
        if handler is None or method.startswith(_HEALTH):
            return handler
        # Which methods there are is no secret, but what strangers name must not become a label.
        name = method.rpartition("/")[2] if method.startswith(f"/{SERVICE}/") else "reflection"
        shown = [value for key, value in handler_call_details.invocation_metadata if key == "authorization"]
        authorization = str(shown[0]) if len(shown) == 1 else None
        if handler.response_streaming:
            return self._streaming(handler, name, authorization)
        traces = [value for key, value in handler_call_details.invocation_metadata if key == HEADER]
        return self._single(handler, name, authorization, str(traces[0]) if traces else "")

    def _single(self, handler: Any, name: str, authorization: str | None, trace: str) -> Any:
        async def answer(request: Any, context: Any) -> Any:
            begun = time.monotonic()
            try:
                self._keeper.admit(authorization)
                with tracing(trace):
                    result = await handler.unary_unary(request, context)
            except Exception as error:
                await self._refuse(name, context, error)
            self._meters.calls.labels(name, "OK").inc()
            self._meters.call_seconds.labels(name).observe(time.monotonic() - begun)
            return result

        return grpc.unary_unary_rpc_method_handler(answer, handler.request_deserializer, handler.response_serializer)

    def _streaming(self, handler: Any, name: str, authorization: str | None) -> Any:
        work = handler.stream_stream if handler.request_streaming else handler.unary_stream

        async def answer(request: Any, context: Any) -> Any:
            try:
                self._keeper.admit(authorization)
                async for item in work(request, context):
                    yield item
            except Exception as error:
                await self._refuse(name, context, error)
            self._meters.calls.labels(name, "OK").inc()

        make = (
            grpc.stream_stream_rpc_method_handler if handler.request_streaming else grpc.unary_stream_rpc_method_handler
        )
        return make(answer, handler.request_deserializer, handler.response_serializer)

    async def _refuse(self, name: str, context: Any, error: Exception) -> None:
        if isinstance(error, grpc.RpcError | grpc.aio.AbortError):
            raise error
        problem = as_problem(error)
        status = GRPC_STATUS_OF.get(problem.status, "INTERNAL")
        self._meters.calls.labels(name, status).inc()
        if status == "INTERNAL":
            self._log.error("call failed", method=name, **error_place(error))
        said = f"{problem.title}: {problem.detail}" + (f" (next: {problem.next_step})" if problem.next_step else "")
        await context.abort(grpc.StatusCode[status], said[:1000], problem_metadata(problem))


class RpcServer:
    """The server with its health service; `serving` is told by the process."""

    def __init__(self, calls: Calls, guard: Guard) -> None:
        self._server = grpc.aio.server(interceptors=(guard,), options=_OPTIONS)
        add_OrchestratorServicer_to_server(calls, self._server)
        self._health = health.aio.HealthServicer()
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        names = (SERVICE, health.SERVICE_NAME, reflection.SERVICE_NAME)
        reflection.enable_server_reflection(names, self._server)

    async def start(self, address: str) -> int:
        """Listen; the port, which is new when the address asked for 0. Raises `AddressTaken`."""
        try:
            port = self._server.add_insecure_port(address)
        except RuntimeError as error:
            raise AddressTaken(address, "end what listens there, or set IRCOPILOT_ORCHESTRATOR_ADDRESS") from error
        await self._server.start()
        await self.tell_health(serving=True)
        return int(port)

    async def tell_health(self, *, serving: bool) -> None:
        """What health checks hear, for the whole and for the service."""
        status = health_pb2.HealthCheckResponse.SERVING if serving else health_pb2.HealthCheckResponse.NOT_SERVING
        for name in ("", SERVICE):
            await self._health.set(name, status)

    async def stop(self, grace_s: float) -> None:
        """Take no more calls, let those under way end, and cut them when the time is up."""
        await self._health.enter_graceful_shutdown()
        await self._server.stop(grace_s)
