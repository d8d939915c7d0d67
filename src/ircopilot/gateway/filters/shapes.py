"""Saved filters as they go in and out as JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import orjson
from pydantic import AfterValidator, BaseModel, Field, StringConstraints

from ircopilot.domain.work import FilterKind, SavedFilter
from ircopilot.gateway.shapes import In, Line, shown
from ircopilot.stores.postgres.json_text import storable

MOST_VIEW = 16 << 10
EXAMPLE = {
    "id": "0d9c1f5e-3b67-4a44-9a51-0c1d2e3f4a5b", "name": "Procdump on servers", "kind": "timeline",
    "query": "host:srv* AND process.executable:*procdump*", "view": {"columns": ["time", "host_name", "message"]},
    "shared": True, "owner": "9f86d081884c7d65", "created_at": "2026-03-10T10:00:00Z",
    "updated_at": "2026-03-10T10:00:00Z", "version": 1,
}  # fmt: skip


def _small(view: dict[str, Any]) -> dict[str, Any]:
    try:
        size = len(orjson.dumps(view))
    except orjson.JSONEncodeError:
        raise ValueError("it is nested too deeply, or holds what JSON cannot") from None
    if size > MOST_VIEW:
        raise ValueError(f"at most {MOST_VIEW} bytes as JSON, not {size}")
    return view


Query = Annotated[str, StringConstraints(max_length=4000), AfterValidator(storable)]
View = Annotated[dict[str, Any], AfterValidator(_small), Field(description=f"At most {MOST_VIEW} bytes as JSON.")]


class NewFilter(In):
    """A filter to be saved. `query` of a timeline is in the search language, of incidents the parameters of their list;
    `view` is the application's own, and is kept as it is.
    """

    model_config = shown({name: EXAMPLE[name] for name in ("name", "kind", "query", "view", "shared")})

    name: Line
    kind: FilterKind
    query: Query = ""
    view: View = Field(default_factory=dict)
    shared: bool = False


class FilterChange(In):
    """What is to be changed; what is left out stays."""

    model_config = shown({"shared": False})

    name: Line | None = None
    query: Query | None = None
    view: View | None = None
    shared: bool | None = None

    def given(self) -> dict[str, Any]:
        """What was sent."""
        return {n: getattr(self, n) for n in self.model_fields_set if getattr(self, n) is not None}


class FilterOut(BaseModel):
    """A saved filter, and whose it is."""

    model_config = shown(EXAMPLE)

    id: str
    name: str
    kind: FilterKind
    query: str
    view: dict[str, Any]
    shared: bool
    owner: str
    created_at: datetime
    updated_at: datetime
    version: int

    @classmethod
    def of(cls, saved: SavedFilter) -> FilterOut:
        """Of a stored filter."""
        fields = {name: getattr(saved, name) for name in cls.model_fields if name != "id"}
        return cls(id=saved.filter_id, **fields)


class Filters(BaseModel):
    """A page of saved filters, by name."""

    model_config = shown({"items": [EXAMPLE], "next": None})

    items: list[FilterOut]
    next: str | None = None
