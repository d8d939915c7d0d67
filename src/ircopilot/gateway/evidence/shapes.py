"""Uploads as JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from ircopilot.gateway.shapes import shown
from ircopilot.stores.postgres.uploads import Upload

_UPLOAD = {
    "id": "9f86d081884c7d659a2feaa0c55ad015", "name": "memory.raw", "length": 17179869184, "received": 268435456,
    "state": "open", "deposit": None, "sha256": None, "made_by": "key 1f2e", "made_at": "2031-05-02T08:00:00Z",
    "expires_at": "2031-05-03T08:00:00Z",
}  # fmt: skip


class UploadOut(BaseModel):
    """A resumable upload. When it is `done`, `deposit` is what it became."""

    model_config = shown(_UPLOAD)

    id: str
    name: str
    length: int
    received: int
    state: Literal["open", "done"]
    deposit: str | None = Field(description="Id of the deposit.")
    sha256: str | None
    made_by: str
    made_at: datetime
    expires_at: datetime

    @classmethod
    def of(cls, upload: Upload) -> UploadOut:
        """Of a stored upload."""
        same = {name: getattr(upload, name) for name in cls.model_fields if name not in ("id", "deposit")}
        return cls(id=upload.upload_id, deposit=upload.deposit_id, **same)


class Uploads(BaseModel):
    """Uploads under way or just done, the latest first; at most 200."""

    model_config = shown({"items": [_UPLOAD], "next": None})

    items: list[UploadOut]
    next: None = None
