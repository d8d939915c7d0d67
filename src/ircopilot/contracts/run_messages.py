"""Runs between the domain and the protobuf messages of orchestrator.proto, both ways."""

from __future__ import annotations

from datetime import UTC, datetime

import orjson
from google.protobuf.timestamp_pb2 import Timestamp
from pydantic import ValidationError

from ircopilot.contracts.generated import orchestrator_pb2 as pb
from ircopilot.domain.errors import UnusableArgument
from ircopilot.domain.incident import Run, RunParameters, Window

_TIMES = ("created_at", "started_at", "finished_at", "deadline")


def write_time(moment: datetime | None) -> Timestamp | None:
    """A time for a message; None stays absent."""
    if moment is None:
        return None
    stamp = Timestamp()
    stamp.FromDatetime(moment)
    return stamp


def read_time(message: object, field: str) -> datetime | None:
    """The time in that field of a message, UTC, None when it is absent. Raises `UnusableArgument` for one outside the calendar."""
    if not message.HasField(field):  # type: ignore[attr-defined]
        return None
    try:
        moment: datetime = getattr(message, field).ToDatetime(tzinfo=UTC)
    except (ValueError, OverflowError) as error:
        raise UnusableArgument(f"{field} is no time", "give one between the years 1 and 9999") from error
    return moment


def write_window(window: Window) -> pb.Window:
    """The window as a message."""
    return pb.Window(since=write_time(window.since), until=write_time(window.until))


def read_window(message: pb.Window) -> Window:
    """The window that a message tells."""
    return Window(since=read_time(message, "since"), until=read_time(message, "until"))


def write_parameters(parameters: RunParameters) -> pb.RunParameters:
    """A run's parameters as a message."""
    return pb.RunParameters(
        first_stage=parameters.first_stage,
        rules=parameters.rules,
        clocks=parameters.clocks,
        window=write_window(parameters.window),
        part_events=parameters.part_events,
        part_bytes=parameters.part_bytes,
    )


def read_parameters(message: pb.RunParameters) -> RunParameters:
    """The parameters that a message tells, checked; raises `UnusableArgument`."""
    given = {
        "first_stage": message.first_stage or None,
        "rules": tuple(message.rules),
        "clocks": dict(message.clocks),
        "window": read_window(message.window),
        "part_events": message.part_events if message.HasField("part_events") else None,
        "part_bytes": message.part_bytes if message.HasField("part_bytes") else None,
    }
    return checked_parameters({name: value for name, value in given.items() if value is not None})


def checked_parameters(given: dict[str, object]) -> RunParameters:
    """Parameters by field. Raises `UnusableArgument` that names what is wrong."""
    try:
        return RunParameters.model_validate(given)
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors(include_url=False))
        raise UnusableArgument(wrong, "see docs/api.md") from None


def write_run(run: Run) -> pb.Run:
    """A run as a message."""
    return pb.Run(
        run_id=run.run_id,
        org_id=run.org_id,
        incident_id=run.incident_id,
        state=run.state,
        mode=run.mode,
        step=run.step,
        priority=run.priority,
        parameters=write_parameters(run.parameters),
        error=run.error,
        last_event=run.last_event,
        created_at=write_time(run.created_at),
        started_at=write_time(run.started_at),
        finished_at=write_time(run.finished_at),
        deadline=write_time(run.deadline),
    )


def read_run(message: pb.Run) -> Run:
    """The run that a message tells."""
    fields = {name: getattr(message, name) for name in ("run_id", "org_id", "incident_id", "state", "mode", "step")}
    return Run.model_validate(
        fields
        | {name: read_time(message, name) for name in _TIMES}
        | {"priority": message.priority, "last_event": message.last_event}
        | {"parameters": read_parameters(message.parameters)}
        | {"error": message.error if message.HasField("error") else None}
    )


def write_event(run_id: str, number: int, stage: str, payload: dict[str, object], at: datetime) -> pb.RunEvent:
    """A run event as a message."""
    return pb.RunEvent(
        run_id=run_id, number=number, stage=stage, payload_json=orjson.dumps(payload).decode(), at=write_time(at)
    )
