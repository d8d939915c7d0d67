"""Routes of comments: say, list, count, edit, take back, resolve."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import StringConstraints

from ircopilot.access.caller import Caller
from ircopilot.cases import comments
from ircopilot.cases.errors import IncidentMerged, UnknownAnchor, UnknownComment, UnknownMember, WrongState
from ircopilot.cases.find import seen_incident
from ircopilot.domain.errors import PreconditionFailed
from ircopilot.domain.work import AnchorType, Comment
from ircopilot.gateway.comments.anchors import check_anchor
from ircopilot.gateway.comments.shapes import (
    AnchorCount,
    AnchorCounts,
    AnchorOut,
    CommentChange,
    CommentOut,
    Comments,
    NewComment,
)
from ircopilot.gateway.described import problems
from ircopilot.gateway.errors import InvalidCursor, PreconditionRequired
from ircopilot.gateway.etag import SeenVersion, show_tag
from ircopilot.gateway.events.asked import Everything
from ircopilot.gateway.gate import WithCaller, WithGate
from ircopilot.gateway.live import change
from ircopilot.gateway.pages import cursor_of, read_place
from ircopilot.gateway.permit import needs
from ircopilot.stores.events import EventStoreFailed, QueryStopped
from ircopilot.stores.postgres import Tx
from ircopilot.stores.postgres import comments as rows
from ircopilot.stores.postgres.comments import CommentCount, CommentFilter
from ircopilot.stores.postgres.errors import UnknownIncident

router = APIRouter(prefix="/v1/incidents/{key}/comments", tags=["comments"])
Id = Annotated[str, StringConstraints(max_length=200)]
_CHANGES = (UnknownIncident, IncidentMerged, UnknownComment)


@router.post(
    "",
    summary="Comment on something",
    status_code=201,
    response_model=CommentOut,
    dependencies=[needs("comment:write")],
    responses=problems(*_CHANGES, UnknownAnchor, UnknownMember, QueryStopped, EventStoreFailed),
)
async def add_comment(
    key: str, asked: NewComment, gate: WithGate, caller: WithCaller, response: Response, ask: Everything
) -> CommentOut:  # fmt: skip
    """Begin a thread on anything of the incident, or answer in one."""
    anchor = (asked.anchor.type, asked.anchor.id)
    if asked.reply_to is None:
        await check_anchor(ask, *anchor)
    made = await change(gate, caller, comments.add_comment, caller, key, asked.body, anchor, asked.reply_to)
    response.headers["Location"] = f"/v1/incidents/{key}/comments/{made.comment_id}"
    return _shown(made, key, response)


@router.get(
    "",
    summary="List comments",
    response_model=Comments,
    dependencies=[needs("comment:read")],
    responses=problems(UnknownIncident, InvalidCursor),
)
async def list_comments(
    key: str, gate: WithGate, caller: WithCaller, anchor_type: AnchorType | None = None, anchor_id: Id | None = None,
    thread: Id | None = None, resolved: bool | None = None, cursor: str | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Comments:  # fmt: skip
    """The incident's comments, oldest first; of one anchor, one thread, or of threads that are resolved or not."""
    after = None if cursor is None else read_place(cursor)
    which = CommentFilter(anchor_type, anchor_id, thread, resolved)
    found = await gate.in_tx(caller.org_id, _listed, caller, key, which, after, limit + 1)
    last = found[limit - 1] if len(found) > limit else None
    next_ = None if last is None else cursor_of(last.created_at.isoformat(), last.comment_id)
    return Comments(items=[CommentOut.of(comment, key) for comment in found[:limit]], next=next_)


@router.get(
    "/counts",
    summary="Count comments by anchor",
    response_model=AnchorCounts,
    dependencies=[needs("comment:read")],
    responses=problems(UnknownIncident),
)
async def count_comments(key: str, gate: WithGate, caller: WithCaller) -> AnchorCounts:
    """How much was said of what."""
    found = await gate.in_tx(caller.org_id, _counted, caller, key)
    counts = [
        AnchorCount(
            anchor=AnchorOut.model_validate({"type": one.anchor_type, "id": one.anchor_id}), comments=one.comments,
            open_threads=one.open_threads,
        )
        for one in found
    ]  # fmt: skip
    return AnchorCounts(items=counts)


@router.get(
    "/{comment_id}",
    summary="Look at a comment",
    response_model=CommentOut,
    dependencies=[needs("comment:read")],
    responses=problems(UnknownIncident, UnknownComment),
)
async def get_comment(key: str, comment_id: Id, gate: WithGate, caller: WithCaller, response: Response) -> CommentOut:
    """One comment."""
    return _shown(await gate.in_tx(caller.org_id, _seen, caller, key, comment_id), key, response)


@router.patch(
    "/{comment_id}",
    summary="Edit a comment",
    response_model=CommentOut,
    dependencies=[needs("comment:write")],
    responses=problems(*_CHANGES, UnknownMember, PreconditionRequired, PreconditionFailed),
)
async def edit_comment(
    key: str, comment_id: Id, asked: CommentChange, seen: SeenVersion, gate: WithGate, caller: WithCaller,
    response: Response,
) -> CommentOut:  # fmt: skip
    """Write one's own comment anew: the version whose `ETag` is sent in `If-Match`."""
    made = await change(gate, caller, comments.edit_comment, caller, key, comment_id, seen, asked.body)
    return _shown(made, key, response)


@router.delete(
    "/{comment_id}",
    summary="Take a comment back",
    status_code=204,
    dependencies=[needs("comment:write")],
    responses=problems(*_CHANGES),
)
async def delete_comment(key: str, comment_id: Id, gate: WithGate, caller: WithCaller) -> Response:
    """Take back one's own comment. Its place stays, without its text."""
    await change(gate, caller, comments.delete_comment, caller, key, comment_id)
    return Response(status_code=204)


@router.post(
    "/{comment_id}/resolve",
    summary="Resolve a thread",
    response_model=CommentOut,
    dependencies=[needs("comment:write")],
    responses=problems(*_CHANGES, WrongState),
)
async def resolve_thread(
    key: str, comment_id: Id, gate: WithGate, caller: WithCaller, response: Response
) -> CommentOut:
    """Say that the thread which that comment began is settled."""
    return _shown(await change(gate, caller, comments.resolve_thread, caller, key, comment_id, True), key, response)


@router.post(
    "/{comment_id}/reopen",
    summary="Open a thread again",
    response_model=CommentOut,
    dependencies=[needs("comment:write")],
    responses=problems(*_CHANGES, WrongState),
)
async def reopen_thread(key: str, comment_id: Id, gate: WithGate, caller: WithCaller, response: Response) -> CommentOut:
    """Say that the thread which that comment began is not settled after all."""
    return _shown(await change(gate, caller, comments.resolve_thread, caller, key, comment_id, False), key, response)


def _shown(comment: Comment, key: str, response: Response) -> CommentOut:
    show_tag(response, comment.version)
    return CommentOut.of(comment, key)


def _seen(tx: Tx, caller: Caller, key: str, comment_id: str) -> Comment:
    return comments.seen_comment(tx, seen_incident(tx, caller, key), comment_id, deleted=True)


def _listed(
    tx: Tx, caller: Caller, key: str, which: CommentFilter, after: tuple[datetime, str] | None, limit: int
) -> list[Comment]:  # fmt: skip
    return rows.list_comments(tx, seen_incident(tx, caller, key).incident_id, which, after, limit)


def _counted(tx: Tx, caller: Caller, key: str) -> list[CommentCount]:
    return rows.count_comments(tx, seen_incident(tx, caller, key).incident_id)
