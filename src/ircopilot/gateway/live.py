"""The feed of an organisation: what changes on its incidents, for whoever has a dashboard open."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing
from functools import partial
from typing import Annotated, Any, Concatenate, NamedTuple, ParamSpec, TypeVar

from fastapi import APIRouter, Query, Request, Response

from ircopilot.access.caller import Caller
from ircopilot.cases.find import viewer_of
from ircopilot.gateway.described import problems
from ircopilot.gateway.errors import TooManyWatchers
from ircopilot.gateway.event_stream import EventStream, last_seen
from ircopilot.gateway.feed import Aside, Frame, Source, make_frame
from ircopilot.gateway.gate import Gate, WithCaller, WithGate
from ircopilot.gateway.permit import needs
from ircopilot.gateway.presence.board import Board
from ircopilot.stores.postgres import Tx
from ircopilot.stores.postgres.cases import Viewer, hidden_cases
from ircopilot.stores.postgres.feed import FeedEvent, feed_since, feed_start, number_feed
from ircopilot.stores.postgres.held import held_transaction
from ircopilot.stores.redis_watch import LiveWatch

P = ParamSpec("P")
R = TypeVar("R")

router = APIRouter(prefix="/v1/feed", tags=["incidents"])
CHANGES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Changes, each with its number as `id`, until the caller leaves; `presence`, who looks at an "
        "incident now, has none.",
        "content": {
            "text/event-stream": {
                "schema": {"type": "string"},
                "example": 'id: 17\nevent: incident.changed\ndata: {"number":17,"incident":"INC-7","version":4}\n\n',
            }
        },
    }
}


class Present(NamedTuple):
    """The feed as it stands: number before the first that is kept, the last, and who may know of what is restricted."""

    first: int
    last: int
    hidden: dict[str, frozenset[str]]


class FeedSource:
    """The feed of one organisation. Who may know of a restricted incident is read together with what is told of it."""

    def __init__(self, org_id: str, present: Present) -> None:
        self.org_id, self.key = org_id, (org_id, "feed")
        self.first, self.last, hidden = present.first, present.last, present.hidden
        last = present.last
        self._hidden, self._as_of = hidden, last
        self._seen = "0-0"

    def read(self, tx: Tx, after: int, limit: int) -> tuple[list[Frame], bool]:
        """What came after a number; there is always more to come."""
        last = number_feed(tx)
        events = feed_since(tx, after, limit)
        self._know(hidden_cases(tx), last)
        return [_frame(event) for event in events], False

    def join(self, other: Source) -> None:
        """Somebody else watches as well, who has just read who may know of what."""
        if isinstance(other, FeedSource):
            self._know(other._hidden, other._as_of)

    def aside(self, wake: LiveWatch, tell: Callable[[], None]) -> Aside | None:
        """Who looks at the incidents."""
        return Board(wake, self.org_id, tell)

    async def wait(self, wake: LiveWatch, after: int, timeout_s: float) -> bool:
        """Wait until the feed grows."""
        seen = await wake.wait_for_feed(self.org_id, self._seen, timeout_s)
        self._seen = seen or self._seen
        return seen is not None

    def shows(self, frame: Frame, viewer: Viewer) -> bool:
        """Whether the viewer may know of the incident, as of the latest reading."""
        allowed = self._hidden.get(frame.about)
        return allowed is None or viewer.sees_all or viewer.principal in allowed

    def _know(self, hidden: dict[str, frozenset[str]], as_of: int) -> None:
        # Who may know of an incident changes with a number of its own, so what was read at a later one is newer.
        if as_of >= self._as_of:
            self._hidden, self._as_of = hidden, as_of


@router.get(
    "",
    summary="Watch all incidents",
    dependencies=[needs("incident:read")],
    status_code=200,
    response_class=EventStream,
    responses=problems(TooManyWatchers) | CHANGES,
)
async def watch_feed(
    request: Request, gate: WithGate, caller: WithCaller, after: Annotated[int | None, Query(ge=0)] = None
) -> Response:
    """What changes on the organisation's incidents, as server-sent events, from now on; after `Last-Event-ID` or
    `after`, what came since. Of restricted incidents only those hear who may know of them, so numbers may have gaps. When
    what came since is no longer kept, the first event is `reload`: read anew whatever you show.
    """
    present = await gate.in_tx(caller.org_id, _present)
    seen = min(last_seen(request, present.last if after is None else after), present.last)
    gate.hub.check_room()
    source = FeedSource(caller.org_id, present)
    frames = gate.hub.watch(source, max(seen, present.first), viewer_of(caller))
    return EventStream(gate, frames if seen >= present.first else _reloading(present.first, frames), request)


async def change(
    gate: Gate, caller: Caller, work: Callable[Concatenate[Tx, P], R], *args: P.args, **kwargs: P.kwargs
) -> R:  # fmt: skip
    """Do `work`, which tells the feed, in one transaction of the caller's organisation, then wake who listens: once it is
    committed, for before that there is nothing to see.
    """
    done = await gate.in_tx(caller.org_id, work, *args, **kwargs)
    wake = partial(gate.stores.stores_for(caller.org_id).live.wake_feed, caller.org_id)
    held = held_transaction(caller.org_id)
    if held is not None and held.is_open:
        held.when_committed(wake)
    else:
        await gate.in_file_thread(wake)
    return done


async def _reloading(first: int, frames: AsyncIterator[Sequence[Frame]]) -> AsyncIterator[Sequence[Frame]]:
    """Says first that something is missing, under the number from which on nothing is."""
    yield [make_frame(first, "reload", {"number": first, "kind": "reload"})]
    async with aclosing(frames) as rest:  # type: ignore[type-var]
        async for batch in rest:
            yield batch


def _present(tx: Tx) -> Present:
    last = number_feed(tx)
    return Present(feed_start(tx), last, hidden_cases(tx))


def _frame(event: FeedEvent) -> Frame:
    body = {"number": event.number, "kind": event.kind, "incident": event.incident, "at": event.at} | event.payload
    return make_frame(event.number, event.kind, body, event.incident_id)
