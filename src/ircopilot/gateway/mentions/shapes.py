"""Mentions as JSON."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field, StringConstraints

from ircopilot.domain.work import Comment
from ircopilot.gateway.comments.shapes import EXAMPLE, CommentOut
from ircopilot.gateway.shapes import In, shown

_MENTION = {"comment": EXAMPLE, "title": "Mailbox of an assistant", "read": False}


class MentionOut(BaseModel):
    """A comment that names the caller, the title of its incident, and whether the caller has read it."""

    model_config = shown(_MENTION)

    comment: CommentOut
    title: str
    read: bool

    @classmethod
    def of(cls, comment: Comment, key: str, title: str, read: bool) -> MentionOut:
        """Of a stored comment."""
        return cls(comment=CommentOut.of(comment, key), title=title, read=read)


class Mentions(BaseModel):
    """Mentions of the caller, the latest first; `unread` counts all of them."""

    model_config = shown({"items": [_MENTION], "next": None, "unread": 1})

    items: list[MentionOut]
    next: str | None = None
    unread: int


class MentionsRead(In):
    """The ids of comments that the caller has read."""

    model_config = shown({"comments": [EXAMPLE["id"]]})

    comments: tuple[Annotated[str, StringConstraints(max_length=200)], ...] = Field(max_length=200)
