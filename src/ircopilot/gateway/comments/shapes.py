"""Comments as they go in and out as JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, StringConstraints

from ircopilot.domain.work import AnchorType, Comment
from ircopilot.gateway.shapes import In, shown
from ircopilot.stores.postgres.json_text import storable

Body = Annotated[str, StringConstraints(min_length=1, max_length=20_000), AfterValidator(storable)]
Id = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
EXAMPLE: dict[str, Any] = {
    "id": "0d9c1f5e-3b67-4a44-9a51-0c1d2e3f4a5b", "incident": "INC-7",
    "thread": "0d9c1f5e-3b67-4a44-9a51-0c1d2e3f4a5b",
    "anchor": {"type": "event", "id": "9f86d081884c7d659a2feaa0c55ad015"}, "body": "That is *our* scanner.",
    "mentions": [], "author": "9f86d081884c7d65", "author_name": "Dana", "created_at": "2026-03-10T10:00:00Z",
    "edited_at": None, "deleted_at": None, "resolved_at": None, "resolved_by": None, "version": 1,
}  # fmt: skip


class Anchor(In):
    """What a comment is about. An incident needs no id."""

    model_config = shown({"type": "event", "id": "9f86d081884c7d659a2feaa0c55ad015"})

    type: AnchorType = "incident"
    id: Id | None = None


class NewComment(In):
    """A comment, in Markdown; `@` and an e-mail address or id mentions a member. An answer has its thread's anchor."""

    model_config = shown({"body": "That is *our* scanner.", "anchor": EXAMPLE["anchor"]})

    body: Body
    anchor: Anchor = Anchor()
    reply_to: Id | None = None


class CommentChange(In):
    """A comment, written anew."""

    model_config = shown({"body": "That is *our* scanner, said @dana@corp.example."})

    body: Body


class AnchorOut(BaseModel):
    """What a comment is about."""

    model_config = shown({"type": "event", "id": "9f86d081884c7d659a2feaa0c55ad015"})

    type: AnchorType
    id: str


class CommentOut(BaseModel):
    """A comment, as it was written. `thread` is the id of the thread's first, which says whether it is resolved.

    A deleted one has no body. Show it as text, or render it without HTML: it may hold anything.
    """

    model_config = shown(EXAMPLE)

    id: str
    incident: str
    thread: str
    anchor: AnchorOut
    body: str
    mentions: list[str]
    author: str
    author_name: str
    created_at: datetime
    edited_at: datetime | None
    deleted_at: datetime | None
    resolved_at: datetime | None
    resolved_by: str | None
    version: int

    @classmethod
    def of(cls, comment: Comment, incident_key: str) -> CommentOut:
        """Of a stored comment and its incident's key."""
        own = ("id", "incident", "thread", "anchor")
        fields = {name: getattr(comment, name) for name in cls.model_fields if name not in own}
        anchor = AnchorOut(type=comment.anchor_type, id=comment.anchor_id)
        return cls(id=comment.comment_id, incident=incident_key, thread=comment.thread_id, anchor=anchor, **fields)


class Comments(BaseModel):
    """A page of comments, oldest first."""

    model_config = shown({"items": [EXAMPLE], "next": None})

    items: list[CommentOut]
    next: str | None = None


class AnchorCount(BaseModel):
    """How much was said of an anchor: comments that are not deleted, and threads that are not resolved."""

    model_config = shown({"anchor": EXAMPLE["anchor"], "comments": 4, "open_threads": 1})

    anchor: AnchorOut
    comments: int
    open_threads: int


class AnchorCounts(BaseModel):
    """Every anchor of the incident that has comments."""

    model_config = shown({"items": [{"anchor": EXAMPLE["anchor"], "comments": 4, "open_threads": 1}]})

    items: list[AnchorCount]
