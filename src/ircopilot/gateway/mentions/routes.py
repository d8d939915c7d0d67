"""Routes of mentions: who named the caller, where, and what of it was read."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Response

from ircopilot.access.caller import Caller
from ircopilot.cases.find import viewer_of
from ircopilot.gateway.described import problems
from ircopilot.gateway.errors import InvalidCursor
from ircopilot.gateway.gate import WithCaller, WithGate
from ircopilot.gateway.mentions.shapes import MentionOut, Mentions, MentionsRead
from ircopilot.gateway.pages import cursor_of, read_place
from ircopilot.gateway.permit import needs
from ircopilot.stores.postgres import Tx
from ircopilot.stores.postgres import mentions as rows
from ircopilot.stores.postgres.mentions import Mention

router = APIRouter(prefix="/v1/mentions", tags=["comments"])


@router.get(
    "",
    summary="List mentions of oneself",
    response_model=Mentions,
    dependencies=[needs("comment:read")],
    responses=problems(InvalidCursor),
)
async def list_mentions(
    gate: WithGate, caller: WithCaller, cursor: str | None = None, limit: Annotated[int, Query(ge=1, le=200)] = 50
) -> Mentions:
    """Comments in which somebody else named the caller, the latest first, of incidents that the caller may know of. Each
    `comment.added` and `comment.changed` of the feed says whom it mentions.
    """
    before = None if cursor is None else read_place(cursor)
    found, unread = await gate.in_tx(caller.org_id, _listed, caller, before, limit + 1)
    last = found[limit - 1][0] if len(found) > limit else None
    next_ = None if last is None else cursor_of(last.created_at.isoformat(), last.comment_id)
    return Mentions(items=[MentionOut.of(*one) for one in found[:limit]], next=next_, unread=unread)


@router.post(
    "/read",
    summary="Say which mentions were read",
    status_code=204,
    dependencies=[needs("self:write")],
    responses=problems(),
)
async def read_mentions(asked: MentionsRead, gate: WithGate, caller: WithCaller) -> Response:
    """Note that the caller has read these. Ids that are no mention of the caller are passed over."""
    await gate.in_tx(caller.org_id, rows.read_mentions, viewer_of(caller), asked.comments)
    return Response(status_code=204)


def _listed(
    tx: Tx, caller: Caller, before: tuple[datetime, str] | None, limit: int
) -> tuple[list[Mention], int]:  # fmt: skip
    viewer = viewer_of(caller)
    return rows.list_mentions(tx, viewer, before, limit), rows.count_unread(tx, viewer)
